"""Models that are random themselves: their exact likelihood, what a flow sees of them, and their posterior against a dense grid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from astro_sbi.inference.drawing import draw_posterior
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.scores import seen_of
from astro_sbi.inference.search import Peaks, PeakSearch
from astro_sbi.inference.sequential import SequentialTraining
from astro_sbi.simulators.gaussian_process import Measured, random_walk, random_walk_one_step
from astro_sbi.simulators.prior import Prior, loguniform
from tests.inference.test_sequential import SMALL, quiet
from tests.inference.toys import Line, Toy, observed, problem


class Walk(Toy):
    """An Ornstein-Uhlenbeck process about zero."""

    parameters = Toy.parameters[:2]
    prior = Prior((("a", loguniform(0.05, 5.0)), ("b", loguniform(0.3, 10.0))))

    def predict(self, theta, pattern):
        return 0 * jnp.asarray(pattern.coordinate)

    def process(self, key, theta, pattern):
        return theta["b"] * random_walk(key, pattern.coordinate, theta["a"])

    def one_step(self, theta, value, pattern):
        measured = Measured(pattern.coordinate, theta["b"] + 0 * pattern.sigma, pattern.sigma, pattern.used)
        mean, variance = random_walk_one_step(value, measured, theta["a"])
        return mean, jnp.sqrt(variance + pattern.sigma**2)


def posed() -> Problem:
    """A walk with a correlation time of 0.4 and an amplitude of 1.5 at the toys' 40 points."""
    made = problem(Walk(), {"a": 0.4, "b": 1.5}, sigma=0.3)
    drawn = Walk().process(jax.random.key(3), {"a": 0.4, "b": 1.5}, made.pattern)
    noise = 0.3 * np.random.default_rng(8).standard_normal(drawn.shape)
    return made.observing(np.asarray(drawn + noise, np.float32))


def dense(made: Problem, tau: float, amplitude: float) -> float:
    used = made.pattern.used
    time = made.pattern.coordinate[used].astype(float)
    covariance = amplitude**2 * np.exp(-np.abs(time[:, None] - time) / tau) + 0.3**2 * np.eye(len(time))
    return float(stats.multivariate_normal(np.zeros(len(time)), covariance).logpdf(made.value[used]))


@pytest.mark.slow
def test_the_likelihood_is_the_dense_gaussians():
    made = posed()
    z = np.random.default_rng(1).standard_normal((20, 2))
    theta, found = made.theta(z), made.log_likelihood(z)
    expected = [dense(made, tau, amplitude) for tau, amplitude in zip(theta["a"], theta["b"], strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def peak_at(z: np.ndarray) -> Peaks:
    return Peaks(z[None], np.zeros(1), np.eye(2)[None], z)


@pytest.mark.slow
def test_a_flow_sees_scores_of_a_random_model():
    made, z, step = posed(), np.array([0.2, -0.3]), 1e-2
    height, score = made.scores(z, made.value[None])
    moves = step * np.eye(2)
    target = lambda points: made.log_likelihood(points) - 0.5 * np.sum(points**2, axis=1)  # noqa: E731
    np.testing.assert_allclose(score[0], (target(z + moves) - target(z - moves)) / (2 * step), rtol=0.02, atol=0.02)
    assert height[0] == pytest.approx(target(z[None])[0], abs=1e-2)
    seen = seen_of(made, peak_at(z), np.stack([made.value, made.value * np.float32(1e20)]))
    assert seen.shape == (2, 3)
    assert np.isfinite(seen).all()
    np.testing.assert_allclose(np.sinh(seen[0, :2]), score[0], rtol=1e-3)


def test_a_flow_sees_the_values_of_another():
    made = Problem.of(Line(), Line.prior, observed(Line(), {"a": 0.0, "b": 0.0, "c": 0.0}, 1))
    assert seen_of(made, peak_at(np.zeros(2)), made.value) is made.value


@pytest.mark.slow
def test_sequential_posterior_is_that_of_a_dense_grid():
    made = posed()
    training = SequentialTraining(made, PeakSearch(made), SMALL, seed=1, ensemble=1, on_progress=quiet, should_stop=lambda: False)
    posterior = draw_posterior(made, training.run(), 8000, 1, on_progress=quiet)
    axis = np.linspace(-3.5, 3.5, 71)
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    theta = made.theta(z)
    height = np.array([dense(made, tau, amplitude) for tau, amplitude in zip(theta["a"], theta["b"], strict=True)])
    height -= 0.5 * np.sum(z**2, axis=1)
    mass = special.softmax(height)
    for column, name in enumerate("ab"):
        mean = mass @ z[:, column]
        width = np.sqrt(mass @ (z[:, column] - mean) ** 2)
        assert posterior.weight @ posterior.latent[:, column] == pytest.approx(mean, abs=0.06 * width), name
        spread = np.sqrt(posterior.weight @ (posterior.latent[:, column] - mean) ** 2)
        assert spread == pytest.approx(width, rel=0.06), name
    evidence = special.logsumexp(height) + 2 * np.log(axis[1] - axis[0]) - np.log(2 * np.pi)
    assert posterior.importance is not None
    assert posterior.importance.log_evidence == pytest.approx(evidence, abs=0.05)
    assert posterior.importance.efficiency > 0.4
    assert posterior.rounds[-1].efficiency > 0.3
    assert posterior.distance_p > 0.01
