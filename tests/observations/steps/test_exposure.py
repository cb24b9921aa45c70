"""How long each point was exposed: the user's word before the file's, the file's before a guess."""

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import Axis, Noise, Observation, Origin, Points
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.exposure import ExposureTime


def star(**known: u.Quantity) -> Observation:
    time = np.arange(0.0, 2.0, 0.02)
    points = Points(time, np.zeros(len(time), np.int32), np.ones(len(time), bool), Noise(np.full(len(time), 0.5)), known)
    origin = Origin("star.csv", "0" * 64, "made")
    return Observation("light_curve", "star", points, np.ones(len(time)), Axis("time", "d"), Axis("flux", ""), ("",), origin)


@pytest.mark.parametrize(
    ("asked", "known", "length", "says"),
    [
        (None, {}, 0.02, "1728 s for each point (assumed"),
        (None, {"exposure_time": 0.0 * u.d}, 0.02, "assumed"),
        (None, {"exposure_time": 120 * u.s}, 120 / 86400, "120 s for each point (from the file)"),
        (0.01, {"exposure_time": 120 * u.s}, 0.01, "864 s for each point (given)"),
    ],
)
def test_who_says_how_long(asked, known, length, says):
    prepared = prepare(star(**known), Preparation((ExposureTime(exposure=asked),)))
    assert prepared.observation.points.known["exposure_time"].to_value("d") == pytest.approx(length)
    assert prepared.resolved["exposure"] == pytest.approx(length)
    assert says in prepared.stages[0].sentence
