"""Redshifts by cross-correlation, with those of the files hidden."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.reading import read
from astro_sbi.observations.steps.redshift import Redshift
from astro_sbi.observations.steps.redshift_template import cross_correlated
from tests.observations import made

WAVELENGTH = 10 ** np.arange(np.log10(3850), np.log10(9100), 1e-4)
# Strong absorption of an old population, with equivalent widths [Angstrom] and broad shapes of its own.
ABSORPTION = {3934.8: 7.0, 3969.6: 7.0, 4306.0: 5.0, 4862.7: 1.5, 5175.0: 5.0, 5271.0: 2.5, 5335.0: 2.0, 5894.0: 4.0}


def old_galaxy(z: float, noise: float, seed: int = 1):
    rest = WAVELENGTH / (1 + z)
    flux = 10 * (1 - 0.45 / (1 + np.exp((rest - 3990) / 30))) * (rest / 5500) ** 0.5
    for line, width in ABSORPTION.items():
        flux *= np.exp(-width / (8 * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((rest - line) / 8) ** 2))
    return made.spectrum(WAVELENGTH, flux + noise * np.random.default_rng(seed).normal(size=len(flux)), noise)


def guessed(observation, **changes: str):
    return prepare(observation, Preparation((Redshift(),)).with_changes(changes))


def without_redshift(observation):
    known = {name: quantity for name, quantity in observation.points.known.items() if name != "redshift"}
    return replace(observation, points=replace(observation.points, known=known))


@pytest.mark.parametrize(
    ("file", "redshift"),
    [("spec-0266-51602-0107.fits", 0.12315), pytest.param("sdss_dr18_0358-51818-0504.fits", 0.047232, marks=pytest.mark.slow)],
)
def test_real_galaxies(shared, file, redshift):
    observation = without_redshift(read(file, (shared / "observations" / "galaxy_spectrum" / file).read_bytes()))
    done = guessed(observation, line_search="template")
    assert done.resolved["redshift"] == pytest.approx(redshift, abs=2e-4)
    assert done.resolved["redshift_source"] == "template"
    assert done.resolved["redshift_confidence"] > 0.5
    assert abs(done.resolved["redshift_runner_up"] - redshift) > 0.01
    assert done.observation.points.known["redshift_guess"].value == done.resolved["redshift"]
    noisier = replace(observation.points.noise, sigma=5 * observation.points.noise.sigma)
    noise = 4.9 * np.random.default_rng(1).normal(size=len(observation)) * observation.points.noise.sigma
    worse = replace(observation, value=observation.value + noise, points=replace(observation.points, noise=noisier))
    assert guessed(worse, line_search="template").resolved["redshift"] == pytest.approx(redshift, abs=5e-4)


@pytest.mark.parametrize("z", [0.03, 0.12, 0.27, 0.42])
def test_absorption_lines_alone(z):
    done = guessed(old_galaxy(z, 0.5))
    assert done.resolved["redshift"] == pytest.approx(z, abs=1.5e-3)
    assert done.resolved["redshift_source"] == "template"
    assert "cross-correlation" in done.stages[0].sentence


@pytest.mark.parametrize("z", [0.0, 0.09, 0.3])
def test_emission_lines(z):
    flux = made.galaxy(WAVELENGTH, z) + 0.5 * np.random.default_rng(3).normal(size=len(WAVELENGTH))
    assert guessed(made.spectrum(WAVELENGTH, flux, 0.5), line_search="template").resolved["redshift"] == pytest.approx(z, abs=2e-4)


@pytest.mark.slow
def test_the_sentence_says_when_it_is_a_guess():
    sources = set()
    for seed in range(12):
        try:
            done = guessed(old_galaxy(0.1, 2.5, seed))
        except ObservationError:
            continue
        sources.add(done.resolved["redshift_source"])
        unsure = done.resolved["redshift_confidence"] < 0.2
        assert unsure == ("this is a guess" in done.stages[0].sentence)
        if not unsure:
            assert done.resolved["redshift"] == pytest.approx(0.1, abs=3e-3)
    assert "guessed with a template" in sources


@pytest.mark.parametrize("seed", range(8))
def test_noise_has_no_redshift(seed):
    noise = np.random.default_rng(seed).normal(size=len(WAVELENGTH))
    with pytest.raises(ObservationError, match=r"no match with a template.*prepare\.redshift"):
        guessed(made.spectrum(WAVELENGTH, 10 + noise, 1.0))


def test_the_files_redshift_comes_first():
    observation = old_galaxy(0.1, 0.5)
    known = {"redshift": 0.2 * u.one}
    told = replace(observation, points=replace(observation.points, known=known))
    assert guessed(told).resolved["redshift"] == 0.2
    assert guessed(told, line_search="template").resolved["redshift"] == pytest.approx(0.1, abs=1.5e-3)
    with pytest.raises(ObservationError, match="no emission lines were found"):
        guessed(told, line_search="always")


def test_the_picture_is_the_correlation():
    stage = guessed(old_galaxy(0.1, 0.5)).stages[0]
    assert stage.after_axes[0].name == "redshift"
    assert stage.after[0][np.argmax(stage.after[1])] == pytest.approx(0.1, abs=2e-3)
    assert len(stage.after[0]) <= 4000


def test_too_short_a_spectrum():
    assert cross_correlated(np.linspace(3000, 3100, 60), np.ones(60), np.ones(60)) is None
