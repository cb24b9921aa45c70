"""Embeddings of the observation (Flax NNX)."""

from __future__ import annotations

import jax
from flax import nnx
from jaxtyping import Array, Float


class ResidualMLP(nnx.Module):
    """Two residual blocks between a linear entrance and a linear exit."""

    def __init__(self, features: int, width: int, out: int, *, rngs: nnx.Rngs) -> None:
        self.enter = nnx.Linear(features, width, rngs=rngs)
        self.first = nnx.Linear(width, width, rngs=rngs)
        self.second = nnx.Linear(width, width, rngs=rngs)
        self.leave = nnx.Linear(width, out, rngs=rngs)

    def __call__(self, features: Float[Array, " features"]) -> Float[Array, " out"]:
        """Embed the features of one observation."""
        hidden = jax.nn.relu(self.enter(features))
        hidden = hidden + jax.nn.relu(self.first(hidden))
        hidden = hidden + jax.nn.relu(self.second(hidden))
        return self.leave(hidden)
