"""FITS: binary and ASCII tables and images, read by astropy after the layout is checked."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from typing import Any

import numpy as np
from astropy.io import fits

from astro_sbi.observations.containers.arrays import distinct, plain
from astro_sbi.observations.containers.fits_layout import MAX_UNITS, Header, fits_headers, is_fits
from astro_sbi.observations.containers.table import Column, Container, Fact, Format, Image, Table

_MOST_PIXELS = 8_000_000
# Logical, bytes, integers, text and floats; bits, complex numbers and variable lengths are no measurements.
_READABLE = re.compile(r"\s*(\d*)[LBIJKAED]\s*$|[AIFED]\d+(\.\d+)?\s*$")


def _facts(header: Header) -> dict[str, Fact]:
    return {key.lower(): value for key, value in header.items() if key and isinstance(value, str | int | float)}


def _values(unit: Any, header: Header, index: int) -> np.ndarray:
    """A column in plain numbers; the integer that stands for nothing becomes NaN."""
    values, null = np.asarray(unit.data.field(index)), header.get(f"TNULL{index + 1}")
    if isinstance(null, int) and values.dtype.kind in "iu":
        values = np.ma.masked_equal(values, null)
    return plain(values)


def _names(unit: Any, header: Header) -> tuple[tuple[str, ...], list[str]]:
    """Names of columns, numbered where they come again (astropy does not read those), and which do.

    Upper and lower case are the same in FITS.
    """
    given = [str(header.get(f"TTYPE{index + 1}", "")).strip() for index in range(header.get("TFIELDS", 0))]
    names = distinct(given)
    lower = [name.lower() for name in given]
    repeated = [name for index, name in enumerate(given) if name and name.lower() in lower[:index]]
    for index, name in enumerate(names):
        if name != given[index] and given[index]:
            unit.header[f"TTYPE{index + 1}"] = name
    return names, repeated


def _meaning(header: Header, number: int) -> str:
    """What the header says about a column: its UCD, its place in IVOA's model of spectra, and a comment."""
    said = (str(header.get(f"{key}{number}", "")).strip() for key in ("TUCD", "TUTYP", "TCOMM"))
    return " ".join(filter(None, said))[:200]


def _table(unit: Any, header: Header) -> tuple[Table, list[str], list[str]]:
    """What can be read of a table, the names of the columns that cannot, and the names that come again."""
    columns, arrays, left_out = [], [], []
    names, repeated = _names(unit, header)
    for index, name in enumerate(names):
        form = str(header.get(f"TFORM{index + 1}", ""))
        values = _values(unit, header, index) if _READABLE.match(form) and not form.strip().startswith("0") else None
        if values is None or values.ndim > 2:
            left_out.append(name)
            continue
        text = str(header.get(f"TUNIT{index + 1}", "")).strip()
        columns.append(Column(name, text or None, _meaning(header, index + 1)))
        arrays.append(values)
    return Table(tuple(columns), tuple(arrays), str(header.get("EXTNAME", "")).strip(), _facts(header)), left_out, repeated


def _image(unit: Any, header: Header) -> Image:
    return Image(str(header.get("EXTNAME", "")).strip(), np.asarray(unit.data, dtype=np.float64), _facts(header))


def _pixels(header: Header) -> int:
    return int(np.prod([header.get(f"NAXIS{i + 1}", 0) for i in range(header.get("NAXIS", 0))], dtype=float)) if header.get("NAXIS") else 0


def _opened(content: bytes) -> Container:
    headers = fits_headers(content)
    tables, images, left_out, repeated, large = [], [], [], [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(BytesIO(content), memmap=False, lazy_load_hdus=True) as units:
            for index, header in enumerate(headers):
                if header.get("XTENSION") in ("BINTABLE", "TABLE"):
                    table, unread, again = _table(units[index], header)
                    tables += [table] * bool(table.columns)
                    left_out += unread
                    repeated += again
                elif header.get("XTENSION", "IMAGE") != "IMAGE":
                    left_out.append(f"extension of type {str(header['XTENSION'])[:20]}")
                elif 0 < _pixels(header) <= _MOST_PIXELS and header.get("GROUPS") is not True:
                    images.append(_image(units[index], header))
                else:
                    large += _pixels(header) > 0
    sentences = [f"{large} large image{'s were' if large > 1 else ' was'} not read"] * (large > 0)
    if len(headers) == MAX_UNITS:
        sentences.append(f"only the first {MAX_UNITS} parts of the FITS file were read")
    if repeated:
        sentences.append(f"several columns are called {', '.join(repeated[:4])}: the first of each counts")
    if left_out:
        sentences.append(f"columns of variable length, bits or complex numbers were not read: {', '.join(left_out[:8])}")
    return Container(FORMAT.name, tuple(tables), tuple(images), _facts(headers[0]), tuple(sentences))


FORMAT = Format("FITS", is_fits, _opened)
