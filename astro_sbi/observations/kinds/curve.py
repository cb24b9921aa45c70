"""Curves: any quantity against any other, for simulators that users bring; read only where the user says so."""

from __future__ import annotations

from dataclasses import replace

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.channels import channels_of, with_present
from astro_sbi.observations.kinds.errors import errors_in
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.importer import Importer, Source, header_warning
from astro_sbi.observations.kinds.roles import Roles, completed, origin_columns, table_with, tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import unit_of


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    """Told columns, else the first two of numbers; a third is their error where its name says so, or where nothing has a name."""
    if not table.named:
        return unnamed_roles(table, "curve", options)
    mine = told(table, options)
    numbers = [index for index, values in enumerate(table.values) if values.dtype.kind in "iuf" and values.ndim == 1]
    free = (index for index in numbers if index not in mine.values())
    columns = {role: mine[role] if role in mine else next(free, -1) for role in ("coordinate", "value")}
    if -1 in columns.values():
        return None
    taken = ", ".join(printable(table.columns[index].name, 30) for index in columns.values())
    guesses = () if {"coordinate", "value"} <= set(mine) else (f"the columns {taken} were taken as x and y, as they come first",)
    return replace(completed(table, columns, options), guesses=guesses)


def _find(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    if options.kind != "curve":
        return None
    return table_with(tables_of(container, options), lambda table: _roles(table, options))


def _axis(table: Table, index: int, told_unit: str | None, fallback: str) -> Axis:
    """Name and unit of a column; a unit in the user's words goes before the file's."""
    text = told_unit if told_unit is not None else unit_text(table.columns[index])
    unit = unit_of(text).to_string() if text else ""
    return Axis(printable(table.columns[index].name, 40) if table.named else fallback, unit)


def _read(found: tuple[Table, Roles], source: Source, options: ReadOptions) -> Observation:
    table, roles = found
    raw = table.numbers(roles["value"])
    sigma, warnings = errors_in(table, roles.columns, raw)
    axes = (
        _axis(table, roles["coordinate"], options.coordinate_unit, "x"),
        _axis(table, roles["value"], options.value_unit, "y"),
    )
    channel, names = channels_of(table, roles.get("channel"), "curve")
    bad, sentences = flagged(table, roles.get("quality"))
    rows = Rows(table.numbers(roles["coordinate"]), raw, sigma, {"channel": channel}, warnings=(*warnings, *sentences))
    rows = cleaned(rows.guessed(*roles.guesses), flagged=bad, noun="x")
    rows = with_errors(rows, options.error, axes[1].unit, options.signal_to_noise).warned(*header_warning(table, roles))
    rows, names = with_present(rows, names)
    origin = source.origin(IMPORTER.name, rows, origin_columns(table, roles))
    return Observation("curve", source.target(table.facts), points_of(rows, {}), rows.value, *axes, names, origin)


IMPORTER = Importer("table of x and y", "curve", _find, _read)
