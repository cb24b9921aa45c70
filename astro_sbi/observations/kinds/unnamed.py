"""Columns without names: two or more numbers a row, told apart by their order, their size and their sign."""

from __future__ import annotations

import numpy as np

from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kind import SPOKEN
from astro_sbi.observations.kinds.channels import MAX_CHANNELS
from astro_sbi.observations.kinds.roles import Roles, told
from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.options import ReadOptions

_MOST_COLUMNS = 12
#: More numbers of both signs than these are differences of flux, as microlensing surveys give them.
_MOST_VELOCITIES = 2000


def _kind_of(table: Table) -> Kind:
    """What columns without names hold, told by the first two.

    A regular grid between 2,500 and 60,000 counts as wavelengths in Angstrom. Values of both signs that scatter about zero by much
    more than their errors, on irregular times, are velocities; anything else is a light curve.
    """
    coordinate, value = table.numbers(0), table.numbers(1)
    steps = np.diff(np.sort(coordinate[np.isfinite(coordinate)]))
    regular = len(steps) > 100 and steps.max() < 10 * np.median(steps) and np.median(steps) > 0.01
    if regular and np.nanmin(coordinate) >= 2500 and np.nanmax(coordinate) <= 60_000 and np.ptp(coordinate) > 300:
        return "spectrum"
    finite = value[np.isfinite(value)]
    if not len(finite) or not len(steps):
        return "light_curve"
    both_signs = 0.1 < np.mean(finite < 0) < 0.9
    large = np.median(np.abs(finite)) > 0.5
    irregular = steps.max() > 1.5 * np.median(steps)
    few = len(finite) <= _MOST_VELOCITIES
    return "velocities" if both_signs and large and irregular and few else "light_curve"


def unnamed_roles(table: Table, kind: Kind, options: ReadOptions) -> Roles | None:
    """Coordinate, value and perhaps errors in this order, and a column of words as the channel; None where it looks like another kind.

    Raises:
        ObservationError: if there are so many columns that the order tells nothing, and the user told nothing either.
    """
    mine = told(table, options)
    if "coordinate" in mine and "value" in mine:
        return Roles(mine)
    count = len(table.columns)
    if count < 2 or any(values.dtype.kind not in "if" or values.ndim != 1 for values in table.values[:2]):
        return None
    if options.kind is None and _kind_of(table) != kind:
        return None
    if count > _MOST_COLUMNS:
        raise ObservationError(f"it has no line of column names and {count} columns; add a first line such as time,flux,flux_err")
    columns = {"coordinate": 0, "value": 1}
    if count >= 3 and _are_errors(table, 2):
        columns["uncertainty"] = 2
    channel = next((index for index in range(2, count) if table.values[index].dtype.kind == "U" and _are_channels(table, index)), None)
    if channel is not None:
        columns["channel"] = channel
    return Roles({**columns, **mine}, () if options.kind else (f"{SPOKEN[kind]} was assumed from the numbers, which have no names",))


def _are_channels(table: Table, index: int) -> bool:
    """Whether a column of words may name bands or instruments: a few of them, each several times."""
    return len(set(table.text(index))) <= min(MAX_CHANNELS, max(1, len(table) // 3))


def _are_errors(table: Table, index: int) -> bool:
    """Whether a column may hold errors of the second: numbers that are mostly not negative where there is a value."""
    if table.values[index].dtype.kind not in "if" or table.values[index].ndim != 1:
        return False
    error, value = table.numbers(index), table.numbers(1)
    sound = np.isfinite(error) & np.isfinite(value)
    return not sound.any() or bool(np.median(error[sound]) >= 0)
