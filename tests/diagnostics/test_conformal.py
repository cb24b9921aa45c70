"""Adjusted intervals hold the truth as often as they say, whatever the estimator that they are of."""

import numpy as np
import pytest
from scipy import special

from astro_sbi.diagnostics.card import QUANTILES, CalibrationCard
from astro_sbi.diagnostics.conformal import conformal_levels
from tests.diagnostics.estimators import card

REPEATS = 400


def covered(width: float, bias: float, tests: int) -> dict[str, float]:
    """Share of fresh truths inside intervals adjusted by held-out ones, over many sets of these."""
    rng = np.random.default_rng([4, tests])

    def ranks(size: tuple[int, ...]) -> np.ndarray:
        return special.ndtr(rng.standard_normal(size) / width + bias)

    inside = {"68": [], "95": [], "half": []}
    for _ in range(REPEATS):
        low95, low68, middle, high68, high95 = conformal_levels(ranks((tests,)))
        fresh = ranks((500,))
        inside["68"].append(np.mean((fresh >= low68) & (fresh <= high68)))
        inside["95"].append(np.mean((fresh >= low95) & (fresh <= high95)))
        inside["half"].append(np.mean(fresh < middle))
    return {name: float(np.mean(share)) for name, share in inside.items()}


@pytest.mark.parametrize(("width", "bias"), [(1.0, 0.0), (0.7, 0.0), (1.4, 0.0), (1.0, 0.5), (0.7, -0.4)])
def test_a_wrong_estimator_gets_its_coverage_back(width: float, bias: float):
    found = covered(width, bias, 500)
    assert found["68"] == pytest.approx(0.68, abs=0.008)
    assert found["95"] == pytest.approx(0.95, abs=0.005)
    assert found["half"] == pytest.approx(0.5, abs=0.008)


def test_few_simulations_cover_too_much_rather_than_too_little():
    found = covered(0.7, 0.0, 60)
    assert 0.68 <= found["68"] <= 0.72
    assert 0.95 <= found["95"] <= 0.985
    assert conformal_levels(np.linspace(0.1, 0.9, 20)) == pytest.approx((0.0, 0.1 + 0.8 * 2 / 19, 0.5, 0.9 - 0.8 * 2 / 19, 1.0))


def test_levels_are_those_of_the_ranks():
    uniform = (np.arange(999) + 1) / 1000
    assert conformal_levels(uniform) == pytest.approx(QUANTILES)
    assert conformal_levels(uniform, (0.1, 0.9)) == pytest.approx((0.1, 0.9))


def test_the_card_keeps_them_and_old_cards_are_read():
    judged = card("20 % too narrow", tests=3000)
    low95, low68, middle, high68, high95 = judged.marginals["mass"].levels
    # Normal quantiles of an error that is 1.25 times as wide.
    assert (low68, high68) == pytest.approx((special.ndtr(-1.25), special.ndtr(1.25)), abs=0.02)
    assert (low95, middle, high95) == pytest.approx((special.ndtr(-2.45), 0.5, special.ndtr(2.45)), abs=0.02)
    old = judged.to_json()
    for one in old["marginals"].values():
        del one["levels"]
    read = CalibrationCard.from_json(old)
    assert read.marginals["mass"].levels == ()
    assert read.joint == judged.joint
