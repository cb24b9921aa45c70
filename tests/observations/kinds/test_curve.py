"""Curves of y against x: read where the user says so, and brought into a simulator's units."""

import numpy as np
import pytest

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.parsing import observation_of
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.curve_units import CurveUnits

CURVE = ReadOptions(kind="curve")
ROTATION = b"radius,speed,speed_err\n3,181,5\n1,120,4\n2,160,6\n"
AXES = Axis("Radius", "kpc"), Axis("Speed", "km / s")


def test_the_first_two_columns_of_numbers_are_taken_and_said():
    read = observation_of("disc.csv", ROTATION, CURVE)
    assert read.kind == "curve"
    assert read.points.coordinate.tolist() == [1, 2, 3]
    assert read.value.tolist() == [120, 160, 181]
    assert read.points.noise.sigma.tolist() == [4, 6, 5]
    assert (read.coordinate_axis.name, read.value_axis.name) == ("radius", "speed")
    assert read.origin.guesses == ("the columns radius, speed were taken as x and y, as they come first",)


def test_columns_that_are_told_are_taken_without_a_guess():
    table = b"id,speed,e,radius\n1,120,4,1\n2,160,6,2\n3,181,5,3\n"
    read = observation_of("disc.csv", table, ReadOptions(kind="curve", coordinate="radius", value="speed", uncertainty="e"))
    assert read.value.tolist() == [120, 160, 181]
    assert read.origin.guesses == ()


def test_columns_without_names_are_taken_in_order():
    read = observation_of("disc.txt", b"1 120 4\n2 160 6\n3 181 5\n", CURVE)
    assert read.points.noise.sigma.tolist() == [4, 6, 5]


def test_nothing_is_taken_for_a_curve_unasked():
    with pytest.raises(ObservationError, match="no column is called time or wavelength"):
        observation_of("disc.csv", ROTATION)


def test_one_column_is_no_curve():
    with pytest.raises(ObservationError, match="does not look like a curve of y against x: no columns of two numbers a row"):
        observation_of("disc.csv", b"radius,name\n1,a\n2,b\n", CURVE)


def test_units_become_those_of_the_simulator():
    ecsv = observation_of("disc.csv", ROTATION, ReadOptions(kind="curve", coordinate_unit="pc", value_unit="m/s"))
    prepared = prepare(ecsv, Preparation((CurveUnits(*AXES),)))
    assert np.allclose(prepared.observation.points.coordinate, [0.001, 0.002, 0.003])
    assert np.allclose(prepared.observation.value, [0.12, 0.16, 0.181])
    assert np.allclose(prepared.observation.points.noise.sigma, [0.004, 0.006, 0.005])
    assert (prepared.observation.coordinate_axis, prepared.observation.value_axis) == AXES
    assert prepared.stages[0].sentence == "radius [pc] is Radius [kpc]; speed [m / s] is Speed [km / s]"


def test_numbers_without_units_are_taken_to_be_in_those_of_the_simulator():
    prepared = prepare(observation_of("disc.csv", ROTATION, CURVE), Preparation((CurveUnits(*AXES),)))
    assert prepared.observation.value.tolist() == [120, 160, 181]
    assert "radius has no unit and was taken as kpc" in prepared.stages[0].sentence


def test_units_of_another_dimension_are_refused():
    read = observation_of("disc.csv", ROTATION, ReadOptions(kind="curve", coordinate_unit="d"))
    with pytest.raises(ObservationError, match=r"the x \(radius\) is in d, which does not convert to kpc"):
        prepare(read, Preparation((CurveUnits(*AXES),)))


def test_the_step_has_no_settings():
    assert Preparation((CurveUnits(*AXES),)).settings == ()
