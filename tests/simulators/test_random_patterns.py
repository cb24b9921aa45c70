"""Observing patterns drawn at random, as every simulator of the registry promises them."""

import jax
import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.simulations.table import SimulationTable
from astro_sbi.simulators import simulator, simulator_names
from astro_sbi.simulators.base import Pattern, Simulator, configured, known_values, pattern_of, scalar_known
from astro_sbi.simulators.own import Axis, OwnSimulator, parameter
from astro_sbi.simulators.patterns import MOST, Sampling, random_pattern
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.simulation_table import TableSimulator


def drawn(one: Simulator, seed: int):
    return one.random_points(np.random.default_rng(seed))


def longest(pattern: Pattern) -> Pattern:
    """A pattern padded once more, so that all have one size and one compilation serves."""
    index = np.minimum(np.arange(MOST), len(pattern.used) - 1)
    known = {name: value[index] if np.ndim(value) else value for name, value in pattern.known.items()}
    used = pattern.used[index] & (np.arange(MOST) < len(pattern.used))
    return Pattern(pattern.coordinate[index], pattern.sigma[index], pattern.channel[index], used, known)


@pytest.fixture(params=simulator_names())
def one(request) -> Simulator:
    return simulator(request.param)


@pytest.mark.slow
def test_predictions_and_noise_are_finite_at_draws_of_the_prior(one):
    both = jax.jit(jax.vmap(lambda theta, pattern: (one.predict(theta, pattern), one.noise(theta, pattern)), in_axes=(0, None)))
    for seed in range(20):
        points = drawn(one, seed)
        z = np.random.default_rng(seed).standard_normal((8, len(one.prior.free)))
        theta = one.prior.physical(z, scalar_known(known_values(one, points)))
        curves, noise = both({name: value.astype(np.float32) for name, value in theta.items()}, longest(pattern_of(one, points)))
        assert np.isfinite(curves).all(), seed
        assert np.isfinite(noise).all(), seed
        assert np.min(noise) > 0, seed


def test_patterns_are_whole(one):
    default = one.default_points()
    for seed in range(40):
        points = drawn(one, seed)
        size = len(points)
        assert 3 <= size <= MOST
        assert len(points.channel) == len(points.used) == len(points.noise.sigma) == size
        assert points.used.all()
        assert np.isfinite(points.coordinate).all()
        assert points.channel.dtype == np.int32
        assert set(points.channel) <= set(default.channel)
        assert (points.noise.sigma > 0).all()
        assert set(points.known) == set(default.known)
        for name, quantity in points.known.items():
            assert np.shape(quantity) in ((), (size,)), name
            assert np.isfinite(quantity.value).all(), name
            assert quantity.unit.is_equivalent(default.known[name].unit), name
        assert pattern_of(one, points).used.sum() == size
        for channel in np.unique(points.channel):
            assert (np.diff(points.coordinate[points.channel == channel]) >= 0).all()


def test_the_same_seed_gives_the_same_pattern(one):
    once, again, other = (drawn(one, seed) for seed in (3, 3, 4))
    assert np.array_equal(once.coordinate, again.coordinate)
    assert np.array_equal(once.noise.sigma, again.noise.sigma)
    assert len(once) != len(other) or not np.array_equal(once.noise.sigma, other.noise.sigma)


@pytest.mark.slow
def test_levels_of_the_errors_span_more_than_a_decade(one):
    usual = np.median(one.default_points().noise.sigma)
    levels = [np.median(drawn(one, seed).noise.sigma) / usual for seed in range(200)]
    assert max(levels) > 10 * min(levels)
    assert 0.5 < np.median(levels) < 2


def test_some_patterns_have_gaps(one):
    if one.kind in ("photometry", "hubble_diagram"):
        pytest.skip("these are no series")
    gaps = []
    for seed in range(20):
        points = drawn(one, seed)
        steps = [np.diff(points.coordinate[points.channel == channel]) for channel in np.unique(points.channel)]
        gaps.append(any(len(step) > 2 and np.max(step) > 3 * np.median(step) for step in steps))
    assert any(gaps)


def test_some_patterns_lack_channels_where_there_are_several(one):
    every = len(np.unique(one.default_points().channel))
    if every == 1:
        pytest.skip("there is one channel")
    left = [len(np.unique(drawn(one, seed).channel)) for seed in range(40)]
    assert min(left) < every
    assert max(left) == every
    assert min(left) >= (3 if one.kind == "photometry" else 1)


def test_known_quantities_follow_the_points():
    for seed in range(10):
        hubble, quasar = drawn(simulator("hubble_diagram"), seed), drawn(simulator("quasar_variability"), seed)
        assert np.allclose(hubble.known["heliocentric_redshift"].value, hubble.coordinate, rtol=1e-12)
        assert quasar.known["baseline"].to_value(u.d) == np.ptp(quasar.coordinate)
        star = drawn(simulator("rr_lyrae"), seed)
        cycle = (star.coordinate - star.known["epoch_from_reference"].value) / star.known["period_guess"].value
        assert np.allclose(np.cos(2 * np.pi * cycle), np.cos(2 * np.pi * star.known["phase_guess"].value), atol=1e-9)
        galaxy = drawn(simulator("galaxy_photometry"), seed)
        assert np.allclose(
            galaxy.known["weight"].value * galaxy.noise.sigma**2, galaxy.known["weight"].value[0] * galaxy.noise.sigma[0] ** 2
        )


def test_velocities_tell_their_priors_where_to_look():
    two = configured(simulator("radial_velocity"), ("HIRES", "HARPS"), {"planets": "2", "trend": "linear"})
    for seed in range(10):
        points = drawn(two, seed)
        known, span = points.known, np.ptp(points.coordinate)
        assert known["velocity_error"].value == np.median(points.noise.sigma)
        assert known["velocity_trend"].to_value(u.m / u.s / u.d) == pytest.approx(2 * known["velocity_scale"].value / span)
        for suffix in ("", "_2"):
            period = known[f"period_guess{suffix}"].value
            assert known[f"period_tolerance{suffix}"].value == pytest.approx(min(period**2 / span, period / 2))
            assert abs(known[f"epoch_middle{suffix}"].value - np.mean(points.coordinate)) <= 0.5001 * period


def test_the_earth_is_where_it_is_at_the_new_times():
    bulge = configured(simulator("microlensing"), ("",), {"parallax": "yes"})
    usual, compared = bulge.default_points(), 0
    for seed in range(5):
        points = drawn(bulge, seed)
        inside = np.abs(points.coordinate) < 90
        compared += inside.sum()
        for name in ("earth_north", "earth_east"):
            there = np.interp(points.coordinate[inside], usual.coordinate, usual.known[name].value)
            assert np.allclose(there, points.known[name].value[inside], atol=1e-3), name
    assert compared > 50


def test_an_even_cadence_has_bins_and_exposures_of_its_own_length():
    space = Sampling(families=("space",))
    star, flares = simulator("stellar_rotation"), simulator("flare_activity")
    for seed in range(5):
        points = random_pattern(star, np.random.default_rng(seed), space)
        assert points.known["bin_width"].value == pytest.approx(np.min(np.diff(points.coordinate)), rel=1e-6)
        points = drawn(flares, seed)
        assert points.known["exposure_time"].value == pytest.approx(np.min(np.diff(points.coordinate)), rel=1e-6)
        folded = random_pattern(simulator("transit"), np.random.default_rng(seed), space)
        cadences = folded.known["count"].value * np.ones(len(folded))
        assert np.allclose(cadences, np.maximum(9.0 * folded.known["bin_width"].value / (0.4 / 150), 1.0))


def test_a_survey_comes_once_or_twice_a_night_and_not_in_all_seasons():
    survey = Sampling(stretch=(1.0, 1.0), size=(300, 300), families=("survey",))
    points = random_pattern(simulator("quasar_variability"), np.random.default_rng(5), survey)
    night = np.floor(points.coordinate + 0.15 - np.min(points.coordinate) % 1)
    assert 1 <= np.max(np.unique(night, return_counts=True)[1]) <= 2
    assert np.max(np.diff(points.coordinate)) > 60


def test_simulators_of_ones_own_have_patterns_within_their_example():
    described = {"parameters": (parameter("height"),), "priors": {"height": "uniform(0, 1)"}, "example_error": 0.1}
    curve = OwnSimulator(name="mine", x=Axis("radius", "m"), y=Axis("y", ""), model=np.add, example_x=np.arange(50.0), **described)
    series = {"x": Axis("time", "h"), "y": Axis("y", ""), "kind": "light_curve", "example_x": np.arange(100.0, 5000.0, 24.0)}
    star = OwnSimulator(name="star", model=np.add, **series, **described)
    for seed in range(20):
        assert set(drawn(curve, seed).coordinate) <= set(curve.example_x)
        time = drawn(star, seed).coordinate
        assert 90 < time.min() < time.max() < 5010
    nights = random_pattern(star, np.random.default_rng(1), Sampling(families=("survey",))).coordinate / 24
    assert np.max(np.abs(nights - np.median(nights % 1) - np.rint(nights - np.median(nights % 1)))) < 0.25


def test_an_observation_of_a_table_has_all_its_numbers():
    rng = np.random.default_rng(1)
    theta, x = rng.standard_normal((50, 1)), rng.standard_normal((50, 3))
    table = SimulationTable(("a",), ("a",), ("x", "y", "z"), theta, x, (3,), "NPZ", 50)
    one = TableSimulator(table, Prior.of(a="normal(0, 1)"))
    assert np.array_equal(drawn(one, 3).coordinate, one.default_points().coordinate)
