"""Standardisation kept with the model: whitening, principal components and a linear first guess of the parameters."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

#: Number of principal components kept; fewer are padded with zeros, so that one compilation serves every round.
COMPONENTS = 40
_RIDGE = 1e-3


class _Guess(Protocol):
    """What is known of the parameters that a linear guess leaves: the Cholesky factor of their covariance [d, d] and its inverse."""

    @property
    def root(self) -> Float[Array, "d d"]: ...

    @property
    def inverse_root(self) -> Float[Array, "d d"]: ...


def whitened(scaling: _Guess, latent: Float[Array, "*b d"], guess: Float[Array, "*b d"]) -> tuple[Float[Array, "*b d"], Float[Array, ""]]:
    """What the flow models, and the log determinant of the map to it."""
    return (latent - guess) @ scaling.inverse_root.T, jnp.sum(jnp.log(jnp.diagonal(scaling.inverse_root)))


def unwhitened(scaling: _Guess, residual: Float[Array, "*b d"], guess: Float[Array, "*b d"]) -> Float[Array, "*b d"]:
    """Latent parameters of what the flow models."""
    return guess + residual @ scaling.root.T


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

    residual, latent = whitened, unwhitened


def bounded(scaled: Any, xp: Any = jnp) -> Any:
    """Features that keep their size up to several standard deviations and end at eight, of jax's arrays or NumPy's."""
    return 8.0 * xp.tanh(scaled / 8.0)


def single(part: Float[np.ndarray, "*s"]) -> Float[Array, "*s"]:
    """An array in single precision on the device; rounded by NumPy, since jax would compile that for every shape."""
    return jax.device_put(np.asarray(part, np.float32))


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
    slope, guess, root = linear_guess((raw - offset) / spread, latent, _RIDGE)
    parts = (centre, scale, basis, shrink, offset, spread, slope, guess, root, np.linalg.inv(root))
    return Standardiser(*map(single, parts))


def linear_guess(
    features: Float[np.ndarray, "N k"], latent: Float[np.ndarray, "N d"], penalty: float
) -> tuple[Float[np.ndarray, "k d"], Float[np.ndarray, " d"], Float[np.ndarray, "d d"]]:
    """Ridge regression of the parameters on features of mean zero: slope, intercept, and the Cholesky factor of what it leaves."""
    intercept = latent.mean(axis=0)
    gram = features.T @ features + penalty * np.eye(features.shape[1])
    slope = np.linalg.solve(gram, features.T @ (latent - intercept))
    left = latent - intercept - features @ slope
    return slope, intercept, np.linalg.cholesky(left.T @ left / len(latent) + 1e-6 * np.eye(latent.shape[1]))


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
