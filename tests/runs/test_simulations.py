"""A table of simulations from file to result: settings, keys, what is trained again and what is not."""

import json

import numpy as np
import pytest

import astro_sbi
from astro_sbi.inference import npe
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs import on_demand
from astro_sbi.runs.result import Result, from_files, to_files
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.simulations import infer_from_table, table_options
from astro_sbi.runs.store import Store
from astro_sbi.runs.task import run_inference, run_task
from astro_sbi.simulators.prior import PriorError
from tests.inference.test_simulated import SIGMA, exact, small_settings
from tests.observations.simulations.made import csv, every_format, frame, npz, read_in_this_process

NAMES, COMPONENTS = ("theta_mass",), ("a", "b", "c")
OBSERVED = np.array([1.0, 0.5, 2.0])


def quiet(*_: object) -> None:
    return None


def simulations(rows: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(rows, 1))
    return theta, theta + SIGMA * rng.normal(size=(rows, 3))


def observation(values: np.ndarray = OBSERVED) -> tuple[str, bytes]:
    return "star.csv", csv(frame(values[None, :0], values[None], (), COMPONENTS), index=False)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read here, and networks are small."""
    settings = small_settings()
    read_in_this_process(monkeypatch)
    monkeypatch.setattr(npe, "NPESettings", lambda **_: settings)


def infer(table: tuple[str, bytes], observed: tuple[str, bytes], store: Store | None = None, **changes: str) -> Result:
    settings = Settings("simulations", samples=4000, changes=tuple((name.replace("__", "."), text) for name, text in changes.items()))
    return infer_from_table(table, observed, settings, on_progress=quiet, should_stop=lambda: False, store=store)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.slow
def test_every_format_trains_once_and_gives_the_posterior(store: Store):
    theta, x = simulations()
    results = {name: infer((name, content), observation(), store) for name, content in every_format(theta, x, NAMES, COMPONENTS).items()}
    first = results["table.npz"].summary
    assert {result.summary["training_key"] for result in results.values()} == {first["training_key"]}
    assert store.keys("estimator") == [first["training_key"]]
    mean, sigma = exact(OBSERVED)
    row = first["parameters"]["theta_mass"]
    assert row["median"] == pytest.approx(mean, abs=0.3 * sigma)
    assert row["upper"] - row["lower"] == pytest.approx(2 * sigma, rel=0.2)
    assert all(result.summary["parameters"] == first["parameters"] for result in results.values())
    assert first["verdict"] == "caution"
    assert first["calibration"]["tests"] == first["table"]["held_back"] == 200
    assert set(first["calibration"]["coverage"]) == {"theta_mass", "jointly"}
    assert first["summaries_p"] > 0.01
    assert first["priors"]["theta_mass"].startswith("normal(")
    assert "theta_mass was drawn from normal(" in first["origin"]["guesses"][-1]
    assert first["snippet"].splitlines()[2].startswith("result = astro_sbi.infer_from_simulations('table.npz', 'star.csv', seed=1")


@pytest.mark.slow
def test_another_observation_does_not_train_again(store: Store):
    theta, x = simulations()
    upload = store.put_upload("table.npz", npz(theta=theta, x=x, x_observed=x[5]))
    settings = Settings("simulations", samples=2000, changes=(("table.file", upload),))
    asked = {"on_progress": quiet, "should_stop": lambda: False, "store": store}
    one = run_inference("star.csv", observation()[1], settings, **asked)
    other = run_inference(*store.upload(upload), settings, **asked)
    far = run_inference("far.csv", observation(np.array([1.0, 9.0, -14.0]))[1], settings, **asked)
    assert len({result.key for result in (one, other, far)}) == 3
    assert {result.summary["training_key"] for result in (one, other, far)} == set(store.keys("estimator"))
    assert (one.summary["seconds"]["train"] > 0, other.summary["seconds"]["train"]) == (True, 0)
    assert other.summary["calibration"] == one.summary["calibration"]
    assert other.arrays["observed/value"] == pytest.approx(
        (x[5] - np.median(x, axis=0)) / np.ptp(np.quantile(x, (0.16, 0.84), axis=0), axis=0) * 2
    )
    assert far.summary["verdict"] == "do not trust"
    assert "lies outside the simulations" in far.summary["reasons"][0]
    assert any("2 of 3 values lie outside" in reason and "component 3, below it" in reason for reason in far.summary["reasons"])
    assert [name for name, _ in far.summary["prior_range"]["farthest"]] == ["component 3", "component 2"]
    assert one.summary["prior_range"]["outside"] == 0
    kept = from_files(to_files(far))
    assert kept.summary == json.loads(json.dumps(far.summary))


@pytest.mark.slow
def test_a_flow_that_is_not_calibrated_is_not_trusted(monkeypatch: pytest.MonkeyPatch):
    """Rows held back that were made otherwise: as a flow that learned something wrong."""
    from astro_sbi.inference.simulated import SimulatedProblem

    whole = SimulatedProblem.tests

    def moved(self):
        latent, x = whole(self)
        return latent + 0.5, x

    monkeypatch.setattr(SimulatedProblem, "tests", moved)
    theta, x = simulations()
    found = infer(("table.npz", npz(theta=theta, x=x)), observation()).summary
    assert found["verdict"] == "do not trust"
    assert "the flow is not calibrated" in found["reasons"][0]


@pytest.mark.slow
def test_a_flow_is_tested_at_its_observation_by_rows_held_back(store: Store, monkeypatch: pytest.MonkeyPatch):
    from astro_sbi.inference.simulated import SimulatedProblem

    theta, x = simulations(6000)
    settings = Settings("simulations", samples=2000, changes=(("table.file", store.put_upload("table.npz", npz(theta=theta, x=x))),))
    asked = {"on_progress": quiet, "should_stop": lambda: False, "store": store}
    kept = run_inference(*observation(), settings, **asked)
    store.commit("result", kept.key, to_files(kept))
    store.put_upload(*observation())
    assert on_demand.refusal(store, kept, "local") == ""
    told = run_task(*observation(), on_demand.check_settings(kept, "local"), **asked).summary
    assert told["test"]["simulations"] == 600
    assert told["test"]["bias"]["theta_1"] == pytest.approx(0.0, abs=0.4)
    whole = SimulatedProblem.tests
    monkeypatch.setattr(SimulatedProblem, "tests", lambda self: (whole(self)[0] + 0.3, whole(self)[1]))
    moved = run_task(*observation(), on_demand.check_settings(kept, "local"), **asked).summary
    assert moved["verdict"] == "do not trust"
    assert moved["test"]["bias"]["theta_1"] > told["test"]["bias"]["theta_1"] + 0.3
    assert "Nothing corrects this flow" in moved["reasons"][0]


@pytest.mark.slow
def test_a_prior_that_is_told_wrongly_is_said():
    theta, x = simulations(1000)
    found = infer(("table.npz", npz(theta=theta, x=x)), observation(), prior__theta_1="uniform(-4,6)").summary
    assert any("do not look drawn from its prior uniform(-4,6)" in reason for reason in found["reasons"])
    assert found["priors"] == {"theta_1": "uniform(-4,6)"}


def test_requests_that_make_no_sense_are_one_sentence(store: Store):
    theta, x = simulations(300)
    table = ("table.npz", npz(theta=theta, x=x))
    with pytest.raises(PriorError, match="leaves out"):
        infer(table, observation(), prior__theta_1="uniform(0,1)")
    with pytest.raises(PriorError, match="cannot be held"):
        infer(table, observation(), fix__theta_1="0.5")
    with pytest.raises(PriorError, match="there is no parameter mass"):
        infer(table, observation(), prior__mass="uniform(0,1)")
    with pytest.raises(SettingsError, match=r"prepare.period cannot be set for a table of simulations; there are table.parameters"):
        infer(table, observation(), prepare__period="2")
    with pytest.raises(SettingsError, match=r"train.epochs is a whole number between 1 and 1000, not 0"):
        infer(table, observation(), train__epochs="0")
    with pytest.raises(ObservationError, match=r"^star.csv: it has 1 row of 2 numbers"):
        infer(table, ("star.csv", b"a,b\n1,2\n"))
    with pytest.raises(SettingsError, match="not in this store"):
        run_inference(*observation(), Settings("simulations"), on_progress=quiet, should_stop=lambda: False, store=store)
    with pytest.raises(SettingsError, match="names with commas"):
        table_options(Settings("simulations", changes=(("table.parameters", "a,,b"),)))


def test_names_of_columns_stay_as_they_are_written():
    settings = Settings("simulations", changes=(("table.parameters", "Mass,  M tot, 007"),))
    assert table_options(settings).parameters == ("Mass", "M tot", "007")


@pytest.mark.slow
def test_from_python(tmp_path):
    theta, x = simulations(1000)
    (tmp_path / "table.npz").write_bytes(npz(theta=theta, x=x, x_observed=OBSERVED, theta_names=np.array(["mass"])))
    result = astro_sbi.infer_from_simulations(tmp_path / "table.npz", samples=2000, seed=3)
    assert result.summary["parameters"]["mass"]["median"] == pytest.approx(exact(OBSERVED)[0], abs=0.2)
    assert result.summary["observation"]["points"] == 3
