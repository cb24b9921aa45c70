"""Checks of a finished run that are made when they are asked for: which there are, why one cannot be made, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from astro_sbi.diagnostics.local import FEWEST
from astro_sbi.diagnostics.modes import modes
from astro_sbi.runs import api
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.check_settings import CheckSettings, Method
from astro_sbi.runs.finished import result
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result
from astro_sbi.runs.store import MADE_BY, Store
from astro_sbi.runs.terminal import interruptible, progress_line
from astro_sbi.simulators.registry import SIMULATIONS

if TYPE_CHECKING:
    from astro_sbi.runs.worker import Task

_NO_LIKELIHOOD = "this simulator has no likelihood, so there is none that a sampler could use: test the flow at this observation instead"
_SMALL_TABLE = "of the table of simulations only {rows} rows were held back from training, and {fewest} are needed: bring a larger one"
_EXAMPLE = "an example that ships with the program comes without its file; a run of your own can be checked"
_NO_FILE = "the file {file} is not in this store: infer from it here, and the run can be checked"
_NO_FLOW = "its flow is no longer in this store: run the inference again"


def check_settings(kept: Result, method: Method, size: int = 0) -> CheckSettings:
    """The request for a check of a finished run."""
    return CheckSettings(kept.key, str(kept.summary["simulator"]), method, size)


def usual_sampler(kept: Result) -> Literal["nuts", "nested"]:
    """Nested sampling where the posterior has several modes, between which the chains of NUTS do not move; else NUTS."""
    posterior, weight = kept.draws("posterior"), kept.arrays["weight"]
    several = any(modes(posterior[name], weight) for name in kept.summary["parameters"] if name in posterior)
    return "nested" if several else "nuts"


def refusal(store: Store, kept: Result, method: Method) -> str:
    """Why a finished run cannot be checked here; empty if it can."""
    summary, origin = kept.summary, kept.summary["origin"]
    rows = summary["table"]["held_back"] if summary["simulator"] == SIMULATIONS else FEWEST
    if method == "local" and rows < FEWEST:
        return _SMALL_TABLE.format(rows=rows, fewest=FEWEST)
    if method != "local" and summary["importance"] is None:
        return _NO_LIKELIHOOD
    if not store.has("result", kept.key):
        return _EXAMPLE
    if not store.has("upload", origin["sha256"]):
        return _NO_FILE.format(file=origin["file"])
    return _NO_FLOW if method == "local" and not store.has("estimator", summary["training_key"]) else ""


def made(store: Store, kept: Result, method: Method) -> Result | None:
    """The finished check; None if it was not made."""
    asked = check_settings(kept, method)
    return result(store, asked.key, asked.task) if store.has(MADE_BY[asked.task], asked.key) else None


def with_references(kept: Result, references: Sequence[Result]) -> Result:
    """A result with the draws of references that have converged beside its own, under the names of their samplers."""
    draws = {
        f"{one.summary['sampler']}/{name}": value
        for one in references
        if one.summary["converged"]
        for name, value in one.draws("reference").items()
    }
    return replace(kept, arrays=kept.arrays | draws)


def ask(store: Store, kept: Result, method: Method) -> api.JobView:
    """Ask for a check: answered from the store, joined, or queued and a worker woken.

    Raises:
        StoreError: if it cannot be made here.
    """
    name, content = _file(store, kept, method)
    return api.submit(store, name, content, check_settings(kept, method))


def checked_here(store: Store, name: str, *, reference: str | None, simulations: int | None, task: Task | None = None) -> dict[str, Any]:
    """Make checks of a run in this process, their progress shown on standard error; the first Ctrl-C cancels.

    Args:
        store: where the run is.
        name: the key of a result or its beginning.
        reference: sampler of a reference, ``auto`` to have it chosen; None for no reference.
        simulations: of the test at the observation, 0 for the usual number; None for no test.
        task: what makes them; None for the package's own.

    Returns:
        Summaries under ``reference`` and ``local``, ready for JSON.

    Raises:
        RunError: if there is no such run, or a check failed or cannot be made here.
        RunCancelled: if it was cancelled.
        StoreError: if the store cannot be used.
    """
    from astro_sbi.runs.check import run_named

    kept, asked = run_named(store, name), {}
    if reference:
        asked["reference"] = check_settings(kept, usual_sampler(kept) if reference == "auto" else cast(Method, reference))
    if simulations is not None:
        asked["local"] = check_settings(kept, "local", simulations)
    return {"name": kept.key} | {kind: _checked(store, kept, settings, task).summary for kind, settings in asked.items()}


def _checked(store: Store, kept: Result, asked: CheckSettings, task: Task | None) -> Result:
    """The finished check: kept already, made here, or by the process that makes it."""
    from astro_sbi.runs.local import run_here

    if not store.has(MADE_BY[asked.task], asked.key):
        try:
            name, content = _file(store, kept, asked.method)
        except StoreError as error:
            raise RunError(str(error)) from None
        with interruptible() as stop, progress_line() as show:
            run_here(store, name, content, asked, task=task, on_change=show, stop=stop)
    return result(store, asked.key, asked.task)


def _file(store: Store, kept: Result, method: Method) -> tuple[str, bytes]:
    """Name and content of a run's file.

    Raises:
        StoreError: if the run cannot be checked here.
    """
    why = refusal(store, kept, method)
    if why:
        raise StoreError(why)
    origin = kept.summary["origin"]
    return origin["file"], store.upload(origin["sha256"])[1]
