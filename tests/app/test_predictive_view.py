"""Which figures a result has, by what it is of."""

import json

import numpy as np
import pytest

from astro_sbi.runs import picture
from astro_sbi.ui import predictive_view
from tests.app.conftest import words
from tests.app.finished import finished
from tests.app.finished_series import OF_KIND, finished_series, kept_series

WANTED = {
    "velocities": ["In time", predictive_view.PHASED, predictive_view.DIFFERENCE],
    "seasons": ["In time"],
    "rotation": ["In time", predictive_view.PHASED],
    "supernovae": ["Hubble diagram", predictive_view.DIFFERENCE],
    "bands": ["Bands"],
    "whole_spectrum": ["Whole spectrum"],
}


@pytest.mark.parametrize("name", OF_KIND)
def test_views_follow_the_kind(name):
    result = finished_series(name)
    found = predictive_view.views(result)
    assert list(found) == WANTED[name]
    for view, draw in found.items():
        assert draw().layout.meta["alt"].endswith(".")
        assert predictive_view.note_of(result, view)


def test_transits_keep_their_views():
    folded, unfolded, odd_even = predictive_view.FOLDED, predictive_view.UNFOLDED, predictive_view.ODD_EVEN
    assert list(predictive_view.views(finished())) == [folded, unfolded, odd_even]


def test_transits_in_several_bands_are_drawn_band_by_band():
    result = finished()
    size = len(result.arrays["observed/coordinate"])
    result.summary["channels"] = ["g", "r"]
    result.arrays["observed/channel"] = np.arange(size) % 2
    found = predictive_view.views(result)
    assert list(found) == [predictive_view.FOLDED, predictive_view.UNFOLDED]
    figure = found[predictive_view.FOLDED]()
    assert {"g", "r"} <= {trace.name for trace in figure.data}
    assert "from mid-transit" in figure.layout.xaxis.title.text


def test_emission_lines_keep_their_windows():
    result = finished_series("whole_spectrum")
    result.summary["simulator"] = "galaxy_lines"
    assert list(predictive_view.views(result)) == [predictive_view.SPECTRUM]


def test_a_random_model_says_what_its_bands_are():
    one_step, draws = (finished_series("seasons", likelihood=likelihood) for likelihood in (True, False))
    assert "from those before it" in predictive_view.note_of(one_step, "In time")
    assert "many draws" in predictive_view.note_of(draws, "In time")
    assert "random" not in predictive_view.note_of(finished_series("velocities"), "In time")


def test_offsets_are_taken_out_of_velocities_alone():
    assert predictive_view.channel_offsets(finished_series("velocities")) == [12.0, -40.0]
    assert predictive_view.channel_offsets(finished_series("seasons")) == []
    assert "Offsets" in predictive_view.note_of(finished_series("velocities"), predictive_view.PHASED)


def test_a_derived_or_a_fixed_period_is_one_to_fold_by():
    result = finished_series("velocities")
    period = result.summary["parameters"].pop("period")
    assert predictive_view.median_period(result) is None
    result.summary["fixed"] = {"period": 4.2}
    assert predictive_view.median_period(result) == 4.2
    result.summary["derived"] = {"period": period}
    assert predictive_view.median_period(result) == 4.23


def test_parameters_stand_in_the_order_of_the_simulator():
    result = finished_series("velocities")
    assert picture.key_names(result, 2) == ["period", "semi_amplitude"]
    del result.summary["order"]
    assert picture.key_names(result, 2) == sorted(result.summary["parameters"])[:2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["velocities", "bands"])
def test_the_page_shows_data_and_model(opened, store, name):
    app = opened("result", run=kept_series(store, name))
    app.session_state["result_tab"] = "Data and model"
    app.run()
    assert not app.exception
    assert json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["yaxis2"]["title"]["text"] == "residual / σ"
    assert len(app.metric) >= 4


@pytest.mark.slow
def test_the_page_of_a_result_without_likelihood(opened, store):
    app = opened("result", run=kept_series(store, "rotation", likelihood=False))
    for tab in ("Data and model", "Checks"):
        app.session_state["result_tab"] = tab
        app.run()
        assert not app.exception
        assert "There is no likelihood" in words(app)
