r"""IPAC tables: rows under bars that bound the columns, with names, types, units and marks of missing values, and ``\key = value`` above.

https://irsa.ipac.caltech.edu/applications/DDGEN/Doc/ipac_tbl.html
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Shaped

from astro_sbi.observations.containers.headings import Heading, facts_of
from astro_sbi.observations.containers.lines import Rows, check_width, lines_of, opening, sliced, text_of, values_of
from astro_sbi.observations.containers.table import Column, Container, Fact, Format, Table
from astro_sbi.observations.observation import ObservationError

_MAX_HEADER = 4
_MAX_NOTES = 1000
_TYPES = ("bool", "boolean", "int", "integer", "long", "float", "double", "real", "char", "date")


def _type(text: str) -> str:
    """A type that may be abbreviated, as ``d`` for double; empty if it is none."""
    word = text.strip().strip("-").lower()
    return next(
        (known for known in ("double", "int", "long", "float", "real", "char", "bool", *_TYPES) if word and known.startswith(word)), ""
    )


def _header(lines: Sequence[str]) -> tuple[list[str], int]:
    """The lines between bars, and the index of the first line below them."""
    start = next((index for index, line in enumerate(lines) if line.startswith("|")), len(lines))
    end = next((index for index in range(start, len(lines)) if not lines[index].startswith("|")), len(lines))
    return [line.rstrip() for line in lines[start:end][: _MAX_HEADER + 1]], end


def _bars(header: Sequence[str]) -> list[int]:
    """Places of the bars.

    Raises:
        ObservationError: if they are not the same in each line of the header.
    """
    if not header or len(header) > _MAX_HEADER:
        raise ObservationError(f"its IPAC header has {len(header) or 'no'} lines and 1 to {_MAX_HEADER} are expected; save it as CSV")
    bars = [[place for place, character in enumerate(line) if character == "|"] for line in header]
    check_width(max(map(len, bars)) - 1)
    if len(bars[0]) < 2 or any(other != bars[0] for other in bars[1:]):
        raise ObservationError("the bars of its IPAC header do not stand below each other; repair the header or save it as CSV")
    return bars[0]


def _facts(lines: Sequence[str]) -> dict[str, Fact]:
    r"""Facts of lines such as ``\char object = 'HD 1'``."""
    facts: dict[str, Fact] = {}
    for line in lines[:_MAX_NOTES]:
        key, mark, text = line[1:1000].partition("=")
        if line.startswith("\\") and mark and key[:1].strip() and text.strip():
            facts = facts_of(key.split()[-1], text) | facts
    return facts


def _values(cells: list[str], kind: str, null: str, rows: Rows) -> Shaped[np.ndarray, " n"]:
    if null:
        cells = ["" if cell.strip() == null else cell for cell in cells]
    return text_of(cells) if kind in ("char", "date") else values_of(cells, rows.numbers)


def _opened(content: bytes) -> Container:
    lines, warnings = lines_of(content)
    header, start = _header(lines)
    bars = _bars(header)
    spans = [(left + 1, right) for left, right in pairwise(bars)]
    names, types, units, nulls = ([line[a:b].strip() for a, b in spans] for line in (header + [" " * (bars[-1] + 1)] * 3)[:_MAX_HEADER])
    kinds = [_type(text) for text in types]
    unknown = next((text for text, kind in zip(types, kinds, strict=True) if text.strip("-") and not kind), None)
    if unknown is not None:
        raise ObservationError(f"its IPAC header names the type '{unknown[:20]}', which is none of {', '.join(_TYPES)}; save it as CSV")
    numbered = [(index + 1, line) for index, line in enumerate(lines) if index >= start and line.strip() and line[0] != "\\"]
    rows = Rows.of(numbered)
    cells = sliced(rows, spans)
    values = [_values(column, kind, null, rows) for column, kind, null in zip(cells, kinds, nulls, strict=True)]
    named, more = Heading(tuple(names)).columns()
    columns = tuple(Column(column.name, unit.strip("-") or column.unit) for column, unit in zip(named, units, strict=True))
    table = Table(columns, tuple(values), facts=_facts(lines[:start]), first_row=int(rows.numbers[0]))
    return Container(FORMAT.name, (table,), facts=table.facts, warnings=(*warnings, *more))


def _matches(content: bytes) -> bool:
    """Whether bars bound the names and a row without bars follows, or types stand below the names."""
    lines = [line for line in opening(content, 65_536) if line.strip() and not line.startswith("\\")]
    header, end = _header(lines)
    if not header or not lines[0].startswith("|") or not all(line.endswith("|") for line in header):
        return False
    typed = len(header) > 1 and all(_type(word) for word in header[1].strip("|").split("|"))
    return typed or (end < len(lines) and "|" not in lines[end] and len(header) <= _MAX_HEADER)


FORMAT = Format("IPAC table", _matches, _opened)
