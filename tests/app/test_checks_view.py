"""The checks of a result as its page shows them; results from before they were listed still open."""

import pytest

from astro_sbi.diagnostics.thresholds import THRESHOLDS
from astro_sbi.runs import finished as finished_runs
from astro_sbi.runs.result import to_files
from astro_sbi.ui.checks_view import ABOUT
from astro_sbi.ui.words import escaped
from tests.app.conftest import words
from tests.app.finished import finished

JUDGED = (
    {"name": "ess", "grade": "good", "number": 20_500.0},
    {"name": "misfit", "grade": "good", "number": 1.3},
    {"name": "stretch", "grade": "caution", "number": 0.002},
    {"name": "prior_range", "grade": "caution", "number": 0.4},
    {"name": "ensemble", "grade": "good", "number": 0.9},
    {"name": "errors", "grade": "caution", "number": None},
    {"name": "from a later version", "grade": "good", "number": 1.0},
)


def checks_page(opened, key):
    app = opened("result", run=key)
    app.session_state["result_tab"] = "Checks"
    app.run()
    assert not app.exception
    return app


def tables(app) -> list[list[list[str]]]:
    return [table.value.to_numpy().tolist() for table in app.table]


@pytest.mark.slow
def test_every_check_stands_with_number_limit_and_judgement(opened, store):
    result = finished("caution")
    result.summary["judgements"] = list(JUDGED)
    result.summary["prior_range"] = {"farthest": [["at 5.1 d in r", -0.4]], "outside": 1, "points": 120, "simulations": 2048}
    store.commit("result", result.key, to_files(result))
    app = checks_page(opened, result.key)
    rows = {row[0]: row[1:] for row in tables(app)[0]}
    assert rows[ABOUT["ess"]] == ["20,500", "≥ 1,000", ":green[:material/verified: Good]"]
    assert rows["χ² per point with quoted errors"][2].endswith("Good] (can be chance)")
    assert rows[ABOUT["stretch"]][:2] == ["0.002", "≥ 0.01"]
    assert rows[escaped(ABOUT["prior_range"])][2].endswith("Caution] (the weights correct it)")
    assert rows[escaped(ABOUT["ensemble"])][2].endswith("Good] (the weights correct it)")
    assert rows[escaped(ABOUT["errors"])][:2] == ["–", "–"]
    assert ["at 5\\.1 d in r", "40 % of the range below it"] in tables(app)[1]
    assert "The checks took 1\\.0 s, 3% of the 33\\.0 s of the training" in words(app)


@pytest.mark.slow
def test_the_shipped_examples_open_without_the_list(opened, store):
    for example in finished_runs.examples():
        app = checks_page(opened, example.key)
        assert "Why this verdict" in words(app)
        assert "The checks took" in words(app)


def test_every_threshold_has_its_words():
    assert {row.name for row in THRESHOLDS} <= set(ABOUT)
