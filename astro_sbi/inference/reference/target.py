"""What a reference sampler is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.problem import Problem
from astro_sbi.simulators.base import log_likelihood, simulate

LogLikelihood = Callable[[Float[Array, " d"]], Float[Array, ""]]
Simulate = Callable[[Float[Array, " d"], Array], Float[Array, " n"]]


@dataclass(frozen=True, eq=False)
class Target:
    """A posterior in latent coordinates, where the prior is a unit normal.

    Args:
        dimension: number of free parameters.
        log_likelihood: of one latent point (jax, differentiable); None for an implicit simulator.
        simulate: a noisy observation from one latent point and a key (jax); None where only the likelihood is known.
        observed: the observation, as ``simulate`` makes them; None with it.
        start: draws near the posterior, as of a flow, which know every mode; None if there are none.
        covariance: rough covariance of the posterior; that of ``start`` if None.
    """

    dimension: int
    log_likelihood: LogLikelihood | None = None
    simulate: Simulate | None = None
    observed: Float[np.ndarray, " n"] | None = None
    start: Float[np.ndarray, "F d"] | None = None
    covariance: Float[np.ndarray, "d d"] | None = None

    def explicit(self, sampler: str) -> LogLikelihood:
        """The likelihood.

        Raises:
            InferenceError: if the simulator has none.
        """
        if self.log_likelihood is None:
            raise InferenceError(f"{sampler} needs a likelihood and this simulator has none: use rejection_abc, or check with simulations")
        return self.log_likelihood


@dataclass(frozen=True, eq=False)
class ReferenceDraws:
    """Equally weighted draws of a reference sampler and whether they may serve as a reference.

    Args:
        kind: which sampler drew them.
        latent: draws in latent coordinates, equal weight.
        converged: whether they may serve as a reference; what is asked is each sampler's own.
        reason: why or why not, in a sentence.
        evaluations: how often likelihood or simulator were called, as far as the sampler counts it.
        seconds: wall time, compilation included.
        ess: effective sample size of each coordinate (nuts) or of the weights (nested, the same for all); None for rejection_abc,
            whose draws are independent.
        r_hat: rank-normalised split R-hat of each coordinate (nuts).
        divergences: divergent transitions after warm-up (nuts).
        log_evidence: natural logarithm under the full prior (nested).
        log_evidence_error: its standard error, with what other seeds would give (nested).
        epsilon: largest distance kept (rejection_abc).
        acceptance: share of the simulations kept (rejection_abc).
    """

    kind: Literal["nuts", "nested", "rejection_abc"]
    latent: Float[np.ndarray, "S d"]
    converged: bool
    reason: str
    evaluations: int
    seconds: float
    ess: Float[np.ndarray, " d"] | None = None
    r_hat: Float[np.ndarray, " d"] | None = None
    divergences: int | None = None
    log_evidence: float | None = None
    log_evidence_error: float | None = None
    epsilon: float | None = None
    acceptance: float | None = None


def target_of(problem: Problem, start: Float[np.ndarray, "F d"] | None = None) -> Target:
    """The posterior of a problem as a target.

    Args:
        problem: the observation, its simulator and prior.
        start: latent draws near the posterior, as of a flow before any correction; rows that are not finite are dropped.
    """
    prior, known, pattern, value = problem.prior, problem.known, problem.pattern, jnp.asarray(problem.value)

    def explicit(z: Float[Array, " d"]) -> Float[Array, ""]:
        return log_likelihood(problem.simulator, prior.physical(z, known, jnp), value, pattern)

    def implicit(z: Float[Array, " d"], key: Array) -> Float[Array, " n"]:
        return jnp.where(jnp.asarray(pattern.used), simulate(problem.simulator, key, prior.physical(z, known, jnp), pattern), 0.0)

    if start is not None:
        start = start[np.isfinite(start).all(axis=1)]
    observed = np.where(np.asarray(pattern.used), problem.value, 0.0)
    return Target(problem.dimension, explicit, implicit, observed, start)


def finite_log_likelihood(function: LogLikelihood) -> LogLikelihood:
    """The log likelihood with -inf where it is no number."""

    def finite(z: Float[Array, " d"]) -> Float[Array, ""]:
        value = function(z)
        return jnp.where(jnp.isfinite(value), value, -jnp.inf)

    return finite


def key_of(seed: int, stream: int) -> Array:
    """Key of one stream of random numbers of a seed."""
    return jax.random.fold_in(jax.random.key(seed), stream)
