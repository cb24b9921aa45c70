import contextlib
import functools
import os
from io import BytesIO

import h5py
import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.hdf5 import FORMAT, matches, opened
from astro_sbi.observations.observation import ObservationError


def written(fill, **options) -> bytes:
    buffer = BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def arrays(**values) -> bytes:
    return written(lambda file: [file.create_dataset(name, data=value) for name, value in values.items()])


def columns(content: bytes) -> dict[str, np.ndarray]:
    (table,) = opened(content).tables
    return {column.name: values for column, values in zip(table.columns, table.values, strict=True)}


def light_curve(file):
    group = file.create_group("star/curve")
    group.attrs["telescope"] = "TESS"
    group["time"] = np.arange(5, dtype=">f8")
    group["time"].attrs["units"] = "d"
    group["time"].attrs["long_name"] = "mid time"
    group["flux"] = np.arange(5, dtype="f4")
    group["n"] = np.arange(5, dtype="u2")
    group["good"] = np.array([True, False, True, True, True])
    group["band"] = np.array([b"g", b"r", b"g", b"r", b"i"])
    group.create_dataset("filter", data=["g", "ré", "g", "r", "i"], dtype=h5py.string_dtype())
    group["period"] = 3.5


def test_arrays_of_one_length_are_a_table():
    container = opened(written(light_curve))
    (table,) = container.tables
    found = dict(zip((column.name for column in table.columns), table.values, strict=True))
    assert (container.format, table.name) == ("HDF5", "star/curve")
    kinds = {"band": "U", "filter": "U", "flux": "f", "good": "b", "n": "i", "time": "f"}
    assert {name: values.dtype.kind for name, values in found.items()} == kinds
    assert all(values.dtype.isnative for values in found.values())
    assert found["filter"].tolist() == ["g", "ré", "g", "r", "i"]
    assert next((column.unit, column.meaning) for column in table.columns if column.name == "time") == ("d", "mid time")
    assert table.facts == {"period": 3.5, "telescope": "TESS"}


def test_arrays_of_several_lengths_are_several_tables_and_images():
    container = opened(
        arrays(time=np.arange(5.0), wave=np.arange(9.0), flux=np.ones((9, 3)), cube=np.ones((2, 3, 4)), error=np.ones((1, 5)))
    )
    tables = {table.name: [column.name for column in table.columns] for table in container.tables}
    assert tables == {"5 rows": ["error", "time"], "9 rows": ["flux", "wave"]}
    assert container.tables[1].values[0].shape == (9, 3)
    assert [(image.name, image.values.shape) for image in container.images] == [("cube", (2, 3, 4))]


def test_spectra_that_run_along_the_second_axis():
    found = columns(arrays(wave=np.arange(9.0), flux=np.arange(18.0).reshape(2, 9)))
    np.testing.assert_array_equal(found["flux"], np.arange(18.0).reshape(2, 9).T)


def test_records_are_a_table():
    records = np.array([(1.5, b"a", [1, 2], 3), (2.5, b"b", [3, 4], 5)], dtype=[("t", ">f4"), ("s", "S3"), ("v", "i2", 2), ("big", "u8")])
    found = columns(arrays(catalogue=records))
    assert found["t"].tolist() == [1.5, 2.5]
    assert found["s"].tolist() == ["a", "b"]
    assert found["v"].shape == (2, 2)
    text = np.array([("abc", 1), ("d", 2)], dtype=[("name", h5py.string_dtype()), ("n", "i4")])
    assert columns(arrays(catalogue=text))["name"].tolist() == ["abc", "d"]


def test_a_table_of_astropy(tmp_path):
    table = QTable({"time": Time([2450000.5, 2450001.75], format="jd"), "flux": [1.0, 2.0] * u.Jy})
    table["n"] = MaskedColumn([1, 2], mask=[True, False], description="number")
    table["s"] = MaskedColumn(["a", "b"], mask=[False, True])
    table.write(tmp_path / "t.h5", path="data", serialize_meta=True)
    (read,) = opened((tmp_path / "t.h5").read_bytes()).tables
    found = dict(zip((column.name for column in read.columns), read.values, strict=True))
    np.testing.assert_array_equal(found["time"], [50000.0, 50001.25])
    np.testing.assert_array_equal(found["n"], [np.nan, 2])
    assert found["s"].tolist() == ["a", ""]
    units = {column.name: column.unit for column in read.columns}
    assert units == {"time": "d", "flux": "Jy", "n": None, "s": None}
    assert read.facts["time_zero"] == "MJD"


def netcdf4(file):
    file.attrs["_NCProperties"] = "version=2"
    file["time"] = np.array([0.0, 0.5, 1.0])
    file["time"].attrs["units"] = "hours since 2000-01-01 12:00:00"
    file["time"].make_scale("time")
    file["wave"] = np.array([4000.0, 5000.0, 6000.0])
    file["wave"].make_scale("wave")
    file["flux"] = np.array([1, -999, 3], dtype="i2")
    file["flux"].attrs.update({"_FillValue": np.int16(-999), "scale_factor": 0.1, "add_offset": 2.0, "units": "Jy"})
    file["flux"].dims[0].attach_scale(file["time"])
    file["throughput"] = np.ones(3, dtype="f4")
    file["throughput"].dims[0].attach_scale(file["wave"])


def test_netcdf4():
    container = opened(written(netcdf4))
    assert container.format == "NetCDF-4"
    time, wave = container.tables
    assert [column.name for column in time.columns] == ["flux", "time"]
    np.testing.assert_allclose(time.values[0], [2.1, np.nan, 2.3])
    np.testing.assert_allclose(time.values[1], 51544.5 + np.array([0, 0.5, 1]) / 24, rtol=0, atol=1e-9)
    assert (time.columns[1].unit, time.facts["time_zero"]) == ("d", "MJD")
    assert [column.name for column in wave.columns] == ["throughput", "wave"]


def test_a_data_frame_of_pandas():
    def fill(file):
        frame = file.create_group("frame")
        frame.attrs["pandas_type"] = np.bytes_("frame")
        frame["axis0"], frame["axis1"] = np.array([b"flux", b"n"]), np.arange(3)
        frame["block0_items"], frame["block0_values"] = np.array([b"flux"]), np.ones((3, 1))
        frame["block1_items"], frame["block1_values"] = np.array([b"n"]), np.arange(3).reshape(3, 1)

    assert {name: values.tolist() for name, values in columns(written(fill)).items()} == {
        "index": [0, 1, 2],
        "flux": [1, 1, 1],
        "n": [0, 1, 2],
    }
    with pytest.raises(ObservationError, match="to_parquet"):
        opened(
            written(
                lambda file: file.create_group("t").attrs.update({"pandas_type": "frame_table"}) or file["t"].create_dataset("x", data=[1])
            )
        )


def test_a_file_of_matlab():
    content = arrays(time=np.arange(4.0).reshape(1, 4), flux=np.ones((1, 4)))
    buffered = written(lambda file: file.create_dataset("x", data=[[1.0, 2.0]]), userblock_size=512)
    assert set(columns(content)) == {"time", "flux"}
    assert matches(buffered)
    assert columns(buffered)["x"].tolist() == [1, 2]


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]))))
)
@settings(max_examples=40, deadline=None)
def test_values_come_back(rows):
    values = list(zip(*rows, strict=True)) or [(), (), ()]
    text = np.array(values[2], dtype=object)
    found = columns(
        written(
            lambda file: [
                file.create_dataset("x", data=np.array(values[0], dtype=">f8")),
                file.create_dataset("n", data=np.array(values[1], dtype="i8"), compression="gzip" if rows else None),
                file.create_dataset("s", data=text, dtype=h5py.string_dtype()),
            ]
        )
    )
    np.testing.assert_array_equal(found["x"], values[0])
    np.testing.assert_array_equal(found["n"], np.array(values[1], dtype=np.int64))
    assert found["s"].tolist() == list(values[2])


def secret(folder) -> str:
    with h5py.File(folder / "secret.h5", "w") as file:
        file["x"] = np.arange(5.0)
    (folder / "raw").write_bytes(b"root:x:0:0" * 8)
    return os.fspath(folder)


def virtual(file, folder):
    layout = h5py.VirtualLayout((5,), "f8")
    layout[:] = h5py.VirtualSource(f"{folder}/secret.h5", "x", (5,))
    file.create_virtual_dataset("v", layout)


def claims(shape, dtype="f8", chunks=None):
    return lambda file, _: file.create_dataset("big", shape, dtype, chunks=chunks, maxshape=(None,) * len(shape) if chunks else None)


def deep(file, _):
    for _ in range(100):
        file = file.create_group("g")


def odd_filter(file, _):
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((5,))
    layout.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    h5py.h5d.create(file.id, b"z", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((5,)), layout)


WRONG = {
    "external link": (lambda file, folder: file.__setitem__("e", h5py.ExternalLink(f"{folder}/secret.h5", "x")), "external link"),
    "deep external link": (lambda file, folder: file.__setitem__("a/b/e", h5py.ExternalLink("/dev/zero", "x")), "external link"),
    "external storage": (
        lambda file, folder: file.create_dataset("r", (10,), "f8", external=[(f"{folder}/raw", 0, 80)]),
        "external storage",
    ),
    "virtual": (virtual, "virtual dataset"),
    "8 TB": (claims((10**12,)), "8 TB"),
    "8 TB in pieces": (claims((10**12,), chunks=(1000,)), "8 TB"),
    "a large piece": (claims((10,), chunks=(10**8,)), "one piece"),
    "many": (lambda file, _: [file.create_group(f"g{i}") for i in range(2100)], "2000 groups"),
    "deep": (deep, "nested"),
    "filter": (odd_filter, "compressed with"),
    "nothing": (lambda file, _: file.create_group("g"), "no arrays"),
    "objects": (lambda file, _: file.create_dataset("r", data=[file.ref], dtype=h5py.ref_dtype), "no arrays"),
    "rows": (claims((2_000_001,), "i1"), "2000000 rows"),
    "columns": (lambda file, _: file.create_dataset("t", (3,), np.dtype([(f"c{i}", "i1") for i in range(600)])), "512 columns"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name, tmp_path):
    fill, trouble = WRONG[name]
    folder = secret(tmp_path)
    content = written(lambda file: fill(file, folder))
    with pytest.raises(ObservationError, match=trouble):
        opened(content)


def test_soft_links_are_not_followed():
    def fill(file):
        file["time"] = np.arange(3.0)
        file["soft"] = h5py.SoftLink("/time")
        file["gone"] = h5py.SoftLink("/nowhere")

    container = opened(written(fill))
    assert [column.name for column in container.tables[0].columns] == ["time"]
    assert "gone, soft" in container.warnings[0]


def test_a_group_within_itself_is_read_once():
    def fill(file):
        file["a/time"] = np.arange(3.0)
        file["a/b/back"] = file["a"]

    container = opened(written(fill))
    assert [table.name for table in container.tables] == ["a"]


def test_lists_of_different_lengths_are_left_out():
    def fill(file):
        file["time"] = np.arange(2.0)
        ragged = file.create_dataset("ragged", (2,), h5py.vlen_dtype("i4"))
        ragged[0], ragged[1] = [1], [1, 2]
        file["z"] = np.ones(2, complex)

    container = opened(written(fill))
    assert [column.name for column in container.tables[0].columns] == ["time"]
    assert "ragged, z" in container.warnings[0]


def test_text_that_stands_for_much_is_refused(monkeypatch):
    monkeypatch.setattr("astro_sbi.observations.containers.arrays.MAX_MEMORY", 10_000)
    with pytest.raises(ObservationError, match="text would take"):
        opened(written(lambda file: file.create_dataset("s", data=["x" * 4000] * 2, dtype=h5py.string_dtype())))


def test_cut_short_anywhere():
    whole = written(light_curve)
    for end in range(0, len(whole) - 1, max(len(whole) // 60, 1)):
        with pytest.raises(ObservationError):
            opened(whole[:end])


@functools.cache
def whole_file() -> bytes:
    return written(light_curve)


@pytest.mark.slow
@given(st.integers(0, 8000), st.binary(min_size=1, max_size=8))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_damage_ends_in_a_sentence_or_another_exception(place, noise):
    whole = whole_file()
    with contextlib.suppress(Exception):
        opened(whole[:place] + noise + whole[place + len(noise) :])


def test_what_it_matches():
    assert FORMAT.name == "HDF5"
    assert matches(written(light_curve))
    assert not any(matches(content) for content in (b"", b"CDF\x01", b"\x89HDF", b"time,flux\n"))
