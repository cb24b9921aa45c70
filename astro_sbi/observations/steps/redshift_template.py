"""A redshift by cross-correlation with a galaxy's lines, in emission and in absorption (after Tonry & Davis 1979, AJ 84, 1511)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy import signal

from astro_sbi.observations.steps.log_wavelength import LIGHT, log_grid, resampled, vertex

_PIXEL = 69.0
# Standard deviations of the template's lines [km/s], and how many errors a pixel may count at most, so that no single line decides.
_WIDTHS = (130.0, 250.0)
_CLIP = 5.0
_APART = 3000.0
_LOWEST = -0.005
# Vacuum wavelengths [Angstrom] and relative strengths.
_EMISSION = (
    (3727.092, 0.5),
    (3729.875, 0.6),
    (3869.86, 0.15),
    (4102.892, 0.15),
    (4341.684, 0.3),
    (4862.683, 0.6),
    (4960.295, 0.4),
    (5008.240, 1.0),
    (5877.249, 0.1),
    (6302.046, 0.1),
    (6549.86, 0.25),
    (6564.614, 1.0),
    (6585.27, 0.6),
    (6718.294, 0.4),
    (6732.674, 0.35),
    (9071.1, 0.2),
    (9533.2, 0.4),
    (10833.3, 0.3),
    (12821.6, 0.2),
    (18756.1, 0.3),
)
_ABSORPTION = (
    (2344.214, 0.5),
    (2382.765, 0.6),
    (2586.650, 0.5),
    (2600.173, 0.6),
    (2796.352, 0.8),
    (2803.531, 0.7),
    (3835.40, 0.5),
    (3934.777, 1.0),
    (3969.588, 1.0),
    (4102.892, 0.4),
    (4305.61, 0.7),
    (4341.684, 0.3),
    (4862.683, 0.4),
    (5168.74, 0.4),
    (5174.13, 0.5),
    (5185.05, 0.5),
    (5271.0, 0.4),
    (5329.5, 0.2),
    (5891.583, 0.5),
    (5897.558, 0.4),
    (8500.36, 0.4),
    (8544.44, 0.7),
    (8664.52, 0.6),
)


@dataclass(frozen=True, eq=False)
class Matched:
    """The best redshift of a cross-correlation and how far it stands out.

    Args:
        redshift: at the highest peak.
        runner_up: at the next peak, at least 3000 km/s away.
        height: of the peak in sigma.
        confidence: share by which the best peak is higher than the runner-up, 0 where both are alike.
        trial: redshifts tried.
        correlation: of each, in sigma.
    """

    redshift: float
    runner_up: float
    height: float
    confidence: float
    trial: Float64[np.ndarray, " k"]
    correlation: Float64[np.ndarray, " k"]


@dataclass(frozen=True, eq=False)
class _Templates:
    """Lines in emission and in absorption without a continuum, from a log wavelength on, in steps of 69 km/s."""

    start: float
    emission: Float64[np.ndarray, " k"]
    absorption: Float64[np.ndarray, " k"]


def _templates() -> _Templates:
    step, everything = _PIXEL / LIGHT, np.log([line for line, _ in (*_EMISSION, *_ABSORPTION)])
    grid = np.arange(everything.min() - 20 * step, everything.max() + 20 * step, step)

    def shape(lines: tuple[tuple[float, float], ...], width: float) -> np.ndarray:
        return sum(
            (strength * np.exp(-0.5 * ((grid - np.log(line)) * LIGHT / width) ** 2) for line, strength in lines), np.zeros(len(grid))
        )

    return _Templates(float(grid[0]), shape(_EMISSION, _WIDTHS[0]), -shape(_ABSORPTION, _WIDTHS[1]))


def cross_correlated(
    wavelength: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"]
) -> Matched | None:
    """The redshift at which lines in emission and in absorption together explain most of a spectrum less its continuum.

    At each trial redshift the amplitudes of the two templates, neither below zero, are fitted with inverse-variance weights; the
    correlation is the square root of the gain in chi-square.

    Returns:
        None where the spectrum is too short for any redshift.
    """
    grid, step, templates = log_grid(wavelength, _PIXEL), _PIXEL / LIGHT, _templates()
    lags = np.arange(
        np.ceil((np.log1p(_LOWEST) + templates.start - grid[0]) / step),
        np.floor((grid[-1] - np.log(_EMISSION[0][0]) + templates.start - grid[0]) / step),
    ).astype(int)
    if len(lags) < 3:
        return None
    y, weight = resampled(grid, wavelength, flux, sigma, _PIXEL)
    limit = _CLIP / np.sqrt(np.where(weight > 0, weight, np.inf))
    height = np.sqrt(_gain(np.clip(y, -limit, limit), weight, templates, lags))
    shift = lags * step + grid[0] - templates.start
    best = int(np.argmax(height))
    others = np.where(np.abs(shift - shift[best]) * LIGHT > _APART, height, 0.0)
    second = int(np.argmax(others))
    confidence = 1 - others[second] / height[best] if height[best] > 0 else 0.0
    redshift = float(np.expm1(shift[best] + step * vertex(height, best)))
    return Matched(redshift, float(np.expm1(shift[second])), float(height[best]), float(confidence), np.expm1(shift), height)


def _gain(y: np.ndarray, weight: np.ndarray, templates: _Templates, lags: np.ndarray) -> np.ndarray:
    """Gain in chi-square of the two templates at each lag, in closed form with amplitudes not below zero."""
    one, two = templates.emission, templates.absorption
    b1, b2 = (_shifted(y * weight, part, lags) for part in (one, two))
    a11, a22, a12 = (_shifted(weight, part, lags) for part in (one * one, two * two, one * two))
    # Where next to nothing of a template is covered, its amplitude is held near zero.
    a11, a22 = (np.maximum(part, 1e-3 * float(np.max(part))) + 1e-300 for part in (a11, a22))
    determinant = np.maximum(a11 * a22 - a12**2, 1e-6 * a11 * a22)
    first, second = (b1 * a22 - b2 * a12) / determinant, (b2 * a11 - b1 * a12) / determinant
    together = np.where((first > 0) & (second > 0), first * b1 + second * b2, 0.0)
    return np.maximum.reduce([together, np.clip(b1, 0, None) ** 2 / a11, np.clip(b2, 0, None) ** 2 / a22])


def _shifted(values: np.ndarray, kernel: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """``sum_i values[i + lag] kernel[i]`` at each lag, 0 beyond either end."""
    whole = signal.correlate(values, kernel, mode="full", method="fft")
    index = lags + len(kernel) - 1
    return np.where((index >= 0) & (index < len(whole)), whole[np.clip(index, 0, len(whole) - 1)], 0.0)
