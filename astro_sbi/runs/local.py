"""A request run in this process, through the same queue as everywhere else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from astro_sbi.runs import api, executor, jobs, worker
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.check_settings import Asked
from astro_sbi.runs.jobs import Job
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.outcome import RunCancelled, RunError
from astro_sbi.runs.progress import Progress, Reporter
from astro_sbi.runs.store import Store
from astro_sbi.runs.worker import Task

LOOK_S = 0.5


def run_here(
    store: Store,
    name: str,
    content: bytes,
    settings: Asked,
    *,
    task: Task | None,
    on_change: Callable[[Progress], None],
    stop: threading.Event,
) -> tuple[str, bool]:
    """Run a request in this process, or follow the process that already does.

    Args:
        store: the store.
        name: the file's name.
        content: the file.
        settings: what to do.
        task: what runs it; None for the package's own.
        on_change: told how far it is.
        stop: set to cancel.

    Returns:
        The result's key, and whether it was there already.

    Raises:
        RunError: if it failed.
        RunCancelled: if it was cancelled.
        StoreError: if the store cannot be used.
    """
    job = api.enqueue(store, name, content, settings)
    if job.state == "done":
        return str(job.result_key), True
    while True:
        claimed = jobs.claim(store.catalogue, job.key)
        if claimed:
            return _run(store, claimed, task, Reporter(on_change=on_change), stop), False
        found = jobs.job(store.catalogue, job.key)
        if found is None:
            raise RunCancelled("the run was deleted in another process")
        if found.state not in ("queued", "running"):
            return _ended(found), False
        if found.progress:
            on_change(found.progress)
        if stop.wait(LOOK_S):
            raise RunCancelled(f"no longer following the run {shortened(job.key)}; it goes on in process {found.pid}")


def _run(store: Store, claimed: Job, task: Task | None, reporter: Reporter, stop: threading.Event) -> str:
    if task is None:
        os.environ.update(executor.computing_environment(store))
        from astro_sbi.runs.task import run_task as task
    try:
        outcome = worker.run_job(store, claimed, task, reporter, stop)
    except KeyboardInterrupt:
        jobs.cancelled(store.catalogue, claimed.key, str(claimed.token))
        raise
    if outcome.state == "done":
        return str(outcome.result_key)
    if outcome.state == "queued":
        jobs.request_cancel(store.catalogue, claimed.key)
    if outcome.state == "failed":
        if outcome.refused:
            api.delete(store, claimed.key)  # nothing was run: the sentence is all there is to keep
        raise RunError(outcome.error)
    if outcome.state == "running":
        raise StoreError("another process took this run over while this one stood still: ask again for its result")
    raise RunCancelled("cancelled")


def _ended(job: Job) -> str:
    if job.state == "done":
        return str(job.result_key)
    if job.state == "failed":
        raise RunError(job.error or "the run failed without saying why")
    raise RunCancelled("the run was cancelled in another process")
