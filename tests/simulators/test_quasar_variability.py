"""The damped random walk in several bands, against a dense Gaussian density in double precision."""

from pathlib import Path

import jax
import numpy as np
import pytest
from astropy import units as u
from scipy import special, stats

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import configured, known_values, log_likelihood, pattern_of
from astro_sbi.simulators.quasar_variability import QuasarVariabilitySimulator
from tests.budgets import small_inference

BANDS = ("g", "r' (SDSS)", "i")
THETA = {"tau": 30.0, "sigma": 0.1, "mean_1": 1.01, "jitter_1": 0.004}
THETA |= {"mean_2": 0.97, "ratio_2": 0.7, "jitter_2": 0.01, "mean_3": 1.0, "ratio_3": 0.5, "jitter_3": 0.002}


def three_bands() -> Points:
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(-500, 500, 90)).round(0)
    known = {"baseline": np.ptp(time) * u.d}
    return Points(time, rng.integers(0, 3, 90).astype(np.int32), rng.random(90) < 0.9, Noise(rng.uniform(0.01, 0.03, 90)), known)


def dense(points: Points, theta: dict[str, float], value: np.ndarray) -> float:
    band, used = points.channel + 1, points.used
    of = {name: np.array([theta.get(f"{name}_{k}", 1.0) for k in band]) for name in ("mean", "ratio", "jitter")}
    lag = np.abs(points.coordinate[:, None] - points.coordinate)
    covariance = theta["sigma"] ** 2 * np.outer(of["ratio"], of["ratio"]) * np.exp(-lag / theta["tau"])
    covariance += np.diag(points.noise.sigma**2 + of["jitter"] ** 2)
    return float(stats.multivariate_normal(of["mean"][used], covariance[np.ix_(used, used)]).logpdf(value[used]))


def test_bands_share_one_process():
    simulator, points = QuasarVariabilitySimulator(BANDS), three_bands()
    value = 1 + 0.1 * np.random.default_rng(3).standard_normal(90)
    pattern = pattern_of(simulator, points)
    padded = value[np.minimum(np.arange(len(pattern.used)), 89)].astype(np.float32)
    found = jax.jit(lambda theta: log_likelihood(simulator, theta, padded, pattern))(THETA)
    assert float(found) == pytest.approx(dense(points, THETA, value), abs=0.02)


def test_each_band_has_its_parameters():
    adapted = configured(QuasarVariabilitySimulator(), BANDS, {})
    assert set(adapted.prior.names) == set(THETA)
    assert adapted.prior.names == tuple(parameter.name for parameter in adapted.parameters)
    second = next(parameter for parameter in adapted.parameters if parameter.name == "mean_2")
    assert second.latex == r"\mu_\mathrm{rSDSS}"
    assert "r' (SDSS)" in second.meaning
    assert known_values(adapted, three_bands())["reference_time"] == 0


def test_derived_quantities():
    derived = QuasarVariabilitySimulator().derived({"tau": np.array([100.0]), "sigma": np.array([0.2])}, {})
    assert derived["log10_tau"][0] == 2
    assert derived["sf_inf"][0] == pytest.approx(0.2828427)
    assert derived["sigma_hat"][0] == pytest.approx(0.0282843, rel=1e-5)
    assert QuasarVariabilitySimulator().null({"tau": 1.0, "sigma": 0.2})["sigma"] == 0


def grid_of_tau(time: np.ndarray, value: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior of log10 tau under the simulator's priors, on a grid; the mean is integrated out."""
    lag, length, size = np.abs(time[:, None] - time), np.ptp(time), len(time)
    taus = np.geomspace(1e-3 * length, 10 * length, 61)
    amplitudes, jitters = np.geomspace(0.005, 1.0, 55), np.geomspace(1e-4, 0.3, 31)
    height = np.full((len(taus), len(amplitudes), len(jitters)), -np.inf)
    for i, tau in enumerate(taus):
        walk = np.exp(-lag / tau) + 1.0
        for k, jitter in enumerate(jitters[jitters < 0.05]):
            root = 1 / np.sqrt(sigma**2 + jitter**2)
            # One eigendecomposition serves all amplitudes: covariance = D^-1 (1 + a^2 E) D^-1.
            values, vectors = np.linalg.eigh(walk * np.outer(root, root))
            part = vectors.T @ (root * (value - 1))
            spread = 1 + amplitudes[:, None] ** 2 * np.maximum(values, 0)
            height[i, :, k] = -0.5 * np.sum(part**2 / spread + np.log(spread), axis=1) + np.sum(np.log(root))
    assert size == len(sigma)
    return np.log10(taus), special.softmax(special.logsumexp(height, axis=(1, 2)))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_mcg_08_11_011(shared: Path):
    path = shared / "observations/agn/mcg08_g.txt"
    summary = small_inference("quasar_variability", path)
    time, flux, error = np.loadtxt(path).T
    log_tau, mass = grid_of_tau(time, flux / np.median(flux), error / np.median(flux))
    low, middle, high = np.interp([0.16, 0.5, 0.84], np.cumsum(mass) - 0.5 * mass, log_tau)
    found = summary["derived"]["log10_tau"]
    assert found["median"] == pytest.approx(middle, abs=0.03)
    assert found["lower"] == pytest.approx(low, abs=0.05)
    assert found["upper"] == pytest.approx(high, abs=0.05)
    assert summary["importance"]["ess"] >= 1500
    assert summary["verdict"] == "caution"
    assert any("Prior-dominated: tau is" in reason for reason in summary["reasons"])
