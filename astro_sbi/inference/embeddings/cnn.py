"""Residual one-dimensional convolutional network for regular grids."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from astro_sbi.inference.embeddings.bounded import linear_within, logarithmic

#: Blocks are added until so few cells are left; these are flattened, so that their position is kept.
LAST_CELLS = 8
_STEM_WINDOW, _WINDOW, _INNER_WINDOW = 9, 7, 3


def windows(cells: Float[Array, "n c"], size: int, stride: int) -> Float[Array, "m k"]:
    """Every window of a padded grid, its cells side by side.

    A convolution is these windows times one matrix. Written so, an ensemble's convolutions are one batched matrix product;
    convolutions with a kernel for each member have no fast form on a CPU.

    Args:
        cells: the grid.
        size: cells in a window.
        stride: cells between two windows.

    Returns:
        ``ceil(n / stride)`` windows of ``size * c`` values; beyond the edges there are zeros.
    """
    length = cells.shape[0]
    count = -(-length // stride)
    missing = max((count - 1) * stride + size - length, 0)
    padded = jnp.pad(cells, ((missing // 2, missing - missing // 2), (0, 0)))
    last = (count - 1) * stride + 1
    return jnp.concatenate([padded[shift : shift + last : stride] for shift in range(size)], axis=1)


class Block(nnx.Module):
    """A pre-activated residual block that thins the grid by its stride (He et al. 2016, with layer norm).

    ``y = P x + W_2 * g(N_2(W_1 * g(N_1(x))))``, with the mean over each stride, linearly mapped, as its short cut ``P``.
    """

    def __init__(self, channels: int, out: int, stride: int, *, rngs: nnx.Rngs) -> None:
        self.stride = stride
        self.first_norm = nnx.LayerNorm(channels, use_fast_variance=False, rngs=rngs)
        self.first = nnx.Linear(_WINDOW * channels, out, rngs=rngs)
        self.second_norm = nnx.LayerNorm(out, use_fast_variance=False, rngs=rngs)
        self.second = nnx.Linear(_INNER_WINDOW * out, out, rngs=rngs)
        self.short_cut = nnx.Linear(channels, out, use_bias=False, rngs=rngs)

    def __call__(self, cells: Float[Array, "n c"]) -> Float[Array, "m out"]:
        """Thin the grid."""
        hidden = self.first(windows(jax.nn.gelu(self.first_norm(cells)), _WINDOW, self.stride))
        hidden = self.second(windows(jax.nn.gelu(self.second_norm(hidden)), _INNER_WINDOW, 1))
        missing = -cells.shape[0] % self.stride
        strides = jnp.pad(cells, ((0, missing), (0, 0))).reshape(-1, self.stride, cells.shape[1])
        return self.short_cut(strides.mean(axis=1)) + hidden


class ResidualCNN(nnx.Module):
    """Strided residual blocks over a grid, whose last cells are flattened into a small perceptron.

    Only the branches are normalised, never the trunk: the size of a signal is kept as well as its shape and its place.

    Args:
        length: points of the grid.
        channels: values at each point.
        width: channels of the last block, hidden units of the perceptron.
        out: length of the context.
        rngs: random streams of the initial weights.
    """

    def __init__(self, length: int, channels: int, width: int, out: int, *, rngs: nnx.Rngs) -> None:
        self.stem_stride = 1 if length < 64 else 2 if length < 256 else 4
        cells, current = -(-length // self.stem_stride), max(width // 3, 1)
        self.stem = nnx.Linear(_STEM_WINDOW * 2 * channels, current, rngs=rngs)
        blocks = []
        while cells > LAST_CELLS or len(blocks) < 2:
            stride = 4 if cells > 2 * LAST_CELLS else 2 if cells > LAST_CELLS else 1
            wider = min(2 * current, width)
            blocks.append(Block(current, wider, stride, rngs=rngs))
            cells, current = -(-cells // stride), wider
        self.blocks = nnx.List(blocks)
        self.gather = nnx.Linear(cells * current, width, rngs=rngs)
        self.leave = nnx.Linear(width, out, rngs=rngs)

    def __call__(self, x: Float[Array, " n *channels"]) -> Float[Array, " out"]:
        """Embed the values of one observation."""
        values = x.reshape(x.shape[0], -1)
        bounded = jnp.concatenate([linear_within(values), logarithmic(values)], axis=1)
        cells = self.stem(windows(bounded, _STEM_WINDOW, self.stem_stride))
        for block in self.blocks:
            cells = block(cells)
        return self.leave(jax.nn.gelu(self.gather(cells.reshape(-1))))
