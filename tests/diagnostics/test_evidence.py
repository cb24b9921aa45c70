"""Bayes factors and their words."""

import numpy as np
import pytest

from astro_sbi.diagnostics.evidence import SCALE, Evidence, bayes_factors, strength


def test_factors_are_against_the_best_and_probabilities_add_to_one():
    found = bayes_factors([Evidence(-10.0, 0.3), Evidence(-7.0, 0.4), Evidence(-7.5, 0.0)])
    assert [one.log_bayes for one in found] == pytest.approx([3.0, 0.0, 0.5])
    assert [one.error for one in found] == pytest.approx([0.5, 0.0, 0.4])
    assert sum(one.probability for one in found) == pytest.approx(1)
    assert found[0].probability / found[1].probability == pytest.approx(np.exp(-3))
    assert [one.words for one in found] == ["moderate", "best", "inconclusive"]


def test_enormous_differences_stay_finite():
    found = bayes_factors([Evidence(0.0, 0.1), Evidence(5e4, 0.1)])
    assert (found[0].probability, found[1].probability) == (0.0, 1.0)
    assert found[0].words == "strong"


@pytest.mark.parametrize(("log_bayes", "words"), [(0.0, "inconclusive"), (1.0, "weak"), (2.4, "weak"), (2.5, "moderate"), (5.0, "strong")])
def test_steps_of_the_scale_are_trottas(log_bayes, words):
    assert strength(log_bayes) == words


def test_an_error_over_a_step_is_said():
    assert strength(2.4, 0.3) == "weak to moderate"
    assert strength(0.5, 9.0) == "inconclusive to strong"


def test_odds_of_the_scale_are_those_of_its_steps():
    for row in SCALE[1:]:
        assert float(row.odds.split(" : ")[0]) == pytest.approx(np.exp(row.least), rel=0.12)
