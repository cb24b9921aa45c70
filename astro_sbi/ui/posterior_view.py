"""The posterior: corner plot with its layers, and the table of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.diagnostics.agreement import Interval, Published, pull
from astro_sbi.figures.corner import Layer, Markers, corner, one_dimensional
from astro_sbi.figures.theme import NEUTRAL
from astro_sbi.runs.check_settings import SAMPLERS
from astro_sbi.runs.picture import KINDS, MOST, in_order, key_names, labels_of, limits, quantities
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached, charts
from astro_sbi.ui.adjusted_view import adjusted_columns
from astro_sbi.ui.kept_checks import with_references
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import aligned, escaped, journal, number, unit_latex

POSTERIOR, FLOW, PRIOR = KINDS["posterior"], KINDS["flow"], "Prior"
REFERENCES = {KINDS[sampler]: sampler for sampler in SAMPLERS}
COLOURS = {POSTERIOR: NEUTRAL.posterior, FLOW: NEUTRAL.flow, PRIOR: NEUTRAL.prior}
COLOURS |= dict(zip(REFERENCES, (NEUTRAL.reference, NEUTRAL.second_reference), strict=True))
SHAPES = ("Corner", "Two parameters", "One by one")
PARAMETERS, MEDIAN = "Parameters", "Median and 68 %"


def layers(result: Result, shown: Sequence[str]) -> list[Layer]:
    """The distributions to overlay, the leading one first."""
    found = []
    for layer, kind in ((POSTERIOR, "posterior"), *REFERENCES.items(), (FLOW, "flow"), (PRIOR, "prior")):
        draws = result.draws(kind) if layer in shown else {}
        if draws:
            weight = result.arrays["weight"] if layer == POSTERIOR else None
            found.append(Layer(layer, draws, weight, COLOURS[layer], dashed=layer == PRIOR))
    return found


def draw_posterior(
    result: Result, names: Sequence[str], shown: Sequence[str], marked: Mapping[str, Published], *, apart: bool
) -> go.Figure:
    """The chosen parameters and layers, pair by pair or each apart, with known values marked."""
    labels = labels_of(result)
    sets = {
        "least squares": (result.summary.get("least_squares") or {}, NEUTRAL.least_squares),
        "marked": ({name: mark.value for name, mark in marked.items()}, NEUTRAL.published),
    }
    markers = [Markers(name, values, colour) for name, (values, colour) in sets.items() if set(values) & set(names)]
    if apart:
        across = 1 if charts.is_phone() else 3
        return one_dimensional(layers(result, shown), labels, list(names), limits=limits(result), markers=markers, across=across)
    return corner(layers(result, shown), labels, names=list(names), limits=limits(result), markers=markers)


def _meaning(result: Result, name: str) -> str:
    return result.summary["labels"].get(name, {}).get("meaning", name)


def corner_view(key: str, result: Result, marked: Mapping[str, Published]) -> None:
    """The corner plot with its choices, and known values marked in it."""
    result = with_references(result)
    available = list(quantities(result))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shape = st.segmented_control(
            "Show as",
            SHAPES,
            default=SHAPES[2] if charts.is_phone() else SHAPES[0],
            required=True,
            key="corner_shape",
            help="A corner plot needs a wide screen; two parameters or one by one suit a phone.",
        )
        references = [layer for layer, kind in REFERENCES.items() if result.draws(kind)]
        shown = _layer_choice(references, weighted=result.summary["importance"] is not None)
    names = _choice(result, available, str(shape))
    if not names or not shown:
        st.info("Choose at least one parameter and one layer.", icon=":material/info:")
        return
    apart = shape == SHAPES[2]
    chosen = (tuple(names), tuple(shown), tuple(sorted(marked.items())), apart, charts.is_phone() and apart)
    drawn = cached.figure(("posterior", key, *chosen), lambda: draw_posterior(result, names, shown, marked, apart=apart))
    charts.chart(drawn, key="corner")
    dotted = ["the least-squares fit"] * bool(result.summary.get("least_squares")) + ["the marked values"] * bool(marked)
    fit = f"; dotted lines mark {' and '.join(dotted)}" if dotted else ""
    st.caption(
        f"Contours hold 68 and 95 % of the probability{fit}. "
        "Numbers above the panels are medians with 68 % intervals. A click in the legend switches a layer."
    )


def _layer_choice(references: list[str], *, weighted: bool) -> list[str]:
    """The layers to show; without a likelihood the posterior is the flow's own."""
    if not weighted:
        words = "Posterior: the flow's own draws. Prior: what was assumed before the data."
        return st.pills(
            "Layers", [POSTERIOR, PRIOR], selection_mode="multi", default=[POSTERIOR], key="corner_layers_unweighted", help=words
        )
    return st.pills(
        "Layers",
        [POSTERIOR, FLOW, PRIOR, *references],
        selection_mode="multi",
        default=[POSTERIOR, *(references or [FLOW])],
        key="corner_layers",
        help="Posterior: the flow's draws weighted by the likelihood. Flow alone: the same draws before weighting. Prior: what was "
        "assumed before the data. Where the first two agree, the flow had learned the posterior."
        + (" Reference: a sampler on the same likelihood that knows nothing of the flow." if references else ""),
    )


def _choice(result: Result, available: list[str], shape: str) -> list[str]:
    first = key_names(result) or available[:MOST]
    if shape == SHAPES[1]:
        left, right = st.columns(2)
        x = left.selectbox("Horizontal", available, index=0, format_func=lambda name: _meaning(result, name), key="corner_x")
        others = [name for name in available if name != x]
        y = right.selectbox("Vertical", others, index=0, format_func=lambda name: _meaning(result, name), key="corner_y")
        return [x, y] if y else [x]
    return st.multiselect(
        "Parameters",
        available,
        default=first,
        format_func=lambda name: name,
        key="corner_names",
        help=f"{len(available)} quantities can be shown, derived ones included. The first {len(first)} are chosen to begin with.",
    )


def table_view(result: Result, marked: Mapping[str, Published]) -> None:
    """Medians and 68 % intervals, as a journal prints them, beside known values."""
    _table(result, PARAMETERS, result.summary["parameters"], marked, adjusted_columns(result))
    fixed = result.summary.get("fixed") or {}
    if fixed:
        st.caption("Held fixed: " + ", ".join(f"{escaped(name)} = {number(value, 6)}" for name, value in fixed.items()))
    if result.summary["derived"]:
        _table(result, "Derived quantities", result.summary["derived"], marked)
    every = (*result.summary["parameters"].values(), *result.summary["derived"].values())
    if any(quantiles.get("modes") for quantiles in every):
        st.caption("Where the posterior has several modes, each has its own interval, with its share of the probability.")
    if marked:
        st.caption(
            "Off by: the median less the marked value, in σ; σ is the half of the 68 % interval on the value's side, with the value's own "
            "error where one was given."
        )


def _table(
    result: Result, title: str, numbers: dict[str, dict], marked: Mapping[str, Published], also: Mapping[str, dict[str, str]] | None = None
) -> None:
    rows, least_squares = [], (result.summary.get("least_squares") or {}) if title == PARAMETERS else {}
    for name, quantiles in in_order(result, numbers).items():
        label = result.summary["labels"].get(name, {})
        interval = _interval(quantiles)
        symbol, unit = f"${label.get('latex', name)}$", unit_latex(quantiles.get("unit", ""))
        meaning = escaped(label.get("meaning", name))
        compared = _compared(marked.get(name), quantiles) if set(marked) & set(numbers) else {}
        if charts.is_phone():
            beside = f"; marked: {compared['Marked']}, off by {compared['Off by']}" if name in marked else ""
            rows.append({"Quantity": f"{symbol}, {meaning}", MEDIAN: f"{interval} {unit}{beside}", **(also or {}).get(name, {})})
            continue
        rows.append({"Symbol": symbol, MEDIAN: interval, **(also or {}).get(name, {}), "Unit": unit or "–", "Meaning": meaning})
        if least_squares:
            rows[-1]["Least squares"] = aligned(least_squares.get(name), quantiles["lower"], quantiles["upper"])
        rows[-1] |= compared
    st.markdown(f"**{title}**")
    table(rows, alt=f"{title}: median, 68 % interval, unit and meaning")


def _interval(quantiles: Mapping[str, Any]) -> str:
    """Median and 68 % interval; of each mode, with its share of the probability, where there are several."""
    told = quantiles.get("modes") or ()
    if not told:
        return journal(quantiles["median"], quantiles["lower"], quantiles["upper"])
    return " or ".join(f"{journal(mode['median'], mode['lower'], mode['upper'])} ({mode['share']:.0%})" for mode in told)


def _compared(mark: Published | None, quantiles: Mapping[str, float]) -> dict[str, str]:
    """A marked value and how far the median is from it."""
    if mark is None:
        return {"Marked": "–", "Off by": "–"}
    off = pull(mark, Interval(quantiles["lower"], quantiles["median"], quantiles["upper"]))
    return {"Marked": aligned(mark.value, quantiles["lower"], quantiles["upper"]), "Off by": f"{off:+.1f} σ".replace("-", "−")}
