"""The flow of a finished run tested at its observation: simulations like it, and L-C2ST."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from astro_sbi.diagnostics.local import FEWEST, local_test
from astro_sbi.diagnostics.local_verdict import local_verdict
from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.estimator_file import trained_rounds
from astro_sbi.inference.implicit import ImplicitProblem
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.scores import seen_of
from astro_sbi.runs.check_settings import CheckSettings
from astro_sbi.runs.implicit import kept_flow
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.lending import prior_of_training
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result
from astro_sbi.runs.store import Store
from astro_sbi.runs.subject import Subject, subject

_DRAWS, _OBSERVED, _TOGETHER = 100, 2000, 100


class Flow(NamedTuple):
    """A flow to be tested.

    Attributes:
        estimator: the flow.
        problem: under the prior that it was trained for.
        box: of that prior, where it was trained.
        seen: what it sees of observations.
    """

    estimator: PosteriorEstimator
    problem: Problem
    box: Box
    seen: Callable[[np.ndarray], np.ndarray]


def check_locally(
    name: str, content: bytes, settings: CheckSettings, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store
) -> Result:
    """Test the flow of a finished run at the observation.

    Args:
        name: of the run's file.
        content: of the file.
        settings: which run, and how many simulations.
        on_progress: told phase, amount done and amount in all.
        should_stop: asked between a hundred simulations.
        store: where run and flow are.

    Raises:
        RunError: if the store does not have the flow.
        Cancelled: if asked to stop.
    """
    began = time.perf_counter()
    on_progress("preparing", 0, 1, None)
    run = subject(store, settings.result, name, content)
    flow = _flow(store, run)
    on_progress("simulating", 0, settings.size, None)
    rng = np.random.default_rng([settings.seed, 53])
    truth = flow.box.outer(rng.standard_normal((settings.size, flow.problem.dimension)))
    value = flow.problem.observations(truth, rng)
    sound = np.isfinite(value).all(axis=1)
    if sound.sum() < FEWEST:
        raise RunError(f"only {sound.sum()} of {settings.size} simulations are finite: check the priors")
    truth, x = truth[sound], flow.seen(value[sound])
    draws = _drawn(flow, x, settings.seed, on_progress, should_stop)
    on_progress("checking", 0, 1, None)
    good = np.isfinite(draws).all(axis=(1, 2))
    observed = flow.estimator.given(flow.seen(flow.problem.value[None])[0]).sample(rng, _OBSERVED)
    found = local_test(flow.problem.prior.free, truth[good], draws[good], observed, seed=settings.seed)
    corrected = run.kept.summary["importance"] is not None
    judged = local_verdict(found, corrected=corrected)
    summary = {
        "key": settings.key,
        "of": settings.result,
        "simulator": settings.simulator,
        "observation": {"name": run.name},
        "corrected": corrected,
        "test": asdict(found),
        "seconds": round(time.perf_counter() - began, 1),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "verdict": judged.grade,
        "reasons": list(judged.reasons),
    }
    return Result(summary, settings.to_json(), {})


def _drawn(flow: Flow, x: np.ndarray, seed: int, on_progress: OnProgress, should_stop: ShouldStop) -> np.ndarray:
    """Draws of the flow for each simulation [K, S, d]."""
    parts = []
    for start in range(0, len(x), _TOGETHER):
        if should_stop():
            raise Cancelled
        on_progress("sampling", start, len(x), None)
        parts.append(flow.estimator.sample_many(x[start : start + _TOGETHER], _DRAWS, seed + start))
    return np.concatenate(parts)


def _flow(store: Store, run: Subject) -> Flow:
    """The flow that made a run, under the prior of its training.

    Raises:
        RunError: if the store does not have it.
    """
    key, problem = str(run.kept.summary["training_key"]), run.problem
    gone = RunError(f"the flow of the run {shortened(run.kept.key)} is not in this store: run it again")
    if not store.has("estimator", key):
        raise gone
    wider = prior_of_training(store, key) if run.kept.summary.get("trained_under") else None
    problem = problem.under(wider) if wider else problem
    if problem.simulator.implicit:
        found = kept_flow(store, key)
        if found is None:
            raise gone
        implicit = ImplicitProblem(problem)
        return Flow(found[0].estimator, problem, Box.whole(problem.dimension), implicit.summaries_of)
    rounds = trained_rounds(store.load("estimator", key))
    return Flow(rounds.last, problem, rounds.last.box, lambda value: seen_of(problem, rounds.peaks, value))
