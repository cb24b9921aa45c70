"""Emission lines against a spectrum made, broadened and rebinned on a fine grid, and against published numbers."""

import numpy as np
import pytest

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import Pattern, known_values, pattern_of, scalar_known
from astro_sbi.simulators.bpt import KAUFFMANN, KEWLEY, distance, log_ratio
from astro_sbi.simulators.extinction import cardelli
from astro_sbi.simulators.galaxy_lines import h_beta_flux

LIGHT = 299792.458
THETA = {
    "velocity_offset": 120.0,
    "line_width": 90.0,
    "flux_h_alpha": 300.0,
    "flux_oiii_5008": 150.0,
    "flux_nii_6585": 90.0,
    "flux_sii_sum": 70.0,
    "sii_ratio": 1.3,
    "dust_av": 1.2,
    "absorption_h_beta": 4.0,
    "continuum_blue": 12.0,
    "slope_blue": -1.0,
    "continuum_red": 9.0,
    "slope_red": 0.5,
    "noise_scale": 1.5,
}


def lines_by_hand(ebv: float) -> list[tuple[float, float, float | None]]:
    """Vacuum wavelength, observed flux and stellar width of every line, written out again."""
    z = (1 + 0.05) * (1 + 120.0 / LIGHT)
    h_beta = 300.0 / 2.86 * 10 ** (-0.4 * 1.2 * (cardelli(4862.683) - cardelli(6564.614)))
    emission = [(4862.683, h_beta), (4960.295, 150 / 2.98), (5008.240, 150.0), (6549.86, 90 / 3.05), (6564.614, 300.0), (6585.27, 90.0)]
    emission += [(6718.294, 70 * 1.3 / 2.3), (6732.674, 70 / 2.3)]
    emission = [(rest, flux * 10 ** (-0.4 * 3.1 * ebv * cardelli(rest * z)), None) for rest, flux in emission]
    return [*emission, (4862.683, -12.0 * 4.0 * z, 8.0 * z), (6564.614, -9.0 * 0.5 * 4.0 * z, 8.0 * z)]


def sampled_gaussian(sigma: float) -> np.ndarray:
    half = int(6 * sigma / 0.02)
    weight = np.exp(-0.5 * (0.02 * np.arange(-half, half + 1) / sigma) ** 2)
    return weight / weight.sum()


def fine_spectrum(edges: np.ndarray, resolution: float, ebv: float) -> np.ndarray:
    """Mean flux density between edges: lines drawn, broadened by the instrument and the detector by sums on a grid of 0.02 A."""
    z = (1 + 0.05) * (1 + 120.0 / LIGHT)
    wavelength = np.arange(edges[0] - 60, edges[-1] + 60, 0.02)
    total = np.zeros_like(wavelength)
    for rest, flux, stellar in lines_by_hand(ebv):
        centre = rest * z
        shape, lsf = sampled_gaussian(stellar or centre * 90.0 / LIGHT), sampled_gaussian(centre * resolution / LIGHT)
        broad = np.convolve(shape, lsf) / 0.02
        place = centre + 0.02 * (np.arange(len(broad)) - len(broad) // 2)
        total += flux * np.interp(wavelength, place, broad, left=0.0, right=0.0)
    summed = np.concatenate([[0.0], np.cumsum(0.01 * (total[1:] + total[:-1]))])
    return np.diff(np.interp(edges, wavelength, summed)) / np.diff(edges)


def window(low: float, high: float, channel: int, pixel: float = 1.3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    edges = np.arange(low * 1.05, high * 1.05, pixel)
    middle = 0.5 * (edges[1:] + edges[:-1])
    return edges, middle, np.full(len(middle), channel, np.int32)


def pattern(wavelength: np.ndarray, channel: np.ndarray, resolution: float = 60.0, ebv: float = 0.0) -> Pattern:
    size = len(wavelength)
    known = {"redshift_guess": 0.05, "resolution": np.full(size, resolution), "continuum_scale": 10.0, "flux_scale": 200.0, "ebv": ebv}
    known = {name: np.asarray(value, np.float32) for name, value in known.items()}
    return Pattern(wavelength.astype(np.float32), np.full(size, 2.0, np.float32), channel, np.ones(size, bool), known)


@pytest.mark.parametrize("ebv", [0.0, 0.2])
@pytest.mark.parametrize("pixel", [1.3, *(pytest.param(pixel, marks=pytest.mark.slow) for pixel in (0.4, 4.0))])
def test_spectrum_agrees_with_one_made_on_a_fine_grid(pixel, ebv):
    galaxy = simulator("galaxy_lines")
    for low, high, channel, level, slope, middle in ((4780.0, 5080.0, 0, 12.0, -1.0, 4930.0), (6480.0, 6800.0, 1, 9.0, 0.5, 6640.0)):
        edges, wavelength, channels = window(low, high, channel, pixel)
        continuum = level + slope * (wavelength / 1.05 - middle) / 100
        expected = continuum + fine_spectrum(edges, 60.0, ebv)
        predicted = np.asarray(galaxy.predict(THETA, pattern(wavelength, channels, ebv=ebv)))
        assert np.abs(predicted - expected).max() < 2e-3 * np.ptp(expected)


@pytest.mark.slow
def test_flux_is_conserved_whatever_the_instrument():
    galaxy = simulator("galaxy_lines")
    flat = {**THETA, **dict.fromkeys(("continuum_red", "slope_red", "flux_nii_6585", "flux_sii_sum"), 0.0)}
    _, wavelength, channel = window(6400.0, 6730.0, 1)
    for resolution in (20.0, 60.0, 200.0):
        predicted = np.asarray(galaxy.predict(flat, pattern(wavelength, channel, resolution)))
        assert predicted.sum() * 1.3 == pytest.approx(300.0, rel=1e-3)


@pytest.mark.slow
def test_gaps_and_padding_do_not_widen_pixels():
    galaxy = simulator("galaxy_lines")
    _, wavelength, channel = window(6480.0, 6800.0, 1)
    whole = np.asarray(galaxy.predict(THETA, pattern(wavelength, channel)))
    keep = ~np.isin(np.arange(len(wavelength)), (70, 71, 75))
    gappy = np.asarray(galaxy.predict(THETA, pattern(wavelength[keep], channel[keep])))
    assert np.allclose(gappy, whole[keep], atol=2e-3)
    points = galaxy.default_points()
    padded = pattern_of(galaxy, points)
    size = len(points)
    bare = Pattern(*(part[:size] for part in padded[:4]), {k: v[:size] if np.ndim(v) else v for k, v in padded.known.items()})
    assert np.allclose(np.asarray(galaxy.predict(THETA, padded))[:size], galaxy.predict(THETA, bare), atol=1e-3)


def test_a_missing_window_leaves_its_lines_without_effect():
    galaxy = simulator("galaxy_lines")
    _, wavelength, channel = window(6480.0, 6800.0, 1)
    once = galaxy.predict(THETA, pattern(wavelength, channel))
    other = galaxy.predict({**THETA, "flux_oiii_5008": -900.0, "dust_av": 3.0, "continuum_blue": 70.0}, pattern(wavelength, channel))
    assert np.array_equal(once, other)


def test_noise_is_quoted_errors_times_the_scale():
    galaxy = simulator("galaxy_lines")
    _, wavelength, channel = window(6480.0, 6800.0, 1)
    assert np.allclose(galaxy.noise(THETA, pattern(wavelength, channel)), 3.0)


def test_extinction_as_published():
    """Cardelli, Clayton & Mathis 1989, table 3, R_V = 3.1: A(lambda)/A(V) in U, B, V, R, I, J, H, K; the polynomials miss B by 0.014."""
    x = np.array([2.78, 2.27, 1.82, 1.43, 1.11, 0.80, 0.63, 0.46])
    published = [1.569, 1.337, 1.000, 0.751, 0.479, 0.282, 0.190, 0.114]
    assert cardelli(1e4 / x) == pytest.approx(published, abs=0.015)
    assert cardelli(np.array([4862.683, 6564.614])) == pytest.approx([1.164, 0.818], abs=0.001)


def test_balmer_decrement_gives_the_dust_back():
    """E(B-V) = 1.97 log10(Ha / Hb / 2.86) is Dominguez et al. 2013's for Calzetti's law; Cardelli's k(Hb) - k(Ha) = 1.07 gives 2.33."""
    h_beta = h_beta_flux(100.0, np.array([0.0, 3.1]))
    assert h_beta[0] == pytest.approx(100 / 2.86)
    assert 2.33 * np.log10(100 / h_beta[1] / 2.86) == pytest.approx(1.0, abs=0.01)


def test_demarcations_of_the_bpt_diagram():
    """Points on the lines have distance zero; the composite region lies between them."""
    nitrogen = np.array([-1.0, -0.5, -0.2])
    for line, pole, level in ((KAUFFMANN, 0.05, 1.3), (KEWLEY, 0.47, 1.19)):
        on_it = 0.61 / (nitrogen - pole) + level
        assert distance(nitrogen, on_it, line) == pytest.approx(np.zeros(3), abs=1e-3)
        assert np.all(distance(nitrogen, on_it + 0.2, line) > 0.01)
        assert np.all(distance(nitrogen, on_it - 0.2, line) < -0.01)
    seyfert, star_forming = np.array([0.1]), np.array([-0.6])
    assert distance(seyfert, np.array([0.9]), KEWLEY) > 0
    assert distance(star_forming, np.array([-0.2]), KAUFFMANN) < 0
    composite = np.array([-0.2]), np.array([0.0])
    assert distance(*composite, KAUFFMANN) > 0 > distance(*composite, KEWLEY)
    assert distance(np.array([0.6]), np.array([-1.0]), KEWLEY) > 0


def test_ratios_of_negative_fluxes_stay_finite():
    ratio = log_ratio(np.array([10.0, -1.0, 5.0, 0.0, -2.0]), np.array([1.0, 2.0, -3.0, 0.0, -1.0]))
    assert ratio == pytest.approx([1.0, -3.0, 3.0, 0.0, 0.0])


def test_derived_quantities_by_hand():
    galaxy = simulator("galaxy_lines")
    known = known_values(galaxy, galaxy.default_points())
    derived = galaxy.derived({name: np.array([value]) for name, value in THETA.items()}, known)
    assert derived["redshift"][0] == pytest.approx(1.05 * (1 + 120 / LIGHT) - 1, rel=1e-10)
    continuum = 9.0 + 0.5 * (6564.614 - 6640) / 100
    assert derived["ew_h_alpha"][0] == pytest.approx(300 / continuum / (1.05 * (1 + 120 / LIGHT)), rel=1e-6)
    assert derived["log_nii_ha"][0] == pytest.approx(np.log10(0.3))
    assert derived["log_oiii_hb"][0] == pytest.approx(np.log10(150 / derived["flux_h_beta"][0]))


@pytest.mark.slow
def test_the_default_pattern_shows_lines_at_moderate_signal():
    galaxy = simulator("galaxy_lines")
    points = galaxy.default_points()
    theta = galaxy.prior.physical(np.zeros((1, 14)), scalar_known(known_values(galaxy, points)))
    theta = {**theta, "flux_h_alpha": np.array([200.0]), "continuum_red": np.array([10.0])}
    curve = galaxy.predict({name: np.float32(value[0]) for name, value in theta.items()}, pattern_of(galaxy, points))
    height = (np.max(curve) - 10.0) / points.noise.sigma[0]
    assert 3 < height < 30
    assert len(points) <= 256
