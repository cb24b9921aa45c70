"""What an inference returns: plain NumPy, readable without jax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float

Phase = Literal["reading", "preparing", "searching", "simulating", "compiling", "training", "sampling", "checking"]
Grade = Literal["good", "caution", "do not trust"]

#: ``on_progress(phase, done, total, loss)``; ``loss`` is the training and the held-out loss in nats, None where there is none.
OnProgress = Callable[[Phase, float, float, tuple[float, float] | None], None]
ShouldStop = Callable[[], bool]


class InferenceError(RuntimeError):
    """An inference that cannot go on; the message is the sentence a user reads."""


class Cancelled(Exception):
    """The user asked to stop."""


@dataclass(frozen=True)
class Verdict:
    """Whether to believe a posterior, and why, in words."""

    grade: Grade
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """One round of sequential inference.

    Args:
        efficiency: effective share of the round's draws, between 0 and 1.
        log_evidence: natural logarithm, under the full prior.
        log_prior_mass: log of the full prior's mass inside the round's box (0 in the first round).
        seconds: wall time.
        box: lower and upper corner in latent coordinates [2, d].
        losses: training loss at each report and held-out loss, both in nats [2, k].
    """

    efficiency: float
    log_evidence: float
    log_prior_mass: float
    seconds: float
    box: Float[np.ndarray, "2 d"]
    losses: Float[np.ndarray, "2 k"]


@dataclass(frozen=True)
class Importance:
    """How well the flow's draws cover the exact posterior.

    Args:
        efficiency: effective sample size over number of draws.
        ess: effective sample size, ``(sum w)^2 / sum w^2`` (Kong 1992).
        khat: Pareto shape of the largest weights (Vehtari et al. 2024); below 0.7 the weights can be trusted.
        log_evidence: log of the mean weight under the full prior.
        log_evidence_error: its standard error.
    """

    efficiency: float
    ess: float
    khat: float
    log_evidence: float
    log_evidence_error: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted draws of the parameters given one observation.

    Args:
        theta: parameter draws by name [S], physical units, fixed parameters included.
        latent: the same draws in latent coordinates of the free parameters [S, d].
        log_q: log density of the proposal in latent coordinates [S].
        log_prior: log density of the full prior in latent coordinates [S].
        log_likelihood: [S]; None for an implicit simulator.
        weight: normalised importance weights [S], equal without a likelihood.
        importance: None for an implicit simulator.
        flow_theta: draws of the last round's flow alone, before correction, by name [F].
        prior_theta: draws of the prior by name [P].
        rounds: the rounds that led here.
        peak_outside: log posterior height, over the best peak inside the last box, of the best peak found outside it
            by the multi-start search; None where there is none or no likelihood.
        leaning: parameters whose posterior leans on an edge of the last box that is not an edge of the prior.
        best_theta: parameters at the highest posterior density found, by name.
        least_squares: parameters of the smallest chi-square found by the multi-start search, by name; None without a likelihood.
        distance_p: share of the last round's training simulations at least as far from their centre as the observation.
        seconds: wall seconds by phase: simulate, compile, train, sample, check.
        member_draws: latent draws of each member of the flow's ensemble [M, F, d]; None where there is one.
    """

    theta: dict[str, np.ndarray]
    latent: Float[np.ndarray, "S d"]
    log_q: Float[np.ndarray, " S"]
    log_prior: Float[np.ndarray, " S"]
    log_likelihood: Float[np.ndarray, " S"] | None
    weight: Float[np.ndarray, " S"]
    importance: Importance | None
    flow_theta: dict[str, np.ndarray]
    prior_theta: dict[str, np.ndarray]
    rounds: tuple[Round, ...]
    peak_outside: float | None
    leaning: tuple[str, ...]
    best_theta: dict[str, float]
    least_squares: dict[str, float] | None
    distance_p: float
    seconds: dict[str, float] = field(default_factory=dict)
    member_draws: Float[np.ndarray, "M F d"] | None = None


def weighted_quantile(
    value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"], levels: tuple[float, ...] = (0.16, 0.5, 0.84)
) -> Float[np.ndarray, " k"]:
    """Quantiles of weighted draws, by interpolating the midpoint distribution function."""
    order = np.argsort(value)
    sorted_weight = weight[order]
    cumulative = np.cumsum(sorted_weight) - 0.5 * sorted_weight
    return np.interp(levels, cumulative / sorted_weight.sum(), value[order])
