"""Red noise is found at a stated power and white noise is left alone."""

import numpy as np
import pytest

from astro_sbi.diagnostics.residuals import red_noise
from tests.diagnostics.conjugate import red


@pytest.mark.slow
def test_false_alarms_on_white_noise_are_as_stated() -> None:
    p_values = [red_noise(np.random.default_rng(seed).standard_normal(120), shuffles=199, seed=seed).p_value for seed in range(300)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_beta_of_white_noise_is_one() -> None:
    betas = [red_noise(np.random.default_rng(seed).standard_normal(400), shuffles=99).beta for seed in range(50)]
    assert np.median(betas) < 1.1


@pytest.mark.slow
def test_power_on_red_noise() -> None:
    found = [red_noise(red(120, memory=0.4, seed=seed)) for seed in range(50)]
    assert np.mean([result.p_value < 0.01 for result in found]) > 0.9
    assert np.median([result.lag_one for result in found]) == pytest.approx(0.37, abs=0.07)


@pytest.mark.slow
def test_beta_is_the_factor_by_which_the_error_of_a_mean_is_too_small() -> None:
    """For this noise the error of a long mean grows by ``sqrt((1 + r) / (1 - r)) = 1.73``."""
    betas = [red_noise(red(2000, memory=0.5, seed=seed), shuffles=99).beta for seed in range(20)]
    assert np.median(betas) == pytest.approx(1.73, abs=0.25)


def test_slow_drift_under_white_noise_is_found_at_long_scales() -> None:
    rng = np.random.default_rng(1)
    drift = 0.5 * np.sin(np.linspace(0, 25, 600))
    found = red_noise(drift + rng.standard_normal(600))
    assert found.lag_one < 0.2
    assert found.beta > 1.4
    assert found.p_value < 0.01


@pytest.mark.parametrize("residual", [np.zeros(50), np.arange(5.0)])
def test_too_little_to_say(residual: np.ndarray) -> None:
    assert red_noise(residual).p_value == 1.0
