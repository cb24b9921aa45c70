"""Simulations and observations in the columns of a table, in the process at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.opening import container_of
from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.simulations.named_arrays import Read, check_widths
from astro_sbi.observations.simulations.names import parameter_names, same_name

#: Columns that are parameters unasked.
_PARAMETER = re.compile(r"(theta|param)(eter)?([_ .0-9].*)?", re.IGNORECASE)

_SHOWN = 12


def simulated_rows(name: str, content: bytes, asked: Mapping[str, Any]) -> Read:
    """Parameters in the columns that are named, or whose names begin with theta or param; every other number is the observation's.

    Raises:
        ObservationError: if there is no such table.
    """
    form, columns, guesses = _columns(name, content)
    named = list(columns)
    if asked["parameters"]:
        parameters = [_place(named, wanted) for wanted in asked["parameters"]]
    else:
        parameters = [column for column in named if _PARAMETER.fullmatch(column)]
    if not parameters:
        raise ObservationError(
            f"none of its columns ({_listed(named)}) is called theta_... or param_...; say which are parameters: table.parameters=a,b"
        )
    if asked["components"]:
        components = [_place(named, wanted) for wanted in asked["components"]]
    else:
        components = [column for column in named if column not in parameters and not _PARAMETER.fullmatch(column)]
    both = sorted(set(components) & set(parameters))
    if both:
        raise ObservationError(f"the column {printable(both[0], 30)} is named as a parameter and as simulated; it can be one of them")
    if not components:
        raise ObservationError("all of its columns of numbers are parameters; the simulated observations belong into others")
    check_widths(len(parameters), len(components))
    told = {"parameters": parameter_names(parameters), "columns": parameters, "components": components, "shape": [len(components)]}
    arrays = {part: np.stack([columns[column] for column in which], axis=1) for part, which in (("theta", parameters), ("x", components))}
    return {**told, "format": form, "guesses": guesses}, arrays


def observed_row(name: str, content: bytes, asked: Mapping[str, Any]) -> Read:
    """One row with the columns of the simulations, or one column with as many rows.

    Raises:
        ObservationError: if the file holds neither.
    """
    form, columns, _ = _columns(name, content, counting=False)
    components, rows = list(asked["components"]), len(next(iter(columns.values())))
    if set(components) <= set(columns):
        if rows != 1:
            raise ObservationError(f"it holds {rows:,} observations; give a file with one row")
        return {"format": form, "guesses": []}, {"value": np.array([columns[one][0] for one in components])}
    width = len(components)
    if rows == 2 and _places_above(components, columns):
        return {"format": form, "guesses": []}, {"value": np.array([values[1] for values in columns.values()])}
    if rows == 1 and len(columns) == width:
        guess = "the columns have other names than those of the simulations; they were taken in order"
        return {"format": form, "guesses": [guess]}, {"value": np.array([values[0] for values in columns.values()])}
    if rows == width and len(columns) <= 2:
        column, values = list(columns.items())[-1]
        guesses = [f"the last column ({printable(column, 30)}) was taken as the observation"] if len(columns) == 2 else []
        return {"format": form, "guesses": guesses}, {"value": values}
    raise ObservationError(
        f"it has {rows:,} row{'s' if rows > 1 else ''} of {len(columns)} numbers, and a simulated observation has {width:,}: give one row "
        f"with the columns {_listed(components)}, or one column of {width:,} rows"
    )


def _columns(name: str, content: bytes, *, counting: bool = True) -> tuple[str, dict[str, np.ndarray], list[str]]:
    """Format, columns of numbers by name and remarks of the largest table of a file.

    Raises:
        ObservationError: if it holds no numbers.
    """
    container = container_of(name, content)
    table = max(container.tables, key=len, default=None)
    found, left_out = _numbers(table) if table is not None else ({}, [])
    if table is None or not found or not len(table):
        raise ObservationError("it holds no table of numbers; give NPZ or HDF5 with theta and x, or a table with a row for each simulation")
    remarks = [f"the columns {_listed(left_out)} were left out, as they hold no numbers"] if left_out else []
    counts = [column for column, values in found.items() if counting and _counts_rows(values)]
    if counts:
        remarks.append(f"the column {_listed(counts)} was left out, as it counts the rows")
    return container.format, {column: values for column, values in found.items() if column not in counts}, remarks


def _numbers(table: Table) -> tuple[dict[str, np.ndarray], list[str]]:
    """Columns of numbers by name, those of several numbers a row taken apart; and the names of the others."""
    found: dict[str, np.ndarray] = {}
    left_out = []
    for column, values in zip(table.columns, table.values, strict=True):
        name = printable(column.name, 60)
        if values.dtype.kind not in "biuf":
            left_out.append(name)
        elif values.ndim == 1:
            found[name] = values.astype(np.float64)
        else:
            flat = values.reshape(len(values), -1).astype(np.float64)
            found |= {f"{name}_{number + 1}": flat[:, number] for number in range(flat.shape[1])}
    return found, left_out


def _places_above(components: Sequence[str], columns: Mapping[str, np.ndarray]) -> bool:
    """Whether the first row repeats the components' names, which are numbers and so were not taken for names."""
    try:
        return [float(name) for name in components] == [values[0] for values in columns.values()]
    except ValueError:
        return False


def _counts_rows(values: np.ndarray) -> bool:
    return len(values) > 2 and values[0] in (0.0, 1.0) and bool((np.diff(values) == 1.0).all())


def _place(named: Sequence[str], wanted: str) -> str:
    """The column that a setting means.

    Raises:
        ObservationError: if there is none.
    """
    found = wanted if wanted in named else next((column for column in named if same_name(column, wanted)), None)
    if found is None:
        raise ObservationError(f"it has no column of numbers called {printable(wanted, 30)}; there are {_listed(named)}")
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name, 30) for name in names[:_SHOWN])
    return f"{shown}, ..." if len(names) > _SHOWN else shown
