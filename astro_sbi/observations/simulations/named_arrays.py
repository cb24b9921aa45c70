"""Simulations and observations in the named arrays of NPZ and HDF5 files, in the process at hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from astro_sbi.observations.containers import hdf5, npz
from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.simulations.names import parameter_names, same_name
from astro_sbi.observations.simulations.table import MAX_COMPONENTS, MAX_PARAMETERS

Read = tuple[dict[str, Any], dict[str, np.ndarray]]

_NAMES = ("theta", "x", "theta_names", "x_names", "x_observed")


def arrays_in(content: bytes) -> dict[str, Any]:
    """The arrays of simulations in an NPZ file, or an HDF5 file that has one of them; nothing where the file is a table.

    Raises:
        ObservationError: if the file cannot be read, or is an NPZ file without any of them.
    """
    if npz.matches(content):
        found = npz.arrays(content, _NAMES)
        if not {"theta", "x", "x_observed"} & set(found):
            raise ObservationError("it holds no array called theta or x; save them by numpy.savez(..., theta=theta, x=x)")
        return {"format": "NPZ", **found}
    found = hdf5.arrays(content, _NAMES) if hdf5.matches(content) else {}
    return {"format": "HDF5", **found} if {"theta", "x", "x_observed"} & set(found) else {}


def simulated_arrays(found: Mapping[str, Any], asked: Mapping[str, Any]) -> Read:
    """Parameters ``theta`` [N, d] and observations ``x`` [N, ...], their names where the file has them.

    Raises:
        ObservationError: if one is missing, of another shape, or no array of numbers.
    """
    theta, x = (_numbers(found, name) for name in ("theta", "x"))
    theta = theta[:, None] if theta.ndim == 1 else theta
    x = x[:, None] if x.ndim == 1 else x
    if theta.ndim != 2 or len(theta) != len(x):
        raise ObservationError(
            f"theta has the shape {theta.shape} and x {x.shape}; they are to be [N, d] and [N, ...] with a row for each of N simulations"
        )
    columns, width, guesses = _texts(found, "theta_names"), math.prod(x.shape[1:]), []
    wanted = asked["parameters"]
    if columns is None:
        columns = tuple(wanted) if wanted and len(wanted) == theta.shape[1] else tuple(f"theta_{n + 1}" for n in range(theta.shape[1]))
        if not wanted:
            guesses = ["the file does not name its parameters: theta_names, or table.parameters=a,b in settings, would"]
    components = _texts(found, "x_names") or tuple(str(number + 1) for number in range(width))
    check_widths(theta.shape[1], width)
    for name, given, needed in (("theta_names", columns, theta.shape[1]), ("x_names", components, width)):
        if len(given) != needed:
            raise ObservationError(f"{name} has {len(given)} names for {needed} columns; give each a name")
    kept = _places(columns, wanted) if wanted else range(len(columns))
    columns = tuple(columns[place] for place in kept)
    told = {"parameters": parameter_names(columns), "columns": columns, "components": components, "shape": x.shape[1:]}
    said = {**told, "format": found["format"], "guesses": guesses}
    return said, {"theta": theta[:, list(kept)], "x": x.reshape(len(x), width)}


def observed_array(found: Mapping[str, Any], asked: Mapping[str, Any]) -> Read:
    """The array ``x_observed``, or ``x`` where it is one observation.

    Raises:
        ObservationError: if it is missing or not as large as a simulated observation.
    """
    name = "x_observed" if "x_observed" in found else "x"
    value, shape = _numbers(found, name), tuple(asked["shape"])
    if value.size != math.prod(shape) or (value.ndim > 1 and tuple(n for n in value.shape if n > 1) != tuple(n for n in shape if n > 1)):
        advice = "; name the observation x_observed" if name == "x" and value.ndim > 1 else ""
        raise ObservationError(f"{name} has the shape {value.shape} where a simulated observation has {shape}{advice}")
    return {"format": found["format"], "guesses": []}, {"value": value.ravel()}


def check_widths(parameters: int, components: int) -> None:
    """Refuse what no flow learns.

    Raises:
        ObservationError: if there are none or too many of either.
    """
    if not 1 <= parameters <= MAX_PARAMETERS:
        raise ObservationError(f"it has {parameters} parameters, and 1 to {MAX_PARAMETERS} are inferred; name fewer in table.parameters")
    if not 1 <= components <= MAX_COMPONENTS:
        raise ObservationError(
            f"its simulated observations have {components} numbers, and 1 to {MAX_COMPONENTS:,} are read; save summaries"
        )


def _places(columns: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the wanted columns are.

    Raises:
        ObservationError: if one is not there.
    """
    found = [next((place for place, column in enumerate(columns) if same_name(column, name)), None) for name in wanted]
    missing = [name for name, place in zip(wanted, found, strict=True) if place is None]
    if missing:
        raise ObservationError(f"it has no parameter {printable(missing[0], 30)}; there are {', '.join(columns[:20])}")
    return [place for place in found if place is not None]


def _numbers(found: Mapping[str, Any], name: str) -> np.ndarray:
    if name not in found:
        there = ", ".join(sorted(set(found) - {"format"}))
        raise ObservationError(
            f"it has no array called {name}, only {there}; save both parameters and simulations: theta [N, d], x [N, ...]"
        )
    array = np.asarray(found[name])
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise ObservationError(f"its array {name} holds no numbers in rows; save it as an array of numbers")
    return array.astype(np.float64)


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Names in an array of text; None where there is none."""
    if name not in found:
        return None
    array = np.asarray(found[name])
    if array.ndim != 1 or array.dtype.kind not in "SUO":
        raise ObservationError(f"its array {name} is no list of names; save it as an array of text")
    cells = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in array.tolist()]
    return tuple(printable(cell, 60) for cell in cells)
