"""The benchmark's command line: what it refuses, what it computes once, what it prints."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from astro_sbi.simulators.prior import Prior
from benchmarks import recorded, sbibm
from benchmarks.sbibm import Inferred, main, parsed, share_outside
from benchmarks.tasks import TASKS

DRAWS = 60


class Exact:
    """A posterior that draws around what it saw."""

    def __init__(self, x: np.ndarray, spread: float = 0.3):
        self.x, self.spread = x, spread

    def sample(self, count, seed):
        return self.x[:2] + self.spread * np.random.default_rng(seed).standard_normal((count, 2))

    def corrected(self, log_likelihood, draws, seed):
        theta = self.sample(draws, seed)
        assert log_likelihood(theta).shape == (draws,)
        return self

    def equal(self, count, seed):
        return self.sample(count, seed + 1)


@pytest.fixture
def folder(tmp_path):
    """Two observations of two tasks, with few reference draws and one published figure."""
    generator = np.random.default_rng(0)
    for task in ("two_moons", "gaussian_mixture"):
        for number in (1, 2):
            place = tmp_path / "references" / task / str(number)
            place.mkdir(parents=True)
            x = generator.normal(size=(1, 2))
            pd.DataFrame(x, columns=["data_1", "data_2"]).to_csv(place / "observation.csv", index=False)
            draws = x + 0.3 * generator.normal(size=(DRAWS, 2))
            pd.DataFrame(draws, columns=["a", "b"]).to_csv(place / "reference_posterior_samples.csv.bz2", index=False)
    lines = ["source,task,algorithm,num_simulations,mean_c2st", "sbibm 2021,two_moons,NPE,1000,0.7251", "other,two_moons,NPE,2000,0.5"]
    (tmp_path / "references" / "published_c2st.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "references"


@pytest.fixture
def methods(monkeypatch):
    """Methods that need no training and say how often they were asked; a C2ST of a few epochs."""
    monkeypatch.setattr(sbibm, "c2st", lambda reference, samples, jobs: float(np.abs(samples.mean(0) - reference.mean(0)).max()))
    monkeypatch.setattr(sbibm, "CORRECTION_DRAWS", 50)
    trained, seen = [], []

    def method(task, simulations, seed):
        trained.append((task.name, simulations, seed))
        return lambda x: (seen.append(x), Inferred(Exact(x), 1.5))[1]

    return {"npe": method, "tsnpe": method, "snpe_c": method}, trained, seen


def arguments(folder, *more, tasks="two_moons", observations="1,2"):
    basic = ["--data", str(folder), "--tasks", tasks, "--simulations", "1000", "--observations", observations, "--method", "npe"]
    return [*basic, "--output", str(folder / "figures.csv"), *more]


def test_one_training_serves_all_observations_and_nothing_is_computed_twice(folder, methods, capsys):
    fakes, trained, seen = methods
    assert main(arguments(folder, "--seed", "3"), fakes) == 0
    assert trained == [("two_moons", 1000, 3)]
    assert len(seen) == 2
    first = recorded.rows(folder / "figures.csv")
    assert main(arguments(folder, "--seed", "3"), fakes) == 0
    assert len(trained) == 1
    assert recorded.rows(folder / "figures.csv") == first
    assert all(row.versions.startswith("astro_sbi") and row.training_seconds == 1.5 for row in first.values())
    assert "0.725" in capsys.readouterr().out, "the published figure stands beside"


@pytest.mark.slow
def test_only_what_is_missing_is_computed(folder, methods):
    fakes, trained, _ = methods
    main(arguments(folder, observations="2"), fakes)
    main(arguments(folder, "--seeds", "1,2", "--correct", tasks="two_moons,gaussian_mixture"), fakes)
    assert len(trained) == 1 + 4
    rows = recorded.rows(folder / "figures.csv")
    assert len(rows) == 2 * 2 * 2 * 2
    assert sum(key.corrected for key in rows) == 8
    plain, corrected = (rows[recorded.Key("two_moons", "npe", apart, 1000, 1, 1)].c2st for apart in (False, True))
    assert plain != corrected, "the corrected posterior is reported apart"


def test_a_line_cut_by_a_kill_is_computed_again_and_harms_no_other(folder, methods):
    fakes, trained, _ = methods
    main(arguments(folder), fakes)
    path = folder / "figures.csv"
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert len(recorded.rows(path)) == 1
    main(arguments(folder), fakes)
    assert len(trained) == 2
    assert len(recorded.rows(path)) == 2
    assert path.read_text().count("\n") == whole.count("\n")


def test_quick_figures_are_kept_apart(folder, methods, monkeypatch):
    monkeypatch.setattr(sbibm, "c2st_compiled", lambda reference, samples, jobs: 0.51)
    main(arguments(folder, "--quick"), methods[0])
    assert not (folder / "figures.csv").exists()
    assert {row.c2st for row in recorded.rows(folder / "figures.quick.csv").values()} == {0.51}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tasks": "two_suns"}, "there is no task two_suns; there are two_moons"),
        ({"tasks": "sir"}, "holds no sir/1/observation.csv"),
        ({"observations": "7"}, "holds no two_moons/7/observation.csv"),
        ({"observations": "one"}, "--observations takes whole numbers"),
        ({"observations": "0"}, "--observations takes whole numbers"),
    ],
)
def test_what_cannot_be_done_is_refused(folder, methods, capsys, change, says):
    with pytest.raises(SystemExit) as caught:
        main(arguments(folder, **change), methods[0])
    assert caught.value.code == 2
    assert says in capsys.readouterr().err
    assert not (folder / "figures.csv").exists()


def test_an_unknown_method_is_refused(folder, capsys):
    with pytest.raises(SystemExit) as caught:
        parsed([*arguments(folder), "--method", "mcmc"])
    assert caught.value.code == 2
    assert "tsnpe" in capsys.readouterr().err


def test_the_table_averages_observations_and_seeds():
    rows = [
        recorded.Row("slcp", "tsnpe", False, 10_000, number, seed, value, 60.0, 90.0, 0.0, "now")
        for number, seed, value in ((1, 1, 0.70), (2, 1, 0.72), (1, 2, 0.74), (2, 2, 0.76))
    ]
    head, line, apart = recorded.table([*rows, replace(rows[0], corrected=True)], {("slcp", "SNPE", 10_000): 0.8445})
    assert line.split() == ["slcp", "tsnpe", "10000", "0.730", "0.700", "0.760", "0.845", "2", "x", "2", "60.0", "0.00%"]
    assert head.split()[:2] == ["task", "method"]
    assert "correction" in apart
    assert "0.845" not in apart, "published figures knew no likelihood"


def test_draws_outside_the_prior_are_counted():
    prior = Prior.of(a="uniform(-1,1)", b="normal(0,1)", c="lognormal(0,1)")
    theta = np.array([[1.0, 90.0, 1.0], [1.01, 0.0, 1.0], [0.0, 0.0, -1.0], [-2.0, 0.0, 0.0]])
    assert share_outside(prior, theta) == 0.75


def test_whitened_coordinates_are_compared_as_parameters():
    task = TASKS["bernoulli_glm"]()
    z = task.prior.sample(20_000, seed=1)
    assert np.asarray(task.to_parameters(z))[:, 0].std() == pytest.approx(np.sqrt(2), rel=0.02)


def test_the_shared_references_are_read(shared):
    folder = shared / "benchmarks" / "sbibm"
    assert sbibm.observation(folder, "slcp", 1).shape == (8,)
    assert sbibm.reference_draws(folder, "slcp", 1).shape == (10_000, 5)
    assert recorded.published(folder)["slcp", "NPE", 10_000] == pytest.approx(0.9006)
