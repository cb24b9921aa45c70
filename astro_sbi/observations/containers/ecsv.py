"""ECSV (APE 6): CSV under a header in YAML.

The header is read here, since astropy's own reader hands what strangers wrote to parsers that can stall.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float64, Shaped

from astro_sbi.observations.containers.lines import Rows, cells_of, check_width, fields, lines_of, opening, parted, text_of, values_of
from astro_sbi.observations.containers.table import Column, Container, Fact, Format, Table
from astro_sbi.observations.observation import ObservationError

_MAX_HEADER = 100_000
_MAX_DEPTH = 30
_MIXINS = "__serialized_columns__"
_DELIMITERS = (" ", ",")
_VECTOR = re.compile(r"float(?:32|64)\[(\d+)\]")


class _PlainLoader(yaml.SafeLoader):
    """YAML without Python objects and aliases: a tag that astropy wrote becomes the plain mapping, list or text under it."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases, a few of which can stand for millions of values."""
        if self.check_event(yaml.AliasEvent) or getattr(self.peek_event(), "anchor", None):
            raise ObservationError("its ECSV header uses YAML aliases (& or *), which are not read; write the header without them")
        return super().compose_node(parent, index)


def _plain(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_PlainLoader.add_multi_constructor("!", _plain)


@dataclass(frozen=True)
class _Described:
    """A column as the header describes it."""

    column: Column
    datatype: str
    subtype: str


def _deep(text: str) -> bool:
    """Whether brackets or lists are nested so deeply that the YAML parser would run out of room."""
    depth = deepest = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH or any(line.lstrip().startswith("- " * _MAX_DEPTH) for line in text.split("\n"))


def _header(lines: Sequence[str]) -> Mapping[str, Any]:
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    if len(text) > _MAX_HEADER:
        raise ObservationError("its ECSV header is too long; keep the columns that matter and leave out the meta entry")
    sentence = "its ECSV header cannot be understood; write the table again with astropy (format='ascii.ecsv')"
    if _deep(text):
        raise ObservationError(sentence)
    try:
        header = yaml.load(text, Loader=_PlainLoader)
        names = [entry["name"] for entry in header["datatype"]]
    except ObservationError:
        raise
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, RecursionError, ValueError):
        raise ObservationError(sentence) from None
    check_width(len(names))
    if header.get("delimiter", " ") not in _DELIMITERS:
        raise ObservationError("its ECSV header names a delimiter other than space and comma")
    return header


def _described(entry: Mapping[str, Any]) -> _Described:
    unit = entry.get("unit")
    unit = unit.get("unit") if isinstance(unit, dict) else unit
    column = Column(_line(entry["name"]), None if unit is None else _line(unit), _line(entry.get("description", ""))[:200])
    return _Described(column, str(entry.get("datatype", "")), str(entry.get("subtype") or ""))


def _line(text: Any) -> str:
    return " ".join(str(text)[:1000].split())


def _meta(header: Mapping[str, Any]) -> dict[str, Any]:
    """The header's own key words; astropy writes them as an ordered map, which is a list of pairs or of mappings of one entry."""
    meta = header.get("meta")
    if isinstance(meta, list):
        pairs = [pair for entry in meta for pair in (entry.items() if isinstance(entry, dict) else [entry])]
        return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) == 2}
    return {str(key): value for key, value in meta.items()} if isinstance(meta, dict) else {}


def _values(described: _Described, cells: list[str], rows: Rows) -> Shaped[np.ndarray, "n ..."]:
    """A column in the type that the header gives it; what is no number there stays text."""
    if described.subtype:
        return _square(described, cells, rows)
    if described.datatype == "string":
        return text_of(cells)
    if described.datatype != "bool":
        values = values_of(cells, rows.numbers)
        return values.astype(np.float64) if described.datatype.startswith("float") and values.dtype.kind == "i" else values
    words = text_of(cells)
    known = np.isin(words, ("True", "False", ""))
    if not known.all():
        wrong = int(np.flatnonzero(~known)[0])
        what = f"line {rows.numbers[wrong]} has '{words[wrong][:20]}' in the column {described.column.name[:30]}"
        raise ObservationError(f"{what}, which is to hold True or False; repair that line")
    return words == "True" if (words != "").all() else np.where(words == "", np.nan, words == "True")


def _reference(entry: Any) -> str | None:
    """The column that an entry of a mixin stands for, also where it is wrapped as a masked one."""
    inner = entry.get("data", entry) if isinstance(entry, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    return str(name) if name is not None else None


def _masked(values: dict[str, np.ndarray], mixin: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Values where a column of masks takes out what it covers, and is left out itself."""
    part = next((mixin[key] for key in ("value", "data") if isinstance(mixin.get(key), dict)), None)
    mask = _reference(mixin.get("mask") or (part or {}).get("mask"))
    target = _reference(part)
    if mask not in values or target not in values or mask == target or values[mask].dtype != np.bool_:
        return values
    column = values[target]
    covered = np.where(values[mask], "", column) if column.dtype.kind == "U" else np.where(values[mask], np.nan, column)
    return {name: covered if name == target else kept for name, kept in values.items() if name != mask}


def _joined(values: dict[str, np.ndarray], name: str, mixin: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Values where the two parts of a Julian date, which astropy keeps apart for precision, are one column."""
    first, second = _reference(mixin.get("jd1")), _reference(mixin.get("jd2"))
    if first not in values or second not in values or first == second or {values[first].dtype.kind, values[second].dtype.kind} - {"i", "f"}:
        return values
    total = values[first] + values[second]
    return {name if key == first else key: total if key == first else kept for key, kept in values.items() if key != second}


def _mixins(values: dict[str, np.ndarray], mixins: Any) -> tuple[dict[str, np.ndarray], dict[str, Fact], dict[str, str]]:
    """Values with what astropy took apart put together again, facts about the times among them, and units of those."""
    facts: dict[str, Fact] = {}
    units: dict[str, str] = {}
    for name, mixin in mixins.items() if isinstance(mixins, dict) else ():
        if not isinstance(mixin, dict):
            continue
        values = _masked(values, mixin)
        if str(mixin.get("__class__", "")).startswith("astropy.time."):
            before = values
            values = _joined(values, str(name), mixin)
            stated = "jd" if values is not before else mixin.get("format", "")
            facts |= {f"{name}_{key}".lower(): str(value) for key, value in (("format", stated), ("scale", mixin.get("scale"))) if value}
            if stated in ("jd", "mjd"):
                units[str(name)] = "d"
    return values, facts, units


def _check_names(written: Sequence[str], described: Sequence[_Described]) -> None:
    """Refuse a line of names that is not the header's."""
    names = [one.column.name for one in described]
    if len(written) != len(names):
        raise ObservationError(f"its ECSV header describes {len(names)} columns and its line of names has {len(written)}")
    other = next(((above, below) for above, below in zip(names, map(_line, written), strict=True) if above != below), None)
    if other:
        raise ObservationError(f"its line of names has {other[1][:30]} where its ECSV header has {other[0][:30]}; repair one of the two")
    if len(set(names)) < len(names):
        raise ObservationError("its ECSV header gives several columns the same names; give each a name of its own")


def _is_square(described: _Described, rows: int) -> bool:
    """Whether a column has as many numbers a row as there are rows, as a covariance matrix has."""
    size = _VECTOR.fullmatch(described.subtype)
    return size is not None and int(size[1]) == rows > 1


def _square(described: _Described, cells: list[str], rows: Rows) -> Float64[np.ndarray, "n n"]:
    """A column of lists in JSON, one number for each row."""
    values = np.empty((len(cells), len(cells)))
    for row, cell in enumerate(cells):
        try:
            values[row] = [float(number) for number in cell.strip().removeprefix("[").removesuffix("]").replace("null", "nan").split(",")]
        except ValueError:
            where = f"line {rows.numbers[row]} does not hold {len(cells)} numbers in the column {described.column.name[:30]}"
            raise ObservationError(f"{where}; repair that line") from None
    return values


def _read(lines: list[str]) -> tuple[Table, tuple[str, ...]]:
    end = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _header(lines[1:end])
    described = [_described(entry) for entry in header["datatype"]]
    delimiter = header.get("delimiter", " ")
    _, rows = parted(["#" if index < end else line for index, line in enumerate(lines)], strict=True)
    if not len(rows):
        raise ObservationError("it has no rows; give a file with measurements")
    _check_names(fields(rows.texts[0], delimiter, int(rows.numbers[0])), described)
    rows = rows.after(1)
    cells = cells_of(rows, delimiter, len(described))
    vectors = [one.column.name for one in described if one.subtype and not _is_square(one, len(rows))]
    left_out = ", ".join(name[:30] for name in vectors)[:200]
    warning = f"columns with several values a row were left out: {left_out}"
    if len(vectors) == len(described):
        raise ObservationError(f"{warning}, and it has no others; give each row one value a column")
    kept = [(one, column) for one, column in zip(described, cells, strict=True) if one.column.name not in vectors]
    meta = _meta(header)
    values, times, units = _mixins({one.column.name: _values(one, column, rows) for one, column in kept}, meta.get(_MIXINS))
    known = {one.column.name: one.column for one in described}
    columns = [known.get(name, Column(name)) for name in values]
    columns = tuple(column if column.unit else replace(column, unit=units.get(column.name, column.unit)) for column in columns)
    facts = {key.lower(): value for key, value in meta.items() if isinstance(value, str | int | float) and key != _MIXINS}
    table = Table(columns, tuple(values.values()), facts=facts | times, first_row=int(rows.numbers[0]))
    return table, (warning,) if left_out else ()


def _opened(content: bytes) -> Container:
    lines, warnings = lines_of(content)
    table, more = _read(lines)
    return Container(FORMAT.name, (table,), facts=table.facts, warnings=(*warnings, *more))


def _matches(content: bytes) -> bool:
    return opening(content)[0].startswith("# %ECSV")


FORMAT = Format("ECSV", _matches, _opened)
