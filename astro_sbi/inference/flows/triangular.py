"""Triangular spline flow: each variable has a small network of its own, so that a draw costs no more than a density."""

from __future__ import annotations

from math import ceil
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from flowjax.distributions import AbstractDistribution
from jaxtyping import Array, Float

from astro_sbi.inference.flows.conditioner import Conditioner, Ports, build_conditioner
from astro_sbi.inference.flows.elementwise import AffineSpline, Elementwise
from astro_sbi.inference.flows.layered import Layer, Step, alternating_orders, layered_flow
from astro_sbi.inference.settings import NetworkSettings

_NARROWEST = 16


class TriangularLayer(Layer):
    """``y_i = f(x_i; network_i(x_1 .. x_{i-1}, context))``; the networks are stacked on a leading axis and their inputs masked."""

    # Its matrix products are narrow: more draws at once make up for it.
    together: ClassVar[int] = 2048
    networks: Conditioner
    elementwise: Elementwise = eqx.field(static=True)

    def forward(self, x: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Image and log determinant."""
        networks, static = eqx.partition(self.networks, eqx.is_array)
        parameters = jax.vmap(lambda network, number: _given(eqx.combine(network, static), x, context, number))(
            networks, jnp.arange(self.shape[0])
        )
        y, log_derivative = self.elementwise.forward(jnp.moveaxis(parameters[:, :, 0], 0, 1), x)
        return y, jnp.sum(log_derivative, axis=0)

    def backward(self, y: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Preimage and log determinant of the inverse: one small network after the other."""
        networks, static = eqx.partition(self.networks, eqx.is_array)

        def step(carry: tuple[Array, Array], now: tuple[Conditioner, Array, Array]) -> tuple[tuple[Array, Array], None]:
            (x, log_det), (network, number, value) = carry, now
            parameters = _given(eqx.combine(network, static), x, context, number)
            found, log_derivative = self.elementwise.backward(parameters, value[None])
            return (jax.lax.dynamic_update_slice_in_dim(x, found, number, axis=0), log_det + log_derivative[0]), None

        start = (jnp.zeros_like(y), jnp.zeros(y.shape[1:], y.dtype))
        return jax.lax.scan(step, start, (networks, jnp.arange(self.shape[0]), y))[0]


def _given(network: Conditioner, x: Float[Array, "d ..."], context: Float[Array, "c ..."], number: Array) -> Array:
    """Parameters [p, 1, *batch] of one variable from the variables before it."""
    before = (jnp.arange(x.shape[0]) < number).reshape(-1, *[1] * (x.ndim - 1))
    return network(jnp.where(before, x, 0.0), context)


def triangular_spline_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Layers of triangular maps, each affine and then a spline.

    Each of the d networks has ``width / sqrt(d)`` hidden units (at least 16), so that all together cost about as much as one of full width.
    Source: triangular transport maps, Baptista et al. 2023 (arXiv:2009.10303); splines of Durkan et al. 2019 (arXiv:1906.04032).
    """
    elementwise = AffineSpline(settings.knots)
    ports = Ports(dimension, context, 1, elementwise.size, max(_NARROWEST, ceil(settings.width / dimension**0.5)))

    def layer(layer_key: Array) -> TriangularLayer:
        networks = eqx.filter_vmap(lambda one: build_conditioner(one, settings.conditioner, ports))(jax.random.split(layer_key, dimension))
        return TriangularLayer((dimension,), (context,), networks, elementwise)

    return layered_flow(key, layer, alternating_orders(dimension, settings.layers))
