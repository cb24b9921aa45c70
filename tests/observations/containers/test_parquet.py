import contextlib
import datetime
import decimal
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.parquet import FORMAT, matches, opened
from astro_sbi.observations.observation import ObservationError


def written(table: pa.Table, **options) -> bytes:
    buffer = BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def columns(content: bytes) -> dict[str, np.ndarray]:
    (table,) = opened(content).tables
    return {column.name: values for column, values in zip(table.columns, table.values, strict=True)}


def read(**arrays) -> dict[str, np.ndarray]:
    return columns(written(pa.table(arrays)))


LIGHT_CURVE = written(pa.table({"time": np.arange(50.0), "flux": np.ones(50, "f4"), "band": ["g", "r"] * 25}), row_group_size=20)


def test_numbers_text_and_gaps():
    found = read(
        x=pa.array([1.5, None, 3.0], pa.float32()),
        n=pa.array([1, None, 3], pa.int16()),
        big=pa.array([2**64 - 1, 1, 2], pa.uint64()),
        whole=pa.array([2**63 - 1, 1, 2], pa.int64()),
        good=[True, False, True],
        maybe=[True, None, False],
        name=["a", None, "é"],
        raw=pa.array([b"a", b"\xff", None]),
        price=[decimal.Decimal("1.25"), None, decimal.Decimal("-3.00")],
        band=pa.array(["g", "r", "g"]).dictionary_encode(),
        nothing=pa.array([None, None, None], pa.float64()),
    )
    kinds = {name: values.dtype.kind for name, values in found.items()}
    assert list(kinds.values()) == list("fffibfUUfUf")
    np.testing.assert_array_equal(found["n"], [1, np.nan, 3])
    np.testing.assert_array_equal(found["price"], [1.25, np.nan, -3])
    np.testing.assert_array_equal(found["maybe"], [1, np.nan, 0])
    assert found["whole"][0] == 2**63 - 1
    assert [found[name].tolist() for name in ("name", "raw", "band")] == [["a", "", "é"], ["a", "�", ""], ["g", "r", "g"]]
    assert np.isnan(found["nothing"]).all()


def test_several_row_groups_with_dictionaries_of_their_own():
    names = [f"n{i}" for i in range(50)]
    found = columns(written(pa.table({"name": names}), row_group_size=7))
    assert found["name"].tolist() == names


def test_times_are_modified_julian_dates():
    moment = datetime.datetime(2000, 1, 1, 12, tzinfo=datetime.UTC)
    content = written(
        pa.table(
            {
                "t": pa.array([moment, None], pa.timestamp("ns", "UTC")),
                "day": [moment.date(), None],
                "ms": pa.array([0, 1], pa.timestamp("ms")),
            }
        )
    )
    (table,) = opened(content).tables
    np.testing.assert_array_equal(table.values[0], [51544.5, np.nan])
    np.testing.assert_array_equal(table.values[1], [51544.0, np.nan])
    assert table.values[2][0] == 40587.0
    assert {column.unit for column in table.columns} == {"d"}
    assert table.facts["time_zero"] == "MJD"


def test_units_and_descriptions():
    field = pa.field("flux", pa.float64(), metadata={"unit": "Jy", "description": "total flux"})
    (table,) = opened(written(pa.table([pa.array([1.0])], schema=pa.schema([field], metadata={"TELESCOP": "TESS"})))).tables
    assert (table.columns[0].unit, table.columns[0].meaning) == ("Jy", "total flux")
    assert table.facts == {"telescop": "TESS"}


def test_a_table_of_astropy(tmp_path):
    table = QTable({"time": Time([2450000.5, 2450001.75], format="jd"), "flux": [1.0, 2.0] * u.Jy})
    table["n"] = MaskedColumn([1, 2], mask=[True, False], description="number")
    table.write(tmp_path / "t.parquet", format="parquet")
    (found,) = opened((tmp_path / "t.parquet").read_bytes()).tables
    assert [(column.name, column.unit) for column in found.columns] == [("time", "d"), ("flux", "Jy"), ("n", None)]
    np.testing.assert_array_equal(found.values[0], [50000.0, 50001.25])
    np.testing.assert_array_equal(found.values[2], [np.nan, 2])


def test_a_data_frame_of_pandas():
    frame = pd.DataFrame({"flux": [1.0, 2.0], "band": ["g", "r"]}, index=pd.DatetimeIndex(["2000-01-01T12:00", "2000-01-02T00:00"]))
    buffer = BytesIO()
    frame.to_parquet(buffer)
    found = columns(buffer.getvalue())
    assert list(found) == ["flux", "band", "index"]
    assert found["index"].tolist() == [51544.5, 51545.0]


def test_lists_and_records_are_left_out():
    container = opened(written(pa.table({"x": [1.0], "list": [[1, 2]], "record": [{"x": 1}], "gap": pa.array([None], pa.null())})))
    assert [column.name for column in container.tables[0].columns] == ["x"]
    assert "list, record, gap" in container.warnings[0]


ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats()),
        st.integers(-(2**63), 2**63 - 1),
        st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])),
    )
)


@pytest.mark.slow
@given(ROWS, st.sampled_from(["none", "snappy", "gzip", "zstd"]), st.booleans())
@settings(max_examples=50, deadline=None)
def test_values_come_back(rows, compression, dictionary):
    table = pa.table(
        {
            "x": pa.array([row[0] for row in rows], pa.float64()),
            "n": pa.array([row[1] for row in rows], pa.int64()),
            "s": pa.array([row[2] for row in rows], pa.string()),
        }
    )
    found = columns(written(table, compression=compression, use_dictionary=dictionary))
    np.testing.assert_array_equal(found["x"], [np.nan if row[0] is None else row[0] for row in rows])
    np.testing.assert_array_equal(found["n"], np.array([row[1] for row in rows], dtype=np.int64))
    assert found["s"].tolist() == [row[2] for row in rows]


WRONG = {
    "columns": (written(pa.table({f"c{i}": [1] for i in range(513)})), "513 columns"),
    "rows": (written(pa.table({"x": np.zeros(2_000_001, "i1")})), "2000001 rows"),
    "cells": (written(pa.table({f"c{i}": np.zeros(1_000_000, "i1") for i in range(34)})), "memory"),
    "text": (written(pa.table({"s": pa.DictionaryArray.from_arrays(np.zeros(100_000, "i4"), ["x" * 100_000])})), "would take 6554 MB"),
    "encrypted": (b"PARE" + LIGHT_CURVE[4:-4] + b"PARE", "encrypted"),
    "footer length": (LIGHT_CURVE[:-8] + b"\xff\xff\xff\x7fPAR1", "cut short"),
    "footer noise": (LIGHT_CURVE[:-200] + bytes(192) + LIGHT_CURVE[-8:], "damaged"),
    "only lists": (written(pa.table({"list": [[1, 2]]})), "none of its columns"),
    "no columns": (written(pa.table({})), "none of its columns"),
    "only ends": (b"PAR1PAR1", "cut short"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name):
    content, trouble = WRONG[name]
    with pytest.raises(ObservationError, match=trouble):
        opened(content)


def footer_with(find: bytes, put: bytes) -> bytes:
    start = len(LIGHT_CURVE) - 8 - int.from_bytes(LIGHT_CURVE[-8:-4], "little")
    place = LIGHT_CURVE.index(find, start)
    return LIGHT_CURVE[:place] + put + LIGHT_CURVE[place + len(find) :]


def test_a_footer_that_lies_about_its_rows():
    # 50 rows stand in the footer as the zigzag number 100, behind the type of the third field.
    with pytest.raises(ObservationError):
        opened(footer_with(b"\x16\x64", b"\x16\x7e"))


def test_columns_in_other_files_are_refused(tmp_path):
    collected = []
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "part.parquet", metadata_collector=collected)
    collected[0].set_file_path("part.parquet")
    collected[0].write_metadata_file(tmp_path / "_metadata")
    with pytest.raises(ObservationError):
        opened((tmp_path / "_metadata").read_bytes())


def test_cut_short_anywhere():
    for end in range(0, len(LIGHT_CURVE) - 1, 11):
        with pytest.raises(ObservationError):
            opened(LIGHT_CURVE[:end])


@pytest.mark.slow
@given(st.integers(0, len(LIGHT_CURVE)), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_damage_ends_in_a_sentence(place, noise):
    with contextlib.suppress(ObservationError):
        opened(LIGHT_CURVE[:place] + noise + LIGHT_CURVE[place + len(noise) :])


def test_what_it_matches():
    assert FORMAT.name == "Parquet"
    assert matches(LIGHT_CURVE)
    assert not any(matches(content) for content in (b"", b"PAR", b"time,flux\n", b"CDF\x01"))
