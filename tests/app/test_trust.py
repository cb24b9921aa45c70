"""The Trust page: cards of shipped flows and runs, what stands in their place, and perturbed data."""

import json

import numpy as np
import pytest

from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import JOINTLY
from astro_sbi.diagnostics.predictive import predictive_check
from astro_sbi.diagnostics.sensitivity import Perturbed, Sensitivity
from astro_sbi.inference.posterior import Verdict
from astro_sbi.runs import api
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.cards import shipped_cards
from astro_sbi.runs.finished import examples
from astro_sbi.runs.result import Result, to_files
from astro_sbi.ui import cached, cached_models, sensitivity_view
from tests.app.conftest import words
from tests.app.finished import PARAMETERS, finished, kept
from tests.diagnostics.estimators import card
from tests.runs.test_cards import with_card


def keep(store, result: Result) -> str:
    store.commit("result", result.key, to_files(result))
    return result.key


@pytest.mark.slow
def test_a_shipped_flow_is_chosen_by_the_address_and_its_card_read_at_once(opened):
    app = opened("trust", flow="transit")
    assert not app.exception
    assert app.selectbox[0].value.name == "transit"
    judged = shipped_cards()["transit"].card
    assert calibration_verdict(judged).grade.capitalize() in (app.success or app.warning or app.error)[0].value
    said = words(app).replace("\\", "")
    assert f"{100 * judged.coverage[JOINTLY][1]:.1f} did" in said
    assert any(f"signal-to-noise is {part.low:.3g} to {part.high:.3g}" in said for part in judged.parts)
    assert len(app.get("plotly_chart")) == 4
    assert [metric.value for metric in app.metric] == ["5,000", f"{100 * judged.joint.worst:+.1f} points".replace("-", "−")]
    assert {"Report (HTML)", "Card (JSON)"} <= {button.label for button in app.get("download_button")}


@pytest.mark.slow
def test_the_first_flow_is_shown_without_an_address_and_another_goes_there(opened):
    app = opened("trust")
    assert "Good" in app.success[0].value
    app.selectbox[0].select_index(1).run()
    assert app.query_params["flow"] == "transit"


@pytest.mark.slow
def test_more_simulations_are_asked_for_followed_and_shown(opened, store):
    app = opened("trust", flow="transit")
    app.button(key="ask_card").click().run()
    assert not app.exception
    (job,) = api.jobs(store)
    assert (job.state, job.of, job.settings.simulations) == ("queued", "transit", 20_000)
    assert any(button.key == "cancel_card" for button in app.button)
    app.button(key="cancel_card").click().run()
    assert api.job(store, job.key).state == "cancelled"
    shown = opened("library")
    assert "checked by fresh simulations" in words(shown)
    summary = {"key": job.key, "calibration": card("good", tests=20_000, draws=50).to_json()}
    store.commit("card", job.key, to_files(Result(summary, {}, {})))
    again = opened("trust", flow="transit")
    assert again.metric[0].value == "20,000"
    assert not [button for button in again.button if button.key == "ask_card"]


@pytest.mark.slow
def test_a_run_with_a_card(opened, store):
    app = opened("trust", run=keep(store, with_card("20 % too narrow", table={"rows": 3000})))
    assert not app.exception
    assert "Do not trust" in app.error[0].value
    said = words(app).replace("\\", "")
    assert "Rows of the table that were held back" in said
    assert any(f"Least uniform: {name}" in said for name in PARAMETERS)
    assert not [button for button in app.button if button.key == "ask_card"]
    assert "What this cannot detect" not in said


def test_a_run_of_rounds_is_told_why_it_has_none(opened, store):
    app = opened("trust", run=kept(store))
    said = words(app)
    assert "Ranks of parameters drawn from the whole prior say nothing of such a flow" in said
    assert len(app.get("plotly_chart")) == 1
    assert {"Effective samples", "Pareto k"} <= {metric.label for metric in app.metric}
    assert "What this cannot detect" in said
    assert app.toggle[0].value is False


@pytest.mark.slow
def test_what_is_not_there_is_said(opened, store):
    assert "No flow with a calibration card" in opened("trust", flow="rr_lyrae").info[0].value
    assert "cannot be one" in opened("trust", run="../x").error[0].value
    assert "There is no result" in opened("trust", run="f" * 64).error[0].value
    old = finished()
    old.summary.update({"importance": None, "calibration": {"tests": 3}})
    assert "before there were calibration cards" in opened("trust", run=keep(store, old)).info[0].value


def followed(lost: tuple[float, ...] = (), seen_at: float = 0.04) -> Sensitivity:
    """A gain that moves the first parameter by 100 sigma times itself and is seen from 4 % on."""
    rng = np.random.default_rng(1)
    sigma = np.ones(50)
    check = predictive_check(rng.standard_normal(50), np.zeros((9, 50)), sigma, np.ones((9, 50)))
    found = []
    for by in (-0.05, -0.03, 0.0, 0.03, 0.05):
        quantiles = {name: (row[0] - row[1], row[0], row[0] + row[1]) for name, row in PARAMETERS.items()}
        low, middle, high = quantiles["radius_ratio"]
        moved = 100 * by * PARAMETERS["radius_ratio"][1]
        quantiles["radius_ratio"] = (low + moved, middle + moved, high + moved)
        found.append(Perturbed(by, quantiles, 900.0, check, Verdict("caution" if by > seen_at else "good", ())))
    return Sensitivity(tuple(found), lost)


@pytest.fixture
def perturbing(opened, store, monkeypatch):
    def perturbing(found: Sensitivity):
        monkeypatch.setattr(cached_models, "perturbed", lambda key, what: found)
        app = opened("trust", run=kept(store))
        app.toggle[0].set_value(True).run()
        assert not app.exception
        return app

    return perturbing


@pytest.mark.slow
def test_a_gain_moves_the_answer_unseen(perturbing):
    app = perturbing(followed(lost=(0.06,)))
    slider = app.select_slider[0]
    assert slider.value == 0.03
    said = words(app)
    assert "radius\\_ratio moves by **+3.00 σ**" in said
    warned = next(one.value for one in app.warning if "sees an error of this kind" in one.value)
    assert "between −5 % and \\+3 %" in warned
    assert "radius\\_ratio moves by up to 5\\.0 σ" in warned
    assert "Followed from −5 % to +5 %" in said
    slider.set_value(-0.05).run()
    assert "radius\\_ratio moves by **−5.00 σ**" in words(app)
    moves = next(table.value for table in app.table if "Median moves by" in table.value)
    assert moves["Median moves by"].iloc[0] == "−5.00 σ"
    assert len(app.get("plotly_chart")) == 2


def test_checks_that_spoke_before_are_not_said_to_see_nothing():
    found = followed(seen_at=-1.0)
    said = sensitivity_view.unseen(found, sensitivity_view.errors_of(finished().summary)["gain"])
    assert said.startswith(
        "The checks of the data say caution without it, and nothing worse of an error of this kind between −5 % and +5 %"
    )


def test_a_posterior_that_cannot_be_followed_is_said_to_be(perturbing):
    app = perturbing(Sensitivity((), (-0.05, 0.05)))
    assert "cannot follow" in app.info[-1].value


def test_a_file_that_is_gone_is_a_sentence(opened, store, monkeypatch):
    def gone(key, what):
        raise StoreError("the file star.csv of this run is not here: run the inference again with it")

    monkeypatch.setattr(cached_models, "perturbed", gone)
    app = opened("trust", run=kept(store))
    app.toggle[0].set_value(True).run()
    assert "The file star\\.csv of this run is not here" in app.error[0].value


def test_errors_speak_of_the_data():
    summary = finished().summary
    assert "another star" in sensitivity_view.errors_of(summary)["gain"].about
    assert "[d]" in sensitivity_view.errors_of(summary)["shift"].title
    summary["axes"]["value"]["unit"] = "mag"
    assert "magnitudes" in sensitivity_view.errors_of(summary)["gain"].about
    summary["kind"] = "photometry"
    assert list(sensitivity_view.errors_of(summary)) == ["gain", "errors"]


@pytest.mark.slow
def test_adjusted_intervals_stand_beside_the_others(opened, store):
    app = opened("result", run=keep(store, with_card("20 % too narrow")))
    toggle = next(one for one in app.toggle if one.key == "adjusted")
    before = next(table.value for table in app.table if "Symbol" in table.value)
    assert "Adjusted 68 %" not in before
    toggle.set_value(True).run()
    after = next(table.value for table in app.table if "Adjusted 68 %" in table.value)
    assert after["Adjusted 68 %"].iloc[0].startswith("$0.0777")
    assert " to " in after["Adjusted 95 %"].iloc[0]
    assert after["Adjusted 68 %"].iloc[2] == "–"
    assert "Not adjusted, as their priors depend on other parameters: impact\\_parameter" in words(app)


@pytest.mark.slow
def test_the_galaxy_that_ships_moves_with_its_gain_and_no_check_sees_it(store):
    key = next(one.key for one in examples() if one.simulator == "galaxy_lines")
    found = cached_models.perturbed(key, "gain")
    assert found.lost == ()
    assert (found.first_seen(1), found.first_seen(-1)) == (None, None)
    at = [one.by for one in found.found].index(0.03)
    assert found.shifts("continuum_red")[at] == pytest.approx(4.3, abs=0.5)
    assert abs(found.shifts("velocity_offset")[at]) < 0.2
    assert json.dumps(sensitivity_view.unseen(found, sensitivity_view.errors_of(cached.result(key).summary)["gain"])).count("5 %") == 2
