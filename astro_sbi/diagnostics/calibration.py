"""Calibration: do credible regions hold the true parameters as often as they say, over simulations that no training saw?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

#: Central regions whose coverage is told.
LEVELS = (0.5, 0.68, 0.9, 0.95)
#: Fewer simulations held back cannot tell a coverage to 5 in 100.
FEWEST = 100


@dataclass(frozen=True)
class Calibration:
    """How often regions hold the truth, over simulations held back from training.

    Args:
        tests: number of simulations.
        worst: name of the parameter whose ranks are least uniform, or ``jointly`` for the highest-density regions of all.
        deviation: largest distance of the ranks' distribution function from the uniform one, over all of them.
        p_value: that of the least uniform, times their number.
        coverage: share of true values inside the central regions of `LEVELS`, by parameter; inside the highest-density
            regions for ``jointly``.
    """

    tests: int
    worst: str
    deviation: float
    p_value: float
    coverage: dict[str, tuple[float, ...]]

    def within(self, level: float) -> float:
        """The share inside regions of this level that is farthest from it, over the parameters."""
        place = LEVELS.index(level)
        return max((shares[place] for shares in self.coverage.values()), key=lambda share: abs(share - level))


def calibration(names: Sequence[str], ranks: Float[np.ndarray, "K d"], density_ranks: Float[np.ndarray, " K"]) -> Calibration:
    """Judge ranks of true parameters among posterior draws.

    Args:
        names: of the parameters.
        ranks: share of draws below the true value, strictly between 0 and 1, for each simulation.
        density_ranks: share of draws with a higher density than the truth: the level of the smallest region that holds it.

    References: Talts et al. 2018, arXiv:1804.06788 (ranks); Hermans et al. 2022, arXiv:2110.06581, eq. 2 (coverage).
    """
    columns = dict(zip((*names, "jointly"), (*ranks.T, density_ranks), strict=True))
    p_values = {name: uniformity_p(column) for name, column in columns.items()}
    worst = min(p_values, key=p_values.__getitem__)
    central = {name: 2 * np.abs(column - 0.5) if name in names else column for name, column in columns.items()}
    return Calibration(
        tests=len(ranks),
        worst=worst,
        deviation=max(_distance(column) for column in columns.values()),
        p_value=min(1.0, len(columns) * p_values[worst]),
        coverage={name: tuple(float(np.mean(column < level)) for level in LEVELS) for name, column in central.items()},
    )


def _distance(ranks: Float[np.ndarray, " K"]) -> float:
    """Largest distance of the ranks' distribution function, at its steps' middles, from the uniform one."""
    return float(np.max(np.abs(np.sort(ranks) - (np.arange(len(ranks)) + 0.5) / len(ranks))))


def uniformity_p(ranks: Float[np.ndarray, " K"]) -> float:
    r"""P of a set of ranks being uniform.

    The i-th smallest of K uniform numbers is Beta(i, K + 1 - i) distributed; its two-sided p-values are joined by Cauchy's
    combination, :math:`\frac12 - \arctan(\overline{\tan((\frac12 - p_i)\pi)}) / \pi`, which needs no independence.

    References: Liu & Xie 2020, JASA 115, 393 (combination); Tesso et al. 2026, arXiv:2603.02928 (of order statistics).
    """
    size = len(ranks)
    order = np.arange(1, size + 1)
    below = special.betainc(order, size + 1 - order, np.clip(np.sort(ranks), 0.0, 1.0))
    two_sided = np.clip(2 * np.minimum(below, 1 - below), 1e-15, 1 - 1e-15)
    return float(0.5 - np.arctan(np.mean(np.tan((0.5 - two_sided) * np.pi))) / np.pi)
