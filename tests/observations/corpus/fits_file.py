"""FITS files put together card by card, so that any card can lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tests.observations.corpus.case import flux, time

BLOCK = 2880
ROWS = 60
Value = bool | int | float | str | None


def card(keyword: str, value: Value) -> bytes:
    """One card; text that starts with ``raw:`` is written as it stands."""
    if isinstance(value, bool):
        shown = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        shown = value.removeprefix("raw:") if value.startswith("raw:") else f"'{value:<8}'"
    else:
        shown = f"{value!r:>20}".upper()
    return f"{keyword:<8}= {shown}"[:80].ljust(80).encode("latin-1")


def padded(content: bytes, fill: bytes = b"\0") -> bytes:
    """Content filled up to a whole number of blocks."""
    return content + fill * (-len(content) % BLOCK)


def header(cards: Mapping[str, Value], *more: bytes, end: bytes = b"END") -> bytes:
    """A header of cards, None leaving one out, and of further cards as they stand."""
    known = b"".join(card(keyword, value) for keyword, value in cards.items() if value is not None)
    return padded(known + b"".join(line[:80].ljust(80) for line in more) + end, b" ")


PRIMARY: Mapping[str, Value] = {"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True}


def rows_of(**columns: np.ndarray) -> bytes:
    """Rows of a table of doubles, with columns put in the place of the usual ones."""
    usual = {"TIME": time(ROWS), "FLUX": flux(ROWS), "FLUX_ERR": np.full(ROWS, 1e-3)} | columns
    return np.column_stack(list(usual.values())).astype(">f8").tobytes()


def cards_of(*names: str, **changed: Value) -> dict[str, Value]:
    """The header of a table of doubles, with changes."""
    names = names or ("TIME", "FLUX", "FLUX_ERR")
    cards: dict[str, Value] = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 8 * len(names), "NAXIS2": ROWS}
    cards |= {"PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(names)}
    for number, name in enumerate(names, 1):
        cards |= {f"TTYPE{number}": name, f"TFORM{number}": "D"}
    return cards | {"TUNIT1": "d"} | changed


def table(*more: bytes, body: bytes | None = None, **changed: Value) -> bytes:
    """A file with a table of times, fluxes and errors whose header tells something else."""
    return header(PRIMARY) + header(cards_of(**changed), *more) + padded(rows_of() if body is None else body)


def image(*more: bytes, body: bytes | None = None, **changed: Value) -> bytes:
    """A file whose first unit is a spectrum of 100 pixels along a grid of wavelengths."""
    cards: dict[str, Value] = {"SIMPLE": True, "BITPIX": -64, "NAXIS": 1, "NAXIS1": 100}
    cards |= {"CRVAL1": 5000.0, "CDELT1": 2.0, "CRPIX1": 1.0, "CTYPE1": "WAVE", "CUNIT1": "Angstrom"} | changed
    return header(cards, *more) + padded(flux(100).astype(">f8").tobytes() if body is None else body)


def heap_table(count: int, offset: int, *, form: str = "1PD(60)", column: int = 2, gap: int = 0) -> bytes:
    """A table of one row whose second or fourth column points into a heap."""
    names = ("TIME", "FLUX", "FLUX_ERR") if column == 2 else ("TIME", "FLUX", "FLUX_ERR", "HISTORY")
    rows = 1 if column == 2 else ROWS
    width = 8 * len(names) + 8 * form.startswith("1Q")
    usual = rows_of()
    pointer = np.array([count, offset], ">i8" if form.startswith("1Q") else ">i4").tobytes()
    body = b"".join(
        usual[24 * row : 24 * row + 8] + pointer + usual[24 * row + 16 : 24 * row + 24]
        if column == 2
        else usual[24 * row : 24 * row + 24] + pointer
        for row in range(rows)
    )
    heap = flux(ROWS).astype(">f8").tobytes()
    changed: dict[str, Value] = {f"TFORM{column}": form, "NAXIS1": width, "NAXIS2": rows, "PCOUNT": gap + len(heap)}
    changed |= {"THEAP": gap + len(body)} if gap else {}
    return header(PRIMARY) + header(cards_of(*names) | changed) + padded(body + bytes(gap) + heap)


def ascii_table(*lines: str, **changed: Value) -> bytes:
    """A file with an ASCII table of times, fluxes and errors in columns of twelve characters."""
    columns = zip(time(ROWS), flux(ROWS), strict=True)
    body = "".join(lines or [f"{t:12.4f}{f:12.6f}{1e-3:12.6f}" for t, f in columns]).encode()
    cards: dict[str, Value] = {"XTENSION": "TABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 36, "NAXIS2": len(body) // 36}
    cards |= {"PCOUNT": 0, "GCOUNT": 1, "TFIELDS": 3}
    for number, name in enumerate(("TIME", "FLUX", "FLUX_ERR"), 1):
        cards |= {f"TTYPE{number}": name, f"TBCOL{number}": 12 * number - 11, f"TFORM{number}": "F12.6"}
    return header(PRIMARY) + header(cards | {"TUNIT1": "d"} | changed) + padded(body, b" ")
