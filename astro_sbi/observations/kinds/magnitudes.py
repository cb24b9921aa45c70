"""Magnitudes as fluxes, whose errors are closer to Gaussian; limits are kept."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from astro_sbi.observations.containers.table import Table

#: Spellings of a unit that says magnitudes.
UNITS = ("mag", "mags", "magnitude", "magnitudes", "abmag", "mag(ab)", "vegamag", "mag(vega)", "mag(st)", "stmag", "mmag", "ab")
#: ``2.5 / ln 10``, Pogson's scale.
_POGSON = 1.0857362047581294
#: How many standard deviations above nothing a limiting magnitude lies, where the file does not say.
LIMIT_SIGMA = 5.0
#: Magnitudes beyond these stand for nothing.
_FAINTEST, _BRIGHTEST = 60.0, -40.0
_LARGEST_ERROR = 9.0


def fluxes(magnitude: Float64[np.ndarray, " n"], zero_magnitude: float) -> Float64[np.ndarray, " n"]:
    """``10^(-0.4 (m - m0))``: 1 at the zero magnitude; NaN where a magnitude stands for nothing (99, -99, 9.99e99)."""
    sound = (magnitude > _BRIGHTEST) & (magnitude < _FAINTEST)
    return np.where(sound, 10.0 ** (-0.4 * (np.where(sound, magnitude, zero_magnitude) - zero_magnitude)), np.nan)


def flux_errors(flux: Float64[np.ndarray, " n"], error: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    r"""Half the distance between the fluxes one error above and below: :math:`F \sinh(\sigma_m / 1.0857)`.

    For small errors that is the usual ``F sigma_m / 1.0857``; for large ones, whose fluxes reach further up than down, it is their mean.
    """
    sound = (error > 0) & (error < _LARGEST_ERROR)
    return np.where(sound, np.abs(flux) * np.sinh(np.where(sound, error, 1.0) / _POGSON), np.where(error <= 0, error, np.nan))


def with_limits(
    flux: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"] | None, limit: Float64[np.ndarray, " n"], zero_magnitude: float
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"] | None, Bool[np.ndarray, " n"]]:
    """Where nothing was seen but a limiting magnitude is known: no flux, with a fifth of the limit as its error.

    Returns:
        Fluxes, errors, and where limits were used.
    """
    faintest = fluxes(limit, zero_magnitude)
    used = ~np.isfinite(flux) & np.isfinite(faintest)
    if sigma is None or not used.any():
        return flux, sigma, np.zeros(len(flux), bool)
    return np.where(used, 0.0, flux), np.where(used, faintest / LIMIT_SIGMA, sigma), used


def measured_and_limits(table: Table, index: int) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Magnitudes, NaN where a cell is a limit such as ``>17.3`` or ``<13.5``, and the limits, NaN elsewhere."""
    if table.values[index].dtype.kind != "U":
        values = table.numbers(index)
        return values, np.full(len(values), np.nan)
    cells = table.text(index)
    marked = np.array([cell.startswith((">", "<")) for cell in cells])
    bare = np.array([cell.lstrip("<>= ") for cell in cells])
    values = Table((table.columns[index],), (bare,)).numbers(0)
    return np.where(marked, np.nan, values), np.where(marked, values, np.nan)


def zero_magnitude_of(magnitude: Float64[np.ndarray, " n"]) -> float:
    """The whole magnitude nearest to the median: fluxes become numbers of order one."""
    sound = magnitude[(magnitude > _BRIGHTEST) & (magnitude < _FAINTEST)]
    return float(np.round(np.median(sound))) if len(sound) else 0.0


def are_magnitudes(value: Float64[np.ndarray, " n"], error: Float64[np.ndarray, " n"] | None) -> bool:
    """Whether numbers without a name are magnitudes: all between 10 and 30, with errors (if any) below 1."""
    finite = value[np.isfinite(value) & (np.abs(value) < 90)]
    if not len(finite) or finite.min() < 10 or finite.max() > 30 or np.ptp(finite) > 12:
        return False
    return error is None or not np.isfinite(error).any() or bool(np.nanmedian(error) < 1)
