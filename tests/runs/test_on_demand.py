"""Checks of a finished run by jobs of their own: asked for, made, cancelled, found again and deleted with the run."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.__main__ import main
from astro_sbi.inference.posterior import Cancelled
from astro_sbi.runs import api, jobs, on_demand, worker
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.check_settings import CheckSettings
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.store import Store
from astro_sbi.runs.task import run_inference, run_task
from astro_sbi.simulators import registry
from tests.app.finished import FILE, kept_with_flow
from tests.own_file import FILE as FILE_WITH_DISC
from tests.runs.test_task import QUICK

QUIET = {"on_progress": lambda *_: None, "should_stop": lambda: False}


@pytest.fixture
def store(empty_store, monkeypatch) -> Store:
    monkeypatch.setenv("ASTRO_SBI_SLOTS", "0")
    return Store(empty_store)


@pytest.fixture
def kept(store) -> Result:
    return kept_with_flow(store)


def stand_in(name: str, content: bytes, asked: CheckSettings, *, on_progress, should_stop, store) -> Result:
    """Takes the place of a sampler and of the test."""
    assert (name, content) == FILE
    on_progress("sampling", 1, 2, None)
    if should_stop():
        raise Cancelled
    told = {"key": asked.key, "of": asked.result, "observation": {"name": "Star"}, "verdict": "good", "reasons": ["They are alike."]}
    told |= {"seconds": 9.0, "method": asked.method, "size": asked.size}
    if asked.method == "local":
        told["test"] = {"p_value": 0.4, "distance": 0.01, "expected": 0.02, "simulations": asked.size, "effective": 400.0}
        told["test"] |= {"bias": {"radius_ratio": 0.1}, "dispersion": {"radius_ratio": 1.02}}
        return Result(told, asked.to_json(), {})
    told |= {"sampler": asked.method, "converged": True, "reason": "the chains agree", "draws": 4000, "evaluations": 90_000}
    told |= {"log_evidence": None, "log_evidence_error": None, "c2st": 0.52, "c2st_flow": 0.61}
    told["quantities"] = {"radius_ratio": {"median": 0.0777, "lower": 0.0772, "upper": 0.0782, "unit": ""}}
    told["differences"] = {"radius_ratio": {"shift": 0.03, "ratio": 0.98}}
    return Result(told, asked.to_json(), {"reference/radius_ratio": np.zeros(10)})


def made_by_a_worker(store: Store, key: str) -> str:
    job = jobs.claim(store.catalogue, key)
    return worker.run_job(store, job, stand_in, Reporter()).state


def test_a_check_is_a_job_of_its_own(store, kept):
    assert on_demand.made(store, kept, "nuts") is None
    job = on_demand.ask(store, kept, "nuts")
    assert (job.state, job.check, job.of, job.simulator) == ("queued", "NUTS", kept.key, "transit")
    assert on_demand.ask(store, kept, "nuts").key == job.key
    assert made_by_a_worker(store, job.key) == "done"
    done = api.job(store, job.key)
    assert (done.state, done.verdict, done.observation, done.result_key) == ("done", "good", "Star", None)
    assert on_demand.made(store, kept, "nuts").summary["c2st"] == 0.52
    assert on_demand.made(store, kept, "nested") is None
    assert api.result(store, kept.key).key == kept.key
    assert on_demand.ask(store, kept, "nuts").state == "done"


def test_a_check_whose_job_was_forgotten_is_answered(store, kept):
    job = on_demand.ask(store, kept, "local")
    made_by_a_worker(store, job.key)
    api.delete(store, job.key)
    assert api.jobs(store) == []
    assert on_demand.made(store, kept, "local").summary["test"]["p_value"] == 0.4
    assert on_demand.ask(store, kept, "local").state == "done"


@pytest.mark.slow
def test_a_check_can_be_cancelled(store, kept):
    job = on_demand.ask(store, kept, "nested")
    stop = threading.Event()
    claimed = jobs.claim(store.catalogue, job.key)

    def waits(*_, should_stop, **__):
        while not should_stop():
            stop.wait(0.02)
        raise Cancelled

    threading.Timer(0.2, api.cancel, (store, job.key)).start()
    assert worker.run_job(store, claimed, waits, Reporter()).state == "cancelled"
    assert on_demand.made(store, kept, "nested") is None
    assert on_demand.ask(store, kept, "nested").state == "queued"


def test_checks_go_with_their_run(store, kept):
    api.enqueue(store, *FILE, Settings("transit"))
    run = jobs.claim(store.catalogue)
    jobs.finish(store.catalogue, run.key, str(run.token), result_key=kept.key, verdict="good")
    asked = {method: on_demand.ask(store, kept, method).key for method in ("nuts", "local")}
    for key in asked.values():
        made_by_a_worker(store, key)
    api.delete(store, asked["local"], with_result=True)
    assert store.has("result", kept.key)
    assert not store.has("local", asked["local"])
    larger = on_demand.check_settings(kept, "local", 5000)
    waiting = api.submit(store, *FILE, larger)
    made_by_a_worker(store, waiting.key)
    api.delete(store, waiting.key)
    assert store.has("local", larger.key)
    api.delete(store, run.key, with_result=True)
    assert api.jobs(store) == []
    assert store.keys("reference") == store.keys("local") == []


def test_why_a_run_cannot_be_checked(store, kept):
    assert on_demand.refusal(store, kept, "nuts") == on_demand.refusal(store, kept, "local") == ""
    without = Result({**kept.summary, "importance": None}, {}, {})
    assert "no likelihood" in on_demand.refusal(store, without, "nuts")
    assert on_demand.refusal(store, without, "local") == ""
    small = Result({**without.summary, "simulator": "simulations", "table": {"held_back": 200}}, {}, {})
    assert "only 200 rows were held back" in on_demand.refusal(store, small, "local")
    store.delete("estimator", "e" * 64)
    assert "run the inference again" in on_demand.refusal(store, kept, "local")
    assert on_demand.refusal(store, kept, "nuts") == ""
    store.delete("upload", kept.summary["origin"]["sha256"])
    assert "the file star.csv is not in this store" in on_demand.refusal(store, kept, "nuts")
    example = api.result(store, api.examples()[0].key)
    assert "comes without its file" in on_demand.refusal(store, example, "nuts")
    with pytest.raises(StoreError, match="is not in this store"):
        on_demand.ask(store, kept, "nuts")


def test_keys_tell_requests_apart():
    one = CheckSettings("a" * 64, "transit", "nuts")
    others = [replace(one, **change) for change in ({"result": "b" * 64}, {"method": "nested"}, {"size": 5000}, {"seed": 2})]
    assert len({one.key, *(other.key for other in others)}) == 5
    assert CheckSettings.from_json(one.to_json()) == one
    assert (one.size, one.task, replace(one, method="local", size=0).task) == (4000, "reference", "local")


@pytest.mark.parametrize("change", [{"result": "nothing"}, {"method": "guess"}, {"size": 10}, {"seed": -1}])
def test_a_request_of_no_use_is_refused(change):
    with pytest.raises(SettingsError):
        CheckSettings(**{"result": "a" * 64, "simulator": "transit", "method": "nuts"} | change)


def test_nested_sampling_where_there_are_several_modes(kept):
    assert on_demand.usual_sampler(kept) == "nuts"
    draws = kept.arrays["posterior/duration"]
    draws[::3] += 0.1
    assert on_demand.usual_sampler(kept) == "nested"


def test_the_command_line(store, kept, capsys):
    assert main(["check", kept.key[:8], "--reference", "--local", "--simulations", "1500", "--json"], task=stand_in) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["reference"]["sampler"], told["local"]["size"]) == (kept.key, "nuts", 1500)
    assert main(["check", kept.key[:8], "--reference", "nuts", "--local", "--simulations", "1500"], task=None) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "NUTS: 4,000 draws, 90,000 likelihoods, 9 s; the chains agree" in words
    assert "+0.03 0.98" in words
    assert "posterior 52.0%, flow alone 61.0%" in words
    assert "L-C2ST: 1,500 simulations, those near the observation worth 400; p 0.4" in words
    assert words.count("verdict: good - They are alike.") == 2
    assert main(["runs"]) == 0
    assert f"transit, NUTS of {kept.key[:12]}" in capsys.readouterr().out


def test_the_command_line_refuses_in_a_sentence(store, kept, capsys):
    assert main(["check", "nothing", "--local"]) == 2
    assert "neither a simulator nor a finished run" in capsys.readouterr().err
    store.delete("upload", kept.summary["origin"]["sha256"])
    assert main(["check", kept.key, "--reference"]) == 2
    assert capsys.readouterr().err == "error: the file star.csv is not in this store: infer from it here, and the run can be checked\n"


DISC = FILE_WITH_DISC.format(name="disc_of_jax").replace("import numpy as np", "import jax.numpy as np").replace("numpy=True,", "")


@pytest.mark.slow
def test_a_real_run_is_fitted_again_and_tested(store, tmp_path, monkeypatch, read_here):
    (tmp_path / "disc.py").write_text(DISC)
    monkeypatch.setenv(registry.FILES, str(tmp_path / "disc.py"))
    radius, rng = np.linspace(0.5, 20, 40), np.random.default_rng(4)
    speed = 220 * np.sqrt(1 - 2 / radius * np.arctan(radius / 2)) + 5 * rng.standard_normal(40)
    content = "x,y,y_err\n" + "".join(f"{r:.3f},{v:.3f},5\n" for r, v in zip(radius, speed, strict=True))
    file = ("disc.csv", content.encode())
    done = run_inference(*file, Settings("disc_of_jax", samples=4000, changes=tuple(QUICK.items())), store=store, **QUIET)
    store.commit("result", done.key, to_files(done))
    phases: list[str] = []
    told = {"on_progress": lambda phase, *_: phases.append(phase), "should_stop": lambda: False, "store": store}
    fitted = run_task(*file, on_demand.check_settings(done, "nuts", 2000), **told)
    assert {"preparing", "sampling", "checking"} <= set(phases)
    assert (fitted.summary["converged"], fitted.summary["verdict"]) == (True, "good"), fitted.summary["reasons"]
    assert set(fitted.draws("reference")) == set(done.draws("posterior"))
    assert fitted.summary["quantities"]["far"]["median"] == pytest.approx(220, abs=10)
    assert fitted.summary["c2st"] == pytest.approx(0.5, abs=0.05)
    tested = run_task(*file, on_demand.check_settings(done, "local", 1000), **told)
    assert set(tested.summary["test"]["bias"]) == {"far", "core"}
    assert tested.summary["test"]["simulations"] == 1000
    assert to_files(tested).keys() == to_files(fitted).keys()
    with pytest.raises(Cancelled):
        run_task(*file, on_demand.check_settings(done, "local", 1000), **told | {"should_stop": lambda: True})
