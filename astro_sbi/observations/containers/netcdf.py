"""NetCDF in its classic formats CDF-1, CDF-2 and CDF-5 (NetCDF User's Guide, "File Format Specifications").

The header is read here, since every size in it must be held against the file before an array is made, and SciPy does not know CDF-5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped

from astro_sbi.observations.containers import cf
from astro_sbi.observations.containers.arrays import MAX_FACTS, check_memory, facts
from astro_sbi.observations.containers.table import MAX_COLUMNS, Container, Format
from astro_sbi.observations.observation import ObservationError

_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12
_TYPES = {1: "i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: "u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8"}
_STREAMING = {4: 0xFFFFFFFF, 8: 0xFFFFFFFFFFFFFFFF}
_MAX_DIMENSIONS = 1024
_MAX_VARIABLES = 2 * MAX_COLUMNS
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class _Variable:
    """A variable's place in the file; the axis of records counts as the first."""

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    records: bool
    attributes: dict[str, Any]
    dtype: np.dtype
    begin: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a record, or of the whole where there are none."""
        return self.dtype.itemsize * math.prod(self.shape[1:] if self.records else self.shape)


def matches(content: bytes) -> bool:
    """Whether the content starts as a classic NetCDF file does."""
    return content[:3] == b"CDF" and content[3:4] in (b"\x01", b"\x02", b"\x05")


def opened(content: bytes) -> Container:
    """The tables of a classic NetCDF file.

    Raises:
        ObservationError: if it is cut short or damaged, claims more than it holds, or has no arrays to read.
    """
    header = _Header(content)
    variables, attributes = header.variables()
    stride = _record_bytes(variables)
    for variable in variables:
        _check_inside(variable, stride, len(content))
    check_memory(sum(8 * math.prod(variable.shape) for variable in variables))
    words = facts(attributes)
    numeric = {label for variable in variables if variable.dtype.kind != "S" for label in variable.dimensions}
    found = [
        cf.Variable(
            variable.name,
            variable.dimensions,
            variable.shape,
            cf.packing(facts(variable.attributes), variable.attributes),
            partial(_values, content, variable, stride),
            letters=variable.dtype.kind == "S" and (len(variable.shape) > 1 or not numeric.intersection(variable.dimensions)),
            fill=cf.DEFAULT_FILL,
        )
        for variable in variables
    ]
    whole = cf.joined([cf.contents(found, "", words)], words)
    return Container("NetCDF", whole.tables, whole.images, words, whole.warnings)


def _record_bytes(variables: list[_Variable]) -> int:
    """Bytes from one record to the next: those of its variables, each padded to 4 bytes unless it is the only one."""
    sizes = [variable.row_bytes for variable in variables if variable.records]
    return sizes[0] if len(sizes) == 1 else sum(_padded(size) for size in sizes)


def _padded(size: int) -> int:
    return size + -size % 4


def _check_inside(variable: _Variable, stride: int, size: int) -> None:
    """Refuse a variable that claims to reach beyond the end of the file."""
    rows = variable.shape[0] if variable.records else 1
    end = variable.begin + max(rows - 1, 0) * stride + variable.row_bytes if math.prod(variable.shape) else 0
    if end > size:
        claim = f"its header says that the variable {variable.name[:60]} with {' x '.join(map(str, variable.shape))} values"
        raise ObservationError(f"{claim} ends at byte {end}, and the file has {size} bytes: it is cut short or damaged; download it again")


def _values(content: bytes, variable: _Variable, stride: int) -> Shaped[np.ndarray, "*axes"]:
    if not variable.records:
        return np.frombuffer(content, variable.dtype, math.prod(variable.shape), variable.begin).reshape(variable.shape)
    if not math.prod(variable.shape):
        return np.zeros(variable.shape, variable.dtype)
    steps = (stride, *(variable.dtype.itemsize * math.prod(variable.shape[axis + 1 :]) for axis in range(1, len(variable.shape))))
    return np.ndarray(variable.shape, variable.dtype, content, variable.begin, steps)


class _Header:
    """Reads the header from its start to its end, and no further than the file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 4
        version = content[3]
        self.count_bytes = 8 if version == 5 else 4
        self.offset_bytes = 4 if version == 1 else 8
        self.types = _TYPES if version == 5 else {code: kind for code, kind in _TYPES.items() if code <= 6}
        self.rows = self._number(self.count_bytes)

    def variables(self) -> tuple[list[_Variable], dict[str, Any]]:
        """The variables and the attributes of the whole file."""
        dimensions = self._list(_DIMENSION, self._dimension, _MAX_DIMENSIONS)
        attributes = dict(self._list(_ATTRIBUTE, self._attribute, MAX_FACTS))
        variables = self._list(_VARIABLE, partial(self._variable, dimensions), _MAX_VARIABLES)
        streaming = _STREAMING[self.count_bytes]
        if self.rows != streaming:
            return [found(self.rows) for found in variables], attributes
        # A file written as a stream does not say how many records it has: as many as fit.
        empty = [found(0) for found in variables]
        stride, begin = _record_bytes(empty), min((each.begin for each in empty if each.records), default=0)
        return [found((len(self.content) - begin) // stride if stride else 0) for found in variables], attributes

    def _take(self, size: int) -> bytes:
        taken = self.content[self.at : self.at + size]
        if len(taken) != size:
            raise ObservationError("its NetCDF header is cut short or damaged; download the file again")
        self.at += size
        return taken

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _list(self, tag: int, read: Callable[[], _Item], most: int) -> list[_Item]:
        found, count = self._number(4), self._number(self.count_bytes)
        if found not in (0, tag) or (found == 0 and count):
            raise ObservationError("its NetCDF header is damaged; download the file again")
        if count > most:
            raise ObservationError(
                f"its NetCDF header claims {count} entries in one list and at most {most} are read; save what matters alone"
            )
        return [read() for _ in range(count)]

    def _name(self) -> str:
        size = self._number(self.count_bytes)
        return self._take(_padded(size))[:size].decode("utf-8", "replace")

    def _dimension(self) -> tuple[str, int]:
        return self._name(), self._number(self.count_bytes)

    def _type(self) -> np.dtype:
        code = self._number(4)
        if code not in self.types:
            raise ObservationError(f"its NetCDF header names the unknown type {code}; download the file again")
        return np.dtype(self.types[code])

    def _attribute(self) -> tuple[str, Any]:
        name, kind, count = self._name(), self._type(), self._number(self.count_bytes)
        size = kind.itemsize * count
        raw = self._take(_padded(size))[:size]
        return name, raw.decode("utf-8", "replace") if kind.kind == "S" else np.frombuffer(raw, kind)

    def _variable(self, dimensions: list[tuple[str, int]]) -> Callable[[int], _Variable]:
        """A variable, once the number of records is known."""
        name, rank = self._name(), self._number(self.count_bytes)
        if rank > 32:
            raise ObservationError(f"its variable {name[:60]} has {rank} dimensions; save what matters with fewer")
        indices = [self._number(self.count_bytes) for _ in range(rank)]
        if any(index >= len(dimensions) for index in indices):
            raise ObservationError(f"its variable {name[:60]} names a dimension that does not exist; download the file again")
        attributes, kind = dict(self._list(_ATTRIBUTE, self._attribute, MAX_FACTS)), self._type()
        self._number(self.count_bytes)
        begin = self._number(self.offset_bytes)
        labels, sizes = tuple(dimensions[i][0] for i in indices), tuple(dimensions[i][1] for i in indices)
        records = bool(sizes) and sizes[0] == 0

        def placed(rows: int) -> _Variable:
            return _Variable(name, labels, (rows, *sizes[1:]) if records else sizes, records, attributes, kind, begin)

        return placed


FORMAT = Format("NetCDF", matches, opened)
