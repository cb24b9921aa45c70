import json
import time as clock

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import PreparationStopped, light_curve_preparation, prepare, to_json
from astro_sbi.observations.reading import read
from astro_sbi.observations.steps.transit_search import log_trials
from astro_sbi.observations.steps.trend import trend
from tests.observations import made

CADENCE = 2 / 1440
SECTOR = np.concatenate([np.arange(0, 12.8, CADENCE), np.arange(14.1, 27.2, CADENCE)]) + 1325.3
TRUTH = {"period": 4.3217, "epoch": 1327.9, "duration": 0.13, "depth": 0.008}


def sector(seed: int = 1, noise: float = 1e-3, trend=None, **truth: float):
    flux = made.transit(SECTOR, **{**TRUTH, **truth})
    flux = flux * (1 if trend is None else trend(SECTOR)) + noise * np.random.default_rng(seed).normal(size=len(SECTOR))
    return made.light_curve(SECTOR, 5e3 * flux, 5e3 * noise, CADENCE)


@pytest.fixture(scope="module")
def prepared():
    return prepare(sector(), light_curve_preparation())


def real(shared, file: str):
    return read(file, (shared / "observations" / file).read_bytes())


@pytest.mark.parametrize(
    ("file", "period", "duration", "precision"),
    [
        ("transit/kplr010666592-2009131110544_slc.fits", 2.204735, 0.1643, 1e-4),
        pytest.param(
            "transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits", 3.2888, 0.1423, 3e-4, marks=pytest.mark.slow
        ),
        pytest.param("transit/K2-3_EPIC201367065_detrended.csv", 10.0546, 0.105, 1e-3, marks=pytest.mark.slow),
        pytest.param("transit/K2-3_EPIC201367065.csv", 10.0546, 0.105, 1e-3, marks=pytest.mark.slow),
    ],
)
def test_real_transits(shared, file, period, duration, precision):
    observation = real(shared, file)
    started = clock.process_time()
    found = prepare(observation, light_curve_preparation())
    assert clock.process_time() - started < 4
    assert found.resolved["period"] == pytest.approx(period, abs=precision)
    assert found.resolved["duration"] == pytest.approx(duration, rel=0.15)
    assert len(found.observation) <= 400
    assert np.median(found.observation.value[np.abs(found.observation.points.coordinate) > 0.6 * duration]) == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
def test_rotating_star_has_no_transit(shared):
    with pytest.raises(ObservationError, match=r"no periodic dip found.*prepare\.period"):
        prepare(real(shared, "stellar_rotation/kplr010002792-2010174085026_llc.fits"), light_curve_preparation())


@pytest.mark.slow
def test_known_quantities(prepared):
    known = prepared.observation.points.known
    names = {"exposure_time", "bin_width", "count", "period", "epoch", "dilution", "duration_guess", "log_trials", "cadence_count"}
    assert names <= set(known)
    assert known["period"].to_value("d") == pytest.approx(TRUTH["period"], abs=3e-4)
    assert known["epoch"].to_value("d") > 2458300
    cycles = (known["epoch"].to_value("d") - 2457000 - TRUTH["epoch"]) / TRUTH["period"]
    assert cycles == pytest.approx(round(cycles), abs=2e-3)
    assert known["duration_guess"].to_value("d") == pytest.approx(TRUTH["duration"], rel=0.05)
    assert known["count"].shape == (len(prepared.observation),)
    assert known["count"].sum() == known["cadence_count"]


def test_bins_are_narrower_than_an_eighth_of_ingress(prepared):
    assert 0 < prepared.resolved["bin_width"] <= prepared.resolved["ingress_guess"] / 8
    steps = np.diff(prepared.observation.points.coordinate)
    assert steps.min() > 0
    assert steps.max() < 2.1 * prepared.resolved["bin_width"]


def test_errors_are_those_of_the_scatter(prepared):
    coordinate, duration = prepared.observation.points.coordinate, TRUTH["duration"]
    outside = np.abs(coordinate) > 0.6 * duration
    pull = (prepared.observation.value[outside] - 1) / prepared.observation.points.noise.sigma[outside]
    assert np.std(pull) == pytest.approx(1, abs=0.15)


@pytest.mark.slow
def test_depth_is_not_biased():
    wavy = prepare(sector(noise=3e-4, trend=lambda t: 1 + 0.01 * np.sin(2 * np.pi * t / 6)), light_curve_preparation())
    bottom = np.abs(wavy.observation.points.coordinate) < 0.35 * TRUTH["duration"]
    assert 1 - np.mean(wavy.observation.value[bottom]) == pytest.approx(TRUTH["depth"], rel=0.01)


def test_every_step_leaves_a_stage(prepared):
    steps = light_curve_preparation().steps
    assert [stage.name for stage in prepared.stages] == [step.title for step in steps if not step.idle]
    for stage in prepared.stages:
        assert all(len(part) <= 4000 for curve in (stage.before, stage.after) for part in curve)
    kept = len(SECTOR) - sum(sum(stage.dropped.values()) for stage in prepared.stages)
    assert kept == prepared.observation.points.known["cadence_count"]


def test_companions(prepared):
    assert prepared.unfolded.points.coordinate[0] == SECTOR[0]
    assert np.median(prepared.unfolded.value) == pytest.approx(1, abs=1e-3)
    assert prepared.unfolded.points.known["mid_time"].to_value("d") == pytest.approx(prepared.resolved["epoch"] - 2457000)
    both = prepared.odd.points.known["count"].sum() + prepared.even.points.known["count"].sum()
    assert both == prepared.observation.points.known["cadence_count"]
    period, power = prepared.periodogram
    assert len(period) <= 4000
    assert period[np.argmax(power)] == pytest.approx(TRUTH["period"], rel=1e-2)


@pytest.mark.slow
def test_row_order_does_not_matter():
    observation, order = sector(), np.random.default_rng(2).permutation(len(SECTOR))
    columns = {"btjd": observation.points.coordinate, "flux": observation.value, "flux_err": observation.points.noise.sigma}
    shuffled = {name: values[order] for name, values in columns.items()}
    first, second = (prepare(read("a.csv", made.csv(rows)), light_curve_preparation()) for rows in (columns, shuffled))
    assert first.observation.content_hash == second.observation.content_hash


def test_given_period_is_kept():
    given = prepare(sector(), light_curve_preparation().with_changes({"period": "4.3217"}))
    assert given.resolved["period"] == 4.3217
    assert given.periodogram is None
    assert given.resolved["log_trials"] < 5 < log_trials(0.5, 26, 27.4)


def test_given_epoch_and_duration_are_kept():
    changes = {"period": "4.3217", "epoch": str(2457000 + TRUTH["epoch"]), "duration": "0.14"}
    given = prepare(sector(), light_curve_preparation().with_changes(changes))
    assert ((given.resolved["epoch"] - 2457000 - TRUTH["epoch"]) / 4.3217) % 1 == pytest.approx(0, abs=1e-6)
    assert given.resolved["duration"] == 0.14


def test_one_transit_from_the_ground():
    time = np.arange(0, 0.25, 1 / 1440) + 2459000.5
    flux = made.transit(time, 3.3, time[0] + 0.12, 0.11, 0.014) + 1e-3 * np.random.default_rng(1).normal(size=len(time))
    observation = made.light_curve(time, flux, 1e-3)
    with pytest.raises(ObservationError, match=r"too short to search.*prepare\.period"):
        prepare(observation, light_curve_preparation())
    given = prepare(observation, light_curve_preparation().with_changes({"period": "3.3"}))
    assert given.resolved["duration"] == pytest.approx(0.11, rel=0.1)
    assert given.even is None or given.odd is None


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_noise_has_no_transit(seed):
    with pytest.raises(ObservationError, match="no periodic dip found"):
        prepare(sector(seed, depth=0.0), light_curve_preparation())


def test_wrong_settings_are_named():
    preparation = light_curve_preparation()
    with pytest.raises(ObservationError, match=r"no prepare\.perod; there are keep, leave_out, clip, period"):
        preparation.with_changes({"perod": "2"})
    for name, text in (("period", "two"), ("period", "-1"), ("period", "nan"), ("clip", "inf"), ("baseline", "cubic"), ("max_bins", "3")):
        with pytest.raises(ObservationError, match=rf"prepare\.{name}"):
            preparation.with_changes({name: text})


def test_settings_round_trip():
    preparation = light_curve_preparation().with_changes({"period": "2.5", "baseline": "none"})
    told = json.loads(json.dumps(to_json(preparation)))
    assert told["steps"][2]["period"] == 2.5
    assert preparation.with_changes({"period": "auto", "baseline": "linear"}) == light_curve_preparation()
    names = [setting.name for setting in preparation.settings]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "changes",
    [{"baseline": "none"}, {"baseline": "quadratic"}, {"flatten_window": "0"}, {"bin_width": "0", "window": "2"}, {"max_bins": "50"}],
)
def test_settings_do_something_sane(changes):
    changed = prepare(sector(), light_curve_preparation().with_changes({"period": "4.3217", **changes}))
    assert changed.observation.value.min() == pytest.approx(1 - TRUTH["depth"], abs=4e-3)
    assert len(changed.observation) <= (400 if "bin_width" not in changes else 1e5)


@pytest.mark.slow
def test_progress_and_stop():
    seen = []
    prepare(sector(), light_curve_preparation(), on_progress=lambda *event: seen.append(event))
    assert {event[0] for event in seen} == {"preparing", "searching"}
    assert all(0 <= done <= total for _, done, total, _ in seen)
    with pytest.raises(PreparationStopped):
        prepare(sector(), light_curve_preparation(), should_stop=lambda: True)


def test_magnitudes_are_refused():
    with pytest.raises(ObservationError, match="median flux is not above zero"):
        prepare(made.light_curve(SECTOR, made.transit(SECTOR, **TRUTH) - 1, 1e-3), light_curve_preparation())


def test_trend_bridges_protected_points():
    time = np.arange(0, 20, 0.01)
    slow = 1 + 0.02 * np.sin(2 * np.pi * time / 9)
    protected = np.abs((time + 1) % 3 - 1.5) < 0.1
    found = trend(time, slow - 0.01 * protected, 1.0, protected)
    np.testing.assert_allclose(found, slow, atol=3e-4)
