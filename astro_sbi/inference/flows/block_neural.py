"""Block neural autoregressive flow (FlowJAX's): a density without an inverse in closed form."""

from __future__ import annotations

import jax.numpy as jnp
from flowjax.distributions import AbstractDistribution, StandardNormal
from flowjax.flows import block_neural_autoregressive_flow
from jaxtyping import Array, Float

from astro_sbi.inference.settings import NetworkSettings

_SMALLEST_BLOCK = 8
_LEAST_SLOPE = 0.1


def _leaky_tanh(x: Float[Array, ""]) -> Float[Array, ""]:
    """Onto the whole line; the slope in the tails keeps a few layers from stretching them beyond float32."""
    return jnp.tanh(x) + _LEAST_SLOPE * x


def block_neural_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Each layer is one autoregressive network whose diagonal blocks are increasing.

    The log density is one pass. A draw is found by a bisection over the whole network, tens of passes a layer, and is mostly
    right to 1e-4 but sometimes only to a few 1e-3: slow, and of use where draws are few.
    The network is its own: ``settings.conditioner`` and ``settings.knots`` are not read;
    half of ``settings.layers`` are stacked, with ``settings.width`` hidden units or eight per variable.
    Source: De Cao et al. 2019 (arXiv:1904.04676).
    """
    return block_neural_autoregressive_flow(
        key,
        base_dist=StandardNormal((dimension,)),
        cond_dim=context,
        nn_depth=1,
        nn_block_dim=max(_SMALLEST_BLOCK, settings.width // dimension),
        flow_layers=max(1, settings.layers // 2),
        activation=_leaky_tanh,
    )
