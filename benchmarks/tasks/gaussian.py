"""Gaussian tasks: the mean of a Gaussian under two priors, and the common mean of two Gaussians."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jaxtyping import Float

from benchmarks.tasks.task import Task, same_priors

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray

VARIANCE = 0.1
BROAD, NARROW = 1.0, 0.1


def simulate_mean(theta: Float[Array, " d"], key: PRNGKeyArray) -> Float[Array, " d"]:
    """``x = theta + sqrt(0.1) e``."""
    return theta + math.sqrt(VARIANCE) * jax.random.normal(key, theta.shape)


def mean_log_likelihood(theta: Float[Array, "draws d"], x: Float[Array, " d"]) -> Float[Array, " draws"]:
    """``log N(x; theta, 0.1)``, summed over the coordinates."""
    return _log_normal(jnp.asarray(x) - jnp.asarray(theta), math.sqrt(VARIANCE))


def simulate_mixture(theta: Float[Array, " d"], key: PRNGKeyArray) -> Float[Array, " d"]:
    """``x = theta + s e`` with one ``s`` for all coordinates, 1 or 0.1 with equal chance, drawn anew for every simulation.

    The paper's own code drew one ``s`` for a whole batch of simulations; this is the version corrected in 2023.
    """
    which_key, noise_key = jax.random.split(key)
    scale = jnp.where(jax.random.bernoulli(which_key), BROAD, NARROW)
    return theta + scale * jax.random.normal(noise_key, theta.shape)


def mixture_log_likelihood(theta: Float[Array, "draws d"], x: Float[Array, " d"]) -> Float[Array, " draws"]:
    """``log (N(x; theta, 1) / 2 + N(x; theta, 0.01) / 2)``."""
    difference = jnp.asarray(x) - jnp.asarray(theta)
    return jnp.logaddexp(_log_normal(difference, BROAD), _log_normal(difference, NARROW)) - math.log(2.0)


def _log_normal(difference: Float[Array, "draws d"], scale: float) -> Float[Array, " draws"]:
    constant = difference.shape[-1] * math.log(scale * math.sqrt(2 * math.pi))
    return -0.5 * jnp.sum((difference / scale) ** 2, axis=-1) - constant


def gaussian_linear() -> Task:
    """Ten means with Gaussian priors of variance 0.1 (Lueckmann et al. 2021, T.1)."""
    return Task("gaussian_linear", same_priors(10, f"normal(0,{math.sqrt(VARIANCE)!r})"), simulate_mean, mean_log_likelihood)


def gaussian_linear_uniform() -> Task:
    """Ten means with uniform priors in +-1 (Lueckmann et al. 2021, T.2)."""
    return Task("gaussian_linear_uniform", same_priors(10, "uniform(-1,1)"), simulate_mean, mean_log_likelihood)


def gaussian_mixture() -> Task:
    """Two common means of a broad and a narrow Gaussian, uniform in +-10 (Lueckmann et al. 2021, T.7)."""
    return Task("gaussian_mixture", same_priors(2, "uniform(-10,10)"), simulate_mixture, mixture_log_likelihood)
