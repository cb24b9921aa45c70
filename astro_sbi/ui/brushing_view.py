"""Draws of the posterior, their curves and their residuals, linked in the browser: no round trip to the server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from astro_sbi.figures.brushing import brushing, can_be_brushed
from astro_sbi.figures.curves import Arrays
from astro_sbi.figures.light_curve import Units, units_of
from astro_sbi.figures.series import Places, Shown, along, at_phase, less_offset_title, less_offsets, printed_units
from astro_sbi.figures.theme import axis
from astro_sbi.runs.picture import labels_of, quantities
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached
from astro_sbi.ui.predictive_view import channel_offsets, median_period

FOLDER = Path(__file__).parent / "brushing"
HTML, CSS = ((FOLDER / f"view.{ending}").read_text(encoding="utf-8") for ending in ("html", "css"))
#: One script for the browser, in parts for the reader.
PARTS = ("view", "draws", "controls", "places", "pen", "matrix", "curves", "words")
JS = "\n".join((FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
HINT = (
    "Drag a box over draws, or along a histogram: their curves and residuals light up. Drag along the data: draws are coloured by how "
    "well they fit there. A click clears. On a phone, begin the drag sideways."
)

mount = component("astro_sbi_brushing", html=HTML, css=CSS, js=JS)


def brushing_view(key: str, result: Result) -> None:
    """Scatter of parameters, curves and residuals that select each other."""
    if not can_be_brushed(result.arrays):
        st.info(
            "This result keeps no curves of single draws: it is older than this view, or comes from a table of simulations. "
            "Run the inference again to explore its draws; the other tabs show all the rest.",
            icon=":material/history:",
        )
        return
    st.caption(HINT)
    mount(key="brushing", data=cached.figure(("brushing", key), lambda: linked(result)))


def linked(result: Result) -> dict[str, Any]:
    """What the browser needs, with transits in hours and periodic signals folded."""
    arrays, places, units = _laid_out(result)
    shown = Shown(result.summary["kind"], tuple(result.summary.get("channels") or ()))
    labels = labels_of(result)
    return brushing(arrays, {name: labels[name] for name in quantities(result) if name in labels}, shown, places, units)


def _laid_out(result: Result) -> tuple[Arrays, Places, Units]:
    """Arrays, where their points stand, and how values are printed: as the tab of the data shows them first, but folded by a period."""
    arrays, axes, kind = result.arrays, result.summary["axes"], result.summary["kind"]
    coordinate = np.asarray(arrays["observed/coordinate"], np.float64)
    if result.summary["simulator"] == "transit" or "unfolded/time" in arrays:
        units = units_of(coordinate, arrays["observed/value"], axes)
        return arrays, Places(units.time * coordinate, axis(units.time_title)), units
    period, offsets = median_period(result), channel_offsets(result)
    if period is None:
        return arrays, along(arrays, axes, Shown(kind)), printed_units(arrays, axes)
    moved = less_offsets(arrays, offsets) if offsets else arrays
    units = printed_units(moved, axes)
    return moved, at_phase(moved, axes, period), replace(units, flux_title=less_offset_title(units)) if offsets else units
