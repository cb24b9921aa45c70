"""Transits in several bands, on eccentric orbits, with a free period."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, pattern_of, scalar_known
from astro_sbi.simulators.prior import parse_distribution
from astro_sbi.simulators.prior_checks import check_prior
from astro_sbi.simulators.transit import TransitSimulator

PLAIN = {
    "radius_ratio": 0.1,
    "impact_parameter": 0.3,
    "duration": 0.11,
    "epoch_offset": 1e-3,
    "q1": 0.3,
    "q2": 0.4,
    "baseline": 1.0,
    "jitter": 4e-4,
}
VARIANTS = [
    (("g", "r"), {}),
    (("",), {"orbit": "eccentric"}),
    (("",), {"period": "free"}),
    (("u", "Sloan g'", "r"), {"orbit": "eccentric", "period": "free"}),
]


def made(channels=("",), **options) -> TransitSimulator:
    found = configured(simulator("transit"), channels, options)
    assert isinstance(found, TransitSimulator)
    return found


def without(theta: dict, *names: str) -> dict:
    return {name: value for name, value in theta.items() if name not in names}


@pytest.mark.slow
@pytest.mark.parametrize(("channels", "options"), VARIANTS)
def test_variants_keep_what_simulators_promise(channels, options):
    one = made(channels, **options)
    points = one.default_points()
    known, pattern = known_values(one, points), pattern_of(one, points)
    assert set(points.known) == {quantity.name for quantity in one.known}
    assert one.prior.names == tuple(parameter.name for parameter in one.parameters)
    check_prior(one, one.prior, scalar_known(known))
    everything = (*one.parameters, *one.derived_parameters)
    assert len({parameter.name for parameter in everything}) == len({parameter.latex for parameter in everything}) == len(everything)
    rng, size = np.random.default_rng(2), len(one.prior.free)
    z = np.concatenate([rng.standard_normal((100, size)), rng.choice([-4.0, 0.0, 4.0], size=(100, size))])
    derived = one.derived(one.prior.physical(z, scalar_known(known)), known)
    assert list(derived) == [parameter.name for parameter in one.derived_parameters]
    assert all(np.isfinite(value).all() and value.shape == (200,) for value in derived.values())

    theta = {name: value.astype(np.float32) for name, value in one.prior.physical(z, scalar_known(known)).items()}
    assert jnp.isfinite(jax.jit(jax.vmap(lambda each: one.predict(each, pattern)))(theta)).all()


@pytest.mark.slow
def test_gradients_of_all_choices_together_are_finite():
    one = made(("g", "r"), orbit="eccentric", period="free")
    points = one.default_points()
    known, pattern = scalar_known(known_values(one, points)), pattern_of(one, points)
    size = len(one.prior.free)
    z = np.random.default_rng(2).choice([-4.0, -0.5, 0.0, 1.0, 4.0], size=(200, size)).astype(np.float32)
    backward = jax.jit(jax.vmap(jax.grad(lambda row: jnp.sum(one.predict(one.prior.physical(row, known, jnp), pattern) ** 2))))
    assert jnp.isfinite(backward(z)).all()


def test_nothing_chosen_is_the_simulator_as_it_was():
    assert one_signature(made()) == one_signature(simulator("transit")) == tuple(PLAIN)
    assert one_signature(made(("Kepler",))) == tuple(PLAIN)


def one_signature(one) -> tuple[str, ...]:
    return one.prior.names


@pytest.mark.slow
def test_each_band_is_the_curve_of_its_limb_darkening():
    both, alone = made(("g", "r")), made()
    points = both.default_points()
    theta = without(PLAIN, "q1", "q2", "baseline", "jitter")
    bands = [{"q1": 0.6, "q2": 0.5, "baseline": 1.001, "jitter": 1e-4}, {"q1": 0.1, "q2": 0.2, "baseline": 0.999, "jitter": 3e-4}]
    together = theta | {f"{name}_{number}": value for number, band in enumerate(bands, 1) for name, value in band.items()}
    pattern = pattern_of(both, points)
    flux, noise = (np.asarray(part(together, pattern))[:150] for part in (both.predict, both.noise))
    for number, band in enumerate(bands):
        here = points.channel == number
        assert flux[here] == pytest.approx(np.asarray(alone.predict(theta | band, pattern))[:150][here], abs=3e-7)
        assert noise[here] == pytest.approx(np.hypot(4e-4, band["jitter"] / 3))
    derived = both.derived({name: np.array([value]) for name, value in together.items()}, known_values(both, points))
    assert derived["u1_1"] == pytest.approx(2 * np.sqrt(0.6) * 0.5)


@pytest.mark.slow
def test_an_eccentric_orbit_is_a_circular_one_of_its_duration():
    eccentric, circular = made(orbit="eccentric"), made()
    points = circular.default_points()
    orbit = {"stellar_density": 1.2, "eccentricity_across": 0.8, "eccentricity_along": -0.5}
    theta = without(PLAIN, "duration") | orbit
    derived = eccentric.derived({name: np.array([value]) for name, value in theta.items()}, known_values(eccentric, points))
    assert 0.1 < derived["eccentricity"][0] < 0.9
    e, omega = derived["eccentricity"][0], np.radians(derived["periastron_angle"][0])
    assert derived["speed_ratio"][0] == pytest.approx((1 + e * np.sin(omega)) / np.sqrt(1 - e**2))
    pattern = pattern_of(circular, points)
    expected = circular.predict(PLAIN | {"duration": derived["duration"][0]}, pattern)
    assert np.asarray(eccentric.predict(theta, pattern)) == pytest.approx(np.asarray(expected), abs=2e-6)


def test_a_density_taken_from_a_circular_fit_is_off_by_the_cube_of_the_speed():
    """Dawson & Johnson 2012: the density of the circular orbit is ``g^3`` times the star's, but for terms of sin i."""
    eccentric, circular = made(orbit="eccentric"), made()
    known = known_values(circular, circular.default_points()) | {"period": np.array(40.0)}
    theta = without(PLAIN, "duration") | {"stellar_density": 1.4, "eccentricity_across": -1.0, "eccentricity_along": 0.3}
    draws = {name: np.array([value]) for name, value in theta.items()}
    found = eccentric.derived(draws, known)
    wrong = circular.derived(draws | {"duration": found["duration"]}, known)["stellar_density"]
    assert wrong == pytest.approx(1.4 * found["speed_ratio"] ** 3, rel=0.01)
    assert wrong < 1.2


def test_priors_of_the_density_may_be_wide():
    one = made(orbit="eccentric")
    known = scalar_known(known_values(one, one.default_points()))
    for text in ("normal(1.4,0.3)", "loguniform(0.01,50)"):
        check_prior(one, one.prior.replace({"stellar_density": parse_distribution(text)}), known)


@pytest.mark.slow
def test_a_free_period_moves_late_transits_and_single_precision_is_enough():
    """Where single times would be rounded to seconds, 4,000 cycles of 3.5 d from the epoch."""
    free, fixed = made(period="free"), made()
    points = fixed.default_points()
    moved = 0.02
    late = replace(points, known={**points.known, "cycle": np.full(150, 4000.0) * u.one, "period_tolerance": 1e-5 * u.d})
    theta = PLAIN | {"period_offset": moved / 4000}
    expected = np.asarray(fixed.predict(PLAIN | {"epoch_offset": 1e-3 + moved}, pattern_of(fixed, points)))
    assert np.asarray(free.predict(theta, pattern_of(free, late))) == pytest.approx(expected, abs=1e-6)
    derived = free.derived({name: np.array([value]) for name, value in theta.items()}, known_values(free, late))
    assert derived["period"] == pytest.approx(3.5 + moved / 4000, abs=1e-12)


def test_caveats_and_preparation_follow_the_options():
    assert any("model.orbit=eccentric" in sentence for sentence in made().caveats)
    assert any("prior.stellar_density" in sentence for sentence in made(orbit="eccentric").caveats)
    assert any("exposure_time" in sentence for sentence in made(("g", "r")).caveats)
    names = [type(step).__name__ for step in made(period="free").preparation.steps]
    assert names == ["Cut", "Clip", "FindTransits", "Flatten", "LineUp", "BinApart"]
