"""Banks, tables and fresh simulations, and what happens to those that failed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.simulations import Fresh, Table, finite_table
from tests.inference.small_training import DESIGN, SIGMA, bank, table


def test_simulations_that_failed_are_left_out_and_counted():
    latent, x = np.zeros((200, 2)), np.ones((200, 4, 3))
    x[7, 2, 1], x[9, 0, 0], latent[11, 1] = np.nan, -np.inf, np.inf
    kept, dropped = finite_table(latent, x)
    assert kept.count == 197
    assert (dropped.dropped, dropped.total) == (3, 200)
    assert str(dropped) == "3 of 200 simulations are not finite and were left out"
    assert np.isfinite(kept.x).all()
    assert str(finite_table(np.zeros((200, 2)), np.ones((200, 3)))[1]) == ""


def test_too_many_failures_are_refused():
    x = np.ones((1000, 3))
    x[:200] = np.nan
    assert finite_table(np.zeros((1000, 2)), x)[0].count == 800
    x[200] = np.nan
    with pytest.raises(InferenceError, match=r"201 of 1000 simulations are not finite.*more than 20%"):
        finite_table(np.zeros((1000, 2)), x)


@pytest.mark.parametrize(
    ("latent", "x", "says"),
    [
        ((200, 2), (199, 3), "as many rows, got shapes \\(200, 2\\) and \\(199, 3\\)"),
        ((200,), (200, 3), "expected parameters \\[N, d\\]"),
        ((200, 2), (200,), "simulated observations \\[N, ...\\]"),
        ((99, 2), (99, 3), "99 usable simulations are too few"),
    ],
)
def test_shapes_that_do_not_fit_are_answered_with_a_sentence(latent, x, says):
    with pytest.raises(InferenceError, match=says):
        finite_table(np.zeros(latent), np.zeros(x))


@pytest.mark.slow
def test_a_bank_adds_fresh_noise_and_a_table_does_not():
    index, keys = jnp.arange(400), jax.random.split(jax.random.key(1))
    some = jax.tree.map(jnp.asarray, bank())
    (latent, one), (_, other) = some.batch(index, keys[0]), some.batch(index, keys[1])
    assert np.array_equal(latent, some.latent[:400])
    assert np.std(one - other) == pytest.approx(np.sqrt(2) * SIGMA, rel=0.06)
    fixed = jax.tree.map(jnp.asarray, table())
    assert np.array_equal(fixed.batch(index, keys[0])[1], fixed.batch(index, keys[1])[1])
    assert some.rows(np.array([3, 5])).count == fixed.rows(np.array([3, 5])).count == 2


@pytest.mark.slow
def test_fresh_simulations_are_a_function_of_their_number():
    key = jax.random.key(2)
    fresh = Fresh(key, lambda latent, noise: jnp.asarray(DESIGN, jnp.float32) @ latent + SIGMA * jax.random.normal(noise, (3,)), 2, 640)
    one, again = fresh.batch(jnp.array([4, 9]), key), fresh.batch(jnp.array([9]), jax.random.key(7))
    assert np.array_equal(one[0][1], again[0][0])
    assert np.array_equal(one[1][1], again[1][0])
    assert not np.array_equal(one[0][0], one[0][1])
    assert isinstance(fresh.rows(np.array([4])), Table)
