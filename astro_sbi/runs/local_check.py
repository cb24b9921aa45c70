"""The flow of a finished run tested at its observation: simulations that no training saw, and L-C2ST."""

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
from astro_sbi.inference.npe import TrainedNPE
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.inference.scores import seen_of
from astro_sbi.inference.simulated import SimulatedProblem
from astro_sbi.observations.simulations.table import read_simulations
from astro_sbi.runs.check_settings import CheckSettings
from astro_sbi.runs.finished import result
from astro_sbi.runs.implicit import kept_flow
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.lending import prior_of_training
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.simulations import table_options, table_prior
from astro_sbi.runs.store import Store
from astro_sbi.runs.subject import subject
from astro_sbi.simulators.registry import SIMULATIONS
from astro_sbi.simulators.simulation_table import in_spreads

_DRAWS, _OBSERVED, _TOGETHER = 100, 2000, 100


class Trial(NamedTuple):
    """A flow to be tested.

    Attributes:
        kept: the result that it made.
        estimator: the flow.
        names: of its parameters.
        simulated: latent parameters, and what the flow sees of the data that they made, of so many simulations no training saw.
        observed: what it sees of the observation.
    """

    kept: Result
    estimator: PosteriorEstimator
    names: tuple[str, ...]
    simulated: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
    observed: np.ndarray


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
    trial = _trial(store, settings, name, content)
    on_progress("simulating", 0, settings.size, None)
    rng = np.random.default_rng([settings.seed, 53])
    truth, x = trial.simulated(settings.size, rng)
    if len(x) < FEWEST:
        raise RunError(f"only {len(x)} simulations could be used, where the test needs {FEWEST}: it would find nothing")
    draws = _drawn(trial, x, settings.seed, on_progress, should_stop)
    on_progress("checking", 0, 1, None)
    good = np.isfinite(draws).all(axis=(1, 2))
    observed = trial.estimator.given(trial.observed).sample(rng, _OBSERVED)
    found = local_test(trial.names, truth[good], draws[good], observed, seed=settings.seed)
    told = trial.kept.summary
    judged = local_verdict(found, corrected=told["importance"] is not None)
    summary = {
        "key": settings.key,
        "of": settings.result,
        "simulator": settings.simulator,
        "observation": {"name": told["observation"]["name"]},
        "test": asdict(found),
        "seconds": round(time.perf_counter() - began, 1),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "verdict": judged.grade,
        "reasons": list(judged.reasons),
    }
    return Result(summary, settings.to_json(), {})


def _drawn(trial: Trial, x: np.ndarray, seed: int, on_progress: OnProgress, should_stop: ShouldStop) -> np.ndarray:
    """Draws of the flow for each simulation [K, S, d]."""
    parts = []
    for start in range(0, len(x), _TOGETHER):
        if should_stop():
            raise Cancelled
        on_progress("sampling", start, len(x), None)
        parts.append(trial.estimator.sample_many(x[start : start + _TOGETHER], _DRAWS, seed + start))
    return np.concatenate(parts)


def _trial(store: Store, settings: CheckSettings, name: str, content: bytes) -> Trial:
    """The flow that made a run, with simulations of the prior, or of the part of it, that it was trained for.

    Raises:
        RunError: if the store does not have it.
    """
    if settings.simulator == SIMULATIONS:
        return _of_table(store, result(store, settings.result))
    run = subject(store, settings.result, name, content)
    key, problem = _flow_key(store, run.kept), run.problem
    wider = prior_of_training(store, key) if run.kept.summary.get("trained_under") else None
    problem = problem.under(wider) if wider else problem
    if problem.simulator.implicit:
        estimator, box, seen = _kept(store, key).estimator, Box.whole(problem.dimension), ImplicitProblem(problem).summaries_of
    else:
        rounds = trained_rounds(store.load("estimator", key))
        estimator, box, seen = rounds.last, rounds.last.box, lambda value: seen_of(problem, rounds.peaks, value)

    def simulated(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = box.outer(rng.standard_normal((size, problem.dimension)))
        value = problem.observations(truth, rng)
        sound = np.isfinite(value).all(axis=1)
        return truth[sound], seen(value[sound])

    return Trial(run.kept, estimator, problem.prior.free, simulated, seen(problem.value[None])[0])


def _of_table(store: Store, kept: Result) -> Trial:
    """The flow of a table of simulations, with the rows that its training did not see."""
    asked = Settings.from_json(kept.settings)
    table = read_simulations(*store.upload(asked.section("table")["file"]), table_options(asked))
    prior, _ = table_prior(table, asked.section("prior"))
    observed = kept.arrays["observed/value"]
    problem = SimulatedProblem(prior, table.theta, in_spreads(table, table.x), observed, asked.seed)
    return Trial(kept, _kept(store, _flow_key(store, kept)).estimator, prior.free, lambda size, rng: problem.tests(), observed)


def _flow_key(store: Store, kept: Result) -> str:
    """The training key of a run, whose flow the store has."""
    key = str(kept.summary["training_key"])
    if not store.has("estimator", key):
        raise RunError(f"the flow of the run {shortened(kept.key)} is not in this store: run it again")
    return key


def _kept(store: Store, key: str) -> TrainedNPE:
    found = kept_flow(store, key)
    if found is None:
        raise RunError(f"the flow {shortened(key)} is not in this store: run the inference again")
    return found[0]
