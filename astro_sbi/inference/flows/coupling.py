"""Coupling flows: half of the variables give the parameters of the other half's maps; equally fast both ways."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flowjax.distributions import AbstractDistribution
from jaxtyping import Array, Float, Int

from astro_sbi.inference.flows.conditioner import Conditioner, Ports, build_conditioner
from astro_sbi.inference.flows.elementwise import Affine, Elementwise, RationalQuadratic
from astro_sbi.inference.flows.layered import Layer, Step, layered_flow
from astro_sbi.inference.settings import NetworkSettings


class CouplingLayer(Layer):
    """``y_kept = x_kept; y_i = f(x_i; conditioner(x_kept, context))``."""

    conditioner: Conditioner
    elementwise: Elementwise = eqx.field(static=True)

    def forward(self, x: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Image and log determinant."""
        kept, moved = x[: self.shape[0] // 2], x[self.shape[0] // 2 :]
        moved, log_derivative = self.elementwise.forward(self.conditioner(kept, context), moved)
        return jnp.concatenate([kept, moved]), jnp.sum(log_derivative, axis=0)

    def backward(self, y: Float[Array, "d ..."], context: Float[Array, "c ..."]) -> Step:
        """Preimage and log determinant of the inverse."""
        kept, moved = y[: self.shape[0] // 2], y[self.shape[0] // 2 :]
        moved, log_derivative = self.elementwise.backward(self.conditioner(kept, context), moved)
        return jnp.concatenate([kept, moved]), jnp.sum(log_derivative, axis=0)


def _permutations(dimension: int, layers: int) -> Int[np.ndarray, "layers d"]:
    """Orders of the variables after each layer such that all are transformed about equally often, in changing company."""
    rng, transformed = np.random.default_rng(0), np.zeros(dimension)
    kept, order, out = dimension // 2, np.arange(dimension), []
    for _ in range(layers):
        transformed[order[kept:]] += 1
        following = np.argsort(-transformed + rng.random(dimension) * 0.5)
        out.append([int(np.flatnonzero(order == variable)[0]) for variable in following])
        order = following
    return np.asarray(out)


def _coupling_flow(
    key: Array, elementwise: Elementwise, *, dimension: int, context: int, settings: NetworkSettings
) -> AbstractDistribution:
    kept = dimension // 2
    ports = Ports(kept, context, dimension - kept, elementwise.size, settings.width)

    def layer(layer_key: Array) -> CouplingLayer:
        conditioner = build_conditioner(jax.random.split(layer_key)[1], settings.conditioner, ports)
        return CouplingLayer((dimension,), (context,), conditioner, elementwise)

    return layered_flow(key, layer, _permutations(dimension, settings.layers))


def spline_coupling_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Couplings by rational-quadratic splines; a single variable is transformed given the context alone.

    Source: Durkan et al. 2019 (arXiv:1906.04032).
    """
    return _coupling_flow(key, RationalQuadratic(settings.knots), dimension=dimension, context=context, settings=settings)


def affine_coupling_flow(key: Array, *, dimension: int, context: int, settings: NetworkSettings) -> AbstractDistribution:
    """Couplings by scale and shift; cheapest, and bound to be smooth: modes stay joined by thin bridges.

    Source: Dinh et al. 2017 (arXiv:1605.08803).
    """
    return _coupling_flow(key, Affine(), dimension=dimension, context=context, settings=settings)
