"""The prior restricted to where the posterior of one observation lives, known only through flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from astro_sbi.inference.box import Box
from astro_sbi.inference.importance import Density
from astro_sbi.inference.posterior import InferenceError

_TRIES = 200
_BATCH = 16384


@dataclass(frozen=True)
class Region:
    """Where a density exceeds a threshold: its highest-density region.

    Args:
        density: in latent coordinates.
        threshold: log density at its edge.
    """

    density: Density
    threshold: float

    def contains(self, z: Float[np.ndarray, "S d"]) -> Bool[np.ndarray, " S"]:
        """Whether each point lies inside."""
        return self.density.log_prob(z) > self.threshold


@dataclass(frozen=True)
class RestrictedPrior:
    """The prior inside a box and inside highest-density regions; each round's lies within the one before.

    Args:
        box: in latent coordinates.
        regions: of all rounds; empty where the box alone restricts.
    """

    box: Box
    regions: tuple[Region, ...] = ()

    def contains(self, z: Float[np.ndarray, "S d"]) -> Bool[np.ndarray, " S"]:
        """Whether each point lies inside."""
        inside = self.box.contains(z)
        for region in self.regions:
            left = np.flatnonzero(inside)
            if len(left):
                inside[left] = region.contains(z[left])
        return inside

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws of the restricted prior, by rejection inside the box.

        Raises:
            InferenceError: if next to nothing is accepted.
        """
        found: list[np.ndarray] = []
        for _ in range(_TRIES):
            z = self.box.outer(rng.standard_normal((_BATCH, self.box.lower.size)))
            found.append(z[self.contains(z)])
            if sum(map(len, found)) >= draws:
                return np.concatenate(found)[:draws]
        raise InferenceError(
            f"fewer than {draws} of {_TRIES * _BATCH:,} draws of the prior lie where the posterior is: use box truncation, or fewer rounds"
        )

    def log_mass(self, rng: np.random.Generator) -> float:
        """Log of the prior mass inside, from one batch of draws where regions restrict."""
        z = self.box.outer(rng.standard_normal((_BATCH, self.box.lower.size)))
        return self.box.log_mass + float(np.log(max(self.contains(z).mean(), 0.5 / _BATCH)))

    def restricted(self, density: Density, rng: np.random.Generator, *, regions: bool, padding: float, left_out: float) -> RestrictedPrior:
        """The next, narrower restriction: what a flow's own draws span, padded, and its highest-density region.

        Args:
            density: the flow at the observation.
            rng: of its draws.
            regions: whether the highest-density region restricts too, or the box alone.
            padding: share of its width by which the box is padded on each side.
            left_out: share of the density that may lie outside the region (Deistler et al. 2022 use 1e-4).
        """
        z = density.sample(rng, _BATCH)
        low, high = np.quantile(z, [0.5 * left_out, 1 - 0.5 * left_out], axis=0)
        pad = padding * (high - low)
        box = self.box.intersection(Box.around(low - pad, high + pad))
        if not regions:
            return RestrictedPrior(box)
        # The flow itself: what restricts a restricted density is among the regions already and need not be evaluated again.
        flow = density.density if isinstance(density, RestrictedDensity) else density
        return RestrictedPrior(box, (*self.regions, Region(flow, float(np.quantile(flow.log_prob(z), left_out)))))


@dataclass(frozen=True)
class RestrictedDensity:
    """A density with nothing outside a restricted prior.

    Args:
        density: in latent coordinates.
        support: where it is kept.
        log_inside: log of its mass there.
    """

    density: Density
    support: RestrictedPrior
    log_inside: float

    @classmethod
    def of(cls, density: Density, support: RestrictedPrior, rng: np.random.Generator) -> RestrictedDensity:
        """Measure the mass inside with draws.

        Raises:
            InferenceError: if hardly any draw lies inside.
        """
        share = support.contains(density.sample(rng, _BATCH)).mean()
        if share < 0.01:
            raise InferenceError(f"only {share:.1%} of the flow's draws lie where it was trained: give it more simulations")
        return cls(density, support, float(np.log(share)))

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws; those outside are drawn again."""
        found: list[np.ndarray] = []
        while sum(map(len, found)) < draws:
            z = self.density.sample(rng, draws)
            found.append(z[self.support.contains(z)])
        return np.concatenate(found)[:draws]

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density; -inf outside."""
        return np.where(self.support.contains(z), self.density.log_prob(z) - self.log_inside, -np.inf)
