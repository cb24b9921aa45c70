"""The search for a microlensing event, on light curves made with Paczynski's formula."""

import numpy as np
import pytest
from scipy import optimize

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.event import FindEvent
from astro_sbi.observations.steps.event_search import SHAPES, Series, gains
from tests.observations.tables import observed

PEAK = 3141.6


def light_curve(seed=1, *, u0=0.3, crossing=25.0, source=0.8, blend=0.2, noise=0.02, gap=True, channels=None, scale=(1.0,)):
    """Nightly points of two years with a season's gap, in one data set or several of different units."""
    rng = np.random.default_rng(seed)
    time = np.arange(2900.0, 3630.0) + rng.uniform(-0.2, 0.2, 730)
    time = time[(time < 3250) | (time > 3370)] if gap else time
    separation = np.hypot((time - PEAK) / crossing, u0)
    flux = blend + source * (separation**2 + 2) / (separation * np.sqrt(separation**2 + 4))
    index = rng.integers(0, len(scale), len(time))
    unit = np.array(scale)[index]
    masks = {name: index == number for number, name in enumerate(channels)} if channels else None
    return observed("light_curve", time, unit * (flux + noise * rng.normal(size=len(time))), unit * noise, masks)


def width_of(u0):
    """Full width at half of the rise, in Einstein times, by solving for it."""
    rise = lambda u: (u**2 + 2) / (u * np.sqrt(u**2 + 4)) - 1  # noqa: E731
    return 2 * optimize.brentq(lambda tau: rise(np.hypot(tau, u0)) - rise(u0) / 2, 1e-9, 9.0)


def found(observation, **changes):
    prepared = prepare(observation, Preparation((FindEvent(),)).with_changes({name: str(value) for name, value in changes.items()}))
    return prepared, {name: quantity.value for name, quantity in prepared.observation.points.known.items()}


@pytest.mark.parametrize("u0", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("crossing", [6.0, 25.0, 80.0])
def test_an_event_is_found_with_peak_width_and_fluxes(u0, crossing):
    _, known = found(light_curve(u0=u0, crossing=crossing))
    height = (u0**2 + 2) / (u0 * np.sqrt(u0**2 + 4)) - 1
    assert known["epoch_guess"] == pytest.approx(2457000 + PEAK, abs=max(0.12 * crossing * u0, 0.6))
    assert known["baseline_guess_1"] == pytest.approx(1.0, abs=0.1 * max(1, height))
    assert 0.3 < known["rise_guess_1"] / (0.8 * height) < 1.6
    assert 0.2 < known["event_width"] / max(crossing * width_of(u0), 1.0) < 5
    assert known["largest_impact"] > u0
    assert known["log_trials"] > 5


def test_the_width_is_that_at_half_of_the_rise():
    for function, width in SHAPES:
        assert function(np.array(0.0)) == pytest.approx(1, rel=1e-12)
        assert function(np.array(width / 2)) == pytest.approx(0.5, abs=1e-5)


def test_one_wild_point_is_no_event():
    observation = light_curve(source=0.0, blend=1.0)
    observation.value[100] = 40.0
    with pytest.raises(ObservationError, match=r"no brightening stands out .*give its time .prepare.event_epoch"):
        found(observation)
    _, known = found(observation, event_epoch=3100.0, event_width=20.0)
    assert known["epoch_guess"] == 2457000 + 3100.0
    assert known["event_width"] == pytest.approx(20)
    assert known["log_trials"] == 0
    assert known["rise_guess_1"] > 0


def test_a_wild_point_beside_an_event_does_not_lead_astray():
    observation = light_curve(u0=0.5)
    observation.value[300] = 30.0
    assert found(observation)[1]["epoch_guess"] == pytest.approx(2457000 + PEAK, abs=4)


def test_the_epoch_may_be_given_with_its_zero_point():
    _, known = found(light_curve(), event_epoch=2457000 + PEAK + 2)
    assert known["epoch_guess"] == pytest.approx(2457000 + PEAK + 2)
    assert 15 < known["event_width"] < 60


def test_data_sets_of_different_units_are_searched_together():
    prepared, known = found(light_curve(channels=("OGLE", "MOA"), scale=(1.0, 5000.0), u0=0.7, noise=0.15))
    assert known["epoch_guess"] == pytest.approx(2457000 + PEAK, abs=8)
    assert known["baseline_guess_2"] == pytest.approx(5000, rel=0.1)
    assert known["rise_guess_2"] / known["rise_guess_1"] == pytest.approx(5000, rel=0.25)
    assert prepared.stages[0].sentence.startswith("an event peaks at 31")


def test_an_empty_data_set_has_guesses_too():
    observation = light_curve(channels=("OGLE", "MOA", "LCO"), scale=(1.0, 2.0))
    _, known = found(observation)
    assert known["rise_guess_3"] > 0
    assert np.isfinite(known["baseline_guess_3"])


def test_difference_images_leave_the_impact_parameter_open():
    _, known = found(light_curve(blend=-0.8))
    assert known["largest_impact"] == 1.5


def test_the_gain_is_that_of_a_linear_fit():
    observation = light_curve(gap=False)
    series = Series.of(observation.points.coordinate, observation.value, observation.points.noise.sigma)
    for shape, (function, _) in enumerate(SHAPES):
        time, gain = gains([series], 8.0, shape)
        best = int(np.argmax(gain))
        template = function((series.time - time[best]) / 8.0)
        baseline, rise, error = series.linear(template)
        nothing = np.sum(series.weight * (series.value - np.average(series.value, weights=series.weight)) ** 2)
        fitted = np.sum(series.weight * (series.value - baseline - rise * template) ** 2)
        assert gain[best] == pytest.approx(nothing - fitted, rel=0.03)
        assert (rise / error) ** 2 == pytest.approx(nothing - fitted, rel=1e-6)


def test_too_few_points_are_refused():
    with pytest.raises(ObservationError, match="5 points, too few to see an event in"):
        found(observed("light_curve", np.arange(5.0), np.ones(5), 0.1))
