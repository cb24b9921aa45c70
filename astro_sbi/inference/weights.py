"""Initial weights, drawn by NumPy: to compile what draws them takes jax longer than a short training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import nnx
from jaxtyping import PyTree
from scipy import special

from astro_sbi.inference.flows.conditioner import Linear

_CUT = 2.0
#: Standard deviation of a unit normal cut off at two.
_CUT_SPREAD = 0.87962566103423978

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def flow_weights(flow: PyTree, rng: np.random.Generator) -> PyTree:
    """A flow whose linear layers are drawn.

    Args:
        flow: as `equinox.filter_eval_shape` gives it; what it holds beside linear layers stays as it is.
        rng: of the weights.
    """
    return jax.tree.map(lambda node: node.drawn(rng) if _is_linear(node) else node, flow, is_leaf=_is_linear)


def embedding_weights(state: nnx.State, rng: np.random.Generator) -> nnx.State:
    """The state of an embedding with the weights that Flax would draw: kernels of variance ``1 / inputs``, biases zero, scales one.

    Args:
        state: as `flax.nnx.eval_shape` gives it.
        rng: of the weights.
    """
    return jax.tree_util.tree_map_with_path(lambda path, leaf: _DRAWS[path[-2].key](rng, leaf.shape).astype(np.float32), state)


def _is_linear(node: Any) -> bool:
    return isinstance(node, Linear)


def _kernel(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A normal cut off at two standard deviations (LeCun et al. 1998)."""
    cut = special.ndtri(rng.uniform(special.ndtr(-_CUT), special.ndtr(_CUT), shape))
    return cut * shape[0] ** -0.5 / _CUT_SPREAD


_DRAWS: dict[str, Draw] = {
    "kernel": _kernel,
    "bias": lambda rng, shape: np.zeros(shape),
    "scale": lambda rng, shape: np.ones(shape),
    "queries": lambda rng, shape: rng.standard_normal(shape),
}
