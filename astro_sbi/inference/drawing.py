"""From trained rounds to a weighted posterior of one observation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from astro_sbi.inference.box import Box
from astro_sbi.inference.components import broad_moments, fitted_components, fitted_shares, joined
from astro_sbi.inference.importance import Density, Draws, importance_draws, importance_of
from astro_sbi.inference.posterior import OnProgress, Posterior
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.scores import seen_of
from astro_sbi.inference.search import Peaks
from astro_sbi.inference.sequential import TrainedRounds, leaning_edges, proposals
from astro_sbi.inference.standardiser import components

LogLikelihoods = Callable[[Float[np.ndarray, "S d"]], Float[np.ndarray, " S"]]

SHOWN = 4000
_PILOT = 8192
_BROAD, _CLUSTERS, _LEAST = 0.2, 6, 0.02


def draw_posterior(problem: Problem, trained: TrainedRounds, samples: int, seed: int, *, on_progress: OnProgress) -> Posterior:
    """Draw from the defensive mixture, weigh with the exact likelihood, and note what the checks need.

    Args:
        problem: the observation, its simulator and prior.
        trained: what sequential training left.
        samples: number of weighted draws.
        seed: of the draws; the training's seed does not matter here.
        on_progress: told of the phase.

    Returns:
        The posterior; its ``seconds`` hold the phases of training with sampling and checking added.
    """
    began = time.perf_counter()
    on_progress("sampling", 0, samples, None)
    rng = np.random.default_rng([seed, 3])
    seen = seen_of(problem, trained.peaks, problem.value[None])[0]
    mixture = adapted(proposals(trained.first, trained.last, trained.peaks, seen), problem.log_likelihood, rng)
    draws = importance_draws(mixture, problem.log_likelihood, rng, samples)
    order = rng.permutation(samples)
    last, box = trained.last.given(seen), trained.last.box
    made = weighted_posterior(problem, draws, order, last.sample(rng, SHOWN), trained.peaks, rng)
    on_progress("sampling", samples, samples, None)
    sampled = time.perf_counter()
    far, members = distance_p(problem, trained, rng), last.by_member(rng)
    spent = {"sample": trained.seconds["sample"] + sampled - began, "check": trained.seconds["check"] + time.perf_counter() - sampled}
    return replace(
        made,
        rounds=trained.rounds,
        peak_outside=peak_outside(trained.peaks, box),
        leaning=leaning_names(problem, draws, box),
        distance_p=far,
        seconds=trained.seconds | spent,
        member_draws=members,
    )


def weighted_posterior(
    problem: Problem,
    draws: Draws,
    order: Int[np.ndarray, " S"],
    flow: Float[np.ndarray, "F d"],
    peaks: Peaks,
    rng: np.random.Generator,
) -> Posterior:
    """A posterior of weighted draws, without the rounds that led to it and what is checked of them.

    Args:
        problem: the observation, its simulator and prior.
        draws: in the prior's latent coordinates.
        order: in which to give them.
        flow: draws of the flow alone.
        peaks: of the posterior density.
        rng: of the prior's draws.
    """
    prior = rng.standard_normal((SHOWN, problem.dimension))
    best = draws.latent[np.argmax(draws.log_likelihood + draws.log_prior)]
    return Posterior(
        theta={name: value[order] for name, value in problem.theta(draws.latent).items()},
        latent=draws.latent[order],
        log_q=draws.log_q[order],
        log_prior=draws.log_prior[order],
        log_likelihood=draws.log_likelihood[order],
        weight=draws.weight[order],
        importance=importance_of(draws),
        flow_theta=problem.theta(flow),
        prior_theta=problem.theta(prior),
        rounds=(),
        peak_outside=None,
        leaning=(),
        best_theta=_single(problem, best),
        least_squares=_single(problem, peaks.least_squares),
        distance_p=1.0,
    )


def leaning_names(problem: Problem, draws: Draws, box: Box) -> tuple[str, ...]:
    """Free parameters whose posterior leans on an edge of the box that is not one of the prior."""
    return tuple(name for name, low, high in zip(problem.prior.free, *leaning_edges(draws, box), strict=True) if low or high)


def adapted(
    mixture: Sequence[tuple[float, Density]], log_likelihood: LogLikelihoods, rng: np.random.Generator
) -> list[tuple[float, Density]]:
    """The mixture with broad densities of the posterior's own shape added, its shares fitted to the draws of two pilot runs.

    The first run gives a Student t of the posterior's mean and covariance. It covers tails that flow and peaks leave thin, where
    single draws would carry great weight, so the second run sees them; Student t densities around the clusters of both runs' draws
    follow curved and several-peaked posteriors.

    Args:
        mixture: shares and densities.
        log_likelihood: of latent draws.
        rng: of the pilot runs.
    """
    first = importance_draws(mixture, log_likelihood, rng, _PILOT)
    second = importance_draws(joined(mixture, _BROAD, broad_moments(first)), log_likelihood, rng, _PILOT)
    both = Draws(
        *(np.concatenate([getattr(first, name), getattr(second, name)]) for name in ("latent", "log_q", "log_prior", "log_likelihood"))
    )
    clusters = fitted_components(both.latent, both.weight, _CLUSTERS, 1.15, rng)
    parts = [*(density for _, density in mixture), broad_moments(second), clusters]
    return list(zip(fitted_shares(parts, both, _LEAST), parts, strict=True))


def peak_outside(peaks: Peaks, box: Box) -> float | None:
    """Height of the best peak outside the box over the best one inside (nats); None where all lie inside."""
    inside = box.contains(peaks.latent)
    if inside.all():
        return None
    highest = peaks.height[inside].max() if inside.any() else -np.inf
    return float(peaks.height[~inside].max() - highest)


def distance_p(problem: Problem, trained: TrainedRounds, rng: np.random.Generator, simulations: int = 2048) -> float:
    """Share of fresh simulations from the last estimator's box at least as far from their centre as the observation.

    The distance is Mahalanobis's in the scaled components that the network sees; its null distribution is the
    simulations' own.
    """
    estimator = trained.last
    mean, sigma = problem.simulate(estimator.box.outer(rng.standard_normal((simulations, problem.dimension))), rng)
    noisy = mean + sigma * rng.standard_normal(mean.shape).astype(np.float32)
    features = seen_of(problem, trained.peaks, np.vstack([noisy, problem.value]))
    seen = np.asarray(components(estimator.shared, jnp.asarray(features)), np.float64)
    return mahalanobis_p(seen[:-1], seen[-1])


def mahalanobis_p(simulated: Float[np.ndarray, "N k"], observed: Float[np.ndarray, " k"]) -> float:
    """Share of simulated feature vectors at least as far from their mean as the observed one, between 1/(N+1) and 1."""
    covariance = np.cov(simulated.T) + 1e-6 * np.eye(simulated.shape[1])
    centre = simulated.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (np.vstack([simulated, observed]) - centre).T)
    distance = np.sum(white**2, axis=0)
    return float((1 + np.sum(distance[:-1] >= distance[-1])) / (len(simulated) + 1))


def _single(problem: Problem, z: Float[np.ndarray, " d"]) -> dict[str, float]:
    return {name: float(value[0]) for name, value in problem.theta(z[None]).items()}
