"""The linear guess of the parameters: what it leaves is standard, and no observation breaks it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from astro_sbi.inference.losses import log_prob
from astro_sbi.inference.network import build_network
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.recipes import FRUGAL, GENEROUS, Recipe, usable
from astro_sbi.inference.scaling import can_guess, fit_guessed_values, fit_scaling, seen_shape, standardised
from astro_sbi.inference.simulations import Table
from astro_sbi.inference.standardiser import bounded

DESIGN = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, -1.0]])
SIGMA = 0.5


def simulated(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((count, 2))
    return latent, (latent @ DESIGN.T + SIGMA * rng.standard_normal((count, 3))).astype(np.float32)


@pytest.fixture(scope="module")
def fitted():
    return fit_guessed_values(*simulated(20_000, 1))


@pytest.mark.slow
def test_the_guess_of_a_linear_gaussian_is_its_posterior_mean(fitted):
    latent, x = simulated(2000, 2)
    _, guess = fitted.see(jnp.asarray(x))
    covariance = np.linalg.inv(np.eye(2) + DESIGN.T @ DESIGN / SIGMA**2)
    exact = x @ DESIGN @ covariance.T / SIGMA**2
    assert np.sqrt(np.mean((guess - exact) ** 2)) < 0.1 * np.sqrt(np.trace(covariance))
    residual, _ = fitted.residual(jnp.asarray(latent, jnp.float32), guess)
    assert np.allclose(np.cov(residual.T), np.eye(2), atol=0.1)
    assert np.allclose(residual.mean(axis=0), 0, atol=0.1)


@pytest.mark.slow
def test_residual_and_latent_are_inverse_and_the_determinant_is_the_jacobians(fitted):
    latent, x = simulated(50, 3)
    _, guess = fitted.see(jnp.asarray(x))
    residual, log_determinant = fitted.residual(jnp.asarray(latent, jnp.float32), guess)
    assert np.allclose(fitted.latent(residual, guess), latent, atol=1e-5)
    jacobian = jax.jacobian(lambda z: fitted.residual(z, guess[0])[0])(jnp.asarray(latent[0], jnp.float32))
    assert float(log_determinant) == pytest.approx(np.linalg.slogdet(jacobian)[1], abs=1e-4)


def test_normal_scores_straighten_a_bounded_prior():
    """A precise measurement of a uniform parameter is bent in latent coordinates and straight in its normal scores."""
    rng = np.random.default_rng(4)
    uniform = rng.random((20_000, 1))
    latent = special.ndtri(uniform)
    fitted = fit_guessed_values(latent, uniform + 1e-3 * rng.standard_normal(uniform.shape))
    straight = stats.linregress(uniform[:, 0], latent[:, 0])
    left = np.std(latent[:, 0] - straight.intercept - straight.slope * uniform[:, 0])
    assert float(fitted.root[0, 0]) < 0.25 * left


@pytest.mark.slow
@pytest.mark.parametrize("value", [-1e30, -50.0, 0.0, 1e30])
def test_no_observation_breaks_it(fitted, value):
    seen, guess = fitted.see(jnp.full(3, value))
    assert seen.shape == (5,)
    assert np.isfinite(seen).all()
    assert np.abs(guess).max() < 20


@pytest.mark.slow
def test_counts_with_ties_and_columns_without_spread_are_fitted():
    rng = np.random.default_rng(5)
    latent = rng.standard_normal((2000, 1))
    x = np.column_stack([rng.poisson(np.exp(latent[:, 0])), np.full(2000, 3.0)])
    fitted = fit_guessed_values(latent, x)
    _, guess = fitted.see(jnp.asarray(x, jnp.float32))
    assert np.isfinite(guess).all()
    assert np.corrcoef(guess[:, 0], latent[:, 0])[0, 1] > 0.6


@pytest.mark.slow
def test_single_observations_and_batches_of_any_shape_are_seen_alike():
    latent, x = simulated(1000, 6)
    square = np.concatenate([x, x], axis=1).reshape(-1, 3, 2)
    fitted = fit_guessed_values(latent, square)
    seen, guess = fitted.see(jnp.asarray(square[:7]))
    assert seen_shape(fitted, (3, 2)) == (8,)
    assert seen.shape == (7, 8)
    one, its_guess = fitted.see(jnp.asarray(square[3]))
    assert np.allclose(one, seen[3], atol=1e-6)
    assert np.allclose(its_guess, guess[3], atol=1e-6)
    assert seen_shape(fit_scaling(latent, square, "cnn", guess=False), (3, 2)) == (3, 2)


@pytest.mark.parametrize("guess", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_table_mapped_once_has_the_loss_of_one_mapped_at_every_step(guess):
    latent, x = simulated(5000, 7)
    scaling = fit_scaling(latent, x, "identity", guess=guess)
    network, parameters = build_network(2, seen_shape(scaling, (3,)), replace(FRUGAL, width=16), jax.random.key(1), 1)
    member = jax.tree.map(lambda leaf: leaf[0], parameters)
    table, left = standardised(Table(latent.astype(np.float32), x), scaling)
    assert table.latent.shape == (5000, 2)
    assert table.x.shape == (5000, 5)
    mapped = log_prob(network, member, left, jnp.asarray(table.latent[-50:]), jnp.asarray(table.x[-50:]))
    direct = log_prob(network, member, scaling, jnp.asarray(latent[-50:], jnp.float32), jnp.asarray(x[-50:]))
    assert np.allclose(mapped, direct, atol=1e-4)


@pytest.mark.slow
def test_without_a_guess_the_flow_models_the_parameters_themselves():
    latent, x = simulated(5000, 8)
    scaling = fit_scaling(latent, x, "gated", guess=False)
    seen, guess = scaling.see(jnp.asarray(x))
    assert not np.asarray(guess).any()
    assert np.allclose(seen[:, :3], bounded((x - x.mean(axis=0)) / x.std(axis=0)), atol=1e-5)
    residual, log_determinant = scaling.residual(jnp.asarray(latent, jnp.float32), guess)
    assert np.array_equal(residual, latent.astype(np.float32))
    assert float(log_determinant) == 0


@pytest.mark.parametrize("embedding", ["cnn", "attention"])
def test_embeddings_of_grids_and_tokens_take_no_guess(embedding):
    with pytest.raises(InferenceError, match=f"the {embedding} embedding sees grids or tokens.*set guess=False"):
        Recipe(replace(GENEROUS, embedding=embedding), 0.1, guess=True)


def test_few_simulations_are_not_guessed_from():
    assert can_guess(10_000, 100)
    assert not can_guess(9_999, 100)
    plain = Recipe(GENEROUS, 0.1)
    recipes = (plain, replace(plain, guess=True))
    assert usable(recipes, 10_000, (100,)) == recipes
    assert usable(recipes, 10_000, (10, 11)) == (plain,)


@pytest.mark.slow
def test_scores_of_counts_are_the_same_when_fitted_and_when_used():
    """Counts share their quantiles, where an interpolation can take the one side or the other."""
    rng = np.random.default_rng(5)
    latent = rng.standard_normal((5000, 1))
    counts = rng.poisson(np.exp(latent), (5000, 3)).astype(np.float32)
    fitted = fit_guessed_values(latent, counts)
    residual, _ = fitted.residual(jnp.asarray(latent, jnp.float32), fitted.see(jnp.asarray(counts))[1])
    assert float(jnp.mean(residual)) == pytest.approx(0.0, abs=1e-4)
    assert float(jnp.std(residual)) == pytest.approx(1.0, abs=1e-4)
