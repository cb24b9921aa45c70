"""Which repairs are to the point for a result, and what each changes."""

from typing import Any

import pytest

from astro_sbi.runs.repair import Repair, missing_file, repairs, widened
from astro_sbi.runs.request import sequential_settings
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.store import Store
from astro_sbi.simulators.base import Parameter
from astro_sbi.simulators.registry import SIMULATIONS
from tests.app.finished import finished
from tests.diagnostics.estimators import card


def offered(settings: Settings | None = None, *, importance: dict[str, float] | None = None, **summary: Any) -> dict[str, Repair]:
    """Repairs by name of a good transit result with some of its numbers changed."""
    told = finished().summary
    told = told | {"importance": told["importance"] | (importance or {})} | summary
    return {one.name: one for one in repairs(told, settings or Settings("transit"))}


def test_a_good_result_needs_none():
    assert offered() == {}


def test_misfit_is_mended_by_no_training():
    assert offered(verdict="do not trust", predictive={"p_value": 1e-9, "chi2_per_point_quoted": 12.0}) == {}


def test_few_draws():
    found = offered(Settings("transit", samples=2000), importance={"ess": 400.0})
    assert list(found) == ["draws", "round", "longer", "ensemble"]
    assert found["draws"].settings == Settings("transit", samples=10_000)
    assert found["draws"].reason == "Only 400 effective draws, where 1,000 are wanted."
    assert "no new training" in found["draws"].change


def test_a_heavy_tail_is_not_mended_by_draws():
    found = offered(importance={"ess": 40.0, "khat": 1.2})
    assert list(found) == ["round", "longer", "ensemble"]
    assert found["round"].reason == "Pareto k is 1.20, above 0.7."


def test_one_more_round_than_were_trained_is_trained():
    """Rounds end early where the flow is efficient enough; a round more has to ask for more than that."""
    told = sequential_settings(offered(importance={"khat": 0.8})["round"].settings.section("train"))
    assert (told.rounds, told.efficiency) == (3, 1)
    assert "round" not in offered(importance={"khat": 0.8}, rounds=[{}] * 20)


def test_training_longer_doubles_what_is_set():
    one = offered(Settings("transit", changes=(("train.steps", "400"),)), importance={"khat": 0.8})["longer"]
    assert dict(one.settings.changes) == {"train.steps": "800", "train.later_steps": "1000"}
    most = Settings("transit", changes=(("train.steps", "100000"), ("train.later_steps", "100000")))
    assert "longer" not in offered(most, importance={"khat": 0.8})


@pytest.mark.parametrize(("size", "next_size"), [(1, 3), (3, 5), (4, 5), (5, None)])
def test_ensembles_grow_to_three_and_five(size, next_size):
    found = offered(Settings("transit", ensemble=size), importance={"khat": 0.8})
    assert (found["ensemble"].settings.ensemble if next_size else found.get("ensemble")) == next_size


def test_a_rival_peak_asks_for_another_seed():
    found = offered(Settings("transit", seed=7), peak_outside=2.0)
    assert {name: one.settings.seed for name, one in found.items()} == {"seed": 8}


def test_leaning_asks_for_a_round():
    assert "leans on an edge" in offered(judgements=[{"name": "leaning", "grade": "caution", "number": None}])["round"].reason


def test_a_flow_that_is_not_calibrated_is_trained_on_more():
    bad = card("20 % too narrow").to_json()
    told = finished().summary | {"importance": None, "calibration": bad}
    found = {one.name: one for one in repairs(told, Settings("stellar_rotation"))}
    assert list(found) == ["longer", "ensemble"]
    assert dict(found["longer"].settings.changes) == {"train.simulations": "16384"}
    table = repairs(told, Settings(SIMULATIONS))
    assert dict(table[0].settings.changes) == {"train.epochs": "200"}


def test_a_pressed_prior_is_widened_within_the_simulator_s_range():
    edges = [{"name": "duration", "side": "upper", "mass": 0.6}, {"name": "jitter", "side": "upper", "mass": 0.1}]
    found = offered(edges=edges)
    assert list(found) == ["prior_duration_upper"]
    one = found["prior_duration_upper"]
    assert dict(one.settings.changes)["prior.duration"].startswith("loguniform(0.02,")
    assert "pressed against the upper end of its prior (60%" in one.reason
    assert " d in place of loguniform(0.02,0.6) d." in one.change


@pytest.mark.parametrize(
    ("prior", "side", "wanted"),
    [
        ("uniform(1,3)", "lower", "uniform(-1,3)"),
        ("uniform(1,3)", "upper", "uniform(1,4.5)"),
        ("loguniform(0.1,2)", "lower", "loguniform(0.01,2)"),
        ("loguniform(0.1,2)", "upper", "loguniform(0.1,4.5)"),
        ("uniform(0,4.5)", "upper", None),
        ("uniform(0,1+radius_ratio)", "upper", None),
        ("normal(0,1)", "upper", None),
        ("what", "upper", None),
    ],
)
def test_ends_move_by_the_width_or_a_decade(prior, side, wanted):
    assert widened(prior, side, Parameter("a", "a", "a", "", "a number", low=-2.0, high=4.5)) == wanted


def test_files_that_are_not_here_are_named(tmp_path):
    store, told = Store(tmp_path), finished().summary
    key = store.put_upload("star.csv", b"1,2\n")
    assert missing_file(store, told, Settings("transit")) == "star_1*.csv"
    here = told | {"origin": told["origin"] | {"sha256": key}}
    assert missing_file(store, here, Settings("transit")) == ""
    table = Settings(SIMULATIONS, changes=(("table.file", "a" * 64),))
    assert missing_file(store, here | {"table": {"file": "mine.npz"}}, table) == "mine.npz"
