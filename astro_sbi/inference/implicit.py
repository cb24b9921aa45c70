"""Inference where no likelihood can be computed: one observing pattern, simulations of the whole prior, one amortised flow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.inference.box import Box
from astro_sbi.inference.cores import in_blocks
from astro_sbi.inference.drawing import mahalanobis_p
from astro_sbi.inference.importance import effective_size, log_unit_normal, normalised
from astro_sbi.inference.narrower import Narrowing
from astro_sbi.inference.npe import NPESettings, TrainedNPE, simulate_all, train_npe
from astro_sbi.inference.posterior import OnProgress, Posterior, Round, ShouldStop
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.simulators.base import simulate

_SHOWN, _NULL, _PILOT = 4000, 2048, 8192
_BATCH, _EPOCHS = 256, 30
_BLOCK = 500


class Replicates(NamedTuple):
    """Data that posterior draws make.

    Attributes:
        process: values before independent noise [S, n].
        noise: standard deviation of the noise [S, n].
        summaries_p: share of replicates whose summaries lie at least as far from their mean as the observation's.
    """

    process: Float[np.ndarray, "S n"]
    noise: Float[np.ndarray, "S n"]
    summaries_p: float


@dataclass(frozen=True, eq=False)
class ImplicitProblem:
    """A problem whose simulator has no likelihood, seen through its summaries."""

    problem: Problem

    @cached_property
    def observed(self) -> Float[np.ndarray, " k"]:
        """Summaries of the observation."""
        return np.asarray(self.problem.simulator.summaries(jnp.asarray(self.problem.value), self.problem.pattern), np.float32)

    @cached_property
    def _program(self) -> Callable[..., Any]:
        problem = self.problem

        def one(z: Float[Array, " d"], key: Array) -> Float[Array, " k"]:
            theta = problem.prior.physical(z, problem.known, jnp)
            return problem.simulator.summaries(simulate(problem.simulator, key, theta, problem.pattern), problem.pattern)

        return jax.jit(jax.vmap(one))

    def summaries_of(self, value: Float[np.ndarray, "S n"]) -> Float[np.ndarray, "S k"]:
        """Summaries of observations (padded)."""
        program = jax.jit(jax.vmap(lambda one: self.problem.simulator.summaries(one, self.problem.pattern)))
        return in_blocks(lambda index: np.asarray(program(value[index])), len(value), _BLOCK)

    def summaries(self, z: Float[np.ndarray, "N d"], seed: int) -> Float[np.ndarray, "N k"]:
        """Summaries of simulated observations at latent draws."""
        return simulate_all(self._program, z, seed, compiled=True).astype(np.float64)

    def train(
        self, settings: SequentialSettings, *, seed: int, ensemble: int, on_progress: OnProgress, should_stop: ShouldStop
    ) -> TrainedNPE:
        """Simulate over the whole prior and fit a flow to the summaries.

        Args:
            settings: twice its ``simulations`` are drawn from the prior; there is one round.
            seed: of simulations and weights.
            ensemble: members of the ensemble.
            on_progress: told phase, amount done, amount in all and (training, held-out) loss.
            should_stop: asked between chunks of training.
        """
        prior, budget = self.problem.prior.given(self.problem.known), 2 * settings.simulations
        on_progress("simulating", 0, budget, None)
        began, z = time.perf_counter(), np.random.default_rng([seed, 10]).standard_normal((budget, self.problem.dimension))
        x = self.summaries(z, seed)
        simulated = time.perf_counter() - began
        on_progress("compiling", 0, 1, None)
        training = replace(NPESettings().training, batch=_BATCH, rate=2e-3)
        npe = NPESettings(ensemble=ensemble, epochs=_EPOCHS, training=training)
        trained = train_npe(prior, prior.physical_array(z), x, settings=npe, seed=seed, on_progress=on_progress, should_stop=should_stop)
        # Recipes are compiled side by side: their seconds may add up to more than the clock's.
        compiling = min(trained.seconds["compile"], trained.seconds["all"])
        spent = {"simulate": simulated, "compile": compiling, "train": trained.seconds["all"] - compiling}
        return replace(trained, seconds=spent)

    def efficiency(self, trained: TrainedNPE, narrowing: Narrowing, seed: int) -> float:
        """Effective share of a flow's draws under a narrower prior than the one it was trained under."""
        z = trained.posterior(self.observed).density.sample(np.random.default_rng([seed, 12]), _PILOT)
        log_weight = narrowing.carried(z, np.zeros(_PILOT))[2]
        return effective_size(normalised(log_weight)) / _PILOT if np.isfinite(log_weight).any() else 0.0

    def posterior(
        self, trained: TrainedNPE, samples: int, seed: int, *, on_progress: OnProgress, narrowing: Narrowing | None = None
    ) -> Posterior:
        """Draws of the flow at the observation; nothing corrects them but, where it was trained under a wider prior, the ratio of priors.

        Args:
            trained: of this problem.
            samples: number of draws.
            seed: of the draws.
            on_progress: told of the phase.
            narrowing: from the prior of the training to this problem's; None where they are the same.
        """
        problem = self.problem

        def far(prior: Float[np.ndarray, "P d"]) -> float:
            return mahalanobis_p(self.summaries(prior[:_NULL], seed + 1), self.observed)

        return flow_posterior(trained, self.observed, problem.theta, far, Draws(samples, seed, narrowing), on_progress=on_progress)

    def replicates(self, z: Float[np.ndarray, "S d"], seed: int) -> Replicates:
        """What latent draws make, and how the observation's summaries lie among theirs."""
        process, noise = self.problem.simulate(z, np.random.default_rng([seed, 11]))
        return Replicates(process, noise, mahalanobis_p(self.summaries(z, seed + 2), self.observed))


class Draws(NamedTuple):
    """How many draws are wanted, their seed, and the way from the prior of the training to another one that they are for."""

    count: int
    seed: int
    narrowing: Narrowing | None = None


def flow_posterior(
    trained: TrainedNPE,
    observed: Float[np.ndarray, "*x"],
    theta_of: Callable[[Float[np.ndarray, "S d"]], dict[str, np.ndarray]],
    far: Callable[[Float[np.ndarray, "P d"]], float],
    wanted: Draws,
    *,
    on_progress: OnProgress,
) -> Posterior:
    """Draws of a flow at an observation; nothing corrects them but, where they are for a narrower prior, the ratio of priors.

    Args:
        trained: the flow.
        observed: what it sees of the observation.
        theta_of: physical parameters by name of latent draws.
        far: how far out the observation lies among simulations, given latent draws of the prior.
        wanted: number and seed of the draws, and which prior they are for.
        on_progress: told of the phase.
    """
    samples, seed, narrowing = wanted
    on_progress("sampling", 0, samples, None)
    began, rng = time.perf_counter(), np.random.default_rng([seed, 3])
    density, log_weight = trained.posterior(observed).density, np.zeros(samples)
    z = density.sample(rng, samples)
    log_q = density.log_prob(z)
    if narrowing:
        z, log_q, log_weight = narrowing.carried(z, log_q)
    theta, weight, best = theta_of(z), normalised(log_weight), int(np.argmax(log_q + log_weight))
    alone = rng.choice(samples, _SHOWN, p=weight) if narrowing else slice(_SHOWN)
    prior, sampled = rng.standard_normal((_SHOWN, z.shape[1])), time.perf_counter()
    return Posterior(
        theta=theta,
        latent=z,
        log_q=log_q,
        log_prior=log_unit_normal(z),
        log_likelihood=None,
        weight=weight,
        importance=None,
        flow_theta={name: value[alone] for name, value in theta.items()},
        prior_theta=theta_of(prior),
        rounds=(_only_round(trained, z.shape[1]),),
        peak_outside=None,
        leaning=(),
        best_theta={name: float(value[best]) for name, value in theta.items()},
        least_squares=None,
        distance_p=far(prior),
        member_draws=trained.estimator.given(observed).by_member(rng),
        seconds={**trained.seconds, "sample": sampled - began, "check": time.perf_counter() - sampled},
    )


def _only_round(trained: TrainedNPE, dimension: int) -> Round:
    """A training over the whole prior as a round."""
    whole, seconds = Box.whole(dimension), sum(trained.seconds.values())
    return Round(float("nan"), float("nan"), 0.0, seconds, np.stack([whole.lower, whole.upper]), trained.losses)
