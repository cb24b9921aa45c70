"""Interval ends moved so that intervals hold the truth as often as they say, over simulations that no training saw."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from astro_sbi.diagnostics.card import QUANTILES


def conformal_levels(ranks: Float[np.ndarray, " K"], at: Sequence[float] = QUANTILES) -> tuple[float, ...]:
    r"""Levels whose quantiles of a posterior hold the truth below them as often as `at` says, with the finite-sample correction.

    The rank of the truth of one more simulation is exchangeable with the K held-out ones, so it lies below the k-th smallest of them
    with probability :math:`k / (K + 1)`. Below one half k is :math:`\lfloor (K + 1) q \rfloor`, above :math:`\lceil (K + 1) q \rceil`:
    an interval between two such levels holds the truth at least as often as their difference, whatever the estimator. Both tails are
    moved on their own, which mends a bias as well as a width.

    Args:
        ranks: share of draws below the truth, of each held-out simulation, between 0 and 1.
        at: wanted levels.

    Returns:
        A level for each; 0 or 1 where there are too few simulations for the wanted one.

    References:
        Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, section 2.2; Akbari 2026, arXiv:2606.17098, for NPE.
    """
    ordered = np.concatenate([[0.0], np.sort(np.asarray(ranks, np.float64)), [1.0]])
    return tuple(float(np.mean(ordered[list(_places(len(ordered) - 1, level))])) for level in at)


def _places(gaps: int, level: float) -> tuple[int, ...]:
    """Which of the ordered ranks stand for a level: outwards of it, and at one half the two about it."""
    exact = gaps * level
    lower, upper = math.floor(exact + 1e-9), math.ceil(exact - 1e-9)
    return (lower, upper) if level == 0.5 else (lower,) if level < 0.5 else (upper,)
