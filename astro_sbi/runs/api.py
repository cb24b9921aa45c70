"""What the pages and the command line call; nothing here needs jax."""

from __future__ import annotations

import time
from dataclasses import dataclass

from astro_sbi.runs import executor
from astro_sbi.runs import jobs as queue
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.check_settings import CHECKS, Asked, asked_key, checks_by
from astro_sbi.runs.finished import ExampleView, examples, result
from astro_sbi.runs.jobs import Job
from astro_sbi.runs.keys import is_key, shortened
from astro_sbi.runs.progress import Progress, State
from astro_sbi.runs.store import MADE_BY, Store, default_store, shown_name

__all__ = [
    "ExampleView",
    "JobView",
    "Progress",
    "cancel",
    "delete",
    "examples",
    "job",
    "jobs",
    "open_store",
    "result",
    "submit",
]

LOG_BYTES = 6_000
LOG_LINES = 30


@dataclass(frozen=True)
class JobView:
    """One request and what became of it, as a page shows it. Times are seconds since 1970.

    Args:
        key: of the request.
        state: queued, running, done, failed or cancelled.
        simulator: name of the simulator.
        observation: name of the object or of the file.
        created: when it was asked for.
        started: when a worker took it.
        finished: when it ended.
        progress: how far it is; None before the first report.
        result_key: of its result, if it is an inference and done.
        error: the sentence, if failed.
        log_tail: last lines of the log, if failed.
        verdict: of its result, if done.
        note: what else to say, such as that it was interrupted and runs again.
        settings: what was asked for; of a check they name the result.
        cancelling: whether it was asked to stop and has not yet.
        check: of a check of a finished run, which: NUTS, nested sampling or L-C2ST; else empty.
        of: key of the result that it checks.
    """

    key: str
    state: State
    simulator: str
    observation: str
    created: float
    started: float | None
    finished: float | None
    progress: Progress | None
    result_key: str | None
    error: str | None
    log_tail: str
    verdict: str | None
    note: str = ""
    settings: Asked | None = None
    cancelling: bool = False
    check: str = ""
    of: str = ""


def open_store() -> Store:
    """The store of this process's environment."""
    return default_store()


def submit(store: Store, name: str, content: bytes, settings: Asked) -> JobView:
    """Ask for an inference or a check: answered from the store, joined to the same request, or queued and a worker woken.

    Args:
        store: the store.
        name: the file's name, only ever shown.
        content: the file.
        settings: what to do.

    Raises:
        StoreError: if the request cannot be kept.
    """
    job = enqueue(store, name, content, settings)
    if job.state == "queued":
        executor.LocalExecutor(store).wake()
    return _view(store, job)


def enqueue(store: Store, name: str, content: bytes, settings: Asked) -> Job:
    """The job of a request, queued unless it is answered or under way; no worker is woken."""
    upload = store.put_upload(name, content)
    key, kind = asked_key(settings, upload), MADE_BY[settings.task]
    asked = {"observation": shown_name(name), "upload": upload}
    answer = store.answer(key, kind)
    if answer and queue.job(store.catalogue, key) is None:
        return _remembered(store, key, settings, answer, asked)
    job = queue.submit(store.catalogue, key, settings, **asked)
    if job.state == "done" and not store.has(kind, job.result_key or ""):
        job = queue.submit(store.catalogue, key, settings, **asked, restart=("done", "failed", "cancelled"))
    return job


def _remembered(store: Store, key: str, settings: Asked, answer: str, asked: dict[str, str]) -> Job:
    """A row for a request whose job was deleted but whose result is kept."""
    summary = result(store, answer, MADE_BY[settings.task]).summary
    queue.submit(store.catalogue, key, settings, **asked)
    claimed = queue.claim(store.catalogue, key)
    if claimed:
        name = summary.get("observation", {}).get("name")
        queue.finish(store.catalogue, key, str(claimed.token), result_key=answer, verdict=summary.get("verdict"), observation=name)
    found = queue.job(store.catalogue, key)
    if found is None:
        raise StoreError(f"the run {shortened(key)} was deleted while it was looked up: ask again")
    return found


def job(store: Store, key: str) -> JobView | None:
    """The run of a request's key; a worker is woken if it waits for one."""
    found = queue.job(store.catalogue, key) if is_key(key) else None
    if found is None:
        return None
    if _waits(found):
        executor.LocalExecutor(store).wake()
    return _view(store, found)


def jobs(store: Store, *, wake: bool = True) -> list[JobView]:
    """All runs, the newest first; a worker is woken if one waits for it and ``wake`` is true."""
    found = queue.jobs(store.catalogue)
    if wake and any(_waits(one) for one in found):
        executor.LocalExecutor(store).wake()
    return [_view(store, one) for one in found]


def cancel(store: Store, key: str) -> None:
    """Ask a run to stop; one that waits stops at once."""
    queue.request_cancel(store.catalogue, key)


def delete(store: Store, key: str, *, with_result: bool = False) -> None:
    """Forget a run; one under way stops.

    Args:
        store: the store.
        key: the run's key.
        with_result: remove what it made too, so that a result's permalink ends, unless another run has the same; its checks go with it.
    """
    found = queue.job(store.catalogue, key)
    queue.remove(store.catalogue, key)
    if not found:
        return
    (store.root / "logs" / f"{found.key}.log").unlink(missing_ok=True)
    shared = any(one.result_key == found.result_key for one in queue.jobs(store.catalogue))
    if with_result and found.result_key and not shared:
        store.delete(MADE_BY[found.task], found.result_key)
        _delete_checks(store, found.result_key)


def _delete_checks(store: Store, result_key: str) -> None:
    """Forget all checks of a result and what they found, also where their jobs were forgotten before."""
    for one in queue.jobs(store.catalogue):
        if checks_by(one.settings)[1] == result_key:
            delete(store, one.key)
    for kind in CHECKS:
        for key in store.keys(kind):
            if result_key.encode() in store.glance(kind, key, "settings.json"):
                store.delete(kind, key)


def _waits(job: Job) -> bool:
    return job.state == "queued" or (job.state == "running" and (job.lease_until or 0.0) < time.time())


def _view(store: Store, job: Job) -> JobView:
    check, of = checks_by(job.settings)
    return JobView(
        key=job.key,
        state=job.state,
        simulator=job.simulator,
        observation=job.observation,
        created=job.created,
        started=job.started,
        finished=job.finished,
        progress=job.progress,
        result_key=None if of else job.result_key,
        error=job.error,
        log_tail=log_tail(store, job.key) if job.state == "failed" else "",
        verdict=job.verdict,
        note=_note(job),
        settings=job.settings,
        cancelling=job.cancel_requested and job.state == "running",
        check=check,
        of=of,
    )


def _note(job: Job) -> str:
    if job.state != "running":
        return ""
    if (job.lease_until or 0.0) < time.time():
        return "interrupted; it starts again as soon as a worker is free"
    return f"interrupted, restarted (attempt {job.attempts})" if job.attempts > 1 else ""


def log_tail(store: Store, key: str) -> str:
    """The last lines of a run's log."""
    try:
        with (store.root / "logs" / f"{key}.log").open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - LOG_BYTES))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-LOG_LINES:])
    except OSError:
        return ""
