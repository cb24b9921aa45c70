"""The modes of a posterior's marginals, from weighted draws."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import signal
from scipy.ndimage import gaussian_filter1d

from astro_sbi.inference.posterior import weighted_quantile

_BINS, _LEAST, _VALLEY = 200, 0.02, 0.5
#: Fewer effective draws leave gaps that look like valleys.
_EFFECTIVE = 100


@dataclass(frozen=True)
class Mode:
    """One of several modes of a marginal posterior.

    Args:
        lower: 16 % quantile of its draws.
        median: 50 % quantile.
        upper: 84 % quantile.
        share: of the probability.
    """

    lower: float
    median: float
    upper: float
    share: float


def modes(value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> tuple[Mode, ...]:
    """Modes of a marginal density, from low to high values; empty where there is one, or fewer than a hundred effective draws.

    Modes are apart where the density between them falls below half of the lower peak and each side holds 2 % of the probability.

    Args:
        value: draws of one parameter.
        weight: normalised.
    """
    order = np.argsort(value)
    low, high = np.interp([0.001, 0.999], np.cumsum(weight[order]), value[order])
    effective = 1 / np.sum(weight**2)
    if not high > low or effective < _EFFECTIVE:
        return ()
    width = _bandwidth(value[order], weight[order], effective)
    count, edges = np.histogram(value, _BINS, range=(low - 4 * width, high + 4 * width), weights=weight)
    smooth = gaussian_filter1d(count, width / (edges[1] - edges[0]), mode="constant")
    peaks, found = signal.find_peaks(smooth, prominence=0.0)
    mass = np.concatenate([[0.0], np.cumsum(count)])
    held = mass[found["right_bases"] + 1] - mass[found["left_bases"]]
    kept = peaks[(found["prominences"] > _VALLEY * smooth[peaks]) & (held > _LEAST * mass[-1])]
    if len(kept) < 2:
        return ()
    valleys = [edges[left + int(np.argmin(smooth[left:right]))] for left, right in itertools.pairwise(kept)]
    side = np.searchsorted(valleys, value)
    return tuple(_mode(value[side == number], weight[side == number]) for number in range(len(kept)))


def _mode(value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> Mode:
    lower, median, upper = weighted_quantile(value, weight)
    return Mode(float(lower), float(median), float(upper), float(weight.sum()))


def _bandwidth(value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"], effective: float) -> float:
    """Silverman's for sorted draws, of the standard deviation or of what the quartiles say, whichever is less.

    References:
        Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.31.
    """
    quartiles = np.interp([0.25, 0.75], np.cumsum(weight), value)
    spread = min(np.sqrt(weight @ (value - weight @ value) ** 2), (quartiles[1] - quartiles[0]) / 1.34)
    return float(0.9 * spread * effective**-0.2)
