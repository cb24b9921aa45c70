"""Flares against integrals of the published template, against a plain sum over flares, and against the law they are drawn from."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import pattern_of, simulate
from astro_sbi.simulators.flares import (
    LEAST,
    REFERENCE,
    TEMPLATE_AREA,
    Cadence,
    FlarePopulation,
    durations,
    flare_light,
    quiet_level,
    template_integral,
)

THETA = {"flare_rate": 0.8, "energy_slope": 1.9, "flare_width": 8.0, "noise_scale": 1.0}


def davenport(phase: float) -> float:
    """The template as it stands in Davenport et al. 2014, ApJ 797, 122, eqs. 1 and 4."""
    if phase < -1:
        return 0.0
    if phase < 0:
        return 1 + 1.941 * phase - 0.175 * phase**2 - 2.246 * phase**3 - 1.125 * phase**4
    return 0.6890 * np.exp(-1.600 * phase) + 0.3030 * np.exp(-0.2783 * phase)


@pytest.mark.slow
def test_integral_of_the_template_agrees_with_quadrature():
    for phase in (-1.5, -0.7, -0.1, 0.4, 3.0, 20.0):
        expected = sum(quad(davenport, *ends)[0] for ends in ((-1.0, min(phase, 0.0)), (0.0, max(phase, 0.0))) if ends[1] > ends[0])
        assert float(template_integral(jnp.float32(phase))) == pytest.approx(expected, abs=1e-5)
    assert quad(davenport, -1, 0)[0] + quad(davenport, 0, np.inf)[0] == pytest.approx(TEMPLATE_AREA, abs=1e-4)


@pytest.mark.slow
def test_numbers_and_energies_follow_the_power_law():
    population, span = FlarePopulation(0.5, 1.8, 0.005), 100.0
    drawn = np.asarray(jax.vmap(lambda key: durations(key, population, span, 256))(jax.random.split(jax.random.key(1), 400)), np.float64)
    counts = np.sum(drawn > REFERENCE, axis=1)
    assert counts.mean() == pytest.approx(50.0, abs=4 * np.sqrt(50 / 400))
    assert counts.var() == pytest.approx(50.0, rel=0.3)
    strong = drawn[drawn > REFERENCE]
    # Maximum likelihood of a power law: Clauset, Shalizi & Newman 2009, SIAM Review 51, 661, eq. 3.1.
    assert 1 + len(strong) / np.sum(np.log(strong / REFERENCE)) == pytest.approx(1.8, abs=0.03)
    assert ((drawn >= LEAST) | (drawn == 0)).all()
    assert (np.diff(drawn, axis=1) <= 0).all()


@pytest.mark.slow
def test_light_of_the_flares_is_what_their_equivalent_durations_say():
    """The mean light over many draws is the expected sum of equivalent durations; exposures without gaps lose none of it."""
    time, exposure = np.arange(0.0, 40.0, 0.02, dtype=np.float32), np.float32(0.02)
    population = FlarePopulation(0.2, 2.5, 0.004)
    keys = jax.random.split(jax.random.key(2), 200)
    light = jax.vmap(lambda key: flare_light(key, population, Cadence(jnp.asarray(time), exposure), count=256, window=64))(keys)
    energy = jax.vmap(lambda key: durations(jax.random.split(key, 3)[0], population, jnp.float32(40.48), 256))(keys)
    inside = 40.0 / 40.48
    assert float(light.sum()) * 0.02 * 86400 == pytest.approx(float(energy.sum()) * inside, rel=0.05)
    assert float(light.min()) > -1e-5


@pytest.mark.slow
def test_one_flare_is_the_average_of_the_template_over_each_exposure():
    """With one flare allowed the light is that of the strongest: its peak, width and light are read off and drawn again by hand."""
    time = np.arange(0.0, 10.0, 0.004, dtype=np.float32)
    population, key = FlarePopulation(1.0, 2.0, 0.05), jax.random.key(3)
    light = np.asarray(flare_light(key, population, Cadence(jnp.asarray(time), np.float32(0.004)), count=1, window=2500), np.float64)
    energy_key, time_key, width_key = jax.random.split(key, 3)
    span = float(time[-1]) + 0.5
    energy = float(durations(energy_key, population, span, 1)[0])
    peak = -0.5 + span * float(jax.random.uniform(time_key, (1,))[0])
    width = 0.05 * (energy / REFERENCE) ** (1 / 3) * 10 ** (0.2 * float(jax.random.normal(width_key, (1,))[0]))
    height = energy / (1.82704 * 86400 * width)
    for index in np.flatnonzero(light > 0.02 * light.max())[::25]:
        fine = np.linspace(time[index] - 0.002, time[index] + 0.002, 41)
        expected = height * np.mean([davenport((moment - peak) / width) for moment in fine])
        assert light[index] == pytest.approx(expected, rel=0.02)
    assert np.all(light[time < peak - width - 0.005] == 0)


@pytest.mark.slow
def test_summaries_count_what_they_say():
    flares = simulator("flare_activity")
    pattern = pattern_of(flares, flares.default_points())
    value = np.ones(len(pattern.used), np.float32)
    value[[10, 11, 40]] += np.float32(5e-4) * np.array([5.0, 3.5, 100.5], np.float32)
    value[~pattern.used] = 50.0
    found = np.asarray(flares.summaries(jnp.asarray(value), pattern))
    # All other points are level, so that the lower quartile is one.
    assert np.expm1(found[:4]) == pytest.approx([3, 3, 2, 1], abs=1e-3)  # points above 2, 3, 4 and 6 quoted errors
    assert np.expm1(found[16:20]) == pytest.approx([2, 2, 2, 1], abs=1e-3)  # and rises
    assert np.expm1(found[32]) == pytest.approx(3.0 + 1.5 + 98.5, rel=1e-3)  # light above 2
    assert np.expm1(found[-1]) == pytest.approx(100.5, rel=1e-3)


@pytest.mark.slow
def test_the_quiet_level_follows_slow_variation_and_ignores_flares_and_padding():
    size = 200
    slow = 1 + 0.01 * np.sin(np.arange(size) / 40)
    value = np.concatenate([slow, np.full(56, 99.0)])
    value[[50, 51, 52, 120]] += 3.0
    used = np.arange(256) < size
    level = np.asarray(quiet_level(jnp.asarray(value, jnp.float32), used))[:size]
    assert np.abs(level - slow).max() < 2e-3


@pytest.mark.slow
def test_more_flares_show_in_the_summaries_and_none_without_them():
    flares = simulator("flare_activity")
    pattern = pattern_of(flares, flares.default_points())

    def summaries(rate: float) -> np.ndarray:
        theta = {**THETA, "flare_rate": np.float32(rate)}
        keys = jax.random.split(jax.random.key(4), 32)
        made = jax.vmap(lambda key: flares.summaries(simulate(flares, key, theta, pattern), pattern))(keys)
        return np.asarray(made).mean(axis=0)

    quiet, active = summaries(0.003), summaries(2.0)
    assert (active[2:10] > quiet[2:10] + 0.5).all()


def test_derived_rates_by_hand():
    derived = simulator("flare_activity").derived({name: np.array([value]) for name, value in THETA.items()}, {})
    assert derived["strong_rate"][0] == pytest.approx(0.8 * 10**-0.9)
    assert derived["cumulative_slope"][0] == pytest.approx(0.9)
