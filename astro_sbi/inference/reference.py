"""The slow way: Hamiltonian Monte Carlo on the simulator's own likelihood, to check the flow against."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.adaptation.base import get_filter_adapt_info_fn
from jaxtyping import Array, Float, Int

from astro_sbi.inference.convergence import effective_sample_size, r_hat
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, ShouldStop

LogDensity = Callable[[Float[Array, " d"]], Float[Array, ""]]

_BLOCK = 100
_R_HAT = 1.01
_ESS = 400.0


@dataclass(frozen=True, eq=False)
class ReferenceDraws:
    """Draws of a Markov chain and whether they may serve as a reference.

    Args:
        latent: draws in latent coordinates, chain after chain.
        r_hat: rank-normalised split R-hat of each coordinate.
        ess: the smaller of bulk and tail effective sample size of each coordinate.
        divergences: number of divergent transitions after warm-up.
        converged: whether every R-hat is below 1.01 and every ESS above 400; if not, this is no reference.
        seconds: wall time, compilation included.
    """

    latent: Float[np.ndarray, "S d"]
    r_hat: Float[np.ndarray, " d"]
    ess: Float[np.ndarray, " d"]
    divergences: int
    converged: bool
    seconds: float


def nuts(
    log_density: LogDensity,
    start: Float[np.ndarray, "chains d"],
    *,
    warmup: int = 1000,
    draws: int = 1000,
    seed: int = 1,
    covariance: Float[np.ndarray, "d d"] | None = None,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
) -> ReferenceDraws:
    r"""Sample a density with the no-U-turn sampler, one chain from each start.

    The chains move in whitened coordinates :math:`u = L^{-1}(z - \bar z)`, where :math:`L L^T` is the rough covariance; step size
    and a dense mass matrix are adapted as in Stan. A cancelled run stops at the next hundred draws, or after warm-up.

    Args:
        log_density: log of an unnormalised density of latent coordinates (jax, differentiable).
        start: where the chains begin: draws of the flow, so that each mode it knows has a chain.
        warmup: adaptation steps, thrown away.
        draws: kept steps of each chain.
        seed: of all chains.
        covariance: rough covariance of the posterior, as of the flow's draws; unit if None.
        on_progress: told of phase "sampling" and of steps done, warm-up included.
        should_stop: asked between blocks.

    Raises:
        InferenceError: if there are fewer than two chains or the density is not finite at a start.
        Cancelled: if asked to stop.

    References: Hoffman & Gelman 2014, JMLR 15, 1593; Vehtari et al. 2021, Bayesian Analysis 16, 667 (the limits).
    """
    began = time.perf_counter()
    centre, root = _whitening(np.asarray(start, np.float64), covariance)
    shift, scale = jnp.asarray(centre, jnp.float32), jnp.asarray(root, jnp.float32)
    whitened = jnp.asarray(np.linalg.solve(root, (start - centre).T).T, jnp.float32)
    chains = _Chains(lambda u: log_density(shift + scale @ u), jax.random.split(jax.random.key(seed), len(whitened)))
    chains.refuse_bad_starts(whitened)
    on_progress("sampling", 0, warmup + draws, None)
    state, parameters = chains.warm_up(whitened, warmup)
    positions, divergences = [], 0
    for done in range(0, draws, _BLOCK):
        if should_stop():
            raise Cancelled
        state, position, divergent = chains.sample(state, parameters, jnp.arange(done, min(done + _BLOCK, draws)))
        positions.append(np.asarray(position, np.float64))
        divergences += int(divergent)
        on_progress("sampling", warmup + done + position.shape[1], warmup + draws, None)
    return _judged(centre + np.concatenate(positions, axis=1) @ root.T, divergences, began)


class _Chains:
    """The compiled steps of all chains: one call adapts, one takes a block of draws."""

    def __init__(self, density: LogDensity, keys: Array) -> None:
        self._keys = keys
        self._density = density
        self._adapt = jax.jit(jax.vmap(self._adapt_one(density), in_axes=(0, 0, None)), static_argnums=2)
        self._sample = jax.jit(jax.vmap(self._sample_one(density), in_axes=(0, 0, 0, None)))

    def refuse_bad_starts(self, position: Float[Array, "chains d"]) -> None:
        """Raise an `InferenceError` where a chain could not move."""
        if not np.isfinite(jax.vmap(self._density)(position)).all():
            raise InferenceError("the log density is not finite where a chain should start; start the chains at draws of the posterior")

    def warm_up(self, position: Float[Array, "chains d"], steps: int) -> tuple[Any, Any]:
        """States and tuned parameters of all chains."""
        return jax.block_until_ready(self._adapt(self._keys, position, steps))

    def sample(self, state: Any, parameters: Any, steps: Int[Array, " k"]) -> tuple[Any, Float[Array, "chains k d"], Int[Array, ""]]:
        """New states, the positions on the way and the number of divergences."""
        state, position, divergent = self._sample(self._keys, state, parameters, steps)
        return state, position, divergent.sum()

    @staticmethod
    def _adapt_one(density: LogDensity) -> Callable[..., Any]:
        adaptation = blackjax.window_adaptation(
            blackjax.nuts, density, is_mass_matrix_diagonal=False, target_acceptance_rate=0.9, adaptation_info_fn=get_filter_adapt_info_fn()
        )

        def adapt(key: Array, position: Float[Array, " d"], steps: int) -> tuple[Any, Any]:
            result, _ = adaptation.run(jax.random.fold_in(key, 0), position, steps)
            return result.state, {name: result.parameters[name] for name in ("step_size", "inverse_mass_matrix")}

        return adapt

    @staticmethod
    def _sample_one(density: LogDensity) -> Callable[..., Any]:
        kernel = blackjax.nuts.build_kernel()

        def sample(key: Array, state: Any, parameters: Any, steps: Int[Array, " k"]) -> tuple[Any, Array, Array]:
            def step(state: Any, number: Int[Array, ""]) -> tuple[Any, tuple[Array, Array]]:
                step_key = jax.random.fold_in(key, number + 1)
                state, info = kernel(step_key, state, density, parameters["step_size"], parameters["inverse_mass_matrix"])
                return state, (state.position, info.is_divergent)

            state, (position, divergent) = jax.lax.scan(step, state, steps)
            return state, position, divergent

        return sample


def _whitening(
    start: Float[np.ndarray, "chains d"], covariance: Float[np.ndarray, "d d"] | None
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, "d d"]]:
    """Centre and Cholesky root of the coordinates in which the chains move."""
    if start.ndim != 2 or len(start) < 2:
        raise InferenceError(f"R-hat compares chains: expected starts of two or more, got an array of shape {start.shape}")
    if covariance is None:
        return start.mean(axis=0), np.eye(start.shape[1])
    covariance = np.asarray(covariance, np.float64)
    return start.mean(axis=0), np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))


def _judged(latent: Float[np.ndarray, "chains draws d"], divergences: int, began: float) -> ReferenceDraws:
    split_r_hat, ess = r_hat(latent), effective_sample_size(latent)
    converged = bool((split_r_hat < _R_HAT).all() and (ess > _ESS).all())
    return ReferenceDraws(latent.reshape(-1, latent.shape[-1]), split_r_hat, ess, divergences, converged, time.perf_counter() - began)
