"""The two-sample test: chance for equal samples, more for unlike ones, and the compiled copy's agreement."""

import numpy as np
import pytest

from benchmarks.c2st import c2st, standardised
from benchmarks.c2st_jax import c2st_compiled

BRIEFLY = {"largest_epochs": 6}


def normal_draws(seed: int, shift: float = 0.0, count: int = 1000) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, (count, 2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("metric", [c2st, c2st_compiled])
def test_equal_distributions_are_chance_and_unlike_ones_are_told_apart(metric):
    assert metric(normal_draws(1), normal_draws(2), **BRIEFLY) == pytest.approx(0.5, abs=0.05)
    assert metric(normal_draws(1), normal_draws(2, shift=1.0), **BRIEFLY) == pytest.approx(0.76, abs=0.03), "Phi(sqrt(2) / 2)"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_compiled_copy_follows_the_original():
    reference, samples = normal_draws(1), normal_draws(2, shift=0.4) * [1.0, 1.3]
    assert c2st_compiled(reference, samples, **BRIEFLY) == pytest.approx(c2st(reference, samples, **BRIEFLY), abs=0.002)
    again = c2st_compiled(reference, samples, seed=2, jobs=2, **BRIEFLY)
    assert again == pytest.approx(c2st(reference, samples, seed=2, **BRIEFLY), abs=0.002)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.slow
def test_units_do_not_matter_and_neither_do_processes():
    reference, samples = normal_draws(1, count=200), normal_draws(2, shift=0.5, count=200)
    value = c2st(reference, samples, **BRIEFLY)
    assert c2st(1024 * reference, 1024 * samples, **BRIEFLY) == value
    assert c2st(reference, samples, jobs=2, **BRIEFLY) == value


def test_samples_are_scaled_by_the_reference_alone():
    reference, samples = normal_draws(1) * 3 + 7, normal_draws(2, shift=2.0)
    first, second = standardised(reference, samples)
    assert first.dtype == second.dtype == np.float32
    np.testing.assert_allclose(first.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(first.std(axis=0, ddof=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(second, (samples - reference.mean(axis=0)) / reference.std(axis=0, ddof=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("reference", "samples", "says"),
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), "same columns"),
        (np.eye(3), np.full((3, 3), np.nan), "finite"),
        (np.ones((5, 2)), np.eye(5, 2), "constant"),
    ],
)
def test_what_cannot_be_compared_is_refused(reference, samples, says):
    with pytest.raises(ValueError, match=says):
        c2st(reference, samples)


def test_the_compiled_copy_refuses_uneven_batches():
    with pytest.raises(ValueError, match="whole batches"):
        c2st_compiled(normal_draws(1, count=300), normal_draws(2, count=300))
