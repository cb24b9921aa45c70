"""Lines of a text file: decoding, comments and rulers, delimiters, cells. Every step is linear in the size of the file."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Shaped

from astro_sbi.observations.containers.content import signature
from astro_sbi.observations.containers.table import MAX_COLUMNS, MAX_ROWS, MISSING, Column, bounded, is_number, typed
from astro_sbi.observations.observation import ObservationError

MAX_CELLS = 8_000_000
DELIMITERS = (";", "\t", "|", ",")
COMMENT = ("#", "%", "!", "\\", "//")

_MAX_LINE = 1_000_000
_MAX_SHORT = 10_000
_LONGEST_NAME = 120
_SAMPLE = 100
_FUNCTIONS = ("log", "log10", "ln", "exp", "sqrt", "abs", "e", "err", "error", "sig", "sigma", "std", "d", "delta", "u", "min", "max", "n")
_RULER = "-=|+*~_: \t,;"
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r")
_HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eEdD][+-]?\d+)?")
_QUOTED = re.compile(r'"[^"]*"')
_MARKUP = re.compile(r"<(?:!--|/?(?:html|head|body|table|title|div|script|meta|p|a)\b)", re.IGNORECASE)
_NOT_TEXT = "it is neither FITS nor text; give a FITS, CSV or ECSV file (text in UTF-8)"


@dataclass(frozen=True, eq=False)
class Rows:
    """Lines that hold cells, and the number of each in the file, counted from 1."""

    texts: list[str]
    numbers: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, numbered: Sequence[tuple[int, str]]) -> Rows:
        """Rows out of numbers and lines."""
        return cls([text for _, text in numbered], np.array([number for number, _ in numbered], dtype=np.int64))

    def after(self, count: int) -> Rows:
        """These rows less the first ones."""
        return Rows(self.texts[count:], self.numbers[count:])


def decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Text of a file in UTF-8, UTF-16 (with its mark) or Latin-1, and warnings.

    Raises:
        ObservationError: if it is something else.
    """
    known = signature(content)
    if known:
        raise ObservationError(f"it is {known}, not a table of measurements; give a FITS, CSV or ECSV file")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removesuffix(b"\x1a")
    if not content.strip():
        raise ObservationError("it is empty; give a file with measurements")
    if len(content.translate(None, _CONTROL)) != len(content):
        raise ObservationError(_NOT_TEXT)
    try:
        text, warnings = content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text, warnings = _latin(content), ("the file is not in UTF-8: its letters were read as Latin-1",)
    start = text.lstrip()[:2000]
    if start.startswith("<") and _MARKUP.search(start):
        raise ObservationError("it is an HTML page, not a table of measurements; give a FITS, CSV or ECSV file")
    if "".join(start[:100].split()).startswith(("{", "[{", "[[")):
        raise ObservationError("it is JSON, not a table of measurements; give a FITS, CSV or ECSV file")
    return text.replace("\N{MINUS SIGN}", "-"), warnings


def _latin(content: bytes) -> str:
    # Windows' code page is Latin-1 with letters in place of its second set of control characters.
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise ObservationError(_NOT_TEXT) from None


def lines_of(content: bytes) -> tuple[list[str], tuple[str, ...]]:
    """Lines of a file, whichever way they end, and warnings.

    Raises:
        ObservationError: if it is no text, or too long or too wide for a table.
    """
    text, warnings = decoded(content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_ROWS + 100_000:
        raise ObservationError(f"it has {len(lines):,} lines and at most {MAX_ROWS:,} rows are read; bin it or cut it")
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    if len(lines[longest]) > _MAX_LINE:
        check_width(1 + max(lines[longest].count(mark) for mark in (*DELIMITERS, " ")))
        raise ObservationError(f"line {longest + 1} has {len(lines[longest]):,} characters; give one row of the table a line")
    return lines, warnings


def opening(content: bytes, size: int = 16_384) -> list[str]:
    """The first lines of a file, to recognise its format by; nothing is refused."""
    start = content[:size]
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = start.decode("utf-16" if wide else "utf-8", errors="replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def check_width(count: int) -> None:
    """Refuse a table with too many columns."""
    if count > MAX_COLUMNS:
        raise ObservationError(f"it has {count:,} columns and at most {MAX_COLUMNS} are read; keep the columns that matter")


def check_size(rows: Rows, count: int) -> None:
    """Refuse a table that has no rows, or is too long or too wide."""
    check_width(count)
    if not len(rows):
        raise ObservationError("it has a line of column names and no rows; give a file with measurements")
    if len(rows) > MAX_ROWS:
        raise ObservationError(f"it has {len(rows):,} rows and at most {MAX_ROWS:,} are read; bin it or cut it")
    if len(rows) * count > MAX_CELLS:
        cells = f"it has {len(rows):,} rows of {count} columns and at most {MAX_CELLS:,} cells are read"
        raise ObservationError(f"{cells}; keep the columns that matter, or cut it")


def parted(lines: Sequence[str], *, strict: bool = False) -> tuple[list[str], Rows]:
    """Comment lines above the first row, and the rows; blank lines and rulers such as ``--- ---`` are left out.

    Args:
        lines: of the file.
        strict: whether ``#`` alone begins comments, and there are no rulers.
    """
    stripped = [line.strip() for line in lines]
    held = [i for i, line in enumerate(stripped) if line and (strict or line[0] not in _RULER or line.strip(_RULER))]
    kept = [i for i in held if not stripped[i].startswith("#" if strict else COMMENT)]
    semicolons = [] if strict else [i for i in kept if stripped[i][0] == ";"]
    if semicolons and not any(";" in stripped[i] for i in kept[: _SAMPLE + len(semicolons)] if stripped[i][0] != ";"):
        kept = [i for i in kept if stripped[i][0] != ";"]
    above = [stripped[i] for i in held if i < (kept[0] if kept else len(lines))]
    return above, Rows([lines[i] for i in kept], np.array(kept, dtype=np.int64) + 1)


def delimiter_of(texts: Sequence[str]) -> str:
    """What stands between the cells of rows: a mark of `DELIMITERS` or a blank, which stands for any number of blanks and tabs."""
    sample = [_QUOTED.sub("q", text) for text in texts[:_SAMPLE]]
    everywhere = [mark for mark in DELIMITERS if all(mark in text for text in sample)]
    if not everywhere and len(sample) > 1:  # the line of names may be divided in another way
        words = {len(text.split()) for text in sample}
        if len(words) == 1 and words != {1}:
            return " "
        sample = sample[1:]
        everywhere = [mark for mark in DELIMITERS if all(mark in text for text in sample)]
    if everywhere == [","] and _decimal_commas(sample):
        return " "
    steady = [mark for mark in everywhere if len({text.count(mark) for text in sample}) == 1]
    if not steady and everywhere == ["\t"] and len({len(text.split()) for text in sample}) == 1:
        return " "
    mostly = [mark for mark in DELIMITERS if 2 * sum(mark in text for text in sample) > len(sample)]
    blanks = [] if everywhere or max((len(text.split()) for text in sample), default=0) < 2 else [" "]
    return (steady + everywhere + blanks + mostly + [" "])[0]


def _decimal_commas(sample: Sequence[str]) -> bool:
    """Whether rows such as ``1,5 2,3`` are numbers with decimal commas between blanks."""
    words = [word for text in sample for word in text[:_MAX_SHORT].split()]
    commas = sum(_DECIMAL_COMMA.fullmatch(word) is not None for word in words)
    return 2 * commas >= len(words) > len(sample) and all(is_number(word.replace(",", ".", 1)) for word in words)


def fields(text: str, delimiter: str, line: int) -> list[str]:
    """Cells of one line, stripped; quotation marks are taken off.

    Raises:
        ObservationError: if there are too many, or a quotation mark is not closed.
    """
    bare = _QUOTED.sub("q", text) if '"' in text else text
    check_width(1 + bare.count(delimiter) if delimiter != " " else len(bare.split()))
    if '"' not in text:
        return text.split() if delimiter == " " else [cell.strip() for cell in text.split(delimiter)]
    plain = text.strip().replace("\t", " ") if delimiter == " " else text
    try:
        return [cell.strip() for cell in next(csv.reader([plain], delimiter=delimiter, skipinitialspace=True, strict=True))]
    except csv.Error:
        raise ObservationError(f"line {line} has a quotation mark that is not closed, or text after one; repair that line") from None


def cells_of(rows: Rows, delimiter: str, count: int) -> list[list[str]]:
    """Cells of each column.

    Raises:
        ObservationError: naming the first line that has another number of cells.
    """
    check_size(rows, count)
    texts = rows.texts
    if any('"' in text for text in texts):
        parts = [fields(text, delimiter, line) for text, line in zip(texts, rows.numbers.tolist(), strict=True)]
        _check_counts(rows, map(len, parts), count)
        flat = [cell for part in parts for cell in part]
    elif delimiter == " ":
        _check_counts(rows, (len(text.split()) for text in texts), count)
        flat = " ".join(texts).split()
    else:
        _check_counts(rows, (1 + text.count(delimiter) for text in texts), count)
        flat = delimiter.join(texts).split(delimiter)
    return [flat[index::count] for index in range(count)]


def _check_counts(rows: Rows, counts: Iterable[int], count: int) -> None:
    wrong = next(((row, found) for row, found in enumerate(counts) if found != count), None)
    if wrong is not None:
        where = f"line {rows.numbers[wrong[0]]} does not have {count} field{'s' if count > 1 else ''} as the others do"
        raise ObservationError(f"{where} (it has {wrong[1]}); repair that line")


def sliced(rows: Rows, spans: Sequence[tuple[int, int]]) -> list[list[str]]:
    """Cells of columns that stand at fixed places, each from one character up to another.

    Raises:
        ObservationError: naming the first line with a tab, or with something between the columns.
    """
    check_size(rows, len(spans))
    ends = [0, *(end for _, end in spans)]
    gaps = [slice(end, start) for end, (start, _) in zip(ends, spans, strict=False)] + [slice(ends[-1], None)]
    for text, line in zip(rows.texts, rows.numbers.tolist(), strict=True):
        if "\t" in text or any(text[gap].strip(" :|,;/") for gap in gaps):
            raise ObservationError(f"line {line} does not keep to the columns that the header lays out; repair that line or save it as CSV")
    return [[text[start:end] for text in rows.texts] for start, end in spans]


def values_of(cells: Sequence[str], numbers: Int64[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
    """A column as numbers where every cell is one or is missing, else as text.

    Args:
        cells: of the column.
        numbers: line of each in the file.

    Raises:
        ObservationError: naming the line of a hexadecimal number.
    """
    cells = bounded(cells)
    # 1_000 is a number to Python and none to an astronomer.
    values = text_of(cells) if "_" in "".join(cells) else _numbers(cells)
    if values.dtype.kind == "U":
        found = next((row for row, cell in enumerate(cells) if "0x" in cell.lower() and _HEXADECIMAL.fullmatch(cell.strip())), None)
        if found is not None:
            raise ObservationError(f"line {numbers[found]} holds the hexadecimal number {cells[found].strip()[:20]}; write it in decimals")
    return values


def _numbers(cells: Sequence[str]) -> Shaped[np.ndarray, " n"]:
    """The same as `typed`, faster where every cell is a number, and exact for whole numbers of 19 digits."""
    whole = all(cell.strip().lstrip("+-").isdigit() for cell in cells[:_SAMPLE])
    try:
        if whole:
            return np.fromiter(map(int, cells), dtype=np.int64, count=len(cells))
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except (ValueError, OverflowError):
        return typed(cells)


def text_of(cells: Sequence[str]) -> Shaped[np.ndarray, " n"]:
    """A column as text, stripped; missing cells are empty."""
    text = np.char.strip(np.asarray(cells, dtype=str))
    return np.where(np.isin(text, MISSING), "", text)


def split_unit(name: str) -> Column:
    """``time [d]`` or ``flux (Jy)`` taken apart; ``log(g)`` and ``e(mag)`` are names."""
    name = "".join(character for character in name[:_LONGEST_NAME] if character.isprintable()).strip()
    opener, depth, start = {"]": "[", ")": "("}.get(name[-1:], ""), 1, len(name) - 1
    while opener and depth and start > 0:
        start -= 1
        depth += (name[start] == name[-1]) - (name[start] == opener)
    before, unit = name[:start].strip(), name[start + 1 : -1].strip()
    function = opener == "(" and name[:start].lower() in _FUNCTIONS
    if not opener or depth or not before or function:
        return Column(name)
    return Column(before, "" if set(unit) == {"-"} else unit)
