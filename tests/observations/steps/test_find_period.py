"""Periods of variable stars: found, given, folded."""

import csv

import numpy as np
import pytest
from astropy.timeseries import LombScargle, LombScargleMultiband

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import phased_preparation, prepare, variable_star_preparation
from astro_sbi.observations.reading import read
from astro_sbi.observations.steps.find_period import phases
from astro_sbi.observations.steps.period_search import bands_of, periodogram
from tests.observations.tables import observed

pytestmark = pytest.mark.slow

PERIOD = 0.61432


def nightly_times(seed: int, size: int, length: float = 200.0) -> np.ndarray:
    """One site: points within a third of a day."""
    rng = np.random.default_rng(seed)
    return np.sort(np.floor(rng.uniform(0, length, size)) + rng.normal(0.3, 0.08, size)) + 5000.0


def sinusoids(seed: int = 1, size: int = 240, noise: float = 0.05, amplitude: float = 0.3, double: float = 0.0):
    rng, time = np.random.default_rng(seed), nightly_times(seed, size)
    band = rng.integers(0, 3, size)
    phase = 2 * np.pi * time / PERIOD
    value = 2.0 + band + amplitude * (1 - 0.2 * band) * np.sin(phase + 0.2 * band) + double * np.sin(2 * phase)
    channels = {name: band == index for index, name in enumerate("gri")}
    return observed("light_curve", time, value + noise * rng.normal(size=size), noise, channels, exposure_time=0.001)


@pytest.mark.parametrize("seed", range(4))
def test_period_of_three_bands(seed):
    found = prepare(sinusoids(seed), variable_star_preparation()).resolved
    assert found["period"] == pytest.approx(PERIOD, abs=5 * found["period_error"])
    assert 1e-6 < found["period_error"] < 1e-4
    assert found["period_power"] > 0.9
    assert found["period_source"] == "Lomb-Scargle"


def test_errors_of_the_period_are_those_of_many_light_curves():
    pulls = []
    for seed in range(40):
        found = prepare(sinusoids(seed, size=100, noise=0.1), variable_star_preparation().with_changes({"min_period": "0.5"})).resolved
        pulls.append((found["period"] - PERIOD) / found["period_error"])
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1, abs=0.35)


def test_periodogram_is_astropys():
    observation = sinusoids(size=90)
    points, bands = observation.points, bands_of(observation, 1)
    frequency, power = periodogram(bands, (0.3, 2.0), lambda *_: None)
    names = np.array(observation.channels)[points.channel]
    peer = LombScargleMultiband(points.coordinate, observation.value, names, points.noise.sigma, nterms_base=0, nterms_band=1)
    some = slice(None, None, 7)
    np.testing.assert_allclose(power[some], peer.power(frequency[some], method="flexible"), atol=2e-4)


def test_periodogram_of_one_band_is_astropys():
    observation = sinusoids(size=90)
    time = observation.points.coordinate
    one = observed("light_curve", time, observation.value, 0.1)
    frequency, power = periodogram(bands_of(one, 1), (0.3, 2.0), lambda *_: None)
    np.testing.assert_allclose(power, LombScargle(time, one.value, 0.1).power(frequency, method="cython"), atol=1e-5)


def test_aliases_are_told():
    prepared = prepare(sinusoids(), variable_star_preparation())
    found, sentence = prepared.resolved, prepared.stages[-1].sentence
    resolution = PERIOD**2 / 200
    assert found["period, half"] == pytest.approx(PERIOD / 2, abs=resolution)
    assert found["period, double"] == pytest.approx(2 * PERIOD, abs=4 * resolution)
    assert found["period, one more cycle a day"] == pytest.approx(1 / (1 / PERIOD + 1), abs=resolution)
    assert found["period, one cycle a day less"] == pytest.approx(1 / (1 / PERIOD - 1), abs=10 * resolution)
    assert "false-alarm probability" in sentence
    assert "one more cycle a day 0.38" in sentence


def test_likeness_of_an_alias_is_a_doubt():
    rng, time = np.random.default_rng(3), np.arange(40) + 5000.3
    time = time + rng.normal(0, 0.004, 40)
    value = 1 + 0.3 * np.sin(2 * np.pi * time / PERIOD) + 0.03 * rng.normal(size=40)
    preparation = variable_star_preparation().with_changes({"min_period": "0.3"})
    assert "Nearly as good is" in prepare(observed("light_curve", time, value, 0.03), preparation).stages[-1].sentence


def test_two_like_waves_in_a_cycle_need_harmonics():
    observation = sinusoids(amplitude=0.1, double=0.4)
    one, three = (prepare(observation, variable_star_preparation().with_changes({"harmonics": n})).resolved["period"] for n in ("1", "3"))
    assert one == pytest.approx(PERIOD / 2, rel=1e-3)
    assert three == pytest.approx(PERIOD, rel=1e-3)


def test_periodogram_keeps_its_peak():
    period, power = prepare(sinusoids(), variable_star_preparation()).periodogram
    assert len(period) <= 4000
    assert (np.diff(period) > 0).all()
    assert period[np.argmax(power)] == pytest.approx(PERIOD, rel=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_period(seed):
    with pytest.raises(ObservationError, match=r"no period stands out.*prepare\.period"):
        prepare(sinusoids(seed, amplitude=0.0), variable_star_preparation())


def test_given_period_and_epoch_are_kept():
    preparation = variable_star_preparation().with_changes({"period": "0.7", "epoch": "2462050.25"})
    prepared = prepare(sinusoids(), preparation)
    assert (prepared.resolved["period"], prepared.resolved["epoch"]) == (0.7, 2462050.25)
    assert prepared.periodogram is None
    assert prepared.observation.points.known["period_guess"].to_value("d") == 0.7


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"min_period": "150"}, "too short to search"), ({"min_period": "2", "max_period": "1"}, "too short"), ({}, "too few")],
)
def test_impossible_searches_are_sentences(changes, sentence):
    observation = sinusoids(size=240 if changes else 6)
    with pytest.raises(ObservationError, match=sentence):
        prepare(observation, variable_star_preparation().with_changes(changes))


def test_too_many_trials_is_a_sentence():
    time = np.sort(np.random.default_rng(1).uniform(0, 9000, 400))
    with pytest.raises(ObservationError, match=r"raise prepare\.min_period"):
        prepare(observed("light_curve", time, np.sin(time), 0.1), variable_star_preparation().with_changes({"min_period": "0.002"}))


def test_fold_in_phase():
    prepared = prepare(sinusoids(), phased_preparation().with_changes({"phase_bins": "20"}))
    points = prepared.observation.points
    assert (np.abs(points.coordinate) <= 0.5).all()
    assert points.known["count"].sum() == points.known["cadence_count"] == 240
    assert points.known["period"].to_value("d") == prepared.resolved["period"]
    assert points.known["bin_width"].to_value("d") == pytest.approx(prepared.resolved["period"] / 20)
    assert points.known["exposure_time"] == 0.001
    brightest = points.coordinate[points.channel == 0][np.argmax(prepared.observation.value[points.channel == 0])]
    assert abs(brightest) < 0.15


def test_phases():
    np.testing.assert_allclose(phases(np.array([10.0, 11.0, 12.4, 7.6, 11.5]), 2.0, 10.0), [0, -0.5, 0.2, -0.2, -0.25], atol=1e-12)


def test_real_pulsator(shared):
    folder = shared / "observations" / "rrlyrae"
    rows = list(csv.DictReader((folder / "1013184.csv").open()))
    magnitude, error = (np.array([float(row[name]) for row in rows]) for name in ("mag", "magerr"))
    time, flux = np.array([float(row["time"]) for row in rows]), 10 ** (-0.4 * (magnitude - 17))
    bands = {band: np.array([row["band"] == band for row in rows]) for band in "ugriz"}
    observation = observed("light_curve", time, flux, 0.921 * flux * error, bands)
    published = next(float(row["Per"]) for row in csv.DictReader((folder / "periods.csv").open()) if row["Num"] == "1013184")
    for harmonics in ("1", "3"):
        preparation = variable_star_preparation().with_changes({"min_period": "0.2", "max_period": "1.5", "harmonics": harmonics})
        assert prepare(observation, preparation).resolved["period"] == pytest.approx(published, abs=1e-5)


def test_real_rotating_star(shared):
    file = shared / "observations" / "stellar_rotation" / "kplr010002792-2010174085026_llc.fits"
    prepared = prepare(read(file.name, file.read_bytes()), variable_star_preparation())
    assert prepared.resolved["period"] == pytest.approx(1.165, abs=2e-3)
    assert prepared.observation.points.known["exposure_time"].to_value("d") == pytest.approx(0.0204, rel=0.1)
