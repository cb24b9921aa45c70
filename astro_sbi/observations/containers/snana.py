"""Text of SNANA (Kessler et al. 2009, PASP 121, 1028): light curves (``VARLIST:`` and ``OBS:``) and tables (``VARNAMES:`` and ``SN:``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from astro_sbi.observations.containers.headings import Heading, facts_of
from astro_sbi.observations.containers.lines import Rows, cells_of, check_width, lines_of, opening, values_of
from astro_sbi.observations.containers.table import Container, Fact, Format, Table
from astro_sbi.observations.observation import ObservationError

_NAMES = ("VARLIST", "VARNAMES")
_ROWS = ("OBS", "SN", "ROW", "GAL")
_END = ("END", "END_PHOTOMETRY", "END_OBS")
_TEXTS = ("SNID", "IAUC", "CID", "NAME", "SURVEY", "FILTERS")
_MAX_FACTS = 1000
_WORD = re.compile(r"([A-Za-z][\w().-]{0,60}):(?:\s+|$)")


@dataclass
class _Found:
    """What the lines above and among the rows say, gathered line by line."""

    facts: dict[str, Fact] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    rows: list[tuple[int, str]] = field(default_factory=list)


def _facts(key: str, text: str) -> Mapping[str, Fact]:
    value = text.partition(" #")[0].strip()
    return {key.lower(): value[:200]} if key in _TEXTS else facts_of(key, value, noted=True)


def _gathered(lines: Sequence[str]) -> _Found:
    """Everything up to the end that the file marks.

    Raises:
        ObservationError: if a second table begins, or rows stand above the names of their columns.
    """
    found = _Found()
    for number, line in enumerate(lines, start=1):
        match = _WORD.match(line.lstrip()[:100])
        if match is None:
            continue
        key, text = match[1].upper(), line.lstrip()[match.end() :]
        if key in _END and found.rows:
            break
        if key in _NAMES:
            names = tuple(text.partition("#")[0].split())
            if found.names and names != found.names:
                raise ObservationError(f"line {number} begins a second table; give one table a file")
            found.names = names
        elif key in _ROWS:
            if not found.names:
                raise ObservationError(
                    f"line {number} has a row ({key}:) and no {_NAMES[0]}: line above it names the columns; add that line"
                )
            found.rows.append((number, text))
        elif text.strip() and len(found.facts) < _MAX_FACTS:
            found.facts.update({name: value for name, value in _facts(key, text).items() if name not in found.facts})
    return found


def _warnings(found: _Found) -> Iterable[str]:
    promised, columns = found.facts.get("nobs"), found.facts.get("nvar")
    if isinstance(promised, int) and promised != len(found.rows):
        yield f"its header promises {promised:,} rows (NOBS) and {len(found.rows):,} are there: the file may have been cut"
    if isinstance(columns, int) and columns != len(found.names):
        yield f"its header promises {columns:,} columns (NVAR) and {len(found.names):,} are named"


def _opened(content: bytes) -> Container:
    lines, warnings = lines_of(content)
    found = _gathered(lines)
    check_width(len(found.names))
    rows = Rows.of(found.rows)
    if not found.names or not len(rows):
        raise ObservationError("it has no rows (OBS: or SN:); give a file with measurements")
    cells = cells_of(rows, " ", len(found.names))
    values = [values_of(column, rows.numbers) for column in cells]
    columns, more = Heading(found.names).columns()
    table = Table(columns, tuple(values), facts=found.facts, first_row=int(rows.numbers[0]))
    return Container(FORMAT.name, (table,), facts=found.facts, warnings=(*warnings, *more, *_warnings(found)))


def _matches(content: bytes) -> bool:
    return any(line.lstrip().startswith(tuple(f"{name}:" for name in _NAMES)) for line in opening(content, 131_072))


FORMAT = Format("SNANA text", _matches, _opened)
