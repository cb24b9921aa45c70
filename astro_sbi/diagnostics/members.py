"""How far the members of an ensemble disagree at one observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_LEVELS = (0.16, 0.5, 0.84)


@dataclass(frozen=True)
class Disagreement:
    """The parameter about which members of an ensemble disagree most.

    Args:
        members: how many there are.
        name: of the parameter.
        sigma: largest distance between two members of their 16, 50 or 84 % quantiles, in units of their mean sigma.
    """

    members: int
    name: str
    sigma: float


def disagreement(draws: Float[np.ndarray, "M S d"] | None, names: Sequence[str]) -> Disagreement | None:
    """Compare members by their quantiles, which tells shifts and widths apart from nothing but themselves.

    Two members of one width whose medians differ by half a sigma are 0.5 apart; so are two of one median with widths as 3 to 5.

    Args:
        draws: of each member, in any monotone coordinate of each parameter.
        names: of the d parameters.

    Returns:
        None for fewer than two members.

    References: Alvey et al. 2025, arXiv:2507.13495 (members that differ flag too little training or a misfit).
    """
    if draws is None or len(draws) < 2:
        return None
    quantiles = np.nanquantile(draws, _LEVELS, axis=1)
    sigma = 0.5 * np.mean(quantiles[2] - quantiles[0], axis=0)
    apart = np.ptp(quantiles, axis=1).max(axis=0) / np.where(sigma > 0, sigma, 1.0)
    worst = int(apart.argmax())
    return Disagreement(len(draws), names[worst], float(apart[worst]))
