"""Checks on demand on the page of a result: asked for, followed, cancelled, found again, and in the corner plot."""

import pytest

from astro_sbi.runs import api, jobs, on_demand, worker
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.result import Result, to_files
from astro_sbi.ui.posterior_view import layers
from tests.app.conftest import words
from tests.app.finished import finished, kept_with_flow


@pytest.fixture
def kept(store) -> Result:
    return kept_with_flow(store)


def found_by(sampler: str, *, converged: bool = True) -> Result:
    """What a sampler found, of the run's own draws moved a little."""
    run = finished()
    asked = on_demand.check_settings(run, sampler)
    draws = {name: value + 1e-5 for name, value in run.draws("posterior").items()}
    quantities = run.summary["parameters"] | run.summary["derived"]
    told = {"key": asked.key, "of": run.key, "observation": {"name": "Star"}, "sampler": sampler, "converged": converged}
    told |= {"reason": "the chains agree (R-hat 1.002)", "draws": 4000, "evaluations": 90_000, "seconds": 75.0, "quantities": quantities}
    told |= {"log_evidence": 812.1, "log_evidence_error": 0.1, "c2st": 0.52, "c2st_flow": 0.61}
    told |= {"differences": {name: {"shift": -0.03, "ratio": 0.98} for name in quantities}}
    told |= {"verdict": "good", "reasons": ["They are alike."]}
    if not converged:
        told |= {"verdict": None, "reasons": ["Not a reference. The chains disagree."], "differences": {}, "c2st": None}
    return Result(told, asked.to_json(), {f"reference/{name}": value for name, value in draws.items()})


def near() -> Result:
    asked = on_demand.check_settings(finished(), "local")
    test = {"p_value": 0.003, "distance": 0.02, "expected": 0.01, "simulations": 2000, "effective": 400.0}
    test |= {"bias": {"radius_ratio": -0.4}, "dispersion": {"radius_ratio": 1.02}}
    told = {"key": asked.key, "of": asked.result, "observation": {"name": "Star"}, "test": test, "seconds": 21.0, "corrected": True}
    return Result(told | {"verdict": "do not trust", "reasons": ["radius_ratio is off."]}, asked.to_json(), {})


def checks(opened, key: str):
    app = opened("result", run=key)
    app.session_state["result_tab"] = "Checks"
    return app.run()


@pytest.mark.slow
def test_a_check_is_asked_for_followed_and_cancelled(opened, store, kept):
    app = checks(opened, kept.key)
    assert not app.exception
    assert app.segmented_control(key="reference_sampler").value == "nuts"
    app.button(key="ask_nuts").click().run()
    assert not app.exception
    (job,) = api.jobs(store)
    assert (job.check, job.of, job.state) == ("NUTS", kept.key, "queued")
    assert app.progress
    app.button(key="cancel_nuts").click().run()
    assert api.job(store, job.key).state == "cancelled"
    assert app.run().button(key="ask_nuts")


@pytest.mark.slow
def test_what_was_found_is_shown(opened, store, kept):
    for made in (found_by("nuts"), near()):
        store.commit("reference" if "sampler" in made.summary else "local", made.key, to_files(made))
    app = checks(opened, kept.key)
    assert not app.exception
    said = words(app)
    assert "They are alike" in said
    assert "posterior 52.0%, flow alone 61.0%" in said
    assert "ln evidence 812.30 ± 0.01 here, 812.10 ± 0.1 by NUTS" in said
    assert r"radius\_ratio is off" in said
    assert ("Agrees" in said, "Fails" in said) == (True, True)
    tables = "".join(table.value.to_string() for table in app.table)
    assert "−0.03" in tables
    assert "−0.40" in tables
    assert not any(button.key in ("ask_nuts", "ask_local") for button in app.button)
    app.segmented_control(key="reference_sampler").set_value("nested").run()
    assert any(button.key == "ask_nested" for button in app.button)


@pytest.mark.slow
def test_a_reference_is_a_layer_of_the_corner_plot(opened, store, kept):
    made = found_by("nuts")
    store.commit("reference", made.key, to_files(made))
    app = opened("result", run=kept.key)
    assert not app.exception
    chosen = app.get("button_group")
    assert any("Reference (NUTS)" in str(group.proto) for group in chosen)
    shown = layers(on_demand.with_references(kept, [made]), ["Posterior", "Reference (NUTS)"])
    assert [layer.name for layer in shown] == ["Posterior", "Reference (NUTS)"]
    assert len(shown[1].draws["depth"]) == len(made.arrays["reference/depth"])


def test_a_sampler_that_did_not_converge_is_no_reference(opened, store, kept):
    made = found_by("nuts", converged=False)
    store.commit("reference", made.key, to_files(made))
    app = checks(opened, kept.key)
    assert "Not a reference" in words(app)
    assert "No reference" in words(app)
    assert on_demand.with_references(kept, [made]).arrays.keys() == kept.arrays.keys()


@pytest.mark.slow
def test_what_cannot_be_checked_here_says_why(opened, store):
    made = finished()
    store.commit("result", made.key, to_files(made))
    app = checks(opened, made.key)
    assert not app.exception
    assert r"the file star\_1\*\.csv is not in this store" in words(app)
    assert not any(str(button.key).startswith("ask_") for button in app.button)


@pytest.mark.slow
def test_without_a_likelihood_only_the_flow_is_tested(opened, store, kept):
    kept.summary["importance"] = None
    store.delete("result", kept.key)
    store.commit("result", kept.key, to_files(kept))
    app = checks(opened, kept.key)
    assert not app.exception
    assert [button.key for button in app.button if str(button.key).startswith("ask_")] == ["ask_local"]


@pytest.mark.slow
def test_a_failed_check_says_why(opened, store, kept):
    job = on_demand.ask(store, kept, "nuts")

    def breaks(*_, **__):
        raise ZeroDivisionError("of the sampler")

    worker.run_job(store, jobs.claim(store.catalogue, job.key), breaks, Reporter())
    app = checks(opened, kept.key)
    assert "ZeroDivisionError" in app.error[0].value
    assert any(button.key == "ask_nuts" for button in app.button)


@pytest.mark.slow
def test_the_library_and_home_with_a_check(opened, store, kept):
    job = on_demand.ask(store, kept, "local")
    app = opened("library")
    assert not app.exception
    assert "checked by L-C2ST" in words(app)
    app.button(key=f"cancel_{job.key}").click().run()
    app.button(key=f"delete_{job.key}").click().run()
    assert "The run that it is of stays" in words(app)
    home = opened("home")
    assert not home.exception
    assert not any("Recent runs" in header.value for header in home.header)


def test_a_finished_check_in_the_library_is_no_verdict_on_the_run(opened, store, kept):
    job = on_demand.ask(store, kept, "local")
    worker.run_job(store, jobs.claim(store.catalogue, job.key), lambda *_, **__: near(), Reporter())
    said = words(opened("library"))
    assert "Fails" in said
    assert "Do not trust" not in said
