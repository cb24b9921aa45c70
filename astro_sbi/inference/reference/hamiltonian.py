"""Hamiltonian Monte Carlo on the simulator's own likelihood, to check the flow against."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.adaptation.mass_matrix import mass_matrix_adaptation
from blackjax.adaptation.staged_adaptation import build_schedule
from blackjax.adaptation.step_size import dual_averaging_adaptation
from jaxtyping import Array, Float, Int

from astro_sbi.inference.convergence import effective_sample_size, r_hat
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, ShouldStop
from astro_sbi.inference.reference.target import ReferenceDraws, Target

LogDensity = Callable[[Float[Array, " d"]], Float[Array, ""]]

_BLOCK = 100
_R_HAT = 1.01
_ESS = 400.0
_ACCEPTANCE = 0.9


def nuts(
    target: Target,
    *,
    draws: int = 4000,
    seed: int = 1,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
    chains: int = 4,
    warmup: int = 1000,
) -> ReferenceDraws:
    r"""Sample a posterior with the no-U-turn sampler.

    The chains begin at draws of ``target.start`` (of the prior if there are none), so that a chain begins in each mode that has its share;
    modes between which they do not move they cannot weigh, and are no reference then. They move in whitened coordinates
    :math:`u = L^{-1}(z - \bar z)`, where :math:`L L^T` is the rough covariance; step size and a dense mass matrix are adapted as
    in Stan. A cancelled run stops at the next hundred steps, of warm-up too.

    Args:
        target: the posterior; its likelihood is differentiated.
        draws: kept draws of all chains together, rounded up to the same number in each.
        seed: of all chains.
        on_progress: told of phase "sampling" and of steps of each chain done, warm-up included.
        should_stop: asked every hundred steps.
        chains: how many, two or more.
        warmup: adaptation steps of each chain, thrown away.

    Returns:
        The draws, chain after chain; converged: every R-hat below 1.01 and every ESS above 400.

    References: Hoffman & Gelman 2014, JMLR 15, 1593; Vehtari et al. 2021, Bayesian Analysis 16, 667 (the limits).
    """
    began, likelihood = time.perf_counter(), target.explicit("nuts")
    start, covariance = _starts(target, chains, seed)
    centre, root = start.mean(axis=0), _root(covariance)
    density = _whitened(likelihood, centre, root)
    run = _Chains(density, jax.random.split(jax.random.key(seed), chains), warmup)
    state = run.started(jnp.asarray(np.linalg.solve(root, (start - centre).T).T, jnp.float32))
    kept, evaluations, done, each = [], 0, 0, -(-draws // chains)
    on_progress("sampling", 0, warmup + each, None)
    for steps, schedule in [*_blocks(warmup, adapting=True), *_blocks(each, adapting=False)]:
        if should_stop():
            raise Cancelled
        state, seen = run.advance(state, steps, schedule)
        evaluations, done = evaluations + int(seen.leapfrogs.sum()), done + len(steps)
        if schedule is None:
            kept.append(jax.tree.map(np.asarray, seen))
        on_progress("sampling", done, warmup + each, None)
    latent = centre + np.concatenate([seen.position for seen in kept], axis=1).astype(np.float64) @ root.T
    return _judged(latent, int(sum(seen.divergent.sum() for seen in kept)), evaluations, began)


def _whitened(likelihood: LogDensity, centre: Float[np.ndarray, " d"], root: Float[np.ndarray, "d d"]) -> LogDensity:
    """Log of likelihood times prior in the coordinates in which the chains move."""
    shift, scale = jnp.asarray(centre, jnp.float32), jnp.asarray(root, jnp.float32)

    def density(u: Float[Array, " d"]) -> Float[Array, ""]:
        z = shift + scale @ u
        return likelihood(z) - 0.5 * jnp.sum(z**2)

    return density


class _Adapting(NamedTuple):
    """State of one chain and of its adaptation."""

    chain: Any
    step_size: Any
    mass: Any


class _Seen(NamedTuple):
    """What a block of steps leaves: [chains, k, ...]."""

    position: Array
    divergent: Array
    leapfrogs: Array


class _Chains:
    """The compiled steps of all chains: one program adapts, one draws."""

    def __init__(self, density: LogDensity, keys: Array, warmup: int) -> None:
        self._keys, self._density = keys, density
        self._warm_up_keys = jax.vmap(lambda key: jax.random.split(jax.random.fold_in(key, 0), max(warmup, 1)))(keys)
        self._kernel = blackjax.nuts.build_kernel()
        self._step_size, self._mass = dual_averaging_adaptation(_ACCEPTANCE), mass_matrix_adaptation(is_diagonal_matrix=False)
        self._adapt = jax.jit(jax.vmap(self._scan(self._adapt_step), in_axes=(0, 0, None)))
        self._draw = jax.jit(jax.vmap(self._scan(self._draw_step), in_axes=(0, 0, None)))

    def started(self, position: Float[Array, "chains d"]) -> _Adapting:
        """Chains before their first step.

        Raises:
            InferenceError: if a chain could not move.
        """
        if not np.isfinite(jax.vmap(self._density)(position)).all():
            raise InferenceError("the log density is not finite where a chain should start; start the chains at draws of the posterior")

        def start(one: Float[Array, " d"]) -> _Adapting:
            return _Adapting(blackjax.nuts.init(one, self._density), self._step_size[0](1.0), self._mass[0](one.size))

        return jax.vmap(start)(position)

    def advance(self, state: _Adapting, steps: Int[np.ndarray, " k"], schedule: Int[np.ndarray, "k 2"] | None) -> tuple[_Adapting, _Seen]:
        """New states after a block of adapting steps, or of drawing ones where there is no schedule."""
        if schedule is None:
            keys = jax.vmap(lambda key: jax.vmap(lambda step: jax.random.fold_in(key, step + 1))(jnp.asarray(steps)))(self._keys)
            return self._draw(keys, state, None)
        return self._adapt(self._warm_up_keys[:, steps], state, jnp.asarray(schedule))

    @staticmethod
    def _scan(step: Callable[..., Any]) -> Callable[..., Any]:
        def scan(keys: Array, state: _Adapting, schedule: Array | None) -> tuple[_Adapting, _Seen]:
            return jax.lax.scan(lambda state, given: step(state, *given), state, (keys, schedule))

        return scan

    def _adapt_step(self, state: _Adapting, key: Array, stage: Array) -> tuple[_Adapting, _Seen]:
        """One step of Stan's warm-up: slow windows gather the mass matrix, whose end resets the step size."""
        step_size, inverse_mass = jnp.exp(state.step_size.log_step_size), state.mass.inverse_mass_matrix
        chain, info = self._kernel(key, state.chain, self._density, step_size, inverse_mass)
        (restart, learn, average), (_, gather, closed) = self._step_size, self._mass
        tuned = learn(state.step_size, info.acceptance_rate)
        mass = jax.lax.cond(stage[0] == 1, lambda m: gather(m, chain.position), lambda m: m, state.mass)
        tuned, mass = jax.lax.cond(stage[1] == 1, lambda t, m: (restart(average(t)), closed(m)), lambda t, m: (t, m), tuned, mass)
        return _Adapting(chain, tuned, mass), _Seen(chain.position, info.is_divergent, info.num_integration_steps)

    def _draw_step(self, state: _Adapting, key: Array, _: None) -> tuple[_Adapting, _Seen]:
        step_size, inverse_mass = jnp.exp(state.step_size.log_step_size_avg), state.mass.inverse_mass_matrix
        chain, info = self._kernel(key, state.chain, self._density, step_size, inverse_mass)
        return state._replace(chain=chain), _Seen(chain.position, info.is_divergent, info.num_integration_steps)


def _blocks(steps: int, *, adapting: bool) -> list[tuple[Int[np.ndarray, " k"], Int[np.ndarray, "k 2"] | None]]:
    """Numbers of the steps in blocks of a hundred, each with its part of the warm-up's schedule."""
    schedule = np.asarray(build_schedule(steps), np.int32) if adapting and steps else None
    parts = [np.arange(first, min(first + _BLOCK, steps)) for first in range(0, steps, _BLOCK)]
    return [(part, None if schedule is None else schedule[part]) for part in parts]


def _starts(target: Target, chains: int, seed: int) -> tuple[Float[np.ndarray, "chains d"], Float[np.ndarray, "d d"]]:
    """Where the chains begin and the rough covariance."""
    if chains < 2:
        raise InferenceError(f"R-hat compares chains: expected two or more, got {chains}")
    rng, unit = np.random.default_rng([seed, 6]), np.eye(target.dimension)
    if target.start is None:
        return rng.standard_normal((chains, target.dimension)), unit if target.covariance is None else target.covariance
    known = np.asarray(target.start, np.float64)
    if len(known) < chains:
        raise InferenceError(f"{chains} chains need as many draws to start from, got {len(known)}: give more, or run fewer chains")
    start = known[rng.choice(len(known), chains, replace=False)]
    if target.covariance is not None:
        return start, target.covariance
    return start, np.cov(known.T).reshape(unit.shape) if len(known) > 10 * target.dimension else unit


def _root(covariance: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "d d"]:
    """Cholesky root of a covariance, made positive where it is degenerate."""
    covariance = np.asarray(covariance, np.float64)
    return np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))


def _judged(latent: Float[np.ndarray, "chains n d"], divergences: int, evaluations: int, began: float) -> ReferenceDraws:
    split_r_hat, ess = r_hat(latent), effective_sample_size(latent)
    mixed, enough = bool((split_r_hat < _R_HAT).all()), bool((ess > _ESS).all())
    numbers = f"R-hat {split_r_hat.max():.3f}, effective sample size {ess.min():.0f}"
    if not mixed:
        reason = f"the chains disagree ({numbers}): they sit in different modes or are too short, so this is no reference"
    else:
        reason = f"the chains agree ({numbers})" if enough else f"too few independent draws ({numbers}; 400 are needed): draw more"
    return ReferenceDraws(
        "nuts",
        latent.reshape(-1, latent.shape[-1]),
        mixed and enough,
        reason,
        evaluations,
        time.perf_counter() - began,
        ess=ess,
        r_hat=split_r_hat,
        divergences=divergences,
    )
