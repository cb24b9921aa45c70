"""The transit against an integration over the stellar disc and the formulas of Winn 2010."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import Pattern
from astro_sbi.simulators.transit import limb_darkening
from astro_sbi.simulators.transit_curve import Transit, smeared_deficit
from astro_sbi.simulators.transit_orbit import scaled_axis, stellar_density

MINUTE = 1 / 1440
HAT_P_7 = Transit(0.0775, 0.5, 0.165, 0.35, 0.2)
HOT_JUPITER = Transit(0.15, 0.3, 0.1, 0.4, 0.25)
NEPTUNE = Transit(0.035, 0.3, 0.12, 0.5, 0.1)
GRAZING = Transit(0.12, 1.0, 0.08, 0.3, 0.3)
TOUCHING = Transit(0.12, 0.88, 0.08, 0.3, 0.3)
SMALL = Transit(0.012, 0.7, 0.3, 0.6, 0.0)


def disc_deficit(distance: np.ndarray, transit: Transit, nodes: int = 100) -> np.ndarray:
    """Flux minus one by summing rings of the stellar disc; the planet covers ``2 arccos((r^2 + d^2 - k^2) / (2 r d))`` of a ring."""
    k = transit.radius_ratio
    x, weight = np.polynomial.legendre.leggauss(nodes)
    smooth, weight = np.sin(0.5 * np.pi * x), weight * 0.5 * np.pi * np.cos(0.5 * np.pi * x)
    total = np.zeros_like(distance)
    for low, high in ((np.zeros_like(distance), np.maximum(k - distance, 0.0)), (np.abs(distance - k), np.minimum(distance + k, 1.0))):
        half = 0.5 * np.maximum(high - low, 0.0)[:, None]
        radius = 0.5 * (low + high)[:, None] + half * smooth
        cosine = (radius**2 + distance[:, None] ** 2 - k**2) / np.maximum(2 * radius * distance[:, None], 1e-12)
        angle = 2 * np.arccos(np.clip(cosine, -1.0, 1.0))
        fall = 1 - np.sqrt(np.maximum(1 - radius**2, 0.0))
        brightness = 1 - transit.u1 * fall - transit.u2 * fall**2
        total += np.sum(half * weight * brightness * radius * angle, axis=1)
    return -total / (np.pi * (1 - transit.u1 / 3 - transit.u2 / 6))


def chord_distance(time: np.ndarray, transit: Transit) -> np.ndarray:
    chord = (1 + transit.radius_ratio) ** 2 - transit.impact_parameter**2
    return np.sqrt(transit.impact_parameter**2 + chord * (2 * time / transit.duration) ** 2)


def smeared_on_a_fine_grid(time: np.ndarray, transit: Transit, exposure: float, bin_width: float) -> np.ndarray:
    """Average over two boxes by differences of the summed flux on 40,001 times."""
    reach = transit.duration + exposure + bin_width
    fine = np.linspace(-reach, reach, 40_001)
    half = np.concatenate([disc_deficit(chord_distance(part, transit), transit) for part in np.array_split(fine[20_000:], 20)])
    curve = np.concatenate([half[:0:-1], half])
    step = fine[1] - fine[0]
    for box in (exposure, bin_width):
        if box:
            summed = np.concatenate([[0.0], np.cumsum(0.5 * step * (curve[1:] + curve[:-1]))])
            curve = (np.interp(fine + box / 2, fine, summed) - np.interp(fine - box / 2, fine, summed)) / box
    return np.interp(time, fine, curve)


def ingress(transit: Transit) -> float:
    inner, outer = ((1 + sign * transit.radius_ratio) ** 2 - transit.impact_parameter**2 for sign in (-1, 1))
    return 0.5 * transit.duration * (1 - np.sqrt(max(inner, 0.0) / outer))


def model(time: np.ndarray, transit: Transit, exposure: float, bin_width: float) -> np.ndarray:
    shape = Transit(*(jnp.float32(value) for value in transit))
    return np.asarray(jax.jit(smeared_deficit)(jnp.asarray(time, jnp.float32), shape, jnp.float32(exposure), jnp.float32(bin_width)))


def test_the_ring_sum_itself_is_right():
    uniform = Transit(0.1, 0.0, 1.0, 0.0, 0.0)
    assert disc_deficit(np.array([0.0, 0.5, 1.2]), uniform) == pytest.approx([-0.01, -0.01, 0.0], abs=1e-9)
    d, k = 1.0, 0.1
    lens = k**2 * np.arccos(k / 2) + np.arccos(1 - k**2 / 2) - 0.5 * np.sqrt((2 + k) * (2 - k) * k * k)
    assert disc_deficit(np.array([d]), uniform) == pytest.approx([-lens / np.pi], abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("exposure", [0.98 * MINUTE, 29.4 * MINUTE])
@pytest.mark.parametrize("transit", [HAT_P_7, HOT_JUPITER, NEPTUNE, GRAZING, TOUCHING, SMALL])
def test_smeared_flux_agrees_with_the_disc_to_two_ppm(transit, exposure):
    """Bins of an eighth of ingress; a fifth of the noise of the best data is 6 ppm."""
    bin_width = ingress(transit) / 8
    time = np.linspace(-0.75, 0.75, 151) * transit.duration
    expected = smeared_on_a_fine_grid(time, transit, exposure, bin_width)
    assert np.abs(model(time, transit, exposure, bin_width) - expected).max() < 2e-6


@pytest.mark.slow
@pytest.mark.parametrize(("k", "b", "hours"), [(0.1, 0.2, 1.0), (0.15, 0.9, 0.7), (0.03, 0.4, 0.5), (0.2, 1.1, 0.5)])
def test_half_hour_exposures_of_short_transits_are_the_mean_of_a_thousand_instants(k, b, hours):
    """The exposure is as long as the transit or half of it; 1,000 sub-exposures of the disc itself, to 2 ppm of the star's flux."""
    transit, exposure = Transit(k, b, hours / 24, 0.4, 0.25), 30 * MINUTE
    time = np.linspace(-1.2, 1.2, 41) * (transit.duration + exposure) / 2
    instants = time[:, None] + exposure * ((np.arange(1000) + 0.5) / 1000 - 0.5)
    flux = np.stack([disc_deficit(chord_distance(row, transit), transit) for row in instants])
    assert np.abs(model(time, transit, exposure, 0.0) - flux.mean(axis=1)).max() < 2e-6
    assert np.abs(flux.mean(axis=1) - flux[:, 500]).max() > 3e-4


@pytest.mark.slow
def test_smearing_matters_and_vanishes_with_its_boxes():
    time = np.linspace(-0.75, 0.75, 151) * HAT_P_7.duration
    sharp = disc_deficit(chord_distance(time, HAT_P_7), HAT_P_7)
    assert np.abs(model(time, HAT_P_7, 0.0, 0.0) - sharp).max() < 3e-6
    assert np.abs(model(time, HAT_P_7, 29.4 * MINUTE, 0.0) - sharp).max() > 5e-4


@pytest.mark.slow
def test_boxes_may_differ_from_point_to_point():
    time = np.linspace(-0.1, 0.1, 20)
    width = np.where(np.arange(20) % 2, 0.01, 0.001).astype(np.float32)
    shape = Transit(*(jnp.float32(value) for value in HAT_P_7))
    mixed = smeared_deficit(jnp.asarray(time, jnp.float32), shape, jnp.float32(0.0), jnp.asarray(width))
    assert np.allclose(mixed[1::2], model(time, HAT_P_7, 0.0, 0.01)[1::2], atol=1e-7)
    assert np.allclose(mixed[::2], model(time, HAT_P_7, 0.0, 0.001)[::2], atol=1e-7)


@pytest.mark.slow
def test_single_precision_costs_less_than_a_ppm():
    rng = np.random.default_rng(1)
    names, draws = Transit._fields, []
    for _ in range(200):
        k = 0.01 * 25 ** rng.uniform()
        draws.append((k, rng.uniform(0, 1 + k), 0.02 * 25 ** rng.uniform(), *limb_darkening(*rng.uniform(size=2))))
    columns = dict(zip(names, np.array(draws).T, strict=True))
    curve = jax.jit(jax.vmap(lambda shape: smeared_deficit(jnp.linspace(-0.7, 0.7, 201) * shape.duration, shape, 0.001, 0.002)))
    single = np.asarray(curve(Transit(**{name: jnp.asarray(value, jnp.float32) for name, value in columns.items()})))
    with jax.enable_x64(True):
        double = np.asarray(curve(Transit(**{name: jnp.asarray(value, jnp.float64) for name, value in columns.items()})))
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    worst = np.abs(single - double).max(axis=1)
    assert np.quantile(worst, 0.99) < 1e-6
    assert worst.max() < 3e-6


def test_kipping_parameters_span_physical_limb_darkening():
    u1, u2 = limb_darkening(np.array([0.25, 1.0, 0.0]), np.array([0.3, 0.5, 0.7]))
    assert u1 == pytest.approx([0.3, 1.0, 0.0])
    assert u2 == pytest.approx([0.2, 0.0, 0.0])
    q1, q2 = np.random.default_rng(0).uniform(size=(2, 1000))
    u1, u2 = limb_darkening(q1, q2)
    assert np.all((u1 + u2 <= 1 + 1e-12) & (u1 >= 0) & (u1 + 2 * u2 >= -1e-12))


@pytest.mark.parametrize(("axis", "inclination", "k"), [(4.15, 83.1, 0.0775), (8.0, 88.0, 0.08), (30.0, 89.5, 0.02), (3.0, 72.0, 0.1)])
def test_the_axis_comes_back_from_the_time_between_contacts(axis, inclination, k):
    """Winn 2010: contacts by searching the sky separation of a circular orbit (eq. 5) for 1 + k."""
    period, cosine = 3.0, np.cos(np.radians(inclination))
    phase = np.linspace(0, 0.5 * np.pi, 2_000_001)
    separation = axis * np.sqrt(np.sin(phase) ** 2 + (cosine * np.cos(phase)) ** 2)
    duration = 2 * np.interp(1 + k, separation, phase) / (2 * np.pi) * period
    assert scaled_axis(k, axis * cosine, duration, period) == pytest.approx(axis, rel=1e-5)


def test_the_sun_has_the_density_of_the_sun():
    assert stellar_density(215.032, 365.25) == pytest.approx(1.41, abs=0.005)


def test_derived_quantities_of_hat_p_7():
    """Published: a/R* 4.15 to 4.13, i 83.1 deg, density 0.28 g/cm3 (Van Eylen et al. 2013, arXiv:1307.6959, and references there)."""
    theta = {"radius_ratio": 0.0776, "impact_parameter": 0.498, "duration": 0.1644, "epoch_offset": 1e-4, "q1": 0.3, "q2": 0.27}
    theta = {name: np.array([value]) for name, value in theta.items()}
    derived = simulator("transit").derived(theta, {"period": np.array(2.20474), "epoch": np.array(2454954.357)})
    assert derived["a_over_rstar"] == pytest.approx([4.14], abs=0.02)
    assert derived["inclination"] == pytest.approx([83.1], abs=0.1)
    assert derived["stellar_density"] == pytest.approx([0.277], abs=0.005)
    assert derived["depth"] == pytest.approx([0.602], abs=0.001)
    assert derived["t0"] == pytest.approx([2454954.3571], abs=1e-7)
    assert 0.13 < derived["full_duration"][0] < 0.14


def pattern(**known: float) -> Pattern:
    defaults = {"exposure_time": 0.0, "bin_width": 0.001, "count": np.ones(8, np.float32), "dilution": 1.0}
    everything = {name: np.asarray(value, np.float32) for name, value in {**defaults, **known}.items()}
    time = np.linspace(-0.1, 0.1, 8, dtype=np.float32)
    return Pattern(time, np.full(8, 3e-4, np.float32), np.zeros(8, np.int32), np.ones(8, bool), everything)


@pytest.mark.slow
def test_dilution_baseline_offset_and_jitter():
    transit = simulator("transit")
    names = transit.prior.names
    theta = dict(zip(names, (0.1, 0.2, 0.1, 0.0, 0.3, 0.3, 1.0, 4e-4), strict=True))
    whole = np.asarray(transit.predict(theta, pattern()))
    half = np.asarray(transit.predict({**theta, "baseline": 2.0}, pattern(dilution=0.5)))
    assert np.allclose(half, 2 * (1 + 0.5 * (whole - 1)), atol=1e-6)
    assert np.allclose(whole, whole[::-1], atol=1e-7)
    late = np.asarray(transit.predict({**theta, "epoch_offset": 0.04}, pattern()))
    assert late[-3] < 1 - 5e-3
    assert late[0] == pytest.approx(1.0, abs=1e-7)
    assert transit.noise(theta, pattern()) == pytest.approx(np.full(8, 5e-4))
    assert transit.noise(theta, pattern(count=np.full(8, 4.0))) == pytest.approx(np.full(8, np.hypot(3e-4, 2e-4)))
    assert np.all(np.asarray(transit.predict(transit.null(theta), pattern())) == 1.0)
