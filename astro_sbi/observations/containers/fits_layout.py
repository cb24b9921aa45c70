"""The layout of a FITS file checked against its size before astropy allocates anything."""

from __future__ import annotations

import math
import re
from typing import Any

from astro_sbi.observations.observation import ObservationError

_BLOCK = 2880
_CARD = 80
_MAX_HEADER_BLOCKS = 1000
#: Further ones are not read.
MAX_UNITS = 100
_MAX_FIELDS = 999
_DAMAGED = "; download the file again"
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FORM = re.compile(r"\s*(\d{0,9})([LXBIJKAEDCMPQ]).*")
# Bytes of one value of each type; bits are counted in bytes.
_BYTES = {"L": 1, "X": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
_TEXT_FORM = re.compile(r"\s*[AIFED](\d{1,9})(?:\.\d{1,9})?\s*")

Header = dict[str, Any]


def is_fits(content: bytes) -> bool:
    """Whether the first card is that of a FITS file."""
    return content.startswith(b"SIMPLE  =")


def _card_value(card: bytes) -> Any:
    text = card[10:].decode("ascii", "replace").strip()
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted[1].replace("''", "'").rstrip()
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
    if header["BITPIX"] not in (8, 16, 32, 64, -32, -64):
        raise ObservationError(f"a FITS header has BITPIX = {header['BITPIX']}, which is no type of numbers" + _DAMAGED)
    elements = 1
    for length in axes[1:] if header.get("GROUPS") is True and axes[0] == 0 else axes:
        elements *= length
    return size * _whole(header, "GCOUNT", 1) * (_whole(header, "PCOUNT", 0) + elements)


def _field_end(header: Header, number: int) -> int:
    """Bytes of a row up to the end of a field (ASCII tables) or that a field takes (binary ones)."""
    form = str(header.get(f"TFORM{number}", "nothing"))
    if header["XTENSION"] == "TABLE":
        match = _TEXT_FORM.fullmatch(form)
        end = _whole(header, f"TBCOL{number}", low=1) - 1 + int(match[1]) if match else 0
        known = match is not None and end <= header["NAXIS1"]
    else:
        match = _FORM.fullmatch(form)
        count, kind = (int(match[1] or 1), match[2]) if match else (0, "")
        end = -(-count // 8) if kind == "X" else count * _BYTES.get(kind, 0)
        known = match is not None
    if not known:
        name = str(header.get(f"TTYPE{number}", "without a name"))[:30]
        raise ObservationError(f"the column {name} of a FITS table has TFORM{number} = {form[:30]}, which does not fit its rows" + _DAMAGED)
    return end


def _check_fields(header: Header) -> None:
    """Refuse a table whose columns do not fit its rows, or whose scales are no numbers."""
    if header.get("XTENSION") not in ("BINTABLE", "TABLE"):
        return
    if header["BITPIX"] != 8 or header["NAXIS"] != 2:
        raise ObservationError("a FITS table has another BITPIX than 8 or another NAXIS than 2" + _DAMAGED)
    numbers = range(1, header.get("TFIELDS", 0) + 1)
    ends = [_field_end(header, number) for number in numbers]
    if header["XTENSION"] == "BINTABLE" and sum(ends) != header["NAXIS1"]:
        widths = f"the columns of a FITS table take {sum(ends):,} bytes a row (TFORM) and its rows have NAXIS1 = {header['NAXIS1']:,}"
        raise ObservationError(widths + _DAMAGED)
    for keyword in (f"{word}{number}" for number in numbers for word in ("TSCAL", "TZERO")):
        value = header.get(keyword, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ObservationError(f"a FITS header has {keyword} = {str(value)[:30]}, which is not a number" + _DAMAGED)


def fits_headers(content: bytes) -> list[Header]:
    """The headers of a FITS file, its first value for each keyword.

    Raises:
        ObservationError: if a header is broken or claims more data than the file holds.
    """
    headers: list[Header] = []
    start = 0
    while start < len(content) and len(headers) < MAX_UNITS:
        if headers and content[start : start + 8] != b"XTENSION":
            break
        header, begin = _header_at(content, start)
        size = _data_bytes(header)
        _check_fields(header)
        if begin + size > len(content):
            missing = begin + size - len(content)
            raise ObservationError(f"the FITS file is cut short: its header claims {missing:,} bytes more than there are" + _DAMAGED)
        headers.append(header)
        start = begin + -(-size // _BLOCK) * _BLOCK
    return headers
