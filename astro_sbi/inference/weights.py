"""Initial weights, drawn by NumPy: to compile what draws them takes jax longer than a short training."""

from __future__ import annotations

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
    return jax.tree_util.tree_map_with_path(lambda path, leaf: _drawn(path[-2].key, leaf.shape, rng).astype(np.float32), state)


def _is_linear(node: Any) -> bool:
    return isinstance(node, Linear)


def _drawn(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A parameter of an embedding by its name in Flax."""
    match name:
        case "kernel":
            # A normal cut off at two standard deviations (LeCun et al. 1998).
            return special.ndtri(rng.uniform(special.ndtr(-_CUT), special.ndtr(_CUT), shape)) * shape[0] ** -0.5 / _CUT_SPREAD
        case "bias":
            return np.zeros(shape)
        case "scale":
            return np.ones(shape)
        case "queries":
            return rng.standard_normal(shape)
        case _:
            raise NotImplementedError(f"no law is known for the parameter '{name}' of an embedding")
