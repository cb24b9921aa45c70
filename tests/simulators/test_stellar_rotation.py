"""The rotation kernel as celerite2 writes it, in double precision, and a Kepler star."""

from pathlib import Path

import jax
import numpy as np
import pytest
from scipy import stats

from astro_sbi.simulators.base import log_likelihood, pattern_of
from astro_sbi.simulators.stellar_rotation import StellarRotationSimulator
from tests.budgets import small_inference

THETA = {"period": 3.0, "amplitude": 0.01, "quality": 8.0, "quality_ratio": 0.4, "mix": 0.5, "mean_1": 1.001, "jitter_1": 2e-4}


def celerite(lag: np.ndarray, period: float, sigma: float, q0: float, dq: float, mix: float) -> np.ndarray:
    """RotationTerm at ``P / k`` with ``Q1 = 1/2 + Q0 + dQ``, ``Q2 = 1/2 + Q0``.

    ``w_k = 4 pi k Q_k / (P sqrt(4 Q_k^2 - 1))``, ``S1 = sigma^2 / ((1 + f) w1 Q1)``, ``S2 = f sigma^2 / ((1 + f) w2 Q2)``.
    """
    total = np.zeros_like(lag)
    for order, quality, share in ((1, 0.5 + q0 + dq, 1.0), (2, 0.5 + q0, mix)):
        omega = order * 4 * np.pi * quality / (period * np.sqrt(4 * quality**2 - 1))
        power = share * sigma**2 / ((1 + mix) * omega * quality)
        eta = np.sqrt(1 - 0.25 / quality**2)
        swing = np.cos(eta * omega * lag) + np.sin(eta * omega * lag) / (2 * eta * quality)
        total += power * omega * quality * np.exp(-0.5 * omega * lag / quality) * swing
    return total


@pytest.mark.slow
def test_likelihood_is_that_of_celerites_kernel():
    simulator = StellarRotationSimulator()
    points = simulator.default_points()
    points.known.update(bin_width=0 * points.known["bin_width"], exposure_time=0 * points.known["exposure_time"])
    derived = simulator.derived({name: np.array([value]) for name, value in THETA.items()}, {})
    lag = np.abs(points.coordinate[:, None] - points.coordinate)
    covariance = celerite(lag, 3.0, 0.01, derived["q0"][0], derived["dq"][0], 0.5)
    covariance += (3e-4**2 + 2e-4**2) * np.eye(len(lag))
    density = stats.multivariate_normal(np.full(len(lag), 1.001), covariance)
    value, pattern = density.rvs(random_state=1), pattern_of(simulator, points)
    padded = value[np.minimum(np.arange(len(pattern.used)), len(value) - 1)].astype(np.float32)
    found = jax.jit(lambda theta: log_likelihood(simulator, theta, padded, pattern))(THETA)
    assert float(found) == pytest.approx(density.logpdf(value), abs=0.1)


def test_bins_weaken_the_variation_as_averages_do():
    """A sinusoid averaged over a quarter of its period keeps sinc(1/4) of its amplitude."""
    from astro_sbi.simulators.stellar_rotation import _terms

    simulator = StellarRotationSimulator()
    pattern = pattern_of(simulator, simulator.default_points())
    pattern = pattern._replace(known=pattern.known | {"bin_width": np.float32(0.75), "exposure_time": np.float32(0.0)})
    slow, fast = _terms(THETA, pattern)
    fine = np.linspace(-0.375, 0.375, 100_001)
    for term, order, share in ((slow, 1, 1 / 1.5), (fast, 2, 0.5 / 1.5)):
        kept = np.mean(np.cos(2 * np.pi * order * fine / 3.0))
        assert float(term.variance) == pytest.approx(share * kept**2, rel=1e-4)


def test_derived_quantities():
    derived = StellarRotationSimulator().derived({name: np.array([value]) for name, value in THETA.items()}, {})
    assert derived["q0"][0] == pytest.approx(3.0)
    assert derived["dq"][0] == pytest.approx(4.5)
    assert derived["coherence_time"][0] == pytest.approx(2 * 8 * 3 / (2 * np.pi), rel=3e-3)
    assert derived["frequency"][0] == pytest.approx(1 / 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kic_10002792(shared: Path):
    """The Lomb-Scargle period of this file is 1.165 d."""
    path = shared / "observations/stellar_rotation/kplr010002792-2010174085026_llc.fits"
    summary = small_inference("stellar_rotation", path)
    assert summary["parameters"]["period"]["median"] == pytest.approx(1.165, abs=0.03)
    assert summary["parameters"]["mix"]["median"] < 0.2
    assert summary["importance"]["ess"] >= 1000
    assert summary["resolved"]["time_bin"] == pytest.approx(1.165 / 8, rel=0.01)
