"""Radial velocities in tables: several instruments, metres or kilometres a second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.aliases import VELOCITY
from astro_sbi.observations.kinds.channels import channels_of, present
from astro_sbi.observations.kinds.importer import Importer, Source, columns_of, header_warning
from astro_sbi.observations.kinds.roles import (
    Roles,
    completed,
    errors_of,
    first,
    flagged,
    plain,
    plain_names,
    tables_of,
    time_column,
    told,
    unit_text,
)
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.times import times_of
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

UNIT = "m / s"
#: Errors below this [either unit] are too good for m/s and usual for km/s.
_SMALLEST_ERROR = 0.1


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    if not table.named:
        return unnamed_roles(table, "velocities", options)
    names, mine = plain_names(table), told(table, options)
    coordinate, value = mine.get("coordinate", time_column(names)), mine.get("value", first(names, VELOCITY))
    if coordinate is None or value is None:
        return None
    return completed(table, {"coordinate": coordinate, "value": value}, options)


def _table(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    found = ((table, _roles(table, options)) for table in tables_of(container, options))
    return next(((table, roles) for table, roles in found if roles is not None), None)


def _unit(table: Table, roles: Roles, options: ReadOptions, sigma: np.ndarray | None) -> tuple[u.UnitBase, tuple[str, ...]]:
    """Unit of the velocities, and a sentence where their errors have to tell."""
    column = table.columns[roles["value"]]
    text = options.value_unit or unit_text(column)
    if text is not None:
        return unit_of(text), ()
    name = plain(column.name)
    if name.endswith("kms"):
        return u.km / u.s, ()
    if name.endswith("ms"):
        return u.m / u.s, ()
    small = sigma is not None and np.isfinite(sigma).any() and np.nanmedian(sigma) < _SMALLEST_ERROR
    unit = u.km / u.s if small else u.m / u.s
    return unit, (f"the velocities have no unit: {unit} was assumed from the size of their errors",)


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    found = _table(container, options)
    if found is None:
        raise ObservationError("it has no columns of times and velocities")
    table, roles = found
    sigma, warnings = errors_of(table, roles)
    unit, guesses = _unit(table, roles, options, sigma)
    metres = u.m / u.s
    value = converted(table.numbers(roles["value"]), unit, metres, "velocity")
    if sigma is not None:
        text = unit_text(table.columns[roles["uncertainty"]]) if "uncertainty" in roles.columns and options.value_unit is None else None
        sigma = converted(sigma, unit_of(text) if text else unit, metres, "error")
    times = times_of(table, roles["coordinate"], options, "velocities")
    channel, names = channels_of(table, roles.get("channel"), "velocities")
    rows = Rows(times.values, value, sigma, {"channel": channel}, warnings=warnings).guessed(*roles.guesses, *times.guesses, *guesses)
    rows = with_errors(cleaned(rows, flagged=flagged(table, roles, container)), options.error, UNIT, options.signal_to_noise)
    rows = rows.warned(*header_warning(table, roles))
    kept, names = present(rows.channel, names)
    rows = replace(rows, extra={**rows.extra, "channel": kept})
    origin = source.origin(IMPORTER.name, rows, columns_of(table, roles))
    axes = Axis("time", "d", times.zero_point), Axis("radial velocity", UNIT)
    return Observation("velocities", source.target(table, container), points_of(rows, {}), rows.value, *axes, names, origin)


IMPORTER = Importer("velocity table", "velocities", lambda container, options: _table(container, options) is not None, _read)
