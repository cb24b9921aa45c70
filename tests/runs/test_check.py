"""``check``: the card of a shipped flow and of a run without a likelihood; for other runs what is valid for them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.__main__ import main
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.inference import implicit
from astro_sbi.inference.posterior import Cancelled
from astro_sbi.runs.check import check
from astro_sbi.runs.finished import examples
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from astro_sbi.runs.task import run_inference
from astro_sbi.simulators import registry
from tests.diagnostics.estimators import card
from tests.inference.test_simulated import small_settings

QUIET = {"on_progress": lambda *_: None, "should_stop": lambda: False}


@pytest.fixture
def store(empty_store) -> Store:
    return Store(empty_store)


def printed(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(["check", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.slow
def test_the_card_of_a_shipped_flow(store: Store, capsys):
    status, out, _ = printed(capsys, "transit", "--simulations", "300", "--json")
    told = json.loads(out)
    found = CalibrationCard.from_json(told["calibration"])
    assert (status, told["name"], found.tests) == (0, "transit", 300)
    assert [part.tests for part in found.parts] == [100] * 3
    assert next(iter(found.marginals)) == "radius_ratio"
    assert all(0.8 < one.dispersion < 1.2 and abs(one.bias) < 0.2 for one in found.marginals.values())
    assert abs(found.joint.worst) < 0.12
    assert told["verdict"] in ("good", "caution")


@pytest.mark.slow
def test_a_check_that_is_cancelled_ends(store: Store):
    with pytest.raises(Cancelled):
        check(store, "galaxy_lines", 300, on_progress=lambda *_: None, should_stop=lambda: True)


def test_a_sequential_run_is_told_what_is_valid_for_it(store: Store, capsys):
    example = next(one for one in examples() if one.simulator == "transit")
    status, out, err = printed(capsys, example.key[:10])
    assert (status, err) == (0, "")
    words = " ".join(out.split())
    assert "Prior calibration does not apply" in words
    assert f"efficiency {example.summary['importance']['efficiency']:.1%}" in words
    assert "posterior predictive p" in words
    assert f"verdict: {example.summary['verdict']}" in words
    told = check(store, example.key, 500, **QUIET)
    assert (told["calibration"], told["importance"]) == (None, example.summary["importance"])


def kept(store: Store, digit: str, summary: dict) -> str:
    """A finished run with a table of simulations."""
    key = digit * 64
    store.commit("result", key, to_files(Result({"key": key, **summary}, Settings("simulations").to_json(), {"a": np.zeros(1)})))
    return key


def test_a_run_with_a_table_has_the_card_of_the_rows_held_back(store: Store, capsys):
    judged = card("20 % too narrow", parts=True)
    key = kept(store, "a", {"calibration": judged.to_json()})
    status, out, _ = printed(capsys, key[:6])
    assert status == 0
    assert "held back from training" in out
    assert "verdict: do not trust" in out
    assert f"{100 * judged.joint.worst:+.1f} points at {judged.joint.worst_at:.0%}" in out
    assert sum(line.startswith("brightness") for line in out.splitlines()) == 3
    assert CalibrationCard.from_json(check(store, key, 500, **QUIET)["calibration"]) == judged


IMPLICIT = """
import jax.numpy as jnp
import numpy as np
from jax import random
from astro_sbi.simulators.own import Axis, OwnSimulator, parameter

simulator = OwnSimulator(
    name="level_of_file",
    x=Axis("Time", "s"),
    y=Axis("Counts", ""),
    parameters=[parameter("level", "", "mean level")],
    priors={"level": "normal(10, 2)"},
    model=lambda key, x, level: level + random.normal(key, x.shape),
    implicit=True,
    summary_statistics=lambda x, y, error: jnp.stack([jnp.mean(y), jnp.std(y)]),
    example_x=np.arange(20.0),
    example_error=0.5,
)
"""


@pytest.mark.slow
def test_a_run_without_a_likelihood_has_its_card_and_gets_another(store: Store, tmp_path, monkeypatch, read_here):
    small = small_settings()
    monkeypatch.setattr(implicit, "NPESettings", lambda **_: small)
    (tmp_path / "level.py").write_text(IMPLICIT)
    monkeypatch.setenv(registry.FILES, str(tmp_path / "level.py"))
    rows = "".join(f"{second},{10 + np.sin(9.0 * second):.3f},0.5\n" for second in range(20))
    content = f"time,counts,error\n{rows}".encode()
    settings = Settings("level_of_file", samples=1000, changes=(("train.simulations", "2048"),))
    found = run_inference("level.csv", content, settings, store=store, **QUIET)
    assert found.summary["calibration"]["tests"] == 500
    assert any("500 simulations that the training did not see" in reason for reason in found.summary["reasons"])
    store.commit("result", found.key, to_files(found))
    with pytest.raises(RunError, match=r"a run is checked in the store where it was made, with its file level\.csv"):
        check(store, found.key, 300, **QUIET)
    store.put_upload("level.csv", content)
    told = CalibrationCard.from_json(check(store, found.key[:12], 300, **QUIET)["calibration"])
    assert [told.tests, *(part.tests for part in told.parts)] == [300, 100, 100, 100]
    assert told.marginals["level"].dispersion == pytest.approx(1.0, abs=0.15)
    narrower = replace(settings, changes=(*settings.changes, ("prior.level", "uniform(8, 12)")))
    lent = run_inference("level.csv", content, narrower, store=store, **QUIET)
    store.commit("result", lent.key, to_files(lent))
    with pytest.raises(RunError, match=r"took the flow of another run, trained under a wider prior \(level normal\(10,2\)\)"):
        check(store, lent.key, 300, **QUIET)
    store.delete("estimator", found.summary["training_key"])
    with pytest.raises(RunError, match="is not in this store, or is of another version: run it again"):
        check(store, found.key, 300, **QUIET)


def test_what_cannot_be_checked_is_one_sentence(store: Store, capsys):
    assert printed(capsys, "nothing") == (
        2,
        "",
        "error: there is neither a simulator nor a finished run called 'nothing': 'python -m astro_sbi list' and "
        "'python -m astro_sbi runs' show them\n",
    )
    assert printed(capsys, "transit", "--simulations", "3")[2].startswith("error: --simulations 3: a number between 100 and")
    with pytest.raises(RunError, match="before there were calibration cards"):
        check(store, kept(store, "b", {"calibration": {"tests": 3}}), 500, **QUIET)
    store.commit("result", "b" * 63 + "c", {"summary.json": b"{}"})
    with pytest.raises(RunError, match="2 runs begin with bbbb: give more digits"):
        check(store, "bbbb", 500, **QUIET)


@pytest.mark.slow
def test_a_simulator_without_a_flow_is_one_sentence(store: Store, capsys):
    status, _, err = printed(capsys, "rr_lyrae")
    assert (status, err) == (2, "error: no trained flow ships for rr_lyrae: run an inference instead\n")
