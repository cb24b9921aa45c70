"""What an importer is, and what several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from astro_sbi.observations.containers.content import printable, stem
from astro_sbi.observations.containers.table import Container, Fact, Table
from astro_sbi.observations.kinds.roles import Roles, origin_columns
from astro_sbi.observations.kinds.rows import Rows
from astro_sbi.observations.observation import Kind, Observation, Origin
from astro_sbi.observations.options import ReadOptions

Found = TypeVar("Found")


@dataclass(frozen=True)
class Source:
    """The file that a container came from.

    Args:
        name: as shown to the user.
        sha256: of its uncompressed bytes.
    """

    name: str
    sha256: str

    def origin(
        self, reader: str, rows: Rows, columns: dict[str, str], *, objects: int = 1, dropped: Mapping[str, int] | None = None
    ) -> Origin:
        """Where the rows of an observation came from."""
        lost = rows.dropped if dropped is None else dropped
        return Origin(self.name, self.sha256, reader, lost, rows.warnings, columns, rows.guesses, objects)

    def target(self, facts: Mapping[str, Fact]) -> str:
        """What a header calls the object, else the file's name without its suffix."""
        for key in ("object", "target", "targname", "obj", "snid", "name", "star"):
            text = printable(str(facts.get(key, "")), 60)
            if text and text.lower() not in ("unknown", "none", "n/a"):
                return text
        return stem(self.name)[:60]


@dataclass(frozen=True)
class Importer(Generic[Found]):
    """One layout: how it is recognised and how it is read.

    Args:
        name: of the layout, in words.
        kind: what it holds.
        find: what of a container is in this layout (its table, the roles of its columns), None if nothing is; it raises only for what
            the user told wrongly, or for what can be in no other layout.
        read: the observation in what was found.
    """

    name: str
    kind: Kind
    find: Callable[[Container, ReadOptions], Found | None]
    read: Callable[[Found, Source, ReadOptions], Observation]


def header_warning(table: Table, roles: Roles) -> tuple[str, ...]:
    """What was made of columns without names."""
    if table.named:
        return ()
    spoken = ", ".join(f"{name}: {role}" for role, name in origin_columns(table, roles).items())
    return (f"there is no line of column names: the columns were taken as {spoken}",)


def number_fact(facts: Mapping[str, Fact], *keys: str) -> float | None:
    """The finite number that the first of some header keywords holds, text that is one included; None if none does."""
    for key in keys:
        value = facts.get(key)
        try:
            number = float(value) if value is not None and not isinstance(value, bool) else float("nan")
        except ValueError:
            continue
        if np.isfinite(number):
            return number
    return None
