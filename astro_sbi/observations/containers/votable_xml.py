"""The XML of a VOTable (IVOA Recommendation, version 1.5), read in one pass that follows no reference to anything outside."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from xml.parsers import expat

from astro_sbi.observations.containers.table import MAX_COLUMNS, MAX_ROWS, MAX_TABLES
from astro_sbi.observations.observation import ObservationError

MAX_DEPTH = 64
MAX_CELLS = 5_000_000
MAX_NOTES = 5000

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ENCODINGS = ("utf-8", "ascii", "iso8859-1", "cp1252")
_TEXTS = ("STREAM", "DESCRIPTION", "INFO")

Serialisation = Literal["TABLEDATA", "BINARY", "BINARY2"]


@dataclass(frozen=True)
class Field:
    """A FIELD or PARAM: its attributes, what its description says and which value stands for nothing."""

    attributes: dict[str, str]
    description: str = ""
    null: str | None = None

    @property
    def name(self) -> str:
        """Its name, or its identifier where it has none."""
        return self.attributes.get("name") or self.attributes.get("ID", "")

    @property
    def datatype(self) -> str:
        """The type that it declares."""
        return self.attributes.get("datatype", "char")

    @property
    def arraysize(self) -> str:
        """Its shape as it is written, such as ``3x*``; empty for a scalar."""
        return self.attributes.get("arraysize", "").strip()


@dataclass
class RawTable:
    """A TABLE while it is read: cells of TABLEDATA row by row, or the text of a STREAM."""

    attributes: dict[str, str]
    description: str = ""
    fields: list[Field] = field(default_factory=list)
    params: list[Field] = field(default_factory=list)
    serialisation: Serialisation | None = None
    cells: list[str] = field(default_factory=list)
    stream: str = ""


@dataclass
class Document:
    """A VOTABLE while it is read."""

    tables: list[RawTable] = field(default_factory=list)
    params: list[Field] = field(default_factory=list)
    time_systems: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def document(content: bytes) -> Document:
    """What the XML holds.

    Raises:
        ObservationError: if it is damaged, declares a document type, refers to another file, or claims more than is read.
    """
    scan = _Scan(len(content))
    text, warnings = decoded(content)
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text.append
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "") if error.code else ""
        raise ObservationError(
            f"the XML of the VOTable is damaged or cut short in line {error.lineno} ({what or 'not well-formed'}); download the file again"
        ) from None
    scan.found.warnings.extend(warnings)
    return scan.found


def decoded(content: bytes) -> tuple[bytes, list[str]]:
    """The XML in UTF-8, from the few encodings that VOTables use, and sentences about what was lost."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not content.startswith(codecs.BOM_UTF32_LE):
        return content.decode("utf-16", "replace").encode(), []
    declared = _DECLARED.match(content.removeprefix(codecs.BOM_UTF8).lstrip()[:300])
    named = declared.group(1).decode() if declared else "utf-8"
    try:
        encoding = codecs.lookup(named).name
    except LookupError:
        encoding = named
    if encoding not in _ENCODINGS or b"\x00" in content[:200]:
        raise ObservationError(f"its XML is written in the encoding {named}, which is not read; save it as UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode(encoding).encode(), []
    except UnicodeDecodeError:
        warning = f"some of its letters are not valid {named} and are shown as �"
        return content.removeprefix(codecs.BOM_UTF8).decode(encoding, "replace").encode(), [warning]


def _no_document_type(*_: Any) -> None:
    raise ObservationError(
        "its XML declares a document type (<!DOCTYPE), which can make it name other files or grow without end; delete that declaration"
    )


class _Scan:
    """The handlers of the parser and what they found."""

    def __init__(self, size: int) -> None:
        self.found = Document()
        self.text: list[str] = []
        self.size = size
        self.path: list[str] = []
        self.table: RawTable | None = None
        self.noted: Field | None = None
        self.row = 0
        self.cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        # Nearly all elements are cells, so these come first and do without the rest.
        if tag == "TD" and not attributes:
            self.text.clear()
            return
        name = tag.rpartition(":")[2]
        if name != "TD":
            self.path.append(name)
        if name == "TD" or name in _TEXTS:
            self.text.clear()
        self._check(name, attributes)
        if name == "TR" and self.table is not None:
            self.row = len(self.table.cells)
        opening = getattr(self, f"_start_{name.lower()}", None) if name.isupper() else None
        if opening:
            opening({key.rpartition(":")[2]: value for key, value in attributes.items()})

    def _check(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.path) < 2 and name != "VOTABLE":
            raise ObservationError(f"it is XML, but its outermost element is {name[:30]} where a VOTable has VOTABLE; save it as a VOTable")
        if len(self.path) > MAX_DEPTH:
            raise ObservationError(f"its XML is nested more than {MAX_DEPTH} deep; save the table alone as a VOTable")
        # A LINK is for a person to click and nothing follows it here; any other reference would have to be fetched.
        if name != "LINK" and any(key.rpartition(":")[2].lower() == "href" for key in attributes):
            raise ObservationError(
                f"its element {name[:30]} refers to another file or address (href), which is never fetched; "
                "save the table with its rows inside"
            )
        if name in ("FITS", "PARQUET"):
            raise ObservationError(f"its rows are kept as {name} inside the XML; give that file itself, or save the table as TABLEDATA")

    def _start_td(self, attributes: dict[str, str]) -> None:
        if "encoding" in attributes:
            raise ObservationError("one of its cells is encoded in base64, which is not read; save the table as plain TABLEDATA")

    def _start_table(self, attributes: dict[str, str]) -> None:
        if len(self.found.tables) == MAX_TABLES:
            raise ObservationError(f"it holds more than {MAX_TABLES} tables; save the one that matters alone")
        if "nrows" in attributes:
            self._check_claim(attributes["nrows"].strip())
        self.table = RawTable(attributes)
        self.found.tables.append(self.table)

    def _check_claim(self, rows: str) -> None:
        most = min(MAX_ROWS, self.size)
        if not re.fullmatch(r"[0-9]{1,18}", rows) or int(rows) > most:
            raise ObservationError(
                f"its header claims nrows = {rows[:30]}, and a file of {self.size} bytes can hold at most {most} rows; download it again"
            )

    def _start_field(self, attributes: dict[str, str]) -> None:
        if self.table is None:
            return
        if len(self.table.fields) == MAX_COLUMNS:
            raise ObservationError(f"a table has more than {MAX_COLUMNS} fields; save the columns that matter alone")
        self.noted = Field(attributes)

    def _start_param(self, attributes: dict[str, str]) -> None:
        self.noted = Field(attributes)

    _start_info = _start_param

    def _start_timesys(self, attributes: dict[str, str]) -> None:
        if len(self.found.time_systems) < MAX_NOTES:
            self.found.time_systems[attributes.get("ID", "")] = attributes

    def _start_values(self, attributes: dict[str, str]) -> None:
        if self.noted is not None and attributes.get("null"):
            self.noted = replace(self.noted, null=attributes["null"].strip())

    def _start_data(self, _: dict[str, str]) -> None:
        table = self.table
        if table is not None and not table.fields and "ref" in table.attributes:
            like = next((other for other in self.found.tables if other.attributes.get("ID") == table.attributes["ref"]), table)
            table.fields = list(like.fields)

    def _start_tabledata(self, _: dict[str, str]) -> None:
        self._serialised("TABLEDATA")

    def _start_binary(self, _: dict[str, str]) -> None:
        self._serialised("BINARY")

    def _start_binary2(self, _: dict[str, str]) -> None:
        self._serialised("BINARY2")

    def _serialised(self, how: Serialisation) -> None:
        if self.table is None or self.table.serialisation is not None or not self.table.fields:
            raise ObservationError(f"its {how} belongs to no table with fields; save the table again")
        self.table.serialisation = how

    def _start_stream(self, attributes: dict[str, str]) -> None:
        if (encoding := attributes.get("encoding", "base64")) != "base64":
            raise ObservationError(f"its STREAM is encoded as {encoding[:30]}, and base64 is read; save the table as TABLEDATA or BINARY2")

    def end(self, tag: str) -> None:
        if tag == "TD" or tag.endswith(":TD"):
            if self.table is not None:
                self.table.cells.append("".join(self.text).strip())
            self.text.clear()
            return
        name = self.path.pop()
        if name == "TR":
            self._end_row()
        elif name in ("FIELD", "PARAM", "INFO", "DESCRIPTION", "STREAM", "TABLE"):
            self._end_note(name)

    def _end_row(self) -> None:
        table = self.table
        if table is None or table.serialisation != "TABLEDATA":
            raise ObservationError("it has rows outside the TABLEDATA of a table; save the table again")
        width, cells = len(table.fields), len(table.cells)
        if cells - self.row != width:
            found = f"row {self.row // width + 1} of a table has {cells - self.row} cells where it has {width} fields"
            raise ObservationError(f"{found}; repair or leave out that row")
        self.cells += width
        if cells > MAX_ROWS * width or self.cells > MAX_CELLS:
            raise ObservationError(f"it has more than {MAX_ROWS} rows or {MAX_CELLS} cells; cut it to the part that matters")

    def _end_note(self, name: str) -> None:
        text = "".join(self.text).strip()
        self.text.clear()
        table, noted = self.table, self.noted
        if name == "TABLE":
            self.table = None
        elif name == "STREAM" and table is not None:
            table.stream = text
        elif name == "DESCRIPTION" and noted is not None:
            self.noted = replace(noted, description=text)
        elif name == "DESCRIPTION" and table is not None and self.path[-1] == "TABLE":
            table.description = text
        elif noted is not None:
            if name == "FIELD" and table is not None:
                table.fields.append(noted)
            else:
                self._keep(replace(noted, description=text) if name == "INFO" else noted)
            self.noted = None

    def _keep(self, param: Field) -> None:
        params = self.found.params if self.table is None else self.table.params
        if len(params) < MAX_NOTES:
            params.append(param)
