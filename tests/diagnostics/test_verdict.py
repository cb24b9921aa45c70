"""The verdict on estimators and observations that are wrong in a known way, and on good ones."""

from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.diagnostics.detection import detection
from astro_sbi.diagnostics.edges import EdgeMass
from astro_sbi.diagnostics.members import Disagreement
from astro_sbi.diagnostics.places import Place
from astro_sbi.diagnostics.ranges import RangeCheck
from astro_sbi.diagnostics.stretches import SignRun, Stretch
from astro_sbi.diagnostics.thresholds import THRESHOLDS
from astro_sbi.diagnostics.verdict import Checks, judgements, verdict
from astro_sbi.inference.posterior import Grade
from tests.diagnostics.conjugate import Linear, red


def good(seed: int = 1) -> Checks:
    problem = Linear(seed=seed)
    return problem.checks(problem.white())


def mentions(checks: Checks, *words: str) -> bool:
    return any(all(word in reason for word in words) for reason in verdict(checks).reasons)


@pytest.mark.slow
@pytest.mark.parametrize("points", [120, 361])
def test_good_results_are_good_nine_times_in_ten(points: int) -> None:
    grades = []
    for seed in range(100):
        problem = Linear(points, seed=seed)
        distance = np.random.default_rng(seed + 7).random()
        grades.append(verdict(problem.checks(problem.white(), distance_p=distance)).grade)
    assert grades.count("good") >= 90
    assert "do not trust" not in grades


def test_a_good_verdict_says_why() -> None:
    result = verdict(good())
    assert result.grade == "good"
    assert any("effective draws" in reason for reason in result.reasons)
    assert any("Chi-square per point" in reason for reason in result.reasons)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "shift"), [(0.4, 0.0), (1.1, 1.5), (0.5, 1.0)])
def test_a_broken_estimator_is_never_good(width: float, shift: float) -> None:
    for seed in range(20):
        problem = Linear(seed=seed)
        assert verdict(problem.checks(problem.white(), width=width, shift=shift)).grade != "good"


def test_a_hopeless_estimator_is_not_trusted() -> None:
    problem = Linear()
    result = verdict(problem.checks(problem.white(), width=0.5, shift=3.0))
    assert result.grade == "do not trust"
    assert "effective draws" in result.reasons[0]


@pytest.mark.parametrize(
    ("true_over_quoted", "points", "grade"),
    [(1.05, 3000, "caution"), (1.4, 120, "caution"), (2.0, 120, "caution"), (4.0, 120, "do not trust")],
)
@pytest.mark.slow
def test_errors_quoted_too_small_with_fitted_noise(true_over_quoted: float, points: int, grade: Grade) -> None:
    grades = []
    for seed in range(10):
        problem = Linear(points, seed=seed)
        noise = np.random.default_rng(seed).standard_normal(points)
        value = problem.basis @ np.ones(5) + true_over_quoted * problem.sigma * noise
        grades.append(verdict(problem.checks(value, noise=true_over_quoted)).grade)
    assert grades.count(grade) >= 9


def test_errors_half_as_large_as_they_are_without_fitted_noise_are_not_trusted() -> None:
    problem = Linear()
    noise = np.random.default_rng(2).standard_normal(120)
    checks = problem.checks(problem.basis @ np.ones(5) + 2 * problem.sigma * noise)
    assert verdict(checks).grade == "do not trust"
    assert mentions(checks, "Even with the noise")


def test_a_three_thousandth_of_misfit_in_many_points_is_no_harm() -> None:
    found = replace(good().predictive, p_value=1e-4, chi2_per_point_quoted=1.02)
    assert verdict(replace(good(), predictive=found)).grade == "good"


@pytest.mark.slow
def test_red_noise_is_named() -> None:
    for seed in range(10):
        problem = Linear(seed=seed)
        checks = problem.checks(problem.basis @ np.ones(5) + 0.14 * red(120, memory=0.6, seed=seed), noise=1.4)
        assert verdict(checks).grade == "caution"
        assert mentions(checks, "ed noise", "factor of about")


@pytest.mark.slow
def test_an_outlier_is_named() -> None:
    problem = Linear()
    value = problem.white()
    value[57] += 24 * problem.sigma
    checks = problem.checks(value, noise=2.0)
    assert verdict(checks).grade != "good"
    assert mentions(checks, "Point 58 (at -0.0420168)", "mask it")


@pytest.mark.slow
def test_a_point_that_the_fitted_noise_explains_is_no_outlier() -> None:
    found = replace(good().predictive, largest_residual=4.5, largest_residual_fitted=3.0)
    assert not mentions(replace(good(), predictive=found), "mask it")
    passed = next(each for each in judgements(replace(good(), predictive=found)) if each.name == "largest_residual")
    assert " is 3.0 sigma of the fitted noise (up to " in passed.sentence


def test_a_model_that_cannot_make_the_data_is_not_trusted() -> None:
    """Chi-square per point of 55, as of a galaxy at huge signal to noise."""
    found = replace(good().predictive, p_value=0.0, chi2_per_point_quoted=55.0, noise_ratio=7.4)
    checks = replace(good(), predictive=found)
    assert verdict(checks).grade == "do not trust"
    assert mentions(checks, "cannot make these data", "55")


@pytest.mark.parametrize(("height", "grade"), [(None, "good"), (-40.0, "good"), (-3.0, "caution"), (2.0, "do not trust")])
def test_a_peak_outside(height: float | None, grade: Grade) -> None:
    assert verdict(replace(good(), peak_outside=height)).grade == grade


@pytest.mark.parametrize(("distance_p", "grade"), [(0.02, "good"), (0.005, "caution"), (0.0, "caution")])
def test_distance_warns_where_weights_correct(distance_p: float, grade: Grade) -> None:
    assert verdict(replace(good(), distance_p=distance_p)).grade == grade


def test_without_a_likelihood_distance_condemns_and_nothing_is_good() -> None:
    assert verdict(replace(good(), importance=None)).grade == "caution"
    assert verdict(replace(good(), importance=None, distance_p=0.0)).grade == "do not trust"


@pytest.mark.slow
def test_a_limit_at_a_prior_edge_is_a_remark_and_a_press_against_it_is_not() -> None:
    limit = replace(good(), edges=(EdgeMass("jitter", "lower", 0.12),))
    assert verdict(limit).grade == "good"
    assert mentions(limit, "jitter", "limit")
    assert verdict(replace(good(), edges=(EdgeMass("line_width", "upper", 0.6),))).grade == "caution"


def test_a_missing_feature_is_located_in_words() -> None:
    problem = Linear(seed=3)
    missing = problem.checks(problem.white() + 4 * problem.sigma * np.exp(-0.5 * ((problem.coordinate - 0.6) / 0.06) ** 2))
    checks = replace(missing, coordinate_unit="d")
    assert verdict(checks).grade != "good"
    assert mentions(checks, "The model fails from 0.", " d (", "the data lie", "above it on average", "in chi-square")


@pytest.mark.parametrize(("kind", "words"), [("scatter", "residuals there are 2.0 sigma"), ("waves", "wander about it")])
def test_scatter_and_waves_in_words(kind: str, words: str) -> None:
    stretch = Stretch(Place(1.0, 2.0, 1, 9), kind, 40.0, 2.0, 0.001)  # type: ignore[arg-type]
    checks = replace(good(), channels=("g", "r"), predictive=replace(good().predictive, stretch=stretch))
    assert verdict(checks).grade == "caution"
    assert mentions(checks, "from 1.00 to 2.00 in r (9 points)", words)


def test_a_long_run_of_one_sign_is_caution() -> None:
    run = SignRun(Place(1.0, 2.0, 0, 30), False, 14, 0.002)
    checks = replace(good(), predictive=replace(good().predictive, run=run))
    assert verdict(checks).grade == "caution"
    assert mentions(checks, "30 neighbouring residuals lie below the model, from 1.00 to 2.00")


def outside(beyond: float, p_value: float = 0.001) -> RangeCheck:
    return RangeCheck(2048, 50, 2, (("at 5.1 d", beyond), ("at 7 d", 0.01)), p_value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beyond", "p_value", "with_likelihood", "grade"),
    [(0.1, 0.001, True, "caution"), (-0.5, 0.001, True, "caution"), (0.5, 0.001, False, "do not trust"), (0.5, 0.2, True, "good")],
)
def test_data_outside_the_prior_predictive(beyond: float, p_value: float, with_likelihood: bool, grade: Grade) -> None:
    checks = replace(good(), prior_range=outside(beyond, p_value))
    checks = checks if with_likelihood else replace(checks, importance=None)
    assert verdict(checks).grade == grade
    if grade != "good":
        assert mentions(checks, "2 of 50 values lie outside", "the farthest, at 5.1 d, ", "below it" if beyond < 0 else "above it")


def test_members_that_disagree_count_where_nothing_corrects_them() -> None:
    apart = Disagreement(5, "radius_ratio", 1.7)
    assert verdict(replace(good(), ensemble=apart)).grade == "good"
    assert mentions(replace(good(), ensemble=apart), "differ by up to 1.70 sigma", "weights of the draws correct")
    assert verdict(replace(good(), ensemble=apart, importance=None)).grade == "do not trust"


@pytest.mark.slow
def test_no_check_alone_makes_a_result_good() -> None:
    """Whatever fails, all others passing, the verdict is not good."""
    assert len([one for one in judgements(good()) if one.grade == "good"]) >= 8
    failing = (
        replace(good(), predictive=replace(good().predictive, noise_ratio=2.0)),
        replace(good(), predictive=replace(good().predictive, p_value=0.001, chi2_per_point_quoted=1.3)),
        replace(good(), importance=replace(good().importance, ess=500.0)),
        replace(good(), prior_range=outside(0.1)),
        replace(good(), distance_p=0.005),
    )
    assert all(verdict(checks).grade != "good" for checks in failing)


def test_no_transit_detected() -> None:
    checks = replace(good(), detection=detection(3.0, 8.0, 1.2))
    assert verdict(checks).grade == "do not trust"
    assert verdict(checks).reasons[0].startswith("No transit detected")
    assert verdict(replace(good(), detection=detection(300.0, 8.0))).grade == "good"


def test_priors_from_data_estimated_errors_and_remarks_are_said() -> None:
    checks = replace(good(), priors_from_data=("epoch_offset", "duration"), errors_estimated=True, remarks=("Seen through clouds.",))
    assert verdict(checks).grade == "caution"
    assert mentions(checks, "epoch_offset, duration", "same data")
    assert mentions(checks, "estimated from the scatter")
    assert verdict(checks).reasons[-1] == "Seen through clouds."


def test_what_a_simulator_warns_of_is_caution() -> None:
    checks = replace(good(), warnings=("Errors without their covariance are not for cosmology.",))
    assert verdict(checks).grade == "caution"
    assert verdict(checks).reasons[0] == "Errors without their covariance are not for cosmology."


@pytest.mark.slow
def test_what_is_not_a_number_is_not_trusted() -> None:
    assert good().importance is not None
    assert verdict(replace(good(), importance=replace(good().importance, khat=np.nan))).grade == "do not trust"
    assert verdict(replace(good(), predictive=replace(good().predictive, noise_ratio=np.nan))).grade == "do not trust"


@pytest.mark.slow
def test_the_table_is_whole() -> None:
    judged = {judgement.name for judgement in judgements(replace(good(), detection=detection(9.0)))}
    assert judged <= {row.name for row in THRESHOLDS}
    for row in THRESHOLDS:
        assert row.source
        assert row.grade(row.good) == "good"
