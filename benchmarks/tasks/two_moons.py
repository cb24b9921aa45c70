"""Two moons: a crescent-shaped posterior on either side of a line, closed form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jaxtyping import Float

from benchmarks.tasks.task import Task, same_priors

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray

OFFSET = 0.25
RADIUS = 0.1
THICKNESS = 0.01


def centre(theta: Float[Array, "*batch 2"]) -> Float[Array, "*batch 2"]:
    """Where the crescent of the observations is: ``(-|theta_1 + theta_2|, theta_2 - theta_1) / sqrt(2)``."""
    first, second = theta[..., 0], theta[..., 1]
    return jnp.stack([-jnp.abs(first + second), second - first], axis=-1) / math.sqrt(2.0)


def simulate(theta: Float[Array, " 2"], key: PRNGKeyArray) -> Float[Array, " 2"]:
    """A point of the half ring: angle uniform in ``+-pi/2``, radius ``normal(0.1, 0.01)``, shifted by 0.25 and by theta."""
    angle_key, radius_key = jax.random.split(key)
    angle = jax.random.uniform(angle_key, minval=-math.pi / 2, maxval=math.pi / 2)
    radius = RADIUS + THICKNESS * jax.random.normal(radius_key)
    return radius * jnp.stack([jnp.cos(angle), jnp.sin(angle)]) + jnp.array([OFFSET, 0.0]) + centre(theta)


def log_likelihood(theta: Float[Array, "draws 2"], x: Float[Array, " 2"]) -> Float[Array, " draws"]:
    """``log p(x | theta) = log N(r; 0.1, 0.01) - log(pi r)`` on the right half plane, else minus infinity.

    The Jacobian ``1 / r`` from polar coordinates belongs to it: the reference posterior was drawn by the simulator. A
    negative radius, ten standard deviations away, is left out.
    """
    offset = jnp.asarray(x) - centre(jnp.asarray(theta)) - jnp.array([OFFSET, 0.0])
    radius = jnp.maximum(jnp.linalg.norm(offset, axis=-1), 1e-12)
    pull = (radius - RADIUS) / THICKNESS
    density = -0.5 * pull**2 - 0.5 * math.log(2 * math.pi * THICKNESS**2) - jnp.log(math.pi * radius)
    return jnp.where(offset[:, 0] > 0, density, -jnp.inf)


def two_moons() -> Task:
    """Two parameters, uniform in +-1; two numbers observed (Lueckmann et al. 2021, T.8)."""
    return Task("two_moons", same_priors(2, "uniform(-1,1)"), simulate, log_likelihood)
