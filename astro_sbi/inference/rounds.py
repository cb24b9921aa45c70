"""Sequential neural posterior estimation for any simulator, likelihood or none: TSNPE, shrinking boxes and SNPE-C."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator, for_each
from astro_sbi.inference.importance import Density, log_unit_normal
from astro_sbi.inference.learned import LearnedPosterior
from astro_sbi.inference.losses import atomic_loss, weighted_loss
from astro_sbi.inference.network import build_network
from astro_sbi.inference.npe import NPESettings, Simulate, simulate_all
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, ShouldStop
from astro_sbi.inference.recipes import Fitted, Recipe, Trainers, Trainings, best_of, usable
from astro_sbi.inference.scaling import fit_scaling, seen_shape, standardised
from astro_sbi.inference.simulations import finite_rows, finite_table
from astro_sbi.inference.training import build_trainer, train
from astro_sbi.inference.truncation import RestrictedDensity, RestrictedPrior
from astro_sbi.simulators.prior import Prior

Method = Literal["tsnpe", "zoom", "snpe_c"]


@dataclass(frozen=True)
class SequentialNPESettings:
    """How rounds for a simulator without a likelihood follow each other.

    Args:
        rounds: number of rounds at most. Those that only find the region get half an equal share of the simulations each, the last
            one all that are left.
        left_out: share of a flow's mass that truncation may leave outside.
        padding: share of its width by which a box is padded on each side.
        guided: share of a later round's simulations that are drawn from the current flow instead of the truncated prior;
            weights that never exceed ``1 / (1 - guided)`` by much keep the target what it was.
        atoms: parameters contrasted for each simulation (SNPE-C).
        enough: where a round leaves more than this share of the prior mass of the one before, narrowing has ended: the next round
            is the last and takes all simulations that are left.
        npe: networks and training; the recipes compete in every round, since what suits the few simulations of the first would hold
            the others back, and the ensemble is the last round's: the others only find the region.
    """

    rounds: int = 7
    left_out: float = 1e-3
    padding: float = 0.1
    guided: float = 0.5
    atoms: int = 10
    enough: float = 0.95
    npe: NPESettings = field(default_factory=lambda: NPESettings(epochs=60))


@dataclass(frozen=True)
class RoundReport:
    """What one round cost and brought.

    Args:
        simulations: made in this round.
        dropped: how many of them failed, and are not used.
        used: all simulations it was trained on.
        log_prior_mass: log of the share of the prior they were drawn from; 0 for SNPE-C.
        held_out: held-out loss in the coordinates of the round (nats), the members' mean.
        seconds: wall time.
    """

    simulations: int
    dropped: int
    used: int
    log_prior_mass: float
    held_out: float
    seconds: float


@dataclass(frozen=True, eq=False)
class SequentialPosterior(LearnedPosterior):
    """The posterior of the observation that the rounds were for, and of no other.

    Args:
        first: estimator of the first round, amortised over the whole prior: the one whose calibration can be checked.
        rounds: what each cost and brought.
    """

    first: PosteriorEstimator
    rounds: tuple[RoundReport, ...]


class RoundTable(NamedTuple):
    """Simulations of all rounds, padded to the whole budget so that no round compiles anew.

    Attributes:
        latent: parameters [N, d].
        x: observations [N, ...].
        weight: density of the truncated prior over that of the mixture of all proposals; for SNPE-C 1 where the parameters
            were drawn from the prior and 0 where from a flow [N].
        filled: number of rows that count.
    """

    latent: Float[Array, "N d"]
    x: Float[Array, " N *x"]
    weight: Float[Array, " N"]
    filled: Int[np.ndarray, ""]

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.filled)

    def batch(self, index: Int[Array, " B"], key: Array) -> tuple[Array, Array, Array]:
        """The simulations of these numbers; ``key`` is not used."""
        return self.latent[index], self.x[index], self.weight[index]

    def rows(self, index: Int[np.ndarray, " R"]) -> RoundTable:
        """Some of them, by number."""
        return RoundTable(self.latent[index], self.x[index], self.weight[index], np.asarray(len(index)))


@dataclass(frozen=True)
class _Proposal:
    """Where one round's parameters were drawn: a restricted prior with its mass, and a share of them from a flow."""

    draws: int
    support: RestrictedPrior
    log_mass: float
    guided: float
    density: Density | None

    def sample(self, rng: np.random.Generator) -> Float[np.ndarray, "S d"]:
        """The draws of the round."""
        guided = round(self.guided * self.draws)
        parts = [self.support.sample(rng, self.draws - guided)] if guided < self.draws else []
        if self.density and guided:
            parts.append(self.density.sample(rng, guided))
        return np.concatenate(parts)

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density in latent coordinates."""
        prior = np.where(self.support.contains(z), log_unit_normal(z) - self.log_mass, -np.inf)
        if self.density is None or not self.guided:
            return prior
        return np.logaddexp(np.log1p(-self.guided) + prior, np.log(self.guided) + self.density.log_prob(z))


class _Rounds:
    """The rounds of one observation under way."""

    def __init__(
        self, prior: Prior, simulate: Simulate, x: np.ndarray, budget: int, *, settings: SequentialNPESettings, method: Method, seed: int
    ) -> None:
        self.prior, self.x, self.budget, self.settings, self.method = prior, np.asarray(x, np.float32), budget, settings, method
        self.rng, self.program = np.random.default_rng([seed, 21]), jax.jit(jax.vmap(simulate))
        self.support, self.log_mass = RestrictedPrior(Box.whole(len(prior.free))), 0.0
        self.density: Density | None = None
        self.latent = np.zeros((0, len(prior.free)))
        self.seen = np.zeros((0, *self.x.shape), np.float32)
        self.number = np.zeros(0, int)
        self.proposals: list[_Proposal] = []
        self.trainers = Trainers()
        self.estimators: dict[Recipe, PosteriorEstimator] = {}

    def simulate(self, draws: int, should_stop: ShouldStop) -> int:
        """Add the simulations of one more round; how many of them failed.

        Raises:
            Cancelled: if asked to stop.
        """
        if should_stop():
            raise Cancelled
        share = 1.0 if self.method == "snpe_c" else self.settings.guided
        proposal = _Proposal(draws, self.support, self.log_mass, share if self.density else 0.0, self.density)
        latent = proposal.sample(self.rng)
        x = simulate_all(self.program, self.prior.physical_array(latent), int(self.rng.integers(2**31)), compiled=True)
        if x.shape[1:] != self.x.shape:
            raise InferenceError(f"the observation has shape {self.x.shape}, a simulation {x.shape[1:]}: they must be alike")
        table, failed = finite_table(latent, x)
        # In double precision: rounded to single, draws near the edge of a narrow box would lie outside it.
        self.latent = np.vstack([self.latent, latent[finite_rows(latent, x)]])
        self.seen = np.concatenate([self.seen, table.x])
        self.number = np.concatenate([self.number, np.full(len(table.latent), len(self.proposals))])
        self.proposals.append(proposal)
        return failed.dropped

    def take(self, density: Density, *, narrow: bool) -> None:
        """Go on from a new flow at the observation: narrow the prior to where it lives, and keep the simulations inside."""
        self.density = density
        if self.method == "snpe_c":
            return
        self.density = RestrictedDensity.of(density, self.support, self.rng)
        if narrow:
            settings = self.settings
            limits = {"regions": self.method == "tsnpe", "padding": settings.padding, "left_out": settings.left_out}
            self.support = self.support.restricted(self.density, self.rng, **limits)
            # Draws that guide the next round must lie inside its support like all others.
            self.density = RestrictedDensity.of(density, self.support, self.rng)
            self.log_mass, kept = self.support.log_mass(self.rng), self.support.contains(self.latent)
            self.latent, self.seen, self.number = self.latent[kept], self.seen[kept], self.number[kept]

    def weight(self) -> Float[np.ndarray, " N"]:
        """Of every simulation so far: the truncated prior over the mixture of all proposals (Veach & Guibas 1995), mean one."""
        if self.method == "snpe_c":
            return (self.number == 0).astype(np.float32)
        total = sum(one.draws for one in self.proposals)
        mixture = np.logaddexp.reduce([np.log(one.draws / total) + one.log_prob(self.latent) for one in self.proposals])
        weight = np.exp(log_unit_normal(self.latent) - self.log_mass - mixture)
        return (weight / weight.mean()).astype(np.float32)

    def table(self) -> RoundTable:
        """All simulations so far in coordinates of the box, padded."""
        inner, index = self.support.box.inner(self.latent), np.minimum(np.arange(self.budget), len(self.latent) - 1)
        return RoundTable(inner[index].astype(np.float32), self.seen[index], self.weight()[index], np.asarray(len(self.latent)))

    def best_fit(self, key: Array, *, last: bool, **told: Any) -> tuple[PosteriorEstimator, float]:
        """Train every recipe on all simulations so far; the last round's best is joined by the other members of its ensemble."""
        table, npe = self.table(), self.settings.npe
        recipes = usable(npe.recipes, table.count, self.x.shape)
        ensemble = npe.ensemble if last else 1
        best, fitted, _ = best_of(recipes, ensemble, partial(self._fit, table=table, key=key), **told)
        made = fitted.estimator(self.support.box, self.x.shape)
        # The first one lends its compiled programs to those of later rounds.
        lending = self.estimators.setdefault(best.kind, made)
        return made.sharing(lending), float(fitted.trained.held_out.mean())

    def _fit(self, recipe: Recipe, members: int, number: int, trainings: Trainings, *, table: RoundTable, key: Array) -> Fitted:
        settings, key = self.settings.npe, jax.random.fold_in(key, number)
        per_round = max(self.budget // self.settings.rounds // settings.training.batch, 1)
        training = replace(settings.training, decay=recipe.decay, chunk=2 * per_round, held_out=self.budget // 8)
        scaling = fit_scaling(table.latent[: table.count], self.seen, recipe.network.embedding, guess=recipe.guess)
        network, parameters = build_network(table.latent.shape[1], seen_shape(scaling, self.x.shape), recipe.network, key, members)
        # Atoms are contrasted given the observation of another one, and so with its guess.
        atomic = self.method == "snpe_c"
        loss = atomic_loss(network, self.settings.atoms) if atomic else weighted_loss(network)
        trainer = self.trainers.of(recipe, lambda: build_trainer(network, training, loss))
        seen, standard = (table, scaling) if atomic else standardised(table, scaling)
        steps = settings.epochs * max(table.count // training.batch, 1)
        told = {"on_step": partial(trainings.on_step, number), "should_stop": trainings.should_stop}
        trained = train(trainer, parameters, seen, standard, steps, jax.random.fold_in(key, 1), **told)
        return Fitted(trainer.network, for_each(scaling, members), trained)


def sequential_npe(
    prior: Prior,
    simulate: Simulate,
    x: Float[np.ndarray, "*x"],
    *,
    simulations: int = 10_000,
    method: Method = "tsnpe",
    settings: SequentialNPESettings | None = None,
    seed: int = 1,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
) -> SequentialPosterior:
    """Infer one observation in rounds, each simulating where the last one's posterior lies.

    Args:
        prior: of the parameters.
        simulate: of free parameters [d] and a key; jax, unbatched.
        x: the observation.
        simulations: in all rounds together.
        method: ``tsnpe`` restricts the prior to the highest-density region of the current posterior (Deistler et al. 2022),
            ``zoom`` to a padded box around its draws, ``snpe_c`` proposes from the current posterior (Greenberg et al. 2019).
        settings: of rounds and training; the defaults if None.
        seed: of all random numbers.
        on_progress: told phase, amount done, amount in all and (training, held-out) loss.
        should_stop: asked between chunks of steps.

    Raises:
        InferenceError: if simulations fail or nothing of the prior is left.
        Cancelled: if asked to stop.
    """
    settings = settings or SequentialNPESettings()
    told = {"on_step": partial(on_progress, "training"), "should_stop": should_stop}
    job, key = _Rounds(prior, simulate, x, simulations, settings=settings, method=method, seed=seed), jax.random.key(seed)
    estimators, reports, left, settled = [], [], simulations, False
    for number in range(settings.rounds):
        began, last = time.perf_counter(), settled or number == settings.rounds - 1
        on_progress("simulating", simulations - left, simulations, None)
        dropped = job.simulate(left if last else simulations // (2 * settings.rounds), should_stop)
        left -= job.proposals[-1].draws
        estimator, held_out = job.best_fit(jax.random.fold_in(key, number), last=last, **told)
        estimators.append(estimator)
        made, seconds = job.proposals[-1].draws, time.perf_counter() - began
        reports.append(RoundReport(made, dropped, len(job.latent), job.log_mass, held_out, seconds))
        job.take(estimator.given(job.x), narrow=not last)
        if last:
            break
        settled = method != "snpe_c" and number > 0 and job.log_mass - reports[-1].log_prior_mass > np.log(settings.enough)
    assert job.density is not None
    return SequentialPosterior(prior, job.density, estimators[0], tuple(reports))
