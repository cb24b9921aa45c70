"""Variables on named dimensions, as HDF5 and NetCDF keep them, brought into tables by the CF conventions (version 1.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from astro_sbi.observations.containers.arrays import MJD_MEANING, NotPlain, as_mjd, distinct, fact, facts, plain
from astro_sbi.observations.containers.table import MAX_COLUMNS, MAX_ROWS, MAX_TABLES, Column, Fact, Image, Table
from astro_sbi.observations.observation import ObservationError

#: What NetCDF writes where nothing was measured and no other value is named.
DEFAULT_FILL = 9.969209968386869e36

_SINCE = re.compile(
    r"\s*([A-Za-z]+)\s+since\s+(-?\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?"
    r"\s*(?:Z|UTC|TDB|TT|\+?00?:?00?)?\s*$"
)
_DAYS = {"day": 1.0, "d": 1.0, "hour": 1 / 24, "hr": 1 / 24, "h": 1 / 24, "minute": 1 / 1440, "min": 1 / 1440, "second": 1 / 86400}
_DAYS_OF_SHORT = {"sec": 1 / 86400, "s": 1 / 86400, "millisecond": 1 / 86400e3, "msec": 1 / 86400e3, "ms": 1 / 86400e3}
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian", "")
# The day that Julian dates count from, in either calendar.
_JULIAN_DATES = ((-4712, 1, 1), (-4713, 11, 24))
_PACKING = ("scale_factor", "add_offset")
_MEANINGS = ("long_name", "description", "standard_name", "title")


@dataclass(frozen=True, eq=False)
class Variable:
    """An array in a file that is not read yet.

    Args:
        name: of its own, without the path.
        dimensions: a label for each axis; axes with equal labels run together.
        shape: its sizes.
        attributes: what the file says about it; lower-case key words.
        read: its values as they are stored.
        letters: whether single letters along the last axis make words, as in NetCDF.
        fill: what stands for nothing although no attribute says so.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    read: Callable[[], Any]
    letters: bool = False
    fill: float | None = None


@dataclass(frozen=True, eq=False)
class Contents:
    """What the variables of one group give, and sentences on what was left out."""

    tables: tuple[Table, ...] = ()
    images: tuple[Image, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def contents(variables: Sequence[Variable], name: str = "", header: Mapping[str, Fact] | None = None) -> Contents:
    """Tables of the variables that run along one dimension; those along two stand in the table of one of them, or are images.

    Args:
        variables: of one group.
        name: of the group, empty where there is only one.
        header: key words of the group, which go to each table.
    """
    flat = [_flat(variable) for variable in variables]
    longest = max((variable.shape[0] for variable in flat if len(variable.shape) == 1), default=0)
    one = [variable for variable in flat if not variable.shape or (variable.shape == (1,) and longest > 1)]
    flat = [variable for variable in flat if variable not in one]
    lines = {variable.dimensions[0] for variable in flat if len(variable.shape) == 1}
    single = {variable.name: fact(_or_none(variable)) for variable in one}
    words = facts({**single, **(header or {})})
    left_out: list[str] = []
    columns: dict[str, list[tuple[Column, Shaped[np.ndarray, "n ..."]]]] = {}
    images = []
    for variable in flat:
        along = [axis for axis, label in enumerate(variable.dimensions) if label in lines]
        try:
            column, values = decoded(variable)
            if along and len(variable.shape) <= 2:
                columns.setdefault(variable.dimensions[along[0]], []).append((column, np.moveaxis(values, along[0], 0)))
            else:
                images.append(Image("/".join(filter(None, (name, variable.name))), _pixels(values), facts(variable.attributes)))
        except NotPlain:
            left_out.append(variable.name)
    tables = tuple(table_of(found, _name(name, label, several=len(columns) > 1), words) for label, found in columns.items())
    return Contents(tables, tuple(images), words, tuple(left_out))


def _name(group: str, label: str, *, several: bool) -> str:
    return "/".join(filter(None, (group, label))) if several else group


def table_of(columns: Sequence[tuple[Column, Shaped[np.ndarray, "n ..."]]], name: str, header: Mapping[str, Fact]) -> Table:
    """Columns of equal length as a table; one whose times were converted says what they count from."""
    if len(columns) > MAX_COLUMNS or len(columns[0][1]) > MAX_ROWS:
        raise ObservationError(f"a table has more than {MAX_COLUMNS} columns or {MAX_ROWS} rows; cut the file to the part that matters")
    names = distinct(column.name for column, _ in columns)
    zero = {"time_zero": "MJD"} if any(MJD_MEANING in column.meaning for column, _ in columns) else {}
    described = tuple(Column(name, column.unit, column.meaning) for name, (column, _) in zip(names, columns, strict=True))
    return Table(described, tuple(np.ascontiguousarray(values) for _, values in columns), name=name, facts={**header, **zero})


def joined(groups: Iterable[Contents], header: Mapping[str, Fact]) -> Contents:
    """What several groups give together, each table with a name of its own; warnings name what was left out.

    Raises:
        ObservationError: if there is neither table nor image.
    """
    groups = list(groups)
    tables = [table for group in groups for table in group.tables]
    images = tuple(image for group in groups for image in group.images)
    left_out = [name[:60] for group in groups for name in group.left_out]
    if len(tables) > MAX_TABLES:
        raise ObservationError(f"it holds more than {MAX_TABLES} tables; save the one that matters alone")
    if not tables and not images:
        what = f" (left out: {', '.join(left_out[:5])})" if left_out else ""
        raise ObservationError(f"it holds no arrays of numbers or text{what}; save the measurements as arrays of equal length")
    if len(tables) > 1:
        names = distinct((table.name for table in tables), "table")
        tables = [Table(t.columns, t.values, name, t.facts) for name, t in zip(names, tables, strict=True)]
    warnings = [warning for group in groups for warning in group.warnings]
    if left_out:
        warnings.append(f"arrays of a kind that is not read are left out: {', '.join(left_out[:10])}")
    return Contents(tuple(tables), images, header, tuple(left_out), tuple(warnings))


def _flat(variable: Variable) -> Variable:
    """A variable without axes of length one, if one other axis remains; letters are joined to words."""
    read, labels, shape = variable.read, variable.dimensions, variable.shape
    if variable.letters and shape:
        read, labels, shape = partial(_words, read), labels[:-1], shape[:-1]
    long = [axis for axis, size in enumerate(shape) if size != 1]
    if len(shape) > 1 and len(long) <= 1:
        axis = long[0] if long else 0
        labels, shape = (labels[axis],), (shape[axis],)
        read = partial(_reshaped, read, shape)
    return Variable(variable.name, labels, shape, variable.attributes, read, fill=variable.fill)


def _reshaped(read: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    return np.ma.reshape(read(), shape)


def _words(read: Callable[[], Any]) -> Shaped[np.ndarray, "*axes"]:
    letters = read()
    length = letters.shape[-1]
    if not length:
        return np.full(letters.shape[:-1], "")
    return np.ascontiguousarray(letters).view(f"S{length}")[..., 0]


def _or_none(variable: Variable) -> Any:
    try:
        return decoded(variable)[1]
    except NotPlain:
        return None


def _pixels(values: Shaped[np.ndarray, "*axes"]) -> Float64[np.ndarray, "*axes"]:
    if values.dtype.kind not in "biuf":
        raise NotPlain("an image holds text")
    return values.astype(np.float64)


def decoded(variable: Variable) -> tuple[Column, Shaped[np.ndarray, "*axes"]]:
    """A variable's column and its values: fill values missing, scale and offset applied (CF 8.1), times as MJD (CF 4.4).

    Raises:
        NotPlain: if it holds neither numbers nor text.
    """
    said = variable.attributes
    values = plain(_unsigned(variable.read(), said))
    if values.dtype.kind in "if":
        values = _unpacked(_filled(values, said, variable.fill), said)
    unit = next((str(said[key]).strip() for key in ("units", "unit") if fact(said.get(key)) is not None), "")
    meaning = " ".join(str(next((said[key] for key in _MEANINGS if fact(said.get(key)) is not None), "")).split())[:200]
    days = _mjd(values, unit, said) if " since " in unit and values.dtype.kind in "if" else None
    if days is not None:
        return Column(variable.name, "d", "; ".join(filter(None, (meaning, f"{MJD_MEANING} from {unit[:60]}")))), days
    return Column(variable.name, unit[:100] or None, meaning), values


def _unsigned(values: Any, said: Mapping[str, Any]) -> Any:
    values = np.asarray(values) if not isinstance(values, np.ma.MaskedArray) else values
    if values.dtype.kind == "i" and str(said.get("_unsigned", "")).lower() == "true":
        return values.astype(values.dtype.newbyteorder("=")).view(f"u{values.dtype.itemsize}")
    return values


def _filled(values: Shaped[np.ndarray, "*axes"], said: Mapping[str, Any], default: float | None) -> Shaped[np.ndarray, "*axes"]:
    """Values with NaN for those that stand for nothing."""
    fills = [said[key] for key in ("_fillvalue", "missing_value") if isinstance(said.get(key), int | float)]
    if values.dtype.kind == "f" and default is not None:
        fills.append(default)
    missing = np.isin(values, fills) if fills else np.zeros(values.shape, dtype=np.bool_)
    return np.where(missing, np.nan, values) if missing.any() else values


def packing(said: Mapping[str, Fact], given: Collection[str]) -> dict[str, Fact]:
    """Key words of a variable, among them a scale or an offset that is given and no number, so that it is not passed over."""
    unclear = (key for key in _PACKING if key in given and not isinstance(said.get(key), int | float))
    return {**said, **dict.fromkeys(unclear, "unclear")}


def _unpacked(values: Shaped[np.ndarray, "*axes"], said: Mapping[str, Any]) -> Shaped[np.ndarray, "*axes"]:
    scale, offset = (said.get(key) for key in _PACKING)
    if scale is None and offset is None:
        return values
    if isinstance(scale, str) or isinstance(offset, str):
        raise ObservationError("its scale_factor or add_offset is no number")
    return values * (1.0 if scale is None else scale) + (0.0 if offset is None else offset)


def _mjd(values: Shaped[np.ndarray, "*axes"], unit: str, said: Mapping[str, Any]) -> Float64[np.ndarray, "*axes"] | None:
    """Times such as ``hours since 2000-01-01 12:00`` in MJD; None if unit or calendar is not understood."""
    match = _SINCE.match(unit)
    if match is None or str(said.get("calendar", "")).strip().lower() not in _CALENDARS:
        return None
    length = match[1].lower()
    days = next((found for name in (length, length.removesuffix("s")) if (found := (_DAYS | _DAYS_OF_SHORT).get(name))), None)
    start = _start(*(int(part) for part in match.group(2, 3, 4)))
    if days is None or start is None:
        return None
    clock = int(match[5] or 0) / 24 + int(match[6] or 0) / 1440 + float(match[7] or 0) / 86400
    return values.astype(np.float64) * days + (start + clock)


def _start(year: int, month: int, day: int) -> float | None:
    """The MJD of a date; None if there is no such day, or the calendar then was another."""
    if (year, month, day) in _JULIAN_DATES:
        return -2400001.0
    if year < 1583:
        return None
    try:
        return float(as_mjd(np.array([f"{year:04d}-{month:02d}-{day:02d}"], dtype="datetime64[s]"))[0])
    except ValueError:
        return None
