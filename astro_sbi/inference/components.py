"""A few broad densities fitted to weighted draws, for posteriors that one mean and covariance do not describe."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi.inference.importance import Density, Draws, StudentMixture

_ITERATIONS, _SMALLEST_SHARE = 40, 0.02


def broad_moments(draws: Draws) -> StudentMixture:
    """A Student t of the weighted draws' mean and covariance, a fifth wider."""
    mean = draws.weight @ draws.latent
    apart = draws.latent - mean
    covariance = (draws.weight * apart.T) @ apart + 1e-8 * np.eye(draws.latent.shape[1])
    return StudentMixture(mean[None], 1.2 * np.linalg.cholesky(covariance)[None], np.ones(1))


def joined(mixture: Sequence[tuple[float, Density]], share: float, density: Density) -> list[tuple[float, Density]]:
    """The mixture with a share of another density."""
    return [*((old * (1 - share), one) for old, one in mixture), (share, density)]


def fitted_shares(densities: Sequence[Density], draws: Draws, least: float) -> Float[np.ndarray, " m"]:
    r"""Shares with which a mixture of given densities follows weighted draws most closely.

    Expectation maximisation of :math:`\sum_i w_i \log\sum_k a_k q_k(z_i)` over the shares, which lowers the Kullback-Leibler divergence
    of the mixture from the posterior at every step.

    Args:
        densities: parts of the mixture.
        draws: weighted draws of the posterior.
        least: share below which none falls, so that each goes on defending against what the draws have missed.

    Returns:
        Shares, adding to one.

    References: Cappe et al. 2008, Statistics and Computing 18, 447 (mixture population Monte Carlo).
    """
    log_parts = np.stack([density.log_prob(draws.latent) for density in densities])
    shares = np.full(len(densities), 1 / len(densities))
    for _ in range(_ITERATIONS):
        shares = special.softmax(np.log(shares + 1e-300)[:, None] + log_parts, axis=0) @ draws.weight
    return least + (1 - least * len(densities)) * shares


def fitted_components(
    latent: Float[np.ndarray, "S d"], weight: Float[np.ndarray, " S"], count: int, inflation: float, rng: np.random.Generator
) -> StudentMixture:
    r"""Student t densities around the clusters of weighted draws.

    Expectation maximisation of a Gaussian mixture, started at draws far from one another; each covariance is shrunk towards that of
    all draws by as many draws' worth as there are coordinates, so that no component collapses. Components of less
    than one in fifty are dropped. The t densities are as wide as the Gaussians times ``inflation``.

    Args:
        latent: draws.
        weight: normalised weights.
        count: how many components at most.
        inflation: of the widths.
        rng: chooses the first centres.

    Returns:
        The mixture, with the clusters' masses as shares.
    """
    mean = weight @ latent
    root = np.linalg.cholesky(_covariance(latent, weight, mean) + 1e-8 * np.eye(latent.shape[1]))
    white = np.linalg.solve(root, (latent - mean).T).T
    centres = _first(white, weight, count, rng)
    spread = max(float(weight @ _nearest(white, centres)) / white.shape[1], 1e-6)
    covariances, shares = spread * np.stack([np.eye(white.shape[1])] * len(centres)), np.full(len(centres), 1 / len(centres))
    for _ in range(_ITERATIONS):
        member = weight[:, None] * special.softmax(_log_parts(white, centres, covariances, shares), axis=1)
        shares = member.sum(axis=0) + 1e-300
        centres = (member.T @ white) / shares[:, None]
        covariances = np.stack([_shrunk(white, member[:, k], centres[k]) for k in range(len(centres))])
    kept = shares >= _SMALLEST_SHARE
    roots = np.linalg.cholesky(covariances[kept])
    return StudentMixture(mean + centres[kept] @ root.T, inflation * root @ roots, shares[kept] / shares[kept].sum())


def _covariance(z: Float[np.ndarray, "S d"], weight: Float[np.ndarray, " S"], mean: Float[np.ndarray, " d"]) -> Float[np.ndarray, "d d"]:
    apart = z - mean
    return (weight * apart.T) @ apart / weight.sum()


def _shrunk(white: Float[np.ndarray, "S d"], member: Float[np.ndarray, " S"], centre: Float[np.ndarray, " d"]) -> Float[np.ndarray, "d d"]:
    """Covariance of one component, shrunk towards a part of the unit matrix by its number of effective draws."""
    d, total = white.shape[1], member.sum() + 1e-300
    effective, own = total**2 / (np.sum(member**2) + 1e-300), _covariance(white, member + 1e-300, centre)
    prior = max(np.trace(own) / d, 1e-6) * np.eye(d)
    return (effective * own + d * prior) / (effective + d)


def _first(white: Float[np.ndarray, "S d"], weight: Float[np.ndarray, " S"], count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws chosen by weight and squared distance from those chosen before, at most ``count``."""
    chosen = [white[rng.choice(len(white), p=weight)]]
    while len(chosen) < count:
        away = weight * _nearest(white, np.array(chosen))
        if not away.sum() > 0:
            break
        chosen.append(white[rng.choice(len(white), p=away / away.sum())])
    return np.array(chosen)


def _nearest(white: Float[np.ndarray, "S d"], centres: Float[np.ndarray, "k d"]) -> Float[np.ndarray, " S"]:
    """Squared distance from the nearest centre."""
    return np.min([np.sum((white - centre) ** 2, axis=1) for centre in centres], axis=0)


def _log_parts(white: np.ndarray, centres: np.ndarray, covariances: np.ndarray, shares: np.ndarray) -> Float[np.ndarray, "S k"]:
    parts = []
    for centre, covariance, share in zip(centres, covariances, shares, strict=True):
        root = np.linalg.cholesky(covariance)
        residual = np.linalg.solve(root, (white - centre).T)
        parts.append(np.log(share) - np.sum(np.log(np.diagonal(root))) - 0.5 * np.sum(residual**2, axis=0))
    return np.stack(parts, axis=1)
