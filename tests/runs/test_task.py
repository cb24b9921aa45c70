"""A request from file to result: keys, reuse of what was trained, and what a result holds."""

import json
from pathlib import Path

import numpy as np
import pytest

from astro_sbi.inference.posterior import Cancelled, weighted_quantile
from astro_sbi.runs.lending import lender, lending_note
from astro_sbi.runs.request import Request, resolve
from astro_sbi.runs.result import Result, from_files, to_files
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.store import Store
from astro_sbi.runs.task import run_inference
from astro_sbi.runs.text import result_text
from astro_sbi.simulators.prior import PriorError

QUICK = {"train.simulations": "2048", "train.steps": "50", "train.later_steps": "50", "train.rounds": "2", "train.draws": "4096"}


def light_curve() -> bytes:
    rng = np.random.default_rng(3)
    time = np.arange(0.0, 15.0, 10.0 / 1440)
    from_middle = np.abs((time - 1.0 + 1.25) % 2.5 - 1.25)
    flux = 1 - 0.01 * np.clip((0.06 - from_middle) / 0.012, 0, 1) + 5e-4 * rng.standard_normal(len(time))
    rows = "\n".join(f"{t:.6f},{f:.7f},0.0005" for t, f in zip(time, flux, strict=True))
    return f"time,flux,flux_err\n{rows}\n".encode()


def settings(samples: int = 2000, **changes: str) -> Settings:
    return Settings("transit", 1, samples, 1, tuple((QUICK | {key.replace("__", "."): value for key, value in changes.items()}).items()))


def run(store: Store | None, asked: Settings) -> Result:
    return run_inference("star.csv", light_curve(), asked, on_progress=lambda *_: None, should_stop=lambda: False, store=store)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(Path(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def result(store: Store) -> Result:
    return run(store, settings())


@pytest.mark.slow
def test_more_samples_do_not_train_again(store: Store, result: Result) -> None:
    more = run(store, settings(samples=3000))
    assert store.keys("estimator") == [result.summary["training_key"]]
    assert more.summary["training_key"] == result.summary["training_key"]
    assert more.key != result.key
    assert more.summary["seconds"]["train"] == 0
    assert len(more.arrays["weight"]) == 3000
    assert more.summary["importance"]["log_evidence"] == pytest.approx(result.summary["importance"]["log_evidence"], abs=1.0)


@pytest.mark.slow
def test_a_result_holds_what_the_command_line_promises(result: Result) -> None:
    named = "key simulator observation parameters derived importance predictive rounds verdict reasons seconds cached"
    promised = named.split(" ")
    assert set(promised) <= set(result.summary)
    assert {"efficiency", "ess", "khat", "log_evidence"} <= set(result.summary["importance"])
    assert {"p_value", "chi2_per_point_quoted", "noise_ratio", "residual_correlation"} <= set(result.summary["predictive"])
    assert {"simulate", "compile", "train", "sample", "check", "total"} <= set(result.summary["seconds"])
    assert all({"efficiency", "log_evidence", "log_prior_mass", "seconds"} <= set(done) for done in result.summary["rounds"])
    assert all({"median", "lower", "upper", "unit"} <= set(row) for row in result.summary["parameters"].values())
    assert result.summary["comparable_log_evidence"] is None
    json.dumps(result.summary, allow_nan=False)


@pytest.mark.slow
def test_the_planet_is_found(result: Result) -> None:
    row = result.summary["parameters"]["radius_ratio"]
    assert row["lower"] - 3 * (row["upper"] - row["lower"]) < 0.1 < row["upper"] + 3 * (row["upper"] - row["lower"])
    phase = (result.arrays["unfolded/time"] - 1.0 + 1.25) % 2.5 - 1.25
    model = result.arrays["unfolded/model"]
    assert model[np.abs(phase) < 0.02].mean() < 0.995 < model[np.abs(phase) > 0.1].mean()


@pytest.mark.slow
def test_curves_are_kept_with_the_draws_that_made_them(result: Result) -> None:
    curves, draw, point = (result.arrays[f"curves/{name}"] for name in ("value", "draw", "point"))
    assert curves.shape == (len(draw), len(point)) == (1500, min(200, len(result.arrays["observed/value"])))
    assert curves.dtype == np.float32
    assert np.all(np.diff(point) > 0)
    np.testing.assert_allclose(np.median(curves, axis=0), result.arrays["model/median"][point], atol=1e-4)
    far = np.abs(result.arrays["observed/coordinate"][point]).argmax()
    np.testing.assert_allclose(curves[:, far], result.arrays["posterior/baseline"][draw], atol=1e-6)


@pytest.mark.slow
def test_a_result_survives_its_files(result: Result) -> None:
    again = from_files(to_files(result))
    assert again.summary == result.summary
    assert list(again.summary["parameters"]) == list(result.summary["parameters"])
    assert all(np.array_equal(again.arrays[name], value, equal_nan=True) for name, value in result.arrays.items())


def key_of(asked: Settings) -> str:
    return resolve("star.csv", light_curve(), asked).training_key


@pytest.mark.slow
@pytest.mark.usefixtures("read_here")
def test_keys_tell_what_matters_apart() -> None:
    first = key_of(settings())
    assert key_of(settings(samples=5000)) == first
    assert key_of(settings(prior__radius_ratio="uniform(0.05,0.12)")) != first
    assert key_of(settings(prepare__period="2.5")) != first
    assert key_of(settings(train__rounds="3")) != first


@pytest.mark.slow
@pytest.mark.usefixtures("read_here")
def test_a_prior_in_another_unit_has_the_key_of_the_same_prior() -> None:
    own = key_of(settings(prior__duration="loguniform(0.05,0.3)", prior__epoch_offset="fixed(0.01)"))
    assert key_of(settings(prior__duration="loguniform(1.2,7.2) h", fix__epoch_offset="14.4 min")) == own
    assert key_of(settings(prior__duration="loguniform(0.05,0.3) d", fix__epoch_offset="0.01")) == own
    assert key_of(settings(prior__duration="loguniform(1.2,7.3) h", fix__epoch_offset="14.4 min")) != own


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"prior__duration": "uniform(1,5) km"}, PriorError, "duration is given in km; it must be in d or a unit that converts"),
        ({"prior__radius_ratio": "uniform(0.05,0.1) h"}, PriorError, "it must be a pure number"),
        ({"fix__duration": "3 bananas"}, PriorError, "not understood as a unit"),
        ({"prior__radius": "uniform(0,1)"}, PriorError, "there is no parameter radius"),
        ({"prior__radius_ratio": "uniform(0.05,3)"}, PriorError, "radius_ratio must lie"),
        ({"train__speed": "1"}, SettingsError, "train.speed does not exist"),
        ({"train__rounds": "99"}, SettingsError, "train.rounds lies between"),
        ({"read__colour": "blue"}, SettingsError, "read.colour does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(changes: dict[str, str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        key_of(settings(**changes))


@pytest.mark.slow
def test_cancelling_while_preparing_stops() -> None:
    with pytest.raises(Cancelled):
        run_inference("star.csv", light_curve(), settings(), on_progress=lambda *_: None, should_stop=lambda: True)


@pytest.mark.slow
def test_a_narrower_prior_borrows_a_trained_flow(store: Store, result: Result) -> None:
    row = result.summary["parameters"]["radius_ratio"]
    low, high = row["lower"], row["median"] + 5 * (row["upper"] - row["lower"])
    before = store.keys("estimator")
    narrow = run(store, settings(prior__radius_ratio=f"uniform({low},{high})", samples=4000))
    assert store.keys("estimator") == before
    assert narrow.summary["seconds"]["train"] == 0
    assert narrow.summary["training_key"] == result.summary["training_key"]
    assert list(narrow.summary["trained_under"]) == ["radius_ratio"]
    assert narrow.key not in (result.key, resolve("star.csv", light_curve(), Settings.from_json(narrow.settings)).result_key)
    assert "trained under a wider prior (radius_ratio loguniform" in result_text(narrow.summary)
    assert "trained under" not in result_text(result.summary)
    ratio = result.arrays["posterior/radius_ratio"]
    # A density of 1 / r in a logarithmic prior, a constant one here.
    weight = result.arrays["weight"] * ratio * ((ratio > low) & (ratio < high))
    for name in ("radius_ratio", "duration", "epoch_offset"):
        lower, median, upper = weighted_quantile(result.arrays[f"posterior/{name}"], weight)
        ours = narrow.summary["parameters"][name]
        assert ours["median"] == pytest.approx(median, abs=0.2 * (upper - lower)), name
        assert ours["upper"] - ours["lower"] == pytest.approx(upper - lower, rel=0.25), name


@pytest.mark.slow
@pytest.mark.usefixtures("read_here")
def test_who_lends(tmp_path: Path) -> None:
    """A training under the narrowest prior that holds the one asked for, of equal settings and the same observation."""
    store = Store(tmp_path)

    def asked(**changes: str) -> Request:
        return resolve("star.csv", light_curve(), settings(**changes))

    def keep(**changes: str) -> str:
        request = asked(**changes)
        store.commit("estimator", request.training_key, lending_note(request))
        return request.training_key

    keep()
    closer = keep(prior__duration="loguniform(0.05,0.4)")
    found = lender(store, asked(prior__duration="uniform(0.1,0.2)"))
    assert found is not None
    assert (found.key, found.priors) == (closer, {"duration": "loguniform(0.05,0.4)"})
    assert lender(store, asked(prior__duration="uniform(0.1,0.2)", samples=3000)) is not None
    assert lender(store, asked(prior__duration="loguniform(0.05,0.4)")) is None
    for changes in (
        {"prior__jitter": "loguniform(1e-9,0.1)"},
        {"prior__radius_ratio": "normal(0.1,0.017)"},
        {"fix__duration": "0.12"},
        {"prior__duration": "uniform(0.1,0.2)", "train__rounds": "3"},
        {"prior__duration": "uniform(0.1,0.2)", "prepare__period": "2.5"},
    ):
        assert lender(store, asked(**changes)) is None, changes
    assert lender(None, asked(prior__duration="uniform(0.1,0.2)")) is None
