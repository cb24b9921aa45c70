"""Unit strings from strangers, checked before astropy parses them."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import ObservationError

# A unit such as 10**(99999999) m keeps astropy's parser busy for minutes with the interpreter locked: exponents have two digits at most,
# and nothing is raised to a power twice. A plain number in front, such as 3631 Jy, is none.
_CHARACTERS = re.compile(r"[A-Za-z0-9 .*/()^+\-%_]{1,64}")
_SCALE = re.compile(r"\A\d{1,6}\.?\d{0,8}(?:[eE][+\-]?\d{1,2})?(?=[ *A-Za-z(]|$)(?!\s*\*\*)")
_LONG_NUMBER = re.compile(r"\d{3,}")
_TOWER = re.compile(r"\)\s*(\*\*|\^|[0-9+\-(])|(\*\*|\^)[^A-Za-z/ ]*(\*\*|\^)|\d[eE][+\-]?\d.*\d[eE][+\-]?\d")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]|(?:rm|mathrm)\{([^{}]*)\}")
_POWER = re.compile(r"\^?\{([+\-]?\d{1,2})\}")
_CARET = re.compile(r"\^([+\-]?\d{1,2})\^")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"
_LETTERS = str.maketrans(
    {
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "Å": "A",
        "\N{ANGSTROM SIGN}": "A",
        "·": " ",
        "⋅": " ",
        "×": "*",
        "−": "-",
        "–": "-",
    }
)
# The e of 1e-17 is no word.
_WORD = re.compile(r"(?:(?<![\d.])|(?<=[\d.])(?![eE][+\-]?\d))[A-Za-z_]+(?:-(?=/))?")
#: What people write for units; words in lower case, then those whose letters matter.
_WORDS = {
    "ergs": "erg", "angstroms": "Angstrom", "angstrom": "Angstrom", "ang": "Angstrom", "angs": "Angstrom", "aa": "Angstrom",
    "microns": "um", "micron": "um", "mu": "um", "nanometers": "nm", "nanometer": "nm", "micrometer": "um", "micrometers": "um",
    "secs": "s", "sec": "s", "seconds": "s", "second": "s", "minutes": "min", "mins": "min", "hr": "h", "hrs": "h", "hours": "h",
    "days": "d", "day": "d", "years": "yr", "year": "yr", "counts": "ct", "count": "ct", "electrons": "electron", "photons": "photon",
    "phot": "photon", "watt": "W", "watts": "W", "hertz": "Hz", "hz": "Hz", "jansky": "Jy", "janskys": "Jy", "janskies": "Jy", "jy": "Jy",
    "ujy": "uJy", "microjy": "uJy", "microjansky": "uJy", "njy": "nJy", "nanojansky": "nJy", "kev": "keV", "ev": "eV", "ghz": "GHz",
    "sqcm": "cm2", "dn": "DN", "adus": "adu", "ppm": "1e-6", "ppt": "1e-3", "percent": "%", "nanomaggies": "nmgy", "nanomaggy": "nmgy",
    "nanomaggys": "nmgy", "nmaggy": "nmgy", "maggies": "mgy", "maggy": "mgy", "flam": "erg / (Angstrom s cm2)", "e": "electron",
    "fnu": "erg / (Hz s cm2)", "stflam": "erg / (Angstrom s cm2)", "km_s": "km / s", "m_s": "m / s", "kms": "km / s", "e-": "electron",
    "millimag": "mmag", "mags": "mag", "magnitude": "mag", "magnitudes": "mag",
}  # fmt: skip
_EXACT_WORDS = {
    "ADU": "adu",
    "A": "Angstrom",
    "mjy": "mJy",
    "mJY": "mJy",
    "Mjy": "MJy",
    "S": "s",
    "CM": "cm",
    "ERG": "erg",
    "NM": "nm",
    "UM": "um",
}
_WHOLE = {
    "m/s/": "m/s", "ms-1": "m/s", "ms^-1": "m/s", "ms**-1": "m/s", "kms-1": "km/s", "kms^-1": "km/s", "kms**-1": "km/s", "kps": "km/s",
    "relative": "", "relative flux": "", "normalized": "", "normalised": "", "arbitrary units": "", "relative units": "",
    "none": "", "unitless": "", "dimensionless": "", "-": "",
    "arbitrary": "", "arb": "", "arb.": "", "a.u.": "", "n/a": "", "normalized flux": "", "1": "", "e-": "electron",
    "1.0e-17 erg/cm/s/ang": "1e-17 erg / (Angstrom s cm2)",
}  # fmt: skip


def _spelled(text: str) -> str:
    """A unit in astropy's spelling, as far as rewriting words and powers goes."""
    power = re.sub(
        rf"[{_SUPERSCRIPTS}]+", lambda found: "^" + "".join("0123456789-+"[_SUPERSCRIPTS.index(sign)] for sign in found[0]), text
    )
    plain = power.translate(_LETTERS)
    plain = _BRACKETS.sub(lambda found: f" {found[1] or found[2] or ''} ", re.sub(r"[$\\]", "", plain))
    plain = _CARET.sub(r"**\1", _POWER.sub(r"**\1", plain)).strip()
    plain = _WHOLE.get(plain.lower(), plain)
    return _WORD.sub(lambda found: _EXACT_WORDS.get(found[0], _WORDS.get(found[0].lower(), found[0])), plain)


def unit_of(text: str) -> u.UnitBase:
    """The unit a file names.

    Raises:
        ObservationError: if it is no unit, or might hang the parser.
    """
    sentence = f"'{text.strip()[:40]}' is not understood as a unit; write it as in 'electron / s' or '1e-17 erg / (s cm2 Angstrom)'"
    if len(text) > 100:
        raise ObservationError(sentence)
    spelled = _spelled(text.strip())
    if not spelled:
        return u.dimensionless_unscaled
    powers = _SCALE.sub("", spelled, count=1)
    if not _CHARACTERS.fullmatch(spelled) or _LONG_NUMBER.search(powers) or _TOWER.search(spelled):
        raise ObservationError(sentence)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return u.Unit(spelled)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise ObservationError(sentence) from None


def converted(values: np.ndarray, unit: u.UnitBase, target: u.UnitBase, what: str, equivalencies: Any = ()) -> np.ndarray:
    """Numbers in another unit.

    Raises:
        ObservationError: if the two measure different things.
    """
    try:
        with np.errstate(all="ignore"):
            return np.asarray((values * unit).to_value(target, equivalencies=list(equivalencies)), dtype=np.float64)
    except (u.UnitConversionError, u.UnitTypeError, TypeError):
        raise ObservationError(f"the {what} is in {unit}, which does not convert to {target}; check the unit of its column") from None
