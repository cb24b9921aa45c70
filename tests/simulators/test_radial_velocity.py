"""Kepler orbits against solutions coded apart in double precision, and 51 Peg end to end."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from scipy import integrate, stats

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import configured, known_values, pattern_of, scalar_known
from astro_sbi.simulators.kepler import eccentric_longitude, unit_velocity
from astro_sbi.simulators.orbit import HIGHEST, centred, conjunction_longitude, eccentricity_table, minimum_mass, semi_major_axis
from astro_sbi.simulators.prior_checks import priors_from_data
from astro_sbi.simulators.radial_velocity import RadialVelocitySimulator
from tests.budgets import small_inference

ECCENTRICITIES = (0.0, 1e-6, 0.01, 0.3, 0.6, 0.9, HIGHEST)


def eccentric_anomaly(mean: np.ndarray, e: float) -> np.ndarray:
    """Newton's method between brackets, float64, to 1e-14."""
    mean = mean - 2 * np.pi * np.round(mean / (2 * np.pi))
    low, high = np.full_like(mean, -np.pi), np.full_like(mean, np.pi)
    found = mean + e * np.sign(mean)
    for _ in range(100):
        value = found - e * np.sin(found) - mean
        low, high = np.where(value < 0, found, low), np.where(value < 0, high, found)
        step = found - value / (1 - e * np.cos(found))
        found = np.where((step > low) & (step < high), step, 0.5 * (low + high))
    assert np.max(np.abs(found - e * np.sin(found) - mean)) < 1e-14
    return found


def velocity(time: np.ndarray, period: float, e: float, omega: float, periastron: float) -> np.ndarray:
    """Velocity over K by true anomaly from the half-angle formula."""
    half = 0.5 * eccentric_anomaly(2 * np.pi * (time - periastron) / period, e)
    true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(half), np.sqrt(1 - e) * np.cos(half))
    return np.cos(omega + true) + e * np.cos(omega)


def near_periastron_too() -> np.ndarray:
    fine = np.geomspace(1e-6, 1, 200)
    return np.concatenate([np.linspace(-np.pi, np.pi, 1001), fine, -fine])


@pytest.mark.slow
def test_keplers_equation_in_single_precision():
    """Within 1e-6 rad of Newton's solution in double precision, and within 1e-5 K of the velocity by true anomaly."""
    solved, seen_velocity = jax.jit(eccentric_longitude), jax.jit(unit_velocity)
    for e in ECCENTRICITIES:
        k, h = np.float32(e * np.cos(2.2)), np.float32(e * np.sin(2.2))
        longitude = (near_periastron_too() + 2.2).astype(np.float32)
        exact, omega = float(np.hypot(np.float64(k), h)), float(np.arctan2(np.float64(h), k))
        mean = longitude.astype(np.float64) - omega
        turned = 2 * np.pi * np.round(mean / (2 * np.pi))
        np.testing.assert_allclose(solved(longitude, k, h), eccentric_anomaly(mean, exact) + turned + omega, atol=1e-6)
        np.testing.assert_allclose(seen_velocity(longitude, k, h), velocity(mean, 2 * np.pi, exact, omega, 0.0), atol=1e-5)


@pytest.mark.slow
def test_slopes_are_those_of_the_double_precision_formula():
    def double(longitude, k, h):
        e, omega = np.hypot(k, h), np.arctan2(h, k)
        return velocity(longitude - omega, 2 * np.pi, e, omega, 0.0)

    longitude, step = np.linspace(-3.0, 3.0, 41) + 0.7, 1e-6
    single = longitude.astype(np.float32)
    forward = jax.jit(jax.jacfwd(unit_velocity, argnums=(1, 2)))
    backward = jax.jit(jax.grad(lambda k, h: jnp.sum(unit_velocity(single, k, h))))
    for e in ECCENTRICITIES:
        place = np.array([e * np.cos(0.7), e * np.sin(0.7)])
        slopes = forward(single, *place.astype(np.float32))
        for shift, slope in zip(step * np.eye(2), slopes, strict=True):
            secant = (double(longitude, *(place + shift)) - double(longitude, *(place - shift))) / (2 * step)
            np.testing.assert_allclose(slope, secant, atol=2e-3 * max(1.0, np.abs(secant).max()))
        np.testing.assert_allclose(backward(*place.astype(np.float32)), np.sum(slopes[0]), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("prior", "expected"), [("beta", stats.beta(0.867, 3.03)), ("uniform", stats.uniform())])
def test_lengths_of_the_vector_are_the_prior_of_the_eccentricity(prior, expected):
    """Its components are unit normals, so that the eccentricity follows its prior up to 0.95, where that is cut."""
    length, eccentricity = eccentricity_table(prior)
    draws = np.hypot(*np.random.default_rng(3).standard_normal((2, 20_000)))
    drawn = np.interp(draws, length, eccentricity)
    assert stats.kstest(drawn, lambda e: expected.cdf(e) / expected.cdf(HIGHEST)).pvalue > 0.01
    assert eccentricity.max() <= HIGHEST


def seen(simulator: RadialVelocitySimulator, time: np.ndarray, channel: np.ndarray | None = None, **known: u.Quantity) -> Points:
    default, size = simulator.default_points(), len(time)
    channel = np.zeros(size, np.int32) if channel is None else channel.astype(np.int32)
    return Points(time, channel, np.ones(size, bool), Noise(np.full(size, 3.0)), {**default.known, **known})


@pytest.mark.slow
def test_two_planets_and_a_drift_seen_by_two_instruments():
    """Independent sum of two orbits in double precision; 0.01 m/s over 500 d of a planet of 40 m/s."""
    simulator = configured(RadialVelocitySimulator(), ("HARPS", "HIRES (post)"), {"planets": "2", "trend": "linear"})
    assert isinstance(simulator, RadialVelocitySimulator)
    assert simulator.prior.names[-5:] == ("trend", "offset_1", "jitter_1", "offset_2", "jitter_2")
    time = np.sort(np.random.default_rng(5).uniform(-250, 250, 90))
    channel = np.arange(90) % 2
    points = seen(simulator, time, channel)
    known = known_values(simulator, points)
    theta = {"period": 12.3, "semi_amplitude": 40.0, "phase": 0.21, "eccentricity_x": -0.4, "eccentricity_y": 1.5}
    theta |= {"period_2": 41.0, "semi_amplitude_2": 7.0, "phase_2": -0.4, "eccentricity_x_2": 0.1, "eccentricity_y_2": -0.2}
    theta |= {"offset_1": 31_000.0, "jitter_1": 4.0, "offset_2": -3.0, "jitter_2": 0.1, "trend": 20.0}
    derived = simulator.derived({name: np.array([value]) for name, value in theta.items()}, known)
    expected = np.where(channel == 0, 31_000.0, -3.0) + 20.0 * time / 365.25
    for suffix in ("", "_2"):
        shape = [float(derived[f"{name}{suffix}"][0]) for name in ("eccentricity", "periastron_angle", "time_of_periastron")]
        e, omega, periastron = shape[0], np.radians(shape[1]), shape[2] - float(known["reference_time"])
        expected = expected + theta[f"semi_amplitude{suffix}"] * velocity(time, theta[f"period{suffix}"], e, omega, periastron)
    single = {name: np.float32(value) for name, value in theta.items()}
    pattern = pattern_of(simulator, points)
    predicted, noise = jax.jit(lambda theta: (simulator.predict(theta, pattern), simulator.noise(theta, pattern)))(single)
    np.testing.assert_allclose(predicted[:90], expected, atol=0.01)
    np.testing.assert_allclose(noise[:90], np.hypot(3.0, np.where(channel == 0, 4.0, 0.1)), rtol=1e-6)
    assert derived["eccentricity"][0] > 0.25
    assert all(simulator.null(single)[name] == 0 for name in ("semi_amplitude", "semi_amplitude_2"))
    symbols = [parameter.latex for parameter in simulator.parameters if parameter.name.startswith("offset")]
    assert symbols == [r"\gamma_\mathrm{HARPS}", r"\gamma_\mathrm{HIRESpost}"]


def test_a_long_baseline_keeps_its_phase_in_single_precision():
    """A planet of 0.85 d over ten years: 0.3 % of K, which is below any jitter."""
    simulator = RadialVelocitySimulator(eccentricity="zero")
    time = np.sort(np.random.default_rng(6).uniform(-1800, 1800, 200))
    points = seen(simulator, time, epoch_middle=0.3 * u.d)
    theta = {"period": 0.85359, "semi_amplitude": 100.0, "phase": 0.1, "offset_1": 0.0, "jitter_1": 1.0}
    expected = 100.0 * np.cos(2 * np.pi * ((time - 0.3) / float(np.float32(0.85359)) - 0.1))
    pattern = pattern_of(simulator, points)
    got = jax.jit(lambda theta: simulator.predict(theta, pattern))({name: np.float32(value) for name, value in theta.items()})
    np.testing.assert_allclose(got[:200], expected, atol=0.3)


def test_times_of_an_eccentric_orbit():
    """At inferior conjunction omega + f is 90 degrees: the star, farthest from us, neither comes nor goes but for the orbit's drift."""
    simulator = RadialVelocitySimulator(eccentricity="uniform")
    known = known_values(simulator, simulator.default_points())
    theta = {name: np.array([value]) for name, value in {"period": 12.0, "semi_amplitude": 55.0, "phase": 0.1}.items()}
    theta |= {"eccentricity_x": np.array([-0.7]), "eccentricity_y": np.array([0.9]), "offset_1": np.zeros(1), "jitter_1": np.ones(1)}
    found = {name: float(value[0]) for name, value in simulator.derived(theta, known).items()}
    e, omega = found["eccentricity"], np.radians(found["periastron_angle"])
    assert e == pytest.approx(HIGHEST * (1 - np.exp(-0.5 * (0.7**2 + 0.9**2))), abs=1e-5)
    assert np.tan(omega) == pytest.approx(0.9 / -0.7)
    at = velocity(np.array([found["time_of_conjunction"]]), 12.0, e, float(omega), found["time_of_periastron"])
    assert at[0] == pytest.approx(e * np.cos(omega), abs=1e-6)
    start = 2458849.0 + 3.0 + 0.1 * 12.0
    assert (found["time_of_periastron"] - start) / 12.0 == pytest.approx(omega / (2 * np.pi), abs=1e-9)
    assert conjunction_longitude(0.0, 0.0) == pytest.approx(np.pi / 2)
    before, after = conjunction_longitude(-0.5, 1e-9), conjunction_longitude(-0.5, -1e-9)
    assert before == pytest.approx(after, abs=1e-6)


def test_mass_and_size_of_jupiter_and_of_a_companion():
    """K 28.4329 m/s of a Jupiter mass at a year (Lovis & Fischer 2010; radvel's K_0); Newton's law integrated for a heavy one."""
    period, jupiter = 365.25, constants.M_jup.to_value("Msun")
    light = minimum_mass(28.4329 * (1 + jupiter) ** (-2 / 3), period, 0.0, 1.0)
    assert light / jupiter == pytest.approx(1, abs=3e-4)
    assert semi_major_axis(365.256, 1.0) == pytest.approx(1, abs=1e-4)
    masses, size, gravity = (1.0, 0.7), 1.3, float(constants.G.to_value("au3 / (Msun d2)"))
    a, total, e = size, sum(masses), 0.4
    speed = np.sqrt(gravity * total / a * (1 + e) / (1 - e))
    start = [a * (1 - e), 0.0, 0.0, speed]

    def slope(_, state):
        return [*state[2:], *(-gravity * total * np.array(state[:2]) / np.hypot(*state[:2]) ** 3)]

    orbit = 2 * np.pi * np.sqrt(a**3 / (gravity * total))
    path = integrate.solve_ivp(slope, (0, orbit), start, rtol=1e-10, atol=1e-12, t_eval=np.linspace(0, orbit, 4001)).y
    star = np.ptp(path[3]) * masses[1] / total * (u.au / u.d).to("m / s") / 2
    assert minimum_mass(star, orbit, e, masses[0]) == pytest.approx(masses[1], rel=1e-4)
    assert semi_major_axis(orbit, total) == pytest.approx(a, rel=1e-6)


def test_angles_stay_together():
    around = np.radians(np.array([350.0, 355.0, 1.0, 8.0]))
    np.testing.assert_allclose(np.ptp(np.degrees(centred(around))), 18.0)
    np.testing.assert_allclose(np.exp(1j * centred(around)), np.exp(1j * around))


def test_options_leave_out_what_they_must():
    plain = RadialVelocitySimulator()
    assert plain.prior.names == ("period", "semi_amplitude", "phase", "eccentricity_x", "eccentricity_y", "offset_1", "jitter_1")
    circular = configured(plain, ("velocities",), {"eccentricity": "zero"})
    assert "eccentricity_x" not in circular.prior.names
    assert circular.derived_parameters[0].name == "time_of_conjunction"
    assert "phase" not in priors_from_data(plain, plain.prior)
    known = scalar_known(known_values(plain, plain.default_points()))
    theta = plain.prior.physical(np.array([[-5.0] * 7, [5.0] * 7]), known)
    assert theta["period"].min() > 11.5
    assert theta["period"].max() < 12.5


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_51_peg(shared: Path):
    """Butler et al. 2006: K 55.94 +- 0.69 m/s, P 4.230785 +- 0.000036 d; the residuals of these data are correlated."""
    summary = small_inference("radial_velocity", shared / "observations/rv/51Peg.rv")
    assert summary["parameters"]["semi_amplitude"]["median"] == pytest.approx(55.8, abs=1.5)
    assert summary["parameters"]["period"]["median"] == pytest.approx(4.2307, abs=2e-4)
    assert summary["derived"]["eccentricity"]["upper"] < 0.05
    assert summary["importance"]["ess"] >= 1000
    assert summary["verdict"] == "caution"
    assert any("Red noise" in reason for reason in summary["reasons"])
