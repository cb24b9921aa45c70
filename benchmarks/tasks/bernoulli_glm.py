"""Bernoulli generalised linear model: spikes of a neuron that filters white noise, seen through sufficient statistics."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from benchmarks.tasks.task import Task, same_priors

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray

BINS = 100
FILTER = 9
OFFSET_VARIANCE = 2.0


@functools.cache
def design() -> Float[np.ndarray, "100 10"]:
    """A column of ones, then the stimulus delayed by 0 to 8 bins; unit white noise, frozen as in sbibm."""
    stimulus = np.random.RandomState(42).randn(BINS).astype(np.float32)
    delayed = [np.concatenate([np.zeros(delay, np.float32), stimulus[: BINS - delay]]) for delay in range(FILTER)]
    return np.stack([np.ones(BINS, np.float32), *delayed], axis=1)


@functools.cache
def colouring() -> Float[np.ndarray, "10 10"]:
    """The matrix that maps unit normals to the prior: offset of variance 2, filter of covariance ``(F^T F)^-1``.

    ``F`` penalises second differences: 1, -2 and ``1 + sqrt((i - 1) / 9)`` on the diagonal.
    """
    difference = np.eye(FILTER) - np.eye(FILTER, k=-1)
    smoothness = difference @ difference + np.diag(np.sqrt(np.arange(FILTER) / FILTER))
    matrix = np.zeros((FILTER + 1, FILTER + 1))
    matrix[0, 0] = math.sqrt(OFFSET_VARIANCE)
    matrix[1:, 1:] = np.linalg.inv(smoothness)
    return matrix.astype(np.float32)


def to_parameters(z: Float[Array, "draws 10"]) -> Float[Array, "draws 10"]:
    """Offset and filter of whitened coordinates."""
    return z @ colouring().T


def simulate(z: Float[Array, " 10"], key: PRNGKeyArray) -> Float[Array, " 10"]:
    """Number of spikes, then the spike-triggered sums of the stimulus: ``X^T y`` with ``y ~ Bernoulli(sigmoid(X theta))``."""
    chance = jax.nn.sigmoid(design() @ (colouring() @ z))
    return jnp.asarray(design()).T @ jax.random.bernoulli(key, chance).astype(jnp.float32)


def log_likelihood(z: Float[Array, "draws 10"], x: Float[Array, " 10"]) -> Float[Array, " draws"]:
    """``x . theta - sum log(1 + exp(X theta))``: the statistics are sufficient."""
    theta = to_parameters(jnp.asarray(z))
    return theta @ jnp.asarray(x) - jax.nn.softplus(theta @ design().T).sum(axis=-1)


def bernoulli_glm() -> Task:
    """An offset and a filter of nine bins; ten statistics observed (Lueckmann et al. 2021, T.5)."""
    return Task("bernoulli_glm", same_priors(FILTER + 1, "normal(0,1)"), simulate, log_likelihood, to_parameters)
