"""Are numbers uniform between 0 and 1, as the ranks of true parameters among draws of their posteriors must be?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy import special, stats

_SIMULATED, _SEED = 4000, 32
_KEPT = 64


def uniformity_p(values: Float[np.ndarray, " K"]) -> float:
    r"""P of a set of numbers being uniform (POT-C).

    The i-th smallest of K uniform numbers is Beta(i, K + 1 - i) distributed; those of its two-sided p-values that are below one half
    are joined by Cauchy's combination, :math:`\frac12 - \arctan(\frac1K \sum_i \tan((\frac12 - p_i)\pi)) / \pi`.

    References: Tesso et al. 2026, arXiv:2603.02928; Liu & Xie 2020, JASA 115, 393 (combination).
    """
    size = len(values)
    order = np.arange(1, size + 1)
    below = special.betainc(order, size + 1 - order, np.clip(np.sort(values), 0.0, 1.0))
    return combined_p(2 * np.minimum(below, 1 - below), truncated=True)


def combined_p(p_values: Sequence[float] | Float[np.ndarray, " k"], *, truncated: bool = False) -> float:
    """Cauchy's combination of p-values, which need not be independent; truncated, those above one half do not speak against the others."""
    p = np.clip(np.asarray(p_values, np.float64), 1e-15, 1 - 1e-15)
    terms = np.tan((0.5 - p) * np.pi)
    return float(0.5 - np.arctan(np.mean(np.maximum(terms, 0.0) if truncated else terms)) / np.pi)


def scores(values: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "K ..."]:
    """Normal scores: standard normal if the numbers are uniform; of ranks, how many sigma of its posterior the truth lies off."""
    return special.ndtri(np.clip(values, 1e-12, 1 - 1e-12))


def bias_p(score: Float[np.ndarray, " K"]) -> float:
    """P of a mean at least as far from 0, of standard normal numbers."""
    return float(2 * special.ndtr(-abs(float(np.mean(score))) * np.sqrt(len(score))))


def dispersion_p(score: Float[np.ndarray, " K"]) -> float:
    """Two-sided p of the scatter of standard normal numbers, whose sum of squares about the mean is chi-square with K - 1."""
    below = special.chdtr(len(score) - 1, float(np.var(score)) * len(score))
    return float(2 * min(below, 1 - below))


def ks_p(values: Float[np.ndarray, " K"]) -> float:
    """P of Kolmogorov and Smirnov that numbers are uniform."""
    return float(stats.kstest(values, "uniform").pvalue)


def deviation(values: Float[np.ndarray, " K"]) -> float:
    """Largest distance of the distribution function, at its steps' middles, from the uniform one."""
    return float(np.max(np.abs(np.sort(values) - (np.arange(len(values)) + 0.5) / len(values))))


def ecdf_difference(values: Float[np.ndarray, " K"], at: Sequence[float]) -> Float[np.ndarray, " k"]:
    """Share of numbers below each place, minus the place: above 0 where there are more than there should be."""
    return np.searchsorted(np.sort(values), at) / len(values) - np.asarray(at)


@lru_cache(maxsize=_KEPT)
def ecdf_band(count: int, at: tuple[float, ...], level: float = 0.95) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Ends of the band that holds the whole ECDF difference of uniform numbers in this share of cases.

    At each place the number of values below it is binomial; the share that each place may leave out is that which simulated sets as
    a whole leave out as often as the level allows.

    Args:
        count: of the numbers.
        at: places, increasing, between 0 and 1.
        level: of all places together.

    References: Saeilynoja, Buerkner & Vehtari 2022, Stat. Comput. 32, 32, section 2.2 (simulation).
    """
    places = np.asarray(at, np.float64)
    below = _counts_below(count, places)
    tails = np.minimum(stats.binom.cdf(below, count, places), stats.binom.sf(below - 1, count, places))
    share = float(np.quantile(2 * tails.min(axis=1), 1 - level, method="lower"))
    ends = (stats.binom.ppf(share / 2, count, places), stats.binom.isf(share / 2, count, places))
    low, high = (end / count - places for end in ends)
    return low, high


@lru_cache(maxsize=_KEPT)
def perfect_deviation(count: int, at: tuple[float, ...], level: float = 0.95) -> float:
    """Largest distance from the uniform distribution function, over these places, that uniform numbers keep to in this share of cases."""
    places = np.asarray(at, np.float64)
    return float(np.quantile(np.abs(_counts_below(count, places) / count - places).max(axis=1), level))


def _counts_below(count: int, places: Float[np.ndarray, " k"]) -> Float[np.ndarray, "S k"]:
    """How many of so many uniform numbers lie below each place, in simulated sets."""
    shares = np.diff([0.0, *places, 1.0])
    return np.cumsum(np.random.default_rng(_SEED).multinomial(count, shares, size=_SIMULATED), axis=1)[:, :-1]
