"""A residual network of gated linear units: products of features, as moments and ratios of data are."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

# Standardised features lie far inside; beyond it a square of them could overflow float32.
_LIMIT = 1e6


class _GatedUnit(nnx.Module):
    """``h + C (A u * silu(B u))`` with ``u`` the features over their root mean square (SwiGLU, Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.value = nnx.Linear(width, width, rngs=rngs)
        self.gate = nnx.Linear(width, width, rngs=rngs)
        self.leave = nnx.Linear(width, width, rngs=rngs)

    def __call__(self, hidden: Float[Array, " width"]) -> Float[Array, " width"]:
        scaled = hidden * jax.lax.rsqrt(jnp.mean(hidden**2) + 1.0)
        return hidden + self.leave(self.value(scaled) * jax.nn.silu(self.gate(scaled)))


class GatedMLP(nnx.Module):
    """Three residual gated units between a linear entrance and a linear exit."""

    def __init__(self, features: int, width: int, out: int, *, rngs: nnx.Rngs) -> None:
        self.enter = nnx.Linear(features, width, rngs=rngs)
        self.first = _GatedUnit(width, rngs=rngs)
        self.second = _GatedUnit(width, rngs=rngs)
        self.third = _GatedUnit(width, rngs=rngs)
        self.leave = nnx.Linear(width, out, rngs=rngs)

    def __call__(self, features: Float[Array, " *shape"]) -> Float[Array, " out"]:
        """Embed the features of one observation."""
        inside = jnp.clip(features.reshape(-1), -_LIMIT, _LIMIT)
        return self.leave(self.third(self.second(self.first(self.enter(inside)))))
