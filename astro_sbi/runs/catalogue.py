"""The catalogue: the one place with mutable rows, in SQLite or whatever database SQLAlchemy reaches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Engine, Float, Integer, MetaData, String, Table, Text, create_engine, event
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from astro_sbi.runs.bundle import StoreError

METADATA = MetaData()

JOBS = Table(
    "jobs",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("task", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("simulator", String(64), nullable=False),
    Column("observation", String(200), nullable=False),
    Column("upload", String(64), nullable=False),
    Column("settings", Text, nullable=False),
    Column("progress", Text),
    Column("result_key", String(64)),
    Column("verdict", String(16)),
    Column("token", String(32)),
    Column("lease_until", Float),
    Column("heartbeat", Float),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("pid", Integer),
    Column("cancel_requested", Boolean, nullable=False, default=False),
)

WORKERS = Table(
    "workers",
    METADATA,
    Column("host", String(100), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(32), nullable=False),
    Column("pid", Integer),
    Column("pid_started", String(32)),
    Column("taken", Float, nullable=False),
)


class Catalogue:
    """Jobs and workers in a database; the tables are made at first use.

    Args:
        url: SQLAlchemy's URL of the database.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def _engine(self) -> Engine:
        engine = create_engine(self.url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        for wait in (0.05, 0.2, 0.5):
            # Another process may make the tables between look and leap, and a switch to WAL does not wait for it.
            try:
                METADATA.create_all(engine)
            except SQLAlchemyError:
                time.sleep(wait)
            else:
                return engine
        METADATA.create_all(engine)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are kept if nothing is raised.

        Raises:
            StoreError: if the database does not answer.
            IntegrityError: if a row is there already.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(f"the catalogue of runs does not answer ({reason}): look at ASTRO_SBI_STORE and ASTRO_SBI_DATABASE") from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
