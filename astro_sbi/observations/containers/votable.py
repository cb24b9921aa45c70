"""VOTable (IVOA): tables in XML.

The XML is read here in one pass. astropy's reader fetches what a STREAM refers to, makes empty integers 0 before version 1.3, and moves the
rest of a row to the left of a cell that it cannot understand.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

import numpy as np

from astro_sbi.observations.containers.arrays import as_text, distinct, facts
from astro_sbi.observations.containers.table import Column, Container, Fact, Format, Table, is_number
from astro_sbi.observations.containers.votable_cells import FLOATS, INTEGERS, Cells, from_binary, from_text
from astro_sbi.observations.containers.votable_xml import Document, Field, RawTable, document
from astro_sbi.observations.observation import ObservationError

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?VOTABLE[\s/>]|<!DOCTYPE\s{1,20}VOTABLE\b")
_PROLOGUE = re.compile(r"<\?xml|<!--|<!DOCTYPE\s{1,20}VOTABLE\b|<(?:[A-Za-z_][\w.-]{0,40}:)?VOTABLE[\s/>]")
_ORIGINS = {"MJD-ORIGIN": 2400000.5, "JD-ORIGIN": 0.0}


def matches(content: bytes) -> bool:
    """Whether the outermost element of an XML file is VOTABLE."""
    start = content[:40000]
    wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    text = start.decode("utf-16", "replace") if wide else start.replace(b"\x00", b"").decode("utf-8", "replace")
    text = text.lstrip("\ufeff \t\r\n")
    return _PROLOGUE.match(text) is not None and _ROOT.search(text) is not None


def opened(content: bytes) -> Container:
    """The tables of a VOTable.

    Raises:
        ObservationError: if it is damaged, refers to other files, claims too much or holds no table.
    """
    found = document(content)
    answer, overflow = _answer(found)
    tables = [table for table in found.tables if table.fields]
    if not tables:
        raise ObservationError(
            f"the service that wrote it answered: {answer}" if answer else "it holds no table with fields; give a VOTable with rows"
        )
    named = [table.attributes.get("name") or table.attributes.get("ID", "") for table in tables]
    names = distinct(named, "table") if len(tables) > 1 else (named[0].strip(),)
    read = [_table(table, name, found) for table, name in zip(tables, names, strict=True)]
    warnings = [*found.warnings, *overflow, *(warning for _, told in read for warning in told)]
    return Container("VOTable", tuple(table for table, _ in read), facts=_facts(found.params), warnings=tuple(warnings))


def _answer(found: Document) -> tuple[str, list[str]]:
    """The error that a service reports in a VOTable without rows, and a warning if it cut the table."""
    status = [info for table in [found, *found.tables] for info in table.params if info.name == "QUERY_STATUS"]
    error = next((info for info in status if info.attributes.get("value", "").upper() == "ERROR"), None)
    cut = any(info.attributes.get("value", "").upper() == "OVERFLOW" for info in status)
    warning = "the service that wrote it cut the table at its limit of rows: some are missing"
    return " ".join(error.description.split())[:200] if error else "", [warning] if cut else []


def _table(raw: RawTable, name: str, found: Document) -> tuple[Table, list[str]]:
    """A table, and sentences on what was lost."""
    width = len(raw.fields)
    if raw.serialisation in ("BINARY", "BINARY2"):
        columns = from_binary(raw)
    else:
        columns = [from_text(field, raw.cells[index::width]) for index, field in enumerate(raw.fields)]
    names = distinct(field.name for field in raw.fields)
    kept = [index for index, column in enumerate(columns) if column.values is not None]
    warnings = _warnings(names, raw.fields, columns)
    if not kept:
        raise ObservationError("none of its fields holds numbers or text of a fixed length; save the table with plain columns")
    zero = {index: _zero_point(raw.fields[index], found) for index in kept}
    table = Table(
        tuple(Column(names[index], _unit(raw.fields[index]), _meaning(raw.fields[index], zero[index])) for index in kept),
        tuple(column.values for column in columns if column.values is not None),
        name=name,
        facts=_facts(raw.params) | ({"description": raw.description[:1000]} if raw.description else {}),
    )
    again = [field.name.strip()[:30] for name, field in zip(names, raw.fields, strict=True) if field.name.strip() not in ("", name)]
    if again:
        warnings.append(f"several columns are called {', '.join(again[:4])}: the later ones were numbered")
    if (claim := raw.attributes.get("nrows")) is not None and int(claim) != len(table):
        warnings.append(f"its header says {int(claim)} rows and {len(table)} were found")
    return table, warnings


def _warnings(names: Iterable[str], fields: Iterable[Field], columns: Iterable[Cells]) -> list[str]:
    found, left_out = [], []
    for name, field, column in zip(names, fields, columns, strict=True):
        if column.values is None:
            left_out.append(name[:30])
        elif column.wrong:
            cells = "1 cell" if column.wrong == 1 else f"{column.wrong} cells"
            what = "a number" if field.datatype in (*INTEGERS, *FLOATS) else f"of the type {field.datatype[:20]}"
            found.append(
                f"{cells} of the column {name[:30]} should be {what} and {'is' if column.wrong == 1 else 'are'} not: taken as missing"
            )
    if left_out:
        kinds = "complex numbers, bits, lists of different lengths"
        found.append(f"columns of a kind that is not read ({kinds}) are left out: {', '.join(left_out[:10])}")
    return found


def _unit(field: Field) -> str | None:
    return field.attributes.get("unit", "").strip() or None


def _meaning(field: Field, zero_point: str) -> str:
    parts = [field.description, *(field.attributes.get(key, "") for key in ("ucd", "utype")), zero_point]
    return "; ".join(" ".join(part.split())[:200] for part in parts if part.strip())


def _zero_point(field: Field, found: Document) -> str:
    """What a field's time system (TIMESYS) counts from, such as ``BJD - 2455197.5``; empty where it has none."""
    system = found.time_systems.get(field.attributes.get("ref", ""))
    origin = (system or {}).get("timeorigin", "").strip()
    value = _ORIGINS.get(origin.upper(), float(origin) if is_number(origin) else None)
    if system is None or value is None or not np.isfinite(value):
        return ""
    barycentric = system.get("refposition", "").strip().upper() == "BARYCENTER"
    return f"{'BJD' if barycentric else 'JD'} - {value:.12g}" if value else "BJD" if barycentric else "JD"


def _facts(params: Iterable[Field]) -> dict[str, Fact]:
    """Values of PARAM and INFO, and the units of those that have one, by lower-case name."""
    pairs: list[tuple[str, Fact]] = []
    for param in params:
        value = param.attributes.get("value", "") or param.description
        pairs.append((param.name, _number(value) if param.datatype in (*INTEGERS, *FLOATS) else as_text(value)))
        if unit := param.attributes.get("unit"):
            pairs.append((f"{param.name} unit", unit))
    return facts(pairs)


def _number(text: str) -> Fact:
    if re.fullmatch(r"[+-]?\d{1,18}", text.strip()):
        return int(text)
    return float(text) if is_number(text) else text


FORMAT = Format("VOTable", matches, opened)
