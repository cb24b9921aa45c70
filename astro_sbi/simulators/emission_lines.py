"""Optical emission lines of galaxies: wavelengths, fixed ratios, and their shape on a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax.lax import erf, reduce_window
from jax.lax import min as min_of_two

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

LIGHT_KM_S = 299792.458


def pixel_width(wavelength: Float[Array, " n"], channel: Int[Array, " n"], used: Bool[Array, " n"]) -> Float[Array, " n"]:
    """Width of each pixel, the distance to its nearer neighbour in the same window: a gap beside it does not widen it.

    A point without a neighbour (and padding) has width zero. The window reduction also keeps the compiler from fusing this
    into every line of every simulation, which made a spectrum five times as dear.
    """
    step = jnp.abs(jnp.diff(wavelength))
    joined = (channel[1:] == channel[:-1]) & used[1:] & used[:-1] & (step > 0)
    step = jnp.where(joined, step, jnp.inf)
    width = reduce_window(step, step.dtype.type(np.inf), min_of_two, (2,), (1,), ((1, 1),))
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
