"""A process that claims jobs and runs them: ``python -m astro_sbi.runs.worker STORE``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from astro_sbi.runs import executor, jobs
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.check_settings import Asked
from astro_sbi.runs.jobs import Job
from astro_sbi.runs.keys import is_key
from astro_sbi.runs.outcome import Outcome
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.store import MADE_BY, Store
from astro_sbi.simulators import simulator_names
from astro_sbi.simulators.registry import SIMULATIONS

if TYPE_CHECKING:
    from astro_sbi.runs.result import Result

PULSE_S = 0.5
SILENCE_S = 5.0
LOOK_S = 0.5
NICE = 5


class Task(Protocol):
    """What runs a request: `astro_sbi.runs.task.run_task`, or a test's stand-in."""

    def __call__(
        self, name: str, content: bytes, settings: Asked, *, on_progress: Any, should_stop: Callable[[], bool], store: Store
    ) -> Result:
        """Do what is asked for and return what it gives."""
        ...


class Pulse:
    """A thread that renews a job's lease, writes its progress at most twice a second and looks whether to stop."""

    def __init__(self, store: Store, job: Job, reporter: Reporter) -> None:
        self._store, self._job, self._reporter = store, job, reporter
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self.stop = threading.Event()
        self.lost = False
        self._written, self._written_at = 0, time.monotonic()

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._beat(at_once=True)

    def _run(self) -> None:
        while not self._over.wait(PULSE_S):
            self._beat()

    def _beat(self, *, at_once: bool = False) -> None:
        version, now = self._reporter.version, time.monotonic()
        due = at_once or version != self._written or now - self._written_at >= SILENCE_S
        try:
            progress = self._reporter.progress() if due else None
            answer = jobs.heartbeat(self._store.catalogue, self._job.key, str(self._job.token), progress)
        except StoreError:
            return  # the lease lasts longer than a busy database
        if due:
            self._written, self._written_at = version, now
        self.lost = answer == "lost"
        if answer != "go on":
            self.stop.set()


def run_job(store: Store, job: Job, task: Task, reporter: Reporter, stop: threading.Event | None = None) -> Outcome:
    """Run a claimed job to its end and say in the catalogue how it ended.

    Args:
        store: where upload and result are kept.
        job: as claimed.
        task: what runs it.
        reporter: told how far it is.
        stop: set from outside to end this process: the job goes back to the queue.
    """
    stop = stop or threading.Event()
    token = str(job.token)
    pulse = Pulse(store, job, reporter)
    try:
        with pulse:
            _name, content = store.upload(job.upload)
            result = task(
                job.observation,
                content,
                job.settings,
                on_progress=reporter,
                should_stop=lambda: stop.is_set() or pulse.stop.is_set(),
                store=store,
            )
    except Exception as error:  # a worker outlives whatever a task raises; it is written to the log and said
        return _ended_early(store, job, error, pulse, asked=stop.is_set())
    if pulse.lost:
        return Outcome("running")
    try:
        result_key = keep(store, job, result)
    except StoreError as error:
        jobs.fail(store.catalogue, job.key, token, str(error))
        return Outcome("failed", error=str(error))
    summary = result.summary
    verdict, observation = summary.get("verdict"), summary.get("observation", {}).get("name")
    if not jobs.finish(store.catalogue, job.key, token, result_key=result_key, verdict=verdict, observation=observation):
        return Outcome("running")
    store.remember_answer(job.key, result_key)
    return Outcome("done", result_key=result_key)


def keep(store: Store, job: Job, result: Result) -> str:
    """Commit the bundle of a result, or of a check, and return its key: the one it names, or the request's."""
    from astro_sbi.runs.result import to_files

    named = str(result.summary.get("key", ""))
    key = named if is_key(named) else job.key
    store.commit(MADE_BY[job.task], key, to_files(result))
    return key


def _ended_early(store: Store, job: Job, error: Exception, pulse: Pulse, *, asked: bool) -> Outcome:
    from astro_sbi.inference.posterior import Cancelled

    token = str(job.token)
    if pulse.lost:
        return Outcome("running")
    if isinstance(error, Cancelled) and asked:
        jobs.release(store.catalogue, job.key, token)
        return Outcome("queued")
    if isinstance(error, Cancelled):
        jobs.cancelled(store.catalogue, job.key, token)
        return Outcome("cancelled")
    sentence = said(error)
    with log_path(store, job.key).open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    jobs.fail(store.catalogue, job.key, token, sentence)
    return Outcome("failed", error=sentence, refused=isinstance(error, ValueError) and _of_this_package(error))


def _of_this_package(error: Exception) -> bool:
    return type(error).__module__.startswith("astro_sbi.")


def said(error: Exception) -> str:
    """An error as the sentence a user reads: the package's own word for word, any other as a fault of the program."""
    if _of_this_package(error):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "there was not enough memory: ask for fewer samples, or a smaller ensemble"
    first = (str(error).splitlines() or [""])[0][:200]
    return f"the run ended with a fault of the program ({type(error).__name__}: {first}): the log says where; please report it"


def log_path(store: Store, key: str) -> Path:
    """The log of a job."""
    return store.folder("logs") / f"{key}.log"


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Send whatever this process writes to a job's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)


def work(store: Store, place: executor.Place | None, task: Task, stop: threading.Event, *, idle_s: float) -> None:
    """Claim and run jobs until none came for a while, this process is asked to end, or its place is gone.

    Args:
        store: the store.
        place: this worker's place among the slots, if it has one.
        task: what runs a job.
        stop: set to end.
        idle_s: how long to wait for another job before ending.
    """
    idle_since = time.monotonic()
    while not stop.is_set():
        if place and not executor.holds_place(store.catalogue, place):
            return
        job = jobs.claim(store.catalogue, among=(*simulator_names(), SIMULATIONS))
        if job is None:
            if time.monotonic() - idle_since >= idle_s:
                return
            stop.wait(LOOK_S)
            continue
        with logged(log_path(store, job.key)):
            print_line(f"attempt {job.attempts} of {job.task}, {job.simulator} on {job.observation}")
            outcome = run_job(store, job, task, Reporter(), stop)
            print_line(f"{outcome.state} {outcome.error or ''}".strip())
        idle_since = time.monotonic()


def print_line(text: str) -> None:
    """Write a line with the time to this process's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


def main(arguments: list[str], environment: Mapping[str, str] = os.environ) -> int:
    """Work for the store whose folder is the only argument."""
    from astro_sbi.runs.task import run_task

    store, stop = Store(Path(arguments[0])), threading.Event()
    if hasattr(os, "nice"):
        os.nice(NICE)  # the server's pages go first
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    place = executor.own_place(environment)
    if place:
        executor.fill_place(store.catalogue, place, os.getpid())
    try:
        work(store, place, run_task, stop, idle_s=float(environment.get("ASTRO_SBI_WORKER_IDLE_S", "60")))
    finally:
        if place:
            executor.leave_place(store.catalogue, place)
    if place and not stop.is_set():
        executor.LocalExecutor(store).wake()  # for a job that came while this worker was leaving
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
