"""Residual multilayer perceptron for summaries and short observations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

# Standardised features lie far inside; beyond it a product of weights could overflow float32.
_LIMIT = 1e6


class ResidualMLP(nnx.Module):
    """Two residual blocks between a linear entrance and a linear exit.

    Args:
        features: number of features.
        width: hidden units.
        out: length of the context.
        rngs: random streams of the initial weights.
    """

    def __init__(self, features: int, width: int, out: int, *, rngs: nnx.Rngs) -> None:
        self.enter = nnx.Linear(features, width, rngs=rngs)
        self.first = nnx.Linear(width, width, rngs=rngs)
        self.second = nnx.Linear(width, width, rngs=rngs)
        self.leave = nnx.Linear(width, out, rngs=rngs)

    def __call__(self, features: Float[Array, " *shape"]) -> Float[Array, " out"]:
        """Embed the features of one observation."""
        hidden = jax.nn.relu(self.enter(jnp.clip(features.reshape(-1), -_LIMIT, _LIMIT)))
        hidden = hidden + jax.nn.relu(self.first(hidden))
        hidden = hidden + jax.nn.relu(self.second(hidden))
        return self.leave(hidden)
