"""Tables and images as every container format gives them: names, units as text, plain arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Shaped

from astro_sbi.observations.observation import ObservationError

#: A value of a header.
Fact = str | int | float | bool

#: Cells of text tables that stand for nothing.
MISSING = ("", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "N/A", "n/a", "NA", "--", "-", "masked", "...")

MAX_COLUMNS = 512
MAX_ROWS = 2_000_000
MAX_TABLES = 100

_LONGEST_NUMBER, _MOST_TEXT = 24, 16_000_000
_FORTRAN = re.compile(r"^([+-]?[0-9.]+)[dD]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True)
class Column:
    """A column's name in the file, its unit as text (None where nothing was said) and what the file says about it."""

    name: str
    unit: str | None = None
    meaning: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of equal length.

    Args:
        columns: what each is; names like ``column 1`` where the file gives none.
        values: an array each: native bool, int64, float64 (a missing number is NaN, so integers with gaps are floats) or ``str``
            (missing text is empty); some have several numbers a row.
        name: of the table in its file, empty where there is only one.
        facts: lower-case key words of its header, and their values.
        named: whether the file names the columns.
        first_row: line of a text file that holds the first row, counted from 1; 0 elsewhere.
    """

    columns: tuple[Column, ...]
    values: tuple[Shaped[np.ndarray, "n ..."], ...]
    name: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    named: bool = True
    first_row: int = 0

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def numbers(self, index: int) -> Float64[np.ndarray, " n"]:
        """A column as float64.

        Raises:
            ObservationError: if it holds several numbers a row or text, naming the first cell that is no number.
        """
        column, name = self.values[index], self.columns[index].name[:30]
        if column.ndim != 1:
            raise ObservationError(f"the column {name} holds {column.shape[1]} numbers a row where one is needed; choose another column")
        if column.dtype.kind in "biuf":
            return np.ascontiguousarray(column, dtype=np.float64)
        cells = typed(column.tolist())
        if cells.dtype.kind in "if":
            return cells.astype(np.float64)
        row, cell = next((row, cell) for row, cell in enumerate(column.tolist()) if cell not in MISSING and not is_number(cell))
        where = f"in row {row + 1}, which is not a number; repair or leave out such rows"
        raise ObservationError(f"the column {name} holds {cell[:30]!r} {where}")

    def text(self, index: int) -> list[str]:
        """A column as text, stripped."""
        return [str(cell).strip() for cell in self.values[index].tolist()]


@dataclass(frozen=True, eq=False)
class Image:
    """An array of numbers with a header: FITS keeps some spectra like this."""

    name: str
    values: Float64[np.ndarray, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Container:
    """All that a file holds.

    Args:
        format: its name in words, such as ``FITS``.
        tables: in the order of the file.
        images: those of the file.
        facts: lower-case key words that stand for the whole file.
        warnings: sentences for the user about what was left out.
    """

    format: str
    tables: tuple[Table, ...]
    images: tuple[Image, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One container format.

    Args:
        name: in words.
        matches: whether uncompressed content is in this format; never raises.
        opened: what it holds; static checks come first. May raise anything, which `reading` turns into a sentence.
    """

    name: str
    matches: Callable[[bytes], bool]
    opened: Callable[[bytes], Container]


def is_number(cell: str) -> bool:
    """Whether a cell of text is a number; Fortran's D exponents count, underscores and hexadecimal digits do not."""
    if "_" in cell:
        return False
    try:
        float(_FORTRAN.sub(r"\1e", cell))
    except ValueError:
        return False
    return True


def _shortened(cell: str) -> str:
    return repr(float(_FORTRAN.sub(r"\1e", cell))) if is_number(cell) else cell[:_LONGEST_NUMBER]


def bounded(cells: Sequence[str]) -> Sequence[str]:
    """A column whose long cells are shortened where, all made as wide, they would take more memory than there is."""
    longest = max(map(len, cells), default=0)
    if longest <= _LONGEST_NUMBER or longest * len(cells) <= _MOST_TEXT:
        return cells
    return [cell if len(cell) <= _LONGEST_NUMBER else _shortened(cell.strip()) for cell in cells]


def typed(cells: Sequence[str]) -> Shaped[np.ndarray, " n"]:
    """A column of text as int64, float64 (missing cells are NaN) or, where a cell is neither number nor missing, as text."""
    cells = bounded(cells)
    text = np.char.strip(np.asarray(cells, dtype=str))
    missing = np.isin(text, MISSING)
    try:
        if any("_" in cell for cell in cells):
            raise ValueError
        numbers = np.where(missing, "nan", text).astype(np.float64)
    except ValueError:
        if missing.all() or not all(is_number(cell) for cell in text[~missing].tolist()):
            return np.where(missing, "", text)
        plain = ("nan" if gone else _FORTRAN.sub(r"\1e", cell) for cell, gone in zip(text.tolist(), missing, strict=True))
        numbers = np.array([float(cell) for cell in plain])
    whole = not missing.any() and all(_WHOLE.fullmatch(cell) for cell in text.tolist())
    return text.astype(np.int64) if whole else numbers
