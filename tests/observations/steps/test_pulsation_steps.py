"""Phases at the period found, and the brightness of each band."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.band_levels import BandLevels
from astro_sbi.observations.steps.find_period import FindPeriod
from astro_sbi.observations.steps.guessed_phase import GuessedPhase
from astro_sbi.observations.steps.period_bins import BinDensePeriods
from astro_sbi.observations.steps.reference_time import FromReferenceTime
from astro_sbi.observations.steps.step import with_known
from tests.observations.tables import observed

PERIOD, EPOCH = 0.6143, 54000.25


def star(flux: float = 2.0):
    """Two bands, the second at a fifth of the flux of the first."""
    time = np.sort(np.random.default_rng(1).uniform(53000, 55000, 80))
    second = np.arange(80) % 2 == 1
    value = np.where(second, 0.2, 1.0) * flux * (1 + 0.2 * np.cos(2 * np.pi * (time - EPOCH) / PERIOD))
    return observed("light_curve", time, value, 0.01 * value, {"r": ~second, "g": second})


def known(observation, *steps, **changes: str):
    done = prepare(observation, Preparation(steps).with_changes(changes))
    return done, done.observation.points.known


@pytest.mark.parametrize("steps", [(FindPeriod(), GuessedPhase()), (FindPeriod(), FromReferenceTime(), GuessedPhase())])
def test_phases_are_those_at_the_period_wherever_times_are_counted_from(steps):
    observation = star()
    done, found = known(observation, *steps, period=str(PERIOD), epoch=str(EPOCH))
    cycle = (observation.points.coordinate - EPOCH) / PERIOD
    assert found["phase_guess"].value == pytest.approx(cycle - np.round(cycle), abs=1e-9)
    assert "0.6143 d" in done.stages[-1].sentence


def test_levels_are_magnitudes_of_the_median_fluxes():
    observation = with_known(star(), {"zero_magnitude": 17.0 * u.mag})
    done, found = known(observation, BandLevels())
    for index, channel in enumerate(observation.channels, 1):
        median = np.median(observation.value[observation.points.channel == index - 1])
        assert found[f"level_{index}"].to_value(u.mag) == pytest.approx(17 - 2.5 * np.log10(median))
        assert f"{channel} " in done.stages[0].sentence


@pytest.mark.parametrize(("unit", "zero"), [("uJy", 23.9), ("Jy", 8.9), ("", 0.0), ("electron / s", 0.0)])
def test_the_zero_point_is_that_of_ab_magnitudes_where_fluxes_have_one(unit, zero):
    _, found = known(replace(star(), value_axis=Axis("flux", unit)), BandLevels())
    assert found["zero_magnitude"].to_value(u.mag) == pytest.approx(zero, abs=1e-3)


def test_a_band_without_points_has_a_level_and_one_without_light_is_refused():
    empty = replace(star(), channels=("r", "g", "i"))
    assert "level_3" in known(empty, BandLevels())[1]
    with pytest.raises(ObservationError, match=r"the median flux of .* has no magnitude: use total instead of difference fluxes"):
        known(star(-1.0), BandLevels())


def dense(days: float):
    """Two-minute cadence."""
    time = np.arange(0.0, days, 2 / 1440)
    value = 1 + 0.2 * np.cos(2 * np.pi * time / PERIOD)
    return observed("light_curve", time, value, np.full(len(time), 0.01), {"T": np.ones(len(time), bool)})


def test_many_points_are_averaged_in_a_32nd_of_the_period():
    done, found = known(dense(10.0), FindPeriod(), BinDensePeriods(), period=str(PERIOD))
    assert found["bin_width"].to_value(u.d) == pytest.approx(PERIOD / 32)
    assert len(done.observation) == np.ceil(10.0 / (PERIOD / 32))
    assert np.median(found["count"].value) == pytest.approx(PERIOD / 32 * 720, abs=1)
    assert done.resolved["time_bin"] == pytest.approx(PERIOD / 32)


def test_few_points_are_kept_and_a_width_can_be_given():
    done, found = known(dense(2.0), FindPeriod(), BinDensePeriods(), period=str(PERIOD))
    assert len(done.observation) == len(dense(2.0))
    assert "bin_width" not in found
    assert known(dense(2.0), FindPeriod(), BinDensePeriods(), period=str(PERIOD), time_bin="0.02")[1]["bin_width"].to_value(u.d) == 0.02


def test_more_points_than_can_be_fitted_are_refused():
    with pytest.raises(ObservationError, match=r"points are left and at most 6,000 are fitted; keep a part of the light curve"):
        known(dense(10.0), FindPeriod(), BinDensePeriods(), period=str(PERIOD), time_bin="0")
