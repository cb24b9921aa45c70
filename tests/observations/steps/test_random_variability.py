"""Relative flux, slow trends, and bins that are found: what Gaussian processes in time are given."""

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.find_period import FindPeriod
from astro_sbi.observations.steps.relative_flux import RelativeFlux
from astro_sbi.observations.steps.slow_trend import SlowTrend
from astro_sbi.observations.steps.step import Step
from astro_sbi.observations.steps.time_bins import BinManyInTime
from astro_sbi.simulators import simulator
from tests.observations.tables import observed

TIME = np.arange(0.0, 90.0, 0.0204)


def rotating(period: float = 1.2, slope: float = 0.0):
    rng = np.random.default_rng(1)
    value = 5e4 * (1 + 0.01 * np.sin(2 * np.pi * TIME / period) + slope * (TIME / 90 - 0.5) + 1e-4 * rng.standard_normal(len(TIME)))
    return observed("light_curve", TIME, value, 5.0)


def steps(*chosen: Step) -> Preparation:
    return Preparation(chosen)


def test_each_channel_is_divided_by_its_median():
    second = np.arange(len(TIME)) % 3 == 0
    value = np.where(second, 20.0, 10.0) * (1 + 0.1 * np.sin(TIME))
    prepared = prepare(observed("light_curve", TIME, value, 0.5, {"g": ~second, "r": second}), steps(RelativeFlux()))
    after = prepared.observation
    assert (prepared.resolved["median flux, g"], prepared.resolved["median flux, r"]) == pytest.approx((10, 20), rel=0.01)
    assert after.value_axis.unit == ""
    for index in range(2):
        assert np.median(after.value[after.points.channel == index]) == pytest.approx(1)
    np.testing.assert_allclose(after.points.noise.sigma * np.where(after.points.channel == 1, 20, 10), 0.5, rtol=0.01)


def test_difference_fluxes_are_refused():
    with pytest.raises(ObservationError, match=r"the median flux is -3; .* use total instead of difference fluxes"):
        prepare(observed("light_curve", TIME, np.full(len(TIME), -3.0), 1.0), steps(RelativeFlux()))


def test_bins_leave_eight_points_in_a_period():
    prepared = prepare(rotating(), steps(FindPeriod(), BinManyInTime()))
    assert prepared.resolved["time_bin"] == pytest.approx(1.2 / 8, rel=1e-3)
    assert len(prepared.observation) == 600
    assert prepared.observation.points.known["bin_width"].to_value("d") == prepared.resolved["time_bin"]
    assert prepared.observation.points.known["baseline"].to_value("d") == pytest.approx(np.ptp(TIME))


def test_bins_leave_as_many_points_as_are_allowed():
    seasons = np.concatenate([np.arange(0, 90, 0.1) + 365 * year for year in range(4)])
    prepared = prepare(observed("light_curve", seasons, np.ones(len(seasons)), 1.0), steps(BinManyInTime()))
    assert 256 < len(prepared.observation) <= 512
    assert prepared.observation.points.known["baseline"] == np.ptp(seasons) * u.d


@pytest.mark.parametrize(("width", "points"), [(None, 400), (0.0, 400), (1.0, 9)])
def test_few_points_are_kept_and_a_length_is_taken(width, points):
    prepared = prepare(observed("light_curve", TIME[:400], np.ones(400), 1.0), steps(BinManyInTime(width)))
    assert len(prepared.observation) == points
    assert prepared.resolved["time_bin"] == (width or 0.0)


@pytest.mark.slow
def test_slow_trends_go_and_rotation_stays():
    prepared = prepare(rotating(slope=0.05), steps(FindPeriod(), SlowTrend()))
    assert prepared.resolved["slow_window"] == pytest.approx(12, rel=1e-3)
    inner = (TIME > 6) & (TIME < 84)
    left = prepared.observation.value / np.median(prepared.observation.value) - 1
    np.testing.assert_allclose(left[inner], 0.01 * np.sin(2 * np.pi * TIME[inner] / 1.2), atol=1.2e-3)


@pytest.mark.slow
def test_a_trend_is_not_told_from_a_long_period():
    prepared = prepare(rotating(period=15.0), steps(FindPeriod(), SlowTrend()))
    assert prepared.resolved["slow_window"] == 0
    assert "no trend was divided out" in prepared.stages[-1].sentence


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stellar_rotation", "quasar_variability"])
def test_the_whole_preparation(name):
    prepared = prepare(rotating(), simulator(name).preparation)
    assert len(prepared.observation) <= 600
    assert np.abs(prepared.observation.points.coordinate).max() < 46
    assert {quantity.name for quantity in simulator(name).known} - {"exposure_time"} <= set(prepared.observation.points.known)
