"""Flows of equal layers with the variables reordered between them, run as one scan over whole batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from math import prod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import AbstractBijection, Chain, Invert, Permute, Scan
from flowjax.distributions import StandardNormal, Transformed
from jaxtyping import Array, Float, Int
from paramax import unwrap

Step = tuple[Float[Array, "d ..."], Float[Array, "*batch"]]


class Layer(AbstractBijection):
    """One layer, from the density's variables towards the normal's; ``forward`` and ``backward`` take trailing batch axes."""

    # Draws made together: so many that a layer's work still fits the processor's cache.
    together: ClassVar[int] = 512
    shape: tuple[int, ...] = eqx.field(static=True)
    cond_shape: tuple[int, ...] = eqx.field(static=True)

    @abstractmethod
    def forward(self, x: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Image and log determinant."""

    @abstractmethod
    def backward(self, y: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Preimage and log determinant of the inverse."""

    def transform_and_log_det(self, x: Float[Array, " d"], condition: Float[Array, " c"] | None = None) -> Step:
        """Image and log determinant of one point."""
        assert condition is not None
        return self.forward(x, condition)

    def inverse_and_log_det(self, y: Float[Array, " d"], condition: Float[Array, " c"] | None = None) -> Step:
        """Preimage and log determinant of the inverse at one point."""
        assert condition is not None
        return self.backward(y, condition)


class LayeredFlow(Transformed):
    """A transformed unit normal whose methods take whole batches as they are, last axis first.

    Several times faster on a CPU than mapping over single points, and the context's share of the work is done once per context.
    """

    def __init__(self, bijection: Invert) -> None:
        super().__init__(StandardNormal(bijection.shape), bijection)

    def log_prob(self, x: Float[Array, "*batch d"], condition: Float[Array, "*batch c"] | None = None) -> Float[Array, "*batch"]:
        """Log density.

        Args:
            x: points.
            condition: contexts; leading axes broadcast against those of the points.
        """
        x, condition = jnp.asarray(x, float), jnp.asarray(condition, float)
        batch = max(x.ndim, condition.ndim) - 1
        leading = jnp.broadcast_shapes(x.shape[:-1], condition.shape[:-1])
        x = jnp.broadcast_to(x, (*leading, x.shape[-1]))
        condition = condition.reshape(*[1] * (batch + 1 - condition.ndim), *condition.shape)
        z, log_det = self._scanned(jnp.moveaxis(x, -1, 0), jnp.moveaxis(condition, -1, 0), forward=True)
        log_prob = log_det - 0.5 * jnp.sum(z * z, axis=0) - 0.5 * self.shape[0] * np.log(2 * np.pi)
        return jnp.where(jnp.isnan(log_prob), -jnp.inf, log_prob)

    def sample(
        self, key: Array, sample_shape: tuple[int, ...] = (), condition: Float[Array, "*batch c"] | None = None
    ) -> Float[Array, "*samples d"]:
        """Draws, ``sample_shape`` for every context."""
        return self.sample_and_log_prob(key, sample_shape, condition)[0]

    def sample_and_log_prob(
        self, key: Array, sample_shape: tuple[int, ...] = (), condition: Float[Array, "*batch c"] | None = None
    ) -> tuple[Float[Array, "*samples d"], Float[Array, "*samples"]]:
        """Draws, ``sample_shape`` for every context, and their log densities."""
        condition = jnp.asarray(condition, float)
        leading, draws = condition.shape[:-1], prod(sample_shape)
        flow: Any = self
        together = max(1, min(draws, flow.bijection.bijection.bijection.bijections[0].together // max(prod(leading), 1)))
        context = jnp.moveaxis(condition, -1, 0)[:, None]

        def block(z: Float[Array, "d s ..."]) -> Step:
            x, log_det = self._scanned(z, context, forward=False)
            return x, -log_det - 0.5 * jnp.sum(z * z, axis=0) - 0.5 * self.shape[0] * np.log(2 * np.pi)

        z = jax.random.normal(key, (-(-draws // together), self.shape[0], together, *leading), condition.dtype)
        x, log_prob = jax.lax.map(block, z)
        x = jnp.moveaxis(x, 1, -1).reshape(-1, *leading, self.shape[0])[:draws]
        log_prob = log_prob.reshape(-1, *leading)[:draws]
        return x.reshape(*sample_shape, *leading, self.shape[0]), log_prob.reshape(*sample_shape, *leading)

    def _scanned(self, x: Float[Array, "d ..."], context: Float[Array, "c ..."], *, forward: bool) -> Step:
        flow: Any = unwrap(self)
        stacked, static = eqx.partition(flow.bijection.bijection.bijection, eqx.is_array)

        def step(carry: Step, arrays: Any) -> tuple[Step, None]:
            (x, log_det), (layer, permute) = carry, eqx.combine(arrays, static).bijections
            if forward:
                x, change = layer.forward(x, context)
                return (x[permute.permutation[0]], log_det + change), None
            x, change = layer.backward(x[permute.inverse_permutation[0]], context)
            return (x, log_det + change), None

        return jax.lax.scan(step, (x, jnp.zeros(x.shape[1:], x.dtype)), stacked, reverse=not forward)[0]


def layered_flow(key: Array, layer: Callable[[Array], Layer], permutations: Int[np.ndarray, "layers d"]) -> LayeredFlow:
    """A flow of layers made by ``layer(key)``, each followed by its permutation of the variables."""

    def made(layer_key: Array, permutation: Int[Array, " d"]) -> Chain:
        return Chain([layer(layer_key), Permute(permutation)])

    stacked = eqx.filter_vmap(made)(jax.random.split(key, len(permutations)), jnp.asarray(permutations))
    return LayeredFlow(Invert(Scan(stacked)))


def alternating_orders(dimension: int, layers: int) -> Int[np.ndarray, "layers d"]:
    """Permutations that reverse the variables after each layer, and turn them by half every other time."""
    reverse = np.arange(dimension)[::-1]
    return np.stack([np.roll(reverse, (number % 2) * (dimension // 2)) for number in range(layers)])
