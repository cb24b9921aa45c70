"""Standardisation of observations that come as they are, and a linear first guess of the parameters from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from astro_sbi.inference.settings import EmbeddingName
from astro_sbi.inference.standardiser import bounded, linear_guess, single, unwhitened, whitened

_TOKEN_COLUMNS = 5
_RIDGE = 1e-4
_FARTHEST_SCORE, _SCORES = 3.2, 33
#: Simulations for each coefficient of the guess: fewer would let it learn their noise.
_SIMULATIONS_EACH = 50
#: Mapped together.
_ROWS = 4096


class ScaledValues(NamedTuple):
    """Maps grids and tokens to z-scored values; the flow models the latent parameters themselves.

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


class GuessedValues(NamedTuple):
    """Maps an observation to z-scored values and a guess of the parameters; the flow models what the guess leaves.

    The guess is linear in the values and in their normal scores, which straighten what a bounded prior's latent coordinates bend
    and tame heavy tails. The flow models ``root^-1 (z - guess(x))``, of unit variance over the prior. A guess that is always zero,
    with a unit root, leaves the parameters as they are: one compiled program trains a network with a guess and without.

    Attributes:
        centre: means [*x].
        scale: standard deviations [*x].
        quantiles: of each value at fixed normal scores [n, k].
        slope: of the parameters on values and scores [2 n, d].
        intercept: of the same regression [d].
        root: Cholesky factor of the covariance that the guess leaves [d, d].
        inverse_root: its inverse [d, d].
    """

    centre: Float[Array, "*x"]
    scale: Float[Array, "*x"]
    quantiles: Float[Array, "n k"]
    slope: Float[Array, "n2 d"]
    intercept: Float[Array, " d"]
    root: Float[Array, "d d"]
    inverse_root: Float[Array, "d d"]

    def see(self, x: Float[Array, "*b"]) -> tuple[Float[Array, "*b nd"], Float[Array, "*b d"]]:
        """What the embedding sees of observations, values and guess side by side, and the guess."""
        values, scores = regressors(x, self.centre, self.scale, self.quantiles)
        guess = self.intercept + jnp.concatenate([values, scores], axis=-1) @ self.slope
        return jnp.concatenate([values, bounded(guess)], axis=-1), guess

    residual, latent = whitened, unwhitened


Scaling = ScaledValues | GuessedValues


class Standardised(NamedTuple):
    """For simulations that `standardised` has mapped already.

    Attributes:
        log_determinant: of the map of their parameters.
    """

    log_determinant: Float[Array, ""]

    def see(self, x: Float[Array, "*b"]) -> tuple[Float[Array, "*b"], Float[Array, ""]]:
        """They are what the embedding sees."""
        return x, jnp.zeros(())

    def residual(self, latent: Float[Array, "*b d"], guess: Float[Array, ""]) -> tuple[Float[Array, "*b d"], Float[Array, ""]]:
        """They are what the flow models."""
        return latent, self.log_determinant


def standardised(table: Any, scaling: Scaling) -> tuple[Any, Standardised]:
    """A table of simulations as network and flow see it, mapped once instead of at every step, and what is left of the scaling."""
    latent, seen, log_determinant = [], [], jnp.zeros(())
    for start in range(0, len(table.latent), _ROWS):
        # The last rows are repeated: another shape would compile anew.
        index = np.minimum(np.arange(start, start + _ROWS), len(table.latent) - 1)
        *mapped, log_determinant = _mapped(scaling, table.latent[index], table.x[index])
        latent.append(np.asarray(mapped[0]))
        seen.append(np.asarray(mapped[1]))
    count = len(table.latent)
    return table._replace(latent=np.concatenate(latent)[:count], x=np.concatenate(seen)[:count]), Standardised(log_determinant)


@jax.jit
def _mapped(scaling: Scaling, latent: Float[Array, "B d"], x: Float[Array, " B *x"]) -> tuple[Array, Array, Array]:
    seen, guess = scaling.see(x)
    residual, log_determinant = scaling.residual(latent, guess)
    return residual, seen, log_determinant


def seen_shape(scaling: Scaling, shape: Sequence[int]) -> tuple[int, ...]:
    """Shape of what the embedding sees of an observation of that shape."""
    return jax.eval_shape(scaling.see, jax.ShapeDtypeStruct(tuple(shape), jnp.float32))[0].shape


def interpolated_scores() -> Float[np.ndarray, " k"]:
    """Normal scores at which quantiles are taken and between which they are interpolated; beyond the ends nothing changes."""
    return np.linspace(-_FARTHEST_SCORE, _FARTHEST_SCORE, _SCORES, dtype=np.float32)


def regressors(
    x: Float[Array, "*b"], centre: Float[Array, "*x"], scale: Float[Array, "*x"], quantiles: Float[Array, "n k"]
) -> tuple[Float[Array, "*b n"], Float[Array, "*b n"]]:
    """Bounded z-scores and normal scores of observations, each observation in one row."""
    leading = x.shape[: x.ndim - centre.ndim]
    values = bounded((x - centre) / scale).reshape(*leading, -1)
    rank = jax.vmap(lambda value, at: jnp.interp(value, at, interpolated_scores()), in_axes=(-1, 0), out_axes=-1)
    return values, rank(x.reshape(*leading, -1), quantiles)


def can_guess(simulations: int, entries: int) -> bool:
    """Whether there are simulations enough for a guess from observations of so many entries."""
    return simulations >= 2 * entries * _SIMULATIONS_EACH


def is_flat(embedding: EmbeddingName) -> bool:
    """Whether an embedding sees the observation as a plain list of values, beside which a guess has room."""
    return embedding not in ("cnn", "attention")


def fit_scaling(latent: Float[np.ndarray, "N d"], x: Float[np.ndarray, " N *x"], embedding: EmbeddingName, *, guess: bool) -> Scaling:
    """Fit to simulations, with a guess of their latent parameters or without."""
    if not is_flat(embedding):
        return fit_scaled_values(x, embedding)
    return fit_guessed_values(latent, x) if guess else fit_unguessed_values(latent.shape[1], x)


def fit_unguessed_values(dimension: int, x: Float[np.ndarray, " N *x"]) -> GuessedValues:
    """Fit to simulations of so many latent parameters, whose guess is to be zero."""
    entries = math.prod(x.shape[1:])
    quantiles = np.tile(interpolated_scores(), (entries, 1))
    unit = np.eye(dimension)
    nothing = (np.zeros((2 * entries, dimension)), np.zeros(dimension), unit, unit)
    return GuessedValues(*fit_scaled_values(x, "identity"), *map(single, (quantiles, *nothing)))


def fit_guessed_values(latent: Float[np.ndarray, "N d"], x: Float[np.ndarray, " N *x"]) -> GuessedValues:
    """Fit to simulations: a ridge regression of the parameters on values and normal scores."""
    latent, x = np.asarray(latent, np.float64), np.asarray(x, np.float64)
    scaled = fit_scaled_values(x, "identity")
    flat = x.reshape(len(x), -1)
    values = bounded((flat - np.ravel(scaled.centre)) / np.ravel(scaled.scale), np)
    quantiles = np.quantile(flat, special.ndtr(interpolated_scores().astype(np.float64)), axis=0).T
    scores = np.stack([np.interp(value, at, interpolated_scores()) for value, at in zip(flat.T, quantiles, strict=True)], axis=1)
    seen = np.concatenate([values, scores], axis=1)
    middle = seen.mean(axis=0)
    slope, intercept, root = linear_guess(seen - middle, latent, _RIDGE * len(seen))
    fitted = (quantiles, slope, intercept - middle @ slope, root, np.linalg.inv(root))
    return GuessedValues(*scaled, *map(single, fitted))


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
    return ScaledValues(single(centre), single(np.where(scale > 0, scale, 1.0)))
