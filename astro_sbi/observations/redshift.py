"""A first guess of a galaxy's redshift: given, from the file's header, or from its emission lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import constants
from astropy import units as u
from jaxtyping import Float64
from scipy import ndimage

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps import Prepared, Report, Step, finished, setting, with_known

_C = constants.c.to_value("km/s")
_PIXEL = 69.0
_WIDTH = 150.0
# Vacuum wavelengths [Angstrom] and relative strengths of lines that shine together; atomic physics fixes the [O III] and [N II] ratios.
_GROUPS = (
    ((4960.295, 5008.240), (0.336, 1.0)),
    ((4862.683,), (1.0,)),
    ((6564.614,), (1.0,)),
    ((6549.86, 6585.27), (0.328, 1.0)),
    ((6718.294, 6732.674), (1.0, 0.8)),
    ((3727.092, 3729.875), (1.0, 1.2)),
)
_CONVINCING = 60.0


def line_search(
    wavelength: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"]
) -> tuple[float, float, int]:
    """The redshift at which the strong nebular lines explain most, by a matched filter.

    The gain of a group of lines is its filtered signal-to-noise squared where it is positive, and the sum over groups is maximised.

    Returns:
        Redshift, gain in chi-square, and number of groups above three sigma.
    """
    grid = np.arange(np.log(wavelength[0]), np.log(wavelength[-1]), _PIXEL / _C)
    y, w = _resampled(grid, wavelength, flux, sigma)
    kernel = np.exp(-0.5 * (np.arange(-8, 9) * _PIXEL / _WIDTH) ** 2)
    numerator, denominator = np.convolve(y * w, kernel, "same"), np.convolve(w, kernel**2, "same")
    step = _PIXEL / _C
    rest = np.log([line for lines, _ in _GROUPS for line in lines])
    shifts = np.arange(max(-0.003, grid[0] - rest.max()), grid[-1] - np.log(4862.683), step)
    if not len(shifts):
        return 0.0, 0.0, 0
    gain, groups = np.zeros(len(shifts)), np.zeros(len(shifts), int)
    for lines, strengths in _GROUPS:
        top, bottom = np.zeros(len(shifts)), np.zeros(len(shifts))
        for line, strength in zip(lines, strengths, strict=True):
            index = np.rint((np.log(line) + shifts - grid[0]) / step).astype(int)
            inside = (index >= 0) & (index < len(grid))
            index = np.clip(index, 0, len(grid) - 1)
            top += strength * numerator[index] * inside
            bottom += strength**2 * denominator[index] * inside
        ratio = np.where(bottom > 0, np.clip(top, 0, None) / np.sqrt(np.maximum(bottom, 1e-30)), 0)
        gain, groups = gain + ratio**2, groups + (ratio > 3)
    best = int(np.argmax(gain))
    return float(np.expm1(shifts[best] + step * _vertex(gain, best))), float(gain[best]), int(groups[best])


def _resampled(grid: np.ndarray, wavelength: np.ndarray, flux: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flux less a running median, and its inverse variance, on a grid of log wavelength."""
    size = max(31, 2 * round(8000 / (_C * float(np.median(np.diff(np.log(wavelength))))) // 2) + 1)
    residual = flux - ndimage.median_filter(flux, size=min(size, 401), mode="nearest")
    floor = 1.4826 * ndimage.median_filter(np.abs(residual), size=min(size, 401), mode="nearest")
    error = np.maximum(sigma, floor)
    nearest = np.clip(np.searchsorted(np.log(wavelength), grid), 0, len(wavelength) - 1)
    covered = np.abs(np.log(wavelength)[nearest] - grid) < 2 * _PIXEL / _C + np.median(np.diff(np.log(wavelength)))
    return np.interp(grid, np.log(wavelength), residual), covered * np.interp(grid, np.log(wavelength), error) ** -2.0


def _vertex(values: np.ndarray, index: int) -> float:
    """Offset of the vertex of the parabola through a peak and its neighbours, in steps."""
    if not 0 < index < len(values) - 1:
        return 0.0
    left, peak, right = values[index - 1 : index + 2]
    curvature = left - 2 * peak + right
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0


@dataclass(frozen=True)
class Redshift(Step):
    """Settle the redshift about which the lines are looked for."""

    kind: ClassVar[Kind] = "spectrum"
    title: ClassVar[str] = "Redshift"

    redshift: float | None = setting(None, "guessed redshift; the file's, or that of a line search, if not given", low=-0.01, high=20.0)
    line_search: str = setting("auto", "search for lines: when nothing else tells, or always", choices=("auto", "always"))

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Add ``redshift_guess``, and say where it comes from."""
        observation = prepared.observation
        value, source = self._settled(observation)
        resolved = {"redshift": value, "redshift_source": source}
        after = with_known(observation, {"redshift_guess": value * u.dimensionless_unscaled})
        return finished(prepared, after, (self.title, f"redshift {value:.5f} ({source})"), {}, resolved)

    def _settled(self, observation: Observation) -> tuple[float, str]:
        header = observation.points.known.get("redshift")
        if self.redshift is not None:
            return self.redshift, "given"
        if header is not None and self.line_search == "auto":
            return float(header.value), "from the file"
        if len(observation) < 50:
            raise ObservationError(f"it has {len(observation)} points, too few to find lines in; give the redshift (prepare.redshift)")
        value, gain, groups = line_search(observation.points.coordinate, observation.value, observation.points.noise.sigma)
        if gain < _CONVINCING or groups < 2:
            raise ObservationError("no emission lines were found that would tell its redshift; give it (prepare.redshift)")
        return value, "line search"
