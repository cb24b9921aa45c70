"""Groups and arrays of HDF5 as tables; nothing that lies in another file is followed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import h5py
import numpy as np
from jaxtyping import Shaped

from astro_sbi.observations.containers import cf
from astro_sbi.observations.containers.arrays import MAX_FACTS, NotPlain, check_memory, facts, plain
from astro_sbi.observations.containers.astropy_layout import Found, described, restored
from astro_sbi.observations.containers.pandas_hdf5 import pandas_frame
from astro_sbi.observations.containers.table import MAX_COLUMNS, Column, Container, Fact
from astro_sbi.observations.observation import ObservationError

MAX_OBJECTS = 2000
MAX_DEPTH = 16

_COLUMN_HEADER = ".__table_column_meta__"
# gzip, shuffle, Fletcher's checksum, szip and LZF; others would load code from elsewhere.
_FILTERS = (1, 2, 3, 4, 32000)
_TEXT_ROWS = 1000


@dataclass(frozen=True)
class _Found:
    """A dataset whose values lie in the file itself, and the path of its group."""

    group: str
    name: str
    dataset: h5py.Dataset


def container(content: bytes) -> Container:
    """All that an HDF5 file holds.

    Raises:
        ObservationError: if it refers to other files, claims too much or holds no table; h5py's own errors if it is damaged.
    """
    with h5py.File(BytesIO(content), "r") as file:
        return _container(file)


def arrays(content: bytes, names: Collection[str]) -> dict[str, Any]:
    """The arrays outside of all groups that have these names, as they are.

    Raises:
        ObservationError: if the file refers to others or claims too much; h5py's own errors if it is damaged.
    """
    with h5py.File(BytesIO(content), "r") as file:
        walked = _walked(file, "", [], {h5py.h5o.get_info(file.id).addr})
        found = [each for each in walked if not each.group and each.name in names]
        check_memory(sum(_claim(each) for each in found))
        return {each.name: _values(each.dataset) for each in found if each.dataset.shape is not None}


def _container(file: h5py.File) -> Container:
    links: list[str] = []
    found = list(_walked(file, "", links, {h5py.h5o.get_info(file.id).addr}))
    check_memory(sum(_claim(each) for each in found))
    netcdf = "_NCProperties" in file.attrs or any("DIMENSION_LIST" in each.dataset.attrs for each in found)
    header = facts(_attributes(file))
    groups = [_group(file, path, [each for each in found if each.group == path]) for path in dict.fromkeys(each.group for each in found)]
    whole = cf.joined(groups, header)
    warnings = list(whole.warnings)
    if links:
        warnings.append(f"links to other places of the file are not followed: {', '.join(name[:60] for name in links[:10])}")
    return Container("NetCDF-4" if netcdf else "HDF5", whole.tables, whole.images, header, tuple(warnings))


def _walked(group: h5py.Group, path: str, links: list[str], seen: set[Any]) -> Iterator[_Found]:
    """Every dataset under a group, once, by hard links alone."""
    if path.count("/") >= MAX_DEPTH:
        raise ObservationError(f"its groups are nested more than {MAX_DEPTH} deep; save the table alone")
    for name in group:
        where = f"{path}/{name}".lstrip("/")
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise ObservationError(
                f"its entry {where[:60]} is an external link to another file, which is never followed; save the values inside"
            )
        if not isinstance(link, h5py.HardLink):
            links.append(where)
            continue
        if len(seen) >= MAX_OBJECTS:
            raise ObservationError(f"it holds more than {MAX_OBJECTS} groups and arrays; save the table that matters alone")
        entry = group[name]
        address = h5py.h5o.get_info(entry.id).addr
        if address in seen:
            continue
        seen.add(address)
        if isinstance(entry, h5py.Group):
            yield from _walked(entry, where, links, seen)
        elif isinstance(entry, h5py.Dataset):
            check_inside(entry, where)
            yield _Found(path, name, entry)


def check_inside(dataset: h5py.Dataset, where: str) -> None:
    """Refuse values that lie outside the file or need code from outside."""
    layout = dataset.id.get_create_plist()
    if layout.get_external_count():
        raise ObservationError(
            f"its array {where[:60]} has external storage: the values lie in another file, which is never read; save them inside"
        )
    if layout.get_layout() == h5py.h5d.VIRTUAL:
        raise ObservationError(
            f"its array {where[:60]} is a virtual dataset made of other files, which are never read; save the values inside"
        )
    for number in range(layout.get_nfilters()):
        code, _, _, name = layout.get_filter(number)
        if code not in _FILTERS:
            what = name.decode("utf-8", "replace").split(";")[0][:30] or f"number {code}"
            raise ObservationError(f"its array {where[:60]} is compressed with {what}, which is not read; save it with gzip")
    if layout.get_layout() == h5py.h5d.CHUNKED:
        check_memory(math.prod(layout.get_chunk()) * dataset.dtype.itemsize, f"one piece of its array {where[:60]}")


def _claim(found: _Found) -> int:
    """Bytes that an array takes as a table keeps it."""
    shape, kind = found.dataset.shape, found.dataset.dtype
    return 0 if shape is None else math.prod(shape) * max(kind.itemsize, 8)


def _attributes(entry: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Attributes that are single numbers or short text; no others are read."""
    kept = {}
    for number, name in enumerate(entry.attrs):
        if number >= MAX_FACTS:
            break
        attribute = entry.attrs.get_id(name)
        shape, kind = attribute.shape, attribute.dtype
        text = h5py.check_string_dtype(kind) is not None
        if shape is not None and math.prod(shape) == 1 and kind.itemsize <= 65536 and (text or kind.kind in "biufSU"):
            kept[name] = entry.attrs[name]
    return kept


def _group(file: h5py.File, path: str, found: list[_Found]) -> cf.Contents:
    """What the datasets of one group give."""
    attributes = facts(_attributes(file[path] if path else file))
    if "pandas_type" in attributes:
        frame = pandas_frame({each.name: each.dataset for each in found}, path, attributes)
        if frame is not None:
            return frame
    headers = {each.name.removesuffix(_COLUMN_HEADER): each.dataset for each in found if each.name.endswith(_COLUMN_HEADER)}
    found = [each for each in found if not each.name.endswith(_COLUMN_HEADER) and each.dataset.shape is not None]
    records = [each for each in found if each.dataset.dtype.names and each.dataset.ndim == 1]
    rest = [each for each in found if each not in records]
    numeric = {label for each in rest if each.dataset.dtype.kind in "biuf" for label in _labels(file, each.dataset)}
    groups = [_records(each, headers.get(each.name), attributes) for each in records]
    groups.append(cf.contents([_variable(file, each, numeric) for each in rest], path, attributes))
    return cf.Contents(
        tuple(table for group in groups for table in group.tables),
        groups[-1].images,
        groups[-1].facts,
        tuple(name for group in groups for name in group.left_out),
    )


def _labels(file: h5py.File, dataset: h5py.Dataset) -> tuple[str, ...]:
    """Names of the dimensions of NetCDF-4, which each axis refers to; their lengths elsewhere."""
    shape = dataset.shape or ()
    try:
        lists = dataset.attrs.get("DIMENSION_LIST", ())
        named = tuple(str(file[refers[0]].name).lstrip("/") for refers in lists)
    except (OSError, RuntimeError, KeyError, ValueError, IndexError, TypeError):
        named = ()
    if not named and str(_attributes(dataset).get("CLASS", "")).strip("b'") == "DIMENSION_SCALE" and len(shape) == 1:
        named = (str(dataset.name).lstrip("/"),)
    return named if len(named) == len(shape) else tuple(f"{size} rows" for size in shape)


def _variable(file: h5py.File, found: _Found, numeric: set[str]) -> cf.Variable:
    dataset, labels = found.dataset, _labels(file, found.dataset)
    single = dataset.dtype.kind == "S" and dataset.dtype.itemsize == 1 and "DIMENSION_LIST" in dataset.attrs
    letters = single and (len(labels) > 1 or not numeric.intersection(labels))
    fill = cf.DEFAULT_FILL if "_NCProperties" in file.attrs else None
    said = cf.packing(facts(_attributes(dataset)), dataset.attrs)
    return cf.Variable(found.name, labels, dataset.shape, said, partial(_values, dataset), letters=letters, fill=fill)


def _values(dataset: h5py.Dataset) -> Any:
    """The values of an array, text of any length among them."""
    text = h5py.check_string_dtype(dataset.dtype)
    if text is not None and text.length is None:
        return _in_pieces(dataset) if dataset.ndim else np.array(dataset[()], dtype=object)
    if dataset.dtype.kind == "O" or h5py.check_ref_dtype(dataset.dtype) is not None:
        raise NotPlain("it holds references or lists of different lengths")
    return dataset[()]


def _in_pieces(dataset: h5py.Dataset) -> Shaped[np.ndarray, "n ..."]:
    """Values with text of any length piece by piece, since a few bytes of a file can stand for much of it."""
    pieces, size = [], 0
    for start in range(0, len(dataset), _TEXT_ROWS):
        piece = dataset[start : start + _TEXT_ROWS]
        columns = [piece[name] for name in piece.dtype.names] if piece.dtype.names else [piece]
        cells = [cell for column in columns if column.dtype.kind == "O" for cell in column.ravel().tolist()]
        size += sum(len(cell) for cell in cells if isinstance(cell, bytes | str))
        check_memory(4 * size, "its text")
        pieces.append(piece)
    return np.concatenate(pieces) if pieces else dataset[()]


def _records(found: _Found, header: h5py.Dataset | None, attributes: dict[str, Fact]) -> cf.Contents:
    """An array of records as a table; astropy's description of the columns goes with it."""
    dataset, left_out = found.dataset, []
    names = dataset.dtype.names or ()
    if len(names) > MAX_COLUMNS:
        raise ObservationError(f"its array {found.name[:60]} has more than {MAX_COLUMNS} columns; save those that matter alone")
    said = described(_lines(header))
    kinds = [dataset.dtype[name] for name in names]
    readable = [name for name, kind in zip(names, kinds, strict=True) if kind.kind != "O" or h5py.check_string_dtype(kind) is not None]
    left_out.extend(f"{found.name}/{name}" for name in names if name not in readable)
    long_text = any(kind.kind == "O" for kind in kinds)
    whole = _in_pieces(dataset) if long_text else dataset[()]
    columns: list[Found] = []
    for name in readable:
        try:
            columns.append((Column(name), plain(whole[name])))
        except NotPlain:
            left_out.append(f"{found.name}/{name}")
    columns = restored(columns, said)
    words = facts({**facts(_attributes(dataset)), **attributes})
    path = "/".join(filter(None, (found.group, found.name)))
    return cf.Contents((cf.table_of(columns, path, words),) if columns else (), left_out=tuple(left_out))


def _lines(header: h5py.Dataset | None) -> str:
    if header is None or header.ndim != 1 or header.dtype.kind != "S":
        return ""
    return "\n".join(np.char.decode(header[()], "utf-8", "replace").tolist())
