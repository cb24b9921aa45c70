"""Checkpoints come back bit for bit, or say what is wrong with them."""

import os
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from astro_sbi.inference.checkpoint import load_checkpoint, save_checkpoint
from astro_sbi.inference.posterior import InferenceError


class State(NamedTuple):
    parameters: dict
    optimiser: object
    key: jax.Array
    watch: dict


def made(seed: int = 0, width: int = 5) -> State:
    key = jax.random.key(seed)
    parameters = {"enter": jax.random.normal(key, (3, width)), "scale": jnp.float32(seed + 0.1), "empty": jnp.zeros((0, 2))}
    watch = {"best": np.asarray(np.pi + seed), "drops": np.arange(3), "stuck": np.array([True, False])}
    return State(parameters, optax.adam(1e-3).init(parameters), jax.random.split(key, 4), watch)


def plain(tree):
    return [np.asarray(jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x) for x in jax.tree.leaves(tree)]


def assert_same(one, other) -> None:
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(plain(one), plain(other), strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.safetensors"


def test_round_trip(path):
    described = {"history": [[1.5, float("nan")], [0.1 + 0.2, -3e-300]], "settings": "ångström", "step": 7}
    save_checkpoint(path, made(3), described)
    state, found = load_checkpoint(path, made(0))
    assert_same(state, made(3))
    assert repr(found) == repr(described)
    assert os.listdir(path.parent) == [path.name]


def test_leaves_come_back_as_what_they_were(path):
    save_checkpoint(path, made(3), {})
    state, _ = load_checkpoint(path, made(0))
    assert isinstance(state.parameters["enter"], jax.Array)
    assert type(state.watch["best"]) is np.ndarray
    assert state.watch["best"].dtype == np.float64
    assert np.array_equal(jax.random.uniform(state.key[2]), jax.random.uniform(made(3).key[2]))


def test_like_may_be_shapes_only(path):
    save_checkpoint(path, made(3), {})
    like = made(0)._replace(parameters=jax.eval_shape(lambda: made(0).parameters))
    state, _ = load_checkpoint(path, like)
    assert_same(state, made(3))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int8", "uint32"])
def test_small_types(path, dtype):
    tree = {"x": jnp.arange(6, dtype=dtype).reshape(2, 3)}
    save_checkpoint(path, tree, {})
    assert_same(load_checkpoint(path, tree)[0], tree)


def test_other_random_bits(path):
    tree = {"key": jax.random.key(1, impl="rbg")}
    save_checkpoint(path, tree, {})
    assert_same(load_checkpoint(path, tree)[0], tree)
    with pytest.raises(InferenceError, match=r"\['key'\] is a random key of .*rbg"):
        load_checkpoint(path, {"key": jax.random.key(1)})


def test_without_a_file_there_is_nothing(path):
    assert load_checkpoint(path, made()) is None


def test_the_last_one_counts(path):
    save_checkpoint(path, made(1), {"step": 1})
    save_checkpoint(path, made(2), {"step": 2})
    state, described = load_checkpoint(path, made())
    assert described == {"step": 2}
    assert_same(state, made(2))


@pytest.mark.parametrize(
    ("like", "said"),
    [
        (made(0, width=6), r"enter.* is float32\[3, 5\], not float32\[3, 6\]"),
        (made(0)._replace(key=jnp.zeros((4, 2), jnp.uint32)), "key is a random key, not an array"),
        (made(0)._replace(watch={**made(0).watch, "best": np.float32(1)}), r"best'\] is float64\[\], not float32\[\]"),
        (made(0)._replace(watch={}), r"holds an unexpected .watch\['best'\], one of 3"),
        (made(0)._replace(parameters={**made(0).parameters, "b": jnp.zeros(2)}), r"holds no .parameters\['b'\]"),
        (made(0)._replace(watch={**made(0).watch, "drops": jax.random.key(0)}), "no random key"),
    ],
)
def test_another_training_is_told(path, like, said):
    save_checkpoint(path, made(0), {})
    with pytest.raises(InferenceError, match=f"another training .*{said}.*delete it or name another file"):
        load_checkpoint(path, like)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 0.5, -1])
def test_a_truncated_file_is_told(path, kept):
    save_checkpoint(path, made(), {"step": 1})
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(InferenceError, match=r"damaged.*delete it"):
        load_checkpoint(path, made())


@pytest.mark.slow
def test_no_flipped_bit_passes(path):
    save_checkpoint(path, made(), {"step": 1})
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(len(content), size=200):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(damaged))
        try:
            state, described = load_checkpoint(path, made())
        except InferenceError as error:
            assert "delete it" in str(error)  # noqa: PT017
        else:
            # A blank of the header's padding carries nothing.
            assert_same(state, made())
            assert described == {"step": 1}


def test_garbage_and_strangers_are_told(path):
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(InferenceError, match=r"damaged.*delete it"):
        load_checkpoint(path, made())
    save_file({"x": np.zeros(3)}, path)
    with pytest.raises(InferenceError, match=r"no checkpoint.*delete it"):
        load_checkpoint(path, made())


def test_nothing_is_unpickled(path):
    with pytest.raises(SafetensorError, match="object"):
        save_checkpoint(path, {"x": np.array([object()])}, {})
    assert not path.exists()


def test_a_failed_write_keeps_the_last_one(path, monkeypatch):
    save_checkpoint(path, made(1), {"step": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InferenceError, match=r"cannot be written .No space left"):
        save_checkpoint(path, made(2), {"step": 2})
    monkeypatch.undo()
    assert load_checkpoint(path, made())[1] == {"step": 1}
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InferenceError, match=r"cannot be written .*folder"):
        save_checkpoint(tmp_path / "nowhere" / "x.safetensors", made(), {})


def test_a_write_that_died_is_passed_over(path):
    save_checkpoint(path, made(1), {"step": 1})
    path.with_name(f".{path.name}.part").write_bytes(b"half")
    assert load_checkpoint(path, made())[1] == {"step": 1}
    save_checkpoint(path, made(2), {"step": 2})
    assert os.listdir(path.parent) == [path.name]
