"""Wavelengths at rest."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.steps.step import Prepared

FRAMES = ("observed", "rest")


def redshift_of(prepared: Prepared) -> float:
    """The redshift that a step before settled, or the file's.

    Raises:
        ObservationError: if there is neither.
    """
    settled, known = prepared.resolved.get("redshift"), prepared.observation.points.known.get("redshift")
    if isinstance(settled, int | float):
        return float(settled)
    if known is not None:
        return float(known.value)
    raise ObservationError("wavelengths at rest need a redshift, and the file has none; give it (prepare.redshift), or use observed ones")


def wavelength_in(prepared: Prepared, frame: str) -> Float64[np.ndarray, " n"]:
    """Wavelengths of a spectrum as observed or at rest [Angstrom]."""
    observed = prepared.observation.points.coordinate
    return observed if frame == "observed" else observed / (1 + redshift_of(prepared))
