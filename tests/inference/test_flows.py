"""Every flow with every conditioner: a density, its inverse and its draws agree with one another."""

from dataclasses import replace
from functools import cache
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy import stats

from astro_sbi.inference.flows import FLOWS, build_flow
from astro_sbi.inference.settings import ConditionerName, FlowName, NetworkSettings

SMALL = NetworkSettings(layers=2, width=16, knots=5)
CONTEXT = 3
KINDS = [
    NetworkSettings(flow=flow, conditioner=conditioner, layers=SMALL.layers, width=SMALL.width, knots=SMALL.knots)
    for flow in get_args(FlowName)
    for conditioner in get_args(ConditionerName)
    if (flow, conditioner) != ("block_neural", "mlp")  # it has a network of its own
]


@eqx.filter_jit
def log_prob(flow: Any, x: jax.Array, c: jax.Array) -> jax.Array:
    return flow.log_prob(x, c)


@eqx.filter_jit
def mapped_log_prob(flow: Any, x: jax.Array, c: jax.Array) -> jax.Array:
    return jax.vmap(flow.log_prob)(x, c)


@eqx.filter_jit
def drawn(flow: Any, key: jax.Array, c: jax.Array) -> tuple[jax.Array, jax.Array]:
    return flow.sample_and_log_prob(key, (2000,), condition=c)


@eqx.filter_jit
def forward(flow: Any, x: jax.Array, c: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jax.vmap(flow.bijection.inverse_and_log_det)(x, c)


@eqx.filter_jit
def backward(flow: Any, z: jax.Array, c: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jax.vmap(flow.bijection.transform_and_log_det)(z, c)


@eqx.filter_jit
def jacobian_of(flow: Any, x: jax.Array, c: jax.Array) -> jax.Array:
    return jax.vmap(jax.jacobian(flow.bijection.inverse))(x, c)


def disturbed(flow: Any, seed: int, by: float) -> Any:
    """The flow with all its parameters moved, as training would move them."""
    trained, rest = eqx.partition(flow, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(trained)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    moved = [leaf + by * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(structure, moved), rest)


@cache
def trained_like(settings: NetworkSettings, dimension: int = 3) -> Any:
    return disturbed(build_flow(jax.random.key(1), dimension=dimension, context=CONTEXT, settings=settings), 2, 0.15)


def points(dimension: int, size: int = 64) -> tuple[jax.Array, jax.Array]:
    return 2 * jax.random.normal(jax.random.key(3), (size, dimension)), jax.random.normal(jax.random.key(4), (size, CONTEXT))


# The default flow; the others compile for long.
FAST = {("triangular_spline", "gated")}


def parametrised(kinds: list[NetworkSettings]) -> pytest.MarkDecorator:
    slow = {s: [] if (s.flow, s.conditioner) in FAST else [pytest.mark.slow] for s in kinds}
    marked = [pytest.param(s, id=f"{s.flow}-{s.conditioner}", marks=slow[s]) for s in kinds]
    return pytest.mark.parametrize("settings", marked)


every_kind = parametrised(KINDS)
every_flow = parametrised([settings for settings in KINDS if settings.conditioner == "gated"])


def test_every_kind_is_covered() -> None:
    assert set(FLOWS) == set(get_args(FlowName)) == {settings.flow for settings in KINDS}


@pytest.mark.slow
@every_kind
def test_inverse_and_log_determinant(settings: NetworkSettings) -> None:
    flow, (x, c) = trained_like(settings), points(3)
    z, log_det = forward(flow, x, c)
    back, log_det_back = backward(flow, z, c)
    jacobian = np.asarray(jacobian_of(flow, x, c), np.float64)
    # The search for the block neural inverse ends a few 1e-3 off at worst.
    # Rounding of the image moves the preimage the more, the flatter the map.
    close = 1e-3 if settings.flow == "block_neural" else 5e-6
    steepness = 1 / np.linalg.svd(jacobian, compute_uv=False)[:, -1:]
    assert np.all(np.abs(back - x) < close * (1 + steepness))
    assert np.median(np.abs(log_det_back + log_det)) < 100 * close
    np.testing.assert_allclose(np.linalg.slogdet(jacobian)[1], log_det, atol=2e-3)
    expected = log_det + jnp.sum(jax.scipy.stats.norm.logpdf(z), axis=1)
    np.testing.assert_allclose(log_prob(flow, x, c), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@every_flow
def test_batches_and_single_points_agree(settings: NetworkSettings) -> None:
    flow, (x, c) = trained_like(settings), points(3)
    mapped = mapped_log_prob(flow, x, c)
    np.testing.assert_allclose(mapped, log_prob(flow, x, c), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(log_prob(flow, x, c[0]), log_prob(flow, x, jnp.broadcast_to(c[0], c.shape)), rtol=1e-4, atol=1e-4)
    assert np.std(log_prob(flow, x[:1], c)) > 0.01, "the context changes nothing"
    draws = jax.jit(lambda key: flow.sample(key, (2, 3), condition=c[:5]))(jax.random.key(1))
    assert draws.shape == (2, 3, 5, 3)
    assert np.isfinite(draws).all()


@pytest.mark.slow
@every_kind
def test_far_points_have_finite_densities_and_gradients(settings: NetworkSettings) -> None:
    flow, (_, c) = trained_like(settings), points(3)
    far = jnp.asarray([[20, -20, 20], [-20, 20, 0], [5, -5, 5], [0, 0, 0], [4.9999995, -4.9999995, 20], [-20, -20, -20]], jnp.float32)
    trained, rest = eqx.partition(flow, eqx.is_inexact_array)

    def each(parameters: Any, x: jax.Array) -> jax.Array:
        return eqx.combine(parameters, rest).log_prob(x, c[: len(far)])

    value, gradients = jax.jit(jax.value_and_grad(lambda parameters, x: jnp.sum(each(parameters, x)), argnums=(0, 1)))(trained, far)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


@pytest.mark.slow
@every_flow
def test_one_variable_is_a_normalised_density_whose_draws_follow_it(settings: NetworkSettings) -> None:
    flow, (_, c) = trained_like(settings, dimension=1), points(1)
    grid = np.linspace(-40, 40, 40001, dtype=np.float32)
    density = np.exp(np.asarray(log_prob(flow, grid[:, None], c[0]), np.float64))
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1])) * (grid[1] - grid[0])])
    np.testing.assert_allclose(cumulative[-1], 1, atol=5e-3)
    draws = np.asarray(drawn(flow, jax.random.key(5), c[0])[0])[:, 0]
    assert stats.kstest(np.interp(draws, grid, cumulative), "uniform").pvalue > 1e-3


@pytest.mark.slow
@every_flow
def test_draws_of_several_variables_follow_the_density(settings: NetworkSettings) -> None:
    flow, (_, c) = trained_like(settings), points(3)
    draws, log_density = drawn(flow, jax.random.key(6), c[0])
    np.testing.assert_allclose(log_density, log_prob(flow, draws, c[0]), atol=0.1)
    # Importance weights of a broad density under the flow average to one.
    broad = stats.multivariate_normal(np.mean(draws, 0), 0.3 * np.cov(np.asarray(draws).T))
    weight = np.exp(broad.logpdf(draws) - np.asarray(log_density, np.float64))
    assert abs(weight.mean() - 1) < 5 * weight.std() / np.sqrt(len(weight)) + 0.01


@pytest.mark.slow
@every_flow
def test_members_are_built_and_stored_together(settings: NetworkSettings) -> None:
    def build(key: jax.Array) -> Any:
        return build_flow(key, dimension=2, context=CONTEXT, settings=replace(settings, layers=1))

    members = eqx.filter_vmap(build)(jax.random.split(jax.random.key(1), 2))
    trained, rest = eqx.partition(members, eqx.is_inexact_array)
    paths, structure = jax.tree_util.tree_flatten_with_path(trained)
    stored = load(save({jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in paths}))
    again = jax.tree.unflatten(structure, [jnp.asarray(stored[jax.tree_util.keystr(path)]) for path, _ in paths])
    rest = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, rest)
    x, c = points(2)
    of = jax.jit(jax.vmap(lambda parameters: eqx.combine(parameters, rest).log_prob(x, c)))
    np.testing.assert_array_equal(of(again), of(trained))
    assert not np.allclose(*of(trained)), "two members are the same"
