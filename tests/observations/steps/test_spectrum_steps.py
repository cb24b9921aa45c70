"""Trimming, masking, continuum and signal-to-noise of spectra."""

import json

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare, to_json, whole_spectrum_preparation
from astro_sbi.observations.steps.continuum import Continuum
from astro_sbi.observations.steps.mask import Mask
from astro_sbi.observations.steps.signal_to_noise import SignalToNoise, der_noise
from astro_sbi.observations.steps.trim import Trim
from tests.observations import made
from tests.observations.tables import observed

WAVELENGTH = np.arange(3900.0, 9000.0, 1.5)


def spectrum(seed: int = 1, noise: float = 0.3, z: float = 0.1, **known):
    rng = np.random.default_rng(seed)
    slope = 0.4 * ((WAVELENGTH - 6000) / 3000) + 0.1 * np.sin(WAVELENGTH / 700)
    value = made.galaxy(WAVELENGTH, z) * (1 + slope) + noise * rng.normal(size=len(WAVELENGTH))
    return observed("spectrum", WAVELENGTH, value, noise, **known), 10 * (1 + slope)


def prepared(observation, *steps, **changes: str):
    return prepare(observation, Preparation(steps).with_changes(changes))


@pytest.mark.parametrize(
    ("changes", "low", "high"),
    [
        ({"trim_low": "5000", "trim_high": "6000"}, 5000, 6000),
        ({"trim_low": "8000"}, 8000, 9000),
        ({"trim_high": "4000", "trim_frame": "rest"}, 0, 4400),
    ],
)
def test_trim(changes, low, high):
    done = prepared(spectrum(redshift=0.1)[0], Trim(), **changes)
    inside = (low <= WAVELENGTH) & (high >= WAVELENGTH)
    np.testing.assert_array_equal(done.observation.points.coordinate, WAVELENGTH[inside])
    assert done.stages[0].dropped == {"outside the range": (~inside).sum()}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"trim_low": "100", "trim_high": "200"}, r"nothing of its 3900 to 8998 Angstrom \(observed\).*prepare\.trim_low"),
        ({"trim_low": "300", "trim_high": "200"}, r"prepare\.trim_low \(300\) must be below"),
        ({"trim_low": "5000", "trim_frame": "rest"}, r"need a redshift.*prepare\.redshift"),
    ],
)
def test_trims_that_make_no_sense(changes, sentence):
    with pytest.raises(ObservationError, match=sentence):
        prepared(spectrum()[0], Trim(), **changes)


def test_mask():
    changes = {"mask": "4990-5020, 6550-6600", "mask_frame": "rest", "atmosphere": "both"}
    done = prepared(spectrum(redshift=0.1)[0], Mask(), **changes)
    left, rest = done.observation.points.coordinate, WAVELENGTH / 1.1
    for low, high in ((5570, 5585), (7594, 7700), (6867, 6944), (5889, 5898)):
        assert not ((left >= low) & (left <= high)).any()
    asked = (rest >= 4990) & (rest <= 5020) | (rest >= 6550) & (rest <= 6600)
    assert done.stages[0].dropped["in a masked range"] == asked.sum()
    assert sum(done.stages[0].dropped.values()) == len(WAVELENGTH) - len(left)
    assert done.resolved["mask"] == "4990-5020, 6550-6600"


def test_masking_everything_is_a_sentence():
    with pytest.raises(ObservationError, match=r"prepare\.mask"):
        prepared(spectrum()[0], Mask(), mask="1-10000")


def test_ranges_are_checked_when_they_are_given():
    with pytest.raises(ObservationError, match=r"prepare\.mask is a list of ranges such as 5570-5585, 6295-6305, not '5570'"):
        whole_spectrum_preparation().with_changes({"mask": "5570"})


@pytest.mark.parametrize("fit", ["running median", "spline"])
def test_continuum_is_found_beneath_lines(fit):
    observation, truth = spectrum()
    done = prepared(observation, Continuum(), continuum="divide", continuum_fit=fit)
    after = done.observation
    np.testing.assert_allclose(observation.value / after.value, truth, rtol=0.05)
    lines = np.abs(WAVELENGTH[:, None] / 1.1 / np.array(list(made.LINES)) - 1).min(axis=1) > 0.003
    assert np.mean(after.value[lines]) == pytest.approx(1, abs=3e-3)
    np.testing.assert_allclose(after.points.noise.sigma, 0.3 * after.value / observation.value)
    assert after.value_axis.label == "flux over continuum"
    less = prepared(observation, Continuum(), continuum="subtract", continuum_fit=fit).observation
    np.testing.assert_allclose(less.value, observation.value - observation.value / after.value, atol=1e-9)
    np.testing.assert_allclose(less.points.noise.sigma, 0.3)
    assert less.value_axis.unit == observation.value_axis.unit


def test_continuum_across_a_gap():
    whole, truth = spectrum()
    done = prepared(whole, Trim(), Mask(), Continuum(), mask="5200-6100", continuum="divide", continuum_fit="spline")
    kept = np.isin(WAVELENGTH, done.observation.points.coordinate)
    np.testing.assert_allclose(whole.value[kept] / done.observation.value, truth[kept], rtol=0.08)


def test_continuum_below_zero_is_not_divided_by():
    observation = observed("spectrum", WAVELENGTH, WAVELENGTH - 5000, 1.0)
    with pytest.raises(ObservationError, match=r"not above zero at 39\d\d Angstrom; subtract it"):
        prepared(observation, Continuum(), continuum="divide")
    assert len(prepared(observation, Continuum(), continuum="subtract").observation) == len(observation)


def test_der_noise_is_that_of_the_definition():
    flux = np.random.default_rng(1).normal(size=300)
    by_hand = [abs(2 * flux[i] - flux[i - 2] - flux[i + 2]) for i in range(2, 298)]
    assert der_noise(flux) == pytest.approx(0.6052697 * np.median(by_hand), rel=1e-5)
    assert der_noise(flux + 3 * np.arange(300)) == pytest.approx(der_noise(flux))


@pytest.mark.parametrize("scale", [1.0, 3.0, 0.2])
def test_signal_to_noise(scale):
    observation = spectrum()[0]
    quoted = observed("spectrum", WAVELENGTH, observation.value, 0.3 / scale)
    done = prepared(quoted, SignalToNoise())
    assert done.resolved["signal_to_noise"] == pytest.approx(np.median(observation.value) / 0.3, rel=0.05)
    assert done.resolved["signal_to_noise_quoted"] == pytest.approx(scale * np.median(observation.value) / 0.3)
    sentence = done.stages[0].sentence
    assert ("too small" in sentence, "too large" in sentence) == (scale > 2, scale < 0.5)
    assert done.observation.content_hash == quoted.content_hash


def test_whole_spectrum():
    changes = {"mask": "5570-5588", "continuum": "subtract", "pixel_width": "4", "trim_low": "4000", "trim_frame": "rest"}
    preparation = whole_spectrum_preparation().with_changes(changes)
    done = prepare(spectrum()[0], preparation)
    assert [stage.name for stage in done.stages] == ["Signal-to-noise", "Redshift", "Trim", "Mask", "Continuum", "Rebin"]
    assert done.resolved["redshift"] == pytest.approx(0.1, abs=3e-4)
    assert json.loads(json.dumps(to_json(preparation)))["steps"][3]["mask"] == "5570-5588"
    assert [setting.text for setting in preparation.settings if setting.name == "mask"] == [True]


def test_nothing_asked_for_keeps_every_point():
    observation = spectrum(redshift=0.1)[0]
    done = prepare(observation, whole_spectrum_preparation())
    assert len(done.observation) == len(observation)
    np.testing.assert_array_equal(done.observation.value, observation.value)
