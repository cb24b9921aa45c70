"""CSV, TSV and tables divided by blanks, with or without a line of names. Nothing is guessed from where characters stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from astro_sbi.observations.containers.headings import Heading, are_units, names_in, noted_facts, noted_heading
from astro_sbi.observations.containers.lines import (
    Rows,
    cells_of,
    check_size,
    check_width,
    delimiter_of,
    fields,
    lines_of,
    parted,
    values_of,
)
from astro_sbi.observations.containers.table import MISSING, Container, Format, Table, is_number
from astro_sbi.observations.observation import ObservationError

_SAMPLE = 20
_SEPARATOR = re.compile(r'"?sep=.?"?', re.IGNORECASE)  # by which spreadsheets tell each other the delimiter
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eEdD][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a column and their values."""

    cells: Sequence[str]
    values: Shaped[np.ndarray, " n"]

    def decimals(self) -> list[str]:
        """Cells with a decimal comma, if the others are whole numbers or missing; else none."""
        if self.values.dtype.kind != "U" or not any("," in cell for cell in self.cells):
            return []
        given = [cell for cell in (cell.strip() for cell in self.cells) if cell not in MISSING]
        decimal = all("." not in cell and is_number(cell.replace(",", ".", 1)) for cell in given)
        return [cell for cell in given if "," in cell] if decimal else []


def _number_columns(sample: Sequence[Sequence[str]], count: int) -> set[int]:
    """Columns of the first rows that hold numbers and nothing else."""
    columns = [[row[index] for row in sample if row[index] not in MISSING] for index in range(count)]
    return {index for index, cells in enumerate(columns) if cells and all(is_number(cell.replace(",", ".")) for cell in cells)}


def _is_heading(cells: Sequence[str], numbers: set[int]) -> bool:
    """Whether the first line names the columns: it holds no number, or begins with a word above numbers (``id 3.6 4.5``)."""
    given = [cell for cell in cells if cell not in MISSING]
    if not any(is_number(cell) or _DECIMAL_COMMA.fullmatch(cell) for cell in given):
        return bool(given)
    return 0 in numbers and cells[0][:1].isalpha() and not is_number(cells[0])


def _first_names(rows: Rows, delimiter: str, count: int) -> tuple[str, ...] | None:
    """The names in the first line, if it is one of names."""
    below = zip(rows.texts[1 : _SAMPLE + 1], rows.numbers[1:].tolist(), strict=False)
    sample = [cells for cells in (fields(text, delimiter, number) for text, number in below) if len(cells) == count]
    numbers = _number_columns(sample, count)
    names = names_in(rows.texts[0], delimiter, count) or tuple(fields(rows.texts[0], delimiter, int(rows.numbers[0])))
    return names if _is_heading(names, numbers) else None


def _fitted(names: tuple[str, ...], rows: Rows, delimiter: str, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As many names as columns, and warnings.

    Raises:
        ObservationError: if there are fewer or more.
    """
    if len(names) == count:
        return names, ()
    if len(names) == count + 1 and not names[-1]:
        return names[:-1], ()
    if len(names) == count - 1:
        sample = [fields(text, delimiter, line) for text, line in zip(rows.texts[:_SAMPLE], rows.numbers.tolist(), strict=False)]
        if all(cells[-1] == "" for cells in sample):
            return (*names, ""), ()
        start = sample[0][0]
        if start in ("0", "1") and [cells[0] for cells in sample] == [str(int(start) + row) for row in range(len(sample))]:
            return ("", *names), ("the first column has no name: it counts the rows",)
    given, named = f"{count} field{'s' if count > 1 else ''}", f"{len(names)} column{'s are' if len(names) > 1 else ' is'} named"
    raise ObservationError(f"its rows have {given} and {named}; repair the first lines")


def _without_bars(rows: Rows) -> Rows:
    """Rows of ``| 1 | 2 |`` without the outer bars."""
    stripped = [text.strip() for text in rows.texts]
    if not all(text.startswith("|") for text in stripped):
        return rows
    return Rows([text[1:].removesuffix("|") for text in stripped], rows.numbers)


def _width(rows: Rows, delimiter: str, *, named: bool) -> int:
    """How many cells most of the first rows have, perhaps below a line of names."""
    below = list(zip(rows.texts[:_SAMPLE], rows.numbers[:_SAMPLE].tolist(), strict=True))
    return Counter(len(fields(text, delimiter, line)) for text, line in (below[1:] if named else []) or below).most_common(1)[0][0]


def _heading(comments: Sequence[str], rows: Rows, delimiter: str) -> tuple[Heading | None, Rows, int, tuple[str, ...]]:
    """What names the columns, the rows below it, the number of columns, and warnings."""
    count = _width(rows, delimiter, named=True)
    names = _first_names(rows, delimiter, count)
    if names is None:
        count = _width(rows, delimiter, named=False)
        return noted_heading(comments, delimiter, count), rows, count, ()
    below = rows.after(1)
    check_size(below, max(count, len(names)))
    names, warnings = _fitted(names, below, delimiter, count)
    if any(is_number(name) for name in names if name not in MISSING):
        shown = ", ".join(name[:20] for name in names[:4])
        warnings = (*warnings, f"line {rows.numbers[0]} ({shown}{', ...' if count > 4 else ''}) was taken as the names of the columns")
    units = _units(below, delimiter, count)
    return Heading(names, units), (below.after(1) if units else below), count, warnings


def _units(rows: Rows, delimiter: str, count: int) -> tuple[str, ...]:
    """The units in the first line below the names, if they stand there and rows follow that hold numbers."""
    if len(rows) < 2:
        return ()
    first, second = (names_in(text, delimiter, count) or () for text in rows.texts[:2])
    above = [cell for unit, cell in zip(first, second, strict=False) if unit not in MISSING and cell not in MISSING]
    numbers = bool(above) and all(is_number(cell) or _DECIMAL_COMMA.fullmatch(cell) for cell in above)
    return first if numbers and are_units(first, certain=False) else ()


def _with_points(table: Sequence[Cells], rows: Rows, delimiter: str) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Values with decimal commas understood, unless another column of the file has decimal points or they may divide thousands."""
    values = [column.values for column in table]
    pointed = any(column.values.dtype.kind == "f" and any("." in cell for cell in column.cells) for column in table)
    commas = {} if pointed else {index: found for index, column in enumerate(table) if (found := column.decimals())}
    if not commas or (delimiter == "," and all(_THOUSANDS.fullmatch(cell) for cells in commas.values() for cell in cells)):
        return values, ()
    read = {index: values_of([cell.replace(",", ".") for cell in table[index].cells], rows.numbers) for index in commas}
    example = next(iter(commas.values()))[0][:20]
    warning = f"commas were read as decimal points: {example} is {example.replace(',', '.')}"
    return [read.get(index, column) for index, column in enumerate(values)], (warning,)


def table_of(lines: Sequence[str]) -> tuple[Table, tuple[str, ...]]:
    """The table in the lines of a file, and warnings.

    Raises:
        ObservationError: if there is none.
    """
    comments, rows = parted(lines)
    rows = rows.after(1) if len(rows) and _SEPARATOR.fullmatch(rows.texts[0].strip()) else rows
    if not len(rows):
        raise ObservationError("it has no rows; give a file with measurements")
    delimiter = delimiter_of(rows.texts)
    check_width(1 + rows.texts[0].count(delimiter) if delimiter != " " else len(rows.texts[0].split()))
    rows = _without_bars(rows) if delimiter == "|" else rows
    heading, rows, count, warnings = _heading(comments, rows, delimiter)
    cells = cells_of(rows, delimiter, count)
    named = heading is not None
    columns, more = (heading or Heading(("",) * count)).columns()
    if delimiter != " " and count > 1 and columns[-1].name == f"column {count}" and not any(cell.strip() for cell in cells[-1]):
        columns, cells = columns[:-1], cells[:-1]
    values, commas = _with_points([Cells(column, values_of(column, rows.numbers)) for column in cells], rows, delimiter)
    table = Table(columns, tuple(values), facts=noted_facts(comments), named=named, first_row=int(rows.numbers[0]))
    return table, (*warnings, *more, *commas)


def _opened(content: bytes) -> Container:
    lines, warnings = lines_of(content)
    table, more = table_of(lines)
    return Container(FORMAT.name, (table,), facts=table.facts, warnings=(*warnings, *more))


def _matches(content: bytes) -> bool:
    """Always: this is the last resort, whose checks say what is wrong with a file that no other format claims."""
    return True


FORMAT = Format("text table", _matches, _opened)
