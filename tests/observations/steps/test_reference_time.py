"""Times counted from a round day in the middle."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import Axis
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.find_period import FindPeriod
from astro_sbi.observations.steps.reference_time import FromReferenceTime
from astro_sbi.observations.steps.step import with_known
from tests.observations.tables import observed


def velocities(zero_point: str, start: float):
    time = start + np.arange(0.0, 40.0, 0.7)
    observation = observed("velocities", time, np.sin(2 * np.pi * time / 9.3), 0.01, {"HARPS": np.ones(len(time), bool)})
    return replace(observation, coordinate_axis=Axis("time", "d", zero_point))


def prepared(observation, *steps):
    return prepare(observation, Preparation(steps))


@pytest.mark.parametrize(
    ("zero_point", "start", "reference", "told"),
    [
        ("BJD - 2457000", 1325.3, 2458345.0, "BJD - 2458345"),
        ("BJD", 2458325.3, 2458345.0, "BJD - 2458345"),
        ("MJD", 54775.8, 54796.0, "MJD - 54796"),
        ("BJD - 2455197.5", 1000.0, 2456217.0, "BJD - 2456217"),
        ("", 3.0, 23.0, "- 23"),
        ("", -100.0, -80.0, "+ 80"),
    ],
)
def test_times_are_small_and_nothing_is_lost(zero_point, start, reference, told):
    observation = velocities(zero_point, start)
    done = prepared(observation, FromReferenceTime())
    after = done.observation
    assert after.points.known["reference_time"] == reference * u.d
    assert done.resolved["reference_time"] == reference
    assert after.coordinate_axis == Axis("time", "d", told)
    np.testing.assert_allclose(after.points.coordinate + reference, observation.points.coordinate + zero_of(observation), atol=1e-9)
    assert abs(after.points.coordinate.min() + after.points.coordinate.max()) <= 1
    np.testing.assert_array_equal(after.value, observation.value)
    assert "epoch_from_reference" not in after.points.known
    if reference > 0:
        assert zero_of(after) == reference


def test_the_epoch_is_counted_from_there_too():
    done = prepared(velocities("BJD - 2457000", 1325.3), FindPeriod(), FromReferenceTime())
    known = done.observation.points.known
    epoch = known["epoch_from_reference"].to_value("d")
    assert epoch + 2458345.0 == pytest.approx(known["epoch_guess"].to_value("d"), abs=1e-9)
    assert epoch + 2458345.0 == pytest.approx(done.resolved["epoch"], abs=1e-9)
    phase = 2 * np.pi * (done.observation.points.coordinate - epoch) / 9.3
    np.testing.assert_allclose(done.observation.value, np.cos(phase), atol=0.02)


def test_other_known_quantities_stay():
    observation = with_known(velocities("MJD", 54775.8), {"exposure_time": 0.01 * u.d})
    assert prepared(observation, FromReferenceTime()).observation.points.known["exposure_time"] == 0.01 * u.d
