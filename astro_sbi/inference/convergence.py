"""Whether Markov chains have converged: rank-normalised split R-hat and effective sample size."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import special, stats


def r_hat(draws: Float[np.ndarray, "chains n d"]) -> Float[np.ndarray, " d"]:
    """Rank-normalised split R-hat, the larger of that of the draws and that of their distances from the median.

    References:
        Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16, 667, section 4.
    """
    split = _split(draws)
    folded = np.abs(split - np.median(split, axis=(0, 1)))
    return np.maximum(_plain_r_hat(_rank_normal(split)), _plain_r_hat(_rank_normal(folded)))


def effective_sample_size(draws: Float[np.ndarray, "chains n d"]) -> Float[np.ndarray, " d"]:
    """The smaller of bulk and tail effective sample size; the tails are the 5 % and 95 % quantiles.

    References:
        Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16, 667, section 4.
    """
    split = _split(draws)
    quantiles = np.quantile(split, [0.05, 0.95], axis=(0, 1))
    parts = [_rank_normal(split), *((split <= quantile).astype(np.float64) for quantile in quantiles)]
    return np.min([[_geyer(part[:, :, column]) for column in range(split.shape[2])] for part in parts], axis=0)


def _split(draws: Float[np.ndarray, "chains n d"]) -> Float[np.ndarray, "halves m d"]:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _rank_normal(draws: Float[np.ndarray, "chains n d"]) -> Float[np.ndarray, "chains n d"]:
    """Normal scores of the ranks over all chains (Blom's plotting positions)."""
    chains, n, d = draws.shape
    ranks = stats.rankdata(draws.reshape(chains * n, d), axis=0)
    return special.ndtri((ranks - 0.375) / (chains * n + 0.25)).reshape(chains, n, d)


def _plain_r_hat(draws: Float[np.ndarray, "chains n d"]) -> Float[np.ndarray, " d"]:
    n = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean(axis=0)
    between = draws.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((n - 1) / n + between / within)


def _geyer(draws: Float[np.ndarray, "chains n"]) -> float:
    """Effective sample size from autocorrelations summed over Geyer's initial monotone sequence of pairs."""
    chains, n = draws.shape
    centred = draws - draws.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    autocovariance = np.fft.irfft(power, axis=1)[:, :n].mean(axis=0) / n
    within = autocovariance[0] * n / (n - 1)
    total = autocovariance[0] + draws.mean(axis=1).var(ddof=1)
    if not within > 0:
        return 0.0
    rho = 1 - (within - autocovariance) / total
    rho[0] = 1.0
    pairs = rho[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    last = int(np.argmax(pairs <= 0)) if (pairs <= 0).any() else len(pairs)
    tau = -1 + 2 * np.minimum.accumulate(pairs[:last]).sum() + (max(rho[2 * last], 0.0) if last < len(pairs) else 0.0)
    size = chains * n
    return float(size / max(tau, 1 / np.log10(size)))
