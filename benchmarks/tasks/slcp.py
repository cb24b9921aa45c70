"""Simple likelihood, complex posterior (SLCP): mean and covariance of four points in the plane, with and without distractors."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from benchmarks.tasks.task import Task, same_priors

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray

POINTS = 4
DIAGONAL = 1e-6
DISTRACTORS = 92
COMPONENTS = 20
FREEDOM = 2


def _scales(theta: Float[Array, "*batch 5"]) -> tuple[Float[Array, "*batch"], Float[Array, "*batch"], Float[Array, "*batch"]]:
    """Standard deviations ``theta_3**2`` and ``theta_4**2``, correlation ``tanh(theta_5)``."""
    return theta[..., 2] ** 2, theta[..., 3] ** 2, jnp.tanh(theta[..., 4])


def simulate(theta: Float[Array, " 5"], key: PRNGKeyArray) -> Float[Array, " 8"]:
    """Four points of the Gaussian, one after the other."""
    first, second, correlation = _scales(theta)
    variance = first**2 + DIAGONAL
    covariance = correlation * first * second
    lower = covariance / jnp.sqrt(variance)
    rest = jnp.sqrt(_determinant(theta) / variance)
    noise = jax.random.normal(key, (POINTS, 2))
    points = theta[:2] + jnp.stack([jnp.sqrt(variance) * noise[:, 0], lower * noise[:, 0] + rest * noise[:, 1]], axis=-1)
    return points.reshape(-1)


def _determinant(theta: Float[Array, "*batch 5"]) -> Float[Array, "*batch"]:
    """Of the covariance, with ``1 - tanh^2`` written as ``1 / cosh^2`` so that nothing cancels."""
    first, second, _ = _scales(theta)
    return (first * second / jnp.cosh(theta[..., 4])) ** 2 + DIAGONAL * (first**2 + second**2) + DIAGONAL**2


def log_likelihood(theta: Float[Array, "draws 5"], x: Float[Array, " 8"]) -> Float[Array, " draws"]:
    """``log N`` of the four points, whose covariance has 1e-6 added to its diagonal as in sbibm."""
    theta = jnp.asarray(theta)
    first, second, correlation = _scales(theta)
    determinant = _determinant(theta)
    difference = jnp.asarray(x).reshape(POINTS, 2) - theta[:, None, :2]
    a, b = difference[..., 0], difference[..., 1]
    cross = (correlation * first * second)[:, None]
    chi_square = (second**2 + DIAGONAL)[:, None] * a**2 - 2 * cross * a * b + (first**2 + DIAGONAL)[:, None] * b**2
    return -0.5 * chi_square.sum(axis=1) / determinant - POINTS * (0.5 * jnp.log(determinant) + math.log(2 * math.pi))


class Distractors(NamedTuple):
    """A mixture of Student's t distributions of two degrees of freedom, and where its numbers go among the eight."""

    centre: Float[np.ndarray, "20 92"]
    triangle: Float[np.ndarray, "20 92 92"]
    order: Int[np.ndarray, " 100"]


@functools.cache
def distractors() -> Distractors:
    """The mixture of sbibm, made by the same draws of the same generator."""
    generator = np.random.RandomState(42)
    centre = np.stack([15 * generator.normal(size=DISTRACTORS) for _ in range(COMPONENTS)])
    triangle = np.stack([_triangle(generator) for _ in range(COMPONENTS)])
    return Distractors(centre, 3 * triangle, generator.permutation(DISTRACTORS + 2 * POINTS))


def _triangle(generator: np.random.RandomState) -> Float[np.ndarray, "92 92"]:
    lower = np.tril(generator.normal(size=(DISTRACTORS, DISTRACTORS)))
    return lower + np.diag(np.exp(generator.normal(size=DISTRACTORS)))


def simulate_among_distractors(theta: Float[Array, " 5"], key: PRNGKeyArray) -> Float[Array, " 100"]:
    """The eight numbers hidden among 92 that say nothing."""
    points_key, which_key, noise_key, scale_key = jax.random.split(key, 4)
    mixture = distractors()
    which = jax.random.randint(which_key, (), 0, COMPONENTS)
    scale = jnp.sqrt(jax.random.chisquare(scale_key, FREEDOM) / FREEDOM)
    noise = jax.random.normal(noise_key, (DISTRACTORS,)) / scale
    noise = jnp.asarray(mixture.centre, jnp.float32)[which] + jnp.asarray(mixture.triangle, jnp.float32)[which] @ noise
    return jnp.concatenate([simulate(theta, points_key), noise])[mixture.order]


def log_likelihood_among_distractors(theta: Float[Array, "draws 5"], x: Float[Array, " 100"]) -> Float[Array, " draws"]:
    """That of the eight numbers: no parameter enters the others."""
    return log_likelihood(theta, jnp.asarray(x)[np.argsort(distractors().order)[: 2 * POINTS]])


def slcp() -> Task:
    """Five parameters, uniform in +-3; eight numbers observed (Lueckmann et al. 2021, T.3)."""
    return Task("slcp", same_priors(5, "uniform(-3,3)"), simulate, log_likelihood)


def slcp_distractors() -> Task:
    """The same with 92 uninformative numbers (Lueckmann et al. 2021, T.4)."""
    return Task("slcp_distractors", same_priors(5, "uniform(-3,3)"), simulate_among_distractors, log_likelihood_among_distractors)
