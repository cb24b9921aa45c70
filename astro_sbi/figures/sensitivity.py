"""How medians and checks move when the data are perturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from astro_sbi.diagnostics.sensitivity import Sensitivity
from astro_sbi.figures.curves import Panel, curve, range_of, scatter
from astro_sbi.figures.labels import symbol_html
from astro_sbi.figures.theme import CYCLE, FRAME, NEUTRAL, Palette, axis, layout

_COLOURS = {"good": "#009E73", "caution": "#E69F00", "do not trust": "#D55E00"}
_NAMES = {"good": "checks: good", "caution": "checks: caution", "do not trust": "checks: do not trust"}
_LEAST_P = 1e-6
#: As many parameters have a colour and a name.
NAMED = 6


def moved(
    found: Sensitivity, symbols: Mapping[str, str], title: str, chosen: float, *, scale: float = 1.0, palette: Palette = NEUTRAL
) -> Figure:
    """Medians in sigma of the unperturbed posterior above, the predictive p below, against the perturbation.

    Args:
        found: posteriors along the perturbation.
        symbols: of the parameters, HTML.
        title: of the perturbation, with its unit.
        chosen: the perturbation that is marked.
        scale: of the perturbation at the axis, 100 for per cent.
        palette: colours.
    """
    x = scale * np.array([one.by for one in found.found])
    names = most_moved(found)
    traces = [_median(found, name, number, x, symbols, palette) for number, name in enumerate(names)]
    p_value = np.maximum([one.check.p_value for one in found.found], _LEAST_P)
    grades = [one.verdict.grade for one in found.found]
    traces.append(curve("predictive p", x, p_value, Panel("x", "y2", legend=False), whole=True, color=palette.data, width=1))
    traces += _graded(x, p_value, grades)
    style = layout(_alt(found, names, title), 520, palette)
    style["xaxis"] = axis(title, anchor="y2", range=range_of([x], 0.03))
    style["yaxis"] = axis("median moves by [σ]", anchor="x", domain=[0.42, 1.0], nticks=7)
    low = float(np.floor(np.log10(min(p_value.min(), 1e-3))))
    style["yaxis2"] = axis("predictive p", anchor="x", domain=[0.0, 0.34], type="log", range=[low - 0.2, 0.2], nticks=4)
    line = {"type": "line", "line": {"color": FRAME, "width": 1, "dash": "dot"}}
    across = {"x0": 0, "x1": 1, "xref": "x domain"}
    marked = {"x0": scale * chosen, "x1": scale * chosen, "y0": 0, "y1": 1, "yref": "paper"}
    style["shapes"] = [
        *(line | across | {"y0": height, "y1": height} for height in (-1, 1)),
        line | across | {"y0": 0.01, "y1": 0.01, "yref": "y2"},
        line | marked | {"line": {"color": palette.least_squares, "width": 1.5}},
    ]
    return Figure({"data": traces, "layout": style})


def most_moved(found: Sensitivity) -> list[str]:
    """Parameters, those that move most first."""
    return sorted(found.unperturbed.quantiles, key=lambda name: -float(np.max(np.abs(found.shifts(name)))))


def _median(found: Sensitivity, name: str, number: int, x: Any, symbols: Mapping[str, str], palette: Palette) -> dict[str, Any]:
    told, named = symbol_html(symbols.get(name, name)), number < NAMED
    pen = {"color": CYCLE[number] if named else palette.prior, "width": 2 if named else 1}
    hover = {"hoverinfo": "all", "hovertemplate": f"{told}: %{{y:+.2f}} σ<extra></extra>"}
    return curve(told, x, found.shifts(name), Panel("x", "y", legend=named), whole=True, **pen) | hover


def _graded(x: Any, p_value: Any, grades: Sequence[str]) -> list[dict[str, Any]]:
    """Points at each perturbation in the colour of what the checks say there."""
    traces = []
    for grade, colour in _COLOURS.items():
        here = np.array([one == grade for one in grades])
        if here.any():
            look = {
                "mode": "markers",
                "marker": {"size": 8, "color": colour},
                "hoverinfo": "all",
                "hovertemplate": "p %{y:.2g}<extra></extra>",
            }
            traces.append(scatter(_NAMES[grade], x[here], p_value[here], Panel("x", "y2"), **look))
    return traces


def _alt(found: Sensitivity, names: Sequence[str], title: str) -> str:
    most = found.shifts(names[0])
    return f"Medians against {title}: {names[0]} moves most, from {most[0]:+.1f} to {most[-1]:+.1f} sigma. Below, the predictive p of each."
