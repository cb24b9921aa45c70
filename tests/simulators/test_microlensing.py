"""Microlensing against Paczynski's formula, an integral over the disc, Gould's parallax in complex numbers and MulensModel's numbers."""

from pathlib import Path

import astropy.units as u
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy.coordinates import SkyCoord, get_body_barycentric
from astropy.time import Time
from scipy import optimize, special

from astro_sbi.observations.preparation import prepare
from astro_sbi.observations.reading import read
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, padded_value, pattern_of, scalar_known
from astro_sbi.simulators.lensing import disc_excess, elliptic, excess, separation_of, width_at_half_rise
from tests.budgets import small_inference

OB08092 = "observations/microlensing/phot_ob08092_O4.dat"
OB05086 = "observations/microlensing/OB05086_starBLG234.6.I.218982.dat"
NEGATIVE = {"t0": 2453630.67778, "u0": -0.415677, "t_e": 110.120755, "pi_e_north": -0.2972, "pi_e_east": 0.1103}
POSITIVE = {"t0": 2453630.35507, "u0": 0.488817, "t_e": 93.611301, "pi_e_north": 0.2719, "pi_e_east": 0.1025}
PLACE = SkyCoord("18:04:45.71 -26:59:15.2", unit=(u.hourangle, u.deg))
GAUSS, WEIGHT = np.polynomial.legendre.leggauss(400)


def magnification(separation: np.ndarray) -> np.ndarray:
    """Paczynski 1986, as it stands in the textbooks."""
    return (separation**2 + 2) / (separation * np.sqrt(separation**2 + 4))


def mean_magnification(separation: float, radius: float) -> float:
    """Arcs about the lens: inside the disc ``2 phi r dr`` of each, ``cos phi = (r^2 + u^2 - rho^2) / (2 r u)``, and whole rings before."""
    inner = max(radius - separation, 0.0)
    low, high = abs(radius - separation), radius + separation
    angle = np.pi / 2 * (GAUSS + 1)
    distance = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(angle)
    half_arc = np.arccos(np.clip((distance**2 + separation**2 - radius**2) / (2 * distance * separation), -1, 1))
    arcs = np.sum(WEIGHT * np.pi / 2 * 0.5 * (high - low) * np.sin(angle) * 2 * half_arc * distance * magnification(distance))
    return (np.pi * inner * np.sqrt(inner**2 + 4) + arcs) / (np.pi * radius**2)


def made(channels: tuple[str, ...] = ("",), **options: str):
    model = configured(simulator("microlensing"), channels, options)
    points = model.default_points()
    return model, pattern_of(model, points), known_values(model, points), points


def single_theta(**changes: float) -> dict[str, float]:
    theta = {"epoch_offset": 1.3, "width": 22.0, "u0": 0.31, "baseline_1": 1.1, "rise_1": 0.9, "noise_scale_1": 1.2}
    return theta | changes


def on_points(model, theta, pattern, size: int) -> np.ndarray:
    return np.asarray(jax.jit(model.predict)({name: jnp.float32(value) for name, value in theta.items()}, pattern))[:size]


def test_the_excess_is_paczynskis_magnification_less_one():
    separation = np.geomspace(1e-3, 5.0, 200)
    np.testing.assert_allclose(1 + excess(separation), magnification(separation), rtol=1e-12)
    np.testing.assert_allclose(excess(np.float32(30.0)), 2 / 30.0**4, rtol=5e-3)
    np.testing.assert_allclose(separation_of(excess(separation)), separation, rtol=1e-9)


def test_the_width_is_that_of_half_the_rise():
    for u0 in (0.01, 0.3, 0.7, 1.5):
        height = magnification(np.array(u0)) - 1
        half = optimize.brentq(lambda tau, u0=u0, height=height: magnification(np.hypot(tau, u0)) - 1 - height / 2, 1e-9, 5.0)
        assert width_at_half_rise(u0) == pytest.approx(2 * half, rel=1e-6)


def test_elliptic_integrals_are_scipys():
    parameter = np.array([1e-6, 0.1, 0.5, 0.9, 0.99, 0.9999])
    whole, part = elliptic(np.sqrt(1 - parameter))
    np.testing.assert_allclose(whole, special.ellipe(parameter), rtol=1e-9)
    np.testing.assert_allclose(part * parameter, special.ellipe(parameter) - (1 - parameter) * special.ellipk(parameter), atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("radius", "tolerance"), [(1e-3, 1e-5), (0.03, 1e-5), (0.1, 3e-5), (0.3, 2e-4), (0.5, 4e-4)])
def test_a_disc_is_magnified_as_the_integral_over_it_says(radius, tolerance):
    separation = radius * np.array([1e-3, 0.2, 0.5, 0.8, 0.95, 0.999, 1.0, 1.001, 1.05, 1.3, 2.0, 5.0])
    expected = np.array([mean_magnification(one, radius) for one in separation])
    np.testing.assert_allclose(1 + disc_excess(separation, radius), expected, rtol=tolerance)
    single = jax.vmap(lambda one: disc_excess(one, jnp.float32(radius), jnp))(separation.astype(np.float32))
    np.testing.assert_allclose(1 + single, expected, rtol=tolerance + 1e-5)


def test_a_disc_behind_the_lens_and_a_disc_far_away():
    """Witt & Mao 1994: a disc exactly behind the lens is magnified ``sqrt(1 + 4 / rho^2)`` times."""
    radius = np.array([1e-3, 0.01, 0.1, 0.3])
    np.testing.assert_allclose(1 + disc_excess(1e-9 * radius, radius), np.sqrt(1 + 4 / radius**2), rtol=2e-4)
    assert disc_excess(2.0, 1e-3) == pytest.approx(excess(2.0), rel=1e-5)


def test_the_flux_is_source_times_magnification_plus_blend():
    model, pattern, known, points = made()
    theta = single_theta()
    derived = model.derived({name: np.array([value]) for name, value in theta.items()}, known)
    crossing, source = derived["t_e"][0], derived["source_flux_1"][0]
    tau = (points.coordinate - 1.3) / crossing
    expected = source * magnification(np.hypot(tau, 0.31)) + (1.1 - source)
    np.testing.assert_allclose(on_points(model, theta, pattern, len(points)), expected, atol=2e-6)
    assert source == pytest.approx(0.9 / (magnification(0.31) - 1), rel=1e-6)
    assert crossing == pytest.approx(22.0 / width_at_half_rise(0.31), rel=1e-6)
    assert derived["blend_share_1"][0] == pytest.approx(1 - source / 1.1, rel=1e-6)
    assert derived["t0"][0] == pytest.approx(2459397.3 + 1.3, abs=1e-6)
    assert derived["t_effective"][0] == pytest.approx(0.31 * crossing, rel=1e-6)
    assert derived["baseline_magnitude_1"][0] == pytest.approx(18 - 2.5 * np.log10(1.1), abs=1e-9)
    assert derived["source_magnitude_1"][0] == pytest.approx(18 - 2.5 * np.log10(source), abs=1e-9)
    assert np.allclose(on_points(model, model.null(theta), pattern, len(points)), 1.1)


@pytest.mark.slow
def test_each_data_set_has_its_own_fluxes_and_errors():
    model, pattern, known, points = made(("OGLE I", "MOA_R"))
    theta = single_theta(baseline_2=50.0, rise_2=7.0, noise_scale_2=2.5)
    assert [one.name for one in model.parameters][-3:] == ["baseline_2", "rise_2", "noise_scale_2"]
    assert "MOAR" in model.parameters[-1].latex
    flux, second = on_points(model, theta, pattern, len(points)), points.channel == 1
    alone, its_pattern, _, _ = made()
    rise = (on_points(alone, single_theta(), its_pattern, len(points)) - 1.1) / 0.9
    np.testing.assert_allclose(flux, np.where(second, 50.0 + 7.0 * rise, 1.1 + 0.9 * rise), rtol=1e-6)
    np.testing.assert_allclose(np.asarray(model.noise(theta, pattern))[: len(points)], np.where(second, 0.05, 0.024), rtol=1e-6)
    derived = model.derived({name: np.array([value]) for name, value in theta.items()}, known)
    assert derived["source_flux_2"][0] / derived["source_flux_1"][0] == pytest.approx(7.0 / 0.9, rel=1e-9)


def test_parallax_is_goulds_in_complex_numbers():
    """The way of the source about the lens is ``tau + i u0 + conj(pi) s``, ``s = north + i east`` the Sun's offset by astropy's frames."""
    model, pattern, known, points = made(parallax="yes")
    theta = single_theta(u0=-0.31, pi_e_north=-0.3, pi_e_east=0.11)
    days, reference = 2459397.3 + points.coordinate, 2459397.3

    def sun(time):
        seen = SkyCoord(-get_body_barycentric("earth", Time(time, format="jd", scale="tdb")), frame="icrs")
        place = seen.transform_to(SkyCoord(270 * u.deg, -28 * u.deg).skyoffset_frame()).cartesian
        return place.z.to_value(u.au) + 1j * place.y.to_value(u.au)

    velocity = (sun(reference + 0.5) - sun(reference - 0.5)) / 1.0
    offset = sun(days) - sun(reference) - velocity * (days - reference)
    derived = model.derived({name: np.array([value]) for name, value in theta.items()}, known)
    way = (points.coordinate - 1.3) / derived["t_e"][0] - 0.31j + np.conj(-0.3 + 0.11j) * offset
    expected = 1.1 + 0.9 * (magnification(np.abs(way)) - 1) / (magnification(0.31) - 1)
    np.testing.assert_allclose(on_points(model, theta, pattern, len(points)), expected, atol=3e-5)
    assert derived["pi_e"][0] == pytest.approx(np.hypot(0.3, 0.11), rel=1e-9)
    assert derived["pi_e_angle"][0] == pytest.approx(180 - np.degrees(np.arctan(0.11 / 0.3)), rel=1e-9)


@pytest.mark.slow
def test_a_finite_source_rounds_the_peak_and_keeps_the_rise():
    model, pattern, known, points = made(finite_source="yes")
    theta = single_theta(u0=0.02, rho=0.1)
    derived = model.derived({name: np.array([value]) for name, value in theta.items()}, known)
    assert derived["peak_magnification"][0] == pytest.approx(mean_magnification(0.02, 0.1), rel=1e-4)
    assert derived["t_star"][0] == pytest.approx(0.1 * derived["t_e"][0], rel=1e-9)
    separation = np.hypot((points.coordinate - 1.3) / derived["t_e"][0], 0.02)
    lensed = np.array([mean_magnification(one, 0.1) for one in separation])
    expected = 1.1 + 0.9 * (lensed - 1) / (mean_magnification(0.02, 0.1) - 1)
    np.testing.assert_allclose(on_points(model, theta, pattern, len(points)), expected, atol=2e-4)


@pytest.mark.slow
def test_every_option_is_finite_with_finite_slopes_out_to_the_corners_of_the_prior():
    model, pattern, known, _ = made(("a", "b"), parallax="yes", finite_source="yes")
    free = scalar_known(known)
    both = jax.jit(jax.vmap(lambda z: (curve(z), jax.grad(lambda point: jnp.sum(curve(point) ** 2))(z))))
    curve = lambda z: model.predict(model.prior.physical(z, free, jnp), pattern)  # noqa: E731
    rng, dimension = np.random.default_rng(3), len(model.prior.free)
    for z in (rng.standard_normal((256, dimension)), rng.choice([-4.0, 0.0, 4.0], size=(256, dimension))):
        for array in both(z.astype(np.float32)):
            assert jnp.isfinite(array).all()
    theta = model.prior.physical(rng.choice([-4.0, 0.0, 4.0], size=(256, dimension)), free)
    assert all(np.isfinite(value).all() for value in model.derived(theta, known).values())


def test_parallax_asks_for_the_place_in_the_sky():
    model = configured(simulator("microlensing"), ("",), {"parallax": "yes"})
    points = configured(simulator("microlensing"), ("",), {}).default_points()
    with pytest.raises(ValueError, match=r"needs earth_north .* give prepare.right_ascension and prepare.declination"):
        known_values(model, points)


def published_chi_square(shared: Path, file: str, theta: dict[str, float], **options: str) -> float:
    """Chi-square at MulensModel's parameters, source and blend flux fitted, in flux as they do."""
    path, changes = shared / file, {"right_ascension": "18:04:45.71", "declination": "-26:59:15.2", "parallax_epoch": "2453628"}
    model = configured(simulator("microlensing"), ("",), options)
    observation = prepare(read(path.name, path.read_bytes()), model.preparation.with_changes(changes)).observation
    pattern, known = pattern_of(model, observation.points), known_values(model, observation.points)
    width = theta["t_e"] * width_at_half_rise(abs(theta["u0"]))
    full = {"epoch_offset": theta["t0"] - known["epoch_guess"], "width": width, "baseline_1": 0.0, "rise_1": 1.0, **theta}
    shape = on_points(model, full, pattern, len(observation)).astype(np.float64)
    sigma = observation.points.noise.sigma
    columns = np.stack([shape, np.ones_like(shape)], axis=1) / sigma[:, None]
    return float(np.linalg.lstsq(columns, observation.value / sigma, rcond=None)[1][0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "theta", "options", "chi_square", "tolerance"),
    [
        (OB08092, {"t0": 2455379.571, "u0": 0.523, "t_e": 17.94}, {}, 427.204, 0.2),
        (OB05086, {"t0": 2453628.29062, "u0": 0.37263, "t_e": 102.387105}, {}, 1359, 3.0),
        (OB05086, NEGATIVE, {"parallax": "yes"}, 944, 1.5),
        (OB05086, POSITIVE, {"parallax": "yes"}, 946.3, 1.5),
    ],
)  # fmt: skip
def test_mulensmodels_solutions_have_their_chi_square_here(shared, file, theta, options, chi_square, tolerance):
    """The solutions of MulensModel's examples 6 and 16 (Poleski & Yee 2019), of these very files."""
    assert published_chi_square(shared, file, theta, **options) == pytest.approx(chi_square, abs=tolerance)


@pytest.mark.slow
def test_single_precision_costs_no_chi_square(shared):
    path, model = shared / OB05086, simulator("microlensing")
    observation = prepare(read(path.name, path.read_bytes()), model.preparation).observation
    pattern, known = pattern_of(model, observation.points), known_values(model, observation.points)
    theta = model.prior.physical(np.zeros((1, 6)), scalar_known(known))
    derived = model.derived(theta, known)
    tau = (observation.points.coordinate - float(known["epoch_from_reference"] + theta["epoch_offset"][0])) / derived["t_e"][0]
    exact = theta["baseline_1"] + derived["source_flux_1"] * (magnification(np.hypot(tau, theta["u0"][0])) - 1)
    single = on_points(model, {name: value[0] for name, value in theta.items()}, pattern, len(observation))
    assert np.max(np.abs(single - exact) / padded_value(observation, pattern)[: len(exact)]) < 2e-5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ogle_2008_blg_092(shared):
    """Poleski et al. 2014, ApJ 795, 42; MulensModel's least squares of this file: u0 0.523 +- 0.026, tE 17.94 +- 0.55 d."""
    summary = small_inference("microlensing", shared / OB08092)
    assert summary["parameters"]["u0"]["median"] == pytest.approx(0.523, abs=0.02)
    assert summary["derived"]["t_e"]["median"] == pytest.approx(17.94, abs=0.4)
    assert summary["derived"]["t0"]["median"] == pytest.approx(2455379.571, abs=0.05)
    assert summary["parameters"]["noise_scale_1"]["median"] == pytest.approx(np.sqrt(427.2 / 378), abs=0.03)
    assert summary["importance"]["efficiency"] > 0.3
    assert any("Microlensing event detected" in reason for reason in summary["reasons"])
