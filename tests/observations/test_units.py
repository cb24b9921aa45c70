"""Units as people, the CDS, FITS and astropy write them, and those that might hang the parser."""

import contextlib

import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.units import converted, unit_of

DENSITY = u.erg / (u.s * u.cm**2 * u.AA)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("erg/s/cm^2/A", DENSITY),
        ("ergs/cm2/s/Angstrom", DENSITY),
        ("erg s-1 cm-2 Angstrom-1", DENSITY),
        ("ergs s^-1 cm^-2 A^-1", DENSITY),
        ("erg s⁻¹ cm⁻² Å⁻¹", DENSITY),
        (r"erg\,s^{-1}\,cm^{-2}\,\AA^{-1}".replace(r"\,", " "), DENSITY),
        ("erg cm**(-2) s**(-1) angstrom**(-1)", DENSITY),
        ("[erg/s/cm2/A]", DENSITY),
        ("Flam", DENSITY),
        ("10**(-16)erg.cm**(-2).s**(-1).angstrom**(-1)", 1e-16 * DENSITY),
        ("10^-17 erg s-1 cm-2 AA-1", 1e-17 * DENSITY),
        ("10**-17 erg/(s cm2 Angstrom)", 1e-17 * DENSITY),
        ("10**(-20)*erg/s/cm**2/Angstrom", 1e-20 * DENSITY),
        ("1E-17 erg/cm^2/s/Ang", 1e-17 * DENSITY),
        ("10-17erg/s/cm2/Angstrom", 1e-17 * DENSITY),
        ("1e-17erg/s/cm2/A", 1e-17 * DENSITY),
        ("1.0E-17 erg/cm/s/Ang", 1e-17 * DENSITY),
        ("W m-2 um-1", u.W / u.m**2 / u.um),
        ("W/m^2/micron", u.W / u.m**2 / u.um),
        ("10^-17^W/m^2^", 1e-17 * u.W / u.m**2),
        ("erg/s/cm2/Hz", u.erg / u.s / u.cm**2 / u.Hz),
        ("photons/s/cm2/A", u.ph / (u.s * u.cm**2 * u.AA)),
        ("mJy", u.mJy),
        ("MJy", u.MJy),
        ("µJy", u.uJy),
        ("uJy", u.uJy),
        ("3631 Jy", 3631 * u.Jy),
        ("0.001 Jy", 0.001 * u.Jy),
        ("nanomaggies", u.Unit("nmgy")),
        ("e-/s", u.electron / u.s),
        ("electrons", u.electron),
        ("counts/s", u.ct / u.s),
        ("ADU", u.adu),
        ("A", u.AA),
        ("ANGSTROM", u.AA),
        ("Angstroms", u.AA),
        ("microns", u.um),
        ("days", u.d),
        ("hr", u.h),
        ("km/sec", u.km / u.s),
        ("km s^-1", u.km / u.s),
        ("ms^-1", u.m / u.s),
        ("ppm", 1e-6 * u.one),
        ("%", u.percent),
        ("", u.one),
        ("normalized", u.one),
        ("MJy/sr", u.MJy / u.sr),
        ("keV", u.keV),
    ],
)
def test_spellings(text, unit):
    assert (1 * unit_of(text)).to_value(unit) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "10**(99999999) m",
        "((10**99)**99)**99",
        "1000**99 m",
        "99999 **99 m",
        "10**999 m",
        "10**30**30 m",
        "(10**99 m)99",
        "1e99 1e99 m",
        "m**1e9",
        "5**99999",
        "fortnights",
        "BJD",
        "m" * 200,
        "<b>m</b>",
        "m; import os",
        "10^{99999999} m",
        "10^99999^ m",
        "10⁹⁹⁹⁹⁹⁹⁹⁹ m",
    ],
)
def test_what_is_no_unit_or_might_hang_is_refused(text):
    with pytest.raises(ObservationError, match="not understood as a unit; write it"):
        unit_of(text)


@pytest.mark.slow
@settings(max_examples=200, deadline=1000)
@given(st.text(st.sampled_from("0123456789*^()+-./ eEmsJyAÅ{}[]⁻¹²"), max_size=40))
def test_any_text_is_a_unit_or_refused(text):
    with contextlib.suppress(ObservationError):
        assert unit_of(text) is not None


@pytest.mark.parametrize("unit", [DENSITY, 1e-17 * DENSITY, u.electron / u.s, u.Unit("nmgy"), u.uJy, u.m / u.s, u.adu, u.one, u.ct / u.s])
def test_astropy_s_own_spelling_is_read_back(unit):
    assert unit_of(u.Unit(unit).to_string()) == u.Unit(unit)


def test_units_that_do_not_convert_are_refused():
    with pytest.raises(ObservationError, match="the time is in m, which does not convert to d"):
        converted([1.0], u.m, u.d, "time")
