"""The verb for a table of simulations of one's own, with a stand-in for the inference."""

import json

import pytest

from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.store import Store
from tests.test_command_line import complaint, run, star

__all__ = ["star"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"theta_mass,a\n1,2\n")
    return path


def test_a_table_is_kept_and_asking_again_is_answered_from_the_store(star, table, capsys, tmp_path):
    told = json.loads(run(capsys, "simulations", table, star, "--json", "--set", "table.parameters=theta_mass")[1])
    again = run(capsys, "simulations", table, star, "--json", "--set", "table.parameters=theta_mass", task=None)
    assert (told["cached"], json.loads(again[1])) == (False, {**told, "cached": True})
    store = Store(tmp_path / "store")
    assert store.upload(sha256_of(table.read_bytes())) == ("table.csv", table.read_bytes())
    (listed,) = json.loads(run(capsys, "runs", "--json")[1])
    assert listed["simulator"] == "simulations"
    assert listed["settings"]["changes"] == [["table.file", sha256_of(table.read_bytes())], ["table.parameters", "theta_mass"]]


def test_another_table_or_observation_is_another_request(star, table, capsys, tmp_path):
    keys = [json.loads(run(capsys, "simulations", table, *more, "--json")[1])["key"] for more in ((star,), ())]
    table.write_bytes(table.read_bytes() + b"2,3\n")
    keys.append(json.loads(run(capsys, "simulations", table, star, "--json")[1])["key"])
    assert len(set(keys)) == 3


@pytest.mark.slow
def test_files_that_are_not_there_or_no_table_are_one_line(star, table, capsys, tmp_path):
    assert "nothing.npz does not exist" in complaint(capsys, "simulations", tmp_path / "nothing.npz", star)
    assert "nothing.csv does not exist" in complaint(capsys, "simulations", table, tmp_path / "nothing.csv")
    sentence = complaint(capsys, "simulations", table, star, task=None)
    assert sentence == "error: table.csv: it holds 1 usable simulations, too few to train on: give at least 200, better 2,000 or more"
    assert "table.csv: prepare.period cannot be set" in complaint(
        capsys, "simulations", table, star, "--set", "prepare.period=2", task=None
    )
    assert json.loads(run(capsys, "runs", "--json")[1]) == []
