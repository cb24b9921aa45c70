"""Who runs jobs on this machine: a few detached worker processes, each in a place of the catalogue."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

import astro_sbi
from astro_sbi.runs import jobs
from astro_sbi.runs.catalogue import WORKERS, Catalogue
from astro_sbi.runs.settings import SettingsError
from astro_sbi.runs.store import Store

STARTING_S = 60.0
WORKER = ("-m", "astro_sbi.runs.worker")


@dataclass(frozen=True)
class Place:
    """A worker's place: one slot of one machine, and the word that proves who holds it."""

    host: str
    slot: int
    owner: str


class LocalExecutor:
    """Starts worker processes that outlive this one, no more than there are slots.

    Workers are known through the catalogue, so those of an earlier server, or of another one, are found and counted.

    Args:
        store: where jobs are.
        slots: how many workers may live; one per accelerator (``ASTRO_SBI_SLOTS``).
        command: what follows the interpreter to start a worker, before the store's folder.
    """

    def __init__(self, store: Store, slots: int | None = None, command: tuple[str, ...] = WORKER) -> None:
        self.store, self.command = store, command
        self.slots = slots_wanted(os.environ) if slots is None else slots

    def wake(self) -> int:
        """Start workers if jobs wait and slots are free; returns how many were started."""
        catalogue = self.store.catalogue
        wanted = min(jobs.waiting(catalogue), self.slots)
        free = [slot for slot in range(self.slots) if not _is_live(_row(catalogue, slot))] if wanted else []
        places = [place for slot in free[:wanted] if (place := take_place(catalogue, slot))]
        for place in places:
            self._start(place)
        return len(places)

    def _start(self, place: Place) -> None:
        log = self.store.folder("logs") / f"worker-{place.slot}.log"
        environment = {**os.environ, **computing_environment(self.store), **_as_environment(place)}
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, *self.command, str(self.store.root)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=environment,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()
        fill_place(self.store.catalogue, place, process.pid)


def slots_wanted(environment: Mapping[str, str]) -> int:
    """Number of slots: ``ASTRO_SBI_SLOTS``, or one.

    Raises:
        SettingsError: if it is no number between 0 and 64.
    """
    text = environment.get("ASTRO_SBI_SLOTS", "1")
    if not text.isdigit() or int(text) > 64:
        raise SettingsError(f"ASTRO_SBI_SLOTS is '{text}'; it must be a whole number between 0 and 64")
    return int(text)


def computing_environment(store: Store) -> dict[str, str]:
    """Environment variables of a process that computes; what the user has set stays."""
    above = str(Path(astro_sbi.__file__).parents[1])
    wanted = {
        "JAX_COMPILATION_CACHE_DIR": str(store.folder("xla")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    path = os.pathsep.join(filter(None, [above, os.environ.get("PYTHONPATH", "")]))
    return {**{name: os.environ.get(name, value) for name, value in wanted.items()}, "PYTHONPATH": path}


def take_place(catalogue: Catalogue, slot: int) -> Place | None:
    """Take a slot of this machine that is free or whose worker is dead; None if another process was faster."""
    place = Place(socket.gethostname(), slot, secrets.token_hex(8))
    row = _row(catalogue, slot)
    values: dict[str, Any] = {"owner": place.owner, "pid": None, "pid_started": None, "taken": time.time()}
    if row is None:
        try:
            with catalogue.transaction() as connection:
                connection.execute(insert(WORKERS).values(host=place.host, slot=slot, **values))
        except IntegrityError:
            return None
        return place
    if _is_live(row):
        return None
    with catalogue.transaction() as connection:
        unchanged = _held(Place(place.host, slot, row["owner"]))
        return place if connection.execute(update(WORKERS).where(unchanged).values(**values)).rowcount == 1 else None


def fill_place(catalogue: Catalogue, place: Place, pid: int) -> None:
    """Note which process holds a place."""
    with catalogue.transaction() as connection:
        connection.execute(update(WORKERS).where(_held(place)).values(pid=pid, pid_started=started_at(pid)))


def holds_place(catalogue: Catalogue, place: Place) -> bool:
    """Whether a place is still this worker's; it is not when another was put there."""
    with catalogue.transaction() as connection:
        return connection.execute(select(WORKERS.c.slot).where(_held(place))).first() is not None


def leave_place(catalogue: Catalogue, place: Place) -> None:
    """Free a place."""
    with catalogue.transaction() as connection:
        connection.execute(delete(WORKERS).where(_held(place)))


def own_place(environment: Mapping[str, str]) -> Place | None:
    """The place that the executor gave to this process."""
    slot, owner = environment.get("ASTRO_SBI_WORKER_SLOT", ""), environment.get("ASTRO_SBI_WORKER_OWNER", "")
    return Place(socket.gethostname(), int(slot), owner) if slot.isdigit() and owner else None


def started_at(pid: int) -> str | None:
    """When a living process started, in the kernel's clock ticks; "" where the system does not tell, None if it is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() or not _answers(pid) else ""
    return None if fields[0] in "ZX" else fields[19]


def _answers(pid: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _as_environment(place: Place) -> dict[str, str]:
    return {"ASTRO_SBI_WORKER_SLOT": str(place.slot), "ASTRO_SBI_WORKER_OWNER": place.owner}


def _held(place: Place) -> Any:
    return and_(WORKERS.c.host == place.host, WORKERS.c.slot == place.slot, WORKERS.c.owner == place.owner)


def _row(catalogue: Catalogue, slot: int) -> Any:
    with catalogue.transaction() as connection:
        mine = and_(WORKERS.c.host == socket.gethostname(), WORKERS.c.slot == slot)
        return connection.execute(select(WORKERS).where(mine)).mappings().first()


def _is_live(row: Any) -> bool:
    """Whether a place's worker lives: its process is there and is the one that was started, or it is only just starting."""
    if row is None:
        return False
    if row["pid"] is None:
        return time.time() - row["taken"] < STARTING_S
    started = started_at(row["pid"])
    return started is not None and started == (row["pid_started"] or "")
