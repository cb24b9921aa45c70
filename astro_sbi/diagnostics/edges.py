"""Where a posterior piles up against an end of its prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy import special

_SHARE = 0.01
_PILE_UP = 0.05


@dataclass(frozen=True)
class EdgeMass:
    """Posterior mass within the outermost 1 % of a prior.

    Args:
        name: parameter.
        side: which end of its prior.
        mass: posterior mass there, between 0 and 1; 0.01 where the observation says nothing.
    """

    name: str
    side: Literal["lower", "upper"]
    mass: float


def prior_edges(
    latent: Float[np.ndarray, "S d"], weight: Float[np.ndarray, " S"], names: Sequence[str], bounded: Sequence[bool]
) -> tuple[EdgeMass, ...]:
    """The ends of bounded priors where more than 5 % of the posterior lies within the outermost 1 % of the prior.

    In latent coordinates every prior is a unit normal, so its outermost 1 % begins at -2.33 or 2.33. A parameter that the
    observation leaves free has 1 % there and is not listed; one limited from a single side has at most a few per cent.

    Args:
        latent: posterior draws in latent coordinates.
        weight: their importance weights.
        names: of the d free parameters.
        bounded: whether each of their priors ends (a Gaussian prior does not).

    Returns:
        One entry for each such end, the heaviest first.
    """
    share = np.asarray(weight, np.float64) / np.sum(weight)
    limit = float(special.ndtri(_SHARE))
    lower, upper = share @ (latent < limit), share @ (latent > -limit)
    found = []
    for column, (name, ends) in enumerate(zip(names, bounded, strict=True)):
        if ends:
            found += [EdgeMass(name, "lower", float(lower[column])), EdgeMass(name, "upper", float(upper[column]))]
    return tuple(sorted((edge for edge in found if edge.mass > _PILE_UP), key=lambda edge: -edge.mass))
