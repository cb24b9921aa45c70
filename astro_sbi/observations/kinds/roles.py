"""Which column plays which role: told by the user, else by the columns' names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Column, Container, Table
from astro_sbi.observations.kinds.aliases import CHANNEL, ERROR, IVAR, QUALITY, TIMES, VARIANCE
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ROLES, ReadOptions

_LOWER = ("low", "lower", "minus", "neg", "dn", "down", "lo")
_OFFSET = 2.0**31
_UPPER = ("up", "upper", "plus", "pos", "high", "hi")


@dataclass(frozen=True)
class Roles:
    """Columns by role.

    Args:
        columns: index of the column of each role: coordinate, value and, where there are any, uncertainty, lower, ivar, variance,
            quality, channel, resolution.
        guesses: sentences on what was guessed.
    """

    columns: dict[str, int]
    guesses: tuple[str, ...] = field(default=())

    def __getitem__(self, role: str) -> int:
        return self.columns[role]

    def get(self, role: str) -> int | None:
        """Index of the column of a role, None if there is none."""
        return self.columns.get(role)


def plain(name: str) -> str:
    """A column's name in lower case, letters and digits only; ``MAG (Vega)`` is ``magvega``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def plain_names(table: Table) -> list[str]:
    """Of all columns; empty where the file names none, so that nothing is taken for a name."""
    return [plain(column.name) if table.named else "" for column in table.columns]


def first(names: list[str], aliases: str) -> int | None:
    """The column that the most preferred alias names."""
    return next((names.index(alias) for alias in aliases.split() if alias in names), None)


def listed(table: Table) -> str:
    """The columns' names, the first twelve of them, or fewer if they are long."""
    names = [printable(column.name, 30) for column in table.columns[:12]]
    while len(names) > 1 and len(", ".join(names)) > 120:
        names.pop()
    return ", ".join(names) + (", ..." if len(table.columns) > len(names) else "")


def time_column(names: list[str]) -> int | None:
    """The column of times: a name that tells the system before one that does not."""
    found = next((index for aliases in TIMES.values() if (index := first(names, aliases)) is not None), None)
    return (
        found if found is not None else next((i for i, name in enumerate(names) if re.match(r"(bjd|hjd|jd|mjd)(tdb|utc)?\d+$", name)), None)
    )


def error_columns(names: list[str], value: int) -> dict[str, int]:
    """Where the errors of a value stand: one column, an upper and a lower one, an inverse variance or a variance."""
    name = names[value]
    stems = [f"{name}err", f"{name}error", f"e{name}", f"err{name}", f"s{name}", f"sig{name}", f"sigma{name}", f"{name}sigma", f"{name}unc"]
    stems += [f"u{name}", f"unc{name}", f"{name}uncertainty", f"d{name}", f"{name}std", f"{name}errdiag", f"{name}e", f"err{name}"]
    for stem in (*stems, "err", "error", "magerr", "fluxerr"):
        pairs = [(f"{stem}{up}", f"{stem}{low}") for up, low in zip((*_UPPER, "1"), (*_LOWER[: len(_UPPER)], "2"), strict=True)]
        upper, lower = next((pair for pair in pairs if pair[0] in names and pair[1] in names), ("", ""))
        if upper:
            return {"uncertainty": names.index(upper), "lower": names.index(lower)}
    found = first(names, " ".join(stems))
    if found is None and len(name) > 1 and name.startswith("m") and f"sigma{name[1:]}" in names:
        found = names.index(f"sigma{name[1:]}")
    found = first(names, ERROR) if found is None else found
    if found is not None and found != value:
        return {"uncertainty": found}
    for role, aliases in (("ivar", IVAR), ("variance", VARIANCE)):
        index = first(names, aliases)
        if index is not None:
            return {role: index}
    return {}


def told(table: Table, options: ReadOptions) -> dict[str, int]:
    """Roles that the user gave to columns by name.

    Raises:
        ObservationError: if there is no such column.
    """
    names = [column.name for column in table.columns]
    found: dict[str, int] = {}
    for role in ROLES:
        wanted = getattr(options, role)
        if wanted is None:
            continue
        if wanted not in names:
            raise ObservationError(f"there is no column '{wanted[:30]}' for the {role} (there are: {listed(table)}); choose one of these")
        found[role] = names.index(wanted)
    return found


def completed(table: Table, columns: dict[str, int], options: ReadOptions) -> Roles:
    """Coordinate and value joined by errors, quality and channel; what the user told takes precedence."""
    names, mine = plain_names(table), told(table, options)
    columns = {**columns, **mine}
    if "uncertainty" not in mine:
        columns = {**error_columns(names, columns["value"]), **columns}
    for role, aliases in (("quality", QUALITY), ("channel", CHANNEL)):
        index = first(names, aliases)
        if role not in columns and index is not None and index not in (columns["coordinate"], columns["value"]):
            columns[role] = index
    return Roles(columns)


def tables_of(container: Container, options: ReadOptions) -> tuple[Table, ...]:
    """The tables to look in: the one that the user named, or all.

    Raises:
        ObservationError: if there is no such table.
    """
    if options.table is None:
        return container.tables
    found = tuple(table for table in container.tables if table.name == options.table)
    if not found:
        names = ", ".join(f"'{table.name}'" for table in container.tables[:12])
        raise ObservationError(f"there is no table '{options.table[:30]}' (there are: {names}); choose one of these")
    return found


def errors_of(table: Table, roles: Roles) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Standard deviations in the unit of their column, NaN where there is none, and sentences on how they came about."""
    index, lower = roles.get("uncertainty"), roles.get("lower")
    if index is not None and lower is not None:
        sentence = "its upper and lower errors were averaged: the likelihoods here are Gaussian"
        return 0.5 * (np.abs(table.numbers(index)) + np.abs(table.numbers(lower))), (sentence,)
    if index is not None:
        return table.numbers(index), ()
    with np.errstate(divide="ignore", invalid="ignore"):
        if (ivar := roles.get("ivar")) is not None:
            weight = table.numbers(ivar)
            return np.where(weight > 0, 1 / np.sqrt(weight), np.nan), ()
        if (variance := roles.get("variance")) is not None:
            return np.sqrt(table.numbers(variance)), ()
    return None, ()


def flagged(table: Table, roles: Roles, container: Container) -> np.ndarray | None:
    """Rows that their quality calls bad; None where there is no such column of numbers.

    Any flag counts, but for Webb's spectra, whose flags mostly explain: there only "do not use", the first bit, is bad (JWST pipeline,
    data quality flags). An unsigned flag that lost its offset counts from -2^31.
    """
    index = roles.get("quality")
    if index is None or table.values[index].dtype.kind not in "biuf" or table.values[index].ndim != 1:
        return None
    flags = np.nan_to_num(table.numbers(index))
    flags = flags + _OFFSET if len(flags) and flags.min() == -_OFFSET else flags
    flags = np.where(np.isnan(table.numbers(index)), 0, flags)
    webb = str(container.facts.get("telescop", "")).strip().upper() == "JWST"
    return flags % 2 == 1 if webb else flags != 0


def origin_columns(table: Table, roles: Roles) -> dict[str, str]:
    """The file's own names by role, as `Origin` wants them."""
    spoken = {"uncertainty": "error", "lower": "lower error"}
    return {spoken.get(role, role): printable(table.columns[index].name, 60) for role, index in roles.columns.items()}


def unit_text(column: Column) -> str | None:
    """The unit that the file gives for a column, None where it says nothing."""
    return column.unit.strip() if column.unit and column.unit.strip() else None
