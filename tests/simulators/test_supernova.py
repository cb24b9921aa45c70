"""Stripped-envelope supernovae against quadrature of Arnett's integral and astropy's black body through speclite, and a real type Ia."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.modeling.models import BlackBody
from scipy.integrate import quad
from speclite.filters import load_filter

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import prepare
from astro_sbi.observations.reading import read
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.task import run_inference
from astro_sbi.simulators import simulator
from astro_sbi.simulators.arnett import diffusion_time, peak, released
from astro_sbi.simulators.band_nodes import band_nodes
from astro_sbi.simulators.base import configured, known_values, pattern_of
from astro_sbi.simulators.extinction import cardelli
from astro_sbi.simulators.filters import FOLDER, filter_curves

TYPICAL = {"nickel_mass": 0.2, "ejecta_mass": 3.0, "velocity": 9e3, "opacity": 0.07, "gamma_opacity": 0.03, "explosion_time": -9.0,
           "floor_temperature": 5e3, "dust_av": 0.0, "scatter": 0.02}  # fmt: skip
CORNERS = (
    TYPICAL,
    TYPICAL | {"nickel_mass": 0.02, "ejecta_mass": 20.0, "velocity": 5e3, "opacity": 0.2, "gamma_opacity": 10.0},
    TYPICAL | {"nickel_mass": 1.0, "ejecta_mass": 1.5, "velocity": 2.5e4, "opacity": 0.05, "gamma_opacity": 0.01, "explosion_time": -0.5},
    TYPICAL | {"floor_temperature": 7e3, "dust_av": 1.3, "explosion_time": -30.0},
)
Z, MEGAPARSEC, E_BV = 0.02, 89.9, 0.03


def luminosity(seconds: float, theta: dict[str, float]) -> float:
    """Arnett's solution with nickel, cobalt and escaping gamma rays in cgs, by adaptive quadrature [erg/s]."""
    sun, day = constants.M_sun.cgs.value, 86400.0
    mass, velocity = theta["ejecta_mass"] * sun, theta["velocity"] * 1e5
    width = np.sqrt(2 * theta["opacity"] * mass / (13.8 * constants.c.cgs.value * velocity))
    x = seconds / width

    def heated(z: float, life: float) -> float:
        return 2 * z * np.exp(z**2 - x**2 - z * width / (life * day))

    nickel, cobalt = (quad(heated, 0, x, args=(life,), epsabs=0, epsrel=1e-10)[0] for life in (8.8, 111.3))
    escaping = np.exp(-3 * theta["gamma_opacity"] * mass / (4 * np.pi * velocity**2) / seconds**2)
    return theta["nickel_mass"] * sun * ((3.9e10 - 6.8e9) * nickel + 6.8e9 * cobalt) * (1 - escaping)


def maggies(day: float, band: str, theta: dict[str, float]) -> float:
    """Flux through one of speclite's filters: photosphere first, then astropy's black body, distance and dust."""
    seconds = (day - theta["explosion_time"]) / (1 + Z) * 86400.0
    if seconds <= 0:
        return 0.0
    light, radius = luminosity(seconds, theta), theta["velocity"] * 1e5 * seconds
    sigma = constants.sigma_sb.cgs.value
    temperature = (light / (4 * np.pi * radius**2 * sigma)) ** 0.25
    if temperature < theta["floor_temperature"]:
        temperature = theta["floor_temperature"]
        radius = np.sqrt(light / (4 * np.pi * sigma * temperature**4))
    response = load_filter(band)
    wavelength = np.linspace(response.wavelength[0] - 1, response.wavelength[-1] + 1, 4000)
    surface = np.pi * BlackBody(temperature * u.K, scale=1 * u.erg / u.cm**2 / u.s / u.AA / u.sr)(wavelength / (1 + Z) * u.AA).value
    dust = theta["dust_av"] * cardelli(wavelength / (1 + Z)) + 3.1 * E_BV * cardelli(wavelength)
    seen = surface / (1 + Z) * (radius / (MEGAPARSEC * u.Mpc.to(u.cm))) ** 2 * 10 ** (-0.4 * dust)
    return response.get_ab_maggies(seen * u.erg / u.cm**2 / u.s / u.AA, wavelength * u.AA)


@pytest.fixture(scope="module")
def default():
    model = simulator("supernova")
    points = model.default_points()
    pattern = pattern_of(model, points)
    return model, points, jax.jit(lambda theta: model.predict(theta, pattern))


@pytest.mark.slow
@pytest.mark.parametrize("theta", CORNERS)
def test_fluxes_agree_with_quadrature_and_astropys_black_body_to_two_parts_in_a_thousand(default, theta):
    """In single precision; speclite's own integration over the filter is good to a thousandth."""
    _, points, predict = default
    found = np.asarray(predict({name: np.float32(value) for name, value in theta.items()}), np.float64)
    chosen = [0, 14, 16, 17, 21, 31, 47, 60, 74]
    expected = [maggies(points.coordinate[k], f"sdss2010-{'gri'[points.channel[k]]}", theta) * 10 ** (0.4 * 17.0) for k in chosen]
    assert found[chosen] == pytest.approx(expected, rel=2e-3, abs=1e-6)
    assert max(expected) > 0.02


def test_the_closed_form_is_arnetts_integral():
    """Over times from 0 to 30 diffusion times and both decays, in double and in single precision."""
    x, y = (grid.ravel() for grid in np.meshgrid([0.0, 1e-3, 0.1, 0.249, 0.251, 0.7, 1.5, 4.0, 30.0], [0.02, 0.3, 0.9, 2.0, 6.0]))

    def exactly(x: float, y: float) -> float:
        steep = 1 - min(1.0, 5 / (1 + x**2))
        return quad(lambda s: 2 * s * np.exp(x**2 * (s**2 - 1) - 2 * x * y * s), 0, 1, epsabs=0, epsrel=1e-9, points=[steep])[0]

    exact = [exactly(*pair) for pair in zip(x, y, strict=True)]
    assert released(x, y) == pytest.approx(exact, rel=3e-5, abs=1e-30)
    single = jax.jit(lambda x, y: released(x, y, jnp))(x.astype(np.float32), y.astype(np.float32))
    assert np.asarray(single) == pytest.approx(exact, rel=2e-4, abs=1e-30)


def test_a_solar_mass_and_four_tenths_with_six_tenths_of_nickel_peaks_as_known():
    """About 10^43.15 erg/s after about 16 d at 10,000 km/s and 0.1 cm2/g, where no gamma rays escape."""
    theta = {"nickel_mass": 0.6, "ejecta_mass": 1.4, "velocity": 1e4, "opacity": 0.1, "gamma_opacity": 1e3, "floor_temperature": 5e3}
    rise, height = peak({name: np.array([value]) for name, value in theta.items()})
    assert rise == pytest.approx([15.6], abs=0.5)
    assert height == pytest.approx([43.15], abs=0.03)
    assert diffusion_time(1.4, 1e4, 0.1) == pytest.approx(13.4, abs=0.05)
    day = 86400.0
    assert np.log10(luminosity(rise[0] * day, theta)) == pytest.approx(height[0], abs=1e-4)
    assert luminosity(rise[0] * day, theta) > max(luminosity((rise[0] + late) * day, theta) for late in (-0.3, 0.3))


def test_derived_quantities(default):
    model, points, _ = default
    theta = {name: np.array([value, value]) for name, value in TYPICAL.items()}
    derived = model.derived(theta, known_values(model, points))
    energy = 0.3 * 3.0 * u.Msun * (9e3 * u.km / u.s) ** 2
    assert derived["kinetic_energy"] == pytest.approx([energy.to_value("1e51 erg")] * 2, rel=1e-4)
    gamma = np.sqrt(3 * 0.03 * u.cm**2 / u.g * 3.0 * u.Msun / (4 * np.pi * (9e3 * u.km / u.s) ** 2))
    assert derived["trapping_time"] == pytest.approx([gamma.to_value("d")] * 2, rel=1e-4)
    assert derived["explosion_date"] == pytest.approx([58991.0] * 2)
    seconds = 86400.0 * derived["rise_time"][0]
    assert luminosity(seconds, TYPICAL) > max(luminosity(seconds * stretch, TYPICAL) for stretch in (0.97, 1.03))


@pytest.mark.slow
def test_there_is_no_light_before_the_explosion_and_scatter_is_a_share_of_the_flux(default):
    model, points, predict = default
    theta = {name: np.float32(value) for name, value in TYPICAL.items()}
    flux, pattern = np.asarray(predict(theta))[: len(points)], pattern_of(model, points)
    assert (flux[points.coordinate < -9.0] == 0).all()
    assert (flux[points.coordinate > -8.9] > 0).all()
    noise = np.asarray(model.noise(theta, pattern))[: len(points)]
    assert noise == pytest.approx(np.hypot(points.noise.sigma, 0.02 * 0.4 * np.log(10) * flux), rel=1e-5)


@pytest.mark.parametrize("band", ["U", "g", "gaiadr3-G", "twomass-J"])
def test_four_wavelengths_stand_for_a_band(band):
    (curve,) = filter_curves((band,))
    nodes, weights = band_nodes(curve, 4)
    fine = np.linspace(curve.wavelength[0], curve.wavelength[-1], 20_001)
    response = np.interp(fine, curve.wavelength, curve.response) / fine
    assert weights.sum() == pytest.approx(1.0)
    for power in range(8):
        exact = np.sum(response * (fine / nodes[0]) ** power) / np.sum(response)
        assert weights @ (nodes / nodes[0]) ** power == pytest.approx(exact, rel=1e-5)


def test_ultraviolet_extinction_as_published():
    """Cardelli, Clayton & Mathis 1989 at 4, 4.6 (the bump), 6, 7 and 8 per micron, R_V = 3.1, by the equations' own numbers."""
    x = np.array([4.0, 4.6, 6.0, 7.0, 8.0])
    assert cardelli(1e4 / x) == pytest.approx([2.3153, 3.1860, 2.5220, 2.7796, 3.3369], abs=1e-3)
    assert cardelli(1e4 / 3.2999) == pytest.approx(float(cardelli(1e4 / 3.3001)), rel=0.01)


def test_bands_choose_the_filters_and_blue_ones_are_warned_of(tmp_path, monkeypatch):
    model = configured(simulator("supernova"), ("U", "r"), {"filters": "panstarrs"})
    assert model.caveats[-1] == "Bands and their filters: U is bessell-U, r is panstarrs-r."
    points = simulator("supernova").default_points()
    assert simulator("supernova").warnings(points) == ()
    (sentence,) = model.warnings(replace(points, channel=points.channel % 2))
    assert sentence.startswith("U is at 35")
    with pytest.raises(ObservationError, match=r"the filter of the band 'clear' is not known.* keep other bands \(prepare\.bands\)"):
        configured(simulator("supernova"), ("clear",), {})
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "clear.txt").write_text("5000 0\n5500 1\n6500 1\n7000 0\n")
    assert configured(simulator("supernova"), ("clear",), {}).version != model.version


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "bands", "megaparsec"),
    [("CFA3_KEPLERCAM_2005cf.DAT", ("U", "B", "V", "r", "i"), 31.2), ("LOSS_2011fe.dat", tuple("BVRI"), 5.424)],
)
def test_real_files_are_prepared(shared, file, bands, megaparsec):
    content = (shared / "observations/supernova" / file).read_bytes()
    prepared = prepare(read(file, content), simulator("supernova").preparation)
    observation = prepared.observation
    assert observation.channels == bands
    assert prepared.resolved["distance"] == pytest.approx(megaparsec, rel=2e-3)
    assert observation.points.coordinate.min() == pytest.approx(0.0, abs=1e-3)
    model = configured(simulator("supernova"), observation.channels, {})
    zeros = [float(known_values(model, observation.points)[f"zero_{number}"]) for number in range(1, len(bands) + 1)]
    assert dict(zip(bands, zeros, strict=True))["V"] == pytest.approx(27.52)
    assert zeros[bands.index("B")] == pytest.approx(27.41)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_type_ia_supernova_is_not_explained(shared: Path):
    """SN 2011fe: lines of iron cover its bands, which no black body does."""
    path = shared / "observations/supernova/LOSS_2011fe.dat"
    changes = (("train.rounds", "1"), ("train.simulations", "4096"))
    settings = Settings("supernova", 1, 20_000, 1, changes)
    summary = run_inference(path.name, path.read_bytes(), settings, on_progress=lambda *_: None, should_stop=lambda: False).summary
    assert summary["verdict"] != "good"
    assert any("the model cannot make these data" in reason for reason in summary["reasons"])
    # The peak itself is bright and fast as of any type Ia.
    assert summary["derived"]["log_peak_luminosity"]["median"] == pytest.approx(43.1, abs=0.3)
