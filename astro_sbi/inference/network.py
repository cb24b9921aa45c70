"""Embedding and flow as one network: parameters are one plain pytree, the rest is static."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import paramax
from flax import nnx
from jaxtyping import Array, Float, PyTree

from astro_sbi.inference.embeddings import build_embedding, context_length
from astro_sbi.inference.flows import build_flow
from astro_sbi.inference.settings import NetworkSettings
from astro_sbi.inference.weights import embedding_weights, flow_weights


@dataclass(frozen=True, eq=False)
class Network:
    """The static half of a conditional density ``q(r | features)``; parameters are given to each call.

    Args:
        dimension: number of residuals.
        flow: all of the flow but its parameters.
        embedding: likewise.
        shapes: of one member's parameters.
    """

    dimension: int
    flow: Any
    embedding: Any
    shapes: PyTree

    def ravelled(self, parameters: PyTree) -> Float[np.ndarray, "M P"]:
        """Each member's parameters as one vector: what is done to each alike is then one operation instead of one for each array."""
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(parameters)]
        return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)

    def unravelled(self, vector: Float[Array, "*m P"]) -> PyTree:
        """The parameters that make up a vector, or the vectors of several members."""
        leaves, structure = jax.tree.flatten(self.shapes)
        split = jnp.split if isinstance(vector, jax.Array) else np.split
        parts = split(vector, np.cumsum([leaf.size for leaf in leaves])[:-1], axis=-1)
        shaped = [part.reshape(*vector.shape[:-1], *leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        return jax.tree.unflatten(structure, shaped)

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
    flow_of = partial(build_flow, dimension=dimension, context=context_length(shape, settings), settings=settings)
    graph, state = nnx.split(nnx.eval_shape(lambda: build_embedding(shape, settings, nnx.Rngs(0))))
    abstract, members = eqx.filter_eval_shape(flow_of, key), jax.random.split(key, ensemble)
    # What no linear layer holds (the order of the variables, and all of a flow of FlowJAX's own) is as it is built.
    left = jax.tree.map(_is_abstract, flow_weights(abstract, np.random.default_rng(0)))
    built = eqx.filter_jit(lambda member: eqx.filter(flow_of(member), left))
    weights, kept = [], None
    for member in members:
        rng = np.random.default_rng(np.ravel(jax.random.key_data(member)))
        flow = eqx.combine(eqx.filter(flow_weights(abstract, rng), left, inverse=True), built(member))
        # What is not trained is the same for every member.
        trained, kept = eqx.partition(flow, _is_weight, is_leaf=_is_fixed)
        weights.append({"flow": trained, "embedding": embedding_weights(state, rng)})
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), weights[0])
    return Network(dimension, kept, graph, shapes), jax.tree.map(lambda *leaves: jax.device_put(np.stack(leaves)), *weights)


def _is_abstract(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


def _is_fixed(leaf: Any) -> bool:
    return isinstance(leaf, paramax.NonTrainable)


def _is_weight(leaf: Any) -> bool:
    return not _is_fixed(leaf) and eqx.is_inexact_array(leaf)
