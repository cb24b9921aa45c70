"""Conditional normalizing flows under their standard names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from flowjax.distributions import AbstractDistribution
from jaxtyping import Array

from astro_sbi.inference.flows.autoregressive import masked_affine_flow, masked_spline_flow
from astro_sbi.inference.flows.block_neural import block_neural_flow
from astro_sbi.inference.flows.coupling import affine_coupling_flow, spline_coupling_flow
from astro_sbi.inference.flows.triangular import triangular_spline_flow
from astro_sbi.inference.settings import FlowName, NetworkSettings


class FlowBuilder(Protocol):
    """Makes one kind of flow."""

    def __call__(self, key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
        """A flow over ``dimension`` variables near a unit normal, conditional on a context of that length."""
        ...


FLOWS: Mapping[FlowName, FlowBuilder] = MappingProxyType(
    {
        "spline_coupling": spline_coupling_flow,
        "affine_coupling": affine_coupling_flow,
        "masked_affine": masked_affine_flow,
        "masked_spline": masked_spline_flow,
        "triangular_spline": triangular_spline_flow,
        "block_neural": block_neural_flow,
    }
)


def build_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """The flow that the settings name.

    Args:
        key: of the initial parameters.
        dimension: variables.
        context: length of the context.
        settings: kind and size.

    Returns:
        A distribution with ``log_prob(r, context)`` and ``sample(key, shape, condition=context)``; give it whole batches [B, d] and [B, c]:
        mapping over single points gives the same numbers more slowly.
    """
    return FLOWS[settings.flow](key, dimension=dimension, context=context, settings=settings)
