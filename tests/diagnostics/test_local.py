"""The local test on estimators that are right, wrong everywhere, wrong at the observation, and wrong elsewhere only."""

from collections.abc import Callable

import numpy as np
import pytest

from astro_sbi.diagnostics.local import LocalTest, local_test
from astro_sbi.diagnostics.local_verdict import local_verdict
from tests.diagnostics.estimators import ESTIMATORS, PRIOR, Gaussian

Truth = Callable[[np.ndarray, np.ndarray], np.ndarray]


def found(truth: Truth, seed: int, *, simulations: int = 600) -> LocalTest:
    """Of a flow whose posterior is a unit normal about the data, at data of zeros."""
    rng = np.random.default_rng([seed, 8])
    x = PRIOR * rng.standard_normal((simulations, 2))
    draws = Gaussian().sample_many(x, 40, seed)
    return local_test(("mass", "age"), x + truth(rng.standard_normal(x.shape), x), draws, rng.standard_normal((400, 2)), seed=seed)


def everywhere(name: str) -> Truth:
    return lambda z, x: ESTIMATORS[name](z, np.random.default_rng(1))


def narrow_where(there: Callable[[np.ndarray], np.ndarray]) -> Truth:
    """Errors too small by a factor of 1.6 where the first number of the data says so."""
    return lambda z, x: np.where(there(np.abs(x[:, :1])), 1.6 * z, z)


def share_found(truth: Truth, repeats: int = 20) -> float:
    return float(np.mean([found(truth, seed).p_value < 0.05 for seed in range(repeats)]))


@pytest.mark.slow
def test_a_right_flow_is_left_alone():
    p_values = [found(everywhere("good"), seed).p_value for seed in range(60)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.1
    assert 0.35 < np.mean(p_values) < 0.65


@pytest.mark.slow
@pytest.mark.parametrize(("name", "power"), [("20 % too narrow", 0.6), ("wrong correlation", 0.8)])
def test_a_wrong_flow_is_found(name: str, power: float):
    assert share_found(everywhere(name)) >= power


def test_a_bias_is_found_and_named():
    one = found(lambda z, x: z + np.array([0.5, 0.0]), 1)
    assert one.p_value < 0.01
    assert one.bias["mass"] == pytest.approx(0.5, abs=0.2)
    verdict = local_verdict(one, corrected=False)
    assert verdict.grade == "do not trust"
    assert "mass is off by about 0." in verdict.reasons[0]
    assert "Nothing corrects this flow" in verdict.reasons[0]


def test_too_narrow_is_named():
    one = found(lambda z, x: z / np.array([1.0, 0.6]), 1, simulations=1000)
    assert one.dispersion["age"] == pytest.approx(1 / 0.6, rel=0.15)
    words = local_verdict(one, corrected=True).reasons[0]
    assert "errors of age are too small by a factor of about 1." in words
    assert "weighted by the likelihood" in words


@pytest.mark.slow
def test_it_looks_near_the_observation():
    here, elsewhere = narrow_where(lambda away: away < PRIOR), narrow_where(lambda away: away > 1.5 * PRIOR)
    assert share_found(here) >= 0.9
    assert share_found(elsewhere) <= 0.2


def test_the_nearest_are_worth_a_fifth():
    one = found(everywhere("good"), 1)
    assert (one.simulations, one.effective) == (600, pytest.approx(120, rel=1e-3))
    assert one.p_value >= 1 / 1000


@pytest.mark.slow
def test_the_same_seed_gives_the_same():
    assert found(everywhere("good"), 3) == found(everywhere("good"), 3)
