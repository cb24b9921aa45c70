"""Where a request meets the engine: trained rounds from the store or fresh, draws, predictive curves and checks."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from astro_sbi.diagnostics.detection import detection
from astro_sbi.diagnostics.edges import prior_edges
from astro_sbi.diagnostics.members import disagreement
from astro_sbi.diagnostics.places import coordinate_text
from astro_sbi.diagnostics.predictive import predictive_check
from astro_sbi.diagnostics.ranges import RangeCheck, range_check
from astro_sbi.diagnostics.verdict import Checks, verdict
from astro_sbi.inference.drawing import draw_posterior
from astro_sbi.inference.estimator_file import trained_files, trained_rounds
from astro_sbi.inference.narrower import draw_narrowed, is_enough
from astro_sbi.inference.null import null_log_evidence
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, Posterior, Round, ShouldStop, Verdict, weighted_quantile
from astro_sbi.inference.problem import Predictions, Problem
from astro_sbi.inference.search import Peaks, PeakSearch
from astro_sbi.inference.sequential import SequentialTraining, TrainedRounds
from astro_sbi.runs.implicit import trained_flow
from astro_sbi.runs.lending import Lender, lender, lending_note
from astro_sbi.runs.request import Request
from astro_sbi.runs.store import Store
from astro_sbi.simulators.base import known_values
from astro_sbi.simulators.prior_checks import priors_from_data

_CURVES, _PRIOR_DRAWS = 1500, 2048


@dataclass(frozen=True, eq=False)
class Checked:
    """A posterior with its predictive curves, checks and verdict.

    ``curves`` and ``sigmas`` are mean and standard deviation that posterior draws predict at the prepared points [S, n], and
    ``quoted`` is the latter with the quoted errors for the noise [n]; ``least_squares`` is the curve of the least-squares fit [n].
    Without a likelihood they are data that the draws make, before noise, and the noise; and there is no least-squares fit. Where errors
    are correlated they are the noise-free model and each point's own error.
    ``lender`` is the training under a wider prior whose flow was used; None where there was one of its own.
    ``chosen`` is the posterior draw that each curve is of [S]; None where curves are of no draws.
    """

    posterior: Posterior
    curves: np.ndarray
    sigmas: np.ndarray
    quoted: np.ndarray
    least_squares: np.ndarray | None
    checks: Checks
    verdict: Verdict
    lender: Lender | None = None
    chosen: np.ndarray | None = None


def checked_posterior(request: Request, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None) -> Checked:
    """Train or fetch, draw and check."""
    problem = Problem.of(request.simulator, request.prior, request.prepared.observation)
    if request.simulator.implicit:
        return _without_likelihood(request, problem, on_progress, should_stop, store)
    search = PeakSearch(problem)
    lent = lender(store, request)
    drawn = _borrowed(request, problem, search, lent, store, on_progress=on_progress, should_stop=should_stop) if store and lent else None
    if drawn is None:
        lent, trained = None, _trained(request, problem, search, on_progress, should_stop, store)
        asked = request.settings
        drawn = draw_posterior(problem, trained, asked.samples, asked.seed, on_progress=on_progress), trained.peaks
    posterior, peaks = drawn
    began = time.perf_counter()
    on_progress("checking", 0, 1, None)
    size = len(request.prepared.observation)
    chosen, least_squares = _equal_draws(posterior, request.settings.seed), peaks.least_squares[None]
    draws = posterior.latent[chosen]
    predicted = Predictions(*(part[:, :size] for part in problem.predict(draws)))
    fitted = problem.predict(least_squares).mean[0, :size]
    null = null_log_evidence(problem, search, request.settings.seed)
    gain = None if null is None or posterior.importance is None else posterior.importance.log_evidence - null
    checked = check(request, problem, posterior, predicted, fitted, gain)
    if problem.pattern.decorrelation is not None:
        quoted, curves, fitted = request.prepared.observation.points.noise.sigma, problem.curves(draws), problem.curves(least_squares)[0]
        curves = curves[:, :size]
        checked = replace(checked, curves=curves, sigmas=np.broadcast_to(quoted, curves.shape), quoted=quoted, least_squares=fitted[:size])
    posterior.seconds["check"] += time.perf_counter() - began
    on_progress("checking", 1, 1, None)
    return replace(checked, lender=lent, chosen=chosen)


def _borrowed(
    request: Request, problem: Problem, search: PeakSearch, lent: Lender, store: Store, *, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[Posterior, Peaks] | None:
    """The posterior by the flow of a training under a wider prior, and its peaks; None where a training of its own does better."""
    trained = trained_rounds(store.load("estimator", lent.key))
    if should_stop():
        raise Cancelled
    on_progress("searching", 0, 1, None)
    began, rng = time.perf_counter(), np.random.default_rng([request.settings.seed, 2])
    latent = rng.standard_normal((request.training.simulations, problem.dimension))
    try:
        peaks = search.peaks(latent, problem.log_likelihood(latent), rng)
        if should_stop():
            raise Cancelled
        searched, asked = time.perf_counter() - began, (request.settings.samples, request.settings.seed)
        posterior = draw_narrowed(problem, trained, lent.narrowing, peaks, asked, on_progress=on_progress)
    except InferenceError:  # the wider prior's flow has no draw where this prior is
        return None
    posterior.seconds["search"] = searched
    return (posterior, peaks) if is_enough(posterior, trained, request.training) else None


def _without_likelihood(
    request: Request, problem: Problem, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None
) -> Checked:
    """Train or fetch, draw and check where there is no likelihood."""
    implicit, trained, card, lent = trained_flow(request, problem, on_progress=on_progress, should_stop=should_stop, store=store)
    narrowing, asked = lent and lent.narrowing, request.settings
    posterior = implicit.posterior(trained, asked.samples, asked.seed, on_progress=on_progress, narrowing=narrowing)
    began = time.perf_counter()
    on_progress("checking", 0, 1, None)
    seed, size = request.settings.seed, len(request.prepared.observation)
    chosen = _equal_draws(posterior, seed)
    made = implicit.replicates(posterior.latent[chosen], seed)
    reach = prior_range(request, problem)
    checks = replace(checks_of(request, posterior), summaries_p=made.summaries_p, calibration=card, prior_range=reach)
    posterior.seconds["check"] += time.perf_counter() - began
    on_progress("checking", 1, 1, None)
    quoted = request.prepared.observation.points.noise.sigma
    return Checked(posterior, made.process[:, :size], made.noise[:, :size], quoted, None, checks, verdict(checks), lent, chosen)


def _trained(
    request: Request, problem: Problem, search: PeakSearch, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None
) -> TrainedRounds:
    """Trained rounds of this training key: from the store if it has them, else trained and kept."""
    if store and store.has("estimator", request.training_key):
        trained = trained_rounds(store.load("estimator", request.training_key))
        return replace(trained, seconds=dict.fromkeys(trained.seconds, 0.0))

    def on_round(number: int, done: Round) -> None:
        tell = getattr(on_progress, "round", None)
        if tell:
            tell(round_summary(number, done))

    asked = request.settings
    trained = SequentialTraining(
        problem,
        search,
        request.training,
        seed=asked.seed,
        ensemble=asked.ensemble,
        on_progress=on_progress,
        should_stop=should_stop,
        on_round=on_round,
    ).run()
    if store:
        store.commit("estimator", request.training_key, trained_files(trained, request.training.network) | lending_note(request))
    return trained


def _equal_draws(posterior: Posterior, seed: int) -> np.ndarray:
    """Draws resampled to equal weight: their numbers [S]."""
    return np.random.default_rng([seed, 5]).choice(len(posterior.weight), _CURVES, p=posterior.weight)


def check(
    request: Request, problem: Problem, posterior: Posterior, predicted: Predictions, least_squares: np.ndarray, gain: float | None
) -> Checked:
    """All checks of a posterior and their verdict.

    Args:
        request: what was asked.
        problem: the same as functions of latent coordinates.
        posterior: the weighted draws.
        predicted: what equally weighted draws predict.
        least_squares: curve of the least-squares fit [n].
        gain: log evidence over that of the null model; None where there is none.
    """
    observation, seed = request.prepared.observation, request.settings.seed
    value, sigma = observation.value, observation.points.noise.sigma
    if problem.pattern.decorrelation is not None:
        value, sigma = (part[: len(observation)].astype(np.float64) for part in (problem.value, problem.pattern.sigma))
    quoted, points = predicted.with_quoted(sigma), observation.points
    order = {"coordinate": points.coordinate, "channel": points.channel}
    predictive = predictive_check(value, predicted.mean, quoted, predicted.sigma, **order, seed=seed)
    known = known_values(request.simulator, observation.points)
    found = (
        None
        if gain is None
        else detection(gain, float(known.get("log_trials", 0.0)), predictive.red_noise, signal=request.simulator.signal)
    )
    reach = prior_range(request, problem)
    checks = replace(checks_of(request, posterior), predictive=predictive, detection=found, prior_range=reach)
    return Checked(posterior, predicted.mean, predicted.sigma, quoted, least_squares, checks, verdict(checks))


def prior_range(request: Request, problem: Problem) -> RangeCheck | None:
    """The observation against the range of simulations of the prior, decorrelated where errors are correlated."""
    observation = request.prepared.observation
    size, axis, points = len(observation), observation.coordinate_axis, observation.points

    def name_of(index: int) -> str:
        channel = f" in {observation.channels[points.channel[index]]}" * (len(observation.channels) > 1)
        return f"at {coordinate_text(float(points.coordinate[index]), axis.unit)}{channel}"

    rng = np.random.default_rng([request.settings.seed, 13])
    simulated = problem.observations(rng.standard_normal((_PRIOR_DRAWS, problem.dimension)), rng)
    return range_check(problem.value[:size], simulated[:, :size], name_of)


def checks_of(request: Request, posterior: Posterior) -> Checks:
    """What is checked of every posterior."""
    observation, prior = request.prepared.observation, request.prior
    bounded = [distribution.bounded for name, distribution in prior.distributions if name in prior.free]
    return Checks(
        importance=posterior.importance,
        peak_outside=posterior.peak_outside,
        predictive=None,
        edges=tuple(prior_edges(posterior.latent, posterior.weight, prior.free, bounded)),
        distance_p=posterior.distance_p,
        priors_from_data=priors_from_data(request.simulator, prior),
        leaning=posterior.leaning,
        coordinate_unit=observation.coordinate_axis.unit,
        channels=observation.channels,
        errors_estimated=observation.points.noise.source == "estimated",
        warnings=request.simulator.warnings(observation.points),
        memory=_memory(request, posterior),
        ensemble=disagreement(posterior.member_draws, prior.free),
    )


def _memory(request: Request, posterior: Posterior) -> tuple[str, float] | None:
    """The parameter that is a process's memory, and its median over the length of the observation."""
    name = request.simulator.memory
    if name not in request.prior.free:
        return None
    median = float(weighted_quantile(posterior.theta[name], posterior.weight, (0.5,))[0])
    return name, median / float(known_values(request.simulator, request.prepared.observation.points)["baseline"])


def round_summary(number: int, done: Round) -> dict[str, Any]:
    """One round as the summary and the progress tell it."""
    return {
        "round": number,
        "efficiency": done.efficiency,
        "log_evidence": done.log_evidence,
        "log_prior_mass": done.log_prior_mass,
        "seconds": round(done.seconds, 3),
    }
