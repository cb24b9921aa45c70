"""What a result's summary tells of its checks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from astro_sbi.diagnostics.places import Place
from astro_sbi.diagnostics.predictive import PredictiveCheck
from astro_sbi.diagnostics.verdict import Checks, judgements

_RESIDUALS = (
    "p_value",
    "chi2_per_point_quoted",
    "noise_ratio",
    "residual_correlation",
    "p_value_fitted",
    "chi2_per_point_fitted",
    "largest_residual",
    "red_noise",
    "correlation_p",
)


def checks_told(checks: Checks) -> dict[str, Any]:
    """Every judgement with its number, and what the checks of residuals, prior and ensemble found."""
    reach, ensemble = checks.prior_range, checks.ensemble
    return {
        "judgements": [{"name": one.name, "grade": one.grade, "number": one.number} for one in judgements(checks)],
        "predictive": None if checks.predictive is None else _predictive(checks, checks.predictive),
        "prior_range": None if reach is None else asdict(reach) | {"farthest": [list(one) for one in reach.farthest]},
        "ensemble_check": None if ensemble is None else asdict(ensemble),
    }


def _predictive(checks: Checks, found: PredictiveCheck) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(found, name) for name in _RESIDUALS}
    stretch, run = found.stretch, found.run
    if stretch is not None:
        numbers = {"kind": stretch.kind, "gain": stretch.gain, "residual": stretch.residual, "p_value": stretch.p_value}
        told["stretch"] = _where(checks, stretch.place) | numbers
    if run is not None:
        told["sign_run"] = _where(checks, run.place) | {"above": run.above, "limit": run.limit, "p_value": run.p_value}
    return told


def _where(checks: Checks, place: Place) -> dict[str, Any]:
    return place._asdict() | {"where": place.text(checks.coordinate_unit, checks.channels)}
