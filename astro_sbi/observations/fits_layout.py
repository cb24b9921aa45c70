"""The layout of a FITS file checked against its size before astropy allocates anything."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from astropy.io import fits

from astro_sbi.observations.observation import ObservationError

_BLOCK = 2880
_CARD = 80
_MAX_HEADER_BLOCKS = 1000
_MAX_UNITS = 100
_MAX_FIELDS = 999
_DAMAGED = "; download the file again"

Header = dict[str, Any]


def is_fits(content: bytes) -> bool:
    """Whether the first card is that of a FITS file."""
    return content.startswith(b"SIMPLE  =")


def _card_value(card: bytes) -> Any:
    text = card[10:].decode("ascii", "replace").strip()
    if text.startswith("'"):
        return text[1:].split("'", 1)[0].rstrip()
    text = text.split("/", 1)[0].strip()
    if text in ("T", "F"):
        return text == "T"
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text.replace("D", "E"))
    except ValueError:
        return text


def _header_at(content: bytes, start: int) -> tuple[Header, int]:
    """Cards of the header that starts there, and where its data start."""
    header: Header = {}
    for block in range(_MAX_HEADER_BLOCKS):
        begin = start + block * _BLOCK
        chunk = content[begin : begin + _BLOCK]
        if len(chunk) < _BLOCK:
            raise ObservationError("the FITS file ends in the middle of a header" + _DAMAGED)
        for offset in range(0, _BLOCK, _CARD):
            card = chunk[offset : offset + _CARD]
            keyword = card[:8].decode("ascii", "replace").rstrip()
            if keyword == "END":
                return header, begin + _BLOCK
            if card[8:10] == b"= ":
                header.setdefault(keyword, _card_value(card))
    raise ObservationError("a FITS header has no END" + _DAMAGED)


def _whole(header: Header, keyword: str, default: int | None = None, low: int = 0, high: int = 2**40) -> int:
    value = header.get(keyword, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ObservationError(
            f"a FITS header has {keyword} = {str(value)[:30]}, which is not a whole number of at least {low} and at most {high}" + _DAMAGED
        )
    return value


def _data_bytes(header: Header) -> int:
    axes = [_whole(header, f"NAXIS{i + 1}") for i in range(_whole(header, "NAXIS", high=_MAX_FIELDS))]
    _whole(header, "TFIELDS", 0, high=_MAX_FIELDS)
    if header.get("ZIMAGE") is True:
        raise ObservationError("it is a compressed FITS image, not a table of measurements; give a light curve or a spectrum")
    if not axes:
        return 0
    size = abs(_whole(header, "BITPIX", low=-64, high=64)) // 8
    elements = 1
    for length in axes[1:] if header.get("GROUPS") is True and axes[0] == 0 else axes:
        elements *= length
    return size * _whole(header, "GCOUNT", 1) * (_whole(header, "PCOUNT", 0) + elements)


def fits_headers(content: bytes) -> list[Header]:
    """The headers of a FITS file, its first value for each keyword.

    Raises:
        ObservationError: if a header is broken or claims more data than the file holds.
    """
    headers: list[Header] = []
    start = 0
    while start < len(content) and len(headers) < _MAX_UNITS:
        if headers and content[start : start + 8] != b"XTENSION":
            break
        header, begin = _header_at(content, start)
        size = _data_bytes(header)
        if begin + size > len(content):
            missing = begin + size - len(content)
            raise ObservationError(f"the FITS file is cut short: its header claims {missing:,} bytes more than there are" + _DAMAGED)
        headers.append(header)
        start = begin + -(-size // _BLOCK) * _BLOCK
    return headers


@contextmanager
def opened(content: bytes) -> Iterator[fits.HDUList]:
    """A checked FITS file, opened in memory with astropy's warnings about its formalities silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(BytesIO(content), memmap=False, lazy_load_hdus=True) as units:
            yield units


def table_position(headers: list[Header], columns: Iterable[str]) -> int | None:
    """Index of the first binary table that has all the columns (upper case), or None."""
    wanted = set(columns)
    for index, header in enumerate(headers):
        if header.get("XTENSION") == "BINTABLE" and wanted <= column_names(header):
            return index
    return None


def column_names(header: Header) -> set[str]:
    """Upper-case names of a table's columns."""
    fields = header.get("TFIELDS", 0)
    return {str(header.get(f"TTYPE{i + 1}", "")).strip().upper() for i in range(fields if isinstance(fields, int) else 0)}


def numbers(table: fits.FITS_rec, column: str) -> np.ndarray:
    """A table's column as native float64, one number a row.

    Raises:
        ObservationError: if it holds text or several numbers a row.
    """
    values = np.asarray(table[column])
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise ObservationError(f"the column {column} does not hold one number a row")
    return values.astype(np.float64)
