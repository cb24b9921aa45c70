"""Perturbed data move a posterior as theory says, while the checks stay as they are, or do not."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.diagnostics.sensitivity import Sensitivity, sensitivity
from astro_sbi.inference.problem import Problem
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.perturbation import perturbed
from astro_sbi.simulators.base import padded_value, pattern_of
from tests.inference.toys import Line, Square, Toy, observed

MEAN, COVARIANCE = np.array([0.0, 1.0, 0.5]), np.array([[1.0, 0, 0], [0, 4, 2], [0, 2, 2]])


def exact(observation: Observation) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and covariance of the parabola."""
    basis = observation.points.coordinate[:, None] ** np.arange(3)
    weight = basis / observation.points.noise.sigma[:, None] ** 2
    prior = np.linalg.inv(COVARIANCE)
    covariance = np.linalg.inv(basis.T @ weight + prior)
    return covariance @ (weight.T @ observation.value + prior @ MEAN), covariance


def followed(simulator: Toy, observation: Observation, what: str, places: list[float], latent: np.ndarray) -> Sensitivity:
    problem = Problem.of(simulator, simulator.prior, observation)

    def problem_at(by: float) -> Problem:
        seen = perturbed(observation, what, by)
        pattern = pattern_of(simulator, seen.points)
        return problem.observing(padded_value(seen, pattern), pattern)

    weight = np.full(len(latent), 1 / len(latent))
    return sensitivity(problem_at, lambda by: perturbed(observation, what, by).points.noise.sigma, latent, weight, places)


@pytest.fixture(scope="module")
def parabola() -> tuple[Observation, np.ndarray]:
    """An observation in a unit, so that a gain is one of its values; and draws of its posterior."""
    observation = replace(observed(Line(), {"a": 3.0, "b": 2.0, "c": 1.0}, 3), value_axis=Axis("y", "mJy"))
    theta = np.random.default_rng(1).multivariate_normal(*exact(observation), 4000)
    return observation, Line().prior.latent(dict(zip("abc", theta.T, strict=True)), {})


@pytest.mark.slow
def test_a_gain_moves_the_posterior_as_theory_says_and_no_check_sees_it(parabola):
    observation, latent = parabola
    found = followed(Line(), observation, "gain", [-0.05, -0.03, 0.03, 0.05], latent)
    assert [one.by for one in found.found] == [-0.05, -0.03, 0.0, 0.03, 0.05]
    assert found.lost == ()
    for one in found.found:
        mean, covariance = exact(perturbed(observation, "gain", one.by))
        sigma = np.sqrt(np.diag(covariance))
        for number, name in enumerate("abc"):
            low, middle, high = one.quantiles[name]
            assert middle == pytest.approx(mean[number], abs=0.15 * sigma[number])
            assert 0.5 * (high - low) == pytest.approx(0.994 * sigma[number], rel=0.1)
    mean, covariance = exact(observation)
    told = (exact(perturbed(observation, "gain", 0.05))[0] - mean) / np.sqrt(np.diag(covariance))
    assert found.shifts("a")[-1] == pytest.approx(told[0], abs=0.2)
    assert told[0] > 1.5
    assert (found.first_seen(1), found.first_seen(-1)) == (None, None)


@pytest.mark.slow
def test_errors_that_are_too_small_are_seen(parabola):
    observation, latent = parabola
    found = followed(Line(), observation, "errors", [-0.4, -0.2, 0.2], latent)
    assert found.first_seen(-1) in (-0.2, -0.4)
    assert found.first_seen(1) is None
    narrow, usual = found.found[0].quantiles["a"], found.unperturbed.quantiles["a"]
    assert (narrow[2] - narrow[0]) / (usual[2] - usual[0]) == pytest.approx(0.6, abs=0.05)
    assert found.found[0].check.chi2_per_point_quoted == pytest.approx(found.unperturbed.check.chi2_per_point_quoted / 0.36, rel=0.1)


@pytest.mark.slow
def test_a_posterior_that_moves_out_of_the_prior_is_lost_and_said_to_be(parabola):
    observation, latent = parabola
    found = followed(Line(), observation, "gain", [0.1, 500.0], latent)
    assert [one.by for one in found.found] == [0.0, 0.1]
    assert found.lost == (500.0,)


def test_two_narrow_peaks_cannot_be_followed_by_an_ellipsoid():
    simulator = Square()
    observation = replace(observed(simulator, {"a": 1.5, "b": 0.2}, 2, sigma=0.003), value_axis=Axis("y", "mJy"))
    rng = np.random.default_rng(1)
    theta = {"a": rng.choice([-1.5, 1.5], 2000) + 0.0003 * rng.standard_normal(2000), "b": 0.2 + 0.001 * rng.standard_normal(2000)}
    found = followed(simulator, observation, "gain", [-0.01, 0.01], simulator.prior.latent(theta, {}))
    assert len(found.found) < 3
    assert found.lost
