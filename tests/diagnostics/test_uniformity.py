"""Tests of uniformity: as rare as they say on uniform numbers, and as powerful as published on others."""

import numpy as np
import pytest
from scipy import special, stats

from astro_sbi.diagnostics import uniformity

PLACES = tuple(number / 20 for number in range(1, 20))


def ranks(width: float = 1.0, bias: float = 0.0, tests: int = 500, repeats: int = 300) -> np.ndarray:
    """PIT values of truths under a posterior that is too narrow or biased [repeats, tests]."""
    return special.ndtr(np.random.default_rng(3).normal(size=(repeats, tests)) / width + bias)


def rejected(test, values: np.ndarray) -> float:
    return float(np.mean([test(one) < 0.05 for one in values]))


@pytest.mark.slow
def test_potc_has_the_size_and_the_power_that_were_published():
    # arviz_stats 1.3, 300 repeats: 0.07 calibrated; 0.68 and 1.0 at 10 and 20 % too narrow; 0.86 biased by 0.15; 0.37 with 200.
    assert 0.03 < rejected(uniformity.uniformity_p, ranks(repeats=1000)) < 0.085
    assert rejected(uniformity.uniformity_p, ranks(0.9)) == pytest.approx(0.68, abs=0.08)
    assert rejected(uniformity.uniformity_p, ranks(0.8)) > 0.98
    assert rejected(uniformity.uniformity_p, ranks(bias=0.15)) == pytest.approx(0.88, abs=0.08)
    assert rejected(uniformity.uniformity_p, ranks(0.9, tests=200)) == pytest.approx(0.36, abs=0.08)


def test_moments_of_normal_scores_see_bias_and_width_better():
    def bias(values: np.ndarray) -> float:
        return uniformity.bias_p(uniformity.scores(values))

    def scatter(values: np.ndarray) -> float:
        return uniformity.dispersion_p(uniformity.scores(values))

    assert rejected(bias, ranks()) == pytest.approx(0.05, abs=0.03)
    assert rejected(scatter, ranks()) == pytest.approx(0.05, abs=0.03)
    # Analytic: a sum of squares 1.235 times chi-square of 499, and a mean 3.35 of its errors off.
    assert rejected(scatter, ranks(0.9)) == pytest.approx(0.91, abs=0.06)
    assert rejected(bias, ranks(bias=0.15)) == pytest.approx(0.92, abs=0.06)
    assert rejected(scatter, ranks(bias=0.15)) < 0.1


def test_band_holds_uniform_ecdfs_in_19_of_20_cases_and_not_others():
    low, high = uniformity.ecdf_band(500, PLACES)

    def outside(values: np.ndarray) -> float:
        curves = [uniformity.ecdf_difference(one, PLACES) for one in values]
        return float(np.mean([np.any((curve < low) | (curve > high)) for curve in curves]))

    assert outside(ranks(repeats=1000)) == pytest.approx(0.05, abs=0.02)
    assert outside(ranks(0.8)) > 0.95
    # Pointwise ends would be 1.96 standard deviations off.
    assert np.all(high > 1.96 * np.sqrt(np.multiply(PLACES, np.subtract(1, PLACES)) / 500))


def test_a_perfect_flow_keeps_to_the_deviation_that_is_told():
    places = PLACES[1:]
    told = uniformity.perfect_deviation(500, places)
    found = [np.abs(uniformity.ecdf_difference(one, places)).max() for one in ranks(repeats=1000)]
    assert np.mean(np.array(found) > told) == pytest.approx(0.05, abs=0.025)
    assert uniformity.perfect_deviation(5000, places) == pytest.approx(told / np.sqrt(10), rel=0.1)


def test_distances_and_combinations():
    assert uniformity.deviation(np.full(100, 0.5)) == pytest.approx(0.495)
    assert uniformity.ks_p(np.linspace(0.005, 0.995, 100)) > 0.99
    assert uniformity.ks_p(np.linspace(0.2, 0.8, 100)) == pytest.approx(stats.kstest(np.linspace(0.2, 0.8, 100), "uniform").pvalue)
    assert uniformity.combined_p([0.03, 0.03]) == pytest.approx(0.03)
    assert uniformity.combined_p([0.01, 1.0 - 1e-9], truncated=True) == pytest.approx(0.02, rel=0.01)
