"""Spectra on a grid of log wavelength, where a redshift is a shift, with their continuum taken out."""

from __future__ import annotations

import numpy as np
from astropy import constants
from jaxtyping import Float64
from scipy import ndimage

LIGHT = constants.c.to_value("km/s")
_FILTER = 8000.0


def log_grid(wavelength: Float64[np.ndarray, " n"], pixel: float) -> Float64[np.ndarray, " k"]:
    """Natural logs of wavelengths over a spectrum's range in steps of a velocity [km/s]."""
    return np.arange(np.log(wavelength[0]), np.log(wavelength[-1]), pixel / LIGHT)


def resampled(
    grid: Float64[np.ndarray, " k"],
    wavelength: Float64[np.ndarray, " n"],
    flux: Float64[np.ndarray, " n"],
    sigma: Float64[np.ndarray, " n"],
    pixel: float,
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Flux less a running median, and its inverse variance, on a grid of log wavelength.

    The error at each point is at least the scatter of the points around it; where nothing was measured the inverse variance is 0.
    """
    size = max(31, 2 * round(_FILTER / (LIGHT * float(np.median(np.diff(np.log(wavelength))))) // 2) + 1)
    residual = flux - ndimage.median_filter(flux, size=min(size, 401), mode="nearest")
    floor = 1.4826 * ndimage.median_filter(np.abs(residual), size=min(size, 401), mode="nearest")
    error = np.maximum(sigma, floor)
    nearest = np.clip(np.searchsorted(np.log(wavelength), grid), 0, len(wavelength) - 1)
    covered = np.abs(np.log(wavelength)[nearest] - grid) < 2 * pixel / LIGHT + np.median(np.diff(np.log(wavelength)))
    return np.interp(grid, np.log(wavelength), residual), covered * np.interp(grid, np.log(wavelength), error) ** -2.0


def vertex(values: Float64[np.ndarray, " k"], index: int) -> float:
    """Offset of the vertex of the parabola through a peak and its neighbours, in steps."""
    if not 0 < index < len(values) - 1:
        return 0.0
    left, peak, right = values[index - 1 : index + 2]
    curvature = left - 2 * peak + right
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0
