"""The reference sampler on densities whose moments are known."""

import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.inference.posterior import Cancelled, InferenceError
from astro_sbi.inference.reference import nuts

COVARIANCE = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1e-4]])

pytestmark = pytest.mark.slow


def correlated(z: jnp.ndarray) -> jnp.ndarray:
    return -0.5 * z @ jnp.asarray(np.linalg.inv(COVARIANCE), z.dtype) @ z


def banana(z: jnp.ndarray) -> jnp.ndarray:
    """``z1 ~ N(z0^2 / 2, 0.5^2)`` with ``z0 ~ N(0, 1)``: mean of z1 1/2, variance 1/4 + 1/2."""
    return -0.5 * z[0] ** 2 - 2.0 * (z[1] - 0.5 * z[0] ** 2) ** 2


def far_apart(z: jnp.ndarray) -> jnp.ndarray:
    return jnp.logaddexp(-0.5 * jnp.sum((z - 8.0) ** 2), -0.5 * jnp.sum((z + 8.0) ** 2))


def starts(chains: int, dimension: int) -> np.ndarray:
    return 0.01 * np.random.default_rng(1).standard_normal((chains, dimension))


def test_correlated_gaussian() -> None:
    seen: list[float] = []
    found = nuts(
        correlated, starts(4, 3), warmup=500, draws=1000, covariance=COVARIANCE, on_progress=lambda p, done, t, loss: seen.append(done)
    )
    assert found.converged
    assert found.latent.shape == (4000, 3)
    assert found.divergences == 0
    assert np.cov(found.latent.T) == pytest.approx(COVARIANCE, rel=0.15, abs=0.005)
    assert found.latent.mean(axis=0) == pytest.approx([0, 0, 0], abs=0.1)
    assert seen[0] == 0
    assert seen[-1] == 1500
    assert seen == sorted(seen)


def test_banana_without_a_guess_of_its_covariance() -> None:
    found = nuts(banana, starts(4, 2), warmup=500, draws=1500, seed=2)
    assert found.converged
    assert found.latent[:, 1].mean() == pytest.approx(0.5, abs=0.08)
    assert found.latent[:, 1].var() == pytest.approx(0.75, abs=0.15)
    assert found.latent[:, 0].var() == pytest.approx(1.0, abs=0.12)


def test_chains_in_different_modes_are_no_reference() -> None:
    found = nuts(far_apart, np.array([[8.0, 8.0], [-8.0, -8.0]]), warmup=200, draws=200)
    assert not found.converged
    assert found.r_hat.max() > 1.1


def test_the_seed_decides() -> None:
    first, again, other = (nuts(banana, starts(2, 2), warmup=100, draws=100, seed=seed).latent for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_it_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        nuts(banana, starts(2, 2), warmup=100, draws=500, should_stop=lambda: True)


def test_bad_starts_are_refused() -> None:
    with pytest.raises(InferenceError, match="two or more"):
        nuts(banana, starts(1, 2), warmup=10, draws=10)
    with pytest.raises(InferenceError, match="not finite"):
        nuts(lambda z: jnp.log(z[0]), -np.ones((2, 1)), warmup=10, draws=10)
