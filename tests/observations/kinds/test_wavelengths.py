"""Vacuum wavelengths and flux densities per Angstrom."""

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.containers.table import Column
from astro_sbi.observations.kinds.wavelengths import are_parts, assumed_unit, medium_of, per_angstrom, vacuum_angstrom, vacuum_wavelength
from astro_sbi.observations.options import ReadOptions

NOTHING = ReadOptions()


def test_air_and_vacuum():
    # Morton (2000), table 2: H-alpha and H-beta.
    np.testing.assert_allclose(vacuum_wavelength(np.array([6562.80, 4861.33])), [6564.61, 4862.69], atol=0.01)


@pytest.mark.parametrize(("values", "unit"), [([0.5, 2.5], u.um), ([380.0, 900.0], u.nm), ([3800.0, 9200.0], u.Angstrom)])
def test_units_from_the_size(values, unit):
    assert assumed_unit(np.array(values)) == unit


@pytest.mark.parametrize(
    ("values", "unit"), [([5000.0], u.AA), ([500.0], u.nm), ([0.5], u.um), ([5e-7], u.m), ([5.99584916e14], u.Hz), ([2.479683969], u.eV)]
)
def test_axes(values, unit):
    wavelength, _ = vacuum_angstrom(np.array(values), unit, "vacuum", NOTHING)
    assert wavelength[0] == pytest.approx(5000)


def test_wavelengths_that_are_none():
    wavelength, _ = vacuum_angstrom(np.array([-1.0, 0.0, np.nan, 5000.0]), u.AA, "vacuum", NOTHING)
    assert np.isnan(wavelength[:3]).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("medium", ["air", "vacuum"])
@pytest.mark.parametrize("unit", [None, u.AA, u.um, u.Hz, u.keV])
@pytest.mark.parametrize("size", [1.7e308, -1.7e308, 1e-320])
def test_numbers_near_the_ends_of_what_floats_hold_make_no_noise(size, unit, medium):
    values = np.full(4, size)
    wavelength, _ = vacuum_angstrom(values, unit, medium, NOTHING)
    assert len(per_angstrom(values, values, None, wavelength)[0]) == 4


@pytest.mark.parametrize(("grids", "parts"), [([[1, 3], [4, 6]], True), ([[1, 3], [1, 3]], False), ([[1, 3], [0, np.nan]], False)])
def test_parts_cover_different_wavelengths(grids, parts):
    assert are_parts(np.array(grids, float)) is parts


def test_guesses_are_said():
    assert len(vacuum_angstrom(np.array([5000.0]), None, None, NOTHING)[1]) == 2
    assert vacuum_angstrom(np.array([5000.0]), u.AA, "air", NOTHING)[1] == ()
    assert vacuum_angstrom(np.array([1e14]), u.Hz, None, NOTHING)[1] == ()


@pytest.mark.parametrize(
    ("name", "meaning", "facts", "medium"),
    [
        ("wave", "em.wl;obs.atmos spec:Data.SpectralAxis.Value", {}, "air"),
        ("wavelength_air", "", {}, "air"),
        ("AWAV", "", {}, "air"),
        ("wave", "", {"ctype1": "AWAV"}, "air"),
        ("wave", "", {"airorvac": "air"}, "air"),
        ("wave", "", {"vacuum": True}, "vacuum"),
        ("wave", "", {"vacuum": 0}, "air"),
        ("wave", "", {"telescop": "HST"}, "vacuum"),
        ("vacuum_wavelength", "", {}, "vacuum"),
        ("wave", "stairs", {}, None),
        ("wave", "em.wl", {}, None),
    ],
)
def test_media(name, meaning, facts, medium):
    assert medium_of(Column(name, None, meaning), facts) == medium


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1.0, "1e-17 erg / (s cm2 Angstrom)"),
        (1e-16, "W / (m2 um)"),
        (8.339102e-6, "Jy"),
        (8.339102, "uJy"),
        (8.339102e-29, "erg / (s cm2 Hz)"),
        (2.5170587e-6, "ph / (s cm2 Angstrom)"),
    ],
)
def test_flux_densities(value, unit):
    flux, sigma, target, guesses = per_angstrom(np.array([value]), np.array([0.1 * value]), u.Unit(unit), np.array([5000.0]))
    assert (target, guesses) == ("1e-17 erg / (Angstrom s cm2)", ())
    assert flux[0] == pytest.approx(1, rel=1e-5)
    assert sigma[0] == pytest.approx(0.1, rel=1e-5)


def test_flux_without_a_unit_is_guessed_from_its_size():
    value, _, _, guesses = per_angstrom(np.array([2e-17, 3e-17]), None, None, np.array([5000.0, 5001.0]))
    np.testing.assert_allclose(value, [2, 3])
    assert "no unit" in guesses[0]
    np.testing.assert_allclose(per_angstrom(np.array([2.0, 3.0]), None, None, np.array([5000.0, 5001.0]))[0], [2, 3])


def test_what_is_no_flux_density_is_left():
    value, _, unit, guesses = per_angstrom(np.array([7.0]), None, u.adu, np.array([5000.0]))
    assert (value[0], unit) == (7, "adu")
    assert "left as it is" in guesses[0]
