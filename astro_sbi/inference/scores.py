"""What a flow sees of an observation whose model is random itself: scores at the peaks of the posterior.

The values of a Gaussian process tell of its parameters by their squares and products alone, which principal components and a small
network hardly find. The gradient of the log likelihood at a point near the posterior is a summary that loses nothing there to first
order, and where the posterior is narrow the parameters are linear in it (Alsing & Wandelt 2018, MNRAS 476, L60).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import Peaks
from astro_sbi.inference.simulations import Bank

#: Noise on features of unit scale, so that training does not see the same simulation twice.
_BLUR = 0.1


def seen_of(problem: Problem, peaks: Peaks, value: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N k"]:
    """What the flow sees of observations: themselves, or for a random model the scores and heights at each peak.

    Scores are in units of their own scatter, ``L^T grad log p`` with the posterior's covariance ``L L^T`` at the peak, heights in units
    of ``sqrt(n / 2)`` above that of the observation; both are compressed by asinh, for those of far parameters are huge.
    """
    if not problem.simulator.random:
        return value
    parts = []
    points = float(np.sum(problem.pattern.used))
    for z, covariance, height in zip(peaks.latent, peaks.covariance, peaks.height, strict=True):
        heights, scores = problem.scores(z, value)
        white = np.nan_to_num(scores @ np.linalg.cholesky(covariance), nan=0.0, posinf=1e30, neginf=-1e30)
        above = np.nan_to_num(heights - height, nan=-1e30, posinf=1e30, neginf=-1e30) / np.sqrt(0.5 * points)
        parts += [np.arcsinh(white), np.arcsinh(above)[:, None]]
    return np.concatenate(parts, axis=1).astype(np.float32)


def seen_bank(problem: Problem, peaks: Peaks, bank: Bank, rng: np.random.Generator) -> Bank:
    """The bank as the flow sees it; of a random model, one observation each with little noise on what is seen of it."""
    if not problem.simulator.random:
        return bank
    value = np.asarray(bank.mean) + np.asarray(bank.sigma) * rng.standard_normal(bank.mean.shape, np.float32)
    seen = seen_of(problem, peaks, value)
    return Bank(bank.latent, seen, np.full_like(seen, _BLUR))
