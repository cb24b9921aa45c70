"""Weights drawn by NumPy follow the laws of Equinox and Flax."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest
from flax import nnx

from astro_sbi.inference.embeddings import EMBEDDINGS, build_embedding
from astro_sbi.inference.flows import FLOWS, build_flow
from astro_sbi.inference.flows.conditioner import Linear
from astro_sbi.inference.network import build_network
from astro_sbi.inference.settings import NetworkSettings

SHAPES = {"cnn": (40, 2), "attention": (20, 5)}
SETTINGS = NetworkSettings(layers=2, width=48, knots=6, embedding_width=48, context=12)


def alike(drawn, built):
    """Two arrays follow one law: as wide, as far out, and zero or one where the other is."""
    assert drawn.shape == built.shape
    assert drawn.dtype == built.dtype
    if np.ptp(built) == 0:
        assert np.array_equal(drawn, built)
        return
    slack = 5 / np.sqrt(built.size)
    assert drawn.std() == pytest.approx(built.std(), rel=slack)
    assert drawn.mean() == pytest.approx(built.mean(), abs=slack * built.std())
    assert np.abs(drawn).max() == pytest.approx(np.abs(built).max(), rel=0.1 + slack)


@pytest.mark.slow
@pytest.mark.parametrize("embedding", [pytest.param(name, marks=[pytest.mark.slow] if name in SHAPES else []) for name in EMBEDDINGS])
def test_embeddings_start_as_flax_would_have_it(embedding):
    shape, settings = SHAPES.get(embedding, (30,)), replace(SETTINGS, embedding=embedding)
    drawn = build_network(3, shape, settings, jax.random.key(1), 1)[1]["embedding"]
    built = jax.jit(lambda: nnx.state(build_embedding(shape, settings, nnx.Rngs(1)), nnx.Param))()
    jax.tree.map(lambda one, other: alike(np.asarray(one[0]), np.asarray(other)), drawn, built)


@pytest.mark.parametrize("last", [False, True])
def test_linear_layers_start_as_equinox_would_have_it(last):
    built = Linear(40, 60, key=jax.random.key(1), last=last)
    drawn = built.drawn(np.random.default_rng(1))
    alike(drawn.weight, np.asarray(built.weight))
    alike(drawn.bias, np.asarray(built.bias))
    stacked = jax.tree.map(lambda leaf: np.stack([leaf] * 3), built).drawn(np.random.default_rng(1))
    assert stacked.weight.shape == (3, 60, 40)
    assert not np.array_equal(stacked.weight[0], stacked.weight[1])


@pytest.mark.parametrize("flow", [pytest.param(name, marks=[] if name == "triangular_spline" else pytest.mark.slow) for name in FLOWS])
def test_a_network_has_the_structure_of_the_flow_that_is_built(flow):
    settings = replace(SETTINGS, flow=flow, embedding="identity")
    network, parameters = build_network(3, (4,), settings, jax.random.key(1), 1)
    made = eqx.combine(jax.tree.map(lambda leaf: leaf[0], parameters["flow"]), network.flow)
    built = eqx.filter_eval_shape(build_flow, jax.random.key(1), dimension=3, context=4, settings=settings)
    assert jax.tree.structure(made) == jax.tree.structure(built)
    for one, other in zip(jax.tree.leaves(made), jax.tree.leaves(built), strict=True):
        assert getattr(one, "shape", None) == getattr(other, "shape", None)


@pytest.mark.parametrize("flow", ["triangular_spline", pytest.param("block_neural", marks=pytest.mark.slow)])
def test_members_differ_and_the_key_decides(flow):
    settings = replace(SETTINGS, flow=flow, width=16, embedding="mlp", embedding_width=8)
    of = {seed: build_network(2, (3,), settings, jax.random.key(seed), 2) for seed in (1, 2)}
    again = build_network(2, (3,), settings, jax.random.key(1), 2)[1]
    jax.tree.map(np.testing.assert_array_equal, again, of[1][1])
    vectors = [vector for network, parameters in of.values() for vector in network.ravelled(parameters)]
    assert len(np.unique(np.round(vectors, 6), axis=0)) == 4


@pytest.mark.slow
def test_a_vector_of_all_weights_gives_the_weights_back():
    network, parameters = build_network(2, (3,), SETTINGS, jax.random.key(1), 2)
    vectors = network.ravelled(parameters)
    jax.tree.map(np.testing.assert_array_equal, network.unravelled(vectors), parameters)
    one = jax.jit(network.unravelled)(vectors[1])
    jax.tree.map(np.testing.assert_array_equal, one, jax.tree.map(lambda leaf: leaf[1], parameters))
