"""Neural posterior estimation for any simulator: prior and simulations in, the posterior of any observation out.

```python
prior = Prior.of(mass="uniform(0, 10)", age="loguniform(0.1, 13)")
theta = prior.sample(10_000, seed=1)
x = simulate_all(simulate, theta, seed=1)          # or a table of simulations made elsewhere
posterior = train_npe(prior, theta, x).posterior(x_observed)
posterior.sample(1_000, seed=2)
```
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.inference.box import Box
from astro_sbi.inference.cores import in_blocks
from astro_sbi.inference.estimator import PosteriorEstimator, for_each
from astro_sbi.inference.importance import log_unit_normal
from astro_sbi.inference.learned import LearnedPosterior
from astro_sbi.inference.network import build_network
from astro_sbi.inference.posterior import InferenceError, OnProgress, ShouldStop
from astro_sbi.inference.recipes import FRUGAL, GENEROUS, Fitted, Recipe, Trainers, Trainings, best_of, usable
from astro_sbi.inference.scaling import fit_scaling, seen_shape, standardised
from astro_sbi.inference.schedule import Split
from astro_sbi.inference.settings import TrainingSettings
from astro_sbi.inference.simulations import Dropped, Table, finite_table
from astro_sbi.inference.training import build_trainer, train
from astro_sbi.simulators.prior import Prior

Simulate = Callable[[Float[Array, " d"], Array], Float[Array, " *x"]]

_CHUNK = 4096
_FEWEST_STEPS, _MOST_STEPS = 50, 400


@dataclass(frozen=True)
class NPESettings:
    """How an estimator is trained.

    Args:
        recipes: networks tried with one member each; the one with the best held-out loss is used.
        ensemble: members of the best recipe, each with its own weights and held-out simulations; more than one are joined by the
            competitors that came near.
        epochs: passes over the simulations at most.
        training: of every network; decay, chunk and patience are set to fit.
    """

    recipes: tuple[Recipe, ...] = (Recipe(FRUGAL, 1.0), Recipe(GENEROUS, 0.1), Recipe(GENEROUS, 0.1, guess=True))
    ensemble: int = 3
    epochs: int = 100
    training: TrainingSettings = field(
        default_factory=lambda: TrainingSettings(
            batch=64, rate=1e-3, warmup=0.005, held_out=4000, patience=4, schedule="plateau", least_gain=1e-3, average=0.99
        )
    )


@dataclass(frozen=True, eq=False)
class TrainedNPE:
    """``q(theta | x)`` for every observation that the prior can make.

    Args:
        prior: of the parameters.
        estimator: of latent coordinates.
        recipe: the one that was used.
        held_out: mean held-out ``-log q(z | x)`` of each member, in latent coordinates (nats).
        losses: training and held-out loss after each chunk of the first member [2, k].
        dropped: simulations left out because they are not finite.
        seconds: wall seconds by phase.
    """

    prior: Prior
    estimator: PosteriorEstimator
    recipe: Recipe
    held_out: Float[np.ndarray, " M"]
    losses: Float[np.ndarray, "2 k"]
    dropped: Dropped
    seconds: dict[str, float]

    def posterior(self, x: Float[np.ndarray, "*x"]) -> LearnedPosterior:
        """The posterior of one observation, of the shape of the simulated ones.

        Raises:
            InferenceError: if its shape is another or it is not finite.
        """
        x = np.asarray(x, np.float32)
        if x.shape != self.shape or not np.isfinite(x).all():
            raise InferenceError(f"expected an observation of finite numbers of shape {self.shape}, like those simulated; got {x.shape}")
        return LearnedPosterior(self.prior, self.estimator.given(x))

    def sample(self, x: Float[np.ndarray, "K ..."], draws: int, seed: int = 1) -> Float[np.ndarray, "K S d"]:
        """Draws of the posteriors of many observations at once."""
        return self.prior.physical_array(self.estimator.sample_many(np.asarray(x, np.float32), draws, seed))

    def log_prob(self, theta: Float[np.ndarray, "N d"], x: Float[np.ndarray, "N ..."]) -> Float[np.ndarray, " N"]:
        """Log density of each row of parameters inside the prior, given its own observation: the mean is what training raises."""
        z = self.prior.latent_array(np.asarray(theta, np.float64))
        density = self.estimator.log_prob_pairs(z, np.asarray(x, np.float32))
        return density + self.prior.log_prob_array(np.asarray(theta, np.float64)) - log_unit_normal(z)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an observation."""
        return self.estimator.shape


def simulate_all(simulate: Simulate, theta: Float[np.ndarray, "N d"], seed: int, *, compiled: bool = False) -> Float[np.ndarray, " N *x"]:
    """Simulate at every row of ``theta``, compiled once, in chunks of 4096.

    Args:
        simulate: of free parameters [d] and a key; jax, unbatched.
        theta: parameters in physical units.
        seed: of the simulator's noise.
        compiled: whether ``simulate`` is a compiled program of whole chunks already.
    """
    program = simulate if compiled else jax.jit(jax.vmap(simulate))
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), 17), len(theta))
    at = np.asarray(theta, np.float32)
    return in_blocks(lambda index: np.asarray(program(at[index], keys[index])), len(theta), _CHUNK)


def train_npe(
    prior: Prior,
    theta: Float[np.ndarray, "N d"],
    x: Float[np.ndarray, " N *x"],
    *,
    settings: NPESettings | None = None,
    seed: int = 1,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
    checkpoint: Path | None = None,
) -> TrainedNPE:
    r"""Fit ``q(theta | x)`` to simulations by maximising :math:`\sum_i \log q(\theta_i | x_i)`.

    Args:
        prior: that ``theta`` was drawn from.
        theta: free parameters in physical units, in the order of ``prior.free``.
        x: simulated observations; NaN marks a simulation that failed.
        settings: of networks and training; the defaults if None.
        seed: of weights, order and splits.
        on_progress: told phase, steps done, steps in all and (training, held-out) loss.
        should_stop: asked between chunks of steps.
        checkpoint: folder whose files the trainings write and resume from.

    Raises:
        InferenceError: if shapes do not fit, simulations lie outside the prior, or too few are finite.
        Cancelled: if asked to stop.

    References:
        Papamakarios & Murray 2016 (arXiv:1605.06376); Greenberg et al. 2019 (arXiv:1905.07488), section 2.
    """
    settings, began = settings or NPESettings(), time.perf_counter()
    table, dropped = latent_table(prior, theta, x)
    if checkpoint and not checkpoint.is_dir():
        raise InferenceError(f"there is no folder {checkpoint} to keep checkpoints in: make it first")
    job, told = Job(table, settings, seed, checkpoint), {"on_step": partial(on_progress, "training"), "should_stop": should_stop}
    recipes = usable(settings.recipes, table.count, table.x.shape[1:])
    recipe, fitted, compile_seconds = best_of(recipes, settings.ensemble, job.trained, **told)
    return TrainedNPE(
        prior,
        fitted.estimator(Box.whole(table.latent.shape[1]), table.x.shape[1:]),
        recipe,
        fitted.trained.held_out,
        fitted.trained.losses,
        dropped,
        {"compile": compile_seconds, "all": time.perf_counter() - began},
    )


def latent_table(prior: Prior, theta: Float[np.ndarray, "N d"], x: Float[np.ndarray, " N *x"]) -> tuple[Table, Dropped]:
    """Simulations in latent coordinates, those that are not finite left out.

    Raises:
        InferenceError: if shapes do not fit or too few are finite.
    """
    theta = np.asarray(theta, np.float64)
    if theta.ndim != 2 or theta.shape[1] != len(prior.free):
        raise InferenceError(f"expected parameters [N, {len(prior.free)}] for {', '.join(prior.free)}, got shape {theta.shape}")
    return finite_table(prior.latent_array(theta), x)


@dataclass(frozen=True, eq=False)
class Job:
    """Trainings on one table of simulations."""

    table: Table
    settings: NPESettings
    seed: int
    checkpoint: Path | None = None
    trainers: Trainers = field(default_factory=Trainers)

    def trained(self, recipe: Recipe, members: int, number: int, trainings: Trainings) -> Fitted:
        """Train one network, ``number`` among the trainings."""
        latent, x = self.table
        scaling = fit_scaling(latent, x, recipe.network.embedding, guess=recipe.guess)
        key = jax.random.fold_in(jax.random.key(self.seed), number)
        network, parameters = build_network(latent.shape[1], seen_shape(scaling, x.shape[1:]), recipe.network, key, members)
        trainer = self.trainers.of(recipe, lambda: build_trainer(network, self._training(recipe)))
        table, standard = standardised(self.table, scaling)
        trained = train(
            trainer,
            parameters,
            table,
            standard,
            self.settings.epochs * self._per_epoch,
            jax.random.fold_in(key, 1),
            on_step=partial(trainings.on_step, number),
            should_stop=trainings.should_stop,
            checkpoint=Path(self.checkpoint) / f"training-{number}.safetensors" if self.checkpoint else None,
        )
        return Fitted(trainer.network, for_each(scaling, members), trained)

    @property
    def _per_epoch(self) -> int:
        return Split(self.table.count, 1, self.settings.training, 0).steps_per_epoch

    def _training(self, recipe: Recipe) -> TrainingSettings:
        training, chunk = self.settings.training, int(np.clip(self._per_epoch, _FEWEST_STEPS, _MOST_STEPS))
        return replace(training, decay=recipe.decay, chunk=chunk, held_out=min(training.held_out, self.table.count // 8))
