"""Cells of a VOTable's columns, written as text (TABLEDATA) or in binary (BINARY, BINARY2), as arrays."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped, UInt8

from astro_sbi.observations.containers.arrays import check_memory, plain
from astro_sbi.observations.containers.table import MAX_ROWS, MISSING, is_number, typed
from astro_sbi.observations.containers.votable_xml import MAX_CELLS, Field, RawTable
from astro_sbi.observations.observation import ObservationError

INTEGERS = ("unsignedByte", "short", "int", "long", "unsignedShort", "unsignedInt", "unsignedLong", "integer")
FLOATS = ("float", "double", "real")
TEXTS = ("char", "unicodeChar", "string")
_STORED = {"boolean": "u1", "unsignedByte": "u1", "short": ">i2", "int": ">i4", "long": ">i8", "float": ">f4", "double": ">f8"}
_STORED_TEXT = {"char": 1, "unicodeChar": 2}
_STORED_OTHER = {"floatComplex": 8, "doubleComplex": 16}
_Block = UInt8[np.ndarray, "n k"]
_TRUE, _FALSE = ("t", "true", "1"), ("f", "false", "0")


@dataclass(frozen=True)
class Shape:
    """The shape of a cell: how many elements if that is fixed, and by which factor they come if it is not."""

    sizes: tuple[int, ...]
    variable: bool

    @property
    def count(self) -> int:
        """Elements of a cell, or of one item of a variable one."""
        return math.prod(self.sizes)


def shape_of(field: Field) -> Shape:
    """The shape that a field declares.

    Raises:
        ObservationError: if it is none, or the cell would be too large.
    """
    text = field.arraysize
    if not re.fullmatch(r"(\d{1,9}x){0,4}(\d{1,9}\*?|\*)?", text):
        raise ObservationError(
            f"its field {field.name[:30]} has the arraysize '{text[:30]}', which is not understood; save the table again"
        )
    sizes = tuple(int(part) for part in text.rstrip("*").split("x") if part)
    if text.endswith("*") and not text.endswith("x*"):
        # The number before a star is only the most that there may be.
        sizes = sizes[:-1]
    shape = Shape(sizes, text.endswith("*"))
    check_memory(8 * shape.count, f"one cell of its field {field.name[:30]}")
    return shape


@dataclass(frozen=True, eq=False)
class Cells:
    """A column's values, None if it is left out, and how many of its cells should be numbers and are not."""

    values: Shaped[np.ndarray, "n ..."] | None
    wrong: int = 0


def from_text(field: Field, cells: list[str]) -> Cells:
    """A column of TABLEDATA."""
    if field.datatype in TEXTS:
        check_memory(4 * len(cells) * max(map(len, cells), default=0), "its text")
        return Cells(plain(np.array(["" if cell == field.null else cell for cell in cells], dtype=str)))
    shape = shape_of(field)
    if shape.sizes not in ((), (1,)) or shape.variable:
        return _arrays_from_text(field, cells, shape)
    if field.datatype in ("boolean", "bit"):
        return _truths(cells)
    if field.datatype in INTEGERS:
        return _numbers(field, [_decimal(cell) if cell[:2] in ("0x", "0X") else cell for cell in cells])
    return _numbers(field, cells) if field.datatype in FLOATS else Cells(None)


def _decimal(cell: str) -> str:
    try:
        return str(int(cell, 16))
    except ValueError:
        return cell


def _numbers(field: Field, cells: list[str]) -> Cells:
    if field.null is not None:
        absent = _same(field.null)
        cells = ["" if absent(cell) else cell for cell in cells]
    values = typed(cells)
    wrong = 0
    if values.dtype.kind == "U":
        bad = [cell not in MISSING and not is_number(cell) for cell in cells]
        wrong = sum(bad)
        values = typed(["" if gone else cell for cell, gone in zip(cells, bad, strict=True)])
        if values.dtype.kind == "U":
            values = np.full(len(cells), np.nan)
    return Cells(values.astype(np.float64) if field.datatype in FLOATS else values, wrong)


def _same(null: str) -> Callable[[str], bool]:
    """Whether a cell is the value that stands for nothing, as text or as a number."""
    if not is_number(null):
        return lambda cell: cell == null
    number = float(null)
    return lambda cell: cell == null or (is_number(cell) and float(cell) == number)


def _truths(cells: list[str]) -> Cells:
    lower = [cell.lower() for cell in cells]
    known = [True if cell in _TRUE else False if cell in _FALSE else None for cell in lower]
    wrong = sum(truth is None and cell not in ("", "?", "null", "nan") for truth, cell in zip(known, lower, strict=True))
    return Cells(plain(np.array(known, dtype=object)) if any(truth is not None for truth in known) else np.full(len(cells), np.nan), wrong)


def _arrays_from_text(field: Field, cells: list[str], shape: Shape) -> Cells:
    """Cells of several numbers; those with another count than the rest are missing as a whole."""
    if field.datatype not in (*INTEGERS, *FLOATS):
        return Cells(None)
    parts = [re.split(r"[\s,]+", cell) if cell else [] for cell in cells]
    lengths = {len(part) for part in parts if part}
    if shape.variable and len(lengths) > 1:
        return Cells(None)
    count = next(iter(lengths), 0) if shape.variable else shape.count
    check_memory(8 * count * len(cells), f"its field {field.name[:30]}")
    values = np.full((len(cells), count), np.nan)
    filled = [row for row, part in enumerate(parts) if len(part) == count and part]
    flat = _numbers(field, [cell for row in filled for cell in parts[row]])
    if filled and flat.values is not None:
        values[filled] = np.asarray(flat.values, dtype=np.float64).reshape(-1, count)
    return Cells(_shaped(values, shape), flat.wrong + sum(bool(part) for part in parts) - len(filled))


def _shaped(values: Shaped[np.ndarray, "n k"], shape: Shape) -> Shaped[np.ndarray, "n ..."]:
    """The first axis of a VOTable runs fastest."""
    sizes = shape.sizes[::-1]
    if shape.variable:
        sizes = (values.shape[1] // shape.count, *sizes) if shape.count and values.shape[1] % shape.count == 0 else (values.shape[1],)
    return values[:, 0] if sizes == (1,) and not shape.variable else values.reshape(len(values), *sizes)


@dataclass(frozen=True)
class _Stored:
    """How a field's cells lie in a binary stream: bytes of an element, elements of a cell unless their number stands before them."""

    size: int
    count: int
    variable: bool
    bits: bool = False

    @property
    def length(self) -> int:
        """Bytes of a cell, or of one item of a variable one."""
        return self.length_of(self.count)

    def length_of(self, count: int) -> int:
        """Bytes of so many elements."""
        return (count + 7) // 8 if self.bits else self.size * count


def _stored(field: Field) -> _Stored:
    shape, kind = shape_of(field), field.datatype
    if kind == "bit":
        return _Stored(1, shape.count, shape.variable, bits=True)
    size = _STORED_TEXT.get(kind) or _STORED_OTHER.get(kind) or (np.dtype(_STORED[kind]).itemsize if kind in _STORED else 0)
    if not size:
        raise ObservationError(
            f"its field {field.name[:30]} has the type {kind[:30]}, which cannot be read in binary; save it as TABLEDATA"
        )
    return _Stored(size, shape.count, shape.variable)


def from_binary(table: RawTable) -> list[Cells]:
    """The columns of a BINARY or BINARY2 stream."""
    try:
        stream = base64.b64decode("".join(table.stream.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ObservationError("the base64 of its STREAM is damaged or cut short; download the file again") from None
    layout = [_stored(field) for field in table.fields]
    flags = (len(layout) + 7) // 8 if table.serialisation == "BINARY2" else 0
    columns, marks = (
        _rows_of_varying_length(stream, layout, flags) if any(s.variable for s in layout) else _equal_rows(stream, layout, flags)
    )
    gone = np.zeros((len(marks), len(layout)), dtype=np.bool_)
    if flags and len(marks):
        gone = np.unpackbits(marks, axis=1)[:, : len(layout)].astype(np.bool_)
    return [_column(field, cells, gone[:, index]) for index, (field, cells) in enumerate(zip(table.fields, columns, strict=True))]


def _equal_rows(stream: bytes, layout: Sequence[_Stored], flags: int) -> tuple[list[_Block | list[bytes]], _Block]:
    """Columns as bytes, and the bits that flag missing cells, of rows that all have the same length."""
    length = flags + sum(stored.length for stored in layout)
    if not length or len(stream) % length:
        raise ObservationError(f"its STREAM holds {len(stream)} bytes, no whole number of rows of {length} bytes; download the file again")
    block = np.frombuffer(stream, np.uint8).reshape(-1, length)
    _check_rows(len(block))
    ends = np.cumsum([flags, *(stored.length for stored in layout)])
    return [block[:, start:end] for start, end in pairwise(ends.tolist())], block[:, :flags]


def _rows_of_varying_length(stream: bytes, layout: Sequence[_Stored], flags: int) -> tuple[list[_Block | list[bytes]], _Block]:
    """The same of rows in which the length of some cells stands before them."""
    columns: list[list[bytes]] = [[] for _ in layout]
    marks, at = [], 0
    while at < len(stream):
        _check_rows(len(marks) + 1, len(layout))
        marks.append(stream[at : at + flags])
        at += flags
        for stored, cells in zip(layout, columns, strict=True):
            length = stored.length
            if stored.variable:
                number = int.from_bytes(stream[at : at + 4], "big")
                length, at = stored.length_of(number * stored.count), at + 4
            cells.append(stream[at : at + length])
            at += length
        if at > len(stream):
            raise ObservationError(f"its STREAM ends in the middle of row {len(marks)}; download the file again")
    return [*columns], np.frombuffer(b"".join(marks), np.uint8).reshape(len(marks), flags)


def _check_rows(rows: int, width: int = 0) -> None:
    if rows > MAX_ROWS or rows * width > MAX_CELLS:
        raise ObservationError(f"it has more than {MAX_ROWS} rows or {MAX_CELLS} cells; cut it to the part that matters")


def _column(field: Field, cells: _Block | list[bytes], gone: Bool[np.ndarray, " n"]) -> Cells:
    if field.datatype in _STORED_TEXT:
        wide = field.datatype == "unicodeChar"
        texts = [_text(bytes(cell), wide=wide) for cell in cells]
        check_memory(4 * len(texts) * max(map(len, texts), default=0), "its text")
        return Cells(plain(np.ma.masked_array(np.array(texts, dtype=str), gone)))
    if isinstance(cells, list):
        lengths = {len(cell) for cell in cells if cell}
        if len(lengths) > 1:
            return Cells(None)
        length = next(iter(lengths), 0)
        gone = gone | np.array([not cell for cell in cells], dtype=np.bool_)
        cells = np.frombuffer(b"".join(cell or bytes(length) for cell in cells), np.uint8).reshape(len(cells), length)
    shape = shape_of(field)
    if field.datatype == "bit" and shape == Shape((), variable=False):
        return Cells(plain(np.ma.masked_array(cells[:, 0] != 0, gone)))
    if field.datatype not in _STORED or not cells.shape[1]:
        return Cells(None)
    values = np.ascontiguousarray(cells).view(_STORED[field.datatype])
    mask: Any = np.broadcast_to(gone[:, None], values.shape)
    if field.datatype == "boolean":
        true, false = np.isin(values, [*b"Tt1"]), np.isin(values, [*b"Ff0"])
        values, mask = true, mask | ~(true | false)
    elif field.null is not None and is_number(field.null):
        mask = mask | (values == _number(field.null, values.dtype))
    ready = plain(np.ma.masked_array(values, mask))
    return Cells(ready[:, 0] if shape.sizes == () and not shape.variable else _shaped(ready, shape))


def _number(null: str, stored: np.dtype) -> Any:
    if stored.kind == "f":
        return np.asarray(float(null)).astype(stored)
    return int(null) if re.fullmatch(r"[+-]?\d{1,20}", null) else float(null)


def _text(cell: bytes, *, wide: bool) -> str:
    return cell.decode("utf-16-be" if wide else "utf-8", "replace").split("\x00", 1)[0]
