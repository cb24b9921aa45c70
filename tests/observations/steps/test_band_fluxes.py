"""Photometry in microjansky: units, errors, channels and the brightness that a model starts from."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.band_fluxes import BandFluxes
from astro_sbi.observations.steps.cut import Cut


def photometry(unit: str, value=(2.0, 4.0, 8.0), sigma=(0.1, 0.2, 0.4)) -> Observation:
    size = len(value)
    points = Points(
        np.array([4000.0, 6000.0, 8000.0])[:size], np.arange(size, dtype=np.int32), np.ones(size, bool), Noise(np.array(sigma, float))
    )
    axes = Axis("wavelength", "Angstrom"), Axis("flux density", unit)
    return Observation("photometry", "1", points, np.array(value, float), *axes, ("g", "r", "i"), Origin("made.csv", "0", "made"))


@pytest.mark.parametrize(("unit", "factor"), [("uJy", 1.0), ("nJy", 1e-3), ("Jy", 1e6), ("erg / (Hz s cm2)", 1e29), ("nmgy", 3.631)])
def test_fluxes_become_microjansky(unit, factor):
    done = prepare(photometry(unit), Preparation((BandFluxes(flux_error=0.0),))).observation
    assert done.value_axis.unit == "uJy"
    assert done.value == pytest.approx(factor * np.array([2.0, 4.0, 8.0]), rel=1e-6)
    assert done.points.noise.sigma == pytest.approx(factor * np.array([0.1, 0.2, 0.4]), rel=1e-6)


def test_the_models_error_is_added_and_the_mean_weighted():
    prepared = prepare(photometry("uJy"), Preparation((BandFluxes(),)))
    points = prepared.observation.points
    sigma = np.sqrt(np.array([0.1, 0.2, 0.4]) ** 2 + (0.05 * np.array([2.0, 4.0, 8.0])) ** 2)
    assert points.noise.sigma == pytest.approx(sigma)
    share = sigma**-2 / np.sum(sigma**-2)
    assert points.known["weight"].value == pytest.approx(share)
    magnitude = 23.9 - 2.5 * np.log10(share @ np.array([2.0, 4.0, 8.0]))
    assert points.known["magnitude_guess"].to_value("mag") == pytest.approx(magnitude)
    assert prepared.resolved["magnitude_guess"] == pytest.approx(magnitude)
    assert "0.05 of each flux added to its error" in prepared.stages[0].sentence


def test_what_is_not_detected_is_as_bright_as_twice_its_error():
    done = prepare(photometry("uJy", (-0.1, 0.05, 0.0), (0.1, 0.1, 0.1)), Preparation((BandFluxes(flux_error=0.0),))).observation
    assert done.points.known["magnitude_guess"].value == pytest.approx(23.9 - 2.5 * np.log10(0.2 / np.sqrt(3)))


def test_a_band_that_is_cut_takes_its_channel_with_it():
    done = prepare(photometry("uJy"), Preparation((Cut(leave_out="5000-7000"), BandFluxes()))).observation
    assert done.channels == ("g", "i")
    assert done.points.channel.tolist() == [0, 1]


def test_fluxes_without_a_scale_are_refused():
    for unit, sentence in (("", "say which AB magnitude a flux of 1 has"), ("erg / (Angstrom s cm2)", "does not convert to microjansky")):
        with pytest.raises(ObservationError, match=sentence):
            prepare(photometry(unit), Preparation((BandFluxes(),)))
    with pytest.raises(ObservationError, match=r"prepare\.flux_error is a number between 0 and 1"):
        Preparation((BandFluxes(),)).with_changes({"flux_error": "-1"})
    assert replace(BandFluxes(), flux_error=0.02).flux_error == 0.02
