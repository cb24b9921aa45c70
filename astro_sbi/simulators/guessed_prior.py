"""The prior that a table of simulations was drawn from: guessed from its columns, and held against them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi.simulators.distribution import Distribution, lognormal, loguniform, normal, uniform
from astro_sbi.simulators.prior import Prior, PriorError

#: Gaps between neighbouring draws by which a round number may lie outside the extreme one and still be the bound.
_GAPS = 6.0
#: Below this p a column was not drawn from its prior: what remains of a table of thousands of rows is no accident.
_NOT_DRAWN = 1e-6
_DIGITS = 4
#: Gain in log likelihood that a logarithmic prior needs over a plain one.
_PLAINER = 3.0


def guessed_prior(names: Sequence[str], theta: Float[np.ndarray, "N d"]) -> Prior:
    """The likeliest of uniform, log-uniform, normal and log-normal for each column of parameters.

    Bounds lie outside the extreme draws by the gap expected there, (largest - smallest) / (N - 1), or at a round number nearby.
    """
    return Prior(tuple((name, _guessed(column)) for name, column in zip(names, theta.T, strict=True)))


def _guessed(column: Float[np.ndarray, " N"]) -> Distribution:
    candidates = [uniform(*_bounds(column)), normal(*_moments(column))]
    if column.min() > 0:
        logs = np.log(column)
        candidates += [loguniform(*_bounds(logs, math.exp)), lognormal(*_moments(logs))]
    # Over a narrow range a prior and its logarithmic sister are alike: the plain one is meant.
    gain = [float(np.sum(candidate.log_prob(column, {}))) - _PLAINER * candidate.kind.startswith("log") for candidate in candidates]
    return candidates[int(np.argmax(gain))]


def _moments(column: Float[np.ndarray, " N"]) -> tuple[float, float]:
    """Mean and standard deviation to a thousandth of the latter, far below what a table tells of them."""
    sigma = float(column.std())
    decimals = 3 - math.floor(math.log10(sigma))
    return round(float(column.mean()), decimals), round(sigma, decimals)


def _bounds(column: Float[np.ndarray, " N"], out: Callable[[float], float] = float) -> tuple[float, float]:
    """Lower and upper bound of uniform draws, mapped by ``out``."""
    low, high = float(column.min()), float(column.max())
    gap = (high - low) / (len(column) - 1)
    return _round_between(out(low), out(low - _GAPS * gap), out(low - gap)), _round_between(
        out(high), out(high + _GAPS * gap), out(high + gap)
    )


def _round_between(inner: float, outer: float, fallback: float) -> float:
    """The number of fewest decimals from the extreme draw outwards, or the fallback."""
    size = max(abs(inner), abs(outer), abs(outer - inner))
    first = -math.floor(math.log10(size)) - 1
    for decimals in range(first, first + _DIGITS + 1):
        step = 10.0**-decimals
        # Strictly outside: at a bound latent coordinates are infinite.
        number = round((math.ceil(inner / step) - 1 if outer < inner else math.floor(inner / step) + 1) * step, max(decimals, 0))
        if min(inner, outer) <= number <= max(inner, outer) and number != inner:
            return number
    return _short(fallback)


def _short(number: float) -> float:
    return float(f"{number:.8g}")


def check_told_prior(prior: Prior, theta: Float[np.ndarray, "N d"]) -> None:
    """Refuse a prior that a table cannot have been drawn from.

    Raises:
        PriorError: if it holds a parameter fixed, or more than one row in five lies outside.
    """
    fixed = [name for name in prior.names if name not in prior.free]
    if fixed:
        raise PriorError(
            f"the parameter {fixed[0]} of a table of simulations cannot be held: leave it out of table.parameters to average over it"
        )
    outside = np.isinf(prior.latent_array(theta))
    for name, column, share in zip(prior.names, theta.T, outside.mean(axis=0), strict=True):
        if share > 0.2:
            between = f"{column.min():.4g} to {column.max():.4g}"
            raise PriorError(f"the prior of {name} leaves out {share:.0%} of the simulations, which reach from {between}: widen it")


def prior_remarks(prior: Prior, theta: Float[np.ndarray, "N d"]) -> Iterator[str]:
    """Sentences on parameters that do not look like draws from their prior, or not like independent ones.

    A Kolmogorov-Smirnov test of each column, and Fisher's test of the correlation of each pair, in latent coordinates.
    """
    z = prior.latent_array(theta)
    z = z[np.isfinite(z).all(axis=1)]
    holds = "the posterior holds for the distribution that the table was drawn from, not for this prior"
    for name, column in zip(prior.names, z.T, strict=True):
        p = _kolmogorov_p(column)
        if p < _NOT_DRAWN:
            told = dict(prior.distributions)[name]
            yield f"The values of {name} in the table do not look drawn from its prior {told} (p {p:.0e}): {holds}."
    for one, other in zip(*np.triu_indices(z.shape[1], 1), strict=True):
        if not (z[:, one].std() and z[:, other].std()):
            continue
        r = float(np.corrcoef(z[:, one], z[:, other])[0, 1])
        if special.erfc(abs(np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))) * np.sqrt((len(z) - 3) / 2)) < _NOT_DRAWN:
            pair = f"{prior.names[one]} and {prior.names[other]}"
            yield f"In the table {pair} are correlated ({r:.2f}), while a prior draws them independently: {holds}."


def _kolmogorov_p(z: Float[np.ndarray, " N"]) -> float:
    """P of the largest distance between the draws' distribution function and the unit normal's."""
    uniform_draws, size = special.ndtr(np.sort(z)), len(z)
    steps = np.arange(size + 1) / size
    distance = max(float(np.max(steps[1:] - uniform_draws)), float(np.max(uniform_draws - steps[:-1])))
    return float(special.kolmogorov(np.sqrt(size) * distance))
