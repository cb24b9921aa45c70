"""The filters in single precision against dense covariance matrices in double, and against tinygp."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import linalg

from astro_sbi.simulators.gaussian_process import (
    Measured,
    oscillation,
    oscillator,
    random_walk,
    random_walk_one_step,
    rotation_one_step,
)

RNG = np.random.default_rng(4)
TIME = np.sort(np.concatenate([RNG.uniform(0, 20, 60), RNG.uniform(400, 430, 30), [410.0, 410.0], 410 + 1e-4 * np.arange(4)])).astype(
    np.float32
)
SIZE = len(TIME)
LAG = np.abs(TIME[:, None].astype(float) - TIME[None])


def damped(lag: np.ndarray, omega: float, quality: float, variance: float) -> np.ndarray:
    """Foreman-Mackey et al. 2017, eq. 23, for a quality above one half."""
    eta = np.sqrt(1 - 0.25 / quality**2)
    swing = np.cos(eta * omega * lag) + np.sin(eta * omega * lag) / (2 * eta * quality)
    return variance * np.exp(-0.5 * omega * lag / quality) * swing


def steps_of(covariance: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each value given those before it: ``z = L^-1 y``, mean ``y - L_ii z_i``, variance ``L_ii^2``."""
    root = linalg.cholesky(covariance, lower=True)
    diagonal = np.diag(root)
    return value - diagonal * linalg.solve_triangular(root, value, lower=True), diagonal**2


def drawn(covariance: np.ndarray) -> np.ndarray:
    root = linalg.cholesky(covariance, lower=True)
    return (root @ np.random.default_rng(5).standard_normal(len(covariance))).astype(np.float32)


def measured(noise: float, scale: float = 1.0, used: np.ndarray | None = None) -> Measured:
    ones = jnp.ones(SIZE)
    return Measured(jnp.asarray(TIME), scale * ones, noise * ones, jnp.ones(SIZE, bool) if used is None else jnp.asarray(used))


@jax.jit
def rotation(value, points, omega, qualities, shares, ratio):
    slow = oscillator(omega, qualities[0], shares[0])
    return rotation_one_step(value, points, slow, oscillator(ratio * omega, qualities[1], shares[1]))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.3, 1e-2, 1e-3])
@pytest.mark.parametrize("tau", [0.02, 3.0, 200.0, 1e5])
def test_damped_random_walk(tau, noise):
    covariance = np.exp(-LAG / tau) + noise**2 * np.eye(SIZE)
    value = drawn(covariance)
    mean, variance = random_walk_one_step(jnp.asarray(value), measured(noise), tau)
    expected, spread = steps_of(covariance, value.astype(float))
    # Steps of a random walk are differences of numbers that single precision knows to 1e-7.
    np.testing.assert_allclose(variance + noise**2, spread, rtol=2e-4)
    np.testing.assert_allclose(mean, expected, atol=2e-3 * np.sqrt(spread).max(), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.3, 1e-2, 1e-3])
@pytest.mark.parametrize(("period", "quality"), [(1.0, 0.6), (1.3, 2.0), (3.0, 40.0), (2.0, 3000.0), (30.0, 3.0), (0.1, 20.0)])
def test_rotation(period, quality, noise):
    omega, qualities, shares = 2 * np.pi / period, (quality, 0.5 + 0.3 * (quality - 0.5)), (0.7, 0.3)
    kernels = [damped(LAG, factor * omega, q, share) for factor, q, share in zip((1.0, 2.1), qualities, shares, strict=True)]
    covariance = kernels[0] + kernels[1] + noise**2 * np.eye(SIZE)
    value = drawn(covariance)
    mean, variance = rotation(jnp.asarray(value), measured(noise), omega, qualities, shares, 2.1)
    expected, spread = steps_of(covariance, value.astype(float))
    np.testing.assert_allclose(variance + noise**2, spread, rtol=2e-3)
    np.testing.assert_allclose(mean, expected, atol=1e-2 * noise + 1e-4)
    ours, dense = (np.sum(-0.5 * (value - m) ** 2 / s - 0.5 * np.log(s)) for m, s in ((mean, variance + noise**2), (expected, spread)))
    assert ours == pytest.approx(dense, abs=0.02)


@pytest.mark.slow
def test_rotation_agrees_with_tinygp():
    from tinygp import GaussianProcess
    from tinygp.kernels import quasisep

    omega, qualities, shares, noise = 2.0, (5.0, 2.0), (0.7, 0.3), 0.1
    value = drawn(damped(LAG, omega, 5.0, 0.7) + damped(LAG, 2 * omega, 2.0, 0.3) + noise**2 * np.eye(SIZE))
    terms = [
        quasisep.SHO(omega=factor * omega, quality=q, sigma=np.sqrt(share))
        for factor, q, share in zip((1.0, 2.0), qualities, shares, strict=True)
    ]
    theirs = GaussianProcess(terms[0] + terms[1], jnp.asarray(TIME), diag=jnp.full(SIZE, noise**2)).log_probability(jnp.asarray(value))
    mean, variance = rotation(jnp.asarray(value), measured(noise), omega, qualities, shares, 2.0)
    total = np.asarray(variance, float) + noise**2
    assert np.sum(-0.5 * (value - mean) ** 2 / total - 0.5 * np.log(2 * np.pi * total)) == pytest.approx(float(theirs), abs=0.01)


@jax.jit
@jax.value_and_grad
def height(omega, value, points):
    slow, fast = oscillator(omega, 5.0, 0.7), oscillator(2 * omega, 2.0, 0.3)
    both = [rotation_one_step(value, points, slow, fast), random_walk_one_step(value, points, omega)]
    left = [(jnp.where(points.used, value - mean, 0.0), variance + points.noise**2) for mean, variance in both]
    return sum(jnp.sum(jnp.where(points.used, -0.5 * rest**2 / spread - 0.5 * jnp.log(spread), 0.0)) for rest, spread in left)


@pytest.mark.slow
def test_points_that_are_not_used_have_no_influence():
    used = np.random.default_rng(6).random(SIZE) < 0.7
    value = RNG.normal(size=SIZE).astype(np.float32)
    tame = height(2.0, jnp.where(used, value, 0.0), measured(0.1, used=used))
    for spoiled, noise in ((np.inf, 0.1), (np.nan, 1e15), (1e30, 1e-15)):
        points = measured(0.1, used=used)._replace(noise=jnp.where(used, 0.1, noise))
        np.testing.assert_allclose(height(2.0, jnp.where(used, value, spoiled), points), tame, rtol=1e-5)
    lag, noise = LAG[np.ix_(used, used)], 0.01 * np.eye(used.sum())
    kernels = damped(lag, 2.0, 5.0, 0.7) + damped(lag, 4.0, 2.0, 0.3), np.exp(-lag / 2.0)
    dense = 0.0
    for kernel in kernels:
        expected, spread = steps_of(kernel + noise, value[used].astype(float))
        dense += np.sum(-0.5 * (value[used] - expected) ** 2 / spread - 0.5 * np.log(spread))
    assert tame[0] == pytest.approx(dense, rel=1e-4)


@pytest.mark.slow
def test_draws_have_the_covariance_of_the_kernel():
    time = jnp.asarray(TIME[::8])
    lag, keys = LAG[::8, ::8], jax.random.split(jax.random.key(1), 20_000)
    walks = np.asarray(jax.jit(jax.vmap(lambda key: random_walk(key, time, 3.0)))(keys))
    swings = np.asarray(jax.jit(jax.vmap(lambda key: oscillation(key, time, oscillator(2.0, 1.5, 0.8))))(keys))
    np.testing.assert_allclose(np.cov(walks.T), np.exp(-lag / 3.0), atol=0.04)
    np.testing.assert_allclose(np.cov(swings.T), damped(lag, 2.0, 1.5, 0.8), atol=0.03)
