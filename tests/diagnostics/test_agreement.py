"""Shifts between posteriors, distances from published values, and whether data are the same."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.diagnostics.agreement import Interval, Measured, Published, agreement, pull, shift, why_not_the_same

STANDARD = Interval(-1.0, 0.0, 1.0)


def draws(n: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(1).standard_normal(n), np.full(n, 1 / n)


def points() -> Measured:
    x = np.arange(5.0)
    return Measured(x, 2 * x, np.ones(5), np.zeros(5, np.int32), units=("d", "", "mag"))


def test_shift_is_in_both_half_widths_in_quadrature():
    found = shift(Interval(4.0, 8.0, 12.0), Interval(0.0, 3.0, 6.0))
    assert found.sigma == pytest.approx(5 / 5)
    assert found.width == pytest.approx(4 / 3)
    assert shift(STANDARD, Interval(4.0, 5.0, 6.0)).sigma < 0


def test_shift_of_a_posterior_without_width():
    spike = Interval(1.0, 1.0, 1.0)
    assert shift(spike, spike).sigma == 0
    assert shift(Interval(2.0, 2.0, 2.0), spike).sigma == np.inf


@pytest.mark.parametrize(
    ("published", "sigma", "words"),
    [
        (Published(3.0, 9.0, 1.0), 3 / np.hypot(1, 1), "tension"),
        (Published(-3.0, 9.0, 1.0), 3 / np.hypot(9, 1), "agrees"),
        (Published(8.0), 8.0, "disagrees"),
    ],
)
def test_errors_that_face_each_other_count(published, sigma, words):
    found = agreement(published, STANDARD, *draws())
    assert found.sigma == pytest.approx(sigma)
    assert found.words == words


def test_the_pull_is_signed_and_takes_the_errors_between():
    skewed = Interval(8.0, 10.0, 10.5)
    assert pull(Published(11.0), skewed) == pytest.approx(-2.0)
    assert pull(Published(9.0), skewed) == pytest.approx(0.5)
    assert pull(Published(9.0, 1.5, 7.0), skewed) == pytest.approx(1 / 2.5)
    assert pull(Published(9.0), Interval(10.0, 10.0, 10.0)) == np.inf


@pytest.mark.parametrize(("limit", "value"), [("upper", -2.0), ("lower", 2.0)])
def test_a_limit_is_judged_by_the_share_beyond_it(limit, value):
    assert agreement(Published(value, limit=limit), STANDARD, *draws()).sigma == pytest.approx(2.0, abs=0.05)
    assert agreement(Published(-value, limit=limit), STANDARD, *draws()).sigma == 0


def test_a_limit_far_away_is_as_far_as_the_draws_can_tell():
    found = agreement(Published(-50.0, limit="upper"), STANDARD, *draws())
    assert 4.0 < found.sigma < 4.6


def test_the_same_points_are_the_same_data():
    assert why_not_the_same(points(), points()) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": np.array([0, 2, 4, 6, 8.1])}, "the values of 1 of 5 points differ"),
        ({"sigma": 2 * np.ones(5)}, "the errors of 5 of 5"),
        ({"coordinate": np.arange(5.0) + 1}, "the places of 5"),
        ({"channel": np.array([0, 0, 0, 0, 1])}, "the channels of 1"),
        ({"units": ("d", "", "Jy")}, "units differ"),
        ({"covariance": np.eye(5)}, "only one of them"),
    ],
)
def test_other_points_are_other_data(change, says):
    assert says in why_not_the_same(replace(points(), **change), points())


def test_fewer_points_and_other_covariances_are_other_data():
    cut = Measured(*(part[:4] for part in (points().coordinate, points().value, points().sigma, points().channel)), units=points().units)
    assert "5 points were fitted in one and 4 in the other" in why_not_the_same(cut, points())
    one, other = (replace(points(), covariance=scale * np.eye(5)) for scale in (1, 2))
    assert "covariance matrices" in why_not_the_same(one, other)
    assert why_not_the_same(one, replace(points(), covariance=np.eye(5))) == ""
