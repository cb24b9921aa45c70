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
from astro_sbi.simulators.base import Pattern

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


class _Given(NamedTuple):
    """What a climb needs beside its start; ``quoted`` and ``null`` are 0 or 1, so that one program serves all climbs.

    Attributes:
        known: scalar known quantities.
        value: observed values [n].
        pattern: the observing pattern.
        quoted: climb minus half chi-square with quoted errors instead of the posterior.
        null: climb with the signal switched off.
    """

    known: dict[str, Any]
    value: Any
    pattern: Pattern
    quoted: float
    null: float


def _local(problem: Problem, z: Array, given: _Given) -> tuple[Array, Array, Array]:
    """Height, gradient and Fisher matrix at one point."""
    _, value, pattern, quoted, null = given

    def model(point: Array) -> Array:
        theta = problem.prior.physical(point, given.known, jnp)
        without = problem.simulator.null(theta) or theta
        theta = {name: (1 - null) * theta[name] + null * without[name] for name in theta}
        mean, sigma = problem.simulator.one_step(theta, value, pattern)
        return jnp.stack([mean, (1 - quoted) * jnp.log(sigma) + quoted * jnp.log(pattern.sigma)])

    mean, log_sigma = model(z)
    slope_mean, slope_log_sigma = jax.jacfwd(model)(z)
    used, weight = pattern.used, 1.0 - quoted
    residual = jnp.where(used, (value - mean) * jnp.exp(-log_sigma), 0.0)
    slope_mean = jnp.where(used[:, None], slope_mean * jnp.exp(-log_sigma)[:, None], 0.0)
    slope_log_sigma = jnp.where(used[:, None], slope_log_sigma, 0.0)
    height = -0.5 * jnp.sum(residual**2) - weight * (jnp.sum(jnp.where(used, log_sigma, 0.0)) + 0.5 * jnp.sum(z**2))
    gradient = residual @ slope_mean + weight * ((residual**2 - 1.0 * used) @ slope_log_sigma - z)
    fisher = slope_mean.T @ slope_mean + 2 * slope_log_sigma.T @ slope_log_sigma + (weight + 1e-4) * jnp.eye(len(z))
    return height, gradient, fisher


def _climb(problem: Problem, start: Array, given: _Given) -> tuple[Array, Array, Array]:
    """Climb from one point; returns position, height and Fisher matrix."""
    local = partial(_local, problem, given=given)

    def body(_: int, state: tuple[_Climb, Any]) -> tuple[_Climb, Any]:
        climb, (_, gradient, fisher) = state
        step = jnp.linalg.solve(fisher + climb.damping * jnp.diag(jnp.diagonal(fisher)), gradient)
        step = step / jnp.maximum(1.0, jnp.max(jnp.abs(step)))
        trial = jnp.clip(climb.z + step, -_FARTHEST, _FARTHEST)
        there = local(trial)
        better = there[0] > climb.height
        damping = jnp.clip(climb.damping * jnp.where(better, 0.3, 5.0), 1e-6, 1e6)
        here = jax.tree.map(partial(jnp.where, better), there, state[1])
        return _Climb(jnp.where(better, trial, climb.z), here[0], damping), here

    first = local(start)
    height = jnp.nan_to_num(first[0], nan=-jnp.inf)
    last, (_, _, fisher) = jax.lax.fori_loop(0, _ITERATIONS, body, (_Climb(start, height, jnp.float32(0.1)), (height, *first[1:])))
    return last.z, last.height, fisher


class PeakSearch:
    """Climbs for one problem; its single compiled program serves the posterior, the least-squares fit and the null model."""

    def __init__(self, problem: Problem) -> None:
        """Prepare to climb."""
        self._problem = problem
        self._program = jax.jit(lambda points, given: jax.vmap(lambda point: _climb(problem, point, given))(points))

    def peaks(
        self, latent: Float[np.ndarray, "N d"], log_likelihood: Float[np.ndarray, " N"], rng: np.random.Generator, *, null: bool = False
    ) -> Peaks:
        """Climb from the best and from random draws of the prior.

        Args:
            latent: draws of the prior.
            log_likelihood: their log likelihoods.
            rng: chooses the random starts.
            null: whether the signal is switched off.
        """
        best = np.argsort(-(log_likelihood + log_unit_normal(latent)))[: _STARTS // 2]
        starts = np.concatenate([latent[best], latent[rng.choice(len(latent), _STARTS - len(best), replace=False)]])
        z, height, fisher = self._climb(starts, quoted=False, null=null)
        order = np.argsort(-height)
        z, height, fisher = z[order], height[order], fisher[order]
        kept = _distinct(z, height, fisher)
        fitted, fit, _ = self._climb(np.resize(z[kept], (_STARTS, z.shape[1])), quoted=True, null=null)
        exact = self._problem.log_likelihood(z[kept], null=null) - 0.5 * np.sum(z[kept] ** 2, axis=-1)
        return Peaks(z[kept], exact, np.linalg.inv(fisher[kept]), fitted[np.argmax(fit)])

    def _climb(self, starts: Float[np.ndarray, "s d"], *, quoted: bool, null: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        problem = self._problem
        known = {name: np.float32(value) for name, value in problem.known.items()}
        given = _Given(known, problem.value, problem.pattern, np.float32(quoted), np.float32(null))
        z, height, fisher = (np.asarray(part, np.float64) for part in self._program(starts.astype(np.float32), given))
        return z, np.where(np.isfinite(height), height, -np.inf), fisher


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
