"""The conditional normalizing flow: spline couplings with a gated residual conditioner (FlowJAX)."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import Chain, Coupling, Invert, Permute, RationalQuadraticSpline, Scan
from flowjax.distributions import AbstractDistribution, StandardNormal, Transformed
from jaxtyping import Array, Float, Int


class _GatedBlock(eqx.Module):
    """Residual block whose output is gated by the context: ``h + W2 relu(W1 relu(h)) * sigmoid(G c)``."""

    first: eqx.nn.Linear
    second: eqx.nn.Linear
    gate: eqx.nn.Linear

    def __init__(self, key: Array, width: int, context: int) -> None:
        keys = jax.random.split(key, 3)
        self.first = eqx.nn.Linear(width, width, key=keys[0])
        self.second = eqx.nn.Linear(width, width, key=keys[1])
        self.gate = eqx.nn.Linear(context, width, key=keys[2])

    def __call__(self, hidden: Float[Array, " width"], context: Float[Array, " c"]) -> Float[Array, " width"]:
        update = self.second(jax.nn.relu(self.first(jax.nn.relu(hidden))))
        return hidden + update * jax.nn.sigmoid(self.gate(context))


class GatedConditioner(eqx.Module):
    """Residual network from (untransformed variables, context) to spline parameters (as in Durkan et al. 2019, sec. 5)."""

    enter: eqx.nn.Linear
    blocks: tuple[_GatedBlock, ...]
    leave: eqx.nn.Linear
    untransformed: int = eqx.field(static=True)

    def __init__(self, key: Array, *, untransformed: int, context: int, out: int, width: int, blocks: int = 2) -> None:
        keys = jax.random.split(key, blocks + 2)
        self.untransformed = untransformed
        self.enter = eqx.nn.Linear(untransformed + context, width, key=keys[0])
        self.blocks = tuple(_GatedBlock(block_key, width, context) for block_key in keys[2:])
        leave = eqx.nn.Linear(width, out, key=keys[1])
        # Nearly zero: the flow starts as the identity.
        self.leave = eqx.tree_at(lambda layer: (layer.weight, layer.bias), leave, (0.01 * leave.weight, jnp.zeros_like(leave.bias)))

    def __call__(self, variables_and_context: Float[Array, " m"]) -> Float[Array, " out"]:
        """Spline parameters of the transformed variables."""
        context = variables_and_context[self.untransformed :]
        hidden = self.enter(variables_and_context)
        for block in self.blocks:
            hidden = block(hidden, context)
        return self.leave(jax.nn.relu(hidden))


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


def spline_coupling_flow(key: Array, *, dimension: int, context: int, layers: int, width: int, knots: int) -> AbstractDistribution:
    """A conditional flow of rational-quadratic spline couplings over ``dimension`` variables near a unit normal.

    A single variable is transformed given the context alone.
    Source: Durkan et al. 2019 (arXiv:1906.04032); coupling layers of FlowJAX.
    """
    untransformed = dimension // 2

    def layer(layer_key: Array, permutation: Int[Array, " d"]) -> Chain:
        coupling_key, conditioner_key = jax.random.split(layer_key)
        coupling = Coupling(
            coupling_key,
            transformer=RationalQuadraticSpline(knots=knots, interval=5),
            untransformed_dim=untransformed,
            dim=dimension,
            cond_dim=context,
            nn_width=1,
            nn_depth=0,
        )
        out = coupling.conditioner.out_size
        assert isinstance(out, int)
        conditioner = GatedConditioner(conditioner_key, untransformed=untransformed, context=context, out=out, width=width)
        return Chain([eqx.tree_at(lambda c: c.conditioner, coupling, conditioner), Permute(permutation)])

    permutations = jnp.asarray(_permutations(dimension, layers))
    stacked = eqx.filter_vmap(layer)(jax.random.split(key, layers), permutations)
    return Transformed(StandardNormal((dimension,)), Invert(Scan(stacked)))
