"""Posterior predictive checks: could the model, with the noise that was quoted, have made these data?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from astro_sbi.diagnostics.residuals import red_noise
from astro_sbi.diagnostics.stretches import SignRun, Stretch, stretches

_FALSE_ALARM, _CURVES = 0.01, 512


class DiagnosticsError(ValueError):
    """A check that was given what it cannot judge; the message says what."""


@dataclass(frozen=True)
class PredictiveCheck:
    """What the residuals say about the model and about the quoted errors.

    Args:
        points: number of points n.
        p_value: posterior predictive p of chi-square with the quoted errors; small means a worse fit than the model explains.
        p_value_fitted: the same with the noise that the model fitted; a free jitter hides misfit here.
        chi2_per_point_quoted: mean over draws of chi-square over n with the quoted errors; 1 expected.
        chi2_per_point_fitted: the same with the fitted noise.
        noise_ratio: fitted noise over quoted errors, median over points and draws.
        largest_residual: largest |value - mean model| in quoted sigma.
        largest_residual_fitted: of the same point, in the sigma of the fitted noise.
        largest_residual_limit: what the largest of n Gaussian residuals exceeds in one data set of a hundred.
        largest_residual_index: which point that is.
        largest_residual_coordinate: and where, in the unit of the coordinate; NaN where none was given.
        residual_correlation: lag-1 autocorrelation of the residuals in quoted sigma.
        red_noise: factor beta by which errors that assume white noise are too small.
        correlation_p: share of shuffled residuals that look at least as correlated.
        stretch: window of neighbours that the model fits worst with the fitted noise; None for few points.
        run: longest run of residuals of one sign; None for few points.
    """

    points: int
    p_value: float
    p_value_fitted: float
    chi2_per_point_quoted: float
    chi2_per_point_fitted: float
    noise_ratio: float
    largest_residual: float
    largest_residual_fitted: float
    largest_residual_limit: float
    largest_residual_index: int
    largest_residual_coordinate: float
    residual_correlation: float
    red_noise: float
    correlation_p: float
    stretch: Stretch | None = None
    run: SignRun | None = None


def predictive_check(
    value: Float[np.ndarray, " n"],
    model_draws: Float[np.ndarray, "S n"],
    sigma_quoted: Float[np.ndarray, " n"],
    sigma_draws: Float[np.ndarray, "S n"],
    weight: Float[np.ndarray, " S"] | None = None,
    *,
    coordinate: Float[np.ndarray, " n"] | None = None,
    channel: Int[np.ndarray, " n"] | None = None,
    seed: int = 1,
) -> PredictiveCheck:
    """Compare the observation with what the posterior predicts.

    Args:
        value: observed values, unpadded.
        model_draws: noise-free model of each posterior draw, unit of the value.
        sigma_quoted: errors that came with the observation.
        sigma_draws: standard deviation of the noise of each draw.
        weight: importance weights of the draws; equal if None.
        coordinate: gives the order of the points; as they stand if None.
        channel: index of each point's channel; one channel if None.
        seed: of permutations and simulated noise.

    Raises:
        DiagnosticsError: if shapes disagree, an error is not positive or a number is not finite.

    References: Gelman, Meng & Stern 1996, Statistica Sinica 6, 733.
    """
    value, draws, sigma, sigma_draws = _checked(value, model_draws, sigma_quoted, sigma_draws)
    weight = _normalised(weight, len(draws))
    where = np.full(len(value), np.nan) if coordinate is None else np.asarray(coordinate, np.float64)
    found = _point_by_point((value, draws, sigma, sigma_draws), weight, where, seed)
    deviation, along = np.sqrt(weight @ sigma_draws**2), np.arange(float(len(value))) if coordinate is None else where
    chosen = np.random.default_rng([seed, 30]).choice(len(draws), min(len(draws), _CURVES), p=weight)
    stretch, run = stretches((value - weight @ draws) / deviation, draws[chosen] / deviation, along, channel, seed=seed)
    return replace(found, stretch=stretch, run=run)


def _point_by_point(
    given: tuple[Float[np.ndarray, ...], ...], weight: Float[np.ndarray, " S"], where: Float[np.ndarray, " n"], seed: int
) -> PredictiveCheck:
    """Chi-squares, noise, the largest residual and what neighbours have in common."""
    value, draws, sigma, sigma_draws = given
    quoted, fitted = (_chi_square(value, draws, errors, weight) for errors in (sigma, sigma_draws))
    residual = (value - weight @ draws) / sigma
    worst = int(np.abs(residual).argmax())
    red = red_noise(residual[np.argsort(where, kind="stable")], seed=seed)
    return PredictiveCheck(
        points=len(value),
        p_value=quoted[0],
        p_value_fitted=fitted[0],
        chi2_per_point_quoted=quoted[1],
        chi2_per_point_fitted=fitted[1],
        noise_ratio=float(weight @ np.median(sigma_draws / sigma, axis=1)),
        largest_residual=abs(float(residual[worst])),
        largest_residual_fitted=abs(float(residual[worst] * (weight @ (sigma[worst] / sigma_draws[:, worst])))),
        largest_residual_limit=largest_expected(len(value)),
        largest_residual_index=worst,
        largest_residual_coordinate=float(where[worst]),
        residual_correlation=red.lag_one,
        red_noise=red.beta,
        correlation_p=red.p_value,
    )


def largest_expected(n: int, false_alarm: float = _FALSE_ALARM) -> float:
    """What the largest of n absolute Gaussian residuals exceeds with a probability of ``false_alarm``, in sigma."""
    return float(-special.ndtri(-0.5 * np.expm1(np.log1p(-false_alarm) / n)))


def _chi_square(
    value: Float[np.ndarray, " n"], draws: Float[np.ndarray, "S n"], sigma: Float[np.ndarray, "*S n"], weight: Float[np.ndarray, " S"]
) -> tuple[float, float]:
    r"""Posterior predictive p of chi-square, and the mean chi-square per point.

    With independent Gaussian noise the chi-square of a replicate about its own draw is chi-square distributed with n degrees
    of freedom whatever the draw, so :math:`p = \sum_s w_s P(\chi^2_n > \chi^2(y, m_s))` needs no simulated replicates.
    """
    chi2 = np.sum(((value - draws) / sigma) ** 2, axis=1)
    return float(weight @ special.chdtrc(len(value), chi2)), float(weight @ chi2 / len(value))


def _normalised(weight: Float[np.ndarray, " S"] | None, draws: int) -> Float[np.ndarray, " S"]:
    weight = np.ones(draws) if weight is None else np.asarray(weight, np.float64)
    if weight.shape != (draws,) or not weight.sum() > 0:
        raise DiagnosticsError(
            f"expected one weight for each of {draws} draws, some of them positive; got an array of shape {weight.shape}"
        )
    return weight / weight.sum()


def _checked(*given: Float[np.ndarray, ...]) -> tuple[Float[np.ndarray, ...], ...]:
    """Value, draws, sigma and sigma of the draws in float64, refused where they make no sense."""
    value, draws, sigma, sigma_draws = (np.asarray(array, np.float64) for array in given)
    if not draws.shape[1:] == value.shape == sigma.shape or sigma_draws.shape != draws.shape:
        shapes = f"{value.shape}, {draws.shape}, {sigma.shape} and {sigma_draws.shape}"
        raise DiagnosticsError(f"value [n], model_draws [S, n], sigma_quoted [n] and sigma_draws [S, n] have the shapes {shapes}")
    if not all(np.isfinite(array).all() for array in (value, draws, sigma, sigma_draws)):
        raise DiagnosticsError("the observation, its errors or the model's draws hold numbers that are not finite; mask those points")
    if not ((sigma > 0).all() and (sigma_draws > 0).all()):
        raise DiagnosticsError("some errors are not positive; mask those points or give them an error")
    return value, draws, sigma, sigma_draws
