"""A table of simulations whose posterior is known: the flow, its ranks, and the table's rows as replicates."""

from functools import cached_property

import numpy as np
import pytest
from scipy import special

from astro_sbi.inference.npe import NPESettings, Recipe, TrainedNPE
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.inference.simulated import FEWEST_EFFECTIVE, SimulatedProblem
from astro_sbi.simulators.prior import Prior

SIGMA = np.array([0.5, 1.0, 2.0])
PRIOR = Prior.of(mass="normal(0,1)")


def quiet(*_: object) -> None:
    return None


def small_settings() -> NPESettings:
    network = NetworkSettings(flow="affine_coupling", conditioner="mlp", layers=2, width=32, embedding="mlp", embedding_width=32, context=8)
    training = TrainingSettings(batch=64, rate=4e-3, held_out=256, patience=5, schedule="plateau", least_gain=1e-3, average=0.97)
    return NPESettings(recipes=(Recipe(network, 0.0),), ensemble=1, epochs=30, training=training)


def conjugate(rows: int = 3000, observed: tuple[float, ...] = (1.0, 0.5, 2.0)) -> SimulatedProblem:
    """A unit normal seen through three noisy copies of it."""
    rng = np.random.default_rng(2)
    theta = rng.normal(size=(rows, 1))
    return SimulatedProblem(PRIOR, theta, theta + SIGMA * rng.normal(size=(rows, 3)), np.array(observed), 1)


def exact(observed: np.ndarray) -> tuple[float, float]:
    precision = 1 + np.sum(SIGMA**-2)
    return float(np.sum(observed / SIGMA**2) / precision), float(precision**-0.5)


class Exact:
    """Stands for a trained flow: the posterior that is known."""

    @cached_property
    def estimator(self):
        return self

    def _of(self, x):
        return np.sum(x / SIGMA**2, axis=-1) / (1 + np.sum(SIGMA**-2)), (1 + np.sum(SIGMA**-2)) ** -0.5

    def posterior(self, x):
        self.observed = x
        return self

    @property
    def density(self):
        return self

    def log_prob(self, z):
        mean, sigma = self._of(self.observed)
        return -0.5 * ((z[:, 0] - mean) / sigma) ** 2


@pytest.fixture(scope="module")
def trained() -> TrainedNPE:
    return conjugate().train(small_settings(), on_progress=quiet, should_stop=lambda: False)


@pytest.mark.slow
def test_the_posterior_is_the_gaussian_it_must_be(trained: TrainedNPE):
    problem = conjugate()
    found = problem.posterior(trained, 4000, on_progress=quiet)
    mean, sigma = exact(problem.observed)
    assert found.theta["mass"].mean() == pytest.approx(mean, abs=0.25 * sigma)
    assert found.theta["mass"].std() == pytest.approx(sigma, rel=0.15)
    assert (found.importance, found.log_likelihood) == (None, None)
    latent, x = problem.tests()
    assert (latent.shape, x.shape) == ((300, 1), (300, 3))
    points = np.stack([latent, latent + 0.3], axis=1)
    together = trained.estimator.log_prob_many(points, x)
    for number in range(2):
        assert together[:, number] == pytest.approx(trained.estimator.log_prob_pairs(points[:, number], x), abs=1e-4)
    assert problem.replicates(trained).p_value > 0.01


def test_training_never_sees_what_is_held_back():
    problem = conjugate(500)
    assert len(problem.held_back) == 50
    assert sorted([*problem.held_back, *problem.trained_on]) == list(range(500))
    assert len(conjugate(20_000).held_back) == 1000


def test_tests_are_the_rows_held_back_inside_the_prior():
    whole = conjugate(500)
    prior = Prior.of(mass="uniform(-1,1)")
    latent, x = SimulatedProblem(prior, whole.theta, whole.x, whole.observed, whole.seed).tests()
    held = whole.theta[whole.held_back][:, 0]
    inside = np.abs(held) < 1
    assert prior.physical_array(latent)[:, 0] == pytest.approx(held[inside])
    assert x == pytest.approx(whole.x[whole.held_back][inside], rel=1e-6)


def test_rows_of_the_table_follow_the_posterior_predictive():
    problem = conjugate(20_000)
    made = problem.replicates(Exact())
    mean, sigma = exact(problem.observed)
    assert made.x.mean(axis=0) == pytest.approx([mean] * 3, abs=0.25)
    assert made.x.std(axis=0) == pytest.approx(np.hypot(sigma, SIGMA), rel=0.1)
    assert made.effective > 5000
    # Under the posterior predictive the three differ from their mean by a known covariance.
    away = problem.observed - mean
    covariance = np.diag(SIGMA**2) + sigma**2
    assert made.p_value == pytest.approx(special.gammaincc(1.5, 0.5 * away @ np.linalg.solve(covariance, away)), abs=0.05)


def test_an_observation_that_no_simulation_is_like_is_found():
    far = conjugate(20_000, (1.0, 8.0, -12.0))
    assert far.distance_p() < 0.001
    assert far.replicates(Exact()).p_value < 0.001
    assert conjugate(20_000).distance_p() > 0.05


def test_too_few_rows_under_the_posterior_give_no_p():
    made = conjugate(200, (4.0, 4.0, 4.0)).replicates(Exact())
    assert made.effective < FEWEST_EFFECTIVE
    assert made.p_value is None


@pytest.mark.slow
def test_distance_sees_what_the_leading_components_leave_out():
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(2000, 1))
    x = theta * np.linspace(1, 2, 150) + 0.1 * rng.normal(size=(2000, 150))
    like, odd = x[0].copy(), x[0].copy()
    odd[75] += 3.0
    assert SimulatedProblem(PRIOR, theta, x, like, 1).distance_p() > 0.01
    assert SimulatedProblem(PRIOR, theta, x, odd, 1).distance_p() < 0.01


@pytest.mark.slow
def test_distance_is_uniform_for_fresh_observations():
    rng = np.random.default_rng(6)
    theta = rng.normal(size=(1300, 1))
    x = np.exp(0.5 * (theta + 0.5 * rng.normal(size=(1300, 4))))
    p = [SimulatedProblem(PRIOR, theta[:1200], x[:1200], one, 1).distance_p() for one in x[1200:]]
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)
    assert np.mean(np.array(p) < 0.05) < 0.13
