"""A galaxy of stellar populations against sums by hand over ages and metallicities, with a made-up library in DSPS's layout."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u
from astropy.cosmology import Planck18
from scipy.integrate import quad
from scipy.special import gammainc

from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import PeakSearch
from astro_sbi.runs.request import resolve
from astro_sbi.runs.settings import Settings
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, pattern_of, scalar_known
from astro_sbi.simulators.ssp_library import FILE, VARIABLE
from astro_sbi.simulators.ssp_spectra import components
from astro_sbi.simulators.star_formation import formed, mean_age, universe_age
from tests.simulators import ssp_file
from tests.simulators.ssp_file import LG_AGE, LGMET, WAVE

LIGHT_KM_S = 299792.458
GUESS, PIXEL = 0.1, 200.0
THETA = {
    "velocity_offset": 150.0, "continuum": 8.0, "dust_av": 0.7, "onset": 0.6, "decline": 5.0, "log_metallicity": -2.1, "dispersion": 180.0,
    "wave_1": 0.0, "wave_2": 0.0, "wave_3": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ssp_file.write(tmp_path_factory.mktemp("ssp") / FILE)


@pytest.fixture
def stars(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made-up library is that of this computer."""
    monkeypatch.setenv(VARIABLE, str(made))
    return made


def populations(lines: str = "masked"):
    return configured(simulator("galaxy_spectrum"), ("",), {"templates": "dsps", "lines": lines})


def weights_by_hand(theta: dict[str, float], now: float) -> np.ndarray:
    """Mass that formed between the edges of the bins of age, times a bell between those of metallicity."""
    middles = 0.5 * (LG_AGE[1:] + LG_AGE[:-1])
    edges = np.concatenate([[1.5 * LG_AGE[0] - 0.5 * LG_AGE[1]], middles, [1.5 * LG_AGE[-1] - 0.5 * LG_AGE[-2]]])
    # A rate of t exp(-t / tau) is a Gamma distribution of shape 2.
    ages = -np.diff(gammainc(2, np.maximum(theta["onset"] * now - 10**edges, 0) / (theta["onset"] * now / theta["decline"])))
    steps = [-10.0, *(0.5 * (LGMET[1:] + LGMET[:-1])), 10.0]

    def bell(x: float) -> float:
        z = (x - theta["log_metallicity"]) / 0.9
        return (1 - z**2) ** 3 if abs(z) < 1 else 0.0

    around = theta["log_metallicity"] + np.array([-0.9, 0.9])
    parts = [quad(bell, *np.clip([low, high], *around))[0] for low, high in pairwise(steps)]
    return np.outer(np.array(parts) / np.sum(parts), ages / ages.sum())


def calzetti_by_hand(wavelength: np.ndarray) -> np.ndarray:
    x = wavelength / 1e4
    k = np.where(x < 0.63, 2.659 * (-2.156 + 1.509 / x - 0.198 / x**2 + 0.011 / x**3), 2.659 * (-1.857 + 1.04 / x)) + 4.05
    return k / 4.05


def light_by_hand(theta: dict[str, float]) -> np.ndarray:
    """Of a solar mass of stars formed, without dust [Lsun/A], on the file's own wavelengths."""
    weights, flux = weights_by_hand(theta, universe_age(GUESS)), ssp_file.arrays()["ssp_flux"]
    total = sum(weights[i, j] * flux[i, j] for i in range(len(LGMET)) for j in range(len(LG_AGE)))
    return total * 2.99792458e18 / WAVE**2


def spectrum_by_hand(theta: dict[str, float], wavelength: np.ndarray, resolution: float) -> np.ndarray:
    """Sums over velocities of stars, instrument and pixel, in double precision."""
    light, one_plus_z = light_by_hand(theta), (1 + GUESS) * (1 + theta["velocity_offset"] / LIGHT_KM_S)
    sigma = np.sqrt(theta["dispersion"] ** 2 + resolution**2 - PIXEL**2 / 12) / LIGHT_KM_S
    moves, boxes = np.linspace(-5, 5, 201), (np.arange(20) + 0.5) / 20 - 0.5
    bell = np.exp(-0.5 * moves**2) / np.exp(-0.5 * moves**2).sum()
    rest = np.log(wavelength / one_plus_z)
    offsets = (moves * sigma)[:, None] + boxes * PIXEL / LIGHT_KM_S
    seen = np.interp(np.exp(rest[:, None, None] + offsets), WAVE, light).mean(axis=-1) @ bell
    dust = 10 ** (-0.4 * theta["dust_av"] * calzetti_by_hand(wavelength / (1 + GUESS)))
    return seen * dust * theta["continuum"] / level_by_hand(theta)


def level_by_hand(theta: dict[str, float]) -> float:
    """Light about 6000 A as observed, behind dust [Lsun/A]."""
    middle = 6000.0 / (1 + GUESS)
    window = middle * np.exp(0.05 * ((np.arange(2000) + 0.5) / 2000 - 0.5))
    return np.interp(window, WAVE, light_by_hand(theta)).mean() * 10 ** (
        -0.4 * theta["dust_av"] * float(calzetti_by_hand(np.array(middle)))
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{}, {"dispersion": 320.0, "onset": 0.95, "decline": 20.0}, {"onset": 0.05, "decline": 0.12, "dust_av": 2.0}]
)
def test_the_spectrum_agrees_with_sums_by_hand(stars, change):
    """To 3 per mil in single precision, 1 per mil for most pixels."""
    galaxy, theta = populations(), THETA | change
    points = galaxy.default_points()
    found = np.asarray(jax.jit(galaxy.predict)(theta, pattern_of(galaxy, points)))[: len(points)]
    expected = spectrum_by_hand(theta, points.coordinate, 90.0)
    apart = np.abs(found / expected - 1)
    assert apart.max() < 3e-3
    assert np.median(apart) < 1e-3


@pytest.mark.slow
def test_masses_distances_and_ages_agree_with_astropy(stars):
    galaxy = populations()
    derived = galaxy.derived({name: np.array([value]) for name, value in THETA.items()}, known_values(galaxy, galaxy.default_points()))
    redshift = (1 + GUESS) * (1 + 150 / LIGHT_KM_S) - 1
    distance = Planck18.luminosity_distance(redshift)
    luminosity = 8e-17 * u.erg / u.s / u.cm**2 / u.AA * 4 * np.pi * distance**2 * (1 + redshift)
    mass = (luminosity / (level_by_hand(THETA) * u.Lsun / u.AA)).to_value(u.one)
    assert derived["log_mass_formed"] == pytest.approx([np.log10(mass)], abs=1e-3)
    assert derived["luminosity_distance"] == pytest.approx([distance.to_value(u.Mpc)], rel=1e-4)
    age = 0.6 * universe_age(GUESS)
    rate = np.linspace(0, age, 100_001)
    stars_formed = rate * np.exp(-5 * rate / age)
    assert derived["tau"] == pytest.approx([age / 5])
    assert derived["age"] == pytest.approx([age], rel=1e-3)
    assert derived["mean_age"] == pytest.approx([np.average(age - rate, weights=stars_formed)], rel=1e-3)
    recent = stars_formed[rate > age - 0.1].sum() / stars_formed.sum() / 1e8
    assert derived["log_specific_rate"] == pytest.approx([np.log10(recent)], abs=5e-3)
    rest = np.exp(np.linspace(np.log(3850), np.log(4100), 4000))
    nu = light_by_hand(THETA) * WAVE**2 * 10 ** (-0.4 * 0.7 * calzetti_by_hand(np.maximum(WAVE, 1200.0)))
    blue, red = (np.interp(rest, WAVE, nu)[(rest > low) & (rest < low + 100)].mean() for low in (3850, 4000))
    assert derived["d4000n"] == pytest.approx([red / blue], rel=5e-3)


def test_the_age_of_the_universe_agrees_with_astropy():
    """To half a per cent up to redshift 6, two per mil today: radiation is left out."""
    redshift = np.linspace(0, 6, 30)
    assert universe_age(redshift) == pytest.approx(Planck18.age(redshift).to_value(u.Gyr), rel=5e-3)
    assert universe_age(0.0) == pytest.approx(Planck18.age(0.0).to_value(u.Gyr), rel=2e-3)


def test_early_and_late_star_formation_has_the_ages_of_its_limits():
    assert mean_age(10.0, 0.01) == pytest.approx(10 - 0.02, rel=1e-6)
    assert mean_age(1.0, 100.0) == pytest.approx(1 / 3, rel=1e-2)
    assert formed(np.array([-1.0, 0.0, 1e3]), 1.0) == pytest.approx([0, 0, 1])


@pytest.mark.slow
def test_predictions_and_slopes_are_finite_out_to_the_corners(stars):
    galaxy = populations("fitted")
    points = galaxy.default_points()
    pattern, known = pattern_of(galaxy, points), scalar_known(known_values(galaxy, points))
    dimension = len(galaxy.prior.free)
    corners = np.random.default_rng(6).choice([-4.0, 0.0, 4.0], size=(16, dimension)).astype(np.float32)
    curve = jax.jit(jax.vmap(lambda z: galaxy.predict(galaxy.prior.physical(z, known, jnp), pattern)))
    slope = jax.jit(jax.vmap(jax.grad(lambda z: jnp.sum(galaxy.predict(galaxy.prior.physical(z, known, jnp), pattern) ** 2))))
    assert np.isfinite(curve(corners)).all()
    assert np.isfinite(slope(corners)).all()
    assert curve(corners).dtype == jnp.float32


@pytest.mark.slow
def test_jax_stays_in_single_precision(stars):
    code = (
        "import jax, numpy as np\n"
        "from astro_sbi.simulators import simulator\n"
        "from astro_sbi.simulators.base import configured, pattern_of\n"
        "galaxy = configured(simulator('galaxy_spectrum'), ('',), {'templates': 'dsps'})\n"
        f"made = jax.jit(galaxy.predict)({THETA!r}, pattern_of(galaxy, galaxy.default_points()))\n"
        "import sys; print('dsps' in sys.modules, jax.config.jax_enable_x64, made.dtype)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "float32"]


@pytest.mark.slow
def test_few_components_keep_the_spectra():
    rng = np.random.default_rng(3)
    spectra = rng.random((300, 40)) @ rng.random((40, 500))
    basis, left = components(spectra)
    assert left < 2e-4
    assert np.abs((spectra @ basis.T) @ basis / spectra - 1).max() < 2e-3
    assert len(basis) == 64


@pytest.mark.slow
def test_the_stars_are_found_again_from_a_file(stars, read_here):
    """The highest peak for a made-up spectrum of the made-up library lies within three and a half sigma of what made it."""
    galaxy = populations()
    wavelength, fine = np.arange(3800.0, 9200.0, 1.5), galaxy.default_points()
    curve = np.asarray(jax.jit(galaxy.predict)(THETA, pattern_of(galaxy, fine)), np.float64)[: len(fine)]
    noisy = np.interp(wavelength, fine.coordinate, curve) + 0.3 * np.random.default_rng(4).standard_normal(len(wavelength))
    rows = "".join(f"{a:.3f},{b:.5f},0.3\n" for a, b in zip(wavelength, noisy, strict=True))
    told = {"model.templates": "dsps", "read.redshift": "0.1", "read.medium": "vacuum", "read.value_unit": "1e-17 erg / (s cm2 Angstrom)"}
    settings = Settings("galaxy_spectrum", changes=(*told.items(), ("prepare.trim_high", "6000")))
    request = resolve("galaxy.csv", f"wavelength,flux,flux_err\n{rows}".encode(), settings)
    posed = Problem.of(request.simulator, request.prior, request.prepared.observation)
    z = np.random.default_rng(1).standard_normal((1024, posed.dimension))
    found = PeakSearch(posed).peaks(z, posed.log_likelihood(z), np.random.default_rng(2))
    # About the peak each parameter is taken as linear in its latent coordinate.
    for index, name in enumerate(request.prior.free):
        if name in ("velocity_offset", "dispersion", "dust_av", "onset", "decline", "log_metallicity"):
            ends = (
                found.latent[0]
                + np.array([[0.0], [-1.0], [1.0]]) * np.sqrt(found.covariance[0, index, index]) * np.eye(posed.dimension)[index]
            )
            best, low, high = posed.theta(ends)[name]
            assert abs(best - THETA[name]) < 3.5 * max(high - best, best - low), name
