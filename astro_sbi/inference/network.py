"""Embedding and flow as one network: parameters are one plain pytree, the rest is static."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import paramax
from flax import nnx
from jaxtyping import Array, Float, PyTree

from astro_sbi.inference.embedding import ResidualMLP
from astro_sbi.inference.flow import spline_coupling_flow
from astro_sbi.inference.settings import NetworkSettings


@dataclass(frozen=True, eq=False)
class Network:
    """The static half of a conditional density ``q(r | features)``; parameters are given to each call."""

    dimension: int
    flow: Any
    embedding: Any

    def log_prob(self, parameters: PyTree, r: Float[Array, " d"], features: Float[Array, " f"]) -> Float[Array, ""]:
        """Log density of standardised residuals."""
        return self._flow(parameters).log_prob(r, self._context(parameters, features))

    def sample(self, parameters: PyTree, key: Array, features: Float[Array, " f"], draws: int) -> Float[Array, "S d"]:
        """Draws of standardised residuals for one observation."""
        return self._flow(parameters).sample(key, (draws,), condition=self._context(parameters, features))

    def _flow(self, parameters: PyTree) -> Any:
        return paramax.unwrap(eqx.combine(parameters["flow"], self.flow))

    def _context(self, parameters: PyTree, features: Float[Array, " f"]) -> Float[Array, " c"]:
        return nnx.merge(self.embedding, parameters["embedding"])(features)


def build_network(dimension: int, features: int, settings: NetworkSettings, key: Array, ensemble: int) -> tuple[Network, PyTree]:
    """A network and the initial parameters of its members, stacked on a leading axis."""

    def flow_of(flow_key: Array) -> Any:
        return spline_coupling_flow(
            flow_key, dimension=dimension, context=settings.context, layers=settings.layers, width=settings.width, knots=settings.knots
        )

    def embedding_state(embedding_key: Array) -> Any:
        module = ResidualMLP(features, settings.embedding_width, settings.context, rngs=nnx.Rngs(embedding_key))
        return nnx.state(module, nnx.Param)

    keys = jax.random.split(key, (ensemble, 2))
    flows = eqx.filter_vmap(flow_of)(keys[:, 0])
    flow_parameters, flow_static = eqx.partition(flows, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
    # What is not trained (the order of the variables) is the same for every member.
    flow_static = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, flow_static)
    graph = nnx.graphdef(nnx.eval_shape(lambda: ResidualMLP(features, settings.embedding_width, settings.context, rngs=nnx.Rngs(0))))
    embedding = jax.vmap(embedding_state)(keys[:, 1])
    return Network(dimension, flow_static, graph), {"flow": flow_parameters, "embedding": embedding}
