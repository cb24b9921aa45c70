"""How heavy the tail of importance weights is, the Pareto k of their largest values, and weights smoothed by it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from astro_sbi.inference.posterior import InferenceError

_FEWEST = 5


def khat(log_weight: Float[np.ndarray, " S"]) -> float:
    r"""Shape :math:`\hat k` of the generalised Pareto distribution of the largest importance weights.

    Below 0.7 averages over the weighted draws converge at a usable rate; above 1 the weights have no mean. The tail
    is the largest ``min(S / 5, 3 sqrt(S))`` weights; the fit shrinks towards 0.5 by ten draws' worth.

    Args:
        log_weight: log of the importance weights up to a constant, *larger is heavier* (not the negative that
            leave-one-out packages want); -inf where the weight is zero.

    Returns:
        The shape; ``inf`` where fewer than five weights above the tail's cut are left to fit, 0 where all are equal.

    Raises:
        InferenceError: if a log weight is NaN or +inf.

    References:
        Vehtari et al. 2024, JMLR 25, 72; Zhang & Stephens 2009, Technometrics 51, 316.
    """
    return smoothed(log_weight)[1]


def smoothed(log_weight: Float[np.ndarray, " S"]) -> tuple[Float[np.ndarray, " S"], float]:
    r"""Pareto-smoothed log weights and :math:`\hat k`.

    The :math:`M` weights of the tail become, in their own order, the fitted distribution's quantiles
    :math:`u + \sigma ((1 - p_j)^{-k} - 1) / k` at :math:`p_j = (j - 1/2) / M`, none larger than the largest weight was.
    Their sum changes little, their scatter from seed to seed less than that of the raw ones.

    Args:
        log_weight: as of `khat`.

    Returns:
        Log weights on the same scale, unchanged where there is no tail to fit, and the shape.

    Raises:
        InferenceError: if a log weight is NaN or +inf.

    References:
        Vehtari et al. 2024, JMLR 25, 72, section 3.
    """
    log_weight = np.asarray(log_weight, dtype=np.float64)
    if np.isnan(log_weight).any() or np.isposinf(log_weight).any():
        raise InferenceError(
            "some importance weights are not numbers; the simulator's likelihood or the flow's density is not finite there"
        )
    finite, size = np.isfinite(log_weight), len(log_weight)
    if not finite.any():
        return log_weight, float("inf")
    largest = log_weight[finite].max()
    order = np.argsort(log_weight, kind="stable")
    weight = np.exp(log_weight[order] - largest)
    if finite.all() and np.ptp(weight) < 1e-12:
        return log_weight, 0.0
    tail = min(size // 5, int(np.ceil(3.0 * np.sqrt(size))))
    if tail < _FEWEST:
        return log_weight, float("inf")
    cut = max(weight[-tail - 1], np.finfo(np.float64).tiny)
    exceedance = weight[-tail:] - cut
    exceedance = exceedance[exceedance > 0]
    if len(exceedance) < _FEWEST:
        return log_weight, float("inf")
    shape, scale = generalised_pareto(exceedance)
    level = (np.arange(len(exceedance)) + 0.5) / len(exceedance)
    expected = cut + generalised_pareto_quantile(level, shape, scale)
    out = log_weight.copy()
    out[order[-len(exceedance) :]] = np.minimum(np.log(expected), 0.0) + largest
    return out, shape


def generalised_pareto(exceedance: Float[np.ndarray, " n"]) -> tuple[float, float]:
    r"""Empirical-Bayes estimate of shape and scale of a generalised Pareto distribution.

    With :math:`\theta_j` on a grid, :math:`k_j = \langle\log(1 - \theta_j x)\rangle` and profile log likelihood
    :math:`l_j = n(\log(-\theta_j / k_j) - k_j - 1)`, the estimate is :math:`k` at the mean of :math:`\theta` weighted
    by :math:`\exp l`, and the scale :math:`\sigma = -k / \theta`.

    Args:
        exceedance: positive excesses over the threshold, in any unit.

    Returns:
        The shape, positive for tails heavier than exponential, shrunk as ``(n k + 10 / 2) / (n + 10)``; and the scale.

    References:
        Zhang & Stephens 2009, Technometrics 51, 316 (the estimate); Vehtari et al. 2024, JMLR 25, 72 (the shrinking).
    """
    excess = np.sort(np.asarray(exceedance, dtype=np.float64))
    n = len(excess)
    grid = np.arange(1, 30 + int(np.sqrt(n)) + 1)
    quartile = excess[int(n / 4 + 0.5) - 1]
    theta = 1.0 / excess[-1] + (1.0 - np.sqrt(len(grid) / (grid - 0.5))) / (3.0 * quartile)
    shape = np.log1p(-theta[:, None] * excess).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        profile = n * (np.log(-theta / shape) - shape - 1.0)
    profile = np.where(np.isfinite(profile), profile, -np.inf)
    mixing = np.exp(profile - profile.max())
    best = np.sum(theta * mixing) / mixing.sum()
    estimate = float(np.log1p(-best * excess).mean())
    return (n * estimate + 5.0) / (n + 10.0), float(-estimate / best)


def generalised_pareto_quantile(level: Float[np.ndarray, " n"], shape: float, scale: float) -> Float[np.ndarray, " n"]:
    r"""Quantiles :math:`\sigma ((1 - p)^{-k} - 1) / k`, the exponential's at shape zero."""
    if abs(shape) < 1e-12:
        return -scale * np.log1p(-level)
    return scale * np.expm1(-shape * np.log1p(-level)) / shape
