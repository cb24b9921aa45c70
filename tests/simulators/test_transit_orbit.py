"""Eccentric orbits of planets seen to transit against a Kepler orbit of jaxoplanet and draws of their prior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from astro_sbi.simulators.transit_orbit import (
    Eccentricity,
    axis_of_density,
    drawn_eccentricity,
    ellipse,
    scaled_axis,
    stellar_density,
)

#: Eccentricity, omega [deg], impact parameter, semi-major axis in stellar radii.
ORBITS = [(0.0, 0.0, 0.3, 8.0), (0.3, 90.0, 0.3, 8.0), (0.3, -90.0, 0.5, 8.0), (0.5, 20.0, 0.2, 15.0), (0.7, 130.0, 0.6, 25.0)]


def of_angle(e: float, omega: float) -> Eccentricity:
    sine = e * np.sin(np.radians(omega))
    return Eccentricity(np.float64(e), (1 + sine) / np.sqrt(1 - e**2), np.sign(np.cos(np.radians(omega))))


def kepler_duration(k: float, b: float, axis: float, period: float, e: float, omega: float) -> tuple[float, float]:
    """First to fourth contact and smallest separation of jaxoplanet's planet, by looking along its orbit."""
    from jaxoplanet.orbits.keplerian import Central, System

    with jax.enable_x64(True):
        central = Central.from_orbital_properties(period=period, semimajor=axis, radius=1.0)
        angle = jnp.radians(omega)
        body = {"period": period, "time_transit": 0.0, "eccentricity": e, "omega_peri": angle, "impact_param": b, "radius": k}
        time = jnp.linspace(-0.1 * period, 0.1 * period, 400_001)
        x, y, z = System(central).add_body(**body).bodies[0].relative_position(time)
        separation = np.where(np.asarray(z) > 0, np.hypot(x, y), np.inf)
    inside = np.asarray(time)[separation < 1 + k]
    return float(np.ptp(inside)), float(separation.min())


@pytest.mark.slow
@pytest.mark.parametrize(("e", "omega", "b", "axis"), ORBITS)
def test_duration_is_that_of_a_kepler_orbit(e, omega, b, axis):
    """Winn 2010 eq. 16 takes the planet's distance and speed as they are at mid-transit."""
    duration, closest = kepler_duration(0.1, b, axis, 5.0, e, omega)
    assert closest == pytest.approx(b, abs=0.01)
    made = ellipse((0.1, b), np.float64(axis), 5.0, of_angle(e, omega))
    assert made.duration == pytest.approx(duration, rel=3e-3)


def test_a_circle_gives_back_axis_and_density():
    made = ellipse((0.08, 0.5), np.float64(4.14), 2.2047, of_angle(0.0, 0.0))
    assert scaled_axis(0.08, 0.5, made.duration, 2.2047) == pytest.approx(4.14, rel=1e-12)
    assert axis_of_density(stellar_density(4.14, 2.2047), 2.2047, 0.08) == pytest.approx(4.14, rel=1e-12)


def test_no_density_puts_the_planet_into_its_star():
    assert axis_of_density(np.array([-1.0, 0.0, 1e-6]), 1.0, 0.1) == pytest.approx(1.05 * 1.1)


@pytest.mark.slow
@pytest.mark.parametrize(("axis", "off"), [(200.0, 0.006), (4.14, 0.02)])
def test_draws_are_kippings_distribution_times_the_chance_of_a_transit(axis, off):
    """Against weighted draws of e and omega themselves; where orbits end at the star the prior is cut in steps, which costs a little."""
    rng, draws = np.random.default_rng(3), 200_000
    across, along = rng.standard_normal((2, draws))
    made = drawn_eccentricity(across, along, np.full(draws, axis), 0.1)
    assert np.all(axis * (1 - made.value) >= 1.02 * 1.1 - 1e-9)
    e, omega = rng.beta(0.867, 3.03, 4 * draws), rng.uniform(0, 2 * np.pi, 4 * draws)
    chance = np.where(e < min(0.95, 1 - 1.02 * 1.1 / axis), (1 + e * np.sin(omega)) / (1 - e**2), 0.0)
    picked = rng.choice(4 * draws, draws, p=chance / chance.sum())
    for drawn, wanted in ((made.value, e), (made.sine, e * np.sin(omega)), (made.cosine, e * np.cos(omega))):
        assert stats.ks_2samp(drawn, wanted[picked]).statistic < off
    assert np.hypot(made.sine, made.cosine) == pytest.approx(made.value, abs=2e-5)


@pytest.mark.slow
def test_jax_and_numpy_draw_the_same_and_slopes_are_finite():
    corners = [[0, 0], [6, 0], [-6, 6], [0, -6]]
    z = np.concatenate([np.random.default_rng(4).standard_normal((500, 2)), corners, corners, corners])
    axis = np.geomspace(300.0, 1.2, len(z))

    def one(pair, axis):
        made = drawn_eccentricity(pair[0], pair[1], axis, jnp.float32(0.1), jnp)
        return jnp.stack([made.value, made.speed])

    here = drawn_eccentricity(z[:, 0], z[:, 1], axis, 0.1)
    value, slope = jax.jit(jax.vmap(lambda pair, axis: (one(pair, axis), jax.jacrev(one)(pair, axis))))(z.astype("f4"), axis.astype("f4"))
    assert np.asarray(value)[:, 0] == pytest.approx(here.value, abs=2e-3)
    assert np.asarray(value)[:, 1] == pytest.approx(here.speed, rel=2e-3)
    assert jnp.isfinite(slope).all()
