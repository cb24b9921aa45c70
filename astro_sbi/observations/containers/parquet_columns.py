"""Columns of Parquet, read by pyarrow after the footer is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from astro_sbi.observations.containers.arrays import MJD_MEANING, NotPlain, as_mjd, check_memory, facts, plain
from astro_sbi.observations.containers.astropy_layout import Found, described, restored
from astro_sbi.observations.containers.cf import table_of
from astro_sbi.observations.containers.table import MAX_COLUMNS, MAX_ROWS, Column, Container
from astro_sbi.observations.observation import ObservationError

_MAX_GROUPS = 10_000
_BATCH_ROWS = 65_536
_MAX_TEXT, _MAX_LIST = 8 * 1024**2, 100_000
_UNITS, _MEANINGS = (b"unit", b"units"), (b"description", b"long_name", b"comment")
# Descriptions that programs keep for themselves.
_PRIVATE = (b"ARROW:schema", b"pandas", b"table_meta_yaml", b"table::")


def container(content: bytes) -> Container:
    """The table of a Parquet file whose two ends are in order.

    Raises:
        ObservationError: if it claims too much or has no column to read; an OSError or KeyError if it is damaged.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content), thrift_string_size_limit=_MAX_TEXT, thrift_container_size_limit=_MAX_LIST)
        _check_claims(file.metadata)
        names = _readable(file.schema_arrow)
        left_out = [name for name in dict.fromkeys(file.schema_arrow.names) if name not in names]
        words = [name for name in names if _is_text(file.schema_arrow.field(name).type)]
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=words, pre_buffer=False, page_checksum_verification=True)
        return _container(_batches(file, names), left_out)
    except pa.ArrowException as error:
        raise OSError(str(error)) from None


def _check_claims(footer: pq.FileMetaData) -> None:
    """Refuse a footer that claims more than is read, or that does not agree with itself."""
    rows, width, groups = footer.num_rows, footer.num_columns, footer.num_row_groups
    if not 0 <= rows <= MAX_ROWS or width > MAX_COLUMNS or groups > _MAX_GROUPS:
        what = f"{rows} rows, {width} columns and {groups} row groups"
        raise ObservationError(
            f"its footer claims {what}, and at most {MAX_ROWS} rows and {MAX_COLUMNS} columns are read; cut it to the part that matters"
        )
    check_memory(8 * rows * width, "its table")
    # What the footer says about single chunks is not asked for: where that is damaged, pyarrow ends the whole process.
    pieces = [footer.row_group(group) for group in range(groups)]
    if sum(piece.num_rows for piece in pieces) != rows or any(min(piece.num_rows, piece.total_byte_size) < 0 for piece in pieces):
        raise ObservationError("its footer does not agree with itself about the number of rows; write the file again")
    check_memory(sum(piece.total_byte_size for piece in pieces), "its table")


def _batches(file: pq.ParquetFile, names: list[str]) -> pa.Table:
    """The columns, read piece by piece since the true size shows only then."""
    found, size = [], 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
        size += sum(_size(column) for column in batch.columns)
        check_memory(size, "its table")
        found.append(batch)
    if sum(batch.num_rows for batch in found) != file.metadata.num_rows:
        raise ObservationError("it holds fewer rows than its footer says; download the file again")
    return pa.Table.from_batches(found) if found else file.schema_arrow.empty_table().select(names)


def _size(column: pa.Array) -> int:
    """Bytes of a column when each row has its own text."""
    if not (pa.types.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return column.nbytes
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
    return column.indices.nbytes + (pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _readable(schema: pa.Schema) -> list[str]:
    """Names of the columns of plain values; lists, records and names that come again are no table's."""
    names = [name for name in schema.names if schema.names.count(name) == 1 and _is_plain(schema.field(name).type)]
    if not names:
        raise ObservationError("none of its columns holds plain numbers, text or times; save the table with such columns")
    return names


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    known = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_timestamp, pa.types.is_date)
    return _is_text(kind) or any(is_kind(kind) for is_kind in known)


def _container(read: pa.Table, left_out: list[str]) -> Container:
    said = {key: value for key, value in (read.schema.metadata or {}).items() if len(value) <= _MAX_TEXT}
    columns: list[Found] = []
    for field, values in zip(read.schema, read.columns, strict=True):
        try:
            columns.append(_column(field, values))
        except NotPlain:
            left_out.append(field.name)
    if not columns:
        raise ObservationError("none of its columns holds plain numbers, text or times; save the table with such columns")
    names = _index_names(said.get(b"pandas", b""))
    columns = [(Column(names.get(column.name, column.name), column.unit, column.meaning), values) for column, values in columns]
    columns = restored(columns, described(said.get(b"table_meta_yaml", b"").decode("utf-8", "replace")))
    words = facts((key.decode("utf-8", "replace"), value) for key, value in said.items() if not key.startswith(_PRIVATE))
    kinds = "lists, records, names that come again"
    what = f"columns of a kind that is not read ({kinds}) are left out: {', '.join(name[:30] for name in left_out[:10])}"
    return Container("Parquet", (table_of(columns, "", words),), facts=words, warnings=(what,) if left_out else ())


def _column(field: pa.Field, values: pa.ChunkedArray) -> Found:
    """A column in plain values; the field's own description gives its unit."""
    said: Mapping[bytes, bytes] = field.metadata or {}
    unit, meaning = _first(said, _UNITS), _first(said, _MEANINGS) or ""
    array = values.unify_dictionaries().combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = _undone(array)
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Column(field.name, "d", "; ".join(filter(None, (meaning, MJD_MEANING)))), _dates(array)
    return Column(field.name, unit, meaning), plain(np.ma.masked_array(_numpy(array), np.asarray(array.is_null())))


def _undone(array: pa.DictionaryArray) -> pa.Array:
    """A column that names each text once, with the text in every row, if that is not too much."""
    if _is_text(array.dictionary.type):
        longest = pc.max(pc.binary_length(array.dictionary)).as_py() or 0
        check_memory(4 * longest * len(array), "its text")
    return array.dictionary_decode()


def _numpy(array: pa.Array) -> np.ndarray:
    """Values with a zero, or empty text, where there is none."""
    if _is_text(array.type):
        return np.array(["" if cell is None else cell for cell in _decoded(array)], dtype=str)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64(), safe=False)
    filled = pc.fill_null(array, pa.scalar(False if pa.types.is_boolean(array.type) else 0, type=array.type)) if array.null_count else array
    return filled.to_numpy(zero_copy_only=False)


def _decoded(array: pa.Array) -> list[str | None]:
    cells = array.to_pylist()
    return [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in cells]


def _dates(array: pa.Array) -> np.ndarray:
    whole = array.cast(pa.timestamp("ms")) if pa.types.is_date(array.type) else array
    unit, missing = whole.type.unit, np.asarray(whole.is_null())
    numbers = pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return np.where(missing, np.nan, as_mjd(numbers.view(f"datetime64[{unit}]")))


def _first(said: Mapping[bytes, bytes], keys: tuple[bytes, ...]) -> str | None:
    text = next((said[key] for key in keys if said.get(key)), b"").decode("utf-8", "replace")
    return " ".join(text[:200].split()) or None


def _index_names(pandas: bytes) -> dict[str, str]:
    """What pandas calls the columns that hold a table's index."""
    try:
        columns = json.loads(pandas)["columns"]
        named = {str(column["field_name"]): str(column["name"] or "index") for column in columns}
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {field: name for field, name in named.items() if field.startswith("__index_level_")}
