"""Filters of photometric surveys: those that speclite ships, and the user's own files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.opening import container_of
from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators.registry import FILTERS as FOLDER

#: Surveys that a plain ``u``, ``g``, ``r``, ``i``, ``z`` or ``y`` may mean.
SURVEYS = ("sdss2010", "decam2014", "panstarrs", "hsc2017", "lsst2023", "cfht_megacam")
_SUFFIXES = (".txt", ".dat", ".csv", ".ecsv")
_LARGEST_FILE = 5_000_000
_WORDS = {
    "sdss": "sdss2010", "ps1": "panstarrs", "ps": "panstarrs", "panstarrs": "panstarrs", "des": "decam2014", "decam": "decam2014",
    "ls": "decam2014", "decals": "decam2014", "hsc": "hsc2017", "lsst": "lsst2023", "rubin": "lsst2023", "cfht": "cfht_megacam",
    "cfhtls": "cfht_megacam", "megacam": "cfht_megacam", "bessell": "bessell", "johnson": "bessell", "cousins": "bessell",
    "2mass": "twomass", "tmass": "twomass", "twomass": "twomass", "galex": "galex", "wise": "wise2010", "allwise": "wise2010",
    "unwise": "wise2010", "gaia": "gaiadr3", "euclid": "Euclid", "bass": "BASS", "mzls": "MzLS", "suprime": "suprime", "subaru": "suprime",
}  # fmt: skip
#: Bands of one survey only, upper and lower case alike, and Johnson's, which upper case sets apart.
_BANDS = {
    "j": "twomass-J", "h": "twomass-H", "k": "twomass-Ks", "ks": "twomass-Ks", "w1": "wise2010-W1", "w2": "wise2010-W2",
    "w3": "wise2010-W3", "w4": "wise2010-W4", "fuv": "galex-fuv", "nuv": "galex-nuv", "vis": "Euclid-VIS", "b": "bessell-B",
    "v": "bessell-V",
}  # fmt: skip
_JOHNSON = ("U", "R", "I")


@dataclass(frozen=True, eq=False)
class FilterCurve:
    """How much of the light of each wavelength counts: photons detected, up to a factor.

    Args:
        name: as speclite or the user's file calls it.
        wavelength: increasing [A].
        response: not negative.
        own: whether it is the user's.
    """

    name: str
    wavelength: Float64[np.ndarray, " k"]
    response: Float64[np.ndarray, " k"]
    own: bool = False

    @property
    def middle(self) -> float:
        """Mean wavelength weighted by the response [A]."""
        weight = np.trapezoid(self.response, self.wavelength)
        return float(np.trapezoid(self.response * self.wavelength, self.wavelength) / weight)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FilterCurve) and self.checksum == other.checksum

    def __hash__(self) -> int:
        return hash(self.checksum)

    @property
    def checksum(self) -> str:
        """sha256 of its name and numbers."""
        return hashlib.sha256(self.name.encode() + self.wavelength.tobytes() + self.response.tobytes()).hexdigest()


def filter_curves(bands: Sequence[str], survey: str = SURVEYS[0]) -> tuple[FilterCurve, ...]:
    """The filter of each band: a file of the user's own where its name is the band's, else one that speclite ships.

    The user's files lie in the folder that the environment variable ``ASTRO_SBI_FILTERS`` names, one each, called after the band
    (``F606W.txt``; upper and lower case alike; .txt, .dat, .csv or .ecsv): wavelength in Angstrom and response to photons in the first
    two columns. An ECSV file may have another unit of wavelength.

    Args:
        bands: names as in a catalogue, such as ``g``, ``des_r``, ``Ks``, ``W1`` or ``sdss2010-u``.
        survey: whose u, g, r, i, z and y are meant where a name does not say.

    Raises:
        ObservationError: if there is no such filter, or the user's file holds none.
    """
    own = _own_files()
    return tuple(_own(own[_plain(band)]) if _plain(band) in own else _shipped(band, survey) for band in bands)


def told(bands: Sequence[str], filters: Sequence[FilterCurve]) -> str:
    """A sentence on which filter each band was taken for."""
    pairs = (
        (printable(band, 20), printable(curve.name, 30), " (your own)" * curve.own) for band, curve in zip(bands, filters, strict=True)
    )
    return f"Bands and their filters: {', '.join(f'{band} is {name}{own}' for band, name, own in pairs)}."


def version_with(filters: Sequence[FilterCurve], version: int) -> int:
    """Version of a simulator with these filters: another file of the user's under the same name is another simulator."""
    own = "".join(curve.checksum for curve in filters if curve.own)
    return int(hashlib.sha256(own.encode()).hexdigest()[:12], 16) if own else version


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _own_files() -> dict[str, Path]:
    folder = os.environ.get(FOLDER, "")
    if not folder:
        return {}
    if not Path(folder).is_dir():
        raise ObservationError(f"{FOLDER} names a folder of filter files that does not exist; mend or unset it")
    return {_plain(path.stem): path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in _SUFFIXES}


def _own(path: Path) -> FilterCurve:
    """A filter of two columns.

    Raises:
        ObservationError: if it holds none.
    """
    about = f"the filter file {path.name[:60]}"
    if path.stat().st_size > _LARGEST_FILE:
        raise ObservationError(f"{about} is too large; a filter needs two columns, wavelength in Angstrom and response")
    try:
        table = container_of(path.name, path.read_bytes()).tables[0]
        wavelength, response = table.numbers(0), table.numbers(1)
        unit = table.columns[0].unit
        wavelength = wavelength if unit is None else (wavelength * u.Unit(unit)).to_value(u.AA)
    except (ArithmeticError, LookupError, TypeError, ValueError, u.UnitConversionError) as error:
        raise ObservationError(f"{about} cannot be read as two columns, wavelength in Angstrom and response: {str(error)[:150]}") from error
    good = np.isfinite(wavelength) & np.isfinite(response)
    order = np.argsort(wavelength[good], kind="stable")
    wavelength, response = wavelength[good][order], np.maximum(response[good][order], 0.0)
    wrong = _wrong(wavelength, response)
    if wrong:
        raise ObservationError(f"{about} {wrong}")
    return FilterCurve(path.stem, wavelength, response, own=True)


def _wrong(wavelength: np.ndarray, response: np.ndarray) -> str:
    if len(wavelength) < 3 or (np.diff(wavelength) <= 0).any():
        return "needs three or more rows with different wavelengths"
    if wavelength[0] < 100 or wavelength[-1] > 1e8:
        return f"has wavelengths from {wavelength[0]:.4g} to {wavelength[-1]:.4g}; they must be in Angstrom, from 100 to 1e8"
    if not np.trapezoid(response, wavelength) > 0:
        return "lets no light through; the second column must be the response"
    return ""


def _shipped(band: str, survey: str) -> FilterCurve:
    from speclite import filters

    groups = {_plain(group): group for group in filters.filter_group_names}
    for name in _candidates(band, survey, groups):
        try:
            found = filters.load_filter(name)
        except ValueError:
            continue
        return FilterCurve(name, np.array(found.wavelength, np.float64), np.array(found.response, np.float64))
    raise ObservationError(
        f"the filter of the band '{band[:30]}' is not known; known are {', '.join(sorted(groups.values()))} with their letters (as in "
        f"{survey}-g), B, V, J, H, Ks, W1 to W4, FUV and NUV. For any other, put a file {_file_name(band)}.txt with wavelength [Angstrom] "
        f"and response into a folder, and name the folder in the environment variable {FOLDER}"
    )


def _file_name(band: str) -> str:
    return re.sub(r"[^A-Za-z0-9_+-]", "", band)[:30] or "BAND"


def _candidates(band: str, survey: str, groups: dict[str, str]) -> list[str]:
    """Names in speclite that a band may have, the likeliest first."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", band[:60]) if part]
    if not parts:
        return []
    letter = parts[-1]
    words = "".join(parts[:-1]).lower()
    if words:
        group = groups.get(words, _WORDS.get(words))
        return (
            [] if group is None else [f"{group}-{form}" for form in dict.fromkeys((letter, letter.lower(), letter.upper(), _title(letter)))]
        )
    if letter in _JOHNSON:
        return [f"bessell-{letter}"]
    known = _BANDS.get(letter.lower())
    return [known] if known else [f"{survey}-{letter.lower()}", f"{survey}-{letter.upper()}"]


def _title(letter: str) -> str:
    return "Ks" if letter.lower() in ("k", "ks") else letter.title()
