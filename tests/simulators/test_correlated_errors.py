"""Correlated errors: the exact likelihood, draws with their covariance, and the marginal over an error in common."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import astro_sbi
from astro_sbi.inference.problem import Problem
from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, padded_value, pattern_of, simulate
from astro_sbi.simulators.prior import parse_distribution

TRUTH = {"omega_m": 0.3, "w": -1.0, "offset": 43.1}
SUPERNOVAE = simulator("hubble_diagram")


def points(covariance: np.ndarray | None = None) -> Points:
    plain = SUPERNOVAE.default_points()
    sigma = plain.noise.sigma if covariance is None else np.sqrt(np.diagonal(covariance))
    return replace(plain, noise=Noise(sigma, covariance=covariance))


def in_common(scale: float) -> np.ndarray:
    """Independent errors and one that all supernovae share."""
    sigma = points().noise.sigma
    return np.diag(sigma**2) + scale**2 * np.ones((len(sigma), len(sigma)))


def correlated() -> np.ndarray:
    """Errors that neighbours share, and one that grows with redshift."""
    z, sigma = points().coordinate, points().noise.sigma
    return np.diag(sigma**2) + 0.02 * np.exp(-np.abs(z[:, None] - z) / 0.1) + 0.01 * np.outer(z, z)


def curve(theta: dict[str, float]) -> np.ndarray:
    """The model in double precision."""
    from astro_sbi.simulators.expansion import comoving_distance

    z = points().coordinate
    return theta["offset"] + 5 * np.log10((1 + z) * comoving_distance(z, theta["omega_m"], theta["w"], 0.0))


def observation(covariance: np.ndarray | None, seed: int = 1) -> Observation:
    where = points(covariance)
    noise = np.diag(where.noise.sigma**2) if covariance is None else covariance
    value = np.random.default_rng(seed).multivariate_normal(curve(TRUTH), noise)
    return Observation("hubble_diagram", "made", where, value, Axis("z", ""), Axis("mu", "mag"), SUPERNOVAE.channels, Origin("m", "0", "m"))


def problem(observed: Observation, **priors: str) -> Problem:
    prior = SUPERNOVAE.prior.replace({name: parse_distribution(text) for name, text in priors.items()})
    return Problem.of(SUPERNOVAE, prior, observed)


@pytest.mark.slow
def test_the_likelihood_is_that_of_the_whole_matrix():
    observed = observation(correlated())
    posed = problem(observed)
    z = 0.3 * np.random.default_rng(2).standard_normal((50, 2))
    theta = posed.theta(z)
    expected = [
        multivariate_normal.logpdf(observed.value, curve({name: float(theta[name][i]) for name in theta}), correlated()) for i in range(50)
    ]
    assert np.ptp(expected) > 30
    assert posed.log_likelihood(z) == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
def test_points_that_are_not_used_tell_nothing():
    """As if they had not been measured: the rest has the covariance without their rows and columns."""
    observed = observation(correlated())
    used = np.arange(len(observed)) % 5 != 0
    masked = replace(observed, points=replace(observed.points, used=used))
    z = np.zeros((1, 2))
    theta = {name: float(value[0]) for name, value in problem(masked).theta(z).items()}
    expected = multivariate_normal.logpdf(observed.value[used], curve(theta)[used], correlated()[np.ix_(used, used)])
    assert problem(masked).log_likelihood(z) == pytest.approx([expected], rel=1e-4)


@pytest.mark.slow
def test_draws_have_the_covariance():
    pattern, size = pattern_of(SUPERNOVAE, points(correlated())), len(points())
    theta = {name: np.float32(value) for name, value in TRUTH.items()}
    keys = jax.random.split(jax.random.key(1), 8_000)
    drawn = jax.jit(jax.vmap(lambda key: simulate(SUPERNOVAE, key, theta, pattern)))(keys)
    back = np.linalg.inv(pattern.decorrelation[:size, :size].astype(np.float64))
    values = np.asarray(drawn, np.float64)[:, :size] @ back.T
    scale = np.sqrt(np.diagonal(correlated()))
    # The scatter of an estimated (co)variance is at most sqrt(2 / draws) of the errors; five of them, over 11,000 entries.
    assert np.abs((np.cov(values.T) - correlated()) / np.outer(scale, scale)).max() < 5 * np.sqrt(2 / 8_000)
    assert values.mean(axis=0) == pytest.approx(curve(TRUTH), abs=5 * scale.max() / np.sqrt(8_000))


@pytest.mark.slow
def test_values_and_predictions_are_decorrelated_alike():
    pattern = pattern_of(SUPERNOVAE, points(correlated()))
    theta = {name: np.float32(value) for name, value in TRUTH.items()}
    exact = replace(observation(correlated()), value=curve(TRUTH))
    mean, sigma = jax.jit(lambda theta: SUPERNOVAE.one_step(theta, pattern.sigma, pattern))(theta)
    residual = (padded_value(exact, pattern) - np.asarray(mean)) / np.asarray(sigma)
    assert np.abs(residual[: len(exact)]).max() < 0.003


GRID = np.linspace(0.05, 0.8, 76)


def on_grid(posed: Problem, known: dict[str, np.ndarray]) -> np.ndarray:
    """Posterior of the matter density on a grid: each of the other parameters on its own grid, summed over."""
    axes = np.meshgrid(GRID, *known.values(), indexing="ij")
    theta = dict(zip(("omega_m", *known), (axis.ravel() for axis in axes), strict=True))
    value, sigma = posed.value.astype(np.float64), posed.pattern.sigma.astype(np.float64)
    used = np.asarray(posed.pattern.used)
    made = np.stack([curve({"omega_m": om, "w": -1.0, "offset": 0.0}) for om in GRID])
    rows = np.searchsorted(GRID, theta["omega_m"])
    if posed.pattern.decorrelation is not None:
        made = made @ posed.pattern.decorrelation.astype(np.float64)[: made.shape[1], : made.shape[1]].T
        shift = posed.pattern.decorrelation.astype(np.float64)[used].sum(axis=1)
    else:
        shift = np.ones(made.shape[1])
    offset = sum(theta[name] for name in known)
    residual = (value[used] - made[rows] - offset[:, None] * shift) / sigma[used]
    height = -0.5 * np.sum(residual**2, axis=1)
    if "common" in known:
        height = height - 0.5 * (theta["common"] / 0.1) ** 2
    density = logsumexp(height.reshape(len(GRID), -1), axis=1)
    return np.exp(density - logsumexp(density))


@pytest.mark.slow
def test_a_covariance_of_an_error_in_common_is_the_marginal_over_an_offset():
    """``sigma^2 I + s^2 1 1^T`` is a calibration error of prior N(0, s) that is fitted and forgotten."""
    observed = observation(in_common(0.1))
    plain = replace(observed, points=points())
    # A narrow prior of the offset, without which the error in common would be taken up by it.
    offsets = np.linspace(43.08, 43.12, 5)
    known = on_grid(problem(observed), {"offset": offsets})
    fitted = on_grid(problem(plain), {"offset": offsets, "common": np.linspace(-0.5, 0.5, 201)})
    alone = on_grid(problem(plain), {"offset": offsets})
    assert known == pytest.approx(fitted, abs=2e-4)
    assert np.abs(known - alone).sum() > 0.1


@pytest.mark.slow
def test_an_inference_with_a_matrix_gives_the_posterior_of_the_grid(tmp_path):
    """From the two files to weighted draws; what is shown are the model and each supernova's own error."""
    observed, matrix = observation(correlated()), correlated()
    z, sigma = observed.points.coordinate, np.sqrt(np.diagonal(matrix))
    table, square = tmp_path / "sn.csv", tmp_path / "sn.cov"
    table.write_text("z,mu,mu_err\n" + "\n".join(f"{a:.17g},{b:.17g},{c:.17g}" for a, b, c in zip(z, observed.value, sigma, strict=True)))
    square.write_text("\n".join([str(len(z)), *(f"{value:.17g}" for value in matrix.ravel())]))
    few = {"train.simulations": "4096", "train.steps": "500", "train.later_steps": "250", "train.rounds": "2"}
    result = astro_sbi.infer("hubble_diagram", table, covariance=square, changes={**few, "prior.offset": "uniform(42.9,43.3)"})
    expected = on_grid(problem(observed), {"offset": np.linspace(42.9, 43.3, 201)})
    mean = float(GRID @ expected)
    spread = float(np.sqrt(GRID**2 @ expected - mean**2))
    draws, weight = result.arrays["posterior/omega_m"], result.arrays["weight"]
    assert weight @ draws == pytest.approx(mean, abs=0.05 * spread)
    assert np.sqrt(weight @ (draws - weight @ draws) ** 2) == pytest.approx(spread, rel=0.05)
    assert not any("not for cosmology" in reason for reason in result.summary["reasons"])
    assert np.sort(result.arrays["sigma/quoted"]) == pytest.approx(np.sort(sigma), rel=1e-6)
    assert np.abs(result.arrays["model/median"] - curve(TRUTH)).max() < 0.3
    assert result.summary["predictive"]["chi2_per_point_quoted"] == pytest.approx(1.0, abs=0.35)
    assert np.sort(result.arrays["observed/covariance"].ravel()) == pytest.approx(np.sort(matrix.ravel()), rel=1e-5)
    assert "covariance=FILE" in result.summary["snippet"]


def test_noise_that_is_fitted_does_not_go_with_a_matrix():
    made = configured(SUPERNOVAE, SUPERNOVAE.channels, {"scatter": "fitted"})
    assert pattern_of(made, points()).decorrelation is None
    with pytest.raises(ObservationError, match="adds noise of its own"):
        pattern_of(made, points(correlated()))


def test_single_errors_are_warned_of_and_a_matrix_is_not():
    assert "not for cosmology" in SUPERNOVAE.warnings(points())[0]
    assert SUPERNOVAE.warnings(points(correlated())) == ()
