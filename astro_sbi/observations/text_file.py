"""CSV, ECSV and other delimited text as named columns of numbers: explicit formats only, nothing is guessed by trial.

Astropy's own ECSV reader would hand unit strings and YAML aliases of strangers to parsers that they can stall, so the header is read here.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from astropy.io import ascii as text_io

from astro_sbi.observations.columns import Column, split_unit
from astro_sbi.observations.container import signature
from astro_sbi.observations.observation import ObservationError

_MAX_COLUMNS = 512
_MAX_ROWS = 2_000_000
_MAX_HEADER = 100_000
_MISSING = ("", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "N/A", "n/a", "NA", "--", "-", "masked")
_ALIAS = re.compile(r"(?:^|[\s\[,{:\-])[&*][A-Za-z0-9_]", re.MULTILINE)
_COMMENT_KEY = re.compile(r"^#+\s*([A-Za-z][\w ]{0,30}?)\s*[:=]\s*(\S.{0,60})$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TextTable:
    """Named columns and what the header said beside them.

    Args:
        columns: names and units; empty where the file names no columns.
        values: one array a column; text where a column holds anything but numbers.
        facts: lower-case key words of the header and their values.
        first_row: number of the line in the file that holds the first row, counted from 1.
    """

    columns: list[Column]
    values: list[np.ndarray]
    facts: dict[str, Any]
    first_row: int

    def numbers(self, index: int) -> np.ndarray:
        """A column as float64, NaN where a cell is empty.

        Raises:
            ObservationError: naming the first cell that is not a number.
        """
        column = self.values[index]
        if column.dtype.kind in "fiu":
            return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
        cells = np.ma.asarray(column)
        name = self.columns[index].name[:30] if self.columns else f"number {index + 1}"
        for row, cell in enumerate(cells):
            if cell is not np.ma.masked and not _NUMBER.fullmatch(str(cell).strip()):
                raise ObservationError(
                    f"the column {name} holds '{str(cell)[:30]}' in row {row + 1}, which is not a number; repair or leave out such rows"
                )
        return np.array([np.nan if cell is np.ma.masked else float(str(cell).replace("d", "e").replace("D", "e")) for cell in cells])


class _PlainLoader(yaml.SafeLoader):
    """YAML without Python objects: a tag that astropy wrote becomes the plain mapping, list or text under it."""


def _plain(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_PlainLoader.add_multi_constructor("!", _plain)


def decoded(content: bytes) -> str:
    """Text of a UTF-8 file.

    Raises:
        ObservationError: if it is something else.
    """
    known = signature(content)
    if known:
        raise ObservationError(f"it is {known}, not a table of measurements; give a FITS, CSV or ECSV file")
    if not content.strip():
        raise ObservationError("it is empty; give a file with measurements")
    sentence = "it is neither FITS nor text; give a FITS, CSV or ECSV file (text in UTF-8)"
    if b"\x00" in content:
        raise ObservationError(sentence)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ObservationError(sentence) from None


def _delimiter(line: str) -> str:
    return next((mark for mark in (";", "\t", ",", "|") if mark in line), " ")


def _fields(line: str, delimiter: str) -> list[str]:
    parts = line.split() if delimiter == " " else line.strip().strip("|").split(delimiter)
    if len(parts) > _MAX_COLUMNS:
        raise ObservationError(f"it has {len(parts):,} columns and at most {_MAX_COLUMNS} are read; keep the columns that matter")
    return [part.strip().strip("\"'") for part in parts]


def _ecsv_header(lines: list[str]) -> tuple[list[Column], dict[str, Any], str]:
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines[1:])
    if len(text) > _MAX_HEADER:
        raise ObservationError("its ECSV header is too long; keep the columns that matter and leave out the meta entry")
    if _ALIAS.search(text):
        raise ObservationError("its ECSV header uses YAML aliases (& or *), which are not read; write the header without them")
    try:
        header = yaml.load(text, Loader=_PlainLoader)
        columns = [Column(str(entry["name"]), None if entry.get("unit") is None else str(entry["unit"])) for entry in header["datatype"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError, ValueError):
        raise ObservationError("its ECSV header cannot be understood; write the table again with astropy (format='ascii.ecsv')") from None
    delimiter = header.get("delimiter", " ")
    if delimiter not in (" ", ","):
        raise ObservationError("its ECSV header names a delimiter other than space and comma")
    return columns, _facts_of(header.get("meta")), delimiter


def _facts_of(meta: Any) -> dict[str, Any]:
    if isinstance(meta, list):
        meta = dict(
            pair for entry in meta for pair in (entry.items() if isinstance(entry, dict) else [entry] if isinstance(entry, tuple) else [])
        )
    if not isinstance(meta, dict):
        return {}
    return {str(key).lower(): value for key, value in meta.items() if isinstance(value, str | int | float)}


def _body(lines: list[str], delimiter: str, count: int) -> list[np.ndarray]:
    if not lines:
        raise ObservationError("it has a line of column names and no rows; give a file with measurements")
    if len(lines) > _MAX_ROWS:
        raise ObservationError(f"it has {len(lines):,} rows and at most {_MAX_ROWS:,} are read; bin it or cut it")
    names = [f"column{i}" for i in range(count)]
    missing = [(text, "0") for text in _MISSING]
    hexadecimal = next((i for i, line in enumerate(lines) if "0x" in line or "0X" in line), None)
    if hexadecimal is not None:
        raise ObservationError(f"row {hexadecimal + 1} holds a hexadecimal number; write it in decimals")
    fields = len(_fields(lines[0], delimiter))
    if fields != count:
        raise ObservationError(f"its first row has {fields} fields and {count} columns are named; repair the first lines")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = text_io.read(lines, format="no_header", delimiter=delimiter, names=names, guess=False, fill_values=missing)
    except text_io.InconsistentTableError as error:
        where = re.search(r"data line (\d+)", str(error))
        row = f"row {int(where[1]) + 1}" if where else "a row"
        raise ObservationError(f"{row} does not have {count} fields as the others do; repair that line") from None
    return [np.ma.asarray(table[name]) for name in names]


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text.strip()))


def _comment_names(comments: list[str], count: int, delimiter: str) -> list[str] | None:
    """Names in the last comment line, if it has as many as there are columns."""
    if not comments:
        return None
    line = comments[-1].lstrip("# ")
    for mark in (delimiter, _delimiter(line), " "):
        names = _fields(line, mark)
        if len(names) == count and not any(_is_number(name) for name in names):
            return names
    return None


def parsed(content: bytes) -> TextTable:
    """The table in a text file.

    Raises:
        ObservationError: if there is none.
    """
    lines = [line.rstrip("\r") for line in decoded(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    is_ecsv = lines[0].startswith("# %ECSV")
    numbered = [(i, line) for i, line in enumerate(lines) if line.strip()]
    comments = [line for _, line in numbered if line.startswith("#")]
    rows = [(i, line) for i, line in numbered if not line.startswith("#") and line.strip("-=|+ \t,")]
    if not rows:
        raise ObservationError("it has no rows; give a file with measurements")
    if is_ecsv:
        columns, facts, delimiter = _ecsv_header([line for line in lines[: rows[0][0]] if line.startswith("#")])
        written = _fields(rows[0][1], delimiter)
        if len(written) != len(columns):
            raise ObservationError(f"its ECSV header describes {len(columns)} columns and its line of names has {len(written)}")
        rows = rows[1:]
    else:
        facts = {match[1].strip().lower(): match[2].strip() for match in map(_COMMENT_KEY.match, comments[:200]) if match}
        delimiter = _delimiter(rows[0][1])
        first = _fields(rows[0][1], delimiter)
        if any(_is_number(text) for text in first):
            names = _comment_names(comments, len(first), delimiter)
        else:
            names, rows = first, rows[1:]
        columns = [split_unit(name) for name in names] if names else []
    count = len(columns) or len(first)
    if count > _MAX_COLUMNS:
        raise ObservationError(f"it has {count:,} columns and at most {_MAX_COLUMNS} are read; keep the columns that matter")
    values = _body([line for _, line in rows], delimiter, count)
    return TextTable(columns, values, facts, rows[0][0] + 1)
