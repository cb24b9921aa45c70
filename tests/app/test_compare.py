"""The page that sets finished runs side by side, and the ways to it."""

import pytest

from astro_sbi.runs import api, jobs
from astro_sbi.runs.compare import compare, judged
from astro_sbi.runs.published import published_values
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from astro_sbi.ui import compare_view
from tests.app.conftest import words
from tests.app.finished import finished
from tests.app.finished_series import finished_series
from tests.app.test_pages import LIGHT_CURVE
from tests.app.test_slow_checks import found_by


def keep(store: Store, result: Result, seed: int = 1) -> str:
    """Keep a result with its job, as an inference does; the beginning of its key."""
    job = api.enqueue(store, "star.csv", LIGHT_CURVE, Settings("transit", seed=seed))
    claimed = jobs.claim(store.catalogue)
    store.commit("result", result.key, to_files(result))
    name = result.summary["observation"]["name"]
    jobs.finish(store.catalogue, job.key, str(claimed.token), result_key=result.key, verdict="good", observation=name)
    return result.key[:12]


def another(key: str = "b" * 64, **changes: object) -> Result:
    """A run of the same observation with another seed and a better evidence."""
    like = finished()
    importance = like.summary["importance"] | {"log_evidence": 815.3}
    return Result(like.summary | {"key": key, "seed": 2, "importance": importance} | changes, like.settings, like.arrays)


@pytest.fixture
def two(store) -> str:
    return ",".join([keep(store, finished()), keep(store, another(), 2)])


def cells(app) -> str:
    return "\n".join(one.value.to_string() for one in app.table)


def chosen(app) -> list[str]:
    return app.multiselect(key="compared_runs").value


def test_nothing_chosen_leads_to_the_library(opened, two):
    app = opened("compare")
    assert not app.exception
    assert "Choose two runs or more" in app.info[0].value
    assert [link.label for link in app.page_link] == ["Open the Library"]


@pytest.mark.slow
def test_two_runs_stand_side_by_side(opened, two):
    app = opened("compare", runs=two)
    assert not app.exception
    assert [key[:12] for key in chosen(app)] == two.split(",")
    tables = cells(app)
    assert "(+0.00 σ, 1.00×)" in tables
    assert "seed" in tables
    assert r"Star \*1\*" in tables
    assert len(app.get("plotly_chart")) == 1
    assert app.query_params["runs"] in (two, [two])


@pytest.mark.slow
def test_evidence_and_residuals_have_tabs(opened, two):
    app = opened("compare", runs=two)
    app.session_state["compare_tab"] = "Which model"
    app.run()
    tables = cells(app)
    assert "moderate evidence against it" in tables
    assert "20.1 : 1" in tables
    assert "very strong" in tables
    assert "made from these same data" in app.warning[0].value
    app.session_state["compare_tab"] = "Residuals"
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert "Largest residual" in cells(app)


@pytest.mark.slow
def test_layers_are_switched_and_published_values_judged(opened, two):
    app = opened("compare", runs=two)
    app.session_state["compare_kinds"] = ["posterior", "flow"]
    app.text_area(key="published").set_value("duration = 0.181 ± 0.002 d (A. Author)").run()
    assert not app.exception
    tables = cells(app)
    assert "8.9 σ :red-badge[disagrees]" in tables
    spec = app.get("plotly_chart")[0].proto.spec
    for layer in ("A, flow alone", "B, flow alone", "A. Author", "A. Author, with errors"):
        assert layer in spec
    app.text_area(key="published").set_value("mass = 3").run()
    assert "not among the quantities" in app.error[0].value


def test_published_values_of_one_quantity_stand_beside_each_other():
    found = compare([finished(), another()])
    values = judged(found, published_values("duration = 0.16 ± 0.002\nduration < 0.17\nduration = 0.161 (B)\ndepth = 0.007 (B)"))
    figure = compare_view.overlay(found, [(0, "posterior"), (1, "flow")], ["duration", "depth"], values, apart=True)
    shown = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(shown) == sorted(["A · seed 1", "B, flow alone", "published", "published, with errors", "published (2)", "B"])


@pytest.mark.slow
def test_references_are_layers_of_their_run(opened, store, two):
    like = another("e" * 64)
    draws = {f"nuts/{name}": value for name, value in like.draws("posterior").items()}
    key = keep(store, Result(like.summary, like.settings, like.arrays | draws), 3)
    app = opened("compare", runs=f"{key},{two}")
    kinds = app.get("button_group")[1]
    assert list(kinds.options) == ["Posterior", "Flow alone", "Reference (NUTS)"]
    app.session_state["compare_kinds"] = ["posterior", "nuts"]
    app.run()
    assert "A, reference (NUTS)" in app.get("plotly_chart")[0].proto.spec


@pytest.mark.slow
def test_a_finished_reference_of_a_run_is_offered(opened, store, two):
    found = found_by("nuts")
    store.commit("reference", found.key, to_files(found))
    app = opened("compare", runs=two)
    assert not app.exception
    assert "Reference (NUTS)" in app.get("button_group")[1].options


@pytest.mark.slow
def test_one_run_offers_others_of_the_observation(opened, two):
    app = opened("compare", runs=two.split(",")[0])
    assert "One more run is needed" in app.info[0].value
    assert ["seed 2" in link.label for link in app.page_link] == [True]


def test_one_run_alone_says_what_to_do(opened, store):
    app = opened("compare", runs=keep(store, finished()))
    assert "no other of" in app.info[0].value
    assert [link.label for link in app.page_link] == ["Infer from an observation"]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["f" * 12, "zz", "../../etc/passwd", "<img src=x>", "a" * 900])
def test_keys_that_are_not_there_are_said_and_the_others_compared(opened, two, wrong):
    app = opened("compare", runs=f"{wrong},{two}"[:390])
    assert not app.exception
    assert app.error


@pytest.mark.slow
def test_a_run_that_goes_on_is_to_be_followed(opened, store, two):
    job = api.enqueue(store, "star.csv", LIGHT_CURVE, Settings("transit", seed=9))
    app = opened("compare", runs=f"{job.key[:12]},{two}")
    assert "is not finished yet" in app.info[0].value
    assert any(link.label == "Follow it" for link in app.page_link)
    assert len(chosen(app)) == 2


@pytest.mark.slow
def test_runs_of_other_kinds_and_without_likelihood(opened, store):
    implicit = another("c" * 64, importance=None, predictive=None, summaries_p=0.4)
    keys = [keep(store, one, seed) for seed, one in enumerate((finished_series("velocities"), finished(), implicit))]
    app = opened("compare", runs=",".join(keys))
    assert not app.exception
    for tab in compare_view.TABS:
        app.session_state["compare_tab"] = tab
        app.run()
        assert not app.exception
    app = opened("compare", runs=",".join(keys[:2]))
    assert any("no parameter in common" in one.value for one in app.info)
    app.session_state["compare_tab"] = "Which model"
    app.run()
    assert "their evidences do not compare" in app.info[0].value


@pytest.mark.slow
def test_the_library_and_the_result_lead_here(opened, two, store):
    app = opened("library")
    boxes = [box for box in app.checkbox if box.label == "Compare"]
    assert len(boxes) == 2
    assert not [button for button in app.button if button.key == "compare_ticked"]
    boxes[0].check()
    boxes[1].check().run()
    app.button(key="compare_ticked").click().run()
    assert not app.exception
    assert app.title[0].value == "Compare"
    assert len(chosen(app)) == 2
    app = opened("result", run=finished().key)
    app.button(key="go_compare").click().run()
    assert "One more run is needed" in words(app)
