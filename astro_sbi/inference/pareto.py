"""How heavy the tail of importance weights is: the Pareto k of their largest values."""

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
    log_weight = np.asarray(log_weight, dtype=np.float64)
    if np.isnan(log_weight).any() or np.isposinf(log_weight).any():
        raise InferenceError(
            "some importance weights are not numbers; the simulator's likelihood or the flow's density is not finite there"
        )
    finite = np.isfinite(log_weight)
    if not finite.any():
        return float("inf")
    weight = np.sort(np.exp(log_weight - log_weight[finite].max()))
    if finite.all() and np.ptp(weight) < 1e-12:
        return 0.0
    size = len(weight)
    tail = min(size // 5, int(np.ceil(3.0 * np.sqrt(size))))
    if tail < _FEWEST:
        return float("inf")
    exceedance = weight[-tail:] - max(weight[-tail - 1], np.finfo(np.float64).tiny)
    exceedance = exceedance[exceedance > 0]
    return generalised_pareto_shape(exceedance) if len(exceedance) >= _FEWEST else float("inf")


def generalised_pareto_shape(exceedance: Float[np.ndarray, " n"]) -> float:
    r"""Empirical-Bayes estimate of the shape of a generalised Pareto distribution.

    With :math:`\theta_j` on a grid, :math:`k_j = \langle\log(1 - \theta_j x)\rangle` and profile log likelihood
    :math:`l_j = n(\log(-\theta_j / k_j) - k_j - 1)`, the estimate is :math:`k` at the mean of :math:`\theta` weighted
    by :math:`\exp l`.

    Args:
        exceedance: positive excesses over the threshold, in any unit.

    Returns:
        The shape, positive for tails heavier than exponential, shrunk as ``(n k + 10 / 2) / (n + 10)``.

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
    return (n * estimate + 5.0) / (n + 10.0)
