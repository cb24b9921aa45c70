"""How a posterior and its checks move when the data are perturbed, by what calibration error no check sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from astro_sbi.diagnostics.predictive import PredictiveCheck, predictive_check
from astro_sbi.diagnostics.thresholds import weighed
from astro_sbi.diagnostics.verdict import Checks, judgements
from astro_sbi.inference.importance import StudentMixture, effective_size, importance_draws
from astro_sbi.inference.posterior import InferenceError, Verdict, weighted_quantile

if TYPE_CHECKING:
    from astro_sbi.inference.problem import Problem

#: Checks that look at the data; those of weights and calibration do not change with them.
OF_DATA = ("summaries", "noise_ratio", "misfit", "misfit_fitted", "largest_residual", "red_noise", "stretch", "sign_run")
#: Fewer effective draws place no median to a fifth of its sigma.
FEWEST = 50
_DRAWS, _TRIES, _WANTED, _PREDICTED = 4096, 6, 200, 200
#: Proposals are wider than the posterior; much wider where the last one missed it.
_WIDER, _SEARCHING = 1.1, 2.0

Weighted = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Perturbed:
    """Posterior and checks of perturbed data.

    Args:
        by: the perturbation.
        quantiles: 16, 50 and 84 % quantiles of each parameter.
        effective: number of draws that the weighted ones are worth.
        check: residuals of the perturbed data.
        verdict: of the checks that look at the data.
    """

    by: float
    quantiles: Mapping[str, tuple[float, float, float]]
    effective: float
    check: PredictiveCheck
    verdict: Verdict


@dataclass(frozen=True)
class Sensitivity:
    """Posteriors along one perturbation.

    Args:
        found: where the posterior could be followed, in the order of the perturbation, zero among them.
        lost: perturbations at which too few effective draws were left.
    """

    found: tuple[Perturbed, ...]
    lost: tuple[float, ...]

    @property
    def unperturbed(self) -> Perturbed:
        """The data as they are."""
        return min(self.found, key=lambda one: abs(one.by))

    def shifts(self, name: str) -> Float[np.ndarray, " k"]:
        """Median of a parameter less that of the unperturbed data, in sigma of these (half the 68 % interval)."""
        low, middle, high = self.unperturbed.quantiles[name]
        sigma = 0.5 * (high - low) or math.inf
        return np.array([(one.quantiles[name][1] - middle) / sigma for one in self.found])

    def first_seen(self, sign: int) -> float | None:
        """The smallest perturbation of a sign at which the checks say worse than of the data as they are; None where none does."""
        grades = ("good", "caution", "do not trust")
        before = grades.index(self.unperturbed.verdict.grade)
        seen = [one.by for one in self.found if sign * one.by > 0 and grades.index(one.verdict.grade) > before]
        return min(seen, key=abs) if seen else None


def sensitivity(
    problem_at: Callable[[float], Problem],
    quoted_at: Callable[[float], Float[np.ndarray, " n"]],
    latent: Float[np.ndarray, "S d"],
    weight: Float[np.ndarray, " S"],
    places: Sequence[float],
) -> Sensitivity:
    """Follow the posterior outward from the data as they are, by importance sampling with the exact likelihood of each perturbed set.

    Proposals are Student densities with the covariance of the draws, about the mean of the last posterior moved on as it moved before;
    they move to the mean of what they find until enough effective draws are left, or are given up. The same random numbers serve all
    perturbations, so that curves are smooth. A posterior of several peaks, or far from an ellipsoid, leaves few draws from the start.

    Args:
        problem_at: the problem that data perturbed by so much pose.
        quoted_at: their quoted errors, decorrelated like the values of the problem.
        latent: draws of the posterior of the data as they are.
        weight: their weights.
        places: perturbations; zero is added.
    """
    root = _root(latent, weight)
    start = _followed(problem_at(0.0), weight @ latent, root)
    if start is None:
        return Sensitivity((), tuple(places))
    found = {0.0: _told(0.0, problem_at(0.0), quoted_at(0.0), *start)}
    for sign in (1, -1):
        for by, drawn in _outward(problem_at, start, sorted((place for place in places if sign * place > 0), key=abs), root):
            found[by] = _told(by, problem_at(by), quoted_at(by), *drawn)
    lost = tuple(place for place in sorted(places) if place not in found)
    return Sensitivity(tuple(found[by] for by in sorted(found)), lost)


def _outward(
    problem_at: Callable[[float], Problem], start: Weighted, places: Sequence[float], root: np.ndarray
) -> Iterator[tuple[float, Weighted]]:
    """Weighted draws at one place after the other, until they are lost."""
    centre, before, last, at = start[1] @ start[0], None, 0.0, 0.0
    for by in places:
        ahead = centre if before is None else centre + (centre - before) * (by - at) / (at - last)
        drawn = _followed(problem_at(by), ahead, root)
        if drawn is None:
            return
        yield by, drawn
        before, last, at = centre, at, by
        centre = drawn[1] @ drawn[0]


def _followed(problem: Problem, centre: np.ndarray, root: np.ndarray) -> Weighted | None:
    """Weighted draws of a posterior near a centre; None where too few effective ones are left."""
    wider = _WIDER
    for _ in range(_TRIES):
        proposal = StudentMixture(centre[None], wider * root[None], np.ones(1))
        drawn = importance_draws([(1.0, proposal)], problem.log_likelihood, np.random.default_rng(60), _DRAWS)
        try:
            latent, weight = drawn.latent, drawn.weight
        except InferenceError:
            return None
        effective = effective_size(weight)
        if effective >= _WANTED:
            break
        centre, wider = weight @ latent, _WIDER if effective >= FEWEST else _SEARCHING
    return (latent, weight) if effective >= FEWEST else None


def _root(latent: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Cholesky factor of the covariance of weighted draws."""
    centred = latent - weight @ latent
    covariance = (weight * centred.T) @ centred
    return np.linalg.cholesky(covariance + (1e-9 * np.trace(covariance) + 1e-12) * np.eye(len(covariance)))


def _told(by: float, problem: Problem, quoted: Float[np.ndarray, " n"], latent: np.ndarray, weight: np.ndarray) -> Perturbed:
    """Quantiles of the parameters and what the checks say."""
    theta, size = problem.theta(latent), len(quoted)
    quantiles = {name: tuple(float(value) for value in weighted_quantile(theta[name], weight)) for name in problem.prior.free}
    chosen = np.random.default_rng(61).choice(len(weight), _PREDICTED, p=weight)
    made = problem.predict(latent[chosen])
    predicted = made._replace(mean=made.mean[:, :size], sigma=made.sigma[:, :size], noise=made.noise[:, :size])
    value = problem.value[:size].astype(np.float64)
    check = predictive_check(
        value, predicted.mean, predicted.with_quoted(quoted), predicted.sigma, coordinate=problem.pattern.coordinate[:size]
    )
    judged = [one for one in judgements(Checks(None, None, check, (), 1.0)) if one.name in OF_DATA]
    return Perturbed(by, quantiles, effective_size(weight), check, weighed(judged))
