"""Pulsating stars against Fourier series summed term by term in double precision, and a real RR Lyrae star."""

from pathlib import Path

import jax
import numpy as np
import pytest

from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, known_values, pattern_of
from astro_sbi.simulators.pulsation import extremes, ratio_and_phase, series
from tests.budgets import small_inference

PERIOD, EPOCH, REFERENCE, ZERO = 0.55, 59000.2, 59000.0, 17.0
SHAPE = {2: (0.27, -0.32), 3: (-0.14, -0.24), 4: (-0.08, 0.05)}
BANDS = {"magnitude": (17.25, 17.05, 17.0), "amplitude": (0.35, 0.25, 0.2)}


def theta(period: float = PERIOD, epoch: float = EPOCH) -> dict[str, np.float32]:
    values = {"period_offset": period - PERIOD, "epoch_offset": epoch - EPOCH, "jitter": 0.01}
    values |= {f"{word}_{order}": pair[index] for order, pair in SHAPE.items() for index, word in enumerate(("cos", "sin"))}
    values |= {f"{name}_{number}": value for name, three in BANDS.items() for number, value in enumerate(three, 1)}
    return {name: np.float32(value) for name, value in values.items()}


def flux(time: np.ndarray, channel: np.ndarray, period: float, epoch: float) -> np.ndarray:
    """Flux at absolute times, each harmonic as a cosine of its own amplitude and phase."""
    angle = 2 * np.pi * (time - epoch) / period
    total = np.cos(angle)
    for order, (a, b) in SHAPE.items():
        total += np.hypot(a, b) * np.cos(order * angle - np.arctan2(b, a))
    magnitude = np.take(BANDS["magnitude"], channel) - np.take(BANDS["amplitude"], channel) * total
    return 10 ** (-0.4 * (magnitude - ZERO))


@pytest.fixture(scope="module")
def star():
    made = simulator("rr_lyrae")
    points = made.default_points()
    return made, points, pattern_of(made, points), jax.jit(made.predict)


@pytest.fixture(scope="module")
def sharp(star):
    """The pattern with exposures of no length."""
    pattern = star[2]
    return pattern._replace(known={**pattern.known, "exposure_time": np.float32(0)})


@pytest.mark.parametrize(("change", "late"), [(0.0, 0.0), (1.7e-4, 0.0), (-3e-5, 0.11), (2e-4, -0.2)])
def test_fluxes_agree_with_a_double_precision_series_at_absolute_times(star, sharp, change, late):
    """Over 1,900 cycles; 0.1 per cent is a tenth of the noise of good photometry at the steepest rise."""
    _, points, _, predict = star
    found = np.asarray(predict(theta(PERIOD + change, EPOCH + late), sharp))[: len(points)]
    exact_change, exact_late = (np.float64(np.float32(value)) for value in (PERIOD + change - PERIOD, EPOCH + late - EPOCH))
    expected = flux(points.coordinate + REFERENCE, points.channel, PERIOD + exact_change, EPOCH + exact_late)
    assert np.ptp(expected) > 0.5
    assert np.abs(found / expected - 1).max() < 1e-5


def test_fluxes_are_averaged_over_exposure_and_bin(star):
    """A long exposure, 0.04 d, and a 32nd of the period, against 1,600 fluxes on a grid; without smearing they are 2 per cent off."""
    _, points, pattern, predict = star
    exposure, width = 0.04, PERIOD / 32
    long = pattern._replace(known={**pattern.known, "exposure_time": np.float32(exposure), "bin_width": np.float32(width)})
    middles = (np.arange(40) + 0.5) / 40 - 0.5
    shifts = np.add.outer(exposure * middles, width * middles).ravel()
    exact = np.mean([flux(points.coordinate + REFERENCE + shift, points.channel, PERIOD, EPOCH) for shift in shifts], axis=0)
    assert np.abs(np.asarray(predict(theta(), long))[: len(points)] / exact - 1).max() < 2e-4
    assert np.abs(flux(points.coordinate + REFERENCE, points.channel, PERIOD, EPOCH) / exact - 1).max() > 1e-2


@pytest.mark.slow
def test_jitter_is_a_share_of_the_flux(star):
    made, points, pattern, predict = star
    noise = made.noise(theta(), pattern)[: len(points)]
    share = 0.01 * 0.4 * np.log(10) * predict(theta(), pattern)[: len(points)]
    assert noise == pytest.approx(np.hypot(points.noise.sigma, share), rel=1e-5)


def test_options_and_channels_choose_the_parameters():
    plain = simulator("rr_lyrae")
    assert len(plain.prior.free) == 2 + 6 + 3 * 2 + 1
    one = configured(plain, ("",), {"harmonics": "1"})
    assert one.prior.free == ("period_offset", "epoch_offset", "magnitude_1", "amplitude_1", "jitter")
    assert [parameter.name for parameter in one.derived_parameters] == ["period", "time_of_maximum", "full_amplitude_1"]
    many = configured(plain, ("u", "Gaia G'"), {"harmonics": "2", "jitter": "each band"})
    assert many.prior.free[-2:] == ("jitter_1", "jitter_2")
    symbols = {parameter.name: (parameter.latex, parameter.html) for parameter in many.parameters}
    assert symbols["magnitude_2"] == (r"m_\mathrm{GaiaG}", "<i>m</i><sub>GaiaG</sub>")
    assert symbols["jitter_1"][0] == r"\sigma_{\mathrm{jit},\mathrm{u}}"
    assert [known.name for known in many.known][-2:] == ["level_1", "level_2"]


def test_each_band_may_have_its_own_jitter(star):
    _, points, pattern, predict = star
    own = configured(simulator("rr_lyrae"), ("g", "r", "i"), {"jitter": "each band"})
    draws = theta() | {f"jitter_{number}": np.float32(value) for number, value in enumerate((0.1, 0.0, 0.02), 1)}
    del draws["jitter"]
    noise = np.asarray(own.noise(draws, pattern))[: len(points)]
    share = np.take((0.1, 0.0, 0.02), points.channel) * 0.4 * np.log(10) * predict(theta(), pattern)[: len(points)]
    assert noise == pytest.approx(np.hypot(points.noise.sigma, share), rel=1e-5)


def test_derived_quantities_of_a_star_summed_by_hand(star):
    made, points, *_ = star
    one = {name: np.array([value], np.float64) for name, value in theta(PERIOD + 1e-5, EPOCH + 0.01).items()}
    derived = made.derived(one, known_values(made, points))
    assert derived["period"] == pytest.approx([PERIOD + 1e-5], abs=1e-9)
    time = EPOCH + 0.01 + np.linspace(-0.5, 0.5, 400_001) * (PERIOD + 1e-5)
    curve = -2.5 * np.log10(flux(time, np.zeros(len(time), int), PERIOD + 1e-5, EPOCH + 0.01))
    assert derived["full_amplitude_1"] == pytest.approx([np.ptp(curve)], rel=1e-4)
    assert derived["full_amplitude_3"] == pytest.approx([np.ptp(curve) * 0.2 / 0.35], rel=1e-4)
    assert derived["time_of_maximum"] == pytest.approx([time[np.argmin(curve)]], abs=1e-4)


def test_fourier_ratios_and_phases_are_those_of_a_sine_series_of_magnitudes():
    """A curve made as ``sum A_k sin(k x + phi_k)`` gives back ``A_k / A_1`` and ``phi_k - k phi_1`` (Simon & Lee 1981)."""
    amplitudes, phases, size = (0.4, 0.18, 0.1), (0.7, 3.9, 5.5), 600
    x = 2 * np.pi * np.arange(size) / size
    magnitude = sum(a * np.sin((k + 1) * x + p) for k, (a, p) in enumerate(zip(amplitudes, phases, strict=True)))
    # Where the first harmonic is brightest: sin(x + phi_1) = -1.
    start = 1.5 * np.pi - phases[0]
    for order in (2, 3):
        wave = order * (x - start)
        a, b = (-2 * np.mean(magnitude * part) / amplitudes[0] for part in (np.cos(wave), np.sin(wave)))
        ratio, phase = ratio_and_phase(np.array([a]), np.array([b]), order)
        assert ratio == pytest.approx([amplitudes[order - 1] / amplitudes[0]])
        assert phase == pytest.approx([np.mod(phases[order - 1] - order * phases[0], 2 * np.pi)])


def test_a_sinusoid_has_its_extremes_half_a_cycle_apart():
    height, place = extremes(np.tile([[1.0, 0.0]], (3, 1, 1)))
    assert height == pytest.approx([2.0] * 3)
    assert place == pytest.approx([0.0] * 3, abs=1e-12)
    assert series(np.array([0.0, 0.25, 0.5]), [(1.0, 0.0)]) == pytest.approx([1.0, 0.0, -1.0], abs=1e-12)


def test_a_constant_star_is_the_null_model(star):
    made, points, pattern, predict = star
    level = np.take(BANDS["magnitude"], points.channel)
    assert predict(made.null(theta()), pattern)[: len(points)] == pytest.approx(10 ** (-0.4 * (level - ZERO)), rel=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_rr_lyrae_star_of_stripe_82(shared: Path):
    """Sesar et al. 2010: period 0.614318 d, type ab; it is modulated, so that no periodic light curve fits to the quoted errors."""
    summary = small_inference("rr_lyrae", shared / "observations/rrlyrae/1013184.csv")
    assert summary["derived"]["period"]["median"] == pytest.approx(0.61432, abs=1e-5)
    # Type ab: a steep rise, 2 < phi21 < 3 and 4.5 < phi31 < 6 in every visual band.
    assert 2.0 < summary["derived"]["phi21"]["median"] < 3.0
    assert 4.5 < summary["derived"]["phi31"]["median"] < 6.0
    assert summary["importance"]["efficiency"] > 0.15
    assert summary["verdict"] != "good"
    assert any(reason.startswith("Pulsation detected") for reason in summary["reasons"])
