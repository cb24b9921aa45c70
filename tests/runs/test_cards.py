"""Cards beside shipped flows, the report that is downloaded, and intervals adjusted by a card."""

import json
import re

import numpy as np
import pytest

from astro_sbi.diagnostics.calibration_sections import coverage_words, sections
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.runs.adjusted import adjusted_quantiles, wants_adjusting
from astro_sbi.runs.calibration_report import Judged, report_html, report_json
from astro_sbi.runs.cards import TESTS, card_of, shipped_cards
from astro_sbi.simulators import simulator
from tests.app.finished import PARAMETERS, finished
from tests.diagnostics.estimators import card


def test_each_shipped_flow_has_a_card_that_says_how_good_it_is():
    found = shipped_cards()
    assert list(found) == ["galaxy_lines", "transit"]
    for name, one in found.items():
        assert one.card.tests == TESTS
        assert tuple(one.card.marginals) == simulator(name).prior.free
        assert all(len(marginal.levels) == 5 for marginal in one.card.marginals.values())
        assert len(one.card.parts) == 3
        # The aims: 3 points over all, 5 in every bin of at least 1,000, or said so.
        over = one.card.joint.over > 0.03 or any(part.joint.over > 0.05 for part in one.card.parts)
        assert over == (calibration_verdict(one.card).grade != "good")


def test_sections_are_plain_and_complete():
    judged = card("20 % too narrow", parts=True, tests=3000)
    found = sections(judged)
    assert [one.test for one in found] == ["coverage", "thirds", "ranks", "bias", "others"]
    assert all(one.sees.endswith(".") and one.blind.endswith(".") for one in found)
    share = 100 * judged.coverage["jointly"][1]
    assert f"68 should fall in the 68 % region; {share:.1f} did." in coverage_words(judged)
    assert f"{100 * judged.joint.worst:+.1f}".replace("-", "−") in found[0].found
    alone = sections(card("good", tests=300, dimension=1))
    assert [one.test for one in alone] == ["coverage", "ranks", "bias", "others"]
    assert "Correlations" not in alone[-1].found


@pytest.mark.slow
def test_the_report_is_whole_and_loads_nothing():
    judged = card("10 % too narrow", parts=True, tests=1000)
    of_star = Judged("<b>Star</b>", "Made for a test.", {"mass": "M<sub>p</sub>"}, judged)
    text = report_html(of_star).decode()
    assert "<b>Star" not in text
    assert len(re.findall('<img alt="[^"]{40,}" src="data:image/svg\\+xml;base64,', text)) == 4
    assert not re.search(r'<script|src="(?!data:)|href=|url\(|@import', text)
    assert all(reason.split(":")[0] in text for reason in calibration_verdict(judged).reasons)
    assert text.count("Does not see:") == len(sections(judged))
    told = json.loads(report_json(of_star))
    assert CalibrationCard.from_json(told["calibration"]) == judged
    assert told["verdict"] == calibration_verdict(judged).grade


def with_card(name: str, **changes: object):
    """A finished result whose parameters were judged by such an estimator."""
    result, judged = finished(), card(name, tests=2000, dimension=3).to_json()
    names = dict(zip(judged["marginals"], PARAMETERS, strict=False))
    judged["marginals"] = {names[key]: value for key, value in judged["marginals"].items()}
    judged["coverage"] = {names.get(key, key): value for key, value in judged["coverage"].items()}
    result.summary.update({"calibration": judged, "importance": None, **changes})
    return result


def test_adjusted_intervals_are_wider_by_what_was_too_narrow():
    result = with_card("20 % too narrow")
    assert wants_adjusting(result)
    found = adjusted_quantiles(result)
    low95, low68, middle, high68, high95 = found["radius_ratio"]
    median, sigma = PARAMETERS["radius_ratio"][:2]
    assert middle == pytest.approx(median, abs=0.2 * sigma)
    assert 0.5 * (high68 - low68) == pytest.approx(1.25 * sigma, rel=0.1)
    assert 0.5 * (high95 - low95) == pytest.approx(1.25 * 1.96 * sigma, rel=0.1)


def test_ranks_say_nothing_of_parameters_whose_prior_depends_on_others():
    assert set(adjusted_quantiles(with_card("20 % too narrow"))) == {"radius_ratio", "duration"}
    assert adjusted_quantiles(with_card("20 % too narrow", trained_under={"duration": "uniform(0,1)"})) == {}


def test_results_without_a_card_or_with_a_good_one_are_left_alone():
    assert card_of(finished()) is None
    assert not wants_adjusting(finished())
    assert not wants_adjusting(with_card("good"))
    old = with_card("20 % too narrow")
    for one in old.summary["calibration"]["marginals"].values():
        del one["levels"]
    assert card_of(old).tests == 2000
    assert not wants_adjusting(old)
    assert np.isfinite(old.arrays["weight"]).all()
