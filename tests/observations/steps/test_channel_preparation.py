"""Light curves in several channels, in ranges of time, in bins."""

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, light_curve_preparation, prepare
from astro_sbi.observations.reading import read
from astro_sbi.observations.steps.clip import Clip
from astro_sbi.observations.steps.cut import Cut
from astro_sbi.observations.steps.step import channel_masks
from astro_sbi.observations.steps.time_bins import BinInTime
from tests.observations import made
from tests.observations.tables import observed

TRUTH = {"period": 4.3217, "epoch": 1327.9, "duration": 0.13, "depth": 0.008}
TIME = np.arange(0, 26, 4 / 1440) + 1325.3


def two_bands(seed: int = 1):
    """Every other point in another band, three times as bright, with a trend of its own."""
    rng, other = np.random.default_rng(seed), np.arange(len(TIME)) % 2 == 1
    slow = 1 + 0.01 * np.sin(2 * np.pi * TIME / np.where(other, 9.0, 13.0))
    level = np.where(other, 3e3, 1e3)
    flux = level * slow * (made.transit(TIME, **TRUTH) + 1e-3 * rng.normal(size=len(TIME)))
    known = {"exposure_time": np.where(other, 60, 120) * u.s, "dilution": 1.0}
    return observed("light_curve", TIME, flux, 1e-3 * level, {"g": ~other, "r": other}, **known)


def steps(*steps):
    return Preparation(steps)


@pytest.mark.slow
def test_transit_in_two_bands():
    prepared = prepare(two_bands(), light_curve_preparation())
    points = prepared.observation.points
    assert prepared.resolved["period"] == pytest.approx(TRUTH["period"], abs=1e-3)
    assert prepared.observation.channels == ("g", "r")
    assert (np.diff(points.coordinate) >= 0).all()
    assert len(points) <= 400
    for here in channel_masks(prepared.observation):
        inside, value = np.abs(points.coordinate[here]) < 0.35 * TRUTH["duration"], prepared.observation.value[here]
        assert value[inside].mean() == pytest.approx(1 - TRUTH["depth"], abs=3e-4)
        assert np.median(value[np.abs(points.coordinate[here]) > 0.6 * TRUTH["duration"]]) == pytest.approx(1, abs=3e-4)
    assert points.known["count"].sum() == points.known["cadence_count"]


@pytest.mark.slow
def test_each_point_keeps_the_exposure_of_its_channel():
    points = prepare(two_bands(), light_curve_preparation()).observation.points
    np.testing.assert_allclose(points.known["exposure_time"].to_value("s"), np.where(points.channel == 1, 60, 120))


@pytest.mark.slow
@pytest.mark.parametrize("preparation", [light_curve_preparation().with_changes({"period": "2.2047"}), steps(BinInTime(0.02))])
def test_exposure_time_and_bin_width_reach_the_simulator(preparation):
    prepared = prepare(read("kplr.fits", made.kepler(rows=3000)), preparation)
    known = prepared.observation.points.known
    assert known["exposure_time"].to_value("d") == pytest.approx((270 * 6.02 + 269 * 0.519) / 86400, rel=1e-6)
    assert known["bin_width"].to_value("d") == prepared.resolved.get("time_bin", prepared.resolved.get("bin_width"))
    assert known["dilution"].value == 1


def test_bins_in_time_are_weighted_means_of_one_channel():
    rng = np.random.default_rng(1)
    time, sigma = np.sort(rng.uniform(0, 10, 300)), rng.uniform(0.5, 2, 300)
    value, second = rng.normal(size=300), rng.random(300) < 0.3
    prepared = prepare(observed("light_curve", time, value, sigma, {"a": ~second, "b": second}), steps(BinInTime(0.5)))
    points = prepared.observation.points
    for row in range(len(points)):
        start = time[0] + 0.5 * np.floor((points.coordinate[row] - time[0]) / 0.5)
        here = (time >= start) & (time < start + 0.5) & (second == (points.channel[row] == 1))
        assert prepared.observation.value[row] == pytest.approx(np.average(value[here], weights=sigma[here] ** -2))
        assert points.noise.sigma[row] == pytest.approx(np.sum(sigma[here] ** -2) ** -0.5)
        assert points.known["count"][row] == here.sum()
    assert points.known["count"].sum() == 300
    assert points.known["bin_width"] == 0.5 * u.d


def test_bins_of_bins_count_the_first_points():
    prepared = prepare(two_bands(), steps(BinInTime(0.02), Clip(clip=1e6), BinInTime(0.2)))
    assert prepared.observation.points.known["count"].sum() == len(TIME)


def test_no_width_keeps_every_point_and_no_range_leaves_no_stage():
    observation = two_bands()
    prepared = prepare(observation, steps(Cut(), BinInTime()))
    assert prepared.observation.content_hash == observation.content_hash
    assert [stage.name for stage in prepared.stages] == ["Bin in time"]


def test_a_bright_channel_does_not_clip_another():
    observation = two_bands()
    kept = prepare(observation, steps(Clip(6.0))).observation
    assert len(kept) > 0.999 * len(observation)
    value = observation.value.copy()
    value[[100, 101]] *= 1.05
    spiked = observed("light_curve", TIME, value, 1.0, {"g": observation.points.channel == 0, "r": observation.points.channel == 1})
    assert sum(prepare(spiked, steps(Clip(6.0))).stages[0].dropped.values()) >= 2


@pytest.mark.parametrize(
    ("changes", "kept", "reasons"),
    [
        ({"keep": "1326-1328, 1330-1331"}, lambda t: (t >= 1326) & (t <= 1328) | (t >= 1330) & (t <= 1331), {"outside the ranges to keep"}),
        ({"keep": "2458326 - 2458328"}, lambda t: (t >= 1326) & (t <= 1328), {"outside the ranges to keep"}),
        (
            {"leave_out": "1326 to 1328; 1.33e3..1331"},
            lambda t: ~((t >= 1326) & (t <= 1328) | (t >= 1330) & (t <= 1331)),
            {"in a range to leave out"},
        ),
        (
            {"keep": "1326-1330", "leave_out": "1329–1400"},
            lambda t: (t >= 1326) & (t < 1329),
            {"outside the ranges to keep", "in a range to leave out"},
        ),
    ],
)
def test_cut(changes, kept, reasons):
    prepared = prepare(two_bands(), steps(Cut()).with_changes(changes))
    np.testing.assert_array_equal(prepared.observation.points.coordinate, TIME[kept(TIME)])
    assert set(prepared.stages[0].dropped) == reasons
    assert sum(prepared.stages[0].dropped.values()) == (~kept(TIME)).sum()


def test_numbers_below_zero_make_ranges():
    observation = observed("velocities", np.arange(-10.0, 10), np.zeros(20), 1.0)
    prepared = prepare(observation, steps(Cut(keep="-5--3, -1-+2")))
    assert list(prepared.observation.points.coordinate) == [-5, -4, -3, -1, 0, 1, 2]


@pytest.mark.parametrize(
    "text", ["1326", "a-b", "1328-1326", "1-2-3", "1326-1328 1330-1331", "1-1", "1e400-2e400", ",".join(["1-2"] * 101)]
)
def test_wrong_ranges_are_named(text):
    with pytest.raises(ObservationError, match=r"prepare\.leave_out .*range"):
        steps(Cut()).with_changes({"leave_out": text})


def test_nothing_left_is_a_sentence():
    with pytest.raises(ObservationError, match=r"made.csv: no point is left.*1325\.3.*prepare\.keep"):
        prepare(two_bands(), steps(Cut(keep="10-20")))
