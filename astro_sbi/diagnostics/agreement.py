"""How far posteriors of one quantity lie apart, from each other and from a published value; and whether two runs saw the same data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy import special

#: Distances in sigma up to which a published value agrees, and from which on it disagrees.
AGREES, DISAGREES = 2.0, 4.0


@dataclass(frozen=True)
class Interval:
    """Median and 68 % interval of one quantity, all in one unit."""

    lower: float
    median: float
    upper: float

    @property
    def half(self) -> float:
        """Half width of the 68 % interval."""
        return 0.5 * (self.upper - self.lower)


@dataclass(frozen=True)
class Shift:
    """How one posterior differs from another.

    Args:
        sigma: difference of the medians over both half widths in quadrature; positive where this one is larger.
        width: half width over the other's.
    """

    sigma: float
    width: float


@dataclass(frozen=True)
class Published:
    """A value from elsewhere.

    Args:
        value: the value, or the limit.
        plus: its error upwards, positive; 0 for a limit.
        minus: its error downwards, positive; 0 for a limit.
        limit: whether it is a limit, and from which side.
    """

    value: float
    plus: float = 0.0
    minus: float = 0.0
    limit: Literal["none", "upper", "lower"] = "none"


@dataclass(frozen=True)
class Agreement:
    """How far a posterior lies from a published value, in sigma, and in a word."""

    sigma: float
    words: str


@dataclass(frozen=True, eq=False)
class Measured:
    """The points that a run was fitted to.

    Args:
        coordinate: of each point.
        value: of each point.
        sigma: error of each point.
        channel: of each point.
        covariance: of the values; None where errors are independent.
        units: of coordinate and value, with the zero point of the coordinate.
    """

    coordinate: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    sigma: Float[np.ndarray, " n"]
    channel: Int[np.ndarray, " n"]
    covariance: Float[np.ndarray, "n n"] | None = None
    units: tuple[str, ...] = ()


def shift(one: Interval, first: Interval) -> Shift:
    r"""Shift of one posterior from the first, :math:`(m - m_0) / \sqrt{h^2 + h_0^2}` with half widths h of the 68 % intervals.

    Two posteriors of the same data are not independent, so a shift of one sigma between them is a large one.
    """
    difference, both = one.median - first.median, float(np.hypot(one.half, first.half))
    sigma = difference / both if both > 0 else 0.0 if difference == 0 else float(np.copysign(np.inf, difference))
    return Shift(sigma, one.half / first.half if first.half > 0 else float("nan"))


def agreement(published: Published, interval: Interval, value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> Agreement:
    """How well a posterior and a published value agree.

    A value is compared through the errors that face each other, in quadrature. A limit is compared through the share of the posterior
    beyond it, said as the one-sided sigma of a Gaussian with this share on the allowed side; 0 where at least half of it is allowed.

    Args:
        published: the value, in the posterior's unit.
        interval: of the posterior.
        value: posterior draws.
        weight: their weights.
    """
    sigma = _sigma_of_limit(published, value, weight) if published.limit != "none" else abs(pull(published, interval))
    words = "agrees" if sigma <= AGREES else "tension" if sigma <= DISAGREES else "disagrees"
    return Agreement(sigma, words)


def pull(published: Published, interval: Interval) -> float:
    """The median less a published value in sigma: of the errors that face each other, in quadrature."""
    difference = interval.median - published.value
    theirs = published.plus if difference > 0 else published.minus
    ours = interval.median - interval.lower if difference > 0 else interval.upper - interval.median
    both = float(np.hypot(theirs, ours))
    return difference / both if both > 0 else 0.0 if difference == 0 else float(np.copysign(np.inf, difference))


def _sigma_of_limit(published: Published, value: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"]) -> float:
    sound = np.isfinite(value)
    inside = value <= published.value if published.limit == "upper" else value >= published.value
    total, effective = float(weight[sound].sum()), float(weight[sound].sum() ** 2 / (weight[sound] ** 2).sum())
    # A share that no draw fills is only known to be below one effective draw.
    share = max(float(weight[sound & inside].sum()) / total, 0.5 / effective)
    return max(0.0, -float(special.ndtri(share)))


def why_not_the_same(one: Measured, first: Measured) -> str:
    """What keeps two sets of points from being the same data; empty where they are, number by number."""
    if one.units != first.units:
        return f"the units differ ({_listed(first.units)}; {_listed(one.units)})"
    if len(one.value) != len(first.value):
        return f"{len(first.value):,} points were fitted in one and {len(one.value):,} in the other"
    for what, part in (("places", "coordinate"), ("values", "value"), ("errors", "sigma"), ("channels", "channel")):
        mine, theirs = getattr(one, part), getattr(first, part)
        differing = int(np.sum(mine != theirs))
        if differing:
            return f"the {what} of {differing:,} of {len(theirs):,} points differ"
    if (one.covariance is None) != (first.covariance is None):
        return "only one of them has a covariance matrix of its errors"
    if one.covariance is not None and not np.array_equal(one.covariance, first.covariance):
        return "the covariance matrices of their errors differ"
    return ""


def _listed(units: tuple[str, ...]) -> str:
    return ", ".join(unit or "no unit" for unit in units)
