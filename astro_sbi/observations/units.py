"""Unit strings from strangers, checked before astropy parses them."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import ObservationError

# A unit such as 10**(99999999) m keeps astropy's parser busy for minutes with the interpreter locked.
_CHARACTERS = re.compile(r"[A-Za-z0-9 .*/()^+\-%µμÅ_]{1,64}")
_LONG_NUMBER = re.compile(r"\d{3,}")
_TOWER = re.compile(r"\)\s*(\*\*|\^|[0-9+\-(])|(\*\*|\^)[^A-Za-z/ ]*(\*\*|\^)|\d[eE][+\-]?\d.*\d[eE][+\-]?\d")
_SPELLINGS = {
    "days": "d",
    "day": "d",
    "hours": "h",
    "seconds": "s",
    "sec": "s",
    "minutes": "min",
    "e-/s": "electron / s",
    "e/s": "electron / s",
    "counts": "ct",
    "counts/s": "ct / s",
    "angstroms": "Angstrom",
    "angstrom": "Angstrom",
    "a": "Angstrom",
    "microns": "um",
    "ppm": "1e-6",
    "relative": "",
    "normalized": "",
    "none": "",
    "unitless": "",
    "dimensionless": "",
}


def unit_of(text: str) -> u.UnitBase:
    """The unit a file names.

    Raises:
        ObservationError: if it is no unit, or might hang the parser.
    """
    text = text.strip()
    text = _SPELLINGS.get(text.lower(), text) if text != "A" else "Angstrom"
    if not text:
        return u.dimensionless_unscaled
    sentence = f"'{text[:40]}' is not understood as a unit; write it as in 'electron / s' or '1e-17 erg / (s cm2 Angstrom)'"
    if not _CHARACTERS.fullmatch(text) or _LONG_NUMBER.search(text) or _TOWER.search(text):
        raise ObservationError(sentence)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return u.Unit(text)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise ObservationError(sentence) from None


def converted(values: np.ndarray, unit: u.UnitBase, target: u.UnitBase, what: str, equivalencies: Any = ()) -> np.ndarray:
    """Numbers in another unit.

    Raises:
        ObservationError: if the two measure different things.
    """
    try:
        return np.asarray((values * unit).to_value(target, equivalencies=list(equivalencies)), dtype=np.float64)
    except (u.UnitConversionError, u.UnitTypeError, TypeError):
        raise ObservationError(f"the {what} is in {unit}, which does not convert to {target}; check the unit of its column") from None
