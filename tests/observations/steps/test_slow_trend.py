"""Division by a slow trend: what is slow goes, what is fast stays."""

import numpy as np
import pytest

from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.relative_flux import RelativeFlux
from astro_sbi.observations.steps.slow_trend import SlowTrend


def star(flux: np.ndarray, time: np.ndarray) -> Observation:
    points = Points(time, np.zeros(len(time), np.int32), np.ones(len(time), bool), Noise(np.full(len(time), 0.5)))
    origin = Origin("star.csv", "0" * 64, "made")
    return Observation("light_curve", "star", points, flux, Axis("time", "d"), Axis("flux", "electron / s"), ("",), origin)


def test_rotation_goes_and_flares_stay():
    time = np.arange(0.0, 20.0, 0.02)
    slow = 1000 * (1 + 0.02 * np.sin(2 * np.pi * time / 2.5))
    flares = np.zeros(len(time))
    flares[[200, 201, 600]] = [0.1, 0.05, 0.3]
    prepared = prepare(star(slow * (1 + flares), time), Preparation((SlowTrend(slow_window=0.4), RelativeFlux())))
    after = prepared.observation
    assert after.value_axis == Axis("relative flux", "")
    assert np.abs(after.value - 1 - flares).max() < 2e-3
    assert after.points.noise.sigma == pytest.approx(0.5 / slow, rel=3e-3)
    assert "spans 3.9" in prepared.stages[0].sentence
    assert prepared.resolved["slow_window"] == 0.4


def test_values_about_zero_are_refused_in_a_sentence():
    time = np.arange(0.0, 20.0, 0.02)
    with pytest.raises(ObservationError, match="not positive everywhere"):
        prepare(star(np.sin(time), time), Preparation((SlowTrend(slow_window=0.4), RelativeFlux())))
