"""Spectra on coarser grids, against direct integration and many draws of noise."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.rebin import Rebin, overlap, pixel_edges
from tests.observations.tables import observed

WAVELENGTH = 4000.0 + np.arange(400)


def rebinned(observation, **settings: float):
    return prepare(observation, Preparation((Rebin(**settings),)))


def noisy(seed: int, sigma: np.ndarray | float = 1.0):
    return observed("spectrum", WAVELENGTH, 10 + sigma * np.random.default_rng(seed).normal(size=400), sigma)


@pytest.mark.parametrize("settings", [{"pixel_width": 3.7}, {"pixel_velocity": 400.0}])
def test_means_are_integrals_of_the_steps(settings):
    observation = noisy(1)
    prepared = rebinned(observation, **settings)
    low, high = pixel_edges(WAVELENGTH)

    def step(x: float) -> float:
        return float(observation.value[min(int(np.searchsorted(high, x)), 399)])

    for row in (0, 7, 50):
        centre = prepared.observation.points.coordinate[row]
        length = settings.get("pixel_width") or 2 * centre * np.tanh(0.5 * settings["pixel_velocity"] / 299792.458)
        ends = centre - length / 2, centre + length / 2
        inner = high[(high > ends[0]) & (high < ends[1])]
        area = sum(integrate.quad(step, a, b)[0] for a, b in zip([ends[0], *inner], [*inner, ends[1]], strict=True))
        assert prepared.observation.value[row] == pytest.approx(area / length, rel=1e-6)
    assert low[0] == 3999.5


@pytest.mark.slow
@given(
    steps=st.lists(st.floats(0.9, 1.2), min_size=30, max_size=60),
    width=st.floats(1.3, 9.0),
    seed=st.integers(0, 99),
)
def test_flux_is_conserved(steps, width, seed):
    wavelength = 5000 + np.cumsum(steps)
    flux = np.random.default_rng(seed).normal(size=len(steps))
    low, high = pixel_edges(wavelength)
    edges = low[0] + width * np.arange(int(np.ceil((high[-1] - low[0]) / width)) + 1)
    lying = overlap(low, high, edges)
    # Ends of neighbouring pixels meet wherever there is no gap.
    np.testing.assert_allclose(high[:-1], low[1:], atol=1e-9)
    assert (lying.mean(flux) * lying.covered).sum() == pytest.approx((flux * (high - low)).sum(), abs=1e-8)


def test_covariance_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(2)
    sigma = rng.uniform(0.5, 2, 400)
    low, high = pixel_edges(WAVELENGTH)
    lying = overlap(low, high, low[0] + 2.3 * np.arange(170))
    dense = lying.weight.toarray() / lying.covered[:, None]
    covariance = dense @ np.diag(sigma**2) @ dense.T
    diagonal, rows, correlation = lying.variances(sigma)
    np.testing.assert_allclose(diagonal, np.diag(covariance))
    np.testing.assert_allclose(rows, covariance.sum(axis=1))
    np.testing.assert_allclose(correlation, np.diag(covariance, 1) / np.sqrt(diagonal[:-1] * diagonal[1:]))


@pytest.mark.parametrize("ratio", [1.37, 2.71, 6.13])
def test_errors_are_raised_by_the_noise_correlation_ratio(ratio):
    prepared = rebinned(noisy(1), pixel_width=ratio)
    assert prepared.resolved["pixel_error_factor"] == pytest.approx((1 - 1 / (3 * ratio)) ** -0.5, rel=0.01)
    assert f"{prepared.resolved['pixel_correlation']:.2f}" in prepared.stages[0].sentence


@pytest.mark.parametrize("width", [1.4, 3.3])
def test_chi_square_of_a_smooth_model_is_right(width):
    heights, errors = [], []
    shape = np.exp(-0.5 * ((WAVELENGTH - 4200) / 60) ** 2)
    for seed in range(1500):
        if seed == 0:
            new = rebinned(observed("spectrum", WAVELENGTH, shape, 1.0), pixel_width=width).observation
            model, weight = new.value, new.points.noise.sigma**-2
            low, high = pixel_edges(WAVELENGTH)
            lying = overlap(low, high, low[0] + width * np.arange(int(np.ceil(400 / width)) + 1))
            lying = lying.kept(lying.share >= 0.5)
        value = lying.mean(np.random.default_rng(seed).normal(size=400))
        heights.append(np.sum(weight * model * value) / np.sum(weight * model**2))
        errors.append(np.sum(weight * model**2) ** -0.5)
    assert np.std(heights) == pytest.approx(np.mean(errors), rel=0.06)


def test_gaps_are_not_bridged():
    kept = (WAVELENGTH < 4100) | (WAVELENGTH > 4160)
    prepared = rebinned(observed("spectrum", WAVELENGTH[kept], np.ones(kept.sum()), 1.0), pixel_width=10.0)
    coordinate = prepared.observation.points.coordinate
    assert not ((coordinate > 4101) & (coordinate < 4159)).any()
    np.testing.assert_allclose(prepared.observation.value, 1)


def test_partly_covered_pixels_at_the_ends():
    prepared = rebinned(noisy(1), pixel_width=7.0)
    assert len(prepared.observation) == 57
    assert prepared.stages[0].dropped == {"in a new pixel less than half covered": 1}
    longer = rebinned(noisy(1), pixel_width=7.9).observation.points
    assert longer.coordinate[-1] + 0.5 * (longer.coordinate[-1] - longer.coordinate[-2]) > 4399
    assert longer.noise.sigma[-1] > longer.noise.sigma[-2]


def test_known_quantities_follow():
    resolution = np.linspace(60, 70, 400) * u.km / u.s
    observation = observed("spectrum", WAVELENGTH, np.ones(400), 1.0, resolution=resolution, redshift=0.1)
    known = rebinned(observation, pixel_width=10.0).observation.points.known
    added = (10**2 - 1) / 12 * (299792.458 / 4005) ** 2
    assert known["resolution"][0].to_value("km/s") == pytest.approx(np.sqrt(60.1**2 + added), rel=1e-3)
    assert known["bin_width"] == 10 * u.Angstrom
    assert known["redshift"] == 0.1
    velocity = rebinned(observation, pixel_velocity=300.0).observation.points
    assert velocity.known["bin_width"] == 300 * u.km / u.s
    np.testing.assert_allclose(np.diff(np.log(velocity.coordinate[:-1])), 300 / 299792.458, rtol=1e-6)


def test_arms_are_kept_apart():
    blue = WAVELENGTH < 4250
    wavelength = np.where(blue, WAVELENGTH, WAVELENGTH - 20)
    observation = observed("spectrum", wavelength, np.where(blue, 1.0, 5.0), 1.0, {"b": blue, "r": ~blue})
    new = rebinned(observation, pixel_width=6.0).observation
    np.testing.assert_allclose(new.value, np.where(new.points.channel == 0, 1, 5))
    assert (np.diff(new.points.coordinate) >= 0).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pixel_width": 0.9}, r"not wider than its own of 1; raise prepare\.pixel_width"),
        ({"pixel_velocity": 50.0}, r"prepare\.pixel_velocity"),
    ],
)
def test_finer_grids_are_refused(settings, sentence):
    with pytest.raises(ObservationError, match=sentence):
        rebinned(noisy(1), **settings)


def test_two_widths_are_refused():
    with pytest.raises(ObservationError, match="both given; give one"):
        Preparation((Rebin(),)).with_changes({"pixel_width": "3", "pixel_velocity": "200"})


def test_off_by_default():
    observation = noisy(1)
    assert rebinned(observation).observation.content_hash == observation.content_hash
