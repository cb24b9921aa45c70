"""Radial velocities in tables: several instruments, metres or kilometres a second."""

from __future__ import annotations

import re

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.aliases import VELOCITY
from astro_sbi.observations.kinds.channels import channels_of, with_present
from astro_sbi.observations.kinds.errors import errors_in
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.importer import Importer, Source, header_warning
from astro_sbi.observations.kinds.names import first, plain_names, time_column
from astro_sbi.observations.kinds.roles import Roles, completed, origin_columns, table_with, tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, finite_median, points_of, with_errors
from astro_sbi.observations.kinds.times import times_of
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_METRES = u.m / u.s
_UNIT = "m / s"
#: Errors below this [either unit] are too good for m/s and usual for km/s.
_SMALLEST_ERROR = 0.1
#: Units at the end of names such as ``rv_kms`` and ``RV (m/s)`` without its marks.
_UNITS_IN_NAMES = re.compile(r"(km|m)[ _/.]*(?:s|sec)(?:[ _^*]*-1)?[\])]?$", re.IGNORECASE)


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    if not table.named:
        return unnamed_roles(table, "velocities", options)
    mine = told(table, options)
    coordinate, value = mine.get("coordinate", time_column(table)), mine.get("value", first(plain_names(table), VELOCITY))
    if coordinate is None or value is None or (options.kind is None and not _is_velocity(plain_names(table)[value])):
        return None
    return completed(table, {"coordinate": coordinate, "value": value}, options)


def _is_velocity(name: str) -> bool:
    return name in VELOCITY.split() or re.search(r"rv|vel|vrad", name) is not None


def _find(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    return table_with(tables_of(container, options), lambda table: _roles(table, options))


def _named_unit(table: Table, index: int) -> u.UnitBase | None:
    """Unit of a column, as the file or the end of its name says."""
    text = unit_text(table.columns[index])
    if text is not None:
        return unit_of(text)
    match = _UNITS_IN_NAMES.search(table.columns[index].name) if table.named else None
    return None if match is None else unit_of(f"{match[1].lower()}/s")


def _units(table: Table, roles: Roles, options: ReadOptions, sigma: np.ndarray | None) -> tuple[u.UnitBase, u.UnitBase, tuple[str, ...]]:
    """Units of the velocities and of their errors, and a sentence where the errors have to tell."""
    if options.value_unit:
        return unit_of(options.value_unit), unit_of(options.value_unit), ()
    value = _named_unit(table, roles["value"])
    error = _named_unit(table, roles["uncertainty"]) if "uncertainty" in roles.columns else None
    if value is not None:
        return value, error or value, ()
    small = sigma is not None and finite_median(sigma) < _SMALLEST_ERROR
    value = error or (u.km / u.s if small else _METRES)
    return value, value, (f"the velocities have no unit: {value} was assumed from the size of their errors",)


def _read(found: tuple[Table, Roles], source: Source, options: ReadOptions) -> Observation:
    table, roles = found
    raw = table.numbers(roles["value"])
    sigma, warnings = errors_in(table, roles.columns, raw)
    unit, error_unit, guesses = _units(table, roles, options, sigma)
    value = converted(raw, unit, _METRES, "velocity")
    sigma = None if sigma is None else converted(sigma, error_unit, _METRES, "error")
    times = times_of(table, roles["coordinate"], options, "velocities")
    channel, names = channels_of(table, roles.get("channel"), "velocities")
    bad, sentences = flagged(table, roles.get("quality"))
    rows = Rows(times.values, value, sigma, {"channel": channel}, warnings=(*warnings, *sentences))
    rows = cleaned(rows.guessed(*roles.guesses, *times.guesses, *guesses), flagged=bad)
    rows = with_errors(rows, options.error, _UNIT, options.signal_to_noise).warned(*header_warning(table, roles))
    rows, names = with_present(rows, names)
    origin = source.origin(IMPORTER.name, rows, origin_columns(table, roles))
    axes = Axis("time", "d", times.zero_point), Axis("radial velocity", _UNIT)
    return Observation("velocities", source.target(table.facts), points_of(rows, {}), rows.value, *axes, names, origin)


IMPORTER = Importer("velocity table", "velocities", _find, _read)
