"""Spectra of galaxies: the five templates of Blanton & Roweis 2007, in the file that the package kcorrect ships."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.observation import ObservationError

_FILE = "data/templates/kcorrect-default-v4.fits"
#: Where the light of a template is counted, about the middle of V [A, rest frame].
_V_BAND = (5000.0, 6000.0)
#: Ionising light is absorbed within its galaxy [A].
LYMAN_LIMIT = 911.8


@dataclass(frozen=True, eq=False)
class Templates:
    """Spectra at rest, each with mean flux density 1e-18 erg/s/cm2/A between 5000 and 6000 A, without ionising light.

    Args:
        wavelength: evenly spaced in the logarithm [A, vacuum].
        flux: flux density [1e-18 erg/s/cm2/A].
        mass: stars ever formed for this light at 10 pc [solar masses].
        remaining: part of that mass that still shines or is a stellar remnant.
        young: part of the stars that formed in the last 300 million years.
    """

    wavelength: Float64[np.ndarray, " p"]
    flux: Float64[np.ndarray, "5 p"]
    mass: Float64[np.ndarray, " 5"]
    remaining: Float64[np.ndarray, " 5"]
    young: Float64[np.ndarray, " 5"]

    @property
    def step(self) -> float:
        """Spacing of the logarithm of wavelength."""
        return float(np.log(self.wavelength[-1] / self.wavelength[0]) / (len(self.wavelength) - 1))


@cache
def templates() -> Templates:
    """The templates, read once; kcorrect itself is not imported, which would take seconds.

    References:
        Blanton & Roweis 2007, AJ 133, 734, section 3: Bruzual & Charlot 2003 stars with Chabrier's mass function and MAPPINGS-III gas,
        fitted to galaxies at low redshift; flux densities at 10 pc for one solar mass of stars formed.

    Raises:
        ObservationError: if kcorrect is not installed or its file is another.
    """
    from astropy.io import fits

    path = _path()
    try:
        with fits.open(path) as file:
            spectra = file["FLUX"].data[0]
            wavelength, flux = (np.array(spectra[name], np.float64) for name in ("wave", "flux"))
            per_template = {name: np.array(file[name].data, np.float64) for name in ("MREMAIN", "M300", "INTSFH")}
    except (OSError, KeyError, IndexError, TypeError) as error:
        raise ObservationError("the galaxy templates of kcorrect cannot be read: install it anew (pip install kcorrect)") from error
    if flux.shape != (5, len(wavelength)) or np.ptp(np.diff(np.log(wavelength))) > 1e-5:
        raise ObservationError(
            "the galaxy templates of kcorrect are not the five that are expected: install kcorrect 5.1 (pip install kcorrect)"
        )
    light = flux[:, (wavelength > _V_BAND[0]) & (wavelength < _V_BAND[1])].mean(axis=1)
    formed = per_template["INTSFH"]
    return Templates(
        wavelength,
        np.where(wavelength < LYMAN_LIMIT, 0.0, flux) / light[:, None],
        1e-18 * formed / light,
        per_template["MREMAIN"] / formed,
        per_template["M300"] / formed,
    )


def _path() -> Path:
    found = find_spec("kcorrect")
    path = None if found is None or not found.submodule_search_locations else Path(found.submodule_search_locations[0]) / _FILE
    if path is None or not path.is_file():
        raise ObservationError("galaxy templates come with the package kcorrect, which is not installed here: pip install kcorrect")
    return path
