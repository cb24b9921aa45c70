"""Magnitudes as fluxes: errors, sentinels, limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_sbi.observations.containers.table import Column, Table
from astro_sbi.observations.kinds import magnitudes


def test_pogson():
    np.testing.assert_allclose(magnitudes.fluxes(np.array([20.0, 17.5, 22.5]), 20.0), [1, 10, 0.1])


@pytest.mark.parametrize("sentinel", [99.0, 99.99, -99.0, 9.99e99, np.nan, np.inf, -np.inf])
def test_sentinels_are_no_flux(sentinel):
    assert np.isnan(magnitudes.fluxes(np.array([sentinel]), 20.0)[0])


@given(st.floats(0.001, 3.0))
def test_errors_are_the_mean_of_both_sides(error):
    flux = np.array([2.0])
    brighter, fainter = 2 * 10 ** (0.4 * error), 2 * 10 ** (-0.4 * error)
    assert magnitudes.flux_errors(flux, np.array([error]))[0] == pytest.approx(0.5 * (brighter - fainter))


def test_small_errors_are_the_usual_ones():
    assert magnitudes.flux_errors(np.array([3.0]), np.array([0.01]))[0] == pytest.approx(3 * 0.01 / 1.0857362, rel=1e-4)
    assert magnitudes.flux_errors(np.array([-3.0]), np.array([0.01]))[0] > 0


def test_errors_that_stand_for_nothing():
    found = magnitudes.flux_errors(np.ones(4), np.array([99.99, 0.0, -1.0, np.nan]))
    assert np.isnan(found[[0, 3]]).all()
    assert (found[1:3] <= 0).all()


def test_limits_take_the_place_of_what_was_not_seen():
    flux, sigma, limit = np.array([1.0, np.nan, np.nan]), np.array([0.1, np.nan, np.nan]), np.array([21.0, 20.0, np.nan])
    value, error, used = magnitudes.with_limits(flux, sigma, limit, 20.0)
    assert used.tolist() == [False, True, False]
    assert (value[0], value[1], error[0], error[1]) == (1, 0, 0.1, 0.2)
    assert np.isnan(value[2])
    assert magnitudes.with_limits(flux, None, limit, 20.0)[1] is None


def test_cells_that_are_limits():
    table = Table((Column("mag"),), (np.array([">17.3", "16.5", "<13", "", "> 18"]),))
    measured, limits = magnitudes.measured_and_limits(table, 0)
    np.testing.assert_array_equal(measured, [np.nan, 16.5, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(limits, [17.3, np.nan, 13, np.nan, 18])


def test_zero_is_the_whole_magnitude_nearest_the_middle():
    assert magnitudes.zero_magnitude_of(np.array([16.4, 16.6, 16.8, 99.0])) == 17
    assert magnitudes.zero_magnitude_of(np.array([99.0, np.nan])) == 0


@pytest.mark.parametrize(
    ("value", "error", "answer"),
    [
        ([16.1, 16.2], None, True),
        ([16.1, 99.0], [0.1, 9.0], False),
        ([1.0, 1.1], None, False),
        ([16.0, 31.0], None, False),
        ([16.1, 16.2], [0.1, 0.1], True),
    ],
)
def test_numbers_without_a_name(value, error, answer):
    assert magnitudes.are_magnitudes(np.array(value), None if error is None else np.array(error)) is answer
