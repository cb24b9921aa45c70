"""Predictive checks of observations that are wrong in a known way."""

import numpy as np
import pytest

from astro_sbi.diagnostics.predictive import DiagnosticsError, largest_expected, predictive_check
from tests.diagnostics.conjugate import Linear, red

SIGMA = np.full(120, 0.1)


def check(value: np.ndarray, noise: float = 1.0, points: int = 120):
    return Linear(points).checks(value, noise=noise).predictive


@pytest.mark.slow
def test_p_value_is_that_of_simulated_replicates() -> None:
    problem = Linear()
    value, rng = problem.white(), np.random.default_rng(5)
    mean, covariance = problem.posterior(value)
    model = rng.multivariate_normal(mean, covariance, 2000) @ problem.basis.T
    replicate = model + SIGMA * rng.standard_normal(model.shape)
    exceeds = np.sum(((replicate - model) / SIGMA) ** 2, axis=1) > np.sum(((value - model) / SIGMA) ** 2, axis=1)
    found = predictive_check(value, model, SIGMA, np.broadcast_to(SIGMA, model.shape))
    assert found.p_value == pytest.approx(exceeds.mean(), abs=0.03)


@pytest.mark.slow
def test_good_data_pass() -> None:
    found = check(Linear().white())
    assert 0.05 < found.p_value < 0.999
    assert found.chi2_per_point_quoted == pytest.approx(1, abs=0.3)
    assert found.noise_ratio == pytest.approx(1)
    assert found.largest_residual < found.largest_residual_limit
    assert found.correlation_p > 0.01


def test_errors_quoted_too_small_are_found() -> None:
    problem = Linear()
    noise = np.random.default_rng(3).standard_normal(120)
    found = check(problem.basis @ np.ones(5) + 1.5 * SIGMA * noise, noise=1.5)
    assert found.p_value < 1e-3
    assert found.p_value_fitted > 0.05
    assert found.chi2_per_point_quoted == pytest.approx(2.25, abs=0.6)
    assert found.noise_ratio == pytest.approx(1.5)


def test_weights_count() -> None:
    problem = Linear()
    value = problem.white()
    right = problem.basis @ problem.posterior(value)[0]
    model = np.stack([right, right + 1.0])
    found = predictive_check(value, model, SIGMA, np.broadcast_to(SIGMA, model.shape), np.array([1.0, 0.0]))
    assert found.chi2_per_point_quoted < 1.5


def test_an_outlier_is_named() -> None:
    value = Linear().white()
    value[57] += 2.4
    found = check(value)
    assert found.largest_residual_index == 57
    assert found.largest_residual > 15 > found.largest_residual_limit


def test_a_missing_feature_is_found_in_the_correlation() -> None:
    problem = Linear()
    missing = 0.15 * np.sin(17 * problem.coordinate)
    found = check(problem.white() + missing)
    assert found.correlation_p < 0.005
    assert found.red_noise > 1.5
    assert found.p_value < 0.01


def test_order_of_points_does_not_matter() -> None:
    problem = Linear()
    value = problem.basis @ np.ones(5) + 0.1 * red(120, memory=0.7, seed=4)
    model = np.broadcast_to(problem.basis @ problem.posterior(value)[0], (2, 120))
    shuffled = np.random.default_rng(1).permutation(120)
    sigma = np.broadcast_to(SIGMA, model.shape)
    sorted_found = predictive_check(value, model, SIGMA, sigma)
    found = predictive_check(value[shuffled], model[:, shuffled], SIGMA, sigma, coordinate=problem.coordinate[shuffled])
    assert found.residual_correlation == pytest.approx(sorted_found.residual_correlation)
    assert found.correlation_p < 0.01


def test_largest_expected_is_exceeded_once_in_a_hundred() -> None:
    largest = np.abs(np.random.default_rng(1).standard_normal((5000, 120))).max(axis=1)
    assert np.mean(largest > largest_expected(120)) == pytest.approx(0.01, abs=0.004)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"value": np.zeros(119)}, "shapes"),
        ({"sigma_quoted": np.zeros(120)}, "not positive"),
        ({"value": np.full(120, np.nan)}, "not finite"),
        ({"weight": np.zeros(3)}, "weight"),
    ],
)
def test_nonsense_is_refused(change: dict[str, np.ndarray], match: str) -> None:
    given = {"value": np.zeros(120), "model_draws": np.zeros((3, 120)), "sigma_quoted": SIGMA, "sigma_draws": np.ones((3, 120))}
    with pytest.raises(DiagnosticsError, match=match):
        predictive_check(**{**given, **change})
