import contextlib
import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import netcdf_file

from astro_sbi.observations.containers.netcdf import FORMAT, matches, opened
from astro_sbi.observations.observation import ObservationError


def written(fill, version: int = 1) -> bytes:
    buffer = BytesIO()
    buffer.close = lambda: None
    file = netcdf_file(buffer, "w", mmap=False, version=version)
    fill(file)
    file.flush()
    return buffer.getvalue()


def variable(file, name: str, kind: str, dimensions: tuple[str, ...], values, **attributes):
    made = file.createVariable(name, kind, dimensions)
    made[:] = values
    for key, value in attributes.items():
        setattr(made, key, value)


def light_curve(file, records: bool = False, unit: str = "days since 2000-01-01 12:00:00"):
    file.object, file.number = b"51 Peg", 4
    file.createDimension("time", None if records else 3)
    file.createDimension("letters", 4)
    file.createDimension("bands", 2)
    variable(file, "time", "d", ("time",), [0.0, 0.5, 1.0], units=unit.encode(), long_name=b"mid time")
    variable(file, "flux", "f", ("time",), [1.0, -99.0, 3.0], units=b"Jy", missing_value=np.float32(-99))
    variable(file, "n", "h", ("time",), [1, 2, 3], scale_factor=0.5, add_offset=1.0)
    variable(file, "both", "d", ("time", "bands"), np.arange(6.0).reshape(3, 2))
    variable(file, "name", "c", ("time", "letters"), np.array([list("ab  "), list("cdef"), list("g   ")], "S1"))
    variable(file, "target", "c", ("letters",), np.array(list("star"), "S1"))
    variable(file, "band", "c", ("time",), np.array(list("gri"), "S1"))
    if not records:  # SciPy writes a lone number over the records
        file.createVariable("period", "d", ()).data[...] = 3.5


def columns(content: bytes) -> dict[str, np.ndarray]:
    (table,) = opened(content).tables
    return {column.name: values for column, values in zip(table.columns, table.values, strict=True)}


@pytest.mark.parametrize("records", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_a_light_curve(records, version):
    content = written(lambda file: light_curve(file, records), version)
    found = columns(content)
    (table,) = opened(content).tables
    np.testing.assert_array_equal(found["time"], [51544.5, 51545.0, 51545.5])
    np.testing.assert_array_equal(found["flux"], [1, np.nan, 3])
    np.testing.assert_array_equal(found["n"], [1.5, 2, 2.5])
    np.testing.assert_array_equal(found["both"], np.arange(6.0).reshape(3, 2))
    assert found["name"].tolist() == ["ab", "cdef", "g"]
    assert found["band"].tolist() == ["g", "r", "i"]
    assert all(values.dtype.isnative for values in found.values())
    period = {} if records else {"period": 3.5}
    assert table.facts == {"object": "51 Peg", "number": 4, "target": "star", "time_zero": "MJD"} | period
    said = {column.name: (column.unit, column.meaning[:8]) for column in table.columns}
    assert (said["time"], said["flux"]) == (("d", "mid time"), ("Jy", ""))


@pytest.mark.parametrize(
    ("unit", "first"),
    [
        ("seconds since 1858-11-17", 0.0),
        ("hours since 1858-11-18T06:00:00Z", 1.25),
        ("days since -4712-01-01 12:00:00", -2400000.5),
        ("days since -4713-11-24 12:00:00 UTC", -2400000.5),
        ("minutes since 2000-1-1 0:0:0", 51544.0),
    ],
)
def test_times_count_from_a_date(unit, first):
    assert columns(written(lambda file: light_curve(file, unit=unit)))["time"][0] == first


@pytest.mark.parametrize("unit", ["days since 1500-01-01", "fortnights since 2000-01-01", "days since 2000-02-31", "days since launch"])
def test_other_times_stay_as_they_are(unit):
    content = written(lambda file: light_curve(file, unit=unit))
    (table,) = opened(content).tables
    assert {column.name: column.unit for column in table.columns}["time"] == unit
    assert "time_zero" not in table.facts
    assert columns(content)["time"][0] == 0


def test_a_single_record_variable_is_not_padded():
    def fill(file):
        file.createDimension("time", None)
        variable(file, "n", "h", ("time",), [1, 2, 3, 4, 5])

    assert columns(written(fill))["n"].tolist() == [1, 2, 3, 4, 5]


def test_two_dimensions_give_two_tables():
    def fill(file):
        file.createDimension("time", 3)
        file.createDimension("wave", 3)
        variable(file, "t", "d", ("time",), [1, 2, 3])
        variable(file, "w", "d", ("wave",), [4, 5, 6])

    assert [(table.name, table.columns[0].name) for table in opened(written(fill)).tables] == [("time", "t"), ("wave", "w")]


def test_default_fill_is_missing():
    def fill(file):
        file.createDimension("time", 2)
        variable(file, "x", "f", ("time",), [1.0, 9.969209968386869e36])

    np.testing.assert_array_equal(columns(written(fill))["x"], [1, np.nan])


def number(value: int) -> bytes:
    return struct.pack(">q", value)


def text(word: str) -> bytes:
    return number(len(word)) + word.encode().ljust(-(-len(word) // 4) * 4, b"\0")


def cdf5(rows: int = 3, claim: int | None = None, kind: int = 10, begin: int | None = None, rank: int = 1) -> bytes:
    """One variable of 64-bit integers in CDF-5."""
    dimension = struct.pack(">i", 10) + number(1) + text("time") + number(rows if claim is None else claim)
    shape = number(rank) + number(0) * min(rank, 40)
    start = b"CDF\x05" + number(0) + dimension + struct.pack(">i", 0) + number(0) + struct.pack(">i", 11) + number(1)
    head = start + text("n") + shape + struct.pack(">i", 0) + number(0) + struct.pack(">i", kind) + number(8 * rows)
    return head + number(len(head) + 8 if begin is None else begin) + struct.pack(f">{rows}q", *range(rows))


def test_cdf5():
    assert columns(cdf5())["n"].tolist() == [0, 1, 2]


def test_records_of_a_stream_are_counted():
    content = written(lambda file: light_curve(file, records=True))
    streamed = content[:4] + b"\xff" * 4 + content[8:]
    np.testing.assert_array_equal(columns(streamed)["time"], columns(content)["time"])


@given(st.lists(st.tuples(st.floats(), st.integers(-(2**31), 2**31 - 1)), min_size=1), st.booleans())
@settings(max_examples=40, deadline=None)
def test_values_come_back(rows, records):
    def fill(file):
        file.createDimension("row", None if records else len(rows))
        variable(file, "x", "d", ("row",), [row[0] for row in rows])
        variable(file, "n", "i", ("row",), [row[1] for row in rows])

    found = columns(written(fill))
    expected = np.array([row[0] for row in rows])
    np.testing.assert_array_equal(found["x"], np.where(expected == 9.969209968386869e36, np.nan, expected))
    np.testing.assert_array_equal(found["n"], [row[1] for row in rows])


LIGHT_CURVE = written(light_curve)
WRONG = {
    "8 TB": (cdf5(claim=10**12), "ends at byte 8000000000"),
    "dimension": (cdf5(claim=2**62), "ends at byte"),
    "negative": (cdf5(claim=-5), "ends at byte"),
    "type": (cdf5(kind=99), "unknown type 99"),
    "begin": (cdf5(begin=10**15), "ends at byte"),
    "rank": (cdf5(rank=2**40), "dimensions"),
    "no variables": (b"CDF\x01" + bytes(28), "no arrays"),
    "only a signature": (b"CDF\x01", "header is cut short"),
    "list": (b"CDF\x01" + bytes(4) + struct.pack(">ii", 10, 2**31 - 1), "claims 2147483647 entries"),
    "name": (b"CDF\x01" + bytes(4) + struct.pack(">iii", 10, 1, 2**31 - 1), "header is cut short"),
    "tag": (b"CDF\x01" + bytes(4) + struct.pack(">ii", 12, 1), "header is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name):
    content, trouble = WRONG[name]
    with pytest.raises(ObservationError, match=trouble):
        opened(content)


def test_records_beyond_the_end_are_refused():
    content = written(lambda file: light_curve(file, records=True))
    with pytest.raises(ObservationError, match="ends at byte"):
        opened(content[:4] + struct.pack(">i", 2**31 - 2) + content[8:])


def test_overlapping_variables_cannot_multiply_the_memory():
    def fill(file):
        file.createDimension("row", 1_000_000)
        variable(file, "x", "b", ("row",), np.zeros(1_000_000, "i1"))

    content = written(fill)
    start = content.index(struct.pack(">ii", 11, 1)) + 8
    one = content[start : start + 36]
    many = content[: start - 4] + struct.pack(">i", 200) + one * 200 + content[start + 36 :]
    with pytest.raises(ObservationError, match="memory"):
        opened(many)


def test_cut_short_anywhere():
    end = LIGHT_CURVE.index(b"star")
    for place in range(4, end, 5):
        with pytest.raises(ObservationError):
            opened(LIGHT_CURVE[:place])


@pytest.mark.slow
@given(st.integers(0, len(LIGHT_CURVE)), st.binary(min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_damage_ends_in_a_sentence(place, noise):
    content = LIGHT_CURVE[:place] + noise + LIGHT_CURVE[place + len(noise) :]
    if matches(content):
        with contextlib.suppress(ObservationError):
            opened(content)


def test_what_it_matches():
    assert FORMAT.name == "NetCDF"
    assert matches(LIGHT_CURVE)
    assert matches(cdf5())
    assert not any(matches(content) for content in (b"", b"CDF", b"CDF\x03", b"CDF,time\n", b"\x89HDF"))
