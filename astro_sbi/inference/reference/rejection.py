"""Rejection ABC: simulate from the prior and keep what comes closest; the baseline that needs neither likelihood nor training."""

from __future__ import annotations

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, ShouldStop
from astro_sbi.inference.reference.target import ReferenceDraws, Target, key_of

_CHUNK = 4096
_LARGEST_SHIFT, _LARGEST_WIDTH_CHANGE = 0.2, 0.15


def rejection_abc(
    target: Target,
    *,
    draws: int = 1000,
    seed: int = 1,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
    simulations: int = 100_000,
    summary: Callable[[Float[Array, " n"]], Float[Array, " k"]] | None = None,
) -> ReferenceDraws:
    r"""Keep the prior draws whose simulations come closest to the observation.

    The distance is :math:`\epsilon = |W (s(x) - s(x_o))|`, where :math:`W` whitens the summaries of the first simulations. The draws follow
    :math:`p(\theta \mid \epsilon(x) \le \epsilon)`, which is the posterior only as :math:`\epsilon \to 0`: with more than a few
    summaries or a narrow posterior it stays far too broad.

    Args:
        target: the posterior, with ``simulate`` and ``observed``.
        draws: how many to keep.
        seed: of prior draws and noise.
        on_progress: told of phase "simulating" and of simulations done.
        should_stop: asked between chunks of simulations.
        simulations: how many to make, rounded up to chunks of 4096.
        summary: of one observation (jax); the values themselves if None.

    Returns:
        The draws; converged means that the closer half of them has the same means (within 0.2 sigma) and widths (within 15 %) as all,
        so that a smaller epsilon would change nothing that could be seen.

    References: Pritchard et al. 1999, Mol. Biol. Evol. 16, 1791; Beaumont, Zhang & Balding 2002, Genetics 162, 2025.
    """
    began = time.perf_counter()
    chunks = -(-simulations // _CHUNK)
    if chunks * _CHUNK < 2 * draws:
        raise InferenceError(
            f"{simulations} simulations cannot leave {draws} close ones: ask for at least {2 * draws}, better a hundred times"
        )
    simulated, observed = _summaries(target, summary)
    white, latent, distance = np.eye(len(observed)), [], []
    for chunk in range(chunks):
        if should_stop():
            raise Cancelled
        z, seen = (np.asarray(part, np.float64) for part in simulated(key_of(seed, chunk)))
        if chunk == 0:
            white = _whitening(seen)
        away = np.sqrt(np.sum(((seen - observed) @ white.T) ** 2, axis=1))
        latent, distance = _closest(np.concatenate([*latent, z]), np.concatenate([*distance, away]), draws)
        on_progress("simulating", (chunk + 1) * _CHUNK, chunks * _CHUNK, None)
    return _judged(latent[0], distance[0], chunks * _CHUNK, began)


def _summaries(target: Target, summary: Callable[..., Array] | None) -> tuple[Callable[[Array], tuple[Array, Array]], np.ndarray]:
    """What draws a chunk of prior draws and summaries for each key (compiled once), and the observation's summary."""
    simulate, observed = target.simulate, target.observed
    if simulate is None or observed is None:
        raise InferenceError("rejection_abc needs a simulator and an observation: give the target simulate and observed")

    def one(key: Array) -> tuple[Array, Array]:
        prior_key, noise_key = jax.random.split(key)
        z = jax.random.normal(prior_key, (target.dimension,))
        x = simulate(z, noise_key)
        return z, x if summary is None else summary(x)

    seen = observed if summary is None else summary(jnp.asarray(observed))
    return jax.jit(lambda key: jax.vmap(one)(jax.random.split(key, _CHUNK))), np.asarray(seen, np.float64)


def _whitening(seen: Float[np.ndarray, "N k"]) -> Float[np.ndarray, "k k"]:
    """Inverse Cholesky root of the summaries' covariance; constant summaries count nothing."""
    sound = seen[np.isfinite(seen).all(axis=1)]
    if len(sound) < 0.5 * len(seen):
        raise InferenceError(f"only {len(sound) / len(seen):.0%} of the simulations are finite: check the priors")
    covariance = np.atleast_2d(np.cov(sound.T))
    varies = np.diagonal(covariance) > 0
    ridge = 1e-6 * np.diagonal(covariance) + np.where(varies, 0.0, 1.0)
    return np.linalg.inv(np.linalg.cholesky(covariance + np.diag(ridge))) * varies


def _closest(latent: np.ndarray, distance: np.ndarray, draws: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    order = np.argsort(np.where(np.isfinite(distance), distance, np.inf), kind="stable")[:draws]
    return [latent[order]], [distance[order]]


def _judged(latent: Float[np.ndarray, "S d"], distance: Float[np.ndarray, " S"], simulations: int, began: float) -> ReferenceDraws:
    """Sorted draws judged by whether their closer half says the same."""
    if not np.isfinite(distance[-1]):
        raise InferenceError(f"fewer than {len(latent)} simulations are finite: check the priors or ask for more simulations")
    half = latent[: len(latent) // 2]
    shift = np.abs(half.mean(axis=0) - latent.mean(axis=0)) / half.std(axis=0)
    change = np.abs(latent.std(axis=0) / half.std(axis=0) - 1)
    same = bool((shift < _LARGEST_SHIFT).all() and (change < _LARGEST_WIDTH_CHANGE).all())
    numbers = f"means by up to {shift.max():.2f} sigma, widths by up to {change.max():.0%}"
    reason = (
        f"the closer half of the draws changes {numbers}: a smaller epsilon would change little"
        if same
        else f"the closer half of the draws changes {numbers}: epsilon is still too large, simulate more or summarise better"
    )
    return ReferenceDraws(
        "rejection_abc",
        latent,
        same,
        reason,
        simulations,
        time.perf_counter() - began,
        epsilon=float(distance[-1]),
        acceptance=len(latent) / simulations,
    )
