"""Draws, curves and residuals linked in the browser: what reaches it."""

import json

import pytest

from astro_sbi.runs.result import to_files
from astro_sbi.ui import brushing_view
from tests.app.conftest import words
from tests.app.finished import finished, kept
from tests.app.finished_series import kept_series


def explored(app):
    app.session_state["result_tab"] = "Explore draws"
    return app.run()


@pytest.mark.slow
def test_the_component_is_mounted_with_draws_and_curves(opened, store):
    app = explored(opened("result", run=kept(store)))
    assert not app.exception
    (component,) = app.get("bidi_component")
    sent = json.loads(component.proto.json)
    assert sent["draws"] == 1500
    assert [parameter["name"] for parameter in sent["parameters"]][:2] == ["radius ratio", "duration"]
    assert "1,500 posterior draws of radius ratio" in sent["alt"]
    assert len(component.proto.json) < 1e6
    assert "Drag a box" in words(app)


@pytest.mark.slow
def test_it_is_not_sent_before_its_tab_is_opened(opened, store):
    assert not opened("result", run=kept(store)).get("bidi_component")


@pytest.mark.slow
def test_a_result_without_curves_says_so(opened, store):
    app = explored(opened("result", run=kept_series(store, "velocities")))
    assert not app.exception
    assert not app.get("bidi_component")
    assert "keeps no curves of single draws" in app.info[0].value


def test_transits_are_shown_in_hours():
    sent = brushing_view.linked(finished())
    assert [piece.text for piece in sent["observed"]["x_unit"]] == ["h"]
    assert max(sent["observed"]["x"]) == pytest.approx(6.0)


def test_without_its_script_the_component_says_where_the_figures_are():
    assert "has not run" in brushing_view.HTML
    assert 'class="view" hidden' in brushing_view.HTML
    outside = [
        word
        for part in (brushing_view.HTML, brushing_view.CSS, brushing_view.JS)
        for word in ("http", "import ", "innerHTML")
        if word in part
    ]
    assert not outside, "it fetches nothing and writes no markup"


def test_parts_of_the_script_are_all_used_and_short():
    files = {path.stem: path.read_text() for path in brushing_view.FOLDER.glob("*.js")}
    assert set(files) == set(brushing_view.PARTS)
    assert all(len(text.splitlines()) < 300 for text in files.values())


@pytest.mark.slow
def test_a_symbol_from_a_file_is_no_markup(store, opened):
    result = finished(name="hostile")
    result.summary["labels"]["radius_ratio"]["html"] = "<img src=x onerror=alert(1)>"
    store.commit("result", result.key, to_files(result))
    (component,) = explored(opened("result", run=result.key)).get("bidi_component")
    (piece,) = json.loads(component.proto.json)["parameters"][0]["symbol"]
    assert piece[0] == "<img src=x onerror=alert(1)>"  # set as text, see `written` of the script
