"""The comparison with other libraries: the protocol of its processes, when a level is reached, what is printed and refused."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers, scaling
from benchmarks.peers import Rival, RivalError, crossing, ladder, main, measured, ratios, table
from benchmarks.rivals import protocol

FAKE = """
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("a line that says nothing")
epochs = int(given.get("--epochs", 100))
told = {"parameters": 7, "cpu_seconds": 2.0 * epochs, "wall_seconds": 1.0 * epochs, "compile_seconds": None, "epochs": epochs}
told |= {"curve": [], "log_prob": -5 + epochs / 50, "given": given}
told |= {"log_prob_inside": told["log_prob"] + 0.1, "outside": 0.02, "draw_ms": 5.0, "many_seconds": 1.5, "many_observations": 100}
print(json.dumps(told))
"""


def figures(epochs, log_prob, cpu=10.0):
    return {"epochs": epochs, "log_prob": log_prob, "cpu_seconds": cpu, "wall_seconds": cpu / 2}


def options(**changes):
    return Namespace(**{"peers_python": Path(sys.executable), "task": "slcp", "seed": 1, "threads": 1} | changes)


@pytest.fixture
def fake(tmp_path):
    def write(name, text=FAKE):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write


def test_the_ladder_stops_at_the_first_training_above_the_level():
    asked = []

    def measure(epochs):
        asked.append(epochs)
        return figures(epochs, -8 + epochs / 2)

    steps = ladder(measure, -5.0, figures(100, -3.0))
    assert asked == [2, 4, 8]
    assert crossing(steps, -5.0)["epochs"] == 8
    assert crossing(steps, -7.5)["epochs"] == 2


def test_the_ladder_ends_with_the_full_training_and_says_when_even_that_is_below():
    steps = ladder(lambda epochs: figures(epochs, -9.0), -5.0, figures(100, -4.0))
    assert [step["epochs"] for step in steps] == [2, 4, 8, 16, 32, 64, 100]
    assert crossing(steps, -5.0)["epochs"] == 100
    assert crossing(steps, -4.0) is None


def test_ratios_are_of_cpu_seconds_and_of_both_levels():
    found = {"sbi_nsf": figures(200, -5.0, 200.0) | {"log_prob_inside": -4.8}}
    plain, cut_off = ratios(found, [figures(4, -4.9, 20.0), figures(8, -4.7, 25.0)])
    assert "200.0 / 20.0 CPU seconds = 10.0" in plain
    assert "200.0 / 25.0 CPU seconds = 8.0" in cut_off
    assert next(ratios(found, [figures(100, -6.0)])).endswith("not reached")


def test_figures_come_back_through_a_process(fake, tmp_path):
    told = measured("rival", Rival(fake("rival"), ("--estimator", "nsf")), tmp_path / "s.npz", options(), ("--epochs", "4"))
    assert (told["name"], told["parameters"], told["cpu_seconds"]) == ("rival", 7, 8.0)
    assert told["given"]["--estimator"] == "nsf"
    assert told["given"]["--simulations"] == str(tmp_path / "s.npz")


@pytest.mark.parametrize(
    ("text", "reason"), [("raise SystemExit('no torch here')", "no torch here"), ("print('hello')", "'hello'"), ("", "no figures")]
)
def test_a_rival_without_figures_is_named(fake, tmp_path, text, reason):
    with pytest.raises(RivalError, match=reason) as error:
        measured("odd", Rival(fake("odd", text)), tmp_path / "s.npz", options())
    assert "odd" in str(error.value)


def test_threads_and_cold_compilation_reach_the_process(monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "somewhere")
    variables = peers.environment(3)
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "3"
    assert "JAX_COMPILATION_CACHE_DIR" not in variables
    assert float(variables[protocol.BEGAN]) > 0


@pytest.mark.slow
def test_the_whole_run_prints_the_table_and_the_ratio(fake, tmp_path, monkeypatch, capsys):
    numbers = np.zeros((3, 2))
    monkeypatch.setattr(peers, "simulated", lambda *asked: protocol.Simulated(numbers, numbers, numbers, numbers, numbers[0], numbers[0]))
    slow = FAKE.replace("-5 + epochs / 50", "-4.8")
    rivals = {"sbi_nsf": Rival(fake("sbi", slow)), "astro_sbi_1": Rival(fake("ours"), own=True), "broken": Rival(fake("b", "1 / 0"))}
    given = ["--peers-python", sys.executable, "--output", str(tmp_path / "out" / "peers.json"), "--simulations", "30"]
    assert main(given, rivals) == 1
    printed = capsys.readouterr()
    assert "ZeroDivisionError" in printed.err
    # 16 epochs end at -4.68, 8 at -4.84: the levels are -4.8 and, cut off at the prior, -4.7.
    assert "to the level of sbi_nsf (-4.800): 200.0 / 32.0 CPU seconds = 6.2" in printed.out
    kept = json.loads((tmp_path / "out" / "peers.json").read_text())
    assert [step["epochs"] for step in kept["ladder"]] == [2, 4, 8, 16]
    assert main([*given, "--only", "sbi_nsf"], rivals) == 0


def test_a_slow_rival_is_marked_with_the_hundred_it_was_measured_on():
    told = figures(None, -4.0) | {"name": "slow", "parameters": 12345, "compile_seconds": None, "log_prob_inside": -3.9, "outside": 0.1}
    head, row = table([told | {"draw_ms": 1200.0, "many_seconds": 9.0, "many_observations": 100}])
    assert "100: 9.00 s" in row
    assert "12,345" in row
    assert len(head) == len(row)


@pytest.mark.parametrize("given", [[], ["--peers-python", "/there/is/none"]])
def test_missing_python_of_the_peers_is_refused(given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2
    assert "--peers-python" in capsys.readouterr().err


def test_unknown_names_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "sbj"])
    assert "there is no rival sbj" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        scaling.main(["--axes", "depth"])
    assert "there is no axis depth" in capsys.readouterr().err


def test_density_inside_the_prior_and_the_draws_outside(tmp_path):
    """Half of the draws of one observation lie outside: cut off, its density doubles."""
    inside, outside = np.zeros((2, 1)), np.full((2, 1), 5.0)
    simulated = protocol.Simulated(inside, inside, inside, inside, np.array([-3.0]), np.array([3.0]))
    protocol.write(tmp_path / "s.npz", simulated)
    simulated = protocol.read(tmp_path / "s.npz")
    estimator = protocol.Estimator(
        parameters=1,
        log_prob=lambda theta, x: np.full(len(theta), -4.0),
        sample=lambda x, draws, seed: np.zeros((draws, 1)),
        sample_many=lambda x, draws, seed: np.stack([np.concatenate([inside, outside]), np.concatenate([inside, inside])])[: len(x)],
    )
    told = protocol.figures(estimator, simulated, protocol.Spent(3.0, 2.0), train_only=False)
    assert told["outside"] == pytest.approx(0.25)
    assert told["log_prob_inside"] == pytest.approx(-4.0 + np.log(2) / 2)
    assert told["many_observations"] == 2
    assert "draw_ms" not in protocol.figures(estimator, simulated, protocol.Spent(3.0, 2.0), train_only=True)


def test_the_share_that_is_not_the_flow():
    found = scaling.Cost(step=4e-3, flow=3e-3, compilation=2.0)
    row = scaling.line("batch", 200, scaling.Case(batch=200, ensemble=2), found)
    assert row == "| batch | 200 | 4.000 | 10.00 | 25% | 2.0 |"
    assert scaling.Case().at("data", 100).data_length == 100
