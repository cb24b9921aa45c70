"""Parquet files whose footers lie, and tables that are no plain ones."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_N = 60
_Case = tuple[str, Content, Expected, str]
_WORDS = "Parquet|damaged|cut|footer"


def parquet(replaced: Mapping[str, Any] | None = None, *, notes: Mapping[str, str] | None = None, **settings: Any) -> bytes:
    """A table of times, fluxes and errors with other columns."""
    usual = {"time": time(_N), "flux": flux(_N), "flux_err": np.full(_N, 1e-3)}
    table = pa.table(usual | dict(replaced or {})).replace_schema_metadata(dict(notes or {}))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **settings)
    return buffer.getvalue()


def _repeated(rows: int, groups: int) -> bytes:
    """Many equal rows in few bytes."""
    values = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([1.0]))
    table = pa.table({"time": values, "flux": values})
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, table.schema) as writer:
        for _ in range(groups):
            writer.write_table(table)
    return buffer.getvalue()


def _footer(length: int) -> bytes:
    """The table with another length of its footer."""
    whole = parquet()
    return whole[:-8] + struct.pack("<I", length % 2**32) + whole[-4:]


def _bytes() -> Iterator[_Case]:
    yield "good.parquet", parquet, "read", ""
    yield "named-csv.csv", parquet, "read", ""
    yield "footer-4-gb.parquet", lambda: _footer(-1), "refused", _WORDS
    yield "footer-2-gb.parquet", lambda: _footer(2**31 - 1), "refused", _WORDS
    yield "footer-longer.parquet", lambda: _footer(len(parquet())), "refused", _WORDS
    yield "footer-zero.parquet", lambda: _footer(0), "refused", _WORDS
    yield "footer-shorter.parquet", lambda: _footer(20), "refused", _WORDS
    yield (
        "footer-noise.parquet",
        lambda: b"PAR1" + np.random.default_rng(6).bytes(2000) + struct.pack("<I", 1500) + b"PAR1",
        "refused",
        _WORDS,
    )
    yield "footer-cut.parquet", lambda: parquet()[:-9], "refused", _WORDS
    yield "pages-missing.parquet", lambda: b"PAR1" + parquet()[-1800:], "refused", _WORDS
    yield (
        "pages-noise.parquet",
        lambda: b"PAR1" + np.random.default_rng(2).bytes(1200) + parquet()[1204:],
        "refused",
        _WORDS + "|rows|column",
    )
    yield "magic-only.parquet", lambda: b"PAR1", "refused", _WORDS
    yield "magic-twice.parquet", lambda: b"PAR1PAR1", "refused", _WORDS
    yield "encrypted.parquet", lambda: b"PARE" + parquet()[4:-4] + b"PARE", "refused", _WORDS + "|encrypt|text|known"
    yield "cut.parquet", lambda: parquet()[:900], "refused", _WORDS


def _tables() -> Iterator[_Case]:
    lists = pa.array([[1.0, 2.0]] * _N)
    records = pa.array([{"a": 1.0, "b": {"c": 2.0}}] * _N)
    deep = pa.array([1.0] * _N)
    for _ in range(60):
        deep = pa.ListArray.from_arrays(pa.array(range(_N + 1), pa.int32()), deep)
    size = "rows|memory|columns"
    yield "rows-three-million.parquet", lambda: _repeated(1_000_000, 3), "refused", size
    yield "rows-20-million.parquet", lambda: _repeated(2_000_000, 10), "refused", size
    yield "columns-2000.parquet", lambda: parquet({f"c{i}": flux(_N) for i in range(2000)}), "refused", "columns"
    yield (
        "rows-none.parquet",
        lambda: parquet({name: pa.array([], pa.float64()) for name in ("time", "flux", "flux_err")}),
        "refused",
        "no rows",
    )
    yield "lists-in-flux.parquet", lambda: parquet({"flux": lists}), "refused", "flux"
    yield "records-in-flux.parquet", lambda: parquet({"flux": records}), "refused", "flux"
    yield "records-beside.parquet", lambda: parquet({"more": records}), "warned", "more"
    yield "lists-60-deep-beside.parquet", lambda: parquet({"more": deep}), "refused", "nested"
    yield "text-in-flux.parquet", lambda: parquet({"flux": ["high"] * _N}), "refused", "flux.*'high'"
    yield "bytes-in-flux.parquet", lambda: parquet({"flux": [b"\xff\x00"] * _N}), "refused", "flux"
    yield "missing-in-flux.parquet", lambda: parquet({"flux": [None, *flux(_N - 1)]}), "warned", "no value"
    yield "missing-all.parquet", lambda: parquet({"flux": pa.nulls(_N)}), "refused", "flux|none of"
    yield "decimals.parquet", lambda: parquet({"flux": pa.array(flux(_N).round(4)).cast(pa.decimal128(30, 20))}), "read", ""
    yield (
        "dates.parquet",
        lambda: parquet({"time": pa.array((time(_N) * 8.64e10).astype("int64")).cast(pa.timestamp("us"))}),
        "read",
        "",
    )
    yield "dates-equal-and-far.parquet", lambda: parquet({"time": pa.array([2**62] * _N).cast(pa.timestamp("us"))}), "refused", "time|date"
    yield (
        "text-10-mb.parquet",
        lambda: parquet({"more": pa.DictionaryArray.from_arrays(pa.array([0] * _N), ["x" * 10_000_000])}),
        "refused",
        "memory",
    )
    yield "names-repeated.parquet", _twice, "refused", "come again"
    notes = {"pandas": "{" * 5000, "object": "<script>alert(1)</script>\n"}
    yield "schema-nonsense.parquet", lambda: parquet(notes={"ARROW:schema": "AAAA"}), "refused", _WORDS
    yield "notes-hostile.parquet", lambda: parquet(notes=notes), "read", ""
    for codec in ("gzip", "zstd", "brotli", "lz4"):
        yield f"codec-{codec}.parquet", lambda codec=codec: parquet(compression=codec), "read", ""


def _twice() -> bytes:
    arrays = [pa.array(values) for values in (time(_N), flux(_N), flux(_N))]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, ["time", "flux", "flux"]), buffer)
    return buffer.getvalue()


def cases(bait: Bait) -> Iterator[Case]:
    """Every Parquet file that is not a plain table."""
    for name, content, expected, words in (*_bytes(), *_tables()):
        yield Case(name, "parquet", content, expected, words)
