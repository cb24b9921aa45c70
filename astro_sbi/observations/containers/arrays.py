"""Arrays and header values of any origin, brought to what `Table` promises."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from astro_sbi.observations.containers.table import Fact
from astro_sbi.observations.observation import ObservationError

#: Memory that the numbers and text of one file may take.
MAX_MEMORY = 256 * 1024**2

MAX_FACTS = 1000
MAX_FACT_LENGTH = 1000

#: What a column of times that were converted says.
MJD_MEANING = "MJD (JD - 2400000.5)"

_MJD_ZERO = "1858-11-17"
_KINDS = {"c": "complex numbers", "M": "dates", "m": "time spans", "V": "records"}


class NotPlain(ObservationError):
    """An array that is no column of a table; the rest of the file may still be read."""


def plain(values: Any) -> Shaped[np.ndarray, "n ..."]:
    """An array as a table keeps it: native bool, int64, float64 or ``str``; masked numbers are NaN, masked text is empty.

    Whole numbers with gaps, or too large for int64, become float64. Text loses the blanks that pad it.

    Raises:
        NotPlain: if it holds anything else, such as complex numbers or lists of different lengths.
    """
    gone, raw = np.ma.getmaskarray(values), np.asarray(np.ma.getdata(values))
    if raw.dtype.kind == "O":
        raw, absent = _from_objects(raw)
        gone = gone | absent
    kind = raw.dtype.kind
    if kind not in "biufSU":
        raise NotPlain(f"it holds {_KINDS.get(kind, 'neither numbers nor text')}; save it as numbers or text")
    if kind in "SU":
        return np.where(gone, "", _padless(raw))
    some_gone = bool(gone.any())
    if kind == "f" or some_gone or (kind == "u" and raw.size and int(raw.max()) > np.iinfo(np.int64).max):
        numbers = raw.astype(np.float64)
        numbers[gone] = np.nan
        return numbers
    return raw.astype(np.bool_ if kind == "b" else np.int64)


def check_memory(size: int, what: str = "its tables") -> None:
    """Refuse what would take too much memory, before it is read.

    Args:
        size: bytes that it will take, as far as the file's own header tells.
        what: the sentence's subject.

    Raises:
        ObservationError: if that is more than `MAX_MEMORY`.
    """
    if size > MAX_MEMORY:
        claim = f"{size / 1e6:.0f} MB" if size < 1e12 else f"{size / 1e12:.3g} TB"
        raise ObservationError(
            f"{what} would take {claim} of memory and at most {MAX_MEMORY / 1e6:.0f} MB are read; cut the file to the part that matters"
        )


def _padless(raw: Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "n ..."]:
    check_memory(raw.size * raw.dtype.itemsize * (4 if raw.dtype.kind == "S" else 1), "its text")
    text = np.char.decode(raw, "utf-8", "replace") if raw.dtype.kind == "S" else raw
    return np.char.rstrip(text.astype(text.dtype.newbyteorder("=")), " \t\r\n\x00")


def _from_objects(raw: Shaped[np.ndarray, "n ..."]) -> tuple[Shaped[np.ndarray, "n ..."], Bool[np.ndarray, "n ..."]]:
    """Python objects as an array of one type, and which of them stand for nothing."""
    cells = raw.ravel().tolist()
    gone = np.array([cell is None or cell is np.ma.masked for cell in cells], dtype=np.bool_)
    present = [cell for cell, absent in zip(cells, gone, strict=True) if not absent]
    if all(isinstance(cell, str | bytes) for cell in present):
        texts = ["" if absent else as_text(cell) for cell, absent in zip(cells, gone, strict=True)]
        check_memory(4 * len(texts) * max(map(len, texts), default=0), "its text")
        found = np.array(texts, dtype=str)
    elif all(isinstance(cell, Number | Decimal | np.bool_) and not isinstance(cell, complex) for cell in present):
        found = np.array([0 if absent else cell for cell, absent in zip(cells, gone, strict=True)])
        found = found.astype(np.float64) if found.dtype.kind == "O" else found
    else:
        raise NotPlain("it holds neither numbers nor text, or lists of different lengths; save it as numbers or text")
    return found.reshape(raw.shape), gone.reshape(raw.shape)


def as_text(cell: str | bytes) -> str:
    """Text out of bytes, whatever they are."""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def as_mjd(dates: Shaped[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Dates of NumPy as modified Julian days, exact to better than a microsecond; NaN where there is none."""
    days = dates.astype("datetime64[D]")
    return (days - np.datetime64(_MJD_ZERO, "D")) / np.timedelta64(1, "D") + (dates - days) / np.timedelta64(1, "D")


def fact(value: Any) -> Fact | None:
    """A header's value, or None if it is no single number or short text."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bytes):
        return as_text(value).strip().strip("\x00")[:MAX_FACT_LENGTH]
    if isinstance(value, bool | int):
        return value
    return value if isinstance(value, float) and not math.isnan(value) else None


def facts(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> dict[str, Fact]:
    """Those of a header's values that are single numbers or short text, by lower-case key word; of equal ones the first."""
    kept: dict[str, Fact] = {}
    for key, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
        if len(kept) < MAX_FACTS and (found := fact(value)) is not None:
            kept.setdefault(str(key).strip().lower()[:MAX_FACT_LENGTH], found)
    return kept


def distinct(names: Iterable[str], kind: str = "column") -> tuple[str, ...]:
    """Names as the file has them, ``column 1`` where it gives none, with a number behind those that come again."""
    used: dict[str, int] = {}
    found = []
    for index, given in enumerate(names, 1):
        name = given.strip() or f"{kind} {index}"
        while name in used:
            used[given] = used.get(given, 1) + 1
            name = f"{given.strip() or kind} {used[given]}"
        used.setdefault(name, 1)
        found.append(name)
    return tuple(found)
