"""Masked attention over a set of measured points, in no order and of any number."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float

from astro_sbi.inference.embeddings.bounded import linear_within, logarithmic

#: What a token holds, in this order; a point is used where the last is above one half.
TOKEN = ("coordinate", "value", "error", "channel", "used")
BLOCKS, HEADS, QUERIES = 2, 4, 4
# Cycles per unit of the scaled coordinate (span about two) and per channel; no channel frequency is a whole number.
_COORDINATE_WAVES, _CHANNEL_WAVES = (0.25, 64.0, 24), (0.03, 1.3, 6)
_FEATURES = 2 * (_COORDINATE_WAVES[2] + _CHANNEL_WAVES[2]) + 5
_LARGEST_COORDINATE, _LARGEST, _SMALLEST = 1e3, 1e6, 1e-6


def waves(x: Float[Array, " n"], lowest: float, highest: float, count: int) -> Float[Array, "n k"]:
    """Fourier features ``sin 2 pi f x`` and ``cos 2 pi f x`` at frequencies in equal ratios (Tancik et al. 2020)."""
    angle = 2.0 * jnp.pi * x[:, None] * jnp.geomspace(lowest, highest, count, dtype=x.dtype)
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=1)


def token_features(tokens: Float[Array, "n 5"]) -> tuple[Float[Array, "n f"], Bool[Array, " n"]]:
    """What the network sees of each token, and which are used.

    An unused token is replaced before anything is computed from it, so that no value in it, not even NaN, has an effect.
    """
    used = tokens[:, 4] > 0.5
    neutral = jnp.asarray([0.0, 0.0, 1.0, 0.0], tokens.dtype)
    coordinate, value, error, channel = jnp.where(used[:, None], tokens[:, :4], neutral).T
    coordinate, channel = (jnp.clip(x, -_LARGEST_COORDINATE, _LARGEST_COORDINATE) for x in (coordinate, channel))
    value, error = jnp.clip(value, -_LARGEST, _LARGEST), jnp.clip(error, _SMALLEST, _LARGEST)
    plain = [linear_within(coordinate), linear_within(value), logarithmic(value), logarithmic(value / error), jnp.log(error)]
    features = [waves(coordinate, *_COORDINATE_WAVES), waves(channel, *_CHANNEL_WAVES), jnp.stack(plain, axis=1)]
    return jnp.concatenate(features, axis=1), used


def attended(
    query: Float[Array, "q h e"], key: Float[Array, "n h e"], value: Float[Array, "n h e"], used: Bool[Array, " n"]
) -> Float[Array, "q he"]:
    """``softmax(Q K^T / sqrt(e)) V`` over the used points, heads side by side (Vaswani et al. 2017, eq. 1); zero without any."""
    score = jnp.einsum("qhe,nhe->hqn", query * query.shape[-1] ** -0.5, key)
    # Next to this any score vanishes, and its exponential is exactly zero as long as one point is used.
    weight = jax.nn.softmax(score + jnp.where(used, 0.0, -1e30), axis=-1)
    return jnp.einsum("hqn,nhe->qhe", weight, value * jnp.any(used)).reshape(query.shape[0], -1)


class Block(nnx.Module):
    """Self-attention and a perceptron, each on a normalised branch (pre-LN, Xiong et al. 2020)."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.head = max(width // HEADS, 1)
        self.attention_norm = nnx.LayerNorm(width, use_fast_variance=False, rngs=rngs)
        # Without biases: one on the keys is the same for every key, and no softmax sees it.
        self.project = nnx.Linear(width, 3 * HEADS * self.head, use_bias=False, rngs=rngs)
        self.combine = nnx.Linear(HEADS * self.head, width, rngs=rngs)
        self.point_norm = nnx.LayerNorm(width, use_fast_variance=False, rngs=rngs)
        self.enter = nnx.Linear(width, 2 * width, rngs=rngs)
        self.leave = nnx.Linear(2 * width, width, rngs=rngs)

    def __call__(self, points: Float[Array, "n w"], used: Bool[Array, " n"]) -> Float[Array, "n w"]:
        """Let every point see the used ones."""
        projected = self.project(self.attention_norm(points)).reshape(len(points), 3, HEADS, self.head)
        points = points + self.combine(attended(projected[:, 0], projected[:, 1], projected[:, 2], used))
        return points + self.leave(jax.nn.gelu(self.enter(self.point_norm(points))))


class Pooling(nnx.Module):
    """Learned queries that gather a set into one vector (pooling by attention, Lee et al. 2019, section 3.2)."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.head = max(width // HEADS, 1)
        self.norm = nnx.LayerNorm(width, use_fast_variance=False, rngs=rngs)
        self.project = nnx.Linear(width, 2 * HEADS * self.head, use_bias=False, rngs=rngs)
        self.queries = nnx.Param(jax.random.normal(rngs.params(), (QUERIES, HEADS, self.head)))

    def __call__(self, points: Float[Array, "n w"], used: Bool[Array, " n"]) -> Float[Array, " p"]:
        """One vector for all used points."""
        projected = self.project(self.norm(points)).reshape(len(points), 2, HEADS, self.head)
        return attended(self.queries[...], projected[:, 0], projected[:, 1], used).reshape(-1)


class SetAttention(nnx.Module):
    """Tokens, self-attention blocks, attention pooling with the number of points, and a small perceptron.

    The order of the tokens has no effect, unused tokens have none, and their number is not part of the network: sets of
    any size are padded with unused tokens.

    Args:
        width: channels of each point, hidden units of the perceptron.
        out: length of the context.
        rngs: random streams of the initial weights.
    """

    def __init__(self, width: int, out: int, *, rngs: nnx.Rngs) -> None:
        self.enter = nnx.Linear(_FEATURES, width, rngs=rngs)
        self.blocks = nnx.List([Block(width, rngs=rngs) for _ in range(BLOCKS)])
        self.pooling = Pooling(width, rngs=rngs)
        self.gather = nnx.Linear(QUERIES * HEADS * self.pooling.head + 1, width, rngs=rngs)
        self.leave = nnx.Linear(width, out, rngs=rngs)

    def __call__(self, tokens: Float[Array, "n 5"]) -> Float[Array, " out"]:
        """Embed the tokens of one observation: coordinate, value, error, channel, used."""
        features, used = token_features(tokens)
        points = self.enter(features)
        for block in self.blocks:
            points = block(points, used)
        # A mean over points does not know how many there were, and so how much they say.
        count = jnp.log1p(jnp.sum(used, dtype=tokens.dtype))
        pooled = jnp.append(self.pooling(points, used), count)
        return self.leave(jax.nn.gelu(self.gather(pooled)))
