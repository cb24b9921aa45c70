"""Standardisation of observations that come as they are: each entry, or each column of tokens or channels, z-scored."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from astro_sbi.inference.settings import EmbeddingName
from astro_sbi.inference.standardiser import bounded

_TOKEN_COLUMNS = 5


class ScaledValues(NamedTuple):
    """Maps an observation to z-scored values; the flow models the latent parameters themselves.

    Attributes:
        centre: means, of a shape that broadcasts with an observation's.
        scale: standard deviations, likewise.
    """

    centre: Float[Array, "*x"]
    scale: Float[Array, "*x"]

    def see(self, x: Float[Array, "*b"]) -> tuple[Float[Array, "*b"], Float[Array, ""]]:
        """What the embedding sees of observations, and the first guess of the parameters: none."""
        return bounded((x - self.centre) / self.scale), jnp.zeros(())

    def residual(self, latent: Float[Array, "*b d"], guess: Float[Array, ""]) -> tuple[Float[Array, "*b d"], Float[Array, ""]]:
        """What the flow models, and the log determinant of the map to it."""
        return latent - guess, jnp.zeros(())

    def latent(self, residual: Float[Array, "*b d"], guess: Float[Array, ""]) -> Float[Array, "*b d"]:
        """Latent parameters of what the flow models."""
        return residual + guess


def fit_scaled_values(x: Float[np.ndarray, " N *x"], embedding: EmbeddingName) -> ScaledValues:
    """Fit to simulated observations.

    Args:
        x: simulated observations, finite.
        embedding: entries of a grid with channels share one scale per channel; tokens (coordinate, value, error,
            channel, used) one per column, of used tokens only, with channel and used left alone.
    """
    x = np.asarray(x, np.float64)
    if embedding == "attention":
        used = x[..., _TOKEN_COLUMNS - 1] > 0
        centre, scale = x[used].mean(axis=0), x[used].std(axis=0)
        centre[3:], scale[3:] = 0.0, 1.0
        # Errors keep their zero: value over error is what counts.
        centre[2], scale[2] = 0.0, scale[1]
    elif embedding == "cnn":
        axes = (0, 1)
        centre, scale = x.mean(axis=axes), x.std(axis=axes)
    else:
        centre, scale = x.mean(axis=0), x.std(axis=0)
    return ScaledValues(jnp.asarray(centre, jnp.float32), jnp.asarray(np.where(scale > 0, scale, 1.0), jnp.float32))
