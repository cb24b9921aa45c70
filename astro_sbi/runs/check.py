"""What can be said of a flow or a finished run beyond its own result: ``python -m astro_sbi check``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import FEWEST, CalibrationCard
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.cards import card_of
from astro_sbi.runs.executor import computing_environment
from astro_sbi.runs.finished import keys_beginning, result
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.outcome import RunCancelled, RunError
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from astro_sbi.runs.terminal import interruptible, progress_line
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators import simulator_names
from astro_sbi.simulators.registry import SIMULATIONS

MOST = 200_000
_NOT_AMORTISED = (
    "Prior calibration does not apply: the rounds of this run were trained for this one observation, so ranks over the prior say "
    "nothing of them. What is valid for it are the importance weights (efficiency, Pareto k) and the predictive check below."
)
_HELD_BACK = "Of the rows of the table that were held back from training; more cannot be made."
_FRESH = "Of fresh simulations from the prior, on the observing pattern that the flow was trained for."


def checked_here(store: Store, name: str, simulations: int) -> dict[str, Any]:
    """What `check` tells, its progress shown on standard error; the first Ctrl-C cancels.

    Raises:
        RunCancelled: if it was cancelled.
        RunError, StoreError, InferenceError: with a sentence for the user.
    """
    os.environ.update(computing_environment(store))
    with interruptible() as stop, progress_line() as show:
        try:
            return check(store, name, simulations, on_progress=Reporter(on_change=show), should_stop=stop.is_set)
        except Cancelled:
            raise RunCancelled("cancelled") from None


def check(store: Store, name: str, simulations: int, *, on_progress: OnProgress, should_stop: ShouldStop) -> dict[str, Any]:
    """The calibration card of a flow, or for a run that has none what is valid in its place; ready for JSON.

    Args:
        store: where runs are.
        name: of a simulator whose amortised flow ships, or the key of a result or its beginning.
        simulations: fresh ones, for a flow.
        on_progress: told how many are done.
        should_stop: asked now and then.

    Raises:
        RunError: if there is no such flow or run, or it cannot be checked.
        Cancelled: if asked to stop.
    """
    if not FEWEST <= simulations <= MOST:
        raise RunError(f"--simulations {simulations}: a number between {FEWEST} and {MOST:,} is needed")
    told, began = {"on_progress": on_progress, "should_stop": should_stop}, time.perf_counter()
    if name in simulator_names():
        from astro_sbi.inference.amortised import shipped_flow
        from astro_sbi.runs.implicit import fresh_card

        flow = shipped_flow(name)
        return _of_card(name, fresh_card(flow.problem, flow.estimator, simulations, **told), _FRESH, began)
    kept = run_named(store, name)
    settings = Settings.from_json(kept.settings)
    if settings.simulator == SIMULATIONS:
        return _of_card(kept.key, _kept_card(kept), _HELD_BACK, began)
    if simulator_named(settings.simulator).implicit:
        return _of_card(kept.key, _implicit(store, kept)(simulations, **told), _FRESH, began)
    summary = kept.summary
    valid = {part: summary.get(part) for part in ("verdict", "reasons", "importance", "predictive")}
    return {"name": kept.key, "simulator": settings.simulator, "calibration": None, "note": _NOT_AMORTISED, **valid}


def _of_card(name: str, card: CalibrationCard, note: str, began: float) -> dict[str, Any]:
    found = calibration_verdict(card)
    told = {"name": name, "verdict": found.grade, "reasons": list(found.reasons), "note": note}
    return {**told, "seconds": round(time.perf_counter() - began, 1), "calibration": card.to_json()}


def run_named(store: Store, name: str) -> Result:
    """The finished run whose key begins so.

    Raises:
        RunError: if there is none, or several.
    """
    found = keys_beginning(store, name)
    if not found:
        raise RunError(
            f"there is neither a simulator nor a finished run called '{name[:70]}': 'python -m astro_sbi list' and "
            "'python -m astro_sbi runs' show them"
        )
    if len(found) > 1:
        raise RunError(f"{len(found)} runs begin with {name}: give more digits of {' or '.join(shortened(key) for key in found[:3])}")
    return result(store, found[0])


def _kept_card(kept: Result) -> CalibrationCard:
    card = card_of(kept)
    if card is None:
        raise RunError(f"the run {shortened(kept.key)} is from before there were calibration cards: run it again")
    return card


def _implicit(store: Store, kept: Result) -> Callable[..., CalibrationCard]:
    """What makes the card of a run without a likelihood, whose flow the store keeps."""
    from functools import partial

    from astro_sbi.inference.implicit import ImplicitProblem
    from astro_sbi.runs.implicit import implicit_card, kept_flow
    from astro_sbi.runs.subject import subject

    origin, wider = kept.summary["origin"], kept.summary.get("trained_under")
    if wider:
        priors = ", ".join(f"{name} {prior}" for name, prior in wider.items())
        raise RunError(
            f"the run {shortened(kept.key)} took the flow of another run, trained under a wider prior ({priors}): ranks over that prior "
            "are checked with that run, and ranks over its own were never trained for"
        )
    try:
        run = subject(store, kept.key, *store.upload(origin["sha256"]))
    except StoreError as error:
        raise RunError(f"{error}: a run is checked in the store where it was made, with its file {origin['file']}") from None
    found = kept_flow(store, run.request.training_key)
    if found is None:
        raise RunError(f"the flow of the run {shortened(kept.key)} is not in this store, or is of another version: run it again")
    return partial(implicit_card, ImplicitProblem(run.problem), found[0], apart=True)
