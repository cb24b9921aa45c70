"""Cards of more simulations: asked for, made by a job, found again, and gone with their run."""

from dataclasses import replace

import pytest

from astro_sbi.inference.posterior import Cancelled
from astro_sbi.runs import api, check, jobs, worker
from astro_sbi.runs.card_jobs import ask_card, card_settings, largest_card, why_not
from astro_sbi.runs.cards import shipped_cards
from astro_sbi.runs.check_settings import CARD_SIZES, CardSettings
from astro_sbi.runs.progress import Reporter
from astro_sbi.runs.result import to_files
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.store import Store
from astro_sbi.runs.task import run_task
from tests.diagnostics.estimators import card
from tests.runs.test_cards import with_card

CARD = card("20 % too narrow", tests=2000)


@pytest.fixture
def store(empty_store, monkeypatch) -> Store:
    monkeypatch.setenv("ASTRO_SBI_SLOTS", "0")
    return Store(empty_store)


@pytest.fixture
def quick(monkeypatch) -> list[tuple[str, int]]:
    """A check that takes no time; returns what it was asked."""
    asked = []

    def check_quickly(store, name, simulations, *, on_progress, should_stop):
        asked.append((name, simulations))
        if should_stop():
            raise Cancelled
        found = replace(CARD, tests=simulations)
        return {"calibration": found.to_json(), "verdict": "do not trust", "reasons": ["too narrow"], "seconds": 1.0}

    monkeypatch.setattr(check, "check", check_quickly)
    return asked


def done(store: Store) -> api.JobView:
    """The oldest job, run to its end."""
    claimed = jobs.claim(store.catalogue)
    worker.run_job(store, claimed, run_task, Reporter())
    return api.job(store, claimed.key)


def test_a_shipped_flow_is_tested_by_a_job_and_the_largest_card_is_found(store: Store, quick):
    shipped = shipped_cards()["transit"]
    assert why_not(store, shipped) == ""
    assert largest_card(store, shipped) is None
    asked = ask_card(store, shipped, 20_000)
    assert (asked.state, asked.check, asked.of) == ("queued", "fresh simulations", "transit")
    found = done(store)
    assert (found.state, found.verdict, found.result_key, found.observation) == ("done", "do not trust", None, "Shipped flow: transit")
    assert quick == [("transit", 20_000)]
    assert largest_card(store, shipped) == replace(CARD, tests=20_000)
    assert ask_card(store, shipped, 20_000).state == "done"
    assert largest_card(store, replace(shipped, flow="0" * 64)) is None


def test_a_card_of_fewer_simulations_than_there_are_does_not_count(store: Store, quick):
    shipped = shipped_cards()["transit"]
    ask_card(store, shipped, 2_000)
    done(store)
    assert largest_card(store, shipped) is None


def test_a_test_that_is_cancelled_leaves_nothing(store: Store, quick):
    shipped = shipped_cards()["galaxy_lines"]
    key = ask_card(store, shipped, 5_000).key
    api.cancel(store, key)
    assert api.job(store, key).state == "cancelled"
    assert store.keys("card") == []


def test_cards_go_with_their_run(store: Store, quick):
    result = with_card("20 % too narrow")
    upload = store.put_upload("star.csv", b"time,flux\n")
    run = api.enqueue(store, "star.csv", b"time,flux\n", Settings("transit"))
    claimed = jobs.claim(store.catalogue)
    result.summary["origin"] = {"file": "star.csv", "sha256": upload}
    store.commit("result", result.key, to_files(result))
    jobs.finish(store.catalogue, run.key, str(claimed.token), result_key=result.key, verdict="good")
    assert "its flow is no longer" in why_not(store, with_training(result))
    ask_card(store, result, 5_000)
    assert done(store).of == result.key
    assert largest_card(store, result).tests == 5_000
    api.delete(store, run.key, with_result=True)
    assert store.keys("card") == []
    assert api.jobs(store) == []


def with_training(result):
    """The same with the key of a training that no store has."""
    result.summary["training_key"] = "a" * 64
    return result


def test_requests_are_of_the_sizes_offered_and_survive_json():
    with pytest.raises(SettingsError, match=r"a card is made of 2,000, 5,000, 20,000 simulations, not 7"):
        CardSettings("transit", "transit", "0" * 64, 7)
    asked = card_settings(shipped_cards()["transit"], CARD_SIZES[0])
    assert CardSettings.from_json(asked.to_json()) == asked
    assert asked.key != card_settings(shipped_cards()["transit"], CARD_SIZES[1]).key
