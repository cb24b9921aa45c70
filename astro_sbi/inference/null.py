"""Evidence of the model with its signal switched off."""

from __future__ import annotations

from functools import partial

import numpy as np

from astro_sbi.inference.importance import UnitNormal, importance_draws, importance_of
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import PeakSearch

_DRAWS = 4096


def null_log_evidence(problem: Problem, search: PeakSearch, seed: int) -> float | None:
    """Log evidence without the signal, by importance sampling around the peaks; None where the simulator names no null model.

    Parameters that shape the signal do nothing without it and integrate to one over their prior.
    """
    centre = problem.theta(np.zeros((1, problem.dimension)))
    if problem.simulator.null(centre) is None:
        return None
    rng, log_likelihood = np.random.default_rng([seed, 4]), partial(problem.log_likelihood, null=True)
    latent = rng.standard_normal((_DRAWS, problem.dimension))
    peaks = search.peaks(latent, log_likelihood(latent), rng, null=True)
    mixture = [(0.8, peaks.mixture(1.2)), (0.2, UnitNormal(problem.dimension))]
    return importance_of(importance_draws(mixture, log_likelihood, rng, _DRAWS)).log_evidence
