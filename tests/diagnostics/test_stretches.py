"""Where in the data the model fails: features that are missing are located, and noise is left alone."""

import numpy as np
import pytest

from astro_sbi.diagnostics.places import Place
from astro_sbi.diagnostics.predictive import PredictiveCheck
from astro_sbi.diagnostics.stretches import stretches
from tests.diagnostics.conjugate import Linear

POINTS = 240


def found(missing: np.ndarray | float = 0.0, *, noise: float = 1.0, seed: int = 1) -> PredictiveCheck:
    """The check of data that have something the model lacks, in sigma."""
    problem = Linear(POINTS, seed=seed)
    result = problem.checks(problem.white() + problem.sigma * missing, noise=noise).predictive
    assert result is not None
    return result


def place() -> np.ndarray:
    return Linear(POINTS).coordinate


def test_a_bump_is_located_and_its_cost_told():
    found_here = found(2.0 * np.exp(-0.5 * ((place() - 0.6) / 0.03) ** 2)).stretch
    assert found_here is not None
    assert found_here.p_value < 0.01
    assert found_here.kind == "shift"
    assert found_here.residual > 0.8
    assert 0.5 < found_here.place.low < 0.6 < found_here.place.high < 0.7
    assert 10 < found_here.gain < 60


@pytest.mark.slow
def test_a_stretch_of_larger_scatter_is_located():
    inside = (place() > 0.3) & (place() < 0.6)
    wild = 3.0 * np.random.default_rng(3).standard_normal(POINTS) * inside
    found_here = found(wild).stretch
    assert found_here is not None
    assert found_here.p_value < 0.01
    assert 0.2 < found_here.place.low < found_here.place.high < 0.7


def test_waves_that_no_single_window_shows_are_found():
    found_here = found(np.sin(30 * place()), noise=1.2).stretch
    assert found_here is not None
    assert (found_here.kind, found_here.p_value < 0.01) == ("waves", True)


@pytest.mark.slow
def test_one_bad_point_and_errors_too_small_are_left_to_other_checks():
    for seed in range(10):
        point = 24.0 * (np.arange(POINTS) == 150)
        large = 0.5 * np.random.default_rng(seed).standard_normal(POINTS)
        for wrong in (point, large):
            found_here = found(wrong, seed=seed).stretch
            assert found_here is not None
            assert found_here.p_value > 0.002


def test_a_run_of_one_sign_survives_noise_that_hides_everything_else():
    inside = (place() > 0.5) & (place() < 0.75)
    residual = 0.2 * (np.random.default_rng(2).standard_normal(POINTS) + 2.0 * inside)
    stretch, run = stretches(residual, np.zeros((50, POINTS)), place())
    assert stretch is not None
    assert run is not None
    assert stretch.p_value > 0.05
    assert run.above
    assert run.p_value < 0.01
    assert run.place.points > run.limit
    assert 0.48 < run.place.low < run.place.high < 0.8


def test_channels_are_searched_one_by_one_and_together():
    rng = np.random.default_rng(5)
    coordinate, channel = np.tile(np.arange(100.0), 2), np.repeat([0, 1], 100)
    residual, curves = rng.standard_normal(200), np.zeros((50, 200))
    in_one = residual + 2.0 * ((channel == 1) & (coordinate >= 40) & (coordinate < 55))
    one, _ = stretches(in_one, curves, coordinate, channel)
    assert one is not None
    assert one.place.channel == 1
    both, _ = stretches(residual + 1.6 * ((coordinate >= 40) & (coordinate < 55)), curves, coordinate, channel)
    assert both is not None
    assert both.place.channel is None
    assert 35 < both.place.low < both.place.high < 60


def test_few_points_are_not_searched():
    assert stretches(np.zeros(7), np.zeros((10, 7)), np.arange(7.0)) == (None, None)
    by_band = stretches(np.random.default_rng(1).standard_normal(9), np.zeros((10, 9)), np.arange(9.0), np.arange(9))
    assert by_band[0] is not None


@pytest.mark.slow
def test_false_alarms_are_few():
    both = [(each.stretch, each.run) for each in (found(seed=seed) for seed in range(150))]
    p = np.array([[stretch.p_value, run.p_value] for stretch, run in both if stretch and run])
    assert len(p) == 150
    assert np.mean(p < 0.01, axis=0).max() <= 0.03
    assert np.mean(p < 0.2, axis=0).max() < 0.3


def test_places_in_words():
    assert Place(4861.23, 4902.68, 0, 31).text("Angstrom", ("flux",)) == "4861.2 to 4902.7 Angstrom"
    assert Place(2453628.28, 2453700.3, 1, 9).text("d", ("g", "r")) == "2453628.3 to 2453700.3 d in r"
    assert Place(-0.01, 0.02, None, 1200).text("", ("g", "r")) == "-0.0100 to 0.0200 across channels"
