"""Names of columns, compared without case and marks."""

from __future__ import annotations

import re

import numpy as np

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kinds.aliases import MAGNITUDE, TIMES

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBERED_TIME = re.compile(r"(bjd|hjd|jd|mjd)(tdb|utc|tcb)?\d{4,7}$")
_TIME_WORDS = re.compile(r"\b(bjd|hjd|bmjd|jd|mjd|btjd|bkjd|rjd)\b")
#: Words of columns that are about a measurement, or about something else that was measured.
_OTHER_WORDS = (
    "err error errors unc uncertainty sigma std rms e d ivar var flag mask quality bkg background sky ratio limit lim snr model fit radius "
    "over weight ref reference zero zp"
)
#: Words of times that are not those of the rows.
_OTHER_TIMES = re.compile(r"\b(peak|pk|start|end|stop|ref|reference|t0|zero|first|last|corr|begin|min|max|err|error|offset)\b")


def plain(name: str) -> str:
    """A column's name in lower case, letters and digits only; ``MAG (Vega)`` is ``magvega``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def words(name: str) -> tuple[str, ...]:
    """The words of a column's name in lower case; ``psfMagErr_u`` has four."""
    return tuple(re.findall(r"[a-z0-9]+", _CAMEL.sub(" ", name).lower()))


def plain_names(table: Table) -> list[str]:
    """Of all columns; empty where the file names none, so that nothing is taken for a name."""
    return [plain(column.name) if table.named else "" for column in table.columns]


def columns_in_capitals(table: Table) -> dict[str, int]:
    """Index of every column by its name in capitals, as FITS compares them."""
    return {column.name.upper(): index for index, column in enumerate(table.columns)}


def first(names: list[str], aliases: str) -> int | None:
    """The column that the most preferred alias names."""
    return next((names.index(alias) for alias in aliases.split() if alias in names), None)


def listed(table: Table) -> str:
    """The columns' names, the first twelve of them, or fewer if they are long."""
    names = [printable(column.name, 30) for column in table.columns[:12]]
    while len(names) > 1 and len(", ".join(names)) > 120:
        names.pop()
    return ", ".join(names) + (", ..." if len(table.columns) > len(names) else "")


def _time_columns(table: Table) -> list[int]:
    """Columns of times, best first: a name that tells the system before one that does not."""
    names = plain_names(table)
    known = [names.index(alias) for aliases in TIMES.values() for alias in aliases.split() if alias in names]
    numbered = [index for index, name in enumerate(names) if _NUMBERED_TIME.match(name)]
    spoken = [" ".join(words(column.name)) if table.named else "" for column in table.columns]
    worded = [index for index, name in enumerate(spoken) if _TIME_WORDS.search(name) and not _OTHER_TIMES.search(name)]
    systems = [index for index in known if not _is_vague(names[index])]
    return list(dict.fromkeys([*systems, *numbered, *worded, *known]))


def _is_vague(name: str) -> bool:
    return name in TIMES[""].split()


def time_column(table: Table) -> int | None:
    """The best column of times that is not mostly empty, None if there is none."""
    found = _time_columns(table)
    return next((index for index in found if _is_filled(table, index)), found[0] if found else None)


def _is_filled(table: Table, index: int) -> bool:
    """Whether at least half of the rows have a time; the AAVSO keeps a column of heliocentric ones that nobody fills."""
    values = table.values[index]
    if values.ndim != 1 or not len(values):
        return values.ndim == 1
    filled = values != "" if values.dtype.kind == "U" else ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    return 2 * int(filled.sum()) >= len(values)


def worded(table: Table, *wanted: str) -> list[int]:
    """Columns that have one of some words in their names, and none that says that they are about something else."""
    spoken = [set(words(column.name)) if table.named else set() for column in table.columns]
    return [index for index, parts in enumerate(spoken) if parts & set(wanted) and parts.isdisjoint(_OTHER_WORDS.split())]


def is_magnitude(name: str) -> bool:
    """Whether a column's name says that it holds magnitudes."""
    return plain(name) in MAGNITUDE.split() or ("flux" not in plain(name) and bool({"mag", "magnitude"} & set(words(name))))
