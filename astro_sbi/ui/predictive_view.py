"""The data with what the posterior predicts for them."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.figures import light_curve
from astro_sbi.figures.spectrum import spectrum
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached, charts
from astro_sbi.ui.words import number

FOLDED, UNFOLDED, ODD_EVEN, SPECTRUM = "Folded", "Unfolded", "Odd and even transits", "Spectrum"

BANDS = "Bands hold 68 and 95 % of what the posterior predicts for new data here, noise included; residuals are in units of the error."
NOTES = {
    FOLDED: BANDS,
    UNFOLDED: "The prepared light curve before folding, with the median model through every transit.",
    ODD_EVEN: "Transits of a planet have one depth; different depths point to an eclipsing binary or a wrong period.",
    SPECTRUM: BANDS,
}


def views(result: Result, *, stacked: bool = False) -> dict[str, Callable[[], go.Figure]]:
    """The figures that can be drawn for a result, by name."""
    arrays, axes = result.arrays, result.summary["axes"]
    if result.summary["kind"] == "spectrum":
        redshift = (result.summary["derived"].get("redshift") or {}).get("median")
        return {SPECTRUM: lambda: spectrum(arrays, axes, redshift=redshift, stacked=stacked)}
    found: dict[str, Callable[[], go.Figure]] = {FOLDED: lambda: light_curve.folded(arrays, axes)}
    if "unfolded/time" in arrays:
        found[UNFOLDED] = lambda: light_curve.unfolded(arrays, axes)
    if "odd/coordinate" in arrays:
        found[ODD_EVEN] = lambda: light_curve.odd_even(arrays, axes)
    return found


def predictive_view(key: str, result: Result) -> None:
    """Data, predictive bands and residuals, and the numbers of the check."""
    stacked = charts.is_phone()
    drawable = views(result, stacked=stacked)
    name = next(iter(drawable))
    if len(drawable) > 1:
        name = st.segmented_control("Show", list(drawable), default=name, required=True, key="predictive_view")
    charts.chart(cached.figure(("predictive", key, name, stacked), drawable[name]), key=f"predictive_{name.split()[0].lower()}")
    st.caption(NOTES[name])


def compact_view(key: str, result: Result, *, height: int = 360) -> None:
    """The first figure alone, small."""
    name, draw = next(iter(views(result).items()))
    charts.chart(cached.figure(("predictive", key, name, False), draw), key="compact_figure", height=height, static=True)


def predictive_numbers(result: Result) -> None:
    """The posterior predictive check in four numbers."""
    check = result.summary["predictive"]
    with st.grid(4, min_column_width=150):
        st.metric(
            "Predictive p",
            number(check.get("p_value"), 2),
            help="Share of simulated data that fit worse than the observed; suspicious below 0.01.",
        )
        st.metric(
            "χ² per point",
            number(check.get("chi2_per_point_quoted")),
            help="With the errors as the file gives them, without fitted extra noise; near 1 when model and errors are right.",
        )
        st.metric(
            "Noise ratio",
            number(check.get("noise_ratio")),
            help="Fitted over quoted noise; a free noise term can hide a misfit, so a value above 1.5 is a warning.",
        )
        st.metric(
            "Residual correlation",
            number(check.get("residual_correlation"), 2),
            help="Between neighbouring residuals; away from 0 there is red noise or a feature that the model lacks.",
        )
