"""Images whose rows are a spectrum, its errors, its mask and so on: of IRAF, SDSS, LAMOST, 2dF, 6dF and GAMA."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from astro_sbi.observations.containers.table import Fact

#: Words of labels such as BANDID2, ARRAY2 and ROW2, in the order in which they are tried.
_LABELS = (
    ("ivar", re.compile(r"inverse ?var|ivar|invvar")),
    ("variance", re.compile(r"\bvar")),
    ("error", re.compile(r"sigma|error|noise|stdev|\berr")),
    ("wavelength", re.compile(r"wave|lambda")),
    ("mask", re.compile(r"and ?mask|^mask|badpix|bad pixel")),
)
_FEWEST_RISING, _SHORTEST, _LONGEST = 16, 900.0, 100_000.0


@dataclass(frozen=True, eq=False)
class Rows2D:
    """What the rows of an image are.

    Args:
        roles: row of each role: error, variance, ivar, wavelength, mask.
        spectra: how many of the rows are spectra, from the first on.
        guesses: sentences on what was guessed.
    """

    roles: Mapping[str, int]
    spectra: int = 1
    guesses: tuple[str, ...] = ()


def labelled(rows: np.ndarray, facts: Mapping[str, Fact]) -> Rows2D:
    """What the rows of an image [rows, n] are: told by labels, by the survey, or by what the numbers look like.

    LAMOST's rows are flux, inverse variance, wavelength, and-mask and or-mask (LAMOST data release, description of FITS files), those of
    the 6dF survey flux, variance, sky and wavelength.
    """
    if len(rows) == 1:
        return Rows2D({})
    labels = _labels(facts, len(rows))
    if any(labels):
        found = {role: _labelled_row(labels, words) for role, words in _LABELS}
        return Rows2D({role: row for role, row in found.items() if row is not None})
    rising = next((row for row in range(1, len(rows)) if _is_wavelength(rows[row])), None)
    if len(rows) == 5 and rising == 2:
        return Rows2D({"ivar": 1, "wavelength": 2, "mask": 3})
    if len(rows) == 4 and rising == 3:
        return Rows2D({"variance": 1, "wavelength": 3})
    if len(rows) == 2 and rising is None and _are_errors(rows[1], rows[0]):
        return Rows2D({"error": 1}, 1, ("the second row was taken as the errors of the first",))
    return Rows2D({} if rising is None else {"wavelength": rising}, len(rows) if rising is None else 1)


def _labels(facts: Mapping[str, Fact], count: int) -> list[str]:
    keys = ("bandid", "array", "row")
    return [next((str(facts[f"{key}{row + 1}"]).lower() for key in keys if f"{key}{row + 1}" in facts), "") for row in range(count)]


def _labelled_row(labels: list[str], words: re.Pattern[str]) -> int | None:
    """The first row behind the spectrum whose label has some words; IRAF's own spectra name their weights too."""
    return next(
        (row for row, label in enumerate(labels) if row and words.search(label) and not label.startswith(("spectrum", "raw"))), None
    )


def _is_wavelength(row: np.ndarray) -> bool:
    rising = len(row) >= _FEWEST_RISING and bool(np.isfinite(row).all()) and bool((np.diff(row) > 0).all())
    return rising and row[0] > _SHORTEST and row[-1] < _LONGEST


def _are_errors(second: np.ndarray, first: np.ndarray) -> bool:
    """Whether a row may hold errors of another: no negative number, mostly smaller."""
    finite = second[np.isfinite(second)]
    return bool(len(finite)) and finite.min() >= 0 and np.nanmedian(second) < np.nanmedian(np.abs(first))
