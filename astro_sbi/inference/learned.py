"""The posterior of one observation as a flow learned it, in physical parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from astro_sbi.inference.importance import Density, Draws, UnitNormal, importance_draws, importance_of, log_unit_normal
from astro_sbi.inference.posterior import Importance, InferenceError
from astro_sbi.simulators.prior import Prior

_DEFENCE = 0.05


@dataclass(frozen=True, eq=False)
class LearnedPosterior:
    """``q(theta | x_o)``: draws and densities in physical units; no draw leaves the prior.

    Args:
        prior: of the parameters.
        density: in the prior's latent coordinates.
    """

    prior: Prior
    density: Density

    def sample(self, draws: int, seed: int = 1) -> Float[np.ndarray, "S d"]:
        """Draws of the free parameters, in the order of ``prior.free``."""
        return self.prior.physical_array(self.density.sample(np.random.default_rng([seed, 7]), draws))

    def log_prob(self, theta: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density per physical unit of every parameter; -inf outside the prior."""
        theta = np.asarray(theta, np.float64)
        latent = self.prior.latent_array(theta)
        inside, out = np.isfinite(latent).all(axis=1), np.full(len(theta), -np.inf)
        # Latent coordinates make the prior a unit normal: the ratio of the two is the Jacobian.
        jacobian = self.prior.log_prob_array(theta[inside]) - log_unit_normal(latent[inside])
        out[inside] = self.density.log_prob(latent[inside]) + jacobian
        return out

    def corrected(
        self, log_likelihood: Callable[[Float[np.ndarray, "S d"]], Float[np.ndarray, " S"]], draws: int = 100_000, seed: int = 1
    ) -> CorrectedPosterior:
        """The exact posterior by importance sampling from this one, a twentieth of the draws being the prior's.

        Args:
            log_likelihood: of the observation at parameters in physical units.
            draws: of the proposal.
            seed: of the draws.

        Raises:
            InferenceError: if no draw has a finite likelihood.
        """

        def of_latent(z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
            value = np.asarray(log_likelihood(self.prior.physical_array(z)), np.float64)
            return np.where(np.isfinite(value), value, -np.inf)

        mixture: list[tuple[float, Density]] = [(1 - _DEFENCE, self.density), (_DEFENCE, UnitNormal(len(self.prior.free)))]
        drawn = importance_draws(mixture, of_latent, np.random.default_rng([seed, 8]), draws)
        return CorrectedPosterior(self.prior, drawn, importance_of(drawn))


@dataclass(frozen=True, eq=False)
class CorrectedPosterior:
    """Weighted draws of the exact posterior.

    Args:
        prior: of the parameters.
        draws: in latent coordinates.
        importance: efficiency, effective sample size, Pareto k and log evidence.
    """

    prior: Prior
    draws: Draws
    importance: Importance

    @property
    def theta(self) -> Float[np.ndarray, "S d"]:
        """Draws of the free parameters."""
        return self.prior.physical_array(self.draws.latent)

    @property
    def weight(self) -> Float[np.ndarray, " S"]:
        """Their weights, adding to one."""
        return self.draws.weight

    def equal(self, draws: int, seed: int = 1) -> Float[np.ndarray, "draws d"]:
        """Draws of equal weight, by systematic resampling in random order.

        Raises:
            InferenceError: if more are asked for than there are weighted draws.
        """
        weight, rng = self.weight, np.random.default_rng([seed, 9])
        if draws > len(weight):
            raise InferenceError(f"{draws} draws of equal weight cannot come from {len(weight)} weighted ones: correct with more draws")
        order = rng.permutation(len(weight))
        places = (np.arange(draws) + rng.random()) / draws
        return self.theta[order[np.searchsorted(np.cumsum(weight[order])[:-1], places)]]
