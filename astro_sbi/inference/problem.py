"""One observation to be explained by one simulator under one prior, as functions of latent coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.observations.observation import Observation
from astro_sbi.simulators.base import Pattern, Simulator, known_values, log_likelihood, padded_value, pattern_of, scalar_known
from astro_sbi.simulators.prior import Prior

_CHUNK, _FEW = 4096, 512


class Predictions(NamedTuple):
    """What draws of the posterior predict [S, n], each value given those before it.

    Attributes:
        mean: expected values; those of the noise-free model where the noise is independent.
        sigma: standard deviation about them.
        noise: the part of it that is independent noise.
    """

    mean: Float[np.ndarray, "S n"]
    sigma: Float[np.ndarray, "S n"]
    noise: Float[np.ndarray, "S n"]

    def with_quoted(self, quoted: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """What `sigma` is with the quoted errors in place of the fitted noise, median over the draws [n]."""
        process = self.sigma.astype(np.float64) ** 2 - self.noise.astype(np.float64) ** 2
        return np.sqrt(np.median(np.maximum(process, 0.0), axis=0) + quoted**2)


@dataclass(frozen=True, eq=False)
class Problem:
    """A simulator, its prior and one observing pattern with the observed values.

    Args:
        simulator: what may have made the observation.
        prior: prior of its parameters.
        pattern: the padded observing pattern.
        known: scalar known quantities that the prior may depend on.
        value: observed values, padded and decorrelated like the pattern.
    """

    simulator: Simulator
    prior: Prior
    pattern: Pattern
    known: dict[str, float]
    value: Float[np.ndarray, " n"]

    @classmethod
    def of(cls, simulator: Simulator, prior: Prior, observation: Observation) -> Problem:
        """The problem that a prepared observation poses."""
        pattern = pattern_of(simulator, observation.points)
        known = scalar_known(known_values(simulator, observation.points))
        return cls(simulator, prior, pattern, known, padded_value(observation, pattern))

    @property
    def dimension(self) -> int:
        """Number of free parameters."""
        return len(self.prior.free)

    def observing(self, value: Float[np.ndarray, " n"], pattern: Pattern | None = None) -> Problem:
        """The same problem with other observed values (padded), and on another pattern of this size if given, sharing compiled programs."""
        other = replace(self, value=value, pattern=pattern or self.pattern)
        programs = {name: getattr(self, name) for name in ("_simulate", "_predict", "_log_likelihood", "_scores")}
        other.__dict__.update(programs)
        return other

    def under(self, prior: Prior) -> Problem:
        """The same problem under another prior, sharing its compiled programs."""
        other = replace(self, prior=prior)
        other.__dict__.update({name: getattr(self, name) for name in ("_simulate", "_predict", "_log_likelihood")})
        return other

    def curves(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "S n"]:
        """The noise-free model at latent draws where errors are correlated, at the points themselves."""
        return self._in_chunks(self._curves, self.theta(z))

    def theta(self, z: Float[np.ndarray, "S d"], *, null: bool = False) -> dict[str, np.ndarray]:
        """Physical parameters [S] of latent draws, float64; with ``null`` the signal is switched off."""
        theta = self.prior.physical(np.asarray(z, np.float64), self.known)
        return (self.simulator.null(theta) or theta) if null else theta

    def simulate(self, z: Float[np.ndarray, "S d"], rng: np.random.Generator) -> tuple[Float[np.ndarray, "S n"], Float[np.ndarray, "S n"]]:
        """Values before independent noise, and its standard deviations, at latent draws; `rng` is of models that are random themselves."""
        seed = np.asarray(rng.integers(2**32, size=len(z)), np.uint32) if self.simulator.random else np.zeros(len(z), np.uint32)
        mean, sigma = self._in_chunks(self._simulate, self.theta(z), seed)
        return mean, sigma

    def observations(self, z: Float[np.ndarray, "S d"], rng: np.random.Generator) -> Float[np.ndarray, "S n"]:
        """Simulated observations (padded) at latent draws, noise included."""
        mean, sigma = self.simulate(z, rng)
        return (mean + sigma * rng.standard_normal(mean.shape)).astype(np.float32)

    def signal_to_noise(self, value: Float[np.ndarray, "S n"]) -> Float[np.ndarray, " S"]:
        """Scatter of observed values about their weighted mean over the quoted errors, of observations (padded) on this pattern.

        It knows the data only: simulations chosen by it keep uniform ranks.
        """
        used, sigma = self.pattern.used, self.pattern.sigma.astype(np.float64)
        weight = np.where(used, sigma, np.inf) ** -2.0
        centred = value - (value @ weight / weight.sum())[:, None]
        return np.sqrt(centred**2 @ weight / used.sum())

    def predict(self, z: Float[np.ndarray, "S d"]) -> Predictions:
        """What latent draws predict for each observed value, given those before it; for decorrelated values where errors are correlated."""
        return Predictions(*self._in_chunks(self._predict, self.theta(z)))

    def log_likelihood(self, z: Float[np.ndarray, "S d"], *, null: bool = False) -> Float[np.ndarray, " S"]:
        """Log likelihood of the observation at latent draws, float64; -inf where it is not finite."""
        value = self._in_chunks(self._log_likelihood, self.theta(z, null=null)).astype(np.float64)
        return np.where(np.isfinite(value), value, -np.inf)

    def scores(
        self, z: Float[np.ndarray, " d"], value: Float[np.ndarray, "N n"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N d"]]:
        """Log of likelihood times prior and its gradient at one latent point, for each of several padded observations, float64."""
        known = {name: np.float32(number) for name, number in self.known.items()}
        size, parts = len(value), []
        for start in range(0, size, _FEW):
            index = np.minimum(np.arange(start, start + _FEW), size - 1)
            parts.append(self._scores(z.astype(np.float32), known, value[index], self.pattern))
        height, slope = (np.concatenate([np.asarray(part, np.float64) for part in column])[:size] for column in zip(*parts, strict=True))
        return height, slope

    def log_density(self, z: Float[Array, " d"], known: Any, value: Any, pattern: Pattern) -> Float[Array, ""]:
        """Log of likelihood times prior at one latent point (jax, differentiable), up to the prior's constant."""
        theta = self.prior.physical(z, known, jnp)
        return log_likelihood(self.simulator, theta, value, pattern) - 0.5 * jnp.sum(z**2)

    @cached_property
    def _simulate(self) -> Callable[..., Any]:
        def both(theta: Any, seed: Any, value: Any, pattern: Pattern) -> tuple[Array, Array]:
            return self.simulator.process(jax.random.key(seed), theta, pattern), self.simulator.noise(theta, pattern)

        return jax.jit(jax.vmap(both, in_axes=(0, 0, None, None)))

    @cached_property
    def _predict(self) -> Callable[..., Any]:
        def three(theta: Any, value: Any, pattern: Pattern) -> tuple[Array, Array, Array]:
            return *self.simulator.one_step(theta, value, pattern), self.simulator.noise(theta, pattern)

        return jax.jit(jax.vmap(three, in_axes=(0, None, None)))

    @cached_property
    def _curves(self) -> Callable[..., Any]:
        return jax.jit(jax.vmap(lambda theta, value, pattern: self.simulator.predict(theta, pattern), in_axes=(0, None, None)))

    @cached_property
    def _log_likelihood(self) -> Callable[..., Any]:
        def one(theta: Any, value: Any, pattern: Pattern) -> Array:
            return log_likelihood(self.simulator, theta, value, pattern)

        return jax.jit(jax.vmap(one, in_axes=(0, None, None)))

    @cached_property
    def _scores(self) -> Callable[..., Any]:
        return jax.jit(jax.vmap(jax.value_and_grad(self.log_density), in_axes=(None, None, 0, None)))

    def _in_chunks(self, function: Callable[..., Any], theta: dict[str, np.ndarray], *also: np.ndarray) -> Any:
        """Evaluate in chunks of one size, so that one compilation serves any number of draws."""
        theta = {name: np.asarray(values, np.float32) for name, values in theta.items()}
        total, parts = len(next(iter(theta.values()))), []
        for start in range(0, total, _CHUNK):
            index = np.minimum(np.arange(start, start + _CHUNK), total - 1)
            chunk = {name: values[index] for name, values in theta.items()}
            parts.append(function(chunk, *(values[index] for values in also), self.value, self.pattern))
        return jax.tree.map(lambda *leaves: np.concatenate([np.asarray(leaf) for leaf in leaves])[:total], *parts)
