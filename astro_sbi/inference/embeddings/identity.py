"""No embedding: the flow sees the features themselves."""

from __future__ import annotations

from flax import nnx
from jaxtyping import Array, Float


class Identity(nnx.Module):
    """The features as one vector."""

    def __call__(self, features: Float[Array, " *shape"]) -> Float[Array, " f"]:
        """Flatten the features of one observation."""
        return features.reshape(-1)
