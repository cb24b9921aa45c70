"""The page for simulations of one's own: a table, its priors, an observation, a run."""

import numpy as np
import pytest

from astro_sbi.runs import api
from tests.app.conftest import words
from tests.observations.simulations.made import csv, frame, npz, parquet, read_in_this_process, simulations

THETA, X = simulations(300)
TABLE = npz(theta=THETA, x=X, theta_names=np.array(["mass", "age"]), x_observed=X[0])
OBSERVED = b"a,b,c\n0.1,0.2,0.3\n"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_this_process(monkeypatch)


@pytest.fixture
def page(opened, store):
    """The page with files at hand."""

    def page(name: str, content: bytes, observed: bytes = b""):
        addresses = {"table": store.put_upload(name, content)}
        addresses |= {"observed": store.put_upload("observed.csv", observed)} if observed else {}
        app = opened("simulations", **addresses)
        assert not app.exception
        return app

    return page


@pytest.mark.slow
def test_upload_is_shown_and_kept(opened, store):
    app = opened("simulations")
    app.file_uploader[0].upload("table.npz", TABLE).run()
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["300", "2", "3", "0"]
    assert store.keys("upload") == [app.query_params["table"]]
    assert "Choose an observation" in words(app)


@pytest.mark.slow
def test_guessed_priors_are_shown_and_what_is_asked_reaches_the_queue(page, store):
    app = page("table.npz", TABLE, OBSERVED)
    shown = next(table.value for table in app.table if "Prior" in table.value)
    assert list(shown["Setting"]) == ["`prior.mass`", "`prior.age`"]
    assert all(text.startswith("`normal(") for text in shown["Prior"])
    assert len(app.get("plotly_chart")) == 1
    app.text_input(key="table_parameters").set_value("age").run()
    app.button(key="infer_button").click().run()
    (job,) = api.jobs(store)
    assert (job.state, job.simulator, job.observation) == ("queued", "simulations", "observed.csv")
    assert job.settings.section("table") == {
        "file": app.query_params.get("table", job.settings.section("table")["file"]),
        "parameters": "age",
    }


@pytest.mark.slow
def test_own_observation_of_the_table(page, store):
    app = page("table.npz", TABLE)
    app.toggle(key="own_observation").set_value(True).run()
    assert not app.error
    app.button(key="infer_button").click().run()
    (job,) = api.jobs(store)
    assert job.observation == "table.npz"


@pytest.mark.slow
def test_a_refused_table_is_a_sentence_and_can_be_mended(page):
    app = page("table.parquet", parquet(frame(THETA, X, ("mass", "age"))), OBSERVED)
    assert "say which are parameters" in app.error[0].value.replace("\\", "")
    app.text_input(key="table_parameters").set_value("mass, age").run()
    assert not app.error
    assert app.metric[0].value == "300"


def test_an_observation_of_other_numbers_is_a_sentence(page):
    app = page("table.csv", csv(frame(THETA, X), index=False), b"a,b\n1,2\n")
    assert "1 row of 2 numbers" in app.error[0].value.replace("\\", "")
    assert not any(button.key == "infer_button" for button in app.button)


def test_columns_that_are_no_draws_of_a_prior_are_said(page):
    theta = THETA.copy()
    theta[:, 1] = theta[:, 0] + 0.1 * theta[:, 1]
    app = page("table.npz", npz(theta=theta, x=X))
    assert "are correlated" in app.warning[0].value
