"""Evidence of the model with its signal switched off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from astro_sbi.inference.importance import UnitNormal, importance_draws, importance_of
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import search_peaks
from astro_sbi.simulators.prior import fixed

_DRAWS = 4096


def null_problem(problem: Problem) -> Problem | None:
    """The problem with the parameters that make the signal fixed at no signal; None where the simulator names no null model."""
    centre = problem.theta(np.zeros((1, problem.dimension)))
    null = problem.simulator.null(centre)
    if null is None:
        return None
    changed = {name: float(value[0]) for name, value in null.items() if not np.array_equal(value, centre[name])}
    return replace(problem, prior=problem.prior.replace({name: fixed(value) for name, value in changed.items()}))


def null_log_evidence(problem: Problem, seed: int) -> float | None:
    """Log evidence of the null model under the rest of the prior, by importance sampling around its peaks; None without one."""
    null = null_problem(problem)
    if null is None or null.dimension == problem.dimension:
        return None
    rng = np.random.default_rng([seed, 4])
    latent = rng.standard_normal((_DRAWS, null.dimension))
    peaks = search_peaks(null, latent, null.log_likelihood(latent), rng)
    mixture = [(0.8, peaks.mixture(1.2)), (0.2, UnitNormal(null.dimension))]
    return importance_of(importance_draws(mixture, null.log_likelihood, rng, _DRAWS)).log_evidence
