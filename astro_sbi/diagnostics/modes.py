"""Whether a posterior has several modes, from weighted draws."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import signal
from scipy.ndimage import gaussian_filter1d

_BINS, _LEAST, _VALLEY = 200, 0.02, 0.5


def has_several_modes(value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> bool:
    """Whether a marginal density has a valley below half of the lower peak beside it, with 2 % of the mass on either side.

    Args:
        value: draws of one parameter.
        weight: normalised.
    """
    order = np.argsort(value)
    low, high = np.interp([0.001, 0.999], np.cumsum(weight[order]), value[order])
    if not high > low:
        return False
    width = _bandwidth(value, weight)
    count, edges = np.histogram(value, _BINS, range=(low - 4 * width, high + 4 * width), weights=weight)
    smooth = gaussian_filter1d(count, width / (edges[1] - edges[0]), mode="constant")
    peaks, found = signal.find_peaks(smooth, prominence=0.0)
    mass = np.concatenate([[0.0], np.cumsum(count)])
    held = mass[found["right_bases"] + 1] - mass[found["left_bases"]]
    return int(np.sum((found["prominences"] > _VALLEY * smooth[peaks]) & (held > _LEAST * mass[-1]))) > 1


def _bandwidth(value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> float:
    """Silverman's, of the standard deviation or of what the quartiles say, whichever is less.

    References:
        Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.31.
    """
    order = np.argsort(value)
    quartiles = np.interp([0.25, 0.75], np.cumsum(weight[order]), value[order])
    spread = min(np.sqrt(weight @ (value - weight @ value) ** 2), (quartiles[1] - quartiles[0]) / 1.34)
    effective = 1 / np.sum(weight**2)
    return float(0.9 * spread * effective**-0.2)
