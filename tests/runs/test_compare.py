"""Finished runs side by side, on the page's own terms and on the command line's."""

import json
from typing import Any

import numpy as np
import pytest

from astro_sbi.__main__ import main
from astro_sbi.diagnostics.agreement import Interval
from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.compare import compare, judged
from astro_sbi.runs.finished import examples, key_beginning
from astro_sbi.runs.published import published_values
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.settings import SettingsError
from astro_sbi.runs.store import Store
from tests.app.finished import PARAMETERS, finished
from tests.app.finished_series import finished_series


def changed(like: Result, *, arrays: dict[str, np.ndarray] | None = None, **summary: Any) -> Result:
    return Result(like.summary | summary, like.settings, like.arrays | (arrays or {}))


def other_seed() -> Result:
    """The same run with another seed, another prior, a better evidence and a larger planet."""
    like = finished(name="b")
    rows = {**like.summary["parameters"], "radius_ratio": {"median": 0.0787, "lower": 0.0782, "upper": 0.0792, "unit": ""}}
    priors = like.summary["priors"] | {"radius_ratio": "uniform(0.05,0.1)"}
    importance = like.summary["importance"] | {"log_evidence": 815.3}
    observation = finished().summary["observation"]
    told = {"seed": 2, "priors": priors, "importance": importance, "parameters": rows, "observation": observation}
    return changed(like, **told)


def test_only_what_differs_is_told():
    found = compare([finished(), other_seed()])
    assert {one.what: one.entries for one in found.differences} == {
        "seed": ("1", "2"),
        "Prior of radius_ratio": ("uniform(0.01,0.3)", "uniform(0.05,0.1)"),
    }
    assert found.names == ("A · seed 1", "B · seed 2")
    narrow = changed(finished(), priors=other_seed().summary["priors"])
    assert compare([finished(), narrow]).names[1] == "B · radius_ratio uniform(0.05,0.1)"
    assert compare([finished(), finished()]).differences == ()


def test_names_tell_runs_apart_and_say_no_more():
    """Every run is named by what it takes to know it from the others, and by nothing that is the default."""
    longer = Result(finished().summary, finished().settings | {"changes": [["train.steps", "600"]]}, finished().arrays)
    elsewhere = changed(finished(), observation=finished().summary["observation"] | {"name": "WASP-126"}, seed=3)
    runs = [finished(), longer, elsewhere]
    star = finished().summary["observation"]["name"]
    assert compare(runs).names == (f"A · {star}", f"B · {star}, steps 600", "C · WASP-126")
    lacking = changed(finished_series("velocities"), seed=1)
    told = {one.what: one.entries for one in compare([finished(), other_seed(), lacking]).differences}
    assert told["Prior of radius_ratio"] == ("uniform(0.01,0.3)", "uniform(0.05,0.1)", "–")
    assert "Prior of duration" not in told


def test_quantities_stand_with_shift_and_width():
    found = {one.name: one for one in compare([finished(), other_seed()]).quantities}
    assert set(found) == {*PARAMETERS, "depth", "t0"}
    assert found["radius_ratio"].intervals[1] == Interval(0.0782, 0.0787, 0.0792)
    assert found["radius_ratio"].shifts[0] is None
    assert found["radius_ratio"].shifts[1].sigma == pytest.approx(2**0.5)
    assert found["duration"].shifts[1].sigma == 0


def test_units_are_converted_and_what_does_not_convert_is_missing():
    hours = finished()
    rows = hours.summary["parameters"]
    minutes = {name: 1440 * value if name != "unit" else "min" for name, value in rows["duration"].items()}
    parameters = rows | {"duration": minutes, "jitter": rows["jitter"] | {"unit": "kg"}}
    other = changed(hours, arrays={"posterior/duration": 1440 * hours.arrays["posterior/duration"]}, parameters=parameters)
    found = compare([finished(), other])
    quantity = next(one for one in found.quantities if one.name == "duration")
    assert quantity.unit == "d"
    assert quantity.shifts[1].sigma == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.draws(1, "posterior")["duration"], found.draws(0, "posterior")["duration"])
    assert "jitter" not in {one.name for one in found.quantities}
    assert "jitter" in found.alone[0]


def test_a_value_that_is_held_is_told():
    held = finished()
    parameters = {name: row for name, row in held.summary["parameters"].items() if name != "impact_parameter"}
    without = changed(held, parameters=parameters, fixed={"impact_parameter": 0.3})
    found = compare([finished(), without, finished()])
    quantity = next(one for one in found.quantities if one.name == "impact_parameter")
    assert quantity.held[1] == 0.3
    assert (quantity.intervals[1], quantity.shifts[1]) == (None, None)


def test_the_same_name_with_another_meaning_is_told():
    other = finished()
    labels = other.summary["labels"]
    labels["duration"] = labels["duration"] | {"meaning": "time between the contacts"}
    found = {one.name: one for one in compare([finished(), other]).quantities}
    assert found["duration"].meanings[1] == "time between the contacts"
    assert found["depth"].meanings == ()


def test_evidence_of_the_same_data_is_compared():
    found = compare([finished(), other_seed()]).evidence
    assert found.refusals == ()
    assert [factor.words for factor in found.factors] == ["moderate", "best"]
    assert found.factors[0].log_bayes == pytest.approx(3)
    assert any("made from these same data" in sentence for sentence in found.warnings)
    assert any("A (1.10) and B (1.10)" in sentence for sentence in found.warnings)
    assert not any("same model" in sentence for sentence in found.warnings)
    assert any("same model with the same priors" in sentence for sentence in compare([finished(), finished()]).evidence.warnings)


def test_doubtful_and_uncertain_evidence_is_said():
    importance = finished().summary["importance"] | {"log_evidence_error": 0.8}
    doubtful = changed(finished(), verdict="do not trust", importance=importance, comparable_log_evidence=812.3)
    warnings = " ".join(compare([changed(finished(), comparable_log_evidence=812.3), doubtful]).evidence.warnings)
    assert "verdict of B is do not trust" in warnings
    assert "ln Z of B is uncertain by more than 0.3" in warnings
    assert "made from these same data" not in warnings


def test_other_preparation_other_files_and_no_likelihood_are_refused():
    value = finished().arrays["observed/value"].copy()
    value[3] += 1e-3
    prepared = changed(finished(), arrays={"observed/value": value})
    elsewhere = changed(prepared, origin=prepared.summary["origin"] | {"sha256": "1" * 64})
    implicit = changed(finished(), importance=None)
    found = compare([finished(), prepared, elsewhere, implicit, finished()]).evidence
    told = " ".join(found.refusals)
    assert "B and A were prepared differently (the values of 1 of 120 points differ)" in told
    assert "C and A are fitted to different data" in told
    assert "D has no evidence: its simulator has no likelihood." in told
    assert [factor is not None for factor in found.factors] == [True, False, False, False, True]
    alone = compare([finished(), prepared]).evidence
    assert not alone.made
    assert alone.warnings == ()


def test_runs_of_other_kinds_share_nothing_and_say_so():
    found = compare([finished(), finished_series("velocities")])
    assert found.quantities == ()
    assert "semi_amplitude" in found.alone[1]


@pytest.mark.parametrize("number", [0, 1, 7])
def test_too_few_or_too_many_runs(number):
    with pytest.raises(SettingsError, match=f"2 to 6 runs can be compared, not {number}"):
        compare([finished()] * number)


def test_published_values_are_judged_in_the_quantity_s_unit():
    found = compare([finished(), other_seed()])
    (radius, duration) = judged(found, published_values("radius_ratio = 0.0777 ± 0.0005\nduration < 4.008 h"))
    assert [one.sigma for one in radius.agreements] == pytest.approx([0, 2**0.5])
    assert duration.value.value == pytest.approx(0.167)
    assert [one.sigma for one in duration.agreements] == [0, 0]


@pytest.mark.parametrize(("line", "says"), [("mass = 1", "not among the quantities"), ("duration = 3 kg", "it must be in d or a unit")])
def test_published_values_that_cannot_be_judged(line, says):
    with pytest.raises(SettingsError, match=says):
        judged(compare([finished(), finished()]), published_values(line))


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("ASTRO_SBI_STORE", str(tmp_path))
    return Store(tmp_path)


def test_beginnings_of_keys(store):
    shipped = examples()[0].key
    assert key_beginning(store, shipped[:8]) == shipped
    for wrong, says in (("ffffffff", "no finished run"), ("zz", "not the beginning"), ("../..", "not the beginning")):
        with pytest.raises(StoreError, match=says):
            key_beginning(store, wrong)
    for ending in ("0", "1"):
        store.commit("result", "ab" * 31 + f"0{ending}", {"summary.json": b"{}"})
    with pytest.raises(StoreError, match="2 runs begin with abab"):
        key_beginning(store, "abab")


def test_command_line(store, capsys):
    keys = []
    for result in (finished(), changed(other_seed(), key="c" * 64)):
        store.commit("result", result.key, to_files(result))
        keys.append(result.key[:8])
    assert main(["compare", *keys, "--published", "duration = 0.161 ± 0.001 d (A. Author)"]) == 0
    out = capsys.readouterr().out
    for words in ("seed 2", "[+1.41, 1.00]", "A. Author", "moderate", "815.30 +- 0.01", "equal prior odds", "χ² per point"):
        assert words in out
    assert main(["compare", *keys, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["evidence"]["factors"][1]["words"] == "best"
    assert told["quantities"]["radius_ratio"]["shifts"][0] is None
    assert main(["compare", keys[0]]) == 2
    assert "2 to 6 runs" in capsys.readouterr().err
