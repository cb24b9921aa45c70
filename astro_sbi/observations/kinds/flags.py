"""Rows that a file itself calls bad, whatever way it says so."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64

from astro_sbi.observations.containers.table import Fact, Table
from astro_sbi.observations.kinds.names import plain, plain_names

#: An unsigned flag that lost its offset counts from here.
_OFFSET = -(2.0**31)
_GOOD = ("g", "good", "ok", "0", "", "a", "b+", "pass", "passed", "false", "f", "n", "no", "none", "v", "z")
_BAD = ("b", "bad", "d", "fail", "failed", "true", "t", "y", "yes", "1", "x", "u", "poor", "rejected")
#: Columns in which true means that a row may be used.
_USABLE = re.compile(r"(good|valid|ok|use|used|usable|drsqc)$")
#: Of the bits of ZTF's science images those that spoil a measurement (ZTF forced photometry user guide, infobitssci).
_ZTF_SPOILT = 33_554_432
#: Events of CHEOPS that spoil nothing: none, and a warning about the target's place.
_CHEOPS_HARMLESS = (0.0, 100.0)


def flagged(table: Table, index: int | None) -> tuple[Bool[np.ndarray, " n"] | None, tuple[str, ...]]:
    """Rows that their quality calls bad, None where nothing says so, and a sentence where the flags were not believed.

    Args:
        table: that holds the column; its header tells which flags matter.
        index: of the column of flags, None if there is none.
    """
    if index is None or table.values[index].ndim != 1:
        return None, ()
    name, values = plain(table.columns[index].name), table.values[index]
    bad = _told(table.text(index), name) if values.dtype.kind in "Ub" else _numbered(table, index)
    if bad is None:
        return None, ()
    if "event" in plain_names(table) and name == "status":
        bad = bad | ~np.isin(np.nan_to_num(table.numbers(plain_names(table).index("event"))), _CHEOPS_HARMLESS)
    if len(bad) and bad.all():
        return None, (f"every row has its flag {table.columns[index].name[:30]} set: the flags were left aside",)
    return bad, ()


def _told(cells: list[str], name: str) -> Bool[np.ndarray, " n"] | None:
    """Of words such as G and B, or True and False; None where some other word stands there."""
    lower = [cell.lower() for cell in cells]
    if _USABLE.search(name):
        return np.array([cell in ("false", "f", "n", "no", "0", "bad") for cell in lower])
    if not set(lower) <= {*_GOOD, *_BAD, "c"}:
        return None
    letters = set(lower) <= {"a", "b", "c", "d", ""}
    return np.array([cell == "d" if letters and {"a", "c", "d"} & set(lower) else cell in _BAD for cell in lower])


def _numbered(table: Table, index: int) -> Bool[np.ndarray, " n"]:
    """Of numbers: any flag counts, unless the header or the layout says which do."""
    flags, name = table.numbers(index), plain(table.columns[index].name)
    flags = np.nan_to_num(np.where(len(flags) and np.nanmin(flags, initial=0.0) == _OFFSET, flags - _OFFSET, flags))
    if _USABLE.search(name):
        return flags == 0
    if name == "infobitssci":
        return flags >= _ZTF_SPOILT
    return spoilt(flags, table.facts)


def spoilt(flags: Float64[np.ndarray, " n"], facts: Mapping[str, Fact]) -> Bool[np.ndarray, " n"]:
    """Pixels or rows whose flags count.

    Hubble's headers say which bits are serious (SDQFLAGS; STIS and COS data handbooks). Webb's flags mostly explain: there only
    "do not use", the first bit, is bad (JWST pipeline, data quality flags).
    """
    telescope, serious = str(facts.get("telescop", "")).strip().upper(), facts.get("sdqflags")
    if telescope == "JWST":
        return flags % 2 == 1
    if telescope == "HST" and isinstance(serious, int) and serious > 0:
        return (np.clip(flags, -(2.0**31), 2.0**31).astype(np.int64) & serious) != 0
    return flags != 0
