"""Intervals of a result adjusted by its calibration card, so that they hold the truth as often as they say on simulations."""

from __future__ import annotations

import numpy as np

from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.card import QUANTILES
from astro_sbi.inference.posterior import weighted_quantile
from astro_sbi.runs.cards import card_of
from astro_sbi.runs.result import Result
from astro_sbi.simulators.prior import PriorError, parse_distribution


def wants_adjusting(result: Result) -> bool:
    """Whether the card of a result speaks against its intervals, and they can be adjusted."""
    card = card_of(result)
    return card is not None and calibration_verdict(card).grade != "good" and bool(adjusted_quantiles(result))


def adjusted_quantiles(result: Result) -> dict[str, tuple[float, ...]]:
    """Quantiles of each parameter at the levels of its card that hold the truth below them as often as `QUANTILES` say.

    Ranks are of latent coordinates, which are those of the parameter itself only where its prior depends on no other parameter; those
    of other parameters, of flows that were trained under another prior and of old cards are left out.
    """
    card, summary = card_of(result), result.summary
    if card is None or summary.get("trained_under"):
        return {}
    draws, weight = result.draws("posterior"), np.asarray(result.arrays["weight"], np.float64)
    return {
        name: tuple(float(value) for value in weighted_quantile(draws[name], weight, one.levels))
        for name, one in card.marginals.items()
        if len(one.levels) == len(QUANTILES) and name in draws and _stands_alone(summary, name)
    }


def _stands_alone(summary: dict, name: str) -> bool:
    """Whether the prior of a parameter depends on no other parameter."""
    try:
        return not parse_distribution(summary["priors"][name]).depends_on & set(summary["priors"])
    except PriorError:
        return False
