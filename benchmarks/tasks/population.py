"""Population models: an epidemic (SIR) and predator with prey (Lotka-Volterra).

Both are integrated in the logarithms of their populations, where exponential growth is a straight line.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Float

from astro_sbi.simulators.prior import Prior, lognormal
from benchmarks.tasks.task import Task

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray

PEOPLE = 1e6
TESTED = 1000
EPIDEMIC_INTERVAL = 17.0
EPIDEMIC_STEPS = 68
PREY, PREDATORS = 30.0, 1.0
POPULATION_INTERVAL = 2.1
POPULATION_STEPS = 420
COUNT_ERROR = 0.1
TIMES = 10


def integrated(
    slope: Callable[[Float[Array, " k"]], Float[Array, " k"]], start: Float[Array, " k"], interval: float, steps: int
) -> Float[Array, "10 k"]:
    """State at ten equidistant times, the start among them, by the classical Runge-Kutta method.

    Args:
        slope: time derivative of the state.
        start: state at time zero.
        interval: time between two states.
        steps: integration steps in each interval.
    """
    h = interval / steps

    def step(state: Float[Array, " k"], _: None) -> tuple[Float[Array, " k"], None]:
        first = slope(state)
        second = slope(state + h / 2 * first)
        third = slope(state + h / 2 * second)
        fourth = slope(state + h * third)
        return state + h / 6 * (first + 2 * second + 2 * third + fourth), None

    def advance(state: Float[Array, " k"], _: None) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
        later, _ = jax.lax.scan(step, state, None, length=steps)
        return later, later

    _, states = jax.lax.scan(advance, start, None, length=TIMES - 1)
    return jnp.concatenate([start[None], states])


def log_infected(theta: Float[Array, " 2"]) -> Float[Array, " 10"]:
    """Logarithm of the infected share of a million people, one of them at first, every 17 days.

    ``d log S/dt = -beta I``, ``d log I/dt = beta S - gamma``, shares of the population.
    """
    beta, gamma = theta

    def slope(state: Float[Array, " 2"]) -> Float[Array, " 2"]:
        return jnp.stack([-beta * jnp.exp(state[1]), beta * jnp.exp(state[0]) - gamma])

    start = jnp.array([math.log1p(-1 / PEOPLE), -math.log(PEOPLE)])
    return integrated(slope, start, EPIDEMIC_INTERVAL, EPIDEMIC_STEPS)[:, 1]


def simulate_epidemic(theta: Float[Array, " 2"], key: PRNGKeyArray) -> Float[Array, " 10"]:
    """How many of a thousand people test positive at each time."""
    return jax.random.binomial(key, TESTED, jnp.clip(jnp.exp(log_infected(theta)), 0.0, 1.0))


def epidemic_log_likelihood(theta: Float[Array, "draws 2"], x: Float[Array, " 10"]) -> Float[Array, " draws"]:
    """Binomial, summed over the times."""
    x = jnp.asarray(x)
    share = jax.vmap(log_infected)(jnp.asarray(theta))
    share = jnp.minimum(share, -1e-7)
    choices = gammaln(TESTED + 1.0) - gammaln(x + 1) - gammaln(TESTED - x + 1)
    return jnp.sum(choices + x * share + (TESTED - x) * jnp.log1p(-jnp.exp(share)), axis=-1)


def log_populations(theta: Float[Array, " 4"]) -> Float[Array, " 20"]:
    """Logarithms of 30 prey, then of one predator, every 2.1 days, clipped as in sbibm.

    ``d log X/dt = alpha - beta Y``, ``d log Y/dt = -gamma + delta X``.
    """
    alpha, beta, gamma, delta = theta

    def slope(state: Float[Array, " 2"]) -> Float[Array, " 2"]:
        return jnp.stack([alpha - beta * jnp.exp(state[1]), -gamma + delta * jnp.exp(state[0])])

    states = integrated(slope, jnp.log(jnp.array([PREY, PREDATORS])), POPULATION_INTERVAL, POPULATION_STEPS)
    return jnp.clip(states.T.reshape(-1), math.log(1e-10), math.log(1e4))


def simulate_populations(theta: Float[Array, " 4"], key: PRNGKeyArray) -> Float[Array, " 20"]:
    """Counts with a logarithmic error of 0.1."""
    return jnp.exp(log_populations(theta) + COUNT_ERROR * jax.random.normal(key, (2 * TIMES,)))


def populations_log_likelihood(theta: Float[Array, "draws 4"], x: Float[Array, " 20"]) -> Float[Array, " draws"]:
    """Log-normal, summed over the counts."""
    pull = (jnp.log(jnp.asarray(x)) - jax.vmap(log_populations)(jnp.asarray(theta))) / COUNT_ERROR
    return jnp.sum(-0.5 * pull**2 - math.log(COUNT_ERROR * math.sqrt(2 * math.pi)) - jnp.log(jnp.asarray(x)), axis=-1)


def sir() -> Task:
    """Contact and recovery rate of an epidemic; ten counts observed (Lueckmann et al. 2021, T.9)."""
    prior = Prior.of(beta=lognormal(math.log(0.4), 0.5), gamma=lognormal(math.log(0.125), 0.2))
    return Task("sir", prior, simulate_epidemic, epidemic_log_likelihood)


def lotka_volterra() -> Task:
    """Four rates of predator and prey; twenty counts observed (Lueckmann et al. 2021, T.10)."""
    rates = {"alpha": -0.125, "beta": -3.0, "gamma": -0.125, "delta": -3.0}
    prior = Prior.of(**{name: lognormal(mean, 0.5) for name, mean in rates.items()})
    return Task("lotka_volterra", prior, simulate_populations, populations_log_likelihood)
