"""What a Kepler orbit needs to be told: a second period, where to look, the star's mass."""

import numpy as np
import pytest
from astropy import units as u

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.find_period import FindPeriod
from astro_sbi.observations.steps.reference_time import FromReferenceTime
from astro_sbi.observations.steps.second_period import FindSecondPeriod, Residuals
from astro_sbi.observations.steps.stellar_mass import StellarMass
from astro_sbi.observations.steps.step import with_known
from astro_sbi.observations.steps.velocity_ranges import VelocityRanges
from tests.observations.tables import observed

FIRST, SECOND = 42.36, 20.89


def velocities(second: float = 4.0, seed: int = 2, size: int = 80):
    """Two planets near 2:1 seen by two instruments whose zeros differ by 30 km/s."""
    rng = np.random.default_rng(seed)
    time, sigma, other = 5000 + np.sort(rng.uniform(0, 400, size)), rng.uniform(0.8, 1.6, size), rng.random(size) < 0.4
    value = 6 * np.cos(2 * np.pi * (time - 5003) / FIRST) + second * np.cos(2 * np.pi * (time - 5001) / SECOND) + 30_000 * other
    return observed("velocities", time, value + sigma * rng.normal(size=size), sigma, {"HIRES": ~other, "HARPS": other})


def prepared(observation, *steps, **changes: str):
    return prepare(observation, Preparation(steps).with_changes(changes))


def test_a_second_period_is_found_beside_the_first():
    done = prepared(velocities(), FindPeriod(min_period=1.0), FindSecondPeriod())
    assert done.resolved["period"] == pytest.approx(FIRST, abs=0.5)
    assert done.resolved["second_period"] == pytest.approx(SECOND, abs=0.2)
    known = done.observation.points.known
    assert known["period_guess_2"].to_value("d") == done.resolved["second_period"]
    phase = (known["epoch_guess_2"].to_value("d") - 2455001) / SECOND
    assert abs(phase - np.rint(phase)) < 0.1
    assert known["log_trials"].value > prepared(velocities(), FindPeriod(min_period=1.0)).observation.points.known["log_trials"].value
    assert "recursive periodogram" in done.stages[-1].sentence


def test_its_power_is_what_least_squares_gain():
    """The same chi-squares from one dense linear fit at each frequency."""
    observation, frequency = velocities(), np.array([0.03, 1 / SECOND, 0.31])
    residuals = Residuals(observation, FIRST)
    points = observation.points
    means = [points.channel == 0, points.channel == 1]

    def chi2(*frequencies: float) -> float:
        waves = [wave(2 * np.pi * f * points.coordinate) for f in frequencies for wave in (np.cos, np.sin)]
        matrix = np.stack([*means, *waves], axis=1) / points.noise.sigma[:, None]
        value = observation.value / points.noise.sigma
        return float(np.sum((value - matrix @ np.linalg.lstsq(matrix, value, rcond=None)[0]) ** 2))

    one = chi2(1 / FIRST)
    expected = [1 - chi2(1 / FIRST, float(f)) / one for f in frequency]
    np.testing.assert_allclose(residuals.power(frequency), expected, atol=1e-6)


def test_a_second_period_can_be_given_and_must_stand_out():
    given = prepared(velocities(), FindPeriod(period=FIRST), FindSecondPeriod(), second_period="20.9")
    assert given.resolved["second_period"] == pytest.approx(20.9)
    assert given.observation.points.known["log_trials"].value == 0
    with pytest.raises(ObservationError, match="no second period stands out"):
        prepared(velocities(second=0.0), FindPeriod(min_period=1.0), FindSecondPeriod())
    with pytest.raises(ObservationError, match="too short to search for a second period"):
        prepared(velocities(), FindPeriod(period=FIRST), FindSecondPeriod(), second_min_period="300")
    with pytest.raises(ObservationError, match="too few for a second period"):
        prepared(observed("velocities", np.arange(6.0), np.arange(6.0) ** 2, 1.0), FindPeriod(period=3.3), FindSecondPeriod())


def test_where_to_look():
    done = prepared(velocities(), FindPeriod(period=FIRST), FromReferenceTime(), VelocityRanges())
    points, known = done.observation.points, done.observation.points.known
    halves = [0.5 * np.ptp(done.observation.value[points.channel == channel]) for channel in (0, 1)]
    assert known["velocity_scale"].to_value("m / s") == pytest.approx(max(halves))
    assert known["velocity_error"].to_value("m / s") == pytest.approx(np.median(points.noise.sigma))
    assert known["velocity_trend"].to_value("m / (s d)") == pytest.approx(max(halves) / (0.5 * np.ptp(points.coordinate)))
    assert known["velocity_centre_1"].to_value("m / s") == pytest.approx(0, abs=4)
    assert known["velocity_centre_2"].to_value("m / s") == pytest.approx(30_000, abs=4)
    assert known["period_tolerance"].to_value("d") == pytest.approx(FIRST**2 / np.ptp(points.coordinate))
    middle = known["epoch_middle"].to_value("d")
    assert abs(middle - np.average(points.coordinate, weights=points.noise.sigma**-2.0)) <= 0.5 * FIRST
    cycles = (middle + known["reference_time"].to_value("d") - known["epoch_guess"].to_value("d")) / FIRST
    assert cycles == pytest.approx(round(cycles), abs=1e-6)


def test_a_period_longer_than_the_observation_stays_positive():
    done = prepared(velocities(), FindPeriod(period=900.0), FromReferenceTime(), VelocityRanges())
    assert done.observation.points.known["period_tolerance"].to_value("d") == pytest.approx(450)


def test_too_few_velocities_are_refused():
    observation = with_known(velocities(size=3), {"reference_time": 5000 * u.d})
    with pytest.raises(ObservationError, match="at least 5 are needed"):
        prepared(observation, VelocityRanges())


def test_mass_of_the_star():
    for observation, changes, mass, said in (
        (velocities(), {}, 1.0, "assumed"),
        (velocities(), {"stellar_mass": "1.07"}, 1.07, "given"),
        (with_known(velocities(), {"stellar_mass": 0.9 * u.Msun}), {}, 0.9, "the file's"),
    ):
        done = prepared(observation, StellarMass(), **changes)
        assert done.observation.points.known["stellar_mass"].to_value("Msun") == pytest.approx(mass)
        assert said in done.stages[0].sentence
