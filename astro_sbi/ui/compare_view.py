"""Finished runs side by side: posteriors over each other, evidence, residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from scipy import special

from astro_sbi.figures.corner import Label, Layer, Markers, corner, one_dimensional
from astro_sbi.figures.side_by_side import on_same_axes
from astro_sbi.figures.theme import CYCLE
from astro_sbi.runs.compare import Comparison, Judged, compare, judged
from astro_sbi.runs.picture import KINDS
from astro_sbi.runs.published import published_values
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import SettingsError
from astro_sbi.ui import cached, charts, compare_tables
from astro_sbi.ui.posterior_view import SHAPES, limits
from astro_sbi.ui.predictive_view import views
from astro_sbi.ui.spoken import say
from astro_sbi.ui.words import escaped

TABS = ("Posteriors", "Which model", "Residuals")
POSTERIOR, FLOW = "posterior", "flow"
FIRST_SHOWN = 5
PUBLISHED = "published"
PUBLISHED_COLOUR = CYCLE[-1]


def compare_view(keys: Sequence[str], results: Sequence[Result]) -> None:
    """Everything about two to six runs.

    Raises:
        SettingsError: if there are too few or too many.
    """
    comparison = compare(results)
    compare_tables.runs_table(comparison)
    compare_tables.differences_table(comparison)
    tabs = st.tabs(list(TABS), key="compare_tab", on_change="rerun")
    for tab, body in zip(tabs, (_posteriors, _evidence, _residuals), strict=True):
        if tab.open:
            with tab:
                body(tuple(keys), comparison)


def _posteriors(keys: tuple[str, ...], comparison: Comparison) -> None:
    if not comparison.quantities:
        st.info("These runs have no parameter in common, so there is nothing to overlay.", icon=":material/info:")
        return
    layers = _layer_choice(comparison)
    names, apart = _panel_choice(comparison)
    figure = st.container()
    compare_tables.quantities_table(comparison)
    published = _published(comparison)
    if published:
        compare_tables.published_table(comparison, published)
    with figure:
        if not (names and layers):
            st.info("Choose at least one run, one kind of draws and one parameter.", icon=":material/info:")
            return
        chosen = (tuple(layers), tuple(names), apart, charts.is_phone() and apart, repr(published))
        drawn = cached.figure(("compare", keys, *chosen), lambda: overlay(comparison, layers, names, published, apart=apart))
        charts.chart(drawn, key="compare_corner")
        st.caption(
            "Contours hold 68 and 95 % of the probability; numbers above the panels are of the first run shown. "
            "Dotted lines are flows alone, dashed ones references, in grey published values. A click in the legend switches a layer."
        )


def _layer_choice(comparison: Comparison) -> list[tuple[int, str]]:
    """What to overlay: numbers of runs, each with a kind of draws that it has."""
    numbers = list(range(len(comparison.results)))
    offered = [kind for kind in KINDS if any(_distinct(comparison, number, kind) for number in numbers)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.pills(
            "Show", numbers, selection_mode="multi", default=numbers, format_func=comparison.names.__getitem__, key="compare_shown"
        )
        kinds = st.pills(
            "Draws",
            offered,
            selection_mode="multi",
            default=[POSTERIOR],
            format_func=KINDS.__getitem__,
            key="compare_kinds",
            help="Posterior: the flow's draws weighted by the likelihood, where there is one. Flow alone: the same before weighting. "
            "References are made by a sampler on the page of a result.",
        )
    return [(number, kind) for kind in kinds for number in shown if _distinct(comparison, number, kind)]


def _distinct(comparison: Comparison, number: int, kind: str) -> bool:
    """Whether a run has such draws; without a likelihood the flow's are its posterior already."""
    return bool(comparison.draws(number, kind)) and (kind != FLOW or comparison.results[number].summary["importance"] is not None)


def _panel_choice(comparison: Comparison) -> tuple[list[str], bool]:
    """The quantities to show, and whether each apart."""
    available = [one.name for one in comparison.quantities]
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    shape = left.segmented_control(
        "Show as",
        (SHAPES[0], SHAPES[2]),
        default=SHAPES[2] if charts.is_phone() else SHAPES[0],
        required=True,
        key="compare_shape",
    )
    names = right.multiselect("Parameters", available, default=available[:FIRST_SHOWN], key="compare_names")
    return names, shape == SHAPES[2]


def _published(comparison: Comparison) -> tuple[Judged, ...]:
    """Values from the literature that the user types, against each run."""
    name = comparison.quantities[0].name
    text = st.text_area(
        "Published values, one a line",
        key=PUBLISHED,
        bind="query-params",
        height=110,
        placeholder=f"{name} = 1.23 ± 0.04 (Author 2020)\n{name} = 1.23 +0.05 -0.04\n{name} < 1.5",
        help="Names as in the table below; in the unit of the table, or with a unit behind the error that converts to it.",
    )
    try:
        return judged(comparison, published_values(text or ""))
    except SettingsError as error:
        say(error)
        return ()


def overlay(
    comparison: Comparison, chosen: Sequence[tuple[int, str]], names: Sequence[str], published: Sequence[Judged], *, apart: bool
) -> go.Figure:
    """Draws of some runs over each other with published values, pair by pair or each quantity apart.

    Args:
        comparison: the runs.
        chosen: numbers of runs with the kind of their draws.
        names: quantities to show.
        published: values from the literature.
        apart: whether each quantity stands in a panel of its own.
    """
    groups = _by_source(published)
    layers = [_layer(comparison, number, kind) for number, kind in chosen]
    layers += [layer for name, group in groups.items() for layer in _published_layers(name, group)]
    markers = [Markers(name, {one.line.name: one.value.value for one in group}, PUBLISHED_COLOUR) for name, group in groups.items()]
    labels = {one.name: Label(one.label.get("html", one.name), one.unit) for one in comparison.quantities}
    walls = _walls(comparison, sorted({number for number, _ in chosen}))
    if apart:
        return one_dimensional(layers, labels, list(names), limits=walls, markers=markers, across=1 if charts.is_phone() else 3)
    return corner(layers, labels, names=list(names), limits=walls, markers=markers)


def _layer(comparison: Comparison, number: int, kind: str) -> Layer:
    """One kind of draws of a run: colours are of runs, lines of kinds."""
    draws = comparison.draws(number, kind)
    if kind == POSTERIOR:
        return Layer(comparison.names[number], draws, comparison.results[number].arrays["weight"], CYCLE[number], whole=True)
    words = KINDS[kind][0].lower() + KINDS[kind][1:]
    return Layer(f"{comparison.letters[number]}, {words}", draws, None, CYCLE[number], line="dot" if kind == FLOW else "dash")


def _by_source(published: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Published values under the names that the legend gives them, each quantity once under a name."""
    groups: dict[str, list[Judged]] = {}
    for one in published:
        name = one.line.source or "published"
        taken = sum(one.line.name == other.line.name for other in published[: published.index(one)] if other.line.source == one.line.source)
        groups.setdefault(f"{name} ({taken + 1})" if taken else name, []).append(one)
    return groups


def _published_layers(name: str, group: Sequence[Judged]) -> list[Layer]:
    """Published values with errors as densities: two half Gaussians, each with half of the mass."""
    z = special.ndtri((np.arange(2000) + 0.5) / 2000)
    draws = {
        one.line.name: one.value.value + np.where(z > 0, one.value.plus, one.value.minus) * z
        for one in group
        if one.value.plus > 0 and one.value.minus > 0
    }
    return [Layer(f"{name}, with errors", draws, None, PUBLISHED_COLOUR, dashed=True)] if draws else []


def _walls(comparison: Comparison, shown: Sequence[int]) -> dict[str, tuple[float | None, float | None]]:
    """Ends of the priors that all runs shown have in common, where densities stop."""
    found = [limits(comparison.results[number]) for number in shown]
    same_units = {one.name for one in comparison.quantities if all(_unit(comparison.results[n], one.name) == one.unit for n in shown)}
    return {name: walls for name, walls in found[0].items() if name in same_units and all(one.get(name) == walls for one in found)}


def _unit(result: Result, name: str) -> str:
    return str(result.summary["labels"].get(name, {}).get("unit", ""))


def _evidence(_keys: tuple[str, ...], comparison: Comparison) -> None:
    for sentence in comparison.evidence.refusals:
        st.info(escaped(sentence), icon=":material/block:")
    if not comparison.evidence.made:
        st.markdown("Fewer than two of these runs have an evidence for the same prepared data, so no model can be preferred by it.")
        return
    compare_tables.evidence_table(comparison)
    if comparison.evidence.warnings:
        st.warning("\n".join(f"- {escaped(sentence)}" for sentence in comparison.evidence.warnings), icon=":material/warning:")
    compare_tables.scale_table()


def _residuals(keys: tuple[str, ...], comparison: Comparison) -> None:
    drawable = [views(result, stacked=charts.is_phone()) for result in comparison.results]
    common = [name for name in drawable[0] if all(name in one for one in drawable)]
    chosen = common[0] if common else ""
    if len(common) > 1:
        chosen = str(st.segmented_control("Show", common, default=chosen, required=True, key="compare_residuals"))
    figures = []
    for key, found in zip(keys, drawable, strict=True):
        name = chosen or next(iter(found))
        figures.append(cached.figure(("predictive", key, name, charts.is_phone()), found[name]))
    with st.grid(2, min_column_width=360):
        for number, figure in enumerate(on_same_axes(figures)):
            with st.container():
                st.markdown(f"**{escaped(comparison.names[number])}**")
                charts.chart(figure, key=f"compare_residuals_{number}")
    compare_tables.fits_table(comparison)
