"""Masked autoregressive flows: one pass for the log density, as many passes as variables for a draw."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from flowjax.distributions import AbstractDistribution
from jaxtyping import Array, Float

from astro_sbi.inference.flows.conditioner import Conditioner, Ports, build_conditioner
from astro_sbi.inference.flows.elementwise import Affine, Elementwise, RationalQuadratic
from astro_sbi.inference.flows.layered import Layer, Step, alternating_orders, layered_flow
from astro_sbi.inference.settings import NetworkSettings


class MaskedLayer(Layer):
    """``y_i = f(x_i; conditioner_i(x_1 .. x_{i-1}, context))`` with one masked network for all variables."""

    conditioner: Conditioner
    elementwise: Elementwise = eqx.field(static=True)

    def forward(self, x: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Image and log determinant."""
        y, log_derivative = self.elementwise.forward(self.conditioner(x, context), x)
        return y, jnp.sum(log_derivative, axis=0)

    def backward(self, y: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Preimage and log determinant of the inverse: each pass makes one more variable right."""

        def step(carry: tuple[Array, Array], number: Array) -> tuple[tuple[Array, Array], None]:
            x, log_det = carry
            parameters = jax.lax.dynamic_slice_in_dim(self.conditioner(x, context), number, 1, axis=1)
            found, log_derivative = self.elementwise.backward(parameters, jax.lax.dynamic_slice_in_dim(y, number, 1))
            return (jax.lax.dynamic_update_slice_in_dim(x, found, number, axis=0), log_det + log_derivative[0]), None

        start = (jnp.zeros_like(y), jnp.zeros(y.shape[1:], y.dtype))
        return jax.lax.scan(step, start, jnp.arange(self.shape[0]))[0]


def _masked_flow(key: Array, elementwise: Elementwise, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    ports = Ports(dimension, context, dimension, elementwise.size, settings.width, masked=True)

    def layer(layer_key: Array) -> MaskedLayer:
        return MaskedLayer((dimension,), (context,), build_conditioner(layer_key, settings.conditioner, ports), elementwise)

    return layered_flow(key, layer, alternating_orders(dimension, settings.layers))


def masked_affine_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Masked autoregressive flow of scales and shifts.

    Source: Papamakarios et al. 2017 (arXiv:1705.07057).
    """
    return _masked_flow(key, Affine(), dimension=dimension, context=context, settings=settings)


def masked_spline_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Masked autoregressive flow of rational-quadratic splines.

    Source: Durkan et al. 2019 (arXiv:1906.04032), section 3.2.
    """
    return _masked_flow(key, RationalQuadratic(settings.knots), dimension=dimension, context=context, settings=settings)
