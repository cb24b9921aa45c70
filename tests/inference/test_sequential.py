"""The engine against posteriors that are known exactly."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from astro_sbi.inference.box import Box
from astro_sbi.inference.drawing import draw_posterior
from astro_sbi.inference.estimator_file import trained_files, trained_rounds
from astro_sbi.inference.importance import StudentMixture
from astro_sbi.inference.posterior import Cancelled, InferenceError, Posterior
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import PeakSearch
from astro_sbi.inference.sequential import SequentialTraining, TrainedRounds
from astro_sbi.inference.settings import NetworkSettings, SequentialSettings, TrainingSettings
from tests.inference.toys import Line, Square, moments, problem

pytestmark = pytest.mark.slow

SMALL = SequentialSettings(
    simulations=2048,
    steps=100,
    later_steps=200,
    rounds=3,
    draws=4096,
    network=NetworkSettings(layers=3, width=24, knots=6, embedding_width=32, context=16),
    training=TrainingSettings(batch=128, held_out=512),
)


def quiet(*_: object) -> None:
    """Hears no progress."""


def train(posed: Problem, seed: int = 1, **changes: object) -> TrainedRounds:
    settings = replace(SMALL, **changes)
    return SequentialTraining(posed, PeakSearch(posed), settings, seed=seed, ensemble=1, on_progress=quiet, should_stop=lambda: False).run()


def draw(posed: Problem, trained: TrainedRounds, samples: int = 8000, seed: int = 1) -> Posterior:
    return draw_posterior(posed, trained, samples, seed, on_progress=quiet)


@pytest.fixture(scope="module")
def line() -> tuple[Problem, TrainedRounds]:
    posed = problem(Line(), {"a": 0.4, "b": -0.7, "c": 1.1})
    return posed, train(posed)


def exact_line(posed: Problem) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and covariance of the posterior and log evidence, from linear algebra."""
    used = posed.pattern.used
    x, y, sigma = posed.pattern.coordinate[used], posed.value[used], posed.pattern.sigma[used]
    design = np.stack([np.ones_like(x), x, x**2], axis=1).astype(np.float64)
    map_z = np.array([[1.0, 0, 0], [0, 2.0, 0], [0, 1.0, 1.0]])
    mean = np.array([0.0, 1.0, 0.5])
    prior = map_z @ map_z.T
    marginal = design @ prior @ design.T + np.diag(sigma.astype(np.float64) ** 2)
    gain = prior @ design.T @ np.linalg.inv(marginal)
    evidence = stats.multivariate_normal(design @ mean, marginal).logpdf(y)
    return mean + gain @ (y - design @ mean), prior - gain @ design @ prior, float(evidence)


def test_conjugate_gaussian(line: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = line
    posterior = draw(posed, trained)
    mean, covariance, evidence = exact_line(posed)
    for index, name in enumerate("abc"):
        found, width = moments(posterior, name)
        assert found == pytest.approx(mean[index], abs=0.05 * np.sqrt(covariance[index, index]))
        assert width == pytest.approx(np.sqrt(covariance[index, index]), rel=0.05)
    assert posterior.importance is not None
    assert posterior.importance.ess > 3000
    assert posterior.importance.khat < 0.7
    assert posterior.importance.log_evidence == pytest.approx(evidence, abs=0.05)
    assert posterior.peak_outside is None
    assert posterior.distance_p > 0.01


def test_the_flow_alone_is_near(line: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = line
    posterior = draw(posed, trained)
    mean, covariance, _ = exact_line(posed)
    for index, name in enumerate("abc"):
        width = np.sqrt(covariance[index, index])
        assert np.mean(posterior.flow_theta[name]) == pytest.approx(mean[index], abs=0.35 * width)
        # A flow this much too wide still has the efficiency at which rounds end.
        assert np.std(posterior.flow_theta[name]) == pytest.approx(width, rel=0.4)


def test_rounds_agree_about_the_evidence(line: tuple[Problem, TrainedRounds]) -> None:
    _, trained = line
    evidences = [done.log_evidence for done in trained.rounds]
    assert max(evidences) - min(evidences) < 0.3
    assert trained.rounds[0].log_prior_mass == 0.0
    assert trained.rounds[-1].log_prior_mass < -3.0


def test_stored_rounds_draw_the_same(line: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = line
    again = trained_rounds(trained_files(trained, SMALL.network))
    ours, theirs = draw(posed, trained), draw(posed, again)
    assert np.array_equal(ours.latent, theirs.latent)
    assert np.array_equal(ours.weight, theirs.weight)


def test_stored_rounds_must_fit_their_settings(line: tuple[Problem, TrainedRounds]) -> None:
    files = trained_files(line[1], replace(SMALL.network, width=64))
    with pytest.raises(InferenceError, match="train again"):
        trained_rounds(files)


def test_the_same_seed_trains_the_same(line: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = line
    again = train(posed, rounds=1)
    assert np.array_equal(trained.rounds[0].losses, again.rounds[0].losses)


@pytest.fixture(scope="module")
def square() -> tuple[Problem, TrainedRounds]:
    posed = problem(Square(), {"a": 1.2, "b": 0.1}, sigma=0.1)
    return posed, train(posed)


def test_two_separated_modes_are_both_kept(square: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = square
    posterior = draw(posed, trained)
    assert trained.last.box.contains(posed.prior.latent({"a": np.array([-1.2, 1.2]), "b": np.zeros(2)}, {})).all()
    assert posterior.weight @ (posterior.theta["a"] > 0) == pytest.approx(0.5, abs=0.06)
    assert len(trained.peaks.height) == 2


def test_a_narrow_estimator_is_caught(line: tuple[Problem, TrainedRounds]) -> None:
    """An estimator without defence that is far too narrow cannot pass: its weights have a heavy tail."""
    posed, trained = line
    peaks = trained.peaks
    narrow = StudentMixture(peaks.latent, 0.35 * np.linalg.cholesky(peaks.covariance), np.ones(1), freedom=200.0)
    from astro_sbi.inference.importance import importance_draws, importance_of

    found = importance_of(importance_draws([(1.0, narrow)], posed.log_likelihood, np.random.default_rng(0), 8000))
    assert found.khat > 0.7 or found.ess < 1000


def test_a_box_that_misses_a_peak_is_told(square: tuple[Problem, TrainedRounds]) -> None:
    posed, trained = square
    half = Box(np.array([0.0, -np.inf]), np.array([np.inf, np.inf]))
    cut = replace(trained, last=replace(trained.last, box=half))
    posterior = draw(posed, cut)
    assert posterior.peak_outside is not None
    assert abs(posterior.peak_outside) < 1.0


def test_cancelling_stops_between_chunks() -> None:
    posed = problem(Line(), {"a": 0.4, "b": -0.7, "c": 1.1})
    training = SequentialTraining(posed, PeakSearch(posed), SMALL, seed=1, ensemble=1, on_progress=quiet, should_stop=lambda: True)
    with pytest.raises(Cancelled):
        training.run()


def test_an_ensemble_is_a_mixture() -> None:
    posed = problem(Line(), {"a": 0.4, "b": -0.7, "c": 1.1})
    settings = replace(SMALL, rounds=2)
    trained = SequentialTraining(posed, PeakSearch(posed), settings, seed=1, ensemble=2, on_progress=quiet, should_stop=lambda: False).run()
    posterior = draw(posed, trained)
    mean, covariance, _ = exact_line(posed)
    assert moments(posterior, "a")[0] == pytest.approx(mean[0], abs=0.06 * np.sqrt(covariance[0, 0]))
    z = trained.last.given(posed.value).sample(np.random.default_rng(0), 1000)
    assert np.isfinite(trained.last.given(posed.value).log_prob(z)).all()
