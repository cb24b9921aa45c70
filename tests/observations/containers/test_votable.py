import base64
import contextlib
import re
import socket
import struct
import threading
from io import BytesIO

import numpy as np
import pytest
from astropy import units as u
from astropy.io import votable as astropy_votable
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.votable import FORMAT, matches, opened
from astro_sbi.observations.observation import ObservationError

FIELDS = '<FIELD name="time" datatype="double" unit="d"/><FIELD name="flux" datatype="float"/>'
ROWS = "<TR><TD>1.5</TD><TD>10</TD></TR><TR><TD>2.5</TD><TD>11</TD></TR>"


def xml(fields: str = FIELDS, rows: str = ROWS, table: str = "", before: str = "", version: str = "1.3") -> bytes:
    inside = f"<TABLE {table}>{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>"
    return f'<?xml version="1.0"?>\n<VOTABLE version="{version}"><RESOURCE>{before}{inside}</RESOURCE></VOTABLE>\n'.encode()


def one(datatype: str, *cells: str, more: str = "", inner: str = "", version: str = "1.3"):
    rows = "".join(f"<TR><TD>{cell}</TD></TR>" for cell in cells)
    container = opened(xml(f'<FIELD name="a" datatype="{datatype}" {more}>{inner}</FIELD>', rows, version=version))
    return container.tables[0].values[0] if container.tables[0].values else None, container.warnings


def binary(fields: str, stream: bytes, tag: str = "BINARY") -> bytes:
    packed = base64.b64encode(stream).decode()
    start = f'<VOTABLE version="1.3"><RESOURCE><TABLE>{fields}<DATA>'
    return f'{start}<{tag}><STREAM encoding="base64">{packed}</STREAM></{tag}></DATA></TABLE></RESOURCE></VOTABLE>'.encode()


def written(table: Table, serialisation: str) -> bytes:
    buffer = BytesIO()
    astropy_votable.writeto(astropy_votable.from_table(table), buffer, tabledata_format=serialisation)
    return buffer.getvalue()


@pytest.mark.parametrize("serialisation", ["tabledata", "binary", "binary2"])
def test_a_table_of_astropy(serialisation):
    table = Table({"time": [1.5, 2.5, np.nan], "n": [1, 2, 3], "name": ["a", "bc", ""], "good": [True, False, True]})
    table["arr"] = np.arange(6.0).reshape(3, 2)
    table["time"].unit, table["time"].description = u.d, "mid time"
    container = opened(written(table, serialisation))
    (read,) = container.tables
    assert [column.name for column in read.columns] == table.colnames
    assert (read.columns[0].unit, read.columns[0].meaning) == ("d", "mid time")
    assert [values.dtype.kind for values in read.values] == list("fiUbf")
    for name, values in zip(table.colnames, read.values, strict=True):
        np.testing.assert_array_equal(values, table[name])
    assert container.warnings == ()


@pytest.mark.slow
@pytest.mark.parametrize("serialisation", ["tabledata", "binary2"])
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), st.floats(width=64)), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_numbers_come_back(serialisation, rows):
    whole = [row[0] for row in rows]
    table = Table(
        {"n": MaskedColumn([n or 0 for n in whole], mask=[n is None for n in whole], dtype=np.int32), "x": [row[1] for row in rows]}
    )
    numbers, floats = opened(written(table, serialisation)).tables[0].values
    np.testing.assert_array_equal(numbers, [np.nan if n is None else n for n in whole])
    np.testing.assert_array_equal(floats, table["x"])
    assert numbers.dtype == (np.float64 if None in whole else np.int64)


def test_params_and_infos_are_facts():
    content = xml(
        '<PARAM name="Exposure" datatype="double" unit="s" value="30.5"/><PARAM name="N" datatype="int" value="3"/>'
        '<INFO name="TELESCOP" value="TESS"/>' + FIELDS,
        before='<INFO name="QUERY">select</INFO><PARAM name="target" datatype="char" arraysize="*" value="51 Peg"/>',
    )
    container = opened(content)
    assert container.tables[0].facts == {"exposure": 30.5, "exposure unit": "s", "n": 3, "telescop": "TESS"}
    assert container.facts == {"query": "select", "target": "51 Peg"}


def test_a_time_system_gives_the_zero_point():
    content = xml(
        FIELDS.replace('unit="d"', 'unit="d" ref="ts"'),
        before='<TIMESYS ID="ts" timeorigin="2455197.5" timescale="TCB" refposition="BARYCENTER"/>',
    )
    assert "BJD - 2455197.5" in opened(content).tables[0].columns[0].meaning


def test_empty_integers_are_missing_in_every_version():
    for version in ("1.1", "1.2", "1.3", "1.4"):
        values, warnings = one("int", "1", "", "3", version=version)
        np.testing.assert_array_equal(values, [1, np.nan, 3])
        assert warnings == ()


def test_null_values_are_missing():
    np.testing.assert_array_equal(one("int", "1", "-99", inner='<VALUES null="-99"/>')[0], [1, np.nan])
    np.testing.assert_array_equal(one("double", "1", "-99.00", inner='<VALUES null="-99"/>')[0], [1, np.nan])
    field = '<FIELD name="a" datatype="short"><VALUES null="-1"/></FIELD>'
    np.testing.assert_array_equal(opened(binary(field, struct.pack(">hh", 5, -1))).tables[0].values[0], [5, np.nan])


def test_text_among_numbers_is_counted_and_shifts_nothing():
    container = opened(
        xml(
            '<FIELD name="a" datatype="int"/><FIELD name="b" datatype="double"/>',
            "<TR><TD>bad</TD><TD>5</TD></TR><TR><TD>2</TD><TD>n/a!</TD></TR>",
        )
    )
    np.testing.assert_array_equal(container.tables[0].values[0], [np.nan, 2])
    np.testing.assert_array_equal(container.tables[0].values[1], [5, np.nan])
    assert len(container.warnings) == 2
    assert all("1 cell" in warning for warning in container.warnings)


def test_cells_of_several_numbers():
    values, _ = one("double", "1 2 3", "4 5 6", "", more='arraysize="3"')
    np.testing.assert_array_equal(values, [[1, 2, 3], [4, 5, 6], [np.nan] * 3])
    np.testing.assert_array_equal(one("double", "1 2", "3 4", more='arraysize="*"')[0], [[1, 2], [3, 4]])
    values, warnings = one("double", "1 2 3", "4 5", more='arraysize="3"')
    np.testing.assert_array_equal(values, [[1, 2, 3], [np.nan] * 3])
    assert "1 cell" in warnings[0]


def test_columns_of_other_kinds_are_left_out():
    container = opened(
        xml(
            FIELDS + '<FIELD name="z" datatype="doubleComplex"/><FIELD name="v" datatype="int" arraysize="*"/>',
            ROWS.replace("</TR>", "<TD>1 2</TD><TD>1</TD></TR>", 1).replace("11</TD></TR>", "11</TD><TD>1 2</TD><TD>1 2</TD></TR>"),
        )
    )
    assert [column.name for column in container.tables[0].columns] == ["time", "flux"]
    assert "z, v" in container.warnings[0]


def test_binary_text_of_any_length():
    fields = '<FIELD name="s" datatype="char" arraysize="*"/><FIELD name="w" datatype="unicodeChar" arraysize="2"/>'
    fields += '<FIELD name="x" datatype="double"/>'
    row = struct.pack(">I2s", 2, b"ab") + "éü".encode("utf-16-be") + struct.pack(">d", 1.5)
    table = opened(binary(fields, row + row)).tables[0]
    assert [table.values[0].tolist(), table.values[1].tolist(), table.values[2].tolist()] == [["ab"] * 2, ["éü"] * 2, [1.5] * 2]


def test_masked_cells_of_binary2_are_missing():
    fields = '<FIELD name="n" datatype="int"/><FIELD name="s" datatype="char" arraysize="2"/>'
    stream = struct.pack(">Bi2s", 0b10000000, 0, b"ab") + struct.pack(">Bi2s", 0b01000000, 7, b"cd")
    table = opened(binary(fields, stream, "BINARY2")).tables[0]
    np.testing.assert_array_equal(table.values[0], [np.nan, 7])
    assert table.values[1].tolist() == ["ab", ""]


def test_several_tables_and_names_that_come_again():
    twice = xml(FIELDS.replace("flux", "time")).replace(b"</RESOURCE>", b"<TABLE name='b'>" + FIELDS.encode() + b"</TABLE></RESOURCE>")
    container = opened(twice)
    assert [table.name for table in container.tables] == ["table 1", "b"]
    assert [column.name for column in container.tables[0].columns] == ["time", "time 2"]
    assert len(container.tables[1]) == 0


def test_links_for_people_and_prefixes_do_no_harm():
    content = xml('<FIELD name="a" datatype="int"><LINK href="http://example.org/${a}"/></FIELD>', "<TR><TD>1</TD></TR>")
    assert opened(content).tables[0].values[0].tolist() == [1]
    prefixed = re.sub(rb"<(/?)([A-Z])", rb"<\1v:\2", content).replace(
        b"<v:VOTABLE", b'<v:VOTABLE xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3"'
    )
    assert matches(prefixed)
    assert opened(prefixed).tables[0].values[0].tolist() == [1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(encoding):
    text = xml('<FIELD name="é" datatype="int"/>', "<TR><TD>1</TD></TR>").decode()
    declared = text.replace('version="1.0"', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"', 1).encode(encoding)
    assert matches(declared)
    assert opened(declared).tables[0].columns[0].name == "é"


def test_wrong_letters_are_said():
    assert "not valid utf-8" in opened(xml().replace(b"time", b"t\xe9me")).warnings[0]


def test_rows_other_than_claimed_are_said():
    assert "says 3 rows and 2" in opened(xml(table='nrows="3"')).warnings[0]


def test_an_answer_that_was_cut_is_said():
    assert "cut the table" in opened(xml(before='<INFO name="QUERY_STATUS" value="OVERFLOW"/>')).warnings[0]


def stream(reference: str, tag: str = "BINARY", attribute: str = "href") -> bytes:
    data = f'<DATA><{tag}><STREAM {attribute}="{reference}"/></{tag}></DATA>'
    return f'<?xml version="1.0"?><VOTABLE xmlns:x="u"><RESOURCE><TABLE>{FIELDS}{data}</TABLE></RESOURCE></VOTABLE>'.encode()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE VOTABLE [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9))
    + b"]>"
    + xml().split(b"\n", 1)[1].replace(b"10<", b"&j;<")
)
EXTERNAL = b'<!DOCTYPE VOTABLE [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + xml().split(b"\n", 1)[1].replace(b"10<", b"&a;<")
WRONG = {
    "file": (stream("file:///etc/passwd"), "href"),
    "fits": (stream("file:///etc/passwd", "FITS"), "href|FITS"),
    "parquet": (stream("file:x.parquet", "PARQUET"), "href|PARQUET"),
    "prefixed": (stream("file:///etc/passwd", attribute="x:href"), "href"),
    "upper": (stream("file:///etc/passwd", attribute="HREF"), "href"),
    "group": (xml('<GROUP href="http://127.0.0.1/"/>' + FIELDS), "href"),
    "laughs": (LAUGHS, "DOCTYPE"),
    "external entity": (EXTERNAL, "DOCTYPE"),
    "dtd": (b'<!DOCTYPE VOTABLE SYSTEM "http://127.0.0.1/x.dtd">' + xml().split(b"\n", 1)[1], "DOCTYPE"),
    "utf16 entity": (EXTERNAL.decode().encode("utf-16"), "DOCTYPE"),
    "utf7": (xml().replace(b'version="1.0"', b'version="1.0" encoding="utf-7"', 1), "encoding utf-7"),
    "utf16 unmarked": (xml().decode().encode("utf-16-le"), "encoding"),
    "nrows": (xml(table='nrows="3000000000"'), "nrows = 3000000000"),
    "nrows small": (xml(table='nrows="1000000"'), "nrows = 1000000"),
    "nrows negative": (xml(table='nrows="-3"'), "nrows = -3"),
    "nested": (b"<VOTABLE>" + b"<RESOURCE>" * 50_000 + b"</RESOURCE>" * 50_000 + b"</VOTABLE>", "nested"),
    "tables": (b"<VOTABLE><RESOURCE>" + b"<TABLE></TABLE>" * 101 + b"</RESOURCE></VOTABLE>", "100 tables"),
    "fields": (xml('<FIELD name="a" datatype="int"/>' * 513, ""), "512 fields"),
    "cell": (xml('<FIELD name="a" datatype="double" arraysize="999999999"/>', "<TR><TD>1</TD></TR>"), "memory"),
    "arraysize": (xml('<FIELD name="a" datatype="double" arraysize="2y3"/>', "<TR><TD>1</TD></TR>"), "arraysize"),
    "short row": (xml(rows=ROWS + "<TR><TD>1</TD></TR>"), "row 3 .* 1 cells"),
    "long row": (xml(rows=ROWS.replace("</TR>", "<TD>1</TD></TR>", 1)), "row 1 .* 3 cells"),
    "no table": (b"<VOTABLE><RESOURCE/></VOTABLE>", "no table"),
    "answer": (
        b'<VOTABLE><RESOURCE><INFO name="QUERY_STATUS" value="ERROR">no such column</INFO></RESOURCE></VOTABLE>',
        "answered: no such column",
    ),
    "gzip stream": (binary(FIELDS, b"").replace(b'"base64"', b'"gzip"'), "gzip"),
    "base64": (binary(FIELDS, b"").replace(b'"base64">', b'"base64">@@@@'), "base64"),
    "half row": (binary(FIELDS, bytes(13)), "whole number of rows"),
    "long text": (binary('<FIELD name="s" datatype="char" arraysize="*"/>', b"\xff\xff\xff\xffab"), "ends in the middle"),
    "cell in base64": (xml(rows=ROWS.replace("<TD>", '<TD encoding="base64">', 1)), "base64"),
    "other xml": (b"<html><VOTABLE/></html>", "outermost"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name):
    content, trouble = WRONG[name]
    with pytest.raises(ObservationError, match=trouble):
        opened(content)


def test_nothing_is_fetched():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    called = []
    thread = threading.Thread(target=lambda: called.extend(accepted(listener)))
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    for content in (stream(address), stream(address, "FITS"), stream(address, "PARQUET")):
        with pytest.raises(ObservationError):
            opened(content)
    opened(xml(f'<LINK href="{address}"/>' + FIELDS))
    thread.join()
    listener.close()
    assert called == []


def accepted(listener: socket.socket) -> list[object]:
    try:
        return [listener.accept()]
    except TimeoutError:
        return []


@pytest.mark.parametrize("serialisation", ["tabledata", "binary2"])
def test_cut_short_anywhere(serialisation):
    whole = written(Table({"time": np.arange(5.0), "name": list("abcde")}), serialisation).rstrip()
    for end in range(1, len(whole) - 1, 7):
        with pytest.raises(ObservationError):
            opened(whole[:end])


@pytest.mark.slow
@given(st.binary(max_size=300), st.integers(0, 600))
@settings(max_examples=150, deadline=None)
def test_damage_ends_in_a_sentence(noise, place):
    content = xml()[:place] + noise + xml()[place + len(noise) // 2 :]
    matches(content)
    with contextlib.suppress(ObservationError):
        opened(content)


def test_what_it_matches():
    assert FORMAT.name == "VOTable"
    assert matches(xml())
    assert matches(LAUGHS)
    others = (b"", b"time,flux\n1,2\n", b"<html><body/></html>", b"<?xml version='1.0'?><a/>", b"<!--" * 9000)
    assert not any(map(matches, others))
