"""The data with what the posterior predicts for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from astro_sbi.figures import light_curve
from astro_sbi.figures.components import components
from astro_sbi.figures.series import Shown, differences, phased, series
from astro_sbi.figures.spectrum import spectrum
from astro_sbi.runs.result import Result
from astro_sbi.simulators.registry import SIMULATIONS
from astro_sbi.ui import cached, charts
from astro_sbi.ui.words import escaped, number

FOLDED, UNFOLDED, ODD_EVEN, SPECTRUM = "Folded", "Unfolded", "Odd and even transits", "Spectrum"
COMPONENTS = "Numbers of the observation"
PHASED, DIFFERENCE = "Folded at the median period", "Difference from the median"
#: What the first view of each kind is called.
ALONG = {
    "light_curve": "In time",
    "velocities": "In time",
    "photometry": "Bands",
    "hubble_diagram": "Hubble diagram",
    "curve": "Curve",
    "spectrum": "Whole spectrum",
}
#: Kinds of which what the model leaves is read in the unit of the values.
DIFFERED = ("hubble_diagram", "velocities")

BANDS = "Bands hold 68 and 95 % of what the posterior predicts for new data here, noise included; residuals are in units of the error."
SHADES = (
    "Dark shades hold 68 and 95 % of the model, pale ones of what it predicts for new data, noise included; where the model jumps from "
    "point to point they are bars. Residuals are in units of the error."
)
ONE_STEP = " This model is random: what is shown is predicted for each point from those before it."
RANDOM = " This model is random: what is shown holds many draws of it."
NOTES = {
    FOLDED: BANDS,
    UNFOLDED: "The prepared light curve before folding, with the median model through every transit.",
    ODD_EVEN: "Transits of a planet have one depth; different depths point to an eclipsing binary or a wrong period.",
    SPECTRUM: BANDS,
    COMPONENTS: "Bands hold 68 and 95 % of the simulations that the posterior picks out of the table, noise included.",
    DIFFERENCE: "Data less the median model, in the unit of the data; diamonds are weighted means of neighbours.",
}


def views(result: Result, *, stacked: bool = False) -> dict[str, Callable[[], go.Figure]]:
    """The figures that can be drawn for a result, by name: those of transits and of lines, or the data along their coordinate."""
    arrays, axes = result.arrays, result.summary["axes"]
    if result.summary["simulator"] == "galaxy_lines":
        redshift = (result.summary["derived"].get("redshift") or {}).get("median")
        return {SPECTRUM: lambda: spectrum(arrays, axes, redshift=redshift, stacked=stacked)}
    if result.summary["simulator"] == SIMULATIONS:
        return {COMPONENTS: lambda: components(arrays, axes, result.summary["table"]["components"])}
    if result.summary["simulator"] != "transit" and "unfolded/time" not in arrays:
        return _series_views(result)
    bands = Shown(result.summary["kind"], tuple(result.summary.get("channels") or ()))
    several = len(bands.channels) > 1
    found: dict[str, Callable[[], go.Figure]] = {FOLDED: lambda: light_curve.folded(arrays, axes)}
    if several:
        found[FOLDED] = lambda: series(arrays, axes, bands)
    if "unfolded/time" in arrays:
        found[UNFOLDED] = lambda: light_curve.unfolded(arrays, axes)
    if "odd/coordinate" in arrays and not several:
        found[ODD_EVEN] = lambda: light_curve.odd_even(arrays, axes)
    return found


def _series_views(result: Result) -> dict[str, Callable[[], go.Figure]]:
    arrays, axes, summary = result.arrays, result.summary["axes"], result.summary
    shown = Shown(summary["kind"], tuple(summary.get("channels") or ()))
    found = {ALONG.get(shown.kind, "Data"): lambda: series(arrays, axes, shown)}
    period = median_period(result)
    if period is not None:
        found[PHASED] = lambda: phased(arrays, axes, shown, period, offsets=channel_offsets(result))
    if shown.kind in DIFFERED:
        found[DIFFERENCE] = lambda: differences(arrays, axes, shown)
    return found


def median_of(result: Result, name: str) -> float | None:
    """Median of a parameter or derived quantity, or the value at which it was held."""
    summary = result.summary
    numbers = summary["parameters"].get(name) or summary["derived"].get(name)
    return numbers["median"] if numbers else (summary.get("fixed") or {}).get(name)


def median_period(result: Result) -> float | None:
    """The period to fold by, in the unit of the coordinate; None where the model has none."""
    name = result.summary.get("period_parameter") or ""
    period = median_of(result, name) if name else None
    return period if period is not None and np.isfinite(period) and period > 0 else None


def channel_offsets(result: Result) -> list[float]:
    """Median offset of each instrument's velocities; empty where there is one, or the model has none."""
    channels = len(result.summary.get("channels") or ())
    offsets = [median_of(result, f"offset_{number}") for number in range(1, channels + 1)]
    if channels < 2 or result.summary["kind"] != "velocities" or any(offset is None for offset in offsets):
        return []
    return [float(offset) for offset in offsets if offset is not None]


def note_of(result: Result, name: str) -> str:
    """What to know when looking at a figure."""
    if name in NOTES:
        return NOTES[name]
    note = SHADES
    if name == PHASED:
        name_of_period = escaped(result.summary["period_parameter"].replace("_", " "))
        offsets = " Offsets between instruments are taken out." if channel_offsets(result) else ""
        note = (
            f"Folded at {name_of_period} {number(median_period(result), 7)}; phase 0 is where the model is highest.{offsets} "
            f"Other signals stay in as scatter. {SHADES}"
        )
    if result.summary.get("random"):
        note += ONE_STEP if result.summary.get("predictive") is not None else RANDOM
    return note


def predictive_view(key: str, result: Result) -> None:
    """Data, predictive bands and residuals, and the numbers of the check."""
    stacked = charts.is_phone()
    drawable = views(result, stacked=stacked)
    name = next(iter(drawable))
    if len(drawable) > 1:
        name = st.segmented_control("Show", list(drawable), default=name, required=True, key="predictive_view")
    charts.chart(cached.figure(("predictive", key, name, stacked), drawable[name]), key=f"predictive_{name.split()[0].lower()}")
    st.caption(note_of(result, name))


def compact_view(key: str, result: Result, *, height: int = 360) -> None:
    """The first figure alone, small."""
    name, draw = next(iter(views(result).items()))
    charts.chart(cached.figure(("predictive", key, name, False), draw), key="compact_figure", height=height, static=True)


def predictive_numbers(result: Result) -> None:
    """The posterior predictive check in four numbers."""
    check = result.summary["predictive"]
    if check is None:
        share = result.summary.get("summaries_p")
        judged = "Too few simulations lie where the posterior does to judge these data by them."
        if share is not None:
            judged = f"Share of simulated data whose summaries lie farther out: {number(share, 2)}."
        st.caption(f"There is no likelihood, and so no residuals to judge. {judged}")
        return
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
