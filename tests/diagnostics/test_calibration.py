"""The calibration card tells estimators apart that are wrong in a known way, and the verdict says how."""

import json

import numpy as np
import pytest

from astro_sbi.diagnostics.calibration import calibration_card
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import JOINT_LEVELS, CalibrationCard
from astro_sbi.diagnostics.ranks import DRAWS, ranks_of_flow
from astro_sbi.diagnostics.verdict import Checks, verdict
from astro_sbi.inference.posterior import Cancelled
from tests.diagnostics.estimators import Gaussian, card, ranked


def found(name: str, repeats: int, **settings: int) -> float:
    """Share of the repeats in which the verdict is worse than good."""
    return float(np.mean([calibration_verdict(card(name, seed=seed, **settings)).grade != "good" for seed in range(repeats)]))


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_the_issue_asks():
    assert found("good", 120, draws=50, tests=300) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("biased by 0.15 sigma", 0.8),
        ("10 % too narrow", 0.8),
        ("20 % too narrow", 0.99),
        ("20 % too wide", 0.9),
        ("20 % too narrow in one", 0.99),
        ("a lost mode", 0.99),
        ("wrong correlation", 0.99),
    ],
)
def test_what_is_wrong_is_found_in_500_simulations(name: str, least: float):
    assert found(name, 20, draws=50) >= least


@pytest.mark.parametrize(
    ("name", "worst", "words"),
    [
        ("20 % too narrow in one", "jointly", "the errors of mass are too small by a factor of 1.2"),
        ("biased by 0.15 sigma", "mass", "sigma too low"),
        ("20 % too narrow", "jointly", "Regions of all parameters together are too small"),
        ("20 % too wide", "jointly", "too large by a factor of"),
        ("wrong correlation", "correlations", "Correlations between parameters are wrong by up to 0.5"),
    ],
)
def test_reasons_say_what_is_wrong(name: str, worst: str, words: str):
    judged = card(name, tests=3000)
    assert judged.worst == worst
    assert any(words in reason for reason in calibration_verdict(judged).reasons), calibration_verdict(judged)


@pytest.mark.slow
def test_numbers_are_those_of_the_estimator():
    judged = card("20 % too narrow", tests=3000, dimension=3, draws=DRAWS)
    for one in judged.marginals.values():
        assert one.dispersion == pytest.approx(1.25, abs=0.05)
        assert one.bias == pytest.approx(0.0, abs=0.08)
    # Chi-square with three degrees of freedom, scaled: 20.4 points at most.
    assert judged.joint.worst == pytest.approx(-0.204, abs=0.03)
    assert judged.joint.coverage[JOINT_LEVELS.index(0.95)] == pytest.approx(0.829, abs=0.03)
    assert calibration_verdict(judged).grade == "do not trust"
    assert card("biased by 0.15 sigma", tests=3000).marginals["mass"].bias == pytest.approx(0.15, abs=0.06)


def test_over_confidence_is_judged_one_step_worse():
    narrow, wide = card("20 % too narrow", tests=2000), card("20 % too wide", tests=2000)
    assert narrow.joint.worst < -0.1
    assert wide.joint.worst > 0.1
    assert (calibration_verdict(narrow).grade, calibration_verdict(wide).grade) == ("do not trust", "caution")


@pytest.mark.slow
def test_tarp_and_joint_coverage_see_what_they_should():
    bad = [card("20 % too narrow", seed=seed, dimension=3) for seed in range(10)]
    assert np.mean([one.tarp_p < 0.05 for one in bad]) >= 0.6
    assert np.mean([one.corrected["jointly"] < 0.05 for one in bad]) == 1.0
    good = [card("good", seed=seed, dimension=3) for seed in range(40)]
    assert np.mean([one.tarp_p < 0.05 for one in good]) < 0.15
    assert np.mean([one.correlation_p < 0.05 for one in good]) < 0.15


@pytest.mark.slow
def test_ties_of_many_simulations_raise_no_alarm():
    """With (r + 1/2) / (S + 1) one test in nine would reject at 5 %."""
    p = [card("good", tests=5000, draws=50, dimension=1, seed=seed).marginals["mass"].p_value for seed in range(20)]
    assert np.mean(np.array(p) < 0.05) <= 0.15


def test_a_third_that_is_wrong_is_named():
    rng = np.random.default_rng(2)
    x = 4 * rng.standard_normal((3000, 2))
    narrow = np.where(x[:, :1] > 2.0, 1 / 0.7, 1.0)
    found = ranks_of_flow(Gaussian(), x + narrow * rng.standard_normal(x.shape), x, seed=1, draws=100)
    judged = calibration_card(("mass", "age"), found, {"brightness": x[:, 0], "constant": np.ones(3000)})
    assert [part.tests for part in judged.parts] == [1000] * 3
    assert [part.p_value < 0.001 for part in judged.parts] == [False, False, True]
    assert any("Where brightness lies between" in reason for reason in calibration_verdict(judged).reasons)
    assert "No third of the simulations by brightness" in " ".join(calibration_verdict(card("good", parts=True)).reasons)


@pytest.mark.slow
def test_a_tiny_fault_that_many_simulations_see_is_no_alarm():
    rng = np.random.default_rng(5)
    x = 4 * rng.standard_normal((60_000, 1))
    judged = calibration_card(("mass",), ranks_of_flow(Gaussian(), x + rng.standard_normal(x.shape) / 0.98, x, seed=1, draws=50))
    assert judged.p_value < 0.01
    found = calibration_verdict(judged)
    assert found.grade == "good"
    assert "more than by chance, but too little to matter" in found.reasons[0]


def test_few_tests_cannot_pass():
    judged = calibration_verdict(card("good", tests=60))
    assert judged.grade == "caution"
    assert "fewer than 100 cannot tell" in judged.reasons[0]


def test_a_card_survives_json():
    judged = card("10 % too narrow", parts=True)
    assert CalibrationCard.from_json(json.loads(json.dumps(judged.to_json()))) == judged
    with pytest.raises(KeyError):
        CalibrationCard.from_json({"tests": 500, "coverage": {}})


def test_the_verdict_of_a_result_has_the_reasons_of_the_card():
    bad = verdict(Checks(None, None, None, (), 0.5, calibration=card("20 % too narrow", tests=2000)))
    assert bad.grade == "do not trust"
    assert "over-confident" in " ".join(bad.reasons)
    good = verdict(Checks(None, None, None, (), 0.5, calibration=card("good", seed=4)))
    assert good.grade == "caution"
    assert "no more than by chance" in " ".join(good.reasons)


def test_ranks_need_no_finite_draw_and_can_be_stopped():
    class Leaking(Gaussian):
        def sample_many(self, x, draws, seed):
            drawn = super().sample_many(x, draws, seed)
            drawn[:, ::7] = np.nan
            return drawn

    rng = np.random.default_rng(1)
    x = rng.standard_normal((150, 1))
    found = ranks_of_flow(Leaking(), x + rng.standard_normal(x.shape), x, seed=1, draws=70)
    assert np.abs(np.sort(found.below[:, 0]) - np.linspace(0, 1, 150)).max() < 0.15
    told = []
    with pytest.raises(Cancelled):
        ranks_of_flow(Gaussian(), x, x, seed=1, on_progress=lambda *now: told.append(now[1]), should_stop=lambda: bool(told))
    assert told == [0]
    assert ranked("good", tests=150)[0].below.shape == (150, 2)
