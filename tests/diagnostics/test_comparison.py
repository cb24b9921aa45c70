"""A posterior against a reference: shifts, widths, evidence and the verdict's words."""

import numpy as np
import pytest

from astro_sbi.diagnostics.comparison import Difference, comparison_verdict, difference

REFERENCE = np.random.default_rng(1).standard_normal(20_000)
SAME = {"mass": Difference(0.05, 1.02), "age": Difference(-0.1, 0.95)}


def compared(draws: np.ndarray, weight: np.ndarray | None = None) -> Difference | None:
    return difference(draws, np.full(len(draws), 1 / len(draws)) if weight is None else weight, REFERENCE)


def test_shift_and_ratio_are_in_units_of_the_reference():
    found = compared(0.5 + 2 * np.random.default_rng(2).standard_normal(20_000))
    assert found.shift == pytest.approx(0.5, abs=0.05)
    assert found.ratio == pytest.approx(2.0, rel=0.03)


def test_weights_count():
    wide = 2 * np.random.default_rng(3).standard_normal(50_000)
    weight = np.exp(-0.5 * wide**2 + 0.125 * wide**2)
    found = compared(wide, weight / weight.sum())
    assert found.ratio == pytest.approx(1.0, rel=0.03)


def test_what_has_no_spread_is_not_compared():
    assert compared(np.ones(100)) is None
    assert compared(np.full(100, np.nan)) is None
    assert difference(REFERENCE, np.full(20_000, 1 / 20_000), np.full(5, np.nan)) is None


def test_agreement_is_good():
    found = comparison_verdict(SAME, 0.51, (0.1, 0.1))
    assert found.grade == "good"
    assert "51 % of cases" in found.reasons[0]
    assert "more than 0.10 sigma" in found.reasons[1]
    assert "more than 5 %" in found.reasons[2]


@pytest.mark.parametrize(
    ("changes", "c2st", "evidence", "grade", "says"),
    [
        ({}, 0.7, None, "caution", "70 % of cases"),
        ({}, 0.9, None, "do not trust", "the posterior is not that of this model"),
        ({"age": Difference(-0.4, 1.0)}, 0.55, None, "caution", "median of age is 0.40 sigma"),
        ({"age": Difference(1.5, 1.0)}, 0.55, None, "do not trust", "median of age is 1.5 sigma"),
        ({"mass": Difference(0.0, 0.7)}, 0.55, None, "caution", "error bar of mass is 0.70 times"),
        ({"mass": Difference(0.0, 2.0)}, 0.55, None, "do not trust", "error bar of mass is 2.00 times"),
        ({}, 0.5, (-1.0, 0.1), "caution", "differ by 1.00, 10 sigma"),
        ({}, 0.5, (4.0, 0.1), "do not trust", "do not compare models"),
        ({}, 0.5, (4.0, 2.0), "good", "agree to 4.00"),
    ],
)
def test_each_number_is_judged(changes, c2st, evidence, grade, says):
    found = comparison_verdict(SAME | changes, c2st, evidence)
    assert found.grade == grade
    assert any(says in reason for reason in found.reasons)
