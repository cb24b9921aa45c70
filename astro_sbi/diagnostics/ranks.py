"""Where the true parameters of simulations stand among draws of their posteriors."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop

#: Draws of each posterior.
DRAWS = 500
_TOGETHER = 100


class Flow(Protocol):
    """What gives posteriors of many observations at once, in the prior's latent coordinates."""

    def sample_many(self, x: Float[np.ndarray, "K ..."], draws: int, seed: int) -> Float[np.ndarray, "K S d"]:
        """Draws of each."""
        ...

    def log_prob_many(self, z: Float[np.ndarray, "K S d"], x: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "K S"]:
        """Log densities of each at points of its own."""
        ...


class Ranks(NamedTuple):
    """Where truths stand; the first three are uniform between 0 and 1 if the posteriors are right.

    A rank r among S draws is kept as (r + u) / (S + 1), u uniform: with (r + 1/2) / (S + 1) there are ties, and at 5,000 simulations
    of 500 draws a test of uniformity rejects good posteriors twice as often as it says.

    Attributes:
        below: share of draws below each true parameter [K, d] (Talts et al. 2018, arXiv:1804.06788).
        denser: share of draws of higher density than the truth [K]: the level of the smallest highest-density region that holds it
            (Hermans et al. 2022, arXiv:2110.06581, eq. 2).
        nearer: share of draws nearer to a reference than the truth [K] (TARP, Lemos et al. 2023, arXiv:2302.03026, algorithm 2).
        whitened: truth minus the mean of the draws, turned and scaled by their covariance [K, d]: uncorrelated if that is right.
    """

    below: Float[np.ndarray, "K d"]
    denser: Float[np.ndarray, " K"]
    nearer: Float[np.ndarray, " K"]
    whitened: Float[np.ndarray, "K d"]

    def of(self, rows: np.ndarray) -> Ranks:
        """Those of some of the simulations."""
        return Ranks(*(part[rows] for part in self))


def ranks(
    truth: Float[np.ndarray, "K d"],
    draws: Float[np.ndarray, "K S d"],
    density: Float[np.ndarray, "K S1"],
    reference: Float[np.ndarray, "K d"],
    rng: np.random.Generator,
) -> Ranks:
    """Ranks of truths among draws.

    Args:
        truth: true parameters.
        draws: of each one's posterior.
        density: log density of the truth, then of each draw [K, S + 1].
        reference: a point for each that knows nothing of its truth but what the data tell.
        rng: breaks ties.
    """
    away = np.linalg.norm(np.concatenate([truth[:, None], draws], axis=1) - reference[:, None], axis=2)
    size = draws.shape[1]

    def rank(count: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "K ..."]:
        return (count + rng.random(count.shape)) / (size + 1)

    return Ranks(
        rank(np.sum(draws < truth[:, None], axis=1)),
        rank(np.sum(density[:, 1:] > density[:, :1], axis=1)),
        rank(np.sum(away[:, 1:] < away[:, :1], axis=1)),
        _whitened(truth, draws),
    )


def _whitened(truth: Float[np.ndarray, "K d"], draws: Float[np.ndarray, "K S d"]) -> Float[np.ndarray, "K d"]:
    mean = draws.mean(axis=1)
    centred = draws - mean[:, None]
    covariance = centred.transpose(0, 2, 1) @ centred / (draws.shape[1] - 1)
    smallest = 1e-9 * np.trace(covariance, axis1=1, axis2=2)[:, None, None] * np.eye(truth.shape[1])
    return np.linalg.solve(np.linalg.cholesky(covariance + smallest + 1e-30 * np.eye(truth.shape[1])), (truth - mean)[..., None])[..., 0]


def ranks_of_flow(
    flow: Flow,
    truth: Float[np.ndarray, "K d"],
    x: Float[np.ndarray, "K ..."],
    *,
    seed: int,
    draws: int = DRAWS,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
) -> Ranks:
    """Ranks of the parameters of simulations that the flow's training did not see; references are the truths of others among them.

    Args:
        flow: gives the posteriors.
        truth: latent parameters drawn from the prior.
        x: what they made.
        seed: of the draws.
        draws: of each posterior.
        on_progress: told how many simulations are done.
        should_stop: asked between a hundred simulations.

    Raises:
        Cancelled: if asked to stop.
    """
    parts, rng = [], np.random.default_rng([seed, 40])
    for start in range(0, len(truth), _TOGETHER):
        if should_stop():
            raise Cancelled
        on_progress("checking", start, len(truth), None)
        rows = np.arange(start, min(start + _TOGETHER, len(truth)))
        drawn = _finite(flow.sample_many(x[rows], draws, seed + start))
        density = flow.log_prob_many(np.concatenate([truth[rows][:, None], drawn], axis=1), x[rows])
        parts.append(ranks(truth[rows], drawn, density, truth[rows - 1], rng))
    on_progress("checking", len(truth), len(truth), None)
    return Ranks(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _finite(draws: Float[np.ndarray, "K S d"]) -> Float[np.ndarray, "K S d"]:
    """The draws, others of the same posterior in place of those that are not finite."""
    for row in np.flatnonzero(~np.isfinite(draws).all(axis=(1, 2))):
        sound = draws[row][np.isfinite(draws[row]).all(axis=1)]
        if not len(sound):
            raise FloatingPointError("the flow gave no finite draw")
        draws[row] = np.resize(sound, draws[row].shape)
    return draws
