"""Whether residuals are white, and what it costs when they are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

_FEWEST_BINS = 10
_BLOCK = 1_000_000


@dataclass(frozen=True)
class RedNoise:
    """How much neighbouring residuals resemble each other.

    Args:
        lag_one: autocorrelation of neighbours, between -1 and 1.
        beta: scatter of binned residuals over what the same residuals give when shuffled, at the worst bin size; the
            factor by which errors derived as if the noise were white are too small.
        p_value: share of shuffled residuals that look at least as correlated.
    """

    lag_one: float
    beta: float
    p_value: float


def red_noise(residual: Float[np.ndarray, " n"], *, shuffles: int = 999, seed: int = 1) -> RedNoise:
    r"""Test normalised residuals for correlation with their neighbours.

    Two statistics, the lag-1 autocorrelation :math:`r_1 = \sum x_i x_{i+1} / \sum x_i^2` and the largest
    :math:`\beta_m = \sigma_m \sqrt m / \sigma_1 \sqrt{(M-1)/M}` over bin sizes m = 2, 4, 8, .. with at least ten bins M, are
    compared with those of shuffled residuals; the smaller of
    their two p-values is the test, itself compared with that of shuffled residuals.

    Args:
        residual: (value - model) / sigma in order of the coordinate.
        shuffles: number of permutations; the smallest p-value is about 3 / shuffles.
        seed: of the permutations.

    Returns:
        Correlation, red-noise factor (at least 1) and p-value; white (0, 1, 1) for fewer than 20 points.

    References:
        Winn et al. 2008, ApJ 683, 1076 (beta); Pont, Zucker & Queloz 2006, MNRAS 373, 231.
    """
    residual = np.asarray(residual, dtype=np.float64)
    if len(residual) < 2 * _FEWEST_BINS or not np.ptp(residual) > 0:
        return RedNoise(0.0, 1.0, 1.0)
    centred = residual - residual.mean()
    rows = [centred[None], *_shuffled(centred, shuffles, seed)]
    lag, beta = np.concatenate([_lag_one(row) for row in rows]), np.concatenate([_beta(row) for row in rows])
    rank = np.minimum(_rank(lag), _rank(beta))
    return RedNoise(float(lag[0]), float(max(1.0, beta[0] / np.median(beta[1:]))), float(np.mean(rank <= rank[0])))


def _shuffled(residual: Float[np.ndarray, " n"], shuffles: int, seed: int) -> Iterator[Float[np.ndarray, "k n"]]:
    """Permutations in blocks of bounded size."""
    rng, block = np.random.default_rng(seed), max(1, _BLOCK // len(residual))
    for start in range(0, shuffles, block):
        yield rng.permuted(np.tile(residual, (min(block, shuffles - start), 1)), axis=1)


def _rank(value: Float[np.ndarray, " k"]) -> Int[np.ndarray, " k"]:
    """How many values are at least as large."""
    return len(value) - np.searchsorted(np.sort(value), value, side="left")


def _lag_one(residual: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    return np.sum(residual[:, 1:] * residual[:, :-1], axis=1) / np.sum(residual**2, axis=1)


def _beta(residual: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    """Largest excess of the scatter of binned residuals over the white expectation."""
    rows, n = residual.shape
    scatter, largest, size = residual.std(axis=1), np.zeros(rows), 2
    while n // size >= _FEWEST_BINS:
        bins = n // size
        binned = residual[:, : bins * size].reshape(rows, bins, size).mean(axis=2)
        largest = np.maximum(largest, binned.std(axis=1) / scatter * np.sqrt(size * bins / (bins - 1)))
        size *= 2
    return largest
