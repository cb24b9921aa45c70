"""Embedding and flow as one network: parameters are one plain pytree, the rest is static."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import paramax
from flax import nnx
from jaxtyping import Array, Float, PyTree

from astro_sbi.inference.embeddings import build_embedding, context_length
from astro_sbi.inference.flows import build_flow
from astro_sbi.inference.settings import NetworkSettings


@dataclass(frozen=True, eq=False)
class Network:
    """The static half of a conditional density ``q(r | features)``; parameters are given to each call."""

    dimension: int
    flow: Any
    embedding: Any

    def log_prob(self, parameters: PyTree, r: Float[Array, "B d"], features: Float[Array, "B ..."]) -> Float[Array, " B"]:
        """Log density of standardised residuals, each given its own observation."""
        context = jax.vmap(lambda one: self.context(parameters, one))(features)
        return self.log_prob_given(parameters, r, context)

    def log_prob_given(self, parameters: PyTree, r: Float[Array, "B d"], context: Float[Array, "B c"]) -> Float[Array, " B"]:
        """Log density of standardised residuals given embedded observations."""
        return self._flow(parameters).log_prob(r, context)

    def sample(self, parameters: PyTree, key: Array, features: Float[Array, " *f"], draws: int) -> Float[Array, "S d"]:
        """Draws of standardised residuals for one observation."""
        return self._flow(parameters).sample(key, (draws,), condition=self.context(parameters, features))

    def _flow(self, parameters: PyTree) -> Any:
        return paramax.unwrap(eqx.combine(parameters["flow"], self.flow))

    def context(self, parameters: PyTree, features: Float[Array, " *f"]) -> Float[Array, " c"]:
        """One observation, embedded."""
        return nnx.merge(self.embedding, parameters["embedding"])(features)


def build_network(dimension: int, shape: tuple[int, ...], settings: NetworkSettings, key: Array, ensemble: int) -> tuple[Network, PyTree]:
    """A network and the initial parameters of its members, stacked on a leading axis.

    Args:
        dimension: number of latent parameters.
        shape: of what the embedding sees of one observation.
        settings: kind and size.
        key: of the initial weights.
        ensemble: number of members.
    """

    def flow_of(flow_key: Array) -> Any:
        return build_flow(flow_key, dimension=dimension, context=context_length(shape, settings), settings=settings)

    def embedding_of(rngs: nnx.Rngs) -> Any:
        return build_embedding(shape, settings, rngs)

    keys = jax.random.split(key, (ensemble, 2))
    flows = eqx.filter_vmap(flow_of)(keys[:, 0])
    flow_parameters, flow_static = eqx.partition(flows, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
    # What is not trained (the order of the variables) is the same for every member.
    flow_static = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, flow_static)
    graph = nnx.graphdef(nnx.eval_shape(lambda: embedding_of(nnx.Rngs(0))))
    embedding = jax.vmap(lambda embedding_key: nnx.state(embedding_of(nnx.Rngs(embedding_key)), nnx.Param))(keys[:, 1])
    return Network(dimension, flow_static, graph), {"flow": flow_parameters, "embedding": embedding}
