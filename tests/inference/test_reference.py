"""The reference samplers on targets whose moments, evidence and modes are known."""

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from astro_sbi.inference.posterior import Cancelled, InferenceError
from astro_sbi.inference.reference import Target, nested, nuts, rejection_abc, target_of
from astro_sbi.inference.reference.hamiltonian import _blocks, _Chains
from astro_sbi.inference.reference.nested_slice import Dead, evidence_of
from tests.inference.toys import Line, problem

COVARIANCE = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1e-4]])
SIGMA, SEEN = np.array([0.1, 0.3, 0.05]), np.array([0.5, -1.0, 1.2])
#: Two modes of a likelihood in two latent coordinates: place along the first, width, share of the likelihood's mass.
MODES = ((-1.0, 0.05, 0.3), (1.5, 0.1, 0.7))


def correlated(z: jnp.ndarray) -> jnp.ndarray:
    return -0.5 * z @ jnp.asarray(np.linalg.inv(COVARIANCE), z.dtype) @ z


def banana(z: jnp.ndarray) -> jnp.ndarray:
    """``z1 ~ N(z0^2 / 2, 0.5^2)`` with ``z0 ~ N(0, 1)``: mean of z1 1/2, variance 1/4 + 1/2."""
    return -0.5 * z[0] ** 2 - 2.0 * (z[1] - 0.5 * z[0] ** 2) ** 2


def posterior(log_density, dimension: int, **changes) -> Target:
    """A target whose posterior is this density: the prior is divided out of its likelihood."""
    start = 0.01 * np.random.default_rng(1).standard_normal((8, dimension))
    return Target(dimension, lambda z: log_density(z) + 0.5 * jnp.sum(z**2), **{"start": start, **changes})


def measured() -> Target:
    """Three coordinates measured with known errors."""
    error, seen = jnp.asarray(SIGMA, jnp.float32), jnp.asarray(SEEN, jnp.float32)

    def log_likelihood(z):
        return jnp.sum(-0.5 * ((seen - z) / error) ** 2 - jnp.log(error) - 0.5 * jnp.log(2 * jnp.pi))

    def simulate(z, key):
        return z + error * jax.random.normal(key, z.shape)

    start = np.array(SEEN / (1 + SIGMA**2) + SIGMA * np.random.default_rng(2).standard_normal((100, 3)))
    return Target(3, log_likelihood, simulate, SEEN, start)


MEAN, WIDTH = SEEN / (1 + SIGMA**2), SIGMA / np.sqrt(1 + SIGMA**2)
EVIDENCE = stats.norm.logpdf(SEEN, 0, np.sqrt(1 + SIGMA**2)).sum()


def two_modes(start: np.ndarray | None = None) -> tuple[Target, float, float]:
    """A target with two modes, the posterior mass of the first and the log evidence."""

    def log_likelihood(z):
        parts = [
            jnp.log(share) - 0.5 * jnp.sum((z - jnp.array([place, 0.0])) ** 2) / width**2 - 2 * jnp.log(width) - jnp.log(2 * jnp.pi)
            for place, width, share in MODES
        ]
        return jax.scipy.special.logsumexp(jnp.stack(parts))

    masses = [
        np.log(share) + stats.norm.logpdf(place, 0, np.hypot(1, width)) + stats.norm.logpdf(0, 0, np.hypot(1, width))
        for place, width, share in MODES
    ]
    return Target(2, log_likelihood, start=start), float(special.softmax(masses)[0]), float(special.logsumexp(masses))


@pytest.mark.slow
def test_nuts_on_a_correlated_gaussian() -> None:
    seen: list[float] = []
    target = posterior(correlated, 3, covariance=COVARIANCE)
    found = nuts(target, warmup=500, draws=4000, on_progress=lambda p, done, t, loss: seen.append(done))
    assert found.converged, found.reason
    assert found.latent.shape == (4000, 3)
    assert found.divergences == 0
    assert np.cov(found.latent.T) == pytest.approx(COVARIANCE, rel=0.15, abs=0.005)
    assert found.latent.mean(axis=0) == pytest.approx([0, 0, 0], abs=0.1)
    assert found.log_evidence is None
    assert seen[0] == 0
    assert seen[-1] == 1500
    assert seen == sorted(seen)


@pytest.mark.slow
def test_nuts_on_a_banana_without_a_guess_of_its_covariance() -> None:
    found = nuts(posterior(banana, 2), warmup=500, draws=6000, seed=4)
    assert found.converged, found.reason
    assert found.latent[:, 1].mean() == pytest.approx(0.5, abs=0.08)
    assert found.latent[:, 1].var() == pytest.approx(0.75, abs=0.15)
    assert found.latent[:, 0].var() == pytest.approx(1.0, abs=0.12)


@pytest.mark.slow
def test_nuts_between_modes_says_that_it_is_no_reference() -> None:
    start = np.array([[-1.0, 0.0], [1.5, 0.0], [-1.0, 0.0], [1.5, 0.0]])
    found = nuts(two_modes(start)[0], warmup=200, draws=800)
    assert not found.converged
    assert found.r_hat is not None
    assert found.r_hat.max() > 1.1
    assert "different modes" in found.reason


@pytest.mark.slow
def test_warm_up_in_blocks_is_blackjax_s_own() -> None:
    """The same keys through its window adaptation in one piece give the same step size, mass matrix and position."""
    keys, start = jax.random.split(jax.random.key(5), 2), jnp.array([[0.1, 0.2], [-0.3, 0.1]])
    chains = _Chains(banana, keys, 230)
    state = chains.started(start)
    for steps, schedule in _blocks(230, adapting=True):
        state, _ = chains.advance(state, steps, schedule)
    whole = blackjax.window_adaptation(blackjax.nuts, banana, is_mass_matrix_diagonal=False, target_acceptance_rate=0.9)
    for chain in range(2):
        result, _ = whole.run(jax.random.fold_in(keys[chain], 0), start[chain], 230)
        assert state.chain.position[chain] == pytest.approx(np.asarray(result.state.position), rel=1e-3)
        assert np.exp(state.step_size.log_step_size_avg[chain]) == pytest.approx(float(result.parameters["step_size"]), rel=1e-3)
        assert state.mass.inverse_mass_matrix[chain] == pytest.approx(
            np.asarray(result.parameters["inverse_mass_matrix"]), rel=1e-3, abs=1e-4
        )


@pytest.mark.slow
def test_the_seed_decides() -> None:
    first, again, other = (nuts(posterior(banana, 2), warmup=150, draws=200, chains=2, seed=seed).latent for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_nested_finds_the_evidence_of_a_gaussian() -> None:
    told: list[tuple[float, float]] = []
    found = nested(measured(), live=1000, draws=2000, on_progress=lambda p, done, total, loss: told.append((done, total)))
    assert found.converged, found.reason
    assert found.log_evidence is not None
    assert found.log_evidence_error is not None
    assert 0.04 < found.log_evidence_error < 0.3
    assert found.log_evidence == pytest.approx(EVIDENCE, abs=2 * found.log_evidence_error)
    assert found.latent.mean(axis=0) == pytest.approx(MEAN, abs=0.03)
    assert found.latent.std(axis=0) == pytest.approx(WIDTH, rel=0.1)
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.slow
def test_nested_weighs_two_modes() -> None:
    target, share, evidence = two_modes()
    found = nested(target, live=2000)
    assert found.converged, found.reason
    assert found.log_evidence == pytest.approx(evidence, abs=0.3)
    assert np.mean(found.latent[:, 0] < 0.25) == pytest.approx(share, abs=0.1)


@pytest.mark.slow
def test_evidence_from_dead_points_with_exact_volumes() -> None:
    """Points drawn from the prior alone: the sum over shells is the prior's mean of the likelihood."""
    rng = np.random.default_rng(4)
    z = rng.standard_normal((20_000, 1))
    log_likelihood = -0.5 * z[:, 0] ** 2
    order = np.argsort(log_likelihood)
    dead = Dead(z[order], log_likelihood[order], np.full(len(z), -np.inf))
    evidence, error, weight = evidence_of(dead, rng)
    assert evidence == pytest.approx(-0.5 * np.log(2), abs=0.01)
    assert 0 < error < 0.01
    assert weight.sum() == pytest.approx(1.0)


@pytest.mark.slow
def test_abc_is_broad_but_finds_the_place() -> None:
    few, many = (rejection_abc(measured(), draws=500, simulations=n) for n in (10_000, 200_000))
    assert few.epsilon is not None
    assert many.epsilon is not None
    assert many.epsilon < few.epsilon
    assert many.acceptance == pytest.approx(500 / many.evaluations)
    assert many.evaluations >= 200_000
    assert many.latent.mean(axis=0) == pytest.approx(MEAN, abs=0.15)
    assert (many.latent.std(axis=0) > WIDTH).all()
    assert (many.latent.std(axis=0) < few.latent.std(axis=0)).all()


@pytest.mark.slow
def test_abc_converges_where_the_posterior_is_broad() -> None:
    target = Target(1, None, lambda z, key: z + jax.random.normal(key, (1,)), np.array([1.0]))
    found = rejection_abc(target, draws=2000, simulations=100_000)
    assert found.converged, found.reason
    assert found.latent.mean() == pytest.approx(0.5, abs=0.08)
    assert found.latent.std() == pytest.approx(np.sqrt(0.5), rel=0.08)


def test_abc_that_is_too_coarse_says_so() -> None:
    found = rejection_abc(measured(), draws=2000, simulations=8192)
    assert not found.converged
    assert "epsilon is still too large" in found.reason


@pytest.mark.slow
def test_the_target_of_a_problem_has_its_likelihood_and_simulator() -> None:
    posed = problem(Line(), {"a": 0.4, "b": -0.7, "c": 1.1})
    z = np.random.default_rng(3).standard_normal((50, 3))
    target = target_of(posed, np.vstack([z, np.full((1, 3), np.inf)]))
    assert jax.vmap(target.explicit("a test"))(jnp.asarray(z)) == pytest.approx(posed.log_likelihood(z), rel=1e-4)
    assert target.start is not None
    assert len(target.start) == 50
    found = rejection_abc(target, draws=200, simulations=20_000)
    assert found.latent[:, 0].std() < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [nuts, nested, rejection_abc])
def test_each_stops_when_asked(sampler) -> None:
    with pytest.raises(Cancelled):
        sampler(measured(), should_stop=lambda: True)


@pytest.mark.slow
def test_nuts_stops_within_warm_up() -> None:
    done: list[float] = []
    with pytest.raises(Cancelled):
        nuts(
            measured(),
            warmup=400,
            draws=400,
            on_progress=lambda p, steps, t, loss: done.append(steps),
            should_stop=lambda: max(done) >= 100,
        )
    assert max(done) == 100


@pytest.mark.slow
def test_refusals() -> None:
    with pytest.raises(InferenceError, match="two or more"):
        nuts(measured(), chains=1)
    with pytest.raises(InferenceError, match="not finite"):
        nuts(Target(1, lambda z: jnp.log(z[0]), start=-np.ones((4, 1))))
    with pytest.raises(InferenceError, match="as many draws"):
        nuts(Target(1, lambda z: z[0], start=np.ones((2, 1))), chains=4)
    implicit = Target(1, None, lambda z, key: z, np.zeros(1))
    for sampler in (nuts, nested):
        with pytest.raises(InferenceError, match="needs a likelihood"):
            sampler(implicit)
    with pytest.raises(InferenceError, match="live points"):
        nested(measured(), live=20)
    with pytest.raises(InferenceError, match="hardly any draw"):
        nested(Target(1, lambda z: jnp.nan * z[0]))
    with pytest.raises(InferenceError, match="needs a simulator"):
        rejection_abc(Target(1, lambda z: z[0]))
    with pytest.raises(InferenceError, match="ask for at least"):
        rejection_abc(measured(), draws=4000, simulations=4000)
