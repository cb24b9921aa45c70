import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import light_curve_preparation, preparation_of, prepare, spectrum_preparation
from astro_sbi.observations.reading import read
from tests.observations import made

WAVELENGTH = 10 ** np.arange(np.log10(3850), np.log10(9100), 1e-4)


def galaxy(z: float = 0.1, noise: float = 0.5, low: float = 3850, high: float = 9100, **known: u.Quantity):
    wavelength = WAVELENGTH[(low < WAVELENGTH) & (high > WAVELENGTH)]
    flux = made.galaxy(wavelength, z) + noise * np.random.default_rng(1).normal(size=len(wavelength))
    return made.spectrum(wavelength, flux, noise, **known)


@pytest.mark.slow
def test_real_spectrum(shared):
    file = "spec-0266-51602-0107.fits"
    observation = read(file, (shared / "observations" / "galaxy_spectrum" / file).read_bytes())
    prepared = prepare(observation, spectrum_preparation())
    known, points = prepared.observation.points.known, prepared.observation.points
    assert prepared.observation.channels == ("H beta", "H alpha")
    assert prepared.resolved["redshift_source"] == "from the file"
    assert known["redshift_guess"].value == pytest.approx(0.12315, abs=1e-4)
    assert known["resolution"].shape == (len(points),)
    assert known["continuum_scale"].to_value("1e-17 erg / (Angstrom s cm2)") == pytest.approx(23, rel=0.2)
    assert 500 < known["flux_scale"].to_value("1e-17 erg / (s cm2)") < 2500
    rest = points.coordinate / (1 + known["redshift_guess"].value)
    assert ((rest > 4780) & (rest < 5080) == (points.channel == 0)).all()
    assert ((rest > 6480) & (rest < 6800) == (points.channel == 1)).all()


@pytest.mark.parametrize(
    ("file", "redshift"),
    [("spec-0266-51602-0107.fits", 0.12311), pytest.param("sdss_dr18_0358-51818-0504.fits", 0.04723, marks=pytest.mark.slow)],
)
def test_line_search_on_real_spectra(shared, file, redshift):
    observation = read(file, (shared / "observations" / "galaxy_spectrum" / file).read_bytes())
    prepared = prepare(observation, spectrum_preparation().with_changes({"line_search": "always"}))
    assert prepared.resolved["redshift_source"] == "line search"
    assert prepared.resolved["redshift"] == pytest.approx(redshift, abs=2e-4)


@pytest.mark.parametrize("z", [0.0, 0.02, 0.15, 0.31, 0.37])
def test_line_search(z):
    prepared = prepare(galaxy(z), spectrum_preparation())
    assert prepared.resolved["redshift"] == pytest.approx(z, abs=2e-4)


def test_redshift_order_of_trust():
    observation = galaxy(0.1, redshift=0.09 * u.dimensionless_unscaled)
    assert prepare(observation, spectrum_preparation()).resolved["redshift"] == 0.09
    given = prepare(observation, spectrum_preparation().with_changes({"redshift": "0.1"}))
    assert (given.resolved["redshift"], given.resolved["redshift_source"]) == (0.1, "given")


def test_no_lines_is_a_sentence():
    noise = np.random.default_rng(2).normal(size=len(WAVELENGTH))
    with pytest.raises(ObservationError, match=r"no emission lines.*prepare\.redshift"):
        prepare(made.spectrum(WAVELENGTH, 10 + noise, 1.0), spectrum_preparation())


@pytest.mark.parametrize(("low", "high", "channel"), [(3850, 6000, 0), (6500, 9100, 1)])
def test_one_window_is_enough(low, high, channel):
    prepared = prepare(galaxy(0.1, low=low, high=high), spectrum_preparation().with_changes({"redshift": "0.1"}))
    assert set(prepared.observation.points.channel) == {channel}
    assert prepared.observation.channels == ("H beta", "H alpha")
    assert "not covered" in prepared.stages[-1].sentence


def test_no_window_is_a_sentence():
    with pytest.raises(ObservationError, match=r"neither H beta nor H alpha.*prepare\.redshift"):
        prepare(galaxy(0.1), spectrum_preparation().with_changes({"redshift": "2"}))


def test_resolution_and_dust():
    assumed = prepare(galaxy(), spectrum_preparation())
    assert "2000 was assumed" in assumed.stages[-1].sentence
    assert assumed.observation.points.known["resolution"][0].to_value("km/s") == pytest.approx(63.7, abs=0.1)
    assert "ebv" not in assumed.observation.points.known
    given = prepare(galaxy(), spectrum_preparation().with_changes({"resolving_power": "4000", "ebv": "0.05"}))
    assert given.observation.points.known["resolution"][0].to_value("km/s") == pytest.approx(31.8, abs=0.1)
    assert given.observation.points.known["ebv"].to_value("mag") == 0.05


def test_scales_follow_the_data():
    prepared = prepare(galaxy(noise=0.05), spectrum_preparation())
    known = prepared.observation.points.known
    assert known["continuum_scale"].value == pytest.approx(10, rel=0.02)
    assert known["flux_scale"].value == pytest.approx(167, rel=0.1)


def test_kinds_are_not_mixed():
    with pytest.raises(ObservationError, match=r"made.csv is a spectrum; this preparation needs a light curve"):
        prepare(galaxy(), light_curve_preparation())
    time = np.arange(0, 10, 0.01)
    with pytest.raises(ObservationError, match=r"made.csv is a light curve; this preparation needs a spectrum"):
        prepare(made.light_curve(time, np.ones(1000), 1e-3), spectrum_preparation())
    assert preparation_of("spectrum") == spectrum_preparation()
