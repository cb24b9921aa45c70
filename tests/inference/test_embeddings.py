"""What every embedding promises, and what each promises alone."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from astro_sbi.inference.embeddings import EMBEDDINGS, ResidualMLP, SetAttention, build_embedding, context_length
from astro_sbi.inference.embeddings.cnn import windows
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.settings import NetworkSettings

SMALL = NetworkSettings(embedding_width=24, context=7)
CASES = [
    ("identity", (5,)),
    ("identity", (4, 2)),
    ("mlp", (5,)),
    ("mlp", (6, 3)),
    ("gated", (5,)),
    ("cnn", (1,)),
    ("cnn", (40,)),
    ("cnn", (301, 2)),
    ("attention", (1, 5)),
    ("attention", (20, 5)),
]
# One of each name; the others compile for long.
SLOW = {("cnn", (1,)), ("cnn", (301, 2)), ("attention", (1, 5))}
LARGE = {"cnn", "attention"}


def of(cases: list[tuple[str, tuple[int, ...]]], *, large: bool = False) -> pytest.MarkDecorator:
    """One test a case; the large ones are fast tests only where that is asked for."""
    slow = {case: case in SLOW or (case[0] in LARGE and not large) for case in cases}
    marked = [pytest.param(*case, marks=[pytest.mark.slow] if slow[case] else []) for case in cases]
    return pytest.mark.parametrize(("name", "shape"), marked)


def settings_of(name: str) -> NetworkSettings:
    return replace(SMALL, embedding=name)


def built(name: str, shape: tuple[int, ...], seed: int = 0) -> nnx.Module:
    return build_embedding(shape, settings_of(name), nnx.Rngs(seed))


@jax.jit
def _context(parts, x):
    return nnx.merge(*parts)(x)


def context_of(module: nnx.Module, x) -> jax.Array:
    return _context(nnx.split(module), jnp.asarray(x))


def features_of(name: str, shape: tuple[int, ...], seed: int = 0) -> jax.Array:
    x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    if name == "attention":
        x = tokens(shape[0], seed)
    return jnp.asarray(x)


def tokens(n: int, seed: int = 0) -> np.ndarray:
    """Points in no order; every fourth is unused."""
    rng = np.random.default_rng(seed)
    columns = [rng.uniform(-1, 1, n), rng.normal(size=n), rng.uniform(0.1, 2, n), rng.integers(0, 3, n), np.arange(n) % 4 != 3]
    return np.stack(columns, axis=1).astype(np.float32)


def test_every_name_is_tested():
    assert {name for name, _ in CASES} == set(EMBEDDINGS)


@pytest.mark.slow
@of(CASES, large=True)
def test_shape_and_state(name, shape):
    module = built(name, shape)
    context = context_of(module, features_of(name, shape))
    assert context.shape == (context_length(shape, settings_of(name)),)
    assert context.dtype == jnp.float32
    assert bool(jnp.isfinite(context).all())
    _, parameters, rest = nnx.split(module, nnx.Param, ...)
    assert not jax.tree.leaves(rest)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(parameters))


@pytest.mark.slow
@of(CASES)
def test_members_and_observations_by_vmap(name, shape):
    def state_of(key):
        # The identity has no parameter, but a network has always some.
        return nnx.state(build_embedding(shape, settings_of(name), nnx.Rngs(key)), nnx.Param), jnp.zeros(1)

    graph = nnx.graphdef(nnx.eval_shape(lambda: built(name, shape)))
    state = jax.jit(jax.vmap(state_of))(jax.random.split(jax.random.key(1), 3))
    x = jnp.stack([features_of(name, shape, seed) for seed in range(4)])

    @jax.jit
    def contexts(state, x):
        return jax.vmap(lambda member: jax.vmap(nnx.merge(graph, member[0]))(x))(state)

    found = contexts(state, x)
    assert found.shape == (3, 4, context_length(shape, settings_of(name)))
    alone = context_of(nnx.merge(graph, jax.tree.map(lambda leaf: leaf[2], state[0])), x[1])
    np.testing.assert_allclose(found[2, 1], alone, rtol=1e-3, atol=1e-4)
    if name != "identity":
        assert float(jnp.abs(found[0] - found[1]).max()) > 1e-3
    assert float(jnp.abs(found[:, 0] - found[:, 1]).max()) > 1e-3


@pytest.mark.slow
@of([case for case in CASES if case[0] != "identity" and case[1][0] > 1])
def test_gradients_reach_every_parameter(name, shape):
    graph, state = nnx.split(built(name, shape), nnx.Param)
    x = jnp.stack([features_of(name, shape, seed) for seed in range(16)])
    weight = jax.random.normal(jax.random.key(5), (16, SMALL.context))

    def loss(state):
        return jnp.sum(weight * jax.vmap(nnx.merge(graph, state))(x))

    gradient = nnx.to_pure_dict(jax.jit(jax.grad(loss))(state))
    leaves = jax.tree_util.tree_leaves_with_path(gradient)
    assert all(bool(jnp.isfinite(leaf).all()) for _, leaf in leaves)
    assert [jax.tree_util.keystr(path) for path, leaf in leaves if float(jnp.abs(leaf).max()) < 1e-5] == []


@pytest.mark.slow
@of([case for case in CASES if case[0] not in ("identity", "gated")])
def test_extreme_values_stay_finite(name, shape):
    graph, state = nnx.split(built(name, shape), nnx.Param)

    def loss(state, x):
        return jnp.sum(jnp.tanh(nnx.merge(graph, state)(x)))

    evaluated = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    for size in (0.0, 1e-38, 1e5, -1e20, 3e38):
        x = jnp.full(shape, size, jnp.float32)
        value, gradients = evaluated(state, x.at[:, 4].set(1.0) if name == "attention" else x)
        assert np.isfinite(value)
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradients))


def test_parameters_of_the_mlp_keep_their_names():
    shapes = {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(nnx.state(built("mlp", (5,))))}
    assert shapes["['enter']['kernel'].value"] == (5, 24)
    assert {name.split("'")[1] for name in shapes} == {"enter", "first", "second", "leave"}
    assert isinstance(built("mlp", (5,)), ResidualMLP)


def test_identity_only_flattens():
    x = features_of("identity", (4, 2))
    assert np.array_equal(built("identity", (4, 2))(x), x.reshape(-1))


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("cnn", (4, 3, 2), r"\(n, channels\)"),
        ("cnn", (), "at least one"),
        ("attention", (20, 4), "coordinate, value, error, channel, used"),
        ("attention", (20,), "tokens"),
        ("transformer", (20,), "no embedding 'transformer'"),
        ("mlp", (0,), "at least one"),
    ],
)
def test_wrong_shapes_are_told(name, shape, said):
    with pytest.raises(InferenceError, match=said):
        built(name, shape)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "size", "stride"), [(10, 3, 1), (11, 7, 4), (5, 9, 2), (8, 3, 4)])
def test_windows_times_a_matrix_are_a_convolution(n, size, stride):
    rng = np.random.default_rng(0)
    x, kernel = (jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in ((n, 2), (size, 2, 3)))
    expected = jax.lax.conv_general_dilated(x[None], kernel, (stride,), "SAME", dimension_numbers=("NWC", "WIO", "NWC"))[0]
    np.testing.assert_allclose(windows(x, size, stride) @ kernel.reshape(-1, 3), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_the_cnn_sees_where_a_line_is():
    module = built("cnn", (120,))
    line = jnp.exp(-0.5 * ((jnp.arange(120) - 50.0) / 1.5) ** 2)
    contexts = jnp.stack([context_of(module, x) for x in (line, jnp.roll(line, 1), jnp.roll(line, 40), 2 * line, 0 * line)])
    moved = jnp.linalg.norm(contexts - contexts[0], axis=1)
    assert float(moved[1:].min()) > 1e-3
    assert float(moved[2]) > float(moved[1])


@pytest.mark.slow
def test_unused_tokens_have_no_effect():
    module, x = built("attention", (20, 5)), tokens(20)
    changed = x.copy()
    changed[x[:, 4] == 0, :4] = [np.nan, np.inf, -1e30, 7.0]
    assert np.array_equal(context_of(module, x), context_of(module, changed))
    graph, state = nnx.split(module, nnx.Param)
    gradient = jax.jit(jax.grad(lambda state, x: jnp.sum(nnx.merge(graph, state)(x)), argnums=(0, 1)))(state, jnp.asarray(changed))
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradient))
    assert np.array_equal(gradient[1][x[:, 4] == 0], np.zeros((5, 5)))


@pytest.mark.slow
def test_order_and_padding_have_no_effect():
    module, x = built("attention", (20, 5)), tokens(20)
    expected = context_of(module, x)
    shuffled = np.random.default_rng(1).permutation(x)
    padded = np.concatenate([x, np.full((13, 5), 9.0, np.float32) * [1, 1, 1, 1, 0]]).astype(np.float32)
    for same in (shuffled, padded, x[x[:, 4] > 0]):
        np.testing.assert_allclose(context_of(module, same), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("column", range(5))
def test_every_column_of_a_token_has_an_effect(column):
    module, x = built("attention", (20, 5)), tokens(20)
    changed = x.copy()
    changed[2, column] = 0.0 if column == 4 else changed[2, column] + 0.7
    assert float(jnp.abs(context_of(module, x) - context_of(module, changed)).max()) > 1e-3


@pytest.mark.slow
def test_no_points_and_many_points_are_told_apart():
    module = SetAttention(24, 7, rngs=nnx.Rngs(0))
    none = np.zeros((10, 5), np.float32)
    same = np.tile(np.float32([0.1, 0.5, 1.0, 0.0, 1.0]), (10, 1))
    fewer = same * (np.arange(10) < 2)[:, None]
    contexts = jnp.stack([context_of(module, x) for x in (none, fewer, same)])
    assert bool(jnp.isfinite(contexts).all())
    assert float(jnp.abs(contexts[1] - contexts[2]).max()) > 1e-2


def lines(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy lines on a grid, and their centres."""
    centre = rng.uniform(-0.8, 0.8, count)
    line = 3 * np.exp(-0.5 * ((np.linspace(-1, 1, 64) - centre[:, None]) / 0.05) ** 2)
    return (line + 0.3 * rng.normal(size=line.shape)).astype(np.float32), centre


def waves(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of sinusoids at random times, some unused, and their scaled frequencies."""
    frequency, phase = rng.uniform(0.5, 2.0, count), rng.uniform(0, 2 * np.pi, count)
    t = rng.uniform(-1, 1, (count, 30))
    value = np.sin(2 * np.pi * frequency[:, None] * t + phase[:, None]) + 0.05 * rng.normal(size=t.shape)
    used = rng.uniform(size=t.shape) < 0.8
    return np.stack([t, value, np.full_like(t, 0.05), np.zeros_like(t), used], axis=2).astype(np.float32), frequency


@pytest.mark.slow
@pytest.mark.parametrize(("name", "made", "steps", "share"), [("cnn", lines, 200, 0.1), ("attention", waves, 300, 0.6)])
def test_an_embedding_learns(name, made, steps, share):
    rng = np.random.default_rng(0)
    x, wanted = made(rng, 2048)
    unseen, truth = made(rng, 512)
    settings = NetworkSettings(embedding=name, embedding_width=32, context=1)
    graph, state = nnx.split(build_embedding(x.shape[1:], settings, nnx.Rngs(0)), nnx.Param)
    optimiser = optax.adam(3e-3)

    def predicted(state, x):
        return jax.vmap(nnx.merge(graph, state))(x)[:, 0]

    @jax.jit
    def step(state, moments, x, wanted):
        gradient = jax.grad(lambda state: jnp.mean((predicted(state, x) - wanted) ** 2))(state)
        updates, moments = optimiser.update(gradient, moments)
        return optax.apply_updates(state, updates), moments

    moments = optimiser.init(state)
    for _ in range(steps):
        seen = rng.integers(len(x), size=128)
        state, moments = step(state, moments, x[seen], wanted[seen].astype(np.float32))
    left = np.mean((np.asarray(jax.jit(predicted)(state, unseen)) - truth) ** 2) / np.var(truth)
    assert left < share
