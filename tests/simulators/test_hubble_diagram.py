"""Supernova cosmology against astropy.cosmology, and the real Pantheon+ table against least squares."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u
from astropy.cosmology import Flatw0waCDM

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import Pattern, configured
from astro_sbi.simulators.expansion import comoving_distance, hubble_times_age
from tests.budgets import small_inference

LIGHT_KM_S = 299792.458
REDSHIFT = np.geomspace(1e-3, 3.0, 200)


def universes(count: int) -> list[tuple[float, float, float]]:
    """Matter density, w0 and wa over the whole prior, the cosmological constant first."""
    rng = np.random.default_rng(2)
    drawn = [(rng.uniform(0.05, 0.8), w0, rng.uniform(-3.0, -w0)) for w0 in rng.uniform(-2.0, 0.0, count)]
    return [(0.315, -1.0, 0.0), *drawn]


@pytest.fixture(scope="module")
def single():
    """The distance as the simulator computes it, in single precision."""
    return jax.jit(lambda z, omega_m, w0, wa: comoving_distance(z, omega_m, w0, wa, jnp))


@pytest.mark.slow
@pytest.mark.parametrize(("omega_m", "w0", "wa"), universes(12))
def test_distances_agree_with_astropy_to_a_ten_thousandth_of_a_magnitude(single, omega_m, w0, wa):
    expected = Flatw0waCDM(70.0, omega_m, w0=w0, wa=wa).comoving_distance(REDSHIFT).to_value(u.Mpc) * 70.0 / LIGHT_KM_S
    double = comoving_distance(REDSHIFT, omega_m, w0, wa)
    assert np.abs(5 * np.log10(double / expected)).max() < 5e-5
    found = np.asarray(single(*(np.asarray(value, np.float32) for value in (REDSHIFT, omega_m, w0, wa))), np.float64)
    assert np.abs(5 * np.log10(found / expected)).max() < 1e-4


@pytest.mark.parametrize(("omega_m", "w0", "wa"), universes(4))
def test_the_age_agrees_with_astropy(omega_m, w0, wa):
    universe = Flatw0waCDM(70.0, omega_m, w0=w0, wa=wa)
    age = (universe.age(0) * universe.H0).to_value(u.dimensionless_unscaled)
    assert hubble_times_age(np.array([omega_m]), np.array([w0]), np.array([wa])) == pytest.approx([age], rel=1e-6)


def test_an_empty_and_a_full_universe_are_known_in_closed_form():
    """Matter alone: ``D = 2 (1 - 1 / sqrt(1 + z))`` and ``H0 t0 = 2/3``; a cosmological constant alone: ``D = z``."""
    assert comoving_distance(REDSHIFT, 1.0, -1.0, 0.0) == pytest.approx(2 * (1 - (1 + REDSHIFT) ** -0.5), rel=1e-6)
    assert comoving_distance(REDSHIFT, 0.0, -1.0, 0.0) == pytest.approx(REDSHIFT, rel=1e-6)
    assert hubble_times_age(np.ones(1), -np.ones(1), np.zeros(1)) == pytest.approx([2 / 3])


def pattern(heliocentric: np.ndarray) -> Pattern:
    size = len(REDSHIFT)
    known = {"heliocentric_redshift": heliocentric.astype(np.float32)}
    return Pattern(REDSHIFT.astype(np.float32), np.full(size, 0.1, np.float32), np.zeros(size, np.int32), np.ones(size, bool), known)


@pytest.mark.slow
def test_distance_moduli_agree_with_astropy():
    """The luminosity distance has the heliocentric redshift in its factor 1 + z and the cosmological one in the distance."""
    universe = Flatw0waCDM(73.0, 0.3, w0=-0.8, wa=-0.5)
    offset = 25 + 5 * np.log10(LIGHT_KM_S / 73.0)
    made = configured(simulator("hubble_diagram"), ("distance modulus",), {"dark_energy": "w0wa"})
    theta = {"omega_m": 0.3, "w0": -0.8, "wa": -0.5, "offset": offset}
    assert made.predict(theta, pattern(REDSHIFT)) == pytest.approx(universe.distmod(REDSHIFT).value, abs=1e-4)
    moved = made.predict(theta, pattern(REDSHIFT + 0.001))
    expected = universe.distmod(REDSHIFT).value + 5 * np.log10((1.001 + REDSHIFT) / (1 + REDSHIFT))
    assert moved == pytest.approx(expected, abs=1e-4)
    derived = made.derived({name: np.array([value]) for name, value in theta.items()}, {})
    assert derived["hubble_constant"] == pytest.approx([73.0])
    assert derived["q0"] == pytest.approx([0.5 * (0.3 + 0.7 * (1 - 2.4))])


def test_options_choose_the_parameters():
    plain = simulator("hubble_diagram")
    assert plain.prior.names == ("omega_m", "w", "offset")
    assert plain.prior.free == ("omega_m", "offset")
    assert configured(plain, plain.channels, {"dark_energy": "w"}).prior.free == ("omega_m", "w", "offset")
    both = configured(plain, plain.channels, {"dark_energy": "w0wa", "scatter": "fitted"})
    assert both.prior.free == ("omega_m", "w0", "wa", "offset", "scatter")
    drawn = both.prior.physical(np.random.default_rng(1).standard_normal((1000, 5)), {})
    assert np.all(drawn["w0"] + drawn["wa"] < 0)
    noise = both.noise({"scatter": np.float32(0.1)}, pattern(REDSHIFT))
    assert noise == pytest.approx(np.full(len(REDSHIFT), np.hypot(0.1, 0.1)))


def test_magnitudes_have_an_offset_and_no_hubble_constant():
    made = configured(simulator("hubble_diagram"), ("standardised magnitude",), {})
    assert [parameter.name for parameter in made.derived_parameters] == ["q0", "hubble_times_age"]
    # A candle of -19.25 mag at 70 km/s/Mpc, about what supernovae are.
    assert made.prior.log_prob({"omega_m": 0.3, "offset": -19.25 + 25 + 5 * np.log10(LIGHT_KM_S / 70)}, {}) > -np.inf


def test_the_simulator_warns_that_single_errors_are_not_for_cosmology():
    model = simulator("hubble_diagram")
    assert "not for cosmology" in model.warnings(model.default_points())[0]
    assert any("not for cosmology" in sentence for sentence in model.caveats)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("dark_energy", "omega_m", "tolerance", "width"), [("lambda", 0.350, 0.01, (0.017, 0.021)), ("w", 0.29, 0.05, (0.07, 0.11))]
)
def test_pantheon_plus(shared: Path, dark_energy, omega_m, tolerance, width):
    """Least squares with the diagonal errors: 0.350 +- 0.019 with a cosmological constant, 0.29 (+0.08 -0.10) with a constant w."""
    path = shared / "observations/hubble/Pantheon+SH0ES.dat"
    summary = small_inference("hubble_diagram", path, model__dark_energy=dark_energy)
    found = summary["parameters"]["omega_m"]
    assert summary["observation"]["points"] == 1580
    assert found["median"] == pytest.approx(omega_m, abs=tolerance)
    assert width[0] < 0.5 * (found["upper"] - found["lower"]) < width[1]
    assert summary["importance"]["efficiency"] > 0.15
    assert summary["verdict"] == "caution"
    assert any("not for cosmology" in reason for reason in summary["reasons"])
