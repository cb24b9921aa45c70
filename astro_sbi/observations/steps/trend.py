"""Slow trends of a light curve: robust local lines under a moving kernel."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

_BINS = 40
_TUKEY = 5.0


def _kernel(power: int) -> np.ndarray:
    """Tricube kernel over the window times offset to a power, offsets in half windows (Cleveland 1979)."""
    offset = np.arange(-_BINS // 2, _BINS // 2 + 1) / (_BINS / 2)
    return (1 - np.abs(offset) ** 3) ** 3 * offset**power


def _folded(values: np.ndarray, power: int) -> np.ndarray:
    return np.convolve(values, _kernel(power)[::-1], mode="same")


def _local_lines(position: np.ndarray, flux: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    """Value at each grid point of the line fitted around it; NaN where nothing is near.

    Args:
        position: time in units of grid steps.
        flux: values.
        weight: of each value.
        size: number of grid points.
    """
    index = np.minimum(np.rint(position).astype(int), size - 1)
    inside = (position - index) / (_BINS / 2)

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(index, values, size)

    w, wd, wdd = summed(weight), summed(weight * inside), summed(weight * inside**2)
    y, yd = summed(weight * flux), summed(weight * flux * inside)
    s0, s1 = _folded(w, 0), _folded(w, 1) + _folded(wd, 0)
    s2 = _folded(w, 2) + 2 * _folded(wd, 1) + _folded(wdd, 0) + 1e-3 * s0
    t0, t1 = _folded(y, 0), _folded(y, 1) + _folded(yd, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(s0 > 1e-9, (s2 * t0 - s1 * t1) / (s0 * s2 - s1**2), np.nan)


def robust_sigma(residual: np.ndarray) -> float:
    """1.4826 times the median absolute deviation."""
    return float(1.4826 * np.median(np.abs(residual - np.median(residual)))) if len(residual) else float("nan")


def trend(
    time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], window: float, protected: Bool[np.ndarray, " n"] | None = None
) -> Float64[np.ndarray, " n"]:
    """Slow trend of a light curve at its own times.

    Local lines with a tricube kernel and Tukey's biweight, so that dips and flares shorter than the window count little;
    protected points (in transit) do not count at all and are bridged.

    Args:
        time: sorted [d].
        flux: values, positive median.
        window: full width of the kernel [d].
        protected: points to leave out.
    """
    free = np.ones(len(time), bool) if protected is None else ~protected
    if free.sum() < 5:
        return np.full(len(time), np.median(flux))
    step = max(window / _BINS, (time[-1] - time[0]) / 200_000)
    position = (time - time[0]) / step
    size = int(np.rint(position[-1])) + 1
    grid = np.arange(size)
    weight = free.astype(float)
    for _ in range(5):
        lines = _local_lines(position, flux, weight, size)
        known = np.isfinite(lines)
        if not known.any():
            return np.full(len(time), np.median(flux[free]))
        value = np.interp(position, grid[known], lines[known])
        residual = flux - value
        sigma = robust_sigma(residual[free])
        if not sigma > 0:
            break
        weight = free * np.clip(1 - (residual / (_TUKEY * sigma)) ** 2, 0, None) ** 2
    return value
