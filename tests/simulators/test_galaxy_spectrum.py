"""A galaxy's continuum against sums on the template's own grid, astropy's distances, and two galaxies of the Sloan survey."""

from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import pytest
from astropy.cosmology import Planck18
from astropy.io import fits

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, pattern_of
from astro_sbi.simulators.template_spectra import template_spectra
from astro_sbi.simulators.templates import templates
from tests.budgets import small_inference

THETA = {
    "velocity_offset": 150.0, "continuum": 8.0, "dust_av": 0.7, "mix_1": 0.8, "mix_2": 0.4, "mix_3": 0.6, "mix_4": 0.3,
    "wave_1": 0.02, "wave_2": -0.03, "wave_3": 0.01,
}  # fmt: skip


def calzetti_by_hand(wavelength: np.ndarray) -> np.ndarray:
    x = wavelength / 1e4
    k = np.where(x < 0.63, 2.659 * (-2.156 + 1.509 / x - 0.198 / x**2 + 0.011 / x**3), 2.659 * (-1.857 + 1.04 / x)) + 4.05
    return k / 4.05


def spectrum_by_hand(theta: dict[str, float], wavelength: np.ndarray, width: float) -> np.ndarray:
    """Starlight by sums over a grid 200 times as fine as the pixels, in double precision."""
    stars, one_plus_z = templates(), 1.1 * (1 + theta["velocity_offset"] / 299792.458)
    left, shares = 1.0, []
    for number in range(1, 5):
        kept = left * theta[f"mix_{number}"] ** (1 / (5 - number))
        shares.append(left - kept)
        left = kept
    mixed = np.array([*shares, left]) @ stars.flux

    def starlight(rest: np.ndarray, width: float) -> np.ndarray:
        fine = rest[:, None] * np.exp(width * (np.arange(200) + 0.5 - 100) / 200)
        return np.interp(np.log(fine), np.log(stars.wavelength), mixed).mean(axis=1) * 10 ** (
            -0.4 * theta["dust_av"] * calzetti_by_hand(rest)
        )

    x = 2 * (np.log(wavelength) - np.log(wavelength[0])) / np.log(wavelength[-1] / wavelength[0]) - 1
    wave = np.polynomial.legendre.legval(x, [1, theta["wave_1"], theta["wave_2"], theta["wave_3"]])
    return theta["continuum"] * starlight(wavelength / one_plus_z, width) / starlight(np.array([6000.0]) / one_plus_z, 0.05) * wave


def test_the_spectrum_agrees_with_one_summed_by_hand():
    """To 2 per mil in single precision."""
    galaxy = simulator("galaxy_spectrum")
    points = galaxy.default_points()
    made = np.asarray(jax.jit(galaxy.predict)(THETA, pattern_of(galaxy, points)))[: len(points)]
    width = np.sqrt(12) * 190.0 / 299792.458
    assert made == pytest.approx(spectrum_by_hand(THETA, points.coordinate, width), rel=2e-3)


def test_pixel_means_lose_nothing_in_single_precision():
    spectra, rest = template_spectra(), np.geomspace(1000.0, 20000.0, 300)
    double = spectra.mean(np.log(rest / 5500), np.full(300, 0.002))
    single = np.asarray(jax.jit(lambda at: spectra.mean(at, jax.numpy.full(300, 0.002), jax.numpy))(np.log(rest / 5500).astype(np.float32)))
    assert np.abs(single / double - 1).max() < 2e-3
    assert np.median(np.abs(single / double - 1)) < 2e-5


def test_lines_add_their_flux():
    """Each multiplet's flux is the sum over its pixels, to a per cent."""
    galaxy = configured(simulator("galaxy_spectrum"), ("",), {"lines": "fitted"})
    points = galaxy.default_points()
    pattern, pixels = pattern_of(galaxy, points), points.coordinate * 600.0 / 299792.458
    predict = jax.jit(galaxy.predict)
    names = [name for name in galaxy.prior.names if name.startswith("flux_")]
    assert names == ["flux_oii", "flux_h_beta", "flux_oiii", "flux_h_alpha", "flux_nii", "flux_sii"]
    dark = THETA | dict.fromkeys(names, 0.0)
    without = np.asarray(predict(dark, pattern))[: len(points)]
    for name in names:
        added = np.asarray(predict(dark | {name: 300.0}, pattern))[: len(points)] - without
        assert added @ pixels == pytest.approx(300.0, rel=0.01)
    assert galaxy.preparation.steps[3].idle
    assert not simulator("galaxy_spectrum").preparation.steps[3].idle


def test_the_mass_and_break_of_a_galaxy_made_by_hand():
    """1e11 solar masses of the oldest template, read from kcorrect's own file, at z = 0.1."""
    with fits.open(Path(find_spec("kcorrect").submodule_search_locations[0]) / "data/templates/kcorrect-default-v4.fits") as file:
        wave, spectrum = (np.array(file["FLUX"].data[0][name], float) for name in ("wave", "flux"))
        remaining = float(file["MREMAIN"].data[3])
    distance = Planck18.luminosity_distance(0.1).to_value("pc")
    near = np.abs(np.log(wave * 1.1 / 6000.0)) < 0.025
    level = 1e17 * 1e11 * spectrum[3, near].mean() * (10 / distance) ** 2 / 1.1
    theta = THETA | {"velocity_offset": 0.0, "continuum": level, "dust_av": 0.0, "mix_1": 1.0, "mix_2": 1.0, "mix_3": 1.0, "mix_4": 0.0}
    galaxy = simulator("galaxy_spectrum")
    derived = galaxy.derived({name: np.array([value]) for name, value in theta.items()}, known_values(galaxy, galaxy.default_points()))
    assert derived["log_stellar_mass"] == pytest.approx(11 + np.log10(remaining), abs=0.005)
    assert derived["redshift"] == pytest.approx(0.1)
    assert derived["luminosity_distance"] == pytest.approx(distance / 1e6, rel=1e-4)
    assert derived["d4000n"] == pytest.approx(1.90, abs=0.02)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_star_forming_galaxy(shared):
    """spec-0266-51602-0107: redshift 0.1231 by its lines; D4000n 1.347 measured on the spectrum itself."""
    summary = small_inference("galaxy_spectrum", shared / "observations/galaxy_spectrum/spec-0266-51602-0107.fits")
    assert summary["derived"]["redshift"]["median"] == pytest.approx(0.1231, abs=1e-3)
    assert summary["derived"]["d4000n"]["median"] == pytest.approx(1.347, abs=0.06)
    assert 9.5 < summary["derived"]["log_stellar_mass"]["median"] < 11.5
    assert summary["importance"]["ess"] > 150
