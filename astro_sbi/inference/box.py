"""Truncations of the prior: boxes in latent coordinates, in which the truncated prior is again a unit normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

#: Beyond this many sigma of the prior an edge truncates nothing that any draw could show.
_UNTRUNCATED = 5.0


@dataclass(frozen=True, eq=False)
class Box:
    """``lower < z < upper`` in the prior's latent coordinates; infinite edges truncate nothing."""

    lower: Float[np.ndarray, " d"]
    upper: Float[np.ndarray, " d"]

    @classmethod
    def whole(cls, dimension: int) -> Box:
        """The box that holds the whole prior."""
        return cls(np.full(dimension, -np.inf), np.full(dimension, np.inf))

    @classmethod
    def around(cls, lower: Float[np.ndarray, " d"], upper: Float[np.ndarray, " d"]) -> Box:
        """A box with edges far in the prior's tails taken as infinite."""
        return cls(np.where(lower < -_UNTRUNCATED, -np.inf, lower), np.where(upper > _UNTRUNCATED, np.inf, upper))

    @property
    def log_mass(self) -> float:
        """Log of the prior's mass inside."""
        low, high = self._sides()
        return float(np.sum(np.log(special.ndtr(high) - special.ndtr(low))))

    @property
    def width(self) -> Float[np.ndarray, " d"]:
        """Extent along each axis, infinite edges counted as far as the prior could show a draw."""
        return np.minimum(self.upper, _UNTRUNCATED) - np.maximum(self.lower, -_UNTRUNCATED)

    def contains(self, z: Float[np.ndarray, "S d"]) -> Bool[np.ndarray, " S"]:
        """Whether each point lies inside."""
        return np.all((z > self.lower) & (z < self.upper), axis=-1)

    def inner(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "S d"]:
        """Map prior coordinates inside the box to unit normals of the truncated prior."""
        if self._whole:
            return z
        sign, (low, high) = self._sign(), self._sides()
        below = special.ndtr(low)
        share = (special.ndtr(sign * z) - below) / (special.ndtr(high) - below)
        return sign * special.ndtri(np.clip(share, 1e-300, 1.0 - 1e-16))

    def outer(self, inner: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "S d"]:
        """Map unit normals of the truncated prior to prior coordinates; no result leaves the box."""
        if self._whole:
            return inner
        sign, (low, high) = self._sign(), self._sides()
        below = special.ndtr(low)
        z = sign * special.ndtri(below + special.ndtr(sign * inner) * (special.ndtr(high) - below))
        return np.clip(z, np.maximum(self.lower, -37.0), np.minimum(self.upper, 37.0))

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(np.minimum(self.lower, other.lower), np.maximum(self.upper, other.upper))

    def intersection(self, other: Box) -> Box:
        """What lies in both."""
        return Box(np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper))

    @property
    def _whole(self) -> bool:
        return bool(np.isinf(self.lower).all() and np.isinf(self.upper).all())

    def _sign(self) -> Float[np.ndarray, " d"]:
        """-1 where the box lies in the upper tail, so that tail probabilities keep their digits."""
        middle = np.clip(self.lower, -40, 40) + np.clip(self.upper, -40, 40)
        return np.where(middle > 0, -1.0, 1.0)

    def _sides(self) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
        flipped = self._sign() < 0
        return np.where(flipped, -self.upper, self.lower), np.where(flipped, -self.lower, self.upper)
