"""Jobs: rows of the catalogue that are leased, never owned; every change is one conditional statement."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from astro_sbi.runs.catalogue import JOBS, Catalogue
from astro_sbi.runs.check_settings import Asked, read_asked
from astro_sbi.runs.progress import Progress, State

Beat = Literal["go on", "cancel", "lost"]

LEASE_S = 30.0
ATTEMPTS = 3

GIVEN_UP = (
    "the run was interrupted three times; each time its process ended without a word, which is most often a lack of memory: see the log"
)

_RESTARTED: dict[str, Any] = {
    "progress": None,
    "result_key": None,
    "verdict": None,
    "token": None,
    "lease_until": None,
    "heartbeat": None,
    "started": None,
    "finished": None,
    "attempts": 0,
    "error": None,
    "pid": None,
    "cancel_requested": False,
}


@dataclass(frozen=True)
class Job:
    """A row of the catalogue: one request and what became of it. Times are seconds since 1970."""

    key: str
    task: str
    state: State
    simulator: str
    observation: str
    upload: str
    settings: Asked
    progress: Progress | None
    result_key: str | None
    verdict: str | None
    token: str | None
    lease_until: float | None
    heartbeat: float | None
    created: float
    started: float | None
    finished: float | None
    attempts: int
    error: str | None
    pid: int | None
    cancel_requested: bool


def submit(
    catalogue: Catalogue,
    key: str,
    settings: Asked,
    *,
    observation: str,
    upload: str,
    restart: tuple[State, ...] = ("failed", "cancelled"),
) -> Job:
    """Queue a request, or join the job that is there already.

    Args:
        catalogue: where jobs are.
        key: the request's key.
        settings: what to do.
        observation: the file's name, to be shown.
        upload: checksum of the file in the store.
        restart: states from which an older job of this key starts again.
    """
    row = {"task": settings.task, "simulator": settings.simulator, "observation": observation, "upload": upload}
    row |= {"settings": json.dumps(settings.to_json()), "state": "queued", "created": time.time()}
    try:
        with catalogue.transaction() as connection:
            connection.execute(insert(JOBS).values(key=key, **row, **_RESTARTED))
    except IntegrityError:
        with catalogue.transaction() as connection:
            connection.execute(update(JOBS).where(JOBS.c.key == key, JOBS.c.state.in_(restart)).values(**row, **_RESTARTED))
    found = job(catalogue, key)
    return found if found else submit(catalogue, key, settings, observation=observation, upload=upload, restart=restart)


def job(catalogue: Catalogue, key: str) -> Job | None:
    """The job of a key."""
    with catalogue.transaction() as connection:
        row = connection.execute(select(JOBS).where(JOBS.c.key == key)).mappings().first()
    return _job(row) if row else None


def jobs(catalogue: Catalogue) -> list[Job]:
    """All jobs, the newest first."""
    with catalogue.transaction() as connection:
        rows = connection.execute(select(JOBS).order_by(JOBS.c.created.desc(), JOBS.c.key)).mappings().all()
    return [_job(row) for row in rows]


def waiting(catalogue: Catalogue) -> int:
    """Number of jobs that a worker could claim now."""
    with catalogue.transaction() as connection:
        return len(connection.execute(select(JOBS.c.key).where(_claimable(time.time()))).all())


def claim(catalogue: Catalogue, key: str | None = None, among: Collection[str] | None = None) -> Job | None:
    """Lease the oldest job that waits, or the one of a key; None if there is none or another worker was faster.

    Args:
        catalogue: of jobs.
        key: of the job.
        among: names of the simulators that this process knows; a process that was started without a user's own leaves theirs alone.

    A job whose lease ran out waits again; after three attempts it is given up. The returned job's ``token`` fences: whatever is
    written later with another token is refused.
    """
    now = time.time()
    wanted = and_(_claimable(now), JOBS.c.key == key) if key else _claimable(now)
    wanted = wanted if among is None else and_(wanted, JOBS.c.simulator.in_(among))
    with catalogue.transaction() as connection:
        rows = connection.execute(select(JOBS).where(wanted).order_by(JOBS.c.created).limit(8)).mappings().all()
    for row in rows:
        if row["cancel_requested"]:
            _settle(catalogue, row["key"], row["token"], state="cancelled")
        elif row["attempts"] >= ATTEMPTS:
            _settle(catalogue, row["key"], row["token"], state="failed", error=GIVEN_UP)
        elif _take(catalogue, row, now):
            return job(catalogue, row["key"])
    return None


def _claimable(now: float) -> ColumnElement[bool]:
    return or_(JOBS.c.state == "queued", and_(JOBS.c.state == "running", JOBS.c.lease_until < now))


def _take(catalogue: Catalogue, row: Any, now: float) -> bool:
    unchanged = and_(JOBS.c.key == row["key"], JOBS.c.attempts == row["attempts"], _same_token(row["token"]), _claimable(now))
    values = {"state": "running", "token": secrets.token_hex(8), "pid": os.getpid(), "attempts": row["attempts"] + 1}
    values |= {"started": now, "heartbeat": now, "lease_until": now + LEASE_S, "progress": None}
    with catalogue.transaction() as connection:
        return connection.execute(update(JOBS).where(unchanged).values(**values)).rowcount == 1


def _same_token(token: str | None) -> ColumnElement[bool]:
    return JOBS.c.token.is_(None) if token is None else JOBS.c.token == token


def heartbeat(catalogue: Catalogue, key: str, token: str, progress: Progress | None = None) -> Beat:
    """Renew a lease and write the progress; says whether to go on, to cancel, or that the lease was lost."""
    now = time.time()
    values: dict[str, Any] = {"heartbeat": now, "lease_until": now + LEASE_S}
    if progress:
        values["progress"] = json.dumps(progress.to_json())
    mine = and_(JOBS.c.key == key, JOBS.c.token == token, JOBS.c.state == "running")
    with catalogue.transaction() as connection:
        if connection.execute(update(JOBS).where(mine).values(**values)).rowcount != 1:
            return "lost"
        cancelled = connection.execute(select(JOBS.c.cancel_requested).where(JOBS.c.key == key)).scalar()
    return "cancel" if cancelled else "go on"


def finish(catalogue: Catalogue, key: str, token: str, *, result_key: str, verdict: str | None, observation: str | None = None) -> bool:
    """Say that a job is done; False if the token is no longer the job's."""
    known = {"observation": observation[:200]} if observation else {}
    return _settle(catalogue, key, token, state="done", result_key=result_key, verdict=verdict, error=None, **known)


def fail(catalogue: Catalogue, key: str, token: str, error: str) -> bool:
    """Say that a job failed; False if the token is no longer the job's."""
    return _settle(catalogue, key, token, state="failed", error=error)


def cancelled(catalogue: Catalogue, key: str, token: str) -> bool:
    """Say that a job stopped because it was asked to; False if the token is no longer the job's."""
    return _settle(catalogue, key, token, state="cancelled")


def release(catalogue: Catalogue, key: str, token: str) -> bool:
    """Give a job back to the queue; the attempt does not count. False if the token is no longer the job's."""
    values = {**_RESTARTED, "state": "queued"}
    with catalogue.transaction() as connection:
        return connection.execute(update(JOBS).where(JOBS.c.key == key, JOBS.c.token == token).values(**values)).rowcount == 1


def _settle(catalogue: Catalogue, key: str, token: str | None, **values: Any) -> bool:
    mine = and_(JOBS.c.key == key, _same_token(token), JOBS.c.state.in_(("queued", "running")))
    with catalogue.transaction() as connection:
        statement = update(JOBS).where(mine).values(finished=time.time(), lease_until=None, **values)
        return connection.execute(statement).rowcount == 1


def request_cancel(catalogue: Catalogue, key: str) -> None:
    """Ask a job to stop: one that waits, or whose worker is gone, at once; one that runs at its worker's next look."""
    now = time.time()
    with catalogue.transaction() as connection:
        idle = and_(JOBS.c.key == key, _claimable(now))
        connection.execute(update(JOBS).where(idle).values(state="cancelled", finished=now, token=None, lease_until=None))
        connection.execute(update(JOBS).where(JOBS.c.key == key, JOBS.c.state == "running").values(cancel_requested=True))


def remove(catalogue: Catalogue, key: str) -> None:
    """Forget a job; a worker that runs it finds its lease lost."""
    with catalogue.transaction() as connection:
        connection.execute(delete(JOBS).where(JOBS.c.key == key))


def _job(row: Any) -> Job:
    values = dict(row)
    progress = values.pop("progress")
    values["settings"] = read_asked(values["task"], json.loads(values["settings"]))
    values["cancel_requested"] = bool(values["cancel_requested"])
    return Job(progress=Progress.from_json(json.loads(progress)) if progress else None, **values)
