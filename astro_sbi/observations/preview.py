"""What a file holds, shown before it is used: tables, columns and first rows as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.observation import Observation

_MOST_TABLES, _MOST_COLUMNS, _MOST_ROWS, _LONGEST = 20, 100, 6, 24


@dataclass(frozen=True)
class ColumnPreview:
    """A column: name, unit as the file gives it, what the file says about it, and its first cells."""

    name: str
    unit: str
    meaning: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TablePreview:
    """A table: name, number of rows, and its columns."""

    name: str
    rows: int
    columns: tuple[ColumnPreview, ...]


@dataclass(frozen=True, eq=False)
class Reading:
    """What came of a file.

    Args:
        format: of the container, in words; empty if it could not be told.
        tables: what it holds.
        observation: what was read, None if it was refused.
        refusal: the sentence that says why; empty if it was read.
    """

    format: str
    tables: tuple[TablePreview, ...]
    observation: Observation | None
    refusal: str = ""


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return printable(str(value), _LONGEST)


def _column(table: Table, index: int) -> ColumnPreview:
    column, values = table.columns[index], table.values[index][:_MOST_ROWS]
    cells = values.tolist() if values.ndim == 1 else [f"{np.prod(values.shape[1:])} numbers"] * len(values)
    name, unit, meaning = printable(column.name, 60), printable(column.unit or "", 40), printable(column.meaning, 120)
    return ColumnPreview(name, unit, meaning, tuple(_cell(cell) for cell in cells))


def previews(container: Container) -> tuple[TablePreview, ...]:
    """Its first tables, with their first columns and rows."""
    return tuple(
        TablePreview(printable(table.name, 60), len(table), tuple(_column(table, i) for i in range(min(len(table.columns), _MOST_COLUMNS))))
        for table in container.tables[:_MOST_TABLES]
    )
