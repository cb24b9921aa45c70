"""Tables of velocities and of supernovae: nights, offsets, outliers."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.preparation import Preparation, preparation_of, prepare, velocities_preparation
from astro_sbi.observations.steps.nights import NightlyBins, nights
from astro_sbi.observations.steps.offsets import InstrumentOffsets, weighted_median
from astro_sbi.observations.steps.outliers import OFF, Outliers
from tests.observations.tables import observed


def velocities(seed: int = 1, scatter: float = 0.0):
    """Sixty nights of one to six points with either of two instruments, which differ by 40 m/s."""
    rng = np.random.default_rng(seed)
    night = np.repeat(np.arange(60), rng.integers(1, 7, 60))
    time = 3000.4 + night + 0.15 * rng.random(len(night))
    sigma = rng.uniform(1, 3, len(night))
    second = night % 3 == 0
    value = 5 * np.sin(time / 3) + 40 * second + np.hypot(sigma, scatter) * rng.normal(size=len(night))
    return observed("velocities", time, value, sigma, {"HIRES": ~second, "HARPS": second}), night


def prepared(observation, *steps, **changes: str):
    return prepare(observation, Preparation(steps).with_changes(changes))


def test_nights_are_weighted_means():
    observation, night = velocities()
    order = np.argsort(observation.points.coordinate, kind="stable")
    done = prepared(observation, NightlyBins(), nights="average")
    points = done.observation.points
    assert len(points) == 60
    for row in range(60):
        here = night[order] == row
        weight = observation.points.noise.sigma[here] ** -2
        mean = np.average(observation.value[here], weights=weight)
        assert done.observation.value[row] == pytest.approx(mean)
        assert points.coordinate[row] == pytest.approx(np.average(observation.points.coordinate[here], weights=weight))
        chi2 = np.sum(weight * (observation.value[here] - mean) ** 2)
        inflated = np.sqrt(max(1, chi2 / max(here.sum() - 1, 1)) / weight.sum())
        assert points.noise.sigma[row] == pytest.approx(inflated)
        assert points.known["bin_width"][row].to_value("d") == pytest.approx(np.ptp(observation.points.coordinate[here]))
    assert points.known["count"].sum() == len(observation)
    assert done.observation.channels[points.channel[0]] == "HARPS"


def test_scatter_within_a_night_raises_its_error():
    calm, wild = (prepared(velocities(scatter=scatter)[0], NightlyBins(), nights="average") for scatter in (0.0, 10.0))
    assert np.median(wild.observation.points.noise.sigma) > 1.5 * np.median(calm.observation.points.noise.sigma)
    assert "errors were raised to the scatter within the night" in wild.stages[0].sentence


def test_two_instruments_in_one_night_stay_apart():
    time, second = np.array([0.1, 0.11, 0.2, 0.21, 1.1]), np.array([False, True, False, True, True])
    done = prepared(
        observed("velocities", time, np.array([0.0, 50, 2, 52, 7]), 1.0, {"a": ~second, "b": second}), NightlyBins(), nights="average"
    )
    np.testing.assert_allclose(done.observation.value, [1, 51, 7])
    np.testing.assert_array_equal(done.observation.points.channel, [0, 1, 1])


@pytest.mark.parametrize(
    ("time", "number"),
    [
        ([0.0, 0.2, 0.4, 0.9, 1.0], [0, 0, 0, 1, 1]),
        (np.arange(0, 3, 0.25), np.repeat([0, 1, 2], 4)),
        ([5.0], [0]),
        ([1.0, 1.0, 2.5], [0, 0, 1]),
    ],
)
def test_nights_end_at_gaps_and_after_a_day(time, number):
    np.testing.assert_array_equal(nights(np.asarray(time), 0.3), number)


def test_offsets_are_weighted_medians():
    done = prepared(velocities()[0], InstrumentOffsets(), offsets="subtract")
    offsets = {name.removeprefix("offset "): value for name, value in done.resolved.items() if name.startswith("offset ")}
    assert set(offsets) == {"HIRES", "HARPS"}
    assert offsets["HARPS"] - offsets["HIRES"] == pytest.approx(40, abs=4)
    assert all(f"{offset:.6g} m / s from {name}" in done.stages[0].sentence for name, offset in offsets.items())
    for channel in (0, 1):
        here = done.observation.points.channel == channel
        assert weighted_median(done.observation.value[here], done.observation.points.noise.sigma[here]) == pytest.approx(0, abs=1e-9)


def test_weighted_median():
    value, even = np.array([5.0, 1, 3, 2, 4]), np.ones(5)
    assert weighted_median(value, even) == np.median(value)
    assert weighted_median(np.array([1.0, 2, 3, 4]), np.ones(4)) == 2.5
    assert weighted_median(np.array([7.0]), np.ones(1)) == 7
    assert weighted_median(value, np.where(value == 5, 0.01, 1)) == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("centre", ["constant", "running"])
def test_outliers_of_each_channel(centre):
    observation, _ = velocities()
    value = observation.value.copy()
    spoilt = np.flatnonzero(observation.points.channel == 0)[[10, 50]]
    value[spoilt] += [200, -150]
    channels = {name: observation.points.channel == index for index, name in enumerate(observation.channels)}
    worse = observed("velocities", observation.points.coordinate, value, observation.points.noise.sigma, channels)
    done = prepared(worse, Outliers(), outlier_centre=centre, outliers="6")
    assert done.stages[0].dropped == {"outlier": 2}
    np.testing.assert_array_equal(done.observation.points.coordinate, np.delete(observation.points.coordinate, spoilt))


def test_a_point_with_a_large_error_is_no_outlier():
    value, sigma = np.random.default_rng(1).normal(size=50), np.ones(50)
    value[7], sigma[7] = 60.0, 20.0
    assert len(prepared(observed("velocities", np.arange(50.0), value, sigma), Outliers()).observation) == 50


def test_no_outliers_are_looked_for_where_nothing_can_be_one():
    done = prepared(observed("velocities", np.arange(50.0), np.arange(50.0), np.ones(50)), Outliers(outliers=OFF))
    assert done.stages == ()


def test_a_running_median_follows_the_hubble_diagram():
    z = np.sort(np.random.default_rng(1).uniform(0.01, 1, 400))
    value = 43 + 5 * np.log10(z) + 0.1 * np.random.default_rng(2).normal(size=400)
    value[200] += 2
    done = prepared(observed("hubble_diagram", z, value, 0.1), Outliers(), outlier_centre="running")
    assert np.setdiff1d(z, done.observation.points.coordinate) == [z[200]]


def test_off_by_default():
    observation, _ = velocities()
    assert prepare(observation, velocities_preparation()).observation.content_hash == observation.content_hash
    supernovae = observed("hubble_diagram", np.linspace(0.01, 1, 50), np.append(np.zeros(49), 100), 0.1)
    assert prepare(supernovae, preparation_of("hubble_diagram")).observation.content_hash == supernovae.content_hash


def test_nights_need_a_time():
    observation = observed("light_curve", np.linspace(0, 2.9, 40), np.ones(40), 0.1)
    done = prepared(observation, NightlyBins(), nights="average").observation
    assert len(done) == 3
    assert done.points.known["bin_width"].unit == u.d
    wavelengths = replace(observation, coordinate_axis=Axis("wavelength", "Angstrom"))
    with pytest.raises(ObservationError, match=r"not a time; set prepare\.nights=keep"):
        prepared(wavelengths, NightlyBins(), nights="average")


def test_other_kinds_are_refused():
    observation = velocities()[0]
    sentence = (
        "made.csv is a table of velocities; this preparation needs a light curve: choose a simulator that works on a table of velocities"
    )
    with pytest.raises(ObservationError, match=f"^{sentence}$"):
        prepare(observation, preparation_of("light_curve"))
    with pytest.raises(ObservationError, match=r"is a table of velocities; this preparation needs a spectrum"):
        prepare(observation, preparation_of("spectrum"))
