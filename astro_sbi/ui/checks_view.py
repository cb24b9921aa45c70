"""Every check of a result in words, and the limits it was judged by."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from astro_sbi.diagnostics.card import LEVELS
from astro_sbi.diagnostics.judging import Threshold
from astro_sbi.diagnostics.thresholds import THRESHOLDS
from astro_sbi.runs.result import Result
from astro_sbi.runs.text import check_seconds_text
from astro_sbi.ui import predictive_view, slow_checks_view
from astro_sbi.ui.limits_view import limits_table, plain, sign
from astro_sbi.ui.tables import table
from astro_sbi.ui.verdict_view import look_of
from astro_sbi.ui.words import escaped, number, sentence

ABOUT = {
    "detection": "Evidence for the signal against a flat model",
    "ess": "Effective draws",
    "khat": "Pareto k of the weights",
    "likelihood": "A likelihood that corrects the flow",
    "leaning": "Posterior at an edge of the region trained on",
    "peak_outside": "Log height of a peak outside the region sampled, over the best",
    "summaries": "Share of posterior simulations farther out than the observation",
    "calibration": "Distance of the ranks of simulations from uniform ones",
    "coverage": "Shortfall of the coverage of all parameters together",
    "correlations": "Correlation left between parameters",
    "parts": "Distance from uniform in a third of the simulations",
    "noise_ratio": "Fitted over quoted noise",
    "misfit": "χ² per point with quoted errors",
    "misfit_fitted": "χ² per point with fitted noise",
    "largest_residual": "Largest residual over the most expected",
    "red_noise": "Factor by which red noise shrinks the errors",
    "stretch": "p of the stretch of data that fits worst",
    "sign_run": "p of the longest run of residuals of one sign",
    "errors": "Errors measured, not estimated from the scatter",
    "simulator": "The simulator's own warning",
    "memory": "Memory of the process over the length of the data",
    "distance": "Share of training simulations farther out than the observation",
    "prior_range": "How far data lie outside the range of the prior's simulations, over that range",
    "ensemble": "Largest disagreement between members of the ensemble, in sigma",
    "edges": "Posterior at an end of a prior",
}
CHANCE, CORRECTED = "can be chance", "the weights correct it"


def checks_view(key: str, result: Result) -> None:
    """Why the verdict is what it is."""
    summary = result.summary
    st.markdown("**Why this verdict.** What speaks against the result comes first, then what speaks for it.")
    st.markdown("\n".join(f"- {escaped(reason)}" for reason in summary["reasons"]))
    if summary.get("judgements"):
        st.markdown("**Every check.** The worst one decides.")
        table([_judged(one) for one in summary["judgements"]], alt="Every check with its number, its limit and its judgement")
    if check_seconds_text(summary):
        st.caption(escaped(sentence(check_seconds_text(summary))))
    _outside((summary.get("prior_range") or {}).get("farthest") or ())
    st.markdown("**Posterior predictive check**")
    predictive_view.predictive_numbers(result)
    if summary.get("calibration"):
        _calibration(summary["calibration"])
    slow_checks_view.slow_checks_view(result)
    with st.expander("The limits behind the verdict", icon=":material/rule:"):
        st.caption("The worst check decides. Good: passes; between the limits: caution; beyond: do not trust.")
        limits_table(THRESHOLDS, ABOUT)


def _judged(one: dict) -> dict[str, str]:
    """A check, its number, what it has to be, and its judgement."""
    look, limits = look_of(one["grade"]), next((row for row in THRESHOLDS if row.name == one["name"]), None)
    return {
        "Check": escaped(ABOUT.get(one["name"], one["name"])),
        "Number": ("none" if limits else "–") if one["number"] is None else plain(one["number"]),
        "Good if": f"{sign(limits)} {plain(limits.good)}" if limits else "–",
        "Judgement": f":{look.colour}[{look.icon} {look.label}]{_why(one, limits)}",
    }


def _why(one: dict, limits: Threshold | None) -> str:
    """Why a check is judged better than its number alone would be; empty where it is not."""
    if limits is None or one["number"] is None or limits.grade(one["number"]) == one["grade"]:
        return ""
    return f" ({CORRECTED if one['grade'] != 'good' or one['name'] == 'ensemble' else CHANCE})"


def _outside(farthest: Sequence[Sequence]) -> None:
    """The values that lie farthest outside the range of all simulations."""
    if farthest:
        st.markdown("**Outside everything simulated.** The values farthest outside the range of all simulations of the prior.")
        rows = [
            {"Value": escaped(where), "Outside": f"{number(100 * abs(beyond), 2)} % of the range {'above' if beyond > 0 else 'below'} it"}
            for where, beyond in farthest
        ]
        table(rows, alt="Values outside the range of all simulations of the prior")


def _calibration(found: dict) -> None:
    """How often regions of simulations held back hold their true values."""
    st.markdown(
        f"**Calibration** on {found['tests']:,} simulations that the training did not see: share of true values inside each region."
    )
    rows = [
        {"Parameter": escaped(name), **{f"{level:.0%}": f"{share:.0%}" for level, share in zip(LEVELS, shares, strict=True)}}
        for name, shares in found["coverage"].items()
    ]
    table(rows, alt="Coverage of central regions, and of the highest-density regions of all parameters jointly")
