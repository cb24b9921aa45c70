"""Repairs on the page of a result: offered with reasons, run by a click, shown before and after."""

import pytest

from astro_sbi.runs import api, jobs
from astro_sbi.runs.result import Result, to_files
from tests.app.conftest import words
from tests.app.finished import finished
from tests.app.test_pages import LIGHT_CURVE


def keep(store, *, key: str = "d" * 64, ess: float = 400.0, upload: bool = True) -> Result:
    """Keep a result with few effective draws, with the file it is of."""
    like = finished("caution")
    sha256 = store.put_upload("star.csv", LIGHT_CURVE) if upload else "0" * 64
    changes = {"key": key, "importance": like.summary["importance"] | {"ess": ess}, "origin": like.summary["origin"] | {"sha256": sha256}}
    result = Result(like.summary | changes, like.settings, like.arrays)
    store.commit("result", key, to_files(result))
    return result


def buttons(app) -> list[str]:
    return [button.key for button in app.button if button.key.startswith("repair_")]


@pytest.mark.slow
def test_a_click_queues_the_same_request_with_other_settings(opened, store):
    keep(store)
    app = opened("result", run="d" * 64)
    assert buttons(app) == ["repair_draws", "repair_round", "repair_longer", "repair_ensemble"]
    assert words(app).count("Only 400 effective draws, where") == 1
    app.button(key="repair_ensemble").click().run()
    assert not app.exception
    (job,) = api.jobs(store)
    assert (job.settings.ensemble, job.state) == (3, "queued")
    assert app.progress
    assert not buttons(app)
    app.button(key="cancel_job").click().run()
    app.run()
    assert "was cancelled" in words(app)
    app.button(key="close_repair").click().run()
    assert buttons(app)


@pytest.mark.slow
def test_before_and_after_stand_side_by_side(opened, store):
    keep(store)
    app = opened("result", run="d" * 64)
    app.button(key="repair_draws").click().run()
    after = keep(store, key="e" * 64, ess=2500.0)
    claimed = jobs.claim(store.catalogue)
    jobs.finish(store.catalogue, claimed.key, str(claimed.token), result_key=after.key, verdict="caution", observation="star")
    app.run()
    assert not app.exception
    told = app.table[0].value
    assert list(told.columns) == ["", "Before", "After"]
    assert told[told[""] == "Effective draws"][["Before", "After"]].to_numpy().tolist() == [["400", "2,500"]]
    assert {"Compare both posteriors", "Open the new result"} <= {link.label for link in app.page_link}


@pytest.mark.slow
def test_without_the_file_it_says_why_not(opened, store):
    keep(store, upload=False)
    app = opened("result", run="d" * 64)
    assert "is not in this server" in words(app)
    assert all(button.disabled for button in app.button if button.key.startswith("repair_"))


@pytest.mark.slow
def test_what_no_setting_mends_is_said_and_good_results_are_left_alone(opened, store):
    keep(store, ess=5000.0)
    assert "ask for nothing that more training" in words(opened("result", run="d" * 64))
    good = finished()
    store.commit("result", good.key, to_files(good))
    app = opened("result", run=good.key)
    assert not buttons(app)
    assert "ask for nothing" not in words(app)
