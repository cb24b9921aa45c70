"""Calibration: do regions hold the true parameters as often as they say, over simulations that no training saw?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi.diagnostics import uniformity
from astro_sbi.diagnostics.card import FEWEST, JOINT_LEVELS, JOINTLY, LEVELS, PLACES, CalibrationCard, Joint, Marginal, Part
from astro_sbi.diagnostics.conformal import conformal_levels
from astro_sbi.diagnostics.ranks import Ranks

_PARTS = 3


def calibration_card(
    names: Sequence[str], found: Ranks, covariates: Mapping[str, Float[np.ndarray, " K"]] | None = None
) -> CalibrationCard:
    """Judge the ranks of true parameters, of all simulations and of thirds of them.

    Args:
        names: of the parameters.
        found: their ranks.
        covariates: quantities of each simulation by which thirds are told apart. They must be functions of the data, not of the
            truth: ranks of simulations chosen by their true parameters are not uniform even if the posteriors are right.
    """
    columns = dict(zip(names, found.below.T, strict=True))
    correlation_p, correlation = _correlations(found.whitened)
    return CalibrationCard(
        tests=len(found.denser),
        marginals={name: _marginal(column) for name, column in columns.items()},
        joint=joint_coverage(found.denser),
        tarp_p=uniformity.ks_p(found.nearer),
        tarp_deviation=uniformity.deviation(found.nearer),
        correlation_p=correlation_p,
        correlation=correlation,
        coverage={
            **{name: _shares(2 * np.abs(column - 0.5), LEVELS) for name, column in columns.items()},
            JOINTLY: _shares(found.denser, LEVELS),
        },
        parts=tuple(part for name, value in (covariates or {}).items() for part in _parts(names, found, name, value)),
    )


def _column_p(values: Float[np.ndarray, " K"]) -> float:
    """P of uniform ranks: POT-C sees any departure, mean and scatter of normal scores see bias and width with fewer simulations."""
    score = uniformity.scores(values)
    return uniformity.combined_p([uniformity.uniformity_p(values), uniformity.bias_p(score), uniformity.dispersion_p(score)])


def _marginal(values: Float[np.ndarray, " K"]) -> Marginal:
    score = uniformity.scores(values)
    return Marginal(
        p_value=_column_p(values),
        deviation=uniformity.deviation(values),
        bias=float(score.mean()),
        dispersion=float(score.std()),
        ecdf=tuple(float(value) for value in uniformity.ecdf_difference(values, PLACES)),
        levels=conformal_levels(values),
    )


def joint_coverage(denser: Float[np.ndarray, " K"]) -> Joint:
    """Coverage of highest-density regions, of the levels of the smallest ones that hold the truths."""
    coverage = _shares(denser, JOINT_LEVELS)
    off = np.subtract(coverage, JOINT_LEVELS)
    over, under = int(np.argmin(off)), int(np.argmax(off))
    return Joint(
        p_value=_column_p(denser),
        over=max(0.0, -float(off[over])),
        over_at=JOINT_LEVELS[over],
        under=max(0.0, float(off[under])),
        under_at=JOINT_LEVELS[under],
        expected=uniformity.perfect_deviation(len(denser), JOINT_LEVELS),
        coverage=coverage,
    )


def _shares(values: Float[np.ndarray, " K"], levels: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(np.mean(values < level)) for level in levels)


def _correlations(whitened: Float[np.ndarray, "K d"]) -> tuple[float, float]:
    """P and size of what correlation is left between truths once the posterior's is taken out.

    The mean products of pairs over their standard errors, squared, add up to chi-square with as many degrees of freedom as pairs.
    """
    first, second = np.triu_indices(whitened.shape[1], 1)
    products = whitened[:, first] * whitened[:, second]
    if not products.size:
        return 1.0, 0.0
    mean, error = products.mean(axis=0), products.std(axis=0) / np.sqrt(len(products))
    return float(special.chdtrc(len(first), np.sum((mean / error) ** 2))), float(np.max(np.abs(mean)))


def _parts(names: Sequence[str], found: Ranks, covariate: str, value: Float[np.ndarray, " K"]) -> Iterator[Part]:
    """Thirds of the simulations in the order of a quantity, where there are enough of them and it is not the same for all."""
    if len(value) < _PARTS * FEWEST or np.ptp(value) == 0:
        return
    for rows in np.array_split(np.argsort(value, kind="stable"), _PARTS):
        card = calibration_card(names, found.of(rows))
        worst = min(card.deviations, key=card.p_values.__getitem__)
        yield Part(
            covariate=covariate,
            low=float(value[rows[0]]),
            high=float(value[rows[-1]]),
            tests=card.tests,
            p_value=card.corrected[worst],
            worst=worst,
            deviation=card.deviations[worst],
            joint=card.joint,
        )
