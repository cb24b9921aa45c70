import io
import re

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time, TimeDelta
from astropy.utils.masked import Masked
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.ecsv import FORMAT
from astro_sbi.observations.observation import ObservationError

WORDS = st.text(st.sampled_from("abz αβ,;'\"#!%-.012"), max_size=10).map(lambda text: f"q{text}".strip())


def written(table: Table, **options) -> bytes:
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv", **options)
    return buffer.getvalue().encode()


def read(content: bytes):
    assert FORMAT.matches(content)
    container = FORMAT.opened(content)
    return container.tables[0], container.warnings


def made(unit: str = "d", more: str = "", names: str = "time,flux", rows: str = "1.5,2\n") -> bytes:
    columns = f"# - {{name: time, unit: {unit}, datatype: float64}}\n# - {{name: flux, datatype: float64}}\n"
    return f"# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n{columns}{more}{names}\n{rows}".encode()


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), WORDS, st.booleans()), min_size=1, max_size=8),
    st.sampled_from([" ", ","]),
)
@settings(max_examples=80, deadline=None)
def test_written_by_astropy_is_read_back(rows, delimiter):
    numbers, integers, words, flags = zip(*rows, strict=True)
    columns = {"a": np.array(numbers), "b": np.array(integers), "c": np.array(words), "d": np.array(flags)}
    table, _ = read(written(Table(columns), delimiter=delimiter))
    assert [column.name for column in table.columns] == list("abcd")
    assert [values.dtype.kind for values in table.values] == list("fiUb")
    np.testing.assert_array_equal(table.values[0], numbers)
    assert table.values[1].tolist() == list(integers)
    assert [" ".join(word.split()) for word in table.text(2)] == [" ".join(word.split()) for word in words]
    assert table.values[3].tolist() == list(flags)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.booleans()), min_size=1, max_size=8), st.sampled_from(["float64", "int64", "bool", "str"])
)
@settings(max_examples=40, deadline=None)
def test_masked_cells_are_missing(rows, datatype):
    values, mask = (np.array(part) for part in zip(*rows, strict=True))
    column = MaskedColumn(values.astype(datatype), mask=mask)
    (read_back,) = read(written(Table({"a": column})))[0].values
    missing = read_back == "" if datatype == "str" else np.isnan(read_back) if read_back.dtype.kind == "f" else np.zeros(len(mask), bool)
    np.testing.assert_array_equal(missing, mask)


def test_units_descriptions_and_meta():
    table = QTable(
        {"time": [1.0, 2.0] * u.d, "flux": Column([3.0, 4.0], description="relative flux")}, meta={"OBJECT": "HD 1", "z": 0.1, "l": [1]}
    )
    found, warnings = read(written(table))
    assert [(column.name, column.unit, column.meaning) for column in found.columns] == [("time", "d", ""), ("flux", None, "relative flux")]
    assert found.facts == {"object": "HD 1", "z": 0.1}
    assert warnings == ()


def test_datatypes_are_kept():
    content = b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: string}\n# - {name: b, datatype: float32}\na b\n007 1\n008 2\n"
    table, _ = read(content)
    assert table.text(0) == ["007", "008"]
    assert table.values[1].dtype == np.float64
    assert table.first_row == 7


@pytest.mark.parametrize("method", ["formatted_value", "jd1_jd2"])
def test_times_are_one_column(method):
    time = Time([2450000.123456789, 2450001.5], format="jd", scale="tdb")
    time.info.serialize_method["ecsv"] = method
    table, _ = read(written(QTable({"flux": [1, 2], "time": time, "lag": TimeDelta([1.0, 2.0], format="jd")})))
    assert [(column.name, column.unit) for column in table.columns] == [("flux", None), ("time", "d"), ("lag", "d")]
    np.testing.assert_allclose(table.values[1], [2450000.123456789, 2450001.5], rtol=0, atol=1e-9)
    assert table.facts["time_format"] == "jd"
    assert table.facts["time_scale"] == "tdb"


def test_masked_mixins_never_become_numbers():
    column = MaskedColumn([1.0, 2.0], mask=[True, False])
    column.info.serialize_method["ecsv"] = "data_mask"
    time = Time([2450000.5, 2450001.5], format="jd")
    time[0] = np.ma.masked
    time.info.serialize_method["ecsv"] = "jd1_jd2"
    for table in (Table({"a": column}), QTable({"a": Masked([1.0, 2.0] * u.m, mask=[True, False])}), QTable({"a": time})):
        found, _ = read(written(table))
        assert [one.name for one in found.columns] == ["a"]
        assert np.isnan(found.values[0]).tolist() == [True, False]


def test_several_values_a_row_are_left_out_and_said():
    table, warnings = read(
        written(Table({"a": [1, 2], "v": [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]], "o": np.array([{"a": 1}, None], dtype=object)}))
    )
    assert [column.name for column in table.columns] == ["a"]
    assert "left out: v, o" in warnings[0]


def test_as_many_values_a_row_as_there_are_rows_are_a_matrix():
    table, warnings = read(written(Table({"a": [1, 2], "v": [[1.0, 2.0], [3.0, np.nan]]})))
    assert [column.name for column in table.columns] == ["a", "v"]
    np.testing.assert_array_equal(table.values[1], [[1.0, 2.0], [3.0, np.nan]])
    assert warnings == ()


@pytest.mark.parametrize(
    "change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n"), lambda text: text + b"# end\n\n"]
)
def test_same_table(change):
    table, _ = read(change(made()))
    assert [values.tolist() for values in table.values] == [[1.5], [2]]


def test_marks_in_text_are_no_aliases():
    assert read(made(more="# meta: {a: 'R & D *x'}\n"))[0].facts == {"a": "R & D *x"}


def bomb() -> str:
    lists = ["# meta:\n#   a0: &a0 [x, x]\n", *(f"#   a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))]
    return "".join(lists)


NOT_UNDERSTOOD = "cannot be understood"
WRONG = {
    "alias": (made(more="# meta: {a: &a [1, 2], b: *a}\n"), "YAML aliases"),
    "alias bomb": (made(more=bomb()), "YAML aliases"),
    "python": (made(more="# meta: {a: !!python/object/apply:os.system ['true']}\n"), NOT_UNDERSTOOD),
    "python name": (made(more="# meta: {a: !!python/name:os.system }\n"), NOT_UNDERSTOOD),
    "open brackets": (b"# %ECSV 1.0\n# ---\n# datatype: [[[\ntime flux\n1 2\n", NOT_UNDERSTOOD),
    "deep list": (made(more=f"# meta: {'[' * 99_000}\n"), NOT_UNDERSTOOD),
    "deep map": (made(more=f"# meta: {'{a: ' * 20_000}\n"), NOT_UNDERSTOOD),
    "deep dashes": (made(more=f"# meta:\n#   {'- ' * 45_000}\n"), NOT_UNDERSTOOD),
    "deep questions": (made(more=f"# meta:\n#   {'? ' * 45_000}\n"), NOT_UNDERSTOOD),
    "deep lines": (made(more="# meta:\n" + "".join(f"# {' ' * i}a:\n" for i in range(1, 400))), NOT_UNDERSTOOD),
    "long number": (made(more=f"# meta: {{a: {'9' * 90_000}}}\n"), NOT_UNDERSTOOD),
    "long header": (made(more="# " + "x" * 200_000 + "\n"), "too long"),
    "long lines": (b"# %ECSV 1.0\n" + b"# a\n" * 1_000_000, "too long"),
    "list": (b"# %ECSV 1.0\n# ---\n# [1, 2]\na\n1\n", NOT_UNDERSTOOD),
    "no header": (b"# %ECSV 1.0\ntime flux\n1 2\n", NOT_UNDERSTOOD),
    "delimiter": (made().replace(b"','", b"';'"), "delimiter"),
    "order of names": (made(names="flux,time"), "has flux where its ECSV header has time"),
    "number of names": (made(names="time"), "describes 2 columns and its line of names has 1"),
    "repeated name": (made().replace(b"flux", b"time"), "the same names"),
    "lists alone": (
        b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: string, subtype: json}\na\n1\n",
        "a, and it has no others",
    ),
    "no rows": (made(rows=""), "no rows"),
    "no names": (made(names="", rows=""), "no rows"),
    "ragged": (made(rows="1,2\n3\n"), "line 9 does not have 2 fields"),
    "hexadecimal": (made(rows="1,0x1F\n"), "line 8 holds the hexadecimal"),
    "nul": (made(rows="1,\x00\n"), "neither FITS nor text"),
    "open quote": (made(rows='1,"2\n'), "line 8 has a quotation mark"),
    "no flag": (b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: bool}\na\nmaybe\n", "line 6 has 'maybe'"),
    "wide": (
        b"# %ECSV 1.0\n# ---\n# datatype:\n" + b"".join(b"# - {name: c%d, datatype: int8}\n" % i for i in range(600)) + b"a\n",
        "600 columns",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    with pytest.raises(ObservationError, match=pattern) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_other_text_is_not_ecsv():
    assert not any(FORMAT.matches(content) for content in (b"", b"a,b\n1,2\n", b"\x00", b"# a\n# %ECSV 1.0\n"))


@pytest.mark.slow
@given(st.text(st.sampled_from("ab: {}[]-!&*'\"\n#?|>,1."), max_size=120))
@settings(max_examples=80, deadline=None)
def test_any_header(text):
    commented = re.sub(r"\n", "\n# ", text)
    try:
        read(made(more=f"# meta: {commented}\n"))
    except ObservationError:
        return
