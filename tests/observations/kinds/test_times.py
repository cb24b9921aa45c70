"""What times count from, told by names, units, headers, sizes or the user."""

import numpy as np
import pytest

from astro_sbi.observations.containers.table import Column, Table
from astro_sbi.observations.kinds.times import checked_zero_point, system_in, times_of, zero_point_in
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ReadOptions


def times(values, name="time", unit=None, meaning="", facts=None, others=(), kind="light_curve", **options):
    columns = (Column(name, unit, meaning), *(Column(other) for other in others))
    arrays = (np.asarray(values), *(np.ones(len(values)) for _ in others))
    magnitudes = options.pop("magnitudes", False)
    return times_of(Table(columns, arrays, facts=facts or {}), 0, ReadOptions(**options), kind, magnitudes=magnitudes)


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("BJD - 2457000, days", "BJD - 2457000"),
        ("BJD_TDB-2454833", "BJD - 2454833"),
        ("HJD-2450000", "HJD - 2450000"),
        ("Time (BJD - 2457000)", "BJD - 2457000"),
        ("BJD (-2450000)", "BJD - 2450000"),
        ("HJD-2,450,000", "HJD - 2450000"),
        ("JD_UTC - 2400000.0", "JD - 2400000"),
        ("BJD(TCB)-2455197.5", "BJD - 2455197.5"),
        ("J.D.-2400000", "JD - 2400000"),
        ("HJD (2450000+)", ""),
        ("2450000 + HJD", "HJD - 2450000"),
        ("JD - 2400000.5", "MJD"),
        ("BJD - 2400000.5", "BMJD"),
        ("days", ""),
        ("MJD", ""),
    ],
)
def test_systems_in_texts(text, system):
    assert system_in(text) == system


@pytest.mark.parametrize(
    ("name", "unit", "values", "zero_point"),
    [
        ("BJD_TDB", None, 2459000.5, "BJD"),
        ("TMID_BJD", None, 2459000.5, "BJD"),
        ("HJD", "d", 2459000.5, "HJD"),
        ("HJD", None, 5260.5, "HJD - 2450000"),
        ("bjd", None, 54953.5, "BJD - 2400000"),
        ("mjd", None, 58900.5, "MJD"),
        ("mjd", None, 2458900.5, "JD"),
        ("BMJD_TDB", None, 58900.5, "BMJD"),
        ("rjd", None, 58900.5, "JD - 2400000"),
        ("time", "btjd", 1600.5, "BJD - 2457000"),
        ("BTJD", None, 1600.5, "BJD - 2457000"),
        ("time", "BJD - 2457000, days", 1600.5, "BJD - 2457000"),
        ("bjd2454833", None, 1600.5, "BJD - 2454833"),
        ("HJD-2450000", None, 5260.5, "HJD - 2450000"),
        ("time", None, 58900.5, "MJD"),
        ("time", None, 2458900.5, "JD"),
        ("time", None, 12.5, ""),
        ("obs_mjd_mid", None, 58900.5, "MJD"),
    ],
)
def test_zero_points(name, unit, values, zero_point):
    found = times([values, values + 1], name, unit)
    assert found.zero_point == zero_point
    assert found.values[0] == values


def test_habits_of_a_field_settle_what_the_size_leaves_open():
    assert times([58900.5, 58901.5], kind="velocities").zero_point == "JD - 2400000"
    assert times([5260.5, 5261.5], magnitudes=True).zero_point == "HJD - 2450000"


def test_guesses_are_said():
    assert "MJD was assumed" in times([58900.5, 58901.5]).guesses[0]
    assert "days were assumed" in times([12.5, 13.5]).guesses[0]
    assert "called BJD" in times([54953.5, 54954.5], "bjd").guesses[0]
    assert times([2459000.5, 2459001.5], "BJD").guesses == ()


@pytest.mark.parametrize(
    ("unit", "factor"), [("d", 1), ("h", 24), ("hours", 24), ("s", 86400), ("min", 1440), ("minutes", 1440), ("yr", 1 / 365.25)]
)
def test_units(unit, factor):
    np.testing.assert_allclose(times(np.array([1.0, 2.0]) * factor, unit=unit).values, [1, 2])
    np.testing.assert_allclose(times(np.array([1.0, 2.0]) * factor, coordinate_unit=unit).values, [1, 2])


def test_a_unit_at_the_end_of_a_name():
    np.testing.assert_allclose(times([24.0, 48.0], "time_hours").values, [1, 2])


def test_headers():
    assert zero_point_in({"bjdrefi": 2457000, "bjdreff": 0.0}) == "BJD - 2457000"
    assert zero_point_in({"mjdrefi": 50814, "mjdreff": 0.5}) == "MJD - 50814.5"
    assert zero_point_in({"telescop": "TESS"}) == "BJD - 2457000"
    assert zero_point_in({"mjdref": 0.0}) == ""
    assert zero_point_in({"time_zero": "HJD - 2450000"}) == "HJD - 2450000"
    assert zero_point_in({"time_zero": "<script>"}) == ""
    assert zero_point_in({"bjdrefi": True}) == ""


def test_gaia_counts_from_its_own_epoch():
    found = times([1700.0, 1701.0], others=("transit_id", "flux_over_error"))
    assert found.zero_point == "BJD - 2455197.5"
    assert "Gaia" in found.guesses[0]


def test_dates():
    found = times(np.array(["2020-01-01T12:00:00", "", "2020-01-03 00:00:00.5Z"]), "date")
    assert (found.zero_point, found.values[0]) == ("MJD", 58849.5)
    assert np.isnan(found.values[1])
    assert times(np.array(["2020/01/01", "2020/01/02"])).values[1] == 58850
    with pytest.raises(ObservationError, match="dates are not all written"):
        times(np.array(["2020-01-01", "yesterday"]))


def test_what_a_meaning_says():
    assert times([1.0, 2.0], meaning="MJD (JD - 2400000.5)").zero_point == "MJD"


@pytest.mark.parametrize(("text", "zero_point"), [("btjd", "BJD - 2457000"), (" BJD-2450000 ", "BJD - 2450000"), ("", ""), ("mjd", "MJD")])
def test_answers(text, zero_point):
    assert checked_zero_point(text) == zero_point
    assert times([1.0, 2.0], zero_point=text).zero_point == zero_point


@pytest.mark.parametrize("text", ["noon", "BJD - ten", "2457000", "BJD - 2457000 or so"])
def test_answers_that_are_none(text):
    with pytest.raises(ObservationError, match="no zero point of times; write it like"):
        checked_zero_point(text)
