"""Which column plays which role: told by the user, else by the columns' names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Column, Container, Table
from astro_sbi.observations.kinds.aliases import CHANNEL, IVAR, QUALITY, SNR, VARIANCE
from astro_sbi.observations.kinds.errors import error_columns
from astro_sbi.observations.kinds.names import first, listed, plain_names
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ROLES, ReadOptions

_OTHER_ERRORS = {"ivar": IVAR, "variance": VARIANCE, "snr": SNR}


@dataclass(frozen=True)
class Roles:
    """Columns by role.

    Args:
        columns: index of the column of each role: coordinate, value and, where there are any, uncertainty, lower, ivar, variance, snr,
            quality, channel, resolution.
        guesses: sentences on what was guessed.
    """

    columns: dict[str, int]
    guesses: tuple[str, ...] = ()

    def __getitem__(self, role: str) -> int:
        return self.columns[role]

    def get(self, role: str) -> int | None:
        """Index of the column of a role, None if there is none."""
        return self.columns.get(role)


def told(table: Table, options: ReadOptions) -> dict[str, int]:
    """Roles that the user gave to columns by name; upper and lower case are the same where that leaves no doubt.

    Raises:
        ObservationError: if there is no such column.
    """
    names = [column.name for column in table.columns]
    lower = [name.lower() for name in names]
    found: dict[str, int] = {}
    for role in ROLES:
        wanted = getattr(options, role)
        if wanted is None:
            continue
        if wanted in names:
            found[role] = names.index(wanted)
        elif lower.count(wanted.lower()) == 1:
            found[role] = lower.index(wanted.lower())
        else:
            raise ObservationError(f"there is no column '{wanted[:30]}' for the {role} (there are: {listed(table)}); choose one of these")
    return found


def completed(table: Table, columns: dict[str, int], options: ReadOptions) -> Roles:
    """Coordinate and value joined by errors, quality and channel; what the user told takes precedence.

    Raises:
        ObservationError: if a column stands for two of them.
    """
    names, mine = plain_names(table), told(table, options)
    columns = {**columns, **mine}
    if columns["value"] in (columns["coordinate"], columns.get("uncertainty")):
        twice = printable(table.columns[columns["value"]].name, 30)
        raise ObservationError(f"the column '{twice}' stands for the values and for something else; choose another for one of them")
    if "uncertainty" in mine:
        # An inverse variance that is chosen as the error is read as what it is.
        told_as = next((role for role, aliases in _OTHER_ERRORS.items() if names[mine["uncertainty"]] in aliases.split()), "uncertainty")
        columns = {role: index for role, index in columns.items() if role != "uncertainty"} | {told_as: mine["uncertainty"]}
    else:
        columns = {**error_columns(table, columns["value"]), **columns}
    taken = set(columns.values())
    for role, aliases in (("quality", _quality_names(names)), ("channel", CHANNEL)):
        index = first([name if place not in taken else "" for place, name in enumerate(names)], aliases)
        # Numbers with fractions name no channel.
        if role not in columns and index is not None and (role == "quality" or table.values[index].dtype.kind != "f"):
            columns[role] = index
    return Roles(columns)


def _quality_names(names: list[str]) -> str:
    """Names of flags; that ATLAS calls its flag ``err`` is known by the fluxes beside it."""
    return f"err {QUALITY}" if "ujy" in names else QUALITY


def tables_of(container: Container, options: ReadOptions) -> tuple[Table, ...]:
    """The tables to look in: the one that the user named, or all that have the columns that the user named.

    Raises:
        ObservationError: if there is no such table.
    """
    found = tuple(
        replace(table, facts={**container.facts, **table.facts}) for table in container.tables if options.table in (None, table.name)
    )
    if options.table is None:
        wanted = {name.lower() for name in (getattr(options, role) for role in ROLES) if name}
        having = tuple(table for table in found if wanted <= {column.name.lower() for column in table.columns})
        return having or found
    if not found:
        names = ", ".join(f"'{printable(table.name, 30)}'" for table in container.tables[:12])
        raise ObservationError(f"there is no table '{options.table[:30]}' (there are: {names}); choose one of these")
    return found


def table_with(tables: Iterable[Table], roles_in: Callable[[Table], Roles | None]) -> tuple[Table, Roles] | None:
    """The first table whose columns have the roles of a layout, and these roles; None if there is none."""
    found = ((table, roles_in(table)) for table in tables)
    return next(((table, roles) for table, roles in found if roles is not None), None)


def origin_columns(table: Table, roles: Roles) -> dict[str, str]:
    """The file's own names by role, as `Origin` wants them."""
    spoken = {"uncertainty": "error", "lower": "lower error", "snr": "error"}
    return {spoken.get(role, role): printable(table.columns[index].name, 60) for role, index in roles.columns.items()}


def unit_text(column: Column) -> str | None:
    """The unit that the file gives for a column, None where it says nothing."""
    return column.unit.strip() if column.unit and column.unit.strip() else None
