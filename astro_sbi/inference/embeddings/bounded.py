"""Values of any size as inputs that a network can bear."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

_LINEAR = 8.0
_LARGEST = 1e12


def linear_within(value: Float[Array, "*s"], limit: float = _LINEAR) -> Float[Array, "*s"]:
    """``limit * tanh(value / limit)``: the value itself near zero, never beyond the limit."""
    return limit * jnp.tanh(value / limit)


def logarithmic(value: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """``asinh(value)``: the value itself near zero, its signed logarithm far from it, so that no size looks like another."""
    return jnp.arcsinh(jnp.clip(value, -_LARGEST, _LARGEST))
