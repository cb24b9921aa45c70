"""Sliders in physical units, the data they make, and what the prior says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

import numpy as np
import streamlit as st

from astro_sbi.figures.corner import Label, Layer, Markers, corner, one_dimensional
from astro_sbi.figures.effects import effect
from astro_sbi.figures.explore import Simulated, simulated
from astro_sbi.simulators.base import Parameter
from astro_sbi.simulators.prior import Distribution
from astro_sbi.ui import cached, cached_models, charts
from astro_sbi.ui.posterior_view import COLOURS, FLOW
from astro_sbi.ui.simulated import Explorer, grid, outside_prior, phase_of, prior_draws
from astro_sbi.ui.words import count, escaped, number, unit_text

SEEDS = 2**31 - 1
PATTERNS = ("the default", "another one, by number")
MOST_PRIOR_DRAWS = 100
MOST_IN_A_CORNER = 6


def parameter_sliders(explorer: Explorer) -> dict[str, float]:
    """One slider a parameter, in the address of the page; returns the parameters."""
    offered, theta = cached_models.slider_ranges(explorer), {}
    by_name = {parameter.name: parameter for parameter in explorer.simulator.parameters}
    with st.grid(4, min_column_width=230, gap=("small", "large")):
        for name, distribution in explorer.simulator.prior.distributions:
            low, first, high = offered[name]
            held = distribution.kind == "fixed" or not low < high
            theta[name] = first if held else _slider(by_name[name], distribution, offered[name])
    return theta


def _slider(parameter: Parameter, distribution: Distribution, offered: tuple[float, float, float]) -> float:
    low, first, high = offered
    unit = unit_text(parameter.unit)
    stops = grid(low, first, high, logarithmic=distribution.kind == "loguniform")
    start = min(stops, key=lambda stop: abs(stop - first))
    kept = f"In {unit}" if unit else "A pure number"
    return float(
        st.select_slider(
            f"${parameter.latex}$ · {titled(parameter)}",
            options=stops,
            value=start,
            format_func="{:.4g}".format,
            key=parameter.name,
            bind="query-params",
            help=f"{meant(parameter)} {kept}. Prior: `{distribution}`.",
        )
    )


def meant(parameter: Parameter) -> str:
    """What a parameter does, as a sentence."""
    words = escaped(parameter.meaning)
    return f"{words[:1].upper()}{words[1:]}."


def titled(parameter: Parameter) -> str:
    """Name and unit of a parameter."""
    unit, name = unit_text(parameter.unit), parameter.name.replace("_", " ")
    return f"{name} [{unit}]" if unit else name


def axis_labels(explorer: Explorer) -> tuple[str, str]:
    """Names and units of the two axes."""
    simulator = explorer.simulator
    names = ((simulator.coordinate_name, simulator.coordinate_unit), (simulator.value_name, simulator.value_unit))
    x_label, y_label = (f"{name} [{unit}]" if unit else name for name, unit in names)
    return x_label, y_label


def pattern_choice() -> int | None:
    """Number of the random observing pattern to look through; None for the default one."""
    told = "When, how precisely and in which bands was observed: survey cadences with gaps, error bars over two decades, missing bands."
    chosen = st.selectbox("Observing pattern", PATTERNS, key="observing", bind="query-params", help=told, width=220)
    if chosen == PATTERNS[0]:
        return None
    return int(st.number_input("Number of the pattern", 1, SEEDS, 1, key="pattern_number", bind="query-params", width=180))


def pattern_words(explorer: Explorer) -> str:
    """What an observing pattern consists of, in one sentence."""
    points, simulator = explorer.points, explorer.simulator
    present, usual = np.unique(points.channel), len(np.unique(simulator.default_points().channel))
    names = f"{len(present)} of {usual} channels"
    if len(simulator.channels) >= usual:
        names = ", ".join(escaped(simulator.channels[channel]) for channel in present)
    among = f" in {names}" if usual > 1 else ""
    where = f"{escaped(simulator.coordinate_name[:1].lower())}{escaped(simulator.coordinate_name[1:])}"
    low, high = (number(float(end), 4) for end in (points.coordinate.min(), points.coordinate.max()))
    span = f"{where} from {low} to {high} {unit_text(simulator.coordinate_unit)}"
    error = f"median error {number(float(np.median(points.noise.sigma)), 2)} {unit_text(simulator.value_unit)}"
    return f"{count(len(points), 'point')}{among}, {span.rstrip()}, {error.rstrip()}."


def effects_view(explorer: Explorer) -> None:
    """One small figure for each free parameter, with what it does in words."""
    described = {parameter.name: parameter for parameter in explorer.simulator.parameters}
    (x_label, y_label), every = axis_labels(explorer), cached_models.effects(explorer)
    across = "phase at the period of the middle value" if every[0].folded else x_label
    upwards = f"{y_label}, less the model of the middle value" if every[0].relative else y_label
    apart = explorer.simulator.kind in ("light_curve", "velocities") and len(np.unique(explorer.points.channel)) > 1
    colours = " Colours of channels as in the figure above." if apart else ""
    st.caption(
        "Each parameter at 10, 50 and 90 % of its prior, the darkest curve at the highest value, while the others stay where the page "
        f"begins; faint points: data simulated for the middle value. Horizontal: {escaped(across)}; vertical: {escaped(upwards)}. Where a "
        f"parameter changes the noise alone, lines are one standard deviation above and below the model.{colours}"
    )
    with st.grid(4, min_column_width=260, gap=("medium", "medium")):
        for made in every:
            one = described[made.name]
            with st.container(gap=None):
                st.markdown(f"${one.latex}$ · {titled(one)}")
                drawn = cached.figure(("effect", *explorer.key, made.name), lambda made=made: effect(made))
                charts.chart(drawn, key=f"effect_{made.name}", static=True)
                st.caption(meant(one))


def fold_choice(explorer: Explorer) -> bool:
    """Whether to fold by the period, where the model has one."""
    if not explorer.simulator.period:
        return False
    words = "Against phase instead of time; phase 0 is where the time is 0. Curves of the prior are folded by periods of their own."
    return st.toggle("Fold by the period", value=cached_models.many_cycles(explorer), key="folded", bind="query-params", help=words)


def simulated_view(explorer: Explorer, theta: Mapping[str, float], seed: int, draws: int, *, folded: bool) -> np.ndarray:
    """The noise-free model and noisy data of the parameters; returns the noisy data [n]."""
    noisy = explorer.noisy(theta, seed)
    x_label, y_label = axis_labels(explorer)
    made = Simulated(
        phase_of(explorer, theta) if folded else explorer.points.coordinate,
        explorer.noise_free(theta, seed),
        noisy,
        explorer.noise(theta),
        channel=explorer.points.channel,
        channels=explorer.simulator.channels,
        kind=explorer.simulator.kind,
        random=explorer.simulator.random,
        folded=folded,
    )
    if draws:
        made = replace(made, **_prior_curves(explorer, draws, seed, folded=folded))
    charts.chart(simulated(made, x_label="phase" if folded else x_label, y_label=y_label), key="simulated")
    if explorer.number is not None:
        st.caption(pattern_words(explorer))
    if explorer.simulator.random:
        st.caption("This model is random itself: the curve is one draw of it, and another seed draws another.")
    outside = outside_prior(explorer, theta)
    if outside:
        st.caption(f":material/info: Outside the prior, given the other parameters: {escaped(', '.join(outside))}.")
    return noisy


def _prior_curves(explorer: Explorer, draws: int, seed: int, *, folded: bool) -> dict[str, np.ndarray | None]:
    """Models of draws of the prior [k, n] and where they stand."""
    prior = prior_draws(explorer, draws, seed)
    each = [{name: float(values[i]) for name, values in prior.items()} for i in range(draws)]
    curves = np.stack([explorer.noise_free(drawn, seed + i) for i, drawn in enumerate(each)])
    return {"draws": curves, "draw_places": np.stack([phase_of(explorer, drawn) for drawn in each]) if folded else None}


def can_answer(explorer: Explorer) -> bool:
    """Whether a flow trained before ships for a simulator: for the default observing pattern and options at their defaults."""
    return (
        explorer.number is None
        and not explorer.options
        and (files("astro_sbi") / "pretrained" / "flows" / explorer.simulator.name).is_dir()
    )


def instant_posterior(explorer: Explorer, theta: Mapping[str, float], value: np.ndarray) -> None:
    """The posterior of the drawn data from the shipped flow, with the true parameters marked."""
    flow = cached_models.shipped_flow(explorer.simulator.name)
    draws, efficiency = flow.posterior_of(value)
    names = [name for name in explorer.simulator.prior.free if name in draws]
    labels = {parameter.name: Label(parameter.html, parameter.unit) for parameter in explorer.simulator.parameters}
    layers, truth = [Layer(FLOW, draws, None, COLOURS[FLOW])], [Markers("true values", {name: theta[name] for name in names})]
    if charts.is_phone():
        figure = one_dimensional(layers, labels, names, markers=truth, across=1)
    else:
        figure = corner(layers, labels, names=names[:MOST_IN_A_CORNER], markers=truth)
    charts.chart(figure, key="instant_corner")
    st.caption(
        "A flow trained before on this observing pattern, not corrected by the likelihood; dotted lines mark the true values. "
        f"Importance efficiency for these data {100 * efficiency:.3g} %, median over {flow.card['observations']} simulated data sets "
        f"{100 * flow.card['median_efficiency']:.3g} %: the effective share of its draws. Infer gives the corrected posterior."
    )
