"""The calibration card in pictures: ranks, coverage, thirds of the simulations, bias and scatter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from astro_sbi.diagnostics.calibration_sections import Test
from astro_sbi.diagnostics.card import JOINT_LEVELS, JOINTLY, LEVELS, PLACES, CalibrationCard, Joint, Marginal, Part
from astro_sbi.diagnostics.uniformity import ecdf_band
from astro_sbi.figures.curves import Panel, band, curve, scatter
from astro_sbi.figures.labels import escaped, signed, symbol_html
from astro_sbi.figures.theme import CYCLE, FRAME, NEUTRAL, Palette, axis, faded, layout

_DASHES = ("solid", "dash", "dot")
_TOLD = (0.68, 0.95)


def pictures(card: CalibrationCard, symbols: Mapping[str, str], *, across: int = 3) -> dict[Test, tuple[Figure, ...]]:
    """The pictures of each test of a card.

    Args:
        card: the card.
        symbols: of the parameters, HTML.
        across: panels side by side.
    """
    covariates = dict.fromkeys(part.covariate for part in card.parts)
    return {
        "coverage": (coverage(card.joint, dict(zip(LEVELS, card.coverage[JOINTLY], strict=True)), card.tests),),
        "thirds": tuple(thirds([part for part in card.parts if part.covariate == name], across=across) for name in covariates),
        "ranks": (rank_differences(card.marginals, symbols, card.tests),),
        "bias": (biases(card.marginals, symbols, card.tests, across=min(across, 2)),),
    }


def rank_differences(marginals: Mapping[str, Marginal], symbols: Mapping[str, str], tests: int, *, palette: Palette = NEUTRAL) -> Figure:
    """How far the ranks of each parameter's true values are from uniform ones, with the band that uniform ones keep to.

    Args:
        marginals: of the card, by parameter.
        symbols: of the parameters, HTML.
        tests: number of simulations.
        palette: colours.
    """
    places, panel = 100 * np.array(PLACES), Panel()
    low, high = (100 * end for end in ecdf_band(tests, PLACES))
    reach = max(1.25 * np.max(np.abs([low, high])), *(110 * np.max(np.abs(one.ecdf)) for one in marginals.values()))
    traces = [band("a perfect flow, 95 %", places, low, high, panel, faded(palette.prior, 0.3), whole=True)]
    outside, marks = [], []
    for number, (name, one) in enumerate(marginals.items()):
        height, told = 100 * np.array(one.ecdf), symbol_html(symbols.get(name, name))
        off = (height < low) | (height > high)
        pen = {"color": CYCLE[number % len(CYCLE)], "width": 2.2 if off.any() else 1.2, "dash": _DASHES[number // len(CYCLE) % 3]}
        hover = {"hoverinfo": "all", "hovertemplate": f"{told}: %{{y:+.1f}} points at %{{x:.0f}} %<extra></extra>"}
        traces.append(curve(told, places, height, panel, whole=True, **pen) | hover)
        if off.any():
            outside.append(name)
            mark = {"symbol": "circle-open", "size": 8, "color": palette.least_squares, "line": {"width": 1.5}}
            marks.append(
                scatter("outside the band", places[off], height[off], Panel(legend=len(outside) == 1), mode="markers", marker=mark)
            )
    said = f"{', '.join(outside)} leave it" if outside else "all stay inside"
    style = layout(f"Differences of the ranks of {len(marginals)} parameters from uniform ones, with a 95 % band: {said}.", 400, palette)
    style["xaxis"] = axis("rank of the true value among the draws [%]", range=[0, 100])
    style["yaxis"] = axis("more truths below than should be [%]", range=[-reach, reach], nticks=7)
    style["shapes"] = [_line(0, 100, 0, 0)]
    return Figure({"data": [*traces, *marks], "layout": style})


def coverage(joint: Joint, told: Mapping[float, float], tests: int, *, palette: Palette = NEUTRAL) -> Figure:
    """Share of truths inside highest-density regions of all parameters, against the share that should be.

    Args:
        joint: of the card.
        told: coverage at further levels, 0.68 and 0.95 among them, which are told in words.
        tests: number of simulations.
        palette: colours.
    """
    style = layout(f"Joint coverage of {tests:,} simulations against its level: {_in_words(told)}.", 420, palette)
    style["xaxis"] = axis("of 100 true values, should lie in the region", range=[0, 100], nticks=6)
    style["yaxis"] = axis("of 100 true values, did lie in it", range=[0, 100], nticks=6)
    style["annotations"] = [_side("below the line: over-confident", 97, 6, "right"), _side("above the line: over-cautious", 3, 94, "left")]
    for level, share in told.items():
        if level in _TOLD:
            words = {"text": f"{100 * share:.1f} of {100 * level:.0f}", "font": {"size": 12, "color": palette.posterior}}
            style["annotations"].append(
                {"x": 100 * level, "y": 100 * share, "ax": 44 if level < 0.9 else -8, "ay": 40, "arrowwidth": 1, "arrowcolor": FRAME}
                | words
            )
    return Figure({"data": _covered(joint, told, Panel(), palette), "layout": style})


def thirds(parts: Sequence[Part], *, across: int = 3, palette: Palette = NEUTRAL) -> Figure:
    """Joint coverage less its level of thirds of the simulations, beside each other.

    Args:
        parts: of the card, of one quantity of the data.
        across: panels side by side.
        palette: colours.
    """
    reach = max(1.15 * max(part.joint.expected, *np.abs(np.subtract(part.joint.coverage, JOINT_LEVELS))) for part in parts)
    rows, levels = -(-len(parts) // across), 100 * np.array(JOINT_LEVELS)
    worst = ", ".join(f"{100 * part.joint.worst:+.1f}" for part in parts)
    style = layout(
        f"Joint coverage less its level in {len(parts)} thirds by {parts[0].covariate}; at worst {worst} points.", 300 * rows, palette
    )
    style["annotations"], style["shapes"], traces = [], [], []
    for number, part in enumerate(parts):
        x, y = (f"{letter}{number + 1 if number else ''}" for letter in "xy")
        panel = Panel(x, y, legend=number == 0)
        left, top = number % across / across, 1 - number // across / rows
        side = {"domain": [left + 0.02, left + 1 / across - 0.02], "anchor": y}
        style[f"xaxis{x[1:]}"] = axis("level [%]", range=[0, 100], tickvals=[0, 50, 100], **side)
        foot = 0.18 if rows > 1 else 0.0  # room for numbers and title of the axis, where there is another row below
        height = {"domain": [top - (1 - foot) / rows, top - 0.11 / rows], "anchor": x, "range": [-100 * reach, 100 * reach]}
        style[f"yaxis{y[1:]}"] = axis("" if number % across else "coverage less level [points]", nticks=5, **height)
        off, expected = 100 * np.array(part.joint.coverage) - levels, 100 * np.full(len(levels), part.joint.expected)
        traces.append(band("a perfect flow, 95 %", levels, -expected, expected, panel, faded(palette.prior, 0.3), whole=True))
        traces.append(_pointed("joint coverage", levels, off, panel, palette, "%{y:+.1f} points at %{x:.0f} %"))
        style["shapes"].append(_line(0, 100, 0, 0) | {"xref": x, "yref": y})
        ends, at_worst = signed(f"{part.low:.3g} to {part.high:.3g}"), signed(f"{100 * part.joint.worst:+.1f} points at worst")
        words = f"{escaped(part.covariate)} {ends}<br>{at_worst}"
        where = {"x": 0.5, "xref": f"{x} domain", "y": 1.0, "yref": f"{y} domain", "yanchor": "bottom", "showarrow": False}
        style["annotations"].append(where | {"text": words, "font": {"size": 12}})
    style["legend"] |= {"y": 1 + 0.06 / rows}
    return Figure({"data": traces, "layout": style})


def biases(
    marginals: Mapping[str, Marginal], symbols: Mapping[str, str], tests: int, *, across: int = 2, palette: Palette = NEUTRAL
) -> Figure:
    """Mean and scatter of truth minus posterior in its sigma, with 95 % errors, a row for each parameter.

    The mean of K unit normals has the error ``1 / sqrt(K)``, their standard deviation ``1 / sqrt(2 K)``.

    Args:
        marginals: of the card, by parameter.
        symbols: of the parameters, HTML.
        tests: number of simulations.
        across: 2 panels beside each other, or 1 over the other.
        palette: colours.
    """
    rows, names = np.arange(len(marginals))[::-1], [symbol_html(symbols.get(name, name)) for name in marginals]
    panels = (
        ([one.bias for one in marginals.values()], 0.0, 1.96 / np.sqrt(tests), "bias: truth less posterior [σ]"),
        ([one.dispersion for one in marginals.values()], 1.0, 1.96 / np.sqrt(2 * tests), "errors too small by a factor of"),
    )
    far = max(marginals, key=lambda name: abs(marginals[name].bias))
    wide = max(marginals, key=lambda name: abs(marginals[name].dispersion - 1))
    alt = f"Bias and scatter of {len(marginals)} parameters. Largest bias: {far}, {marginals[far].bias:+.2f} sigma. "
    height = (90 + 28 * len(marginals)) * (3 - across)
    style = layout(f"{alt}Scatter farthest from 1: {wide}, {marginals[wide].dispersion:.2f}.", height, palette)
    style["shapes"], traces = [], []
    for number, (values, right, error, title) in enumerate(panels):
        x, y = ("x", "y") if number == 0 else ("x2", "y2")
        found = np.array(values)
        reach = 1.2 * max(np.max(np.abs(found - right)) + error, 2 * error, 0.05)
        part = [0.53 * number, 0.47 + 0.53 * number]
        across_axis, up = (part, [0.0, 1.0]) if across == 2 else ([0.0, 1.0], [1 - end for end in part[::-1]])
        style[f"xaxis{x[1:]}"] = axis(title, domain=across_axis, anchor=y, range=[right - reach, right + reach], nticks=5)
        named = {"tickmode": "array", "tickvals": rows, "ticktext": names if number == 0 or across == 1 else [""] * len(rows)}
        style[f"yaxis{y[1:]}"] = axis(domain=up, anchor=x, range=[-0.6, len(rows) - 0.4], ticks="", **named)
        bars = {"type": "data", "array": np.full(len(rows), error), "width": 0, "thickness": 1.5, "color": palette.posterior}
        look = {"mode": "markers", "marker": {"size": 8, "color": palette.posterior}, "error_x": bars, "showlegend": False}
        hover = {"hoverinfo": "all", "text": names, "hovertemplate": f"%{{text}}: %{{x:.3f}} ± {error / 1.96:.3f}<extra></extra>"}
        traces.append(scatter(title, found, rows, Panel(x, y), **look, **hover))
        style["shapes"].append(_line(right, right, 0, 1) | {"xref": x, "yref": f"{y} domain"})
    return Figure({"data": traces, "layout": style})


def _covered(joint: Joint, told: Mapping[float, float], panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """The diagonal with what a perfect flow keeps to, and the coverage at all levels."""
    share = dict(zip(JOINT_LEVELS, joint.coverage, strict=True)) | dict(told)
    level = np.array(sorted(share))
    ends, expected = np.array([0.0, *level, 1.0]), np.array([0.0, *np.full(len(level), joint.expected), 0.0])
    low, high = (np.clip(100 * (ends + sign * expected), 0, 100) for sign in (-1, 1))
    region = band("a perfect flow, 95 %", 100 * ends, low, high, panel, faded(palette.prior, 0.3), whole=True)
    diagonal = curve("as it says", [0, 100], [0, 100], panel, whole=True, color=FRAME, width=1)
    found = 100 * np.array([share[one] for one in level])
    return [region, diagonal, _pointed("this flow", 100 * level, found, panel, palette, "%{y:.1f} of %{x:.0f}")]


def _pointed(name: str, x: Any, y: Any, panel: Panel, palette: Palette, hover: str) -> dict[str, Any]:
    pen = {"color": palette.posterior, "width": 1.8}
    look = {"mode": "lines+markers", "marker": {"size": 5, "color": palette.posterior}, "line": pen}
    return scatter(name, x, y, panel, **look, hoverinfo="all", hovertemplate=f"{hover}<extra></extra>")


def _in_words(told: Mapping[float, float]) -> str:
    shares = [f"{100 * share:.1f} of 100 truths lie in the {100 * level:.0f} % region" for level, share in told.items() if level in _TOLD]
    return " and ".join(shares)


def _side(text: str, x: float, y: float, anchor: str) -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "xanchor": anchor, "showarrow": False, "font": {"size": 12}, "opacity": 0.8}


def _line(x0: float, x1: float, y0: float, y1: float) -> dict[str, Any]:
    return {"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": {"color": FRAME, "width": 1}}
