"""Every check of a result in words, and the limits it was judged by."""

from __future__ import annotations

import streamlit as st

from astro_sbi.diagnostics.card import LEVELS
from astro_sbi.diagnostics.thresholds import THRESHOLDS
from astro_sbi.runs.result import Result
from astro_sbi.ui import predictive_view, slow_checks_view
from astro_sbi.ui.limits_view import limits_table
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import escaped

ABOUT = {
    "detection": "Evidence for the signal against a flat model",
    "ess": "Effective draws",
    "khat": "Pareto k of the weights",
    "peak_outside": "Log height of a peak outside the region sampled, over the best",
    "calibration": "Distance of the ranks of simulations from uniform ones",
    "coverage": "Shortfall of the coverage of all parameters together",
    "correlations": "Correlation left between parameters",
    "parts": "Distance from uniform in a third of the simulations",
    "noise_ratio": "Fitted over quoted noise",
    "misfit": "χ² per point with quoted errors",
    "misfit_fitted": "χ² per point with fitted noise",
    "largest_residual": "Largest residual over the most expected",
    "red_noise": "Factor by which red noise shrinks the errors",
    "distance": "Share of simulations farther out than the observation",
}


def checks_view(key: str, result: Result) -> None:
    """Why the verdict is what it is."""
    st.markdown("**Why this verdict.** What speaks against the result comes first, then what speaks for it.")
    st.markdown("\n".join(f"- {escaped(reason)}" for reason in result.summary["reasons"]))
    st.markdown("**Posterior predictive check**")
    predictive_view.predictive_numbers(result)
    if result.summary.get("calibration"):
        _calibration(result.summary["calibration"])
    slow_checks_view.slow_checks_view(result)
    with st.expander("The limits behind the verdict", icon=":material/rule:"):
        st.caption("The worst check decides. Good: passes; between the limits: caution; beyond: do not trust.")
        limits_table(THRESHOLDS, ABOUT)


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
