"""Machine-readable tables of the AAS journals and of the CDS, which describe their columns byte by byte above the rows.

The rows are cut where the description says; astropy's reader would hand the units of strangers to its parser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from astro_sbi.observations.containers.headings import Heading
from astro_sbi.observations.containers.lines import Rows, check_width, lines_of, opening, sliced, text_of, values_of
from astro_sbi.observations.containers.table import Column, Container, Fact, Format, Table, is_number
from astro_sbi.observations.observation import ObservationError

_MAX_HEADER = 5000
_BLOCK = "byte-by-byte description"
_COLUMN = re.compile(r"\s*(?:(\d{1,6})\s?-\s{0,5})?(\d{1,6})\s+(\d{0,4}[AIFEDL]\d{0,4}(?:\.\d{1,4})?)\s+(\S+)\s+(\S+)(?:\s+(\S.*))?")
_LIMITS = re.compile(r"[\[\]][^\[\]]{0,60}[\[\]]")
_FACTS = ("title", "authors", "author", "table")


@dataclass(frozen=True)
class _Described:
    """A column as the description gives it.

    Args:
        column: name, unit as written and explanation.
        span: first character, counted from 0, and the one behind the last.
        text: whether it holds text.
        missing: what stands in cells without a value.
    """

    column: Column
    span: tuple[int, int]
    text: bool
    missing: str


def _is_ruler(line: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= 10 and not stripped.strip("-" if stripped[0] == "-" else "=")


def _explained(text: str) -> tuple[str, str]:
    """A column's meaning and the mark of its missing cells, out of ``[0/25]?=99.9 Magnitude``."""
    match = _LIMITS.match(text)
    rest = text[match.end() :] if match else text
    if not rest.startswith("?"):
        return (rest if match else text).strip(), ""
    word, _, meaning = rest[1:].partition(" ")
    return meaning.strip(), word[1:] if word.startswith("=") else ""


def _described(lines: Sequence[str]) -> list[_Described]:
    """The columns of a description; lines that begin no column go on with the explanation above."""
    found: list[tuple[re.Match[str], str]] = []
    for line in lines:
        match = _COLUMN.fullmatch(line[:1000].rstrip())
        if match:
            found.append((match, match[6] or ""))
        elif found and line.strip() and len(found[-1][1]) < 500:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()[:200]}")
    described = []
    for match, text in found:
        meaning, missing = _explained(text)
        end = int(match[2])
        start = int(match[1] or end) - 1
        is_text = match[3].lstrip("0123456789").startswith("A")
        none = "" if not is_text else None
        unit = none if not match[4].strip("-") else match[4]
        described.append(_Described(Column(match[5], unit, meaning[:200]), (start, end), is_text, missing))
    return described


def _description(lines: Sequence[str]) -> tuple[list[_Described], str, int]:
    """The columns, the name of the table, and the index of the first line of its rows.

    Raises:
        ObservationError: if the description is broken or no rows follow it.
    """
    heads = [index for index, line in enumerate(lines[:_MAX_HEADER]) if line.strip().lower().startswith(_BLOCK)]
    if not heads:
        raise ObservationError("its byte-by-byte description is missing; save the table as CSV with named columns")
    head = heads[-1]
    rulers = [index for index in range(head, len(lines)) if _is_ruler(lines[index])]
    if len(rulers) < 3:
        raise ObservationError("its byte-by-byte description has no rulers (-----) around it; save the table as CSV with named columns")
    described = _described(lines[rulers[1] + 1 : rulers[2]])
    if not described:
        raise ObservationError("its byte-by-byte description names no columns; save the table as CSV with named columns")
    check_width(len(described))
    ends = [0, *(one.span[1] for one in described)]
    wrong = next((one for before, one in zip(ends, described, strict=False) if not before <= one.span[0] < one.span[1]), None)
    if wrong:
        raise ObservationError(
            f"the bytes of its column {wrong.column.name[:30]} overlap those before it; repair its byte-by-byte description"
        )
    return described, lines[head].partition(":")[2].strip()[:60], rulers[-1] + 1


def _facts(lines: Sequence[str]) -> dict[str, Fact]:
    """Title, authors and the table's own title."""
    pairs = [line.partition(":") for line in lines]
    return {key.strip().lower(): text.strip()[:200] for key, mark, text in pairs if key.strip().lower() in _FACTS and mark and text.strip()}


def _number(cell: str) -> float:
    return float(cell.lower().replace("d", "e"))


def _without_marks(cells: list[str], one: _Described) -> list[str]:
    """Cells where the mark of a missing value is taken out; ``99.9`` is one where the mark is ``99.90``."""
    dashes = [cell if cell.strip("- ") or not cell.strip() else "" for cell in cells]
    if not one.missing:
        return dashes
    if is_number(one.missing) and not one.text:
        mark = _number(one.missing)
        return ["" if is_number(cell) and _number(cell) == mark else cell for cell in dashes]
    return ["" if cell.strip() == one.missing else cell for cell in dashes]


def _opened(content: bytes) -> Container:
    lines, warnings = lines_of(content)
    described, name, start = _description(lines)
    numbered = [(index + 1, line) for index, line in enumerate(lines) if index >= start and line.strip()]
    if not numbered:
        raise ObservationError("no rows follow its byte-by-byte description; give the file that holds the rows below the description")
    rows = Rows.of(numbered)
    cells = sliced(rows, [one.span for one in described])
    plain = [_without_marks(column, one) for column, one in zip(cells, described, strict=True)]
    values = [text_of(column) if one.text else values_of(column, rows.numbers) for column, one in zip(plain, described, strict=True)]
    named, more = Heading(tuple(one.column.name for one in described)).columns()
    columns = tuple(Column(new.name, one.column.unit, one.column.meaning) for new, one in zip(named, described, strict=True))
    facts = _facts(lines[: min(start, 100)])
    table = Table(columns, tuple(values), name=name, facts=facts, first_row=int(rows.numbers[0]))
    return Container(FORMAT.name, (table,), facts=facts, warnings=(*warnings, *more))


def _matches(content: bytes) -> bool:
    return any(line.strip().lower().startswith(_BLOCK) for line in opening(content, 65_536))


FORMAT = Format("machine-readable table", _matches, _opened)
