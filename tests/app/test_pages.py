"""Every page with an empty store, with one run, and from a deep link."""

import pytest

from astro_sbi.runs import api, jobs
from astro_sbi.runs.result import to_files
from astro_sbi.runs.settings import Settings
from astro_sbi.ui import cached
from tests.app.conftest import words
from tests.app.finished import finished, kept

PAGES = ("home", "explore", "infer", "simulations", "library", "compare", "trust", "result")
LIGHT_CURVE = b"time,flux,flux_err\n" + b"".join(
    f"{2454950 + 0.01 * i:.4f},{1 - 0.01 * (i % 100 < 8):.5f},0.0005\n".encode() for i in range(2000)
)


@pytest.fixture
def one_run(store) -> api.JobView:
    """A finished run in the store and in the catalogue."""
    job = api.enqueue(store, "star.csv", LIGHT_CURVE, Settings("transit"))
    claimed = jobs.claim(store.catalogue)
    result = kept(store)
    jobs.finish(
        store.catalogue,
        job.key,
        str(claimed.token),
        result_key=result,
        verdict="good",
        observation=finished().summary["observation"]["name"],
    )
    return api.job(store, job.key)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_empty_store(opened, page):
    app = opened(page)
    assert not app.exception
    assert app.title


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_one_run(opened, one_run, page):
    assert not opened(page, run=one_run.result_key).exception


@pytest.mark.slow
def test_result_shows_verdict_and_numbers(opened, one_run):
    app = opened("result", run=one_run.result_key)
    assert "Good" in app.success[0].value
    assert r"Star \*1\* \`\$x\$\`" in app.title[0].value
    assert len(app.get("plotly_chart")) == 1
    assert "neural importance sampling" in words(app)
    assert any("0.0777" in str(table.value) for table in app.table)


@pytest.mark.slow
def test_a_borrowed_flow_is_told(opened, store):
    result = finished()
    result.summary["trained_under"] = {"duration": "loguniform(0.02,0.6)"}
    store.commit("result", result.key, to_files(result))
    app = opened("result", run=result.key)
    assert "trained under a wider prior" in words(app)
    app.session_state["result_tab"] = "Training"
    app.run()
    assert "which is exact" in app.info[0].value


def test_unknown_result_leads_on(opened):
    app = opened("result", run="f" * 64)
    assert not app.exception
    assert "not here" in app.title[0].value
    assert any(link.value == "Open the Library" for link in app.page_link)


@pytest.mark.parametrize("key", ["../../etc/passwd", "<img src=x>", "a" * 500])
def test_hostile_key(opened, key):
    app = opened("result", run=key)
    assert not app.exception
    assert app.error


@pytest.mark.slow
def test_library_filters(opened, one_run):
    app = opened("library")
    assert r"Star \*1\*" in words(app)
    app.text_input(key="find").set_value("nothing of the kind").run()
    assert "No run matches" in app.info[0].value


@pytest.mark.slow
def test_library_asks_before_it_deletes(opened, one_run, store):
    app = opened("library")
    app.button(key=f"delete_{one_run.key}").click().run()
    assert api.job(store, one_run.key) is not None
    assert any(button.key == "confirm_delete" for button in app.button)


def test_queued_run_is_found_again_and_cancelled(opened, store):
    job = api.enqueue(store, "star.csv", LIGHT_CURVE, Settings("transit", seed=7))
    app = opened("infer", job=job.key)
    assert not app.exception
    assert app.progress
    app.button(key="cancel_job").click().run()
    assert api.job(store, job.key).state == "cancelled"


@pytest.mark.slow
def test_failed_run_says_why(opened, store):
    job = api.enqueue(store, "star.csv", LIGHT_CURVE, Settings("transit", seed=8))
    claimed = jobs.claim(store.catalogue)
    jobs.fail(store.catalogue, job.key, str(claimed.token), "the light curve has no transit")
    app = opened("infer", job=job.key)
    assert "has no transit" in app.error[0].value


@pytest.mark.slow
def test_finished_run_shows_its_result(opened, one_run):
    app = opened("infer", job=one_run.key)
    assert not app.exception
    assert "Good" in app.success[0].value


def test_forgotten_run(opened):
    assert "no longer kept" in opened("infer", job="e" * 64).info[0].value


@pytest.mark.slow
def test_a_deleted_result_is_served_no_more(opened, one_run, store):
    assert opened("result", run=one_run.result_key).success
    api.delete(store, one_run.key, with_result=True)
    cached.forget_result(one_run.result_key)
    assert "not here" in opened("result", run=one_run.result_key).title[0].value
