"""Transits lined up but kept apart: numbered, binned one by one or with their neighbours."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import light_curve_preparation, prepare, transits_preparation
from tests.observations import made

TRUTH = {"period": 2.7183, "epoch": 1327.9, "duration": 0.13, "depth": 0.008}
TIME = np.arange(0, 26.5, 4 / 1440) + 1325.5


def sector(time=TIME, **truth):
    flux = made.transit(time, **{**TRUTH, **truth}) + 1e-3 * np.random.default_rng(1).normal(size=len(time))
    return made.light_curve(time, 5e3 * flux, 5.0, 4 / 1440)


@pytest.fixture(scope="module")
def prepared():
    return prepare(sector(), transits_preparation().with_changes({"period": "2.7183"}))


def test_each_transit_has_its_number_and_times_come_back(prepared):
    points, resolved = prepared.observation.points, prepared.resolved
    cycle = points.known["cycle"].value
    assert len(np.unique(np.rint(cycle))) == 9
    assert cycle == pytest.approx(np.rint(cycle), abs=1e-12)
    time = resolved["epoch"] - 2457000 + cycle * resolved["period"] + points.coordinate
    assert np.all((time > TIME[0]) & (time < TIME[-1]))
    assert np.abs((time - TRUTH["epoch"] + 1.3) % TRUTH["period"] - 1.3).max() < 0.25
    tolerance = points.known["period_tolerance"].to_value("d")
    assert tolerance * np.abs(cycle).max() == pytest.approx(0.5 * resolved["duration"])


def test_no_bin_holds_two_transits_and_no_cadence_is_lost(prepared):
    points = prepared.observation.points
    assert len(points) <= 800
    assert points.known["count"].sum() == points.known["cadence_count"]
    inside = np.abs(points.coordinate) < 0.03
    cycle = np.rint(points.known["cycle"].value)
    for number in np.unique(cycle):
        value = prepared.observation.value[inside & (cycle == number)]
        assert value.mean() == pytest.approx(1 - TRUTH["depth"], abs=1e-3)
    assert prepared.stages[-1].sentence.endswith("min)")
    assert "in each of 9 transits" in prepared.stages[-1].sentence


def test_many_transits_are_averaged_with_their_neighbours():
    changes = {"period": "2.7183", "most_apart": "3", "max_bins": "100"}
    points = prepare(sector(), transits_preparation().with_changes(changes)).observation.points
    assert len(points) <= 100
    means = points.known["cycle"].value
    assert points.known["count"].sum() == points.known["cadence_count"]
    for low, high in ((-5, -1), (-2, 2), (1, 5)):
        assert np.any((means > low) & (means < high))
    with_folding = prepare(sector(), light_curve_preparation().with_changes({"period": "2.7183"})).observation.points
    assert "cycle" not in with_folding.known


def test_one_transit_tells_no_period():
    one = sector(np.arange(0, 2.0, 4 / 1440) + 1327.0)
    with pytest.raises(ObservationError, match=r"one transit alone, which tells no period: set model\.period=fixed"):
        prepare(one, transits_preparation().with_changes({"period": "2.7183"}))


@pytest.mark.slow
def test_real_transits_are_kept_apart(shared):
    from astro_sbi.observations.reading import read

    file = shared / "observations/transit/kplr010666592-2009131110544_slc.fits"
    found = prepare(read(file.name, file.read_bytes()), transits_preparation())
    assert len(np.unique(np.rint(found.observation.points.known["cycle"].value))) == found.resolved["transits"] == 5
    assert 600 < len(found.observation) <= 800
