"""Multi-start search of the full prior for peaks of the posterior, by Levenberg-damped Fisher scoring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from astro_sbi.inference.box import Box
from astro_sbi.inference.importance import StudentMixture, log_unit_normal
from astro_sbi.inference.problem import Problem

_STARTS, _ITERATIONS = 48, 40
_FARTHEST = 6.0
#: Peaks lower than the best by more than this (nats) carry no mass that a posterior could show.
_LOWEST = 15.0


@dataclass(frozen=True, eq=False)
class Peaks:
    """Maxima of the posterior density in latent coordinates, best first.

    Args:
        latent: positions [m, d].
        height: log likelihood times prior [m].
        covariance: inverse Fisher matrices, prior included [m, d, d].
        least_squares: position of the smallest chi-square under quoted errors [d].
    """

    latent: Float[np.ndarray, "m d"]
    height: Float[np.ndarray, " m"]
    covariance: Float[np.ndarray, "m d d"]
    least_squares: Float[np.ndarray, " d"]

    def box(self, sigma: float) -> Box:
        """The smallest box that holds all peaks with ``sigma`` standard deviations on each side."""
        reach = sigma * np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))
        return Box.around(np.min(self.latent - reach, axis=0), np.max(self.latent + reach, axis=0))

    def mixture(self, inflation: float) -> StudentMixture:
        """Student t densities around the peaks, widened by ``inflation``, weighted by their Laplace masses."""
        roots = np.linalg.cholesky(self.covariance)
        mass = self.height + np.sum(np.log(np.diagonal(roots, axis1=1, axis2=2)), axis=1)
        shares = 0.7 * special.softmax(mass) + 0.3 / len(mass)
        return StudentMixture(self.latent, inflation * roots, shares / shares.sum())


class _Climb(NamedTuple):
    z: Float[Array, " d"]
    height: Float[Array, ""]
    damping: Float[Array, ""]


def _local(problem: Problem, z: Array, arguments: Any, *, quoted: bool) -> tuple[Array, Array, Array]:
    """Height, gradient and Fisher matrix at one point: of the posterior, or of minus half chi-square with quoted errors."""
    known, value, pattern = arguments

    def model(point: Array) -> Array:
        theta = problem.prior.physical(point, known, jnp)
        sigma = pattern.sigma if quoted else problem.simulator.noise(theta, pattern)
        return jnp.stack([problem.simulator.predict(theta, pattern), jnp.log(sigma)])

    mean, log_sigma = model(z)
    slope_mean, slope_log_sigma = jax.jacfwd(model)(z)
    used = pattern.used
    residual = jnp.where(used, (value - mean) * jnp.exp(-log_sigma), 0.0)
    slope_mean = jnp.where(used[:, None], slope_mean * jnp.exp(-log_sigma)[:, None], 0.0)
    slope_log_sigma = jnp.where(used[:, None], slope_log_sigma, 0.0)
    weight = 0.0 if quoted else 1.0
    height = -0.5 * jnp.sum(residual**2) - weight * (jnp.sum(jnp.where(used, log_sigma, 0.0)) + 0.5 * jnp.sum(z**2))
    gradient = residual @ slope_mean + weight * ((residual**2 - 1.0 * used) @ slope_log_sigma - z)
    fisher = slope_mean.T @ slope_mean + 2 * slope_log_sigma.T @ slope_log_sigma + (weight + 1e-4) * jnp.eye(len(z))
    return height, gradient, fisher


def _climb(problem: Problem, start: Array, arguments: Any, *, quoted: bool) -> tuple[Array, Array, Array]:
    """Climb from one point; returns position, height and Fisher matrix."""
    local = partial(_local, problem, arguments=arguments, quoted=quoted)

    def body(_: int, state: _Climb) -> _Climb:
        _, gradient, fisher = local(state.z)
        step = jnp.linalg.solve(fisher + state.damping * jnp.diag(jnp.diagonal(fisher)), gradient)
        step = step / jnp.maximum(1.0, jnp.max(jnp.abs(step)))
        trial = jnp.clip(state.z + step, -_FARTHEST, _FARTHEST)
        height = local(trial)[0]
        better = height > state.height
        damping = jnp.clip(state.damping * jnp.where(better, 0.3, 5.0), 1e-6, 1e6)
        return _Climb(jnp.where(better, trial, state.z), jnp.where(better, height, state.height), damping)

    first = _Climb(start, jnp.nan_to_num(local(start)[0], nan=-jnp.inf), jnp.float32(0.1))
    last = jax.lax.fori_loop(0, _ITERATIONS, body, first)
    return last.z, last.height, local(last.z)[2]


def search_peaks(
    problem: Problem, latent: Float[np.ndarray, "N d"], log_likelihood: Float[np.ndarray, " N"], rng: np.random.Generator
) -> Peaks:
    """Climb from the best and from random draws of the prior.

    Args:
        problem: the observation to explain.
        latent: draws of the prior.
        log_likelihood: their log likelihoods.
        rng: chooses the random starts.
    """
    arguments = ({name: np.float32(value) for name, value in problem.known.items()}, problem.value, problem.pattern)
    best = np.argsort(-(log_likelihood + log_unit_normal(latent)))[: _STARTS // 2]
    starts = np.concatenate([latent[best], latent[rng.choice(len(latent), _STARTS - len(best), replace=False)]]).astype(np.float32)

    @partial(jax.jit, static_argnames="quoted")
    def climb(points: Array, given: Any, *, quoted: bool) -> tuple[Array, Array, Array]:
        return jax.vmap(lambda point: _climb(problem, point, given, quoted=quoted))(points)

    z, height, fisher = (np.asarray(part, np.float64) for part in climb(starts, arguments, quoted=False))
    height = np.where(np.isfinite(height), height, -np.inf)
    order = np.argsort(-height)
    kept = _distinct(z[order], height[order], fisher[order])
    z, height, fisher = z[order][kept], height[order][kept], fisher[order][kept]
    again = np.resize(z[:8], (_STARTS, z.shape[1])).astype(np.float32)
    fitted, fit, _ = (np.asarray(part, np.float64) for part in climb(again, arguments, quoted=True))
    exact = problem.log_likelihood(z) - 0.5 * np.sum(z**2, axis=-1)
    return Peaks(z, exact, np.linalg.inv(fisher), fitted[np.argmax(np.where(np.isfinite(fit), fit, -np.inf))])


def _distinct(z: Float[np.ndarray, "S d"], height: Float[np.ndarray, " S"], fisher: Float[np.ndarray, "S d d"]) -> list[int]:
    """Indices of the peaks that count: high enough and further than two sigma from every higher one."""
    kept: list[int] = []
    for index in range(len(z)):
        if height[index] < height[0] - _LOWEST or not np.all(np.isfinite(fisher[index])):
            break
        apart = [(z[index] - z[other]) @ fisher[other] @ (z[index] - z[other]) > 4.0 for other in kept]
        if all(apart):
            kept.append(index)
    return kept[:8] or [0]
