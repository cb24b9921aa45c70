"""Standardisation kept with the model: whitening, principal components and a linear first guess of the parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

#: Number of principal components kept; fewer are padded with zeros, so that one compilation serves every round.
COMPONENTS = 40
_RIDGE = 1e-3


class Standardiser(NamedTuple):
    """Maps an observation to features and latent parameters to standardised residuals.

    With ``p`` the scaled principal components of the whitened values and the log of the power they leave, the first
    guess of the parameters is ``guess + p @ slope``; the flow models ``root^-1 (z - guess(x))``, near a unit normal
    wherever the simulator is close to linear.

    Attributes:
        centre: mean of the simulations [n].
        scale: typical noise [n]; infinite where a point is not used.
        basis: principal directions of the whitened noise-free simulations [n, k].
        shrink: share of each component's variance that is signal, not noise [k] (Wiener's filter).
        offset: mean of the components [k + 1].
        spread: standard deviation of the components [k + 1].
        slope: linear regression of the parameters on the components [k + 1, d].
        guess: its intercept [d].
        root: Cholesky factor of the regression's residual covariance [d, d].
        inverse_root: its inverse [d, d].
    """

    centre: Float[Array, " n"]
    scale: Float[Array, " n"]
    basis: Float[Array, "n k"]
    shrink: Float[Array, " k"]
    offset: Float[Array, " k1"]
    spread: Float[Array, " k1"]
    slope: Float[Array, "k1 d"]
    guess: Float[Array, " d"]
    root: Float[Array, "d d"]
    inverse_root: Float[Array, "d d"]

    def see(self, x: Float[Array, "*b n"]) -> tuple[Float[Array, "*b f"], Float[Array, "*b d"]]:
        """What the embedding sees of observations, and the linear first guess of the parameters."""
        scaled = components(self, x)
        guess = self.guess + scaled @ self.slope
        # Bounded, so that an observation unlike all simulations cannot send the network to infinity.
        return bounded(jnp.concatenate([guess, scaled], axis=-1)), guess

    def residual(self, latent: Float[Array, "*b d"], guess: Float[Array, "*b d"]) -> tuple[Float[Array, "*b d"], Float[Array, ""]]:
        """What the flow models, and the log determinant of the map to it."""
        return (latent - guess) @ self.inverse_root.T, jnp.sum(jnp.log(jnp.diagonal(self.inverse_root)))

    def latent(self, residual: Float[Array, "*b d"], guess: Float[Array, "*b d"]) -> Float[Array, "*b d"]:
        """Latent parameters of what the flow models."""
        return guess + residual @ self.root.T


def bounded(scaled: Float[Array, "*b f"]) -> Float[Array, "*b f"]:
    """Features that keep their size up to several standard deviations and end at eight."""
    return 8.0 * jnp.tanh(scaled / 8.0)


def fit_standardiser(
    latent: Float[np.ndarray, "N d"],
    mean: Float[np.ndarray, "N n"],
    sigma: Float[np.ndarray, "N n"],
    used: Bool[np.ndarray, " n"],
    rng: np.random.Generator,
) -> Standardiser:
    """Fit the standardiser to a bank of simulations (NumPy, float64 where sums need it)."""
    centre = mean.mean(axis=0, dtype=np.float64)
    scale = np.where(used, np.exp(np.mean(np.log(sigma), axis=0, dtype=np.float64)), np.inf)
    white = ((mean - centre) / scale).astype(np.float32)
    values, vectors = np.linalg.eigh((white.T @ white).astype(np.float64) / len(white))
    kept = min(COMPONENTS, white.shape[1])
    basis = np.zeros((white.shape[1], COMPONENTS), np.float32)
    basis[:, :kept] = vectors[:, ::-1][:, :kept]
    signal = np.zeros(COMPONENTS)
    signal[:kept] = np.maximum(values[::-1][:kept], 0.0)
    shrink = signal / (signal + 1.0)
    noise = rng.standard_normal(white.shape, np.float32) * (sigma / scale).astype(np.float32)
    raw = np.asarray(_components(white + noise, basis, shrink.astype(np.float32), used, np), np.float64)
    offset, spread = raw.mean(axis=0), raw.std(axis=0)
    # Components that are all noise stay near zero instead of being blown up to unit variance.
    spread[:-1] = np.sqrt(signal + 1.0)
    components = (raw - offset) / spread
    guess = latent.mean(axis=0)
    gram = components.T @ components + _RIDGE * len(latent) * np.eye(components.shape[1]) / len(latent)
    slope = np.linalg.solve(gram, components.T @ (latent - guess))
    residual = latent - guess - components @ slope
    covariance = residual.T @ residual / len(latent) + 1e-6 * np.eye(latent.shape[1])
    root = np.linalg.cholesky(covariance)
    parts = (centre, scale, basis, shrink, offset, spread, slope, guess, root, np.linalg.inv(root))
    return Standardiser(*(jnp.asarray(part, jnp.float32) for part in parts))


def _components(white: Any, basis: Any, shrink: Any, used: Any, xp: Any) -> Any:
    """Filtered principal components of whitened values, and the log mean square that they leave."""
    principal = white @ basis
    left = xp.sum(xp.where(used, white, 0.0) ** 2, axis=-1) - xp.sum((2 - shrink) * shrink * principal**2, axis=-1)
    return xp.concatenate([shrink * principal, xp.log(xp.maximum(left / xp.sum(used), 1e-4))[..., None]], axis=-1)


def components(standard: Standardiser, x: Float[Array, "*b n"]) -> Float[Array, "*b k1"]:
    """Scaled components of observations."""
    white = (x - standard.centre) / standard.scale
    return (_components(white, standard.basis, standard.shrink, jnp.isfinite(standard.scale), jnp) - standard.offset) / standard.spread


def feature_count(dimension: int) -> int:
    """Length of the features."""
    return dimension + COMPONENTS + 1
