"""Calibration errors put into an observation."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.observations.observation import Axis, Noise
from astro_sbi.observations.perturbation import perturbed
from tests.inference.toys import Line, observed


@pytest.fixture
def flux():
    return replace(observed(Line(), {"a": 3.0, "b": 2.0, "c": 1.0}, 3), value_axis=Axis("flux", "mJy"))


def test_a_gain_multiplies_values_and_errors(flux):
    covariance = np.diag(flux.points.noise.sigma**2)
    flux = replace(flux, points=replace(flux.points, noise=Noise(flux.points.noise.sigma, "quoted", covariance)))
    moved = perturbed(flux, "gain", 0.03)
    assert moved.value == pytest.approx(1.03 * flux.value)
    assert moved.points.noise.sigma == pytest.approx(1.03 * flux.points.noise.sigma)
    assert np.sqrt(np.diag(moved.points.noise.covariance)) == pytest.approx(moved.points.noise.sigma)


def test_a_gain_shifts_magnitudes(flux):
    magnitudes = replace(flux, value_axis=Axis("magnitude", "mag"))
    moved = perturbed(magnitudes, "gain", 0.03)
    assert moved.value - magnitudes.value == pytest.approx(-2.5 * np.log10(1.03))
    assert moved.points is magnitudes.points


def test_a_gain_scales_the_depth_of_a_relative_light_curve(flux):
    relative = replace(flux, value_axis=Axis("relative flux", ""))
    moved = perturbed(relative, "gain", -0.1)
    assert np.median(moved.value) == pytest.approx(np.median(relative.value))
    assert np.ptp(moved.value) == pytest.approx(0.9 * np.ptp(relative.value))


def test_errors_and_coordinate(flux):
    assert perturbed(flux, "errors", -0.2).points.noise.sigma == pytest.approx(0.8 * flux.points.noise.sigma)
    moved = perturbed(flux, "shift", 0.25)
    assert moved.points.coordinate - flux.points.coordinate == pytest.approx(0.25)
    assert moved.value is flux.value
