"""Accuracy of the classifier: chance for equal samples, known values for shifted ones, resampled draws not recognised."""

import numpy as np
import pytest

from astro_sbi.diagnostics.two_sample import two_sample_accuracy


def normal(seed: int, shift: float = 0.0, size: int = 600) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((size, 2)) + np.array([shift, 0.0])


@pytest.mark.slow
def test_equal_distributions_are_chance():
    assert two_sample_accuracy(normal(1), normal(2), seed=1) == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_a_shift_gives_what_the_best_classifier_gets():
    assert two_sample_accuracy(normal(1), normal(2, 1.35), seed=1) == pytest.approx(0.75, abs=0.03)


@pytest.mark.slow
def test_units_do_not_matter():
    scale = np.array([1e-6, 1e4])
    plain = two_sample_accuracy(normal(1), normal(2, 0.7), seed=1)
    assert two_sample_accuracy(scale * normal(1), scale * normal(2, 0.7), seed=1) == pytest.approx(plain, abs=0.01)


@pytest.mark.slow
def test_draws_that_were_resampled_are_not_recognised():
    rng = np.random.default_rng(3)
    resampled = normal(2)[rng.choice(150, 600)]
    assert two_sample_accuracy(normal(1), resampled, seed=1) < 0.58
