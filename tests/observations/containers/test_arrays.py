import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_sbi.observations.containers.arrays import NotPlain, as_mjd, check_memory, distinct, fact, facts, plain
from astro_sbi.observations.observation import ObservationError


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (np.array([1, 2], ">i2"), "int64", [1, 2]),
        (np.array([1.5, 2], ">f4"), "float64", [1.5, 2]),
        (np.array([True, False]), "bool", [True, False]),
        (np.array([1, 2**64 - 1], "u8"), "float64", [1, 2.0**64]),
        (np.array([1, 2**63 - 1], "u8"), "int64", [1, 2**63 - 1]),
        (np.ma.masked_array([1, 2], [False, True]), "float64", [1, np.nan]),
        (np.ma.masked_array([1, 2], [False, False]), "int64", [1, 2]),
        (np.ma.masked_array([True, False], [True, False]), "float64", [np.nan, 0]),
        (np.array([1, None, 2.5], object), "float64", [1, np.nan, 2.5]),
        (np.array([2**70, 1], object), "float64", [2.0**70, 1]),
        (np.array([True, False], object), "bool", [True, False]),
        (np.array([[1, 2], [3, 4]], "f2"), "float64", [[1, 2], [3, 4]]),
        (np.array([], object), "str", []),
    ],
)
def test_numbers(values, kind, expected):
    found = plain(values)
    assert found.dtype.name.startswith(kind)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([b"ab ", b"\xff"]), ["ab", "�"]),
        (np.array(["a", "é "], ">U2"), ["a", "é"]),
        (np.array([b"a", "b", None], object), ["a", "b", ""]),
        (np.ma.masked_array(["a", "b"], [True, False]), ["", "b"]),
    ],
)
def test_text(values, expected):
    found = plain(values)
    assert found.dtype.isnative
    assert found.tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        np.ones(2, complex),
        np.array(["2000-01-01"], "M8[D]"),
        np.zeros(2, [("a", "f8")]),
        np.array([[1], [1, 2]], object),
        np.array([1j, 2], object),
    ],
)
def test_other_arrays_are_no_columns(values):
    with pytest.raises(NotPlain):
        plain(values)


def test_too_much_text_is_refused():
    with pytest.raises(ObservationError, match="text would take"):
        plain(np.array(["x" * 100_000, *[""] * 2000], object))
    with pytest.raises(ObservationError, match="8 TB"):
        check_memory(8 * 10**12)


def test_dates():
    dates = np.array(["1858-11-17", "2000-01-01T12:00:00.000000001", "NaT"], "M8[ns]")
    np.testing.assert_allclose(as_mjd(dates), [0, 51544.5, np.nan])


def test_facts_are_single_values_by_lower_case_key():
    header = {"A": np.float32(0.5), "b": b" text ", "C": np.array([3]), "D": np.array([1, 2]), "e": np.nan, "a": 7, "f": True}
    assert facts(header) == {"a": 0.5, "b": "text", "c": 3, "f": True}
    assert fact(object()) is None


@pytest.mark.slow
@given(st.lists(st.sampled_from(["a", "a 2", "", "b", " a "])))
def test_names_are_distinct(names):
    found = distinct(names)
    assert len(set(found)) == len(found) == len(names)
    assert all(found)
