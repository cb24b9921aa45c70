"""Optical emission lines of galaxies: wavelengths, fixed ratios, and their shape on a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
from jax.lax import erf

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

LIGHT_KM_S = 299792.458


def pixel_width(wavelength: Float[Array, " n"], channel: Int[Array, " n"], used: Bool[Array, " n"]) -> Float[Array, " n"]:
    """Width of each pixel, the distance to its nearer neighbour in the same window: a gap beside it does not widen it.

    A point without a neighbour (and padding) has width zero.
    """
    step = jnp.abs(jnp.diff(wavelength))
    joined = (channel[1:] == channel[:-1]) & used[1:] & used[:-1] & (step > 0)
    step = jnp.where(joined, step, jnp.inf)
    end = jnp.full(1, jnp.inf, step.dtype)
    width = jnp.minimum(jnp.concatenate([end, step]), jnp.concatenate([step, end]))
    return jnp.where(jnp.isfinite(width), width, 0.0)


def line_profile(wavelength: Float[Array, " n"], width: Float[Array, " n"], centre: Any, sigma: Float[Array, " n"]) -> Float[Array, " n"]:
    """Gaussian of unit area averaged over pixels, ``(Phi(hi) - Phi(lo)) / width`` in 1/A.

    Args:
        wavelength: centres of the pixels, A.
        width: widths of the pixels, A; one below a hundredth of sigma counts as that.
        centre: of the line, A.
        sigma: standard deviation of line and instrument together, A.
    """
    root_half = 0.7071067811865476
    place = root_half * (wavelength - centre) / sigma
    half = 0.5 * root_half * jnp.maximum(width / sigma, 0.01)
    return root_half * (erf(place + half) - erf(place - half)) / (4 * half * sigma)
