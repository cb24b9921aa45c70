"""The corner plot: every pair of parameters as contours of 68 and 95 % of the mass, every parameter alone on the diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from astro_sbi.figures.density import joint, line, polygons
from astro_sbi.figures.labels import Label, escaped
from astro_sbi.figures.layers import Column, Layer, Limits, Markers, columns_of, heading, marker_sets, printed_heading, spoken
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout
from astro_sbi.figures.ticks import ticks_of

__all__ = ["Label", "Layer", "Limits", "Markers", "corner", "one_dimensional"]

Walls = Mapping[str, Limits | tuple[float | None, float | None]]
WIDE = 950
CONTOURS = "contours: 68 % and 95 % of mass"


def corner(
    layers: Sequence[Layer],
    labels: Mapping[str, Label],
    *,
    names: Sequence[str],
    limits: Walls | None = None,
    markers: Mapping[str, float] | Sequence[Markers] = (),
    palette: Palette = NEUTRAL,
) -> Figure:
    """Draw posteriors over each other.

    A parameter has one range in its row and its column: zooming one panel zooms both. The legend switches whole layers.

    Args:
        layers: draws to show, the leading one first: its medians and 68 % errors stand above the diagonal.
        labels: symbol and unit by parameter name.
        names: parameters to show, in order; two of them make a figure for a phone.
        limits: walls by parameter name; densities end there.
        markers: values by parameter name (a least-squares fit), or several named sets of them.
        palette: colours.
    """
    groups = marker_sets(markers)
    columns = columns_of(layers, labels, names, limits or {}, groups)
    count = len(columns)
    traces: list[dict[str, Any]] = []
    for index, layer in reversed(list(enumerate(layers))):
        filled = index == _leading(layers)
        traces += _legend_first(_diagonal(index, layer, columns, filled) + _pairs(index, layer, columns, filled), index)
    for rank, group in enumerate(groups):
        traces += _legend_first(_marked(group, columns), len(layers) + rank)
    alt = f"Corner plot of {count} parameters with contours of 68 % and 95 % of the mass: {spoken(columns, layers)}."
    style = layout(alt, 240 + 110 * count, palette, margin={"l": 8, "r": 16, "t": 50, "b": 8, "pad": 0})
    style["legend"] = style["legend"] | _legend(count)
    return Figure({"data": traces, "layout": style | _axes(columns) | _headings(columns, layers, alt)})


def one_dimensional(
    layers: Sequence[Layer],
    labels: Mapping[str, Label],
    names: Sequence[str],
    *,
    limits: Walls | None = None,
    markers: Mapping[str, float] | Sequence[Markers] = (),
    across: int = 2,
    palette: Palette = NEUTRAL,
) -> Figure:
    """Draw each parameter's density in a small panel of its own, `across` panels side by side; arguments as in `corner`."""
    groups = marker_sets(markers)
    columns = columns_of(layers, labels, names, limits or {}, groups)
    traces: list[dict[str, Any]] = []
    for index, layer in reversed(list(enumerate(layers))):
        traces += _legend_first(_diagonal(index, layer, columns, index == _leading(layers)), index)
    for rank, group in enumerate(groups):
        traces += _legend_first(_lines(group, columns), len(layers) + rank)
    rows = -(-len(columns) // across)
    height = 70 + 165 * rows
    axes: dict[str, Any] = {}
    for i, column in enumerate(columns):
        left, top = (i % across) / across, 1 - (i // across) / rows
        x, y = _x(i), _y(len(columns) + i)
        room = 92 / (height - 60)
        domain = [left + 0.02, left + 1 / across - 0.02]
        axes["xaxis" + x[1:]] = axis(column.scale.title(70 / across), domain=domain, anchor=y, **_ends(column, 0.7 * WIDE / across))
        axes["yaxis" + y[1:]] = _bare_axis([max(0.0, top - 1 / rows + 0.55 * room), top - 0.45 * room], x)
    alt = f"Densities of {len(columns)} parameters: {spoken(columns, layers)}."
    style = layout(alt, height, palette)
    return Figure({"data": traces, "layout": style | axes | _headings(columns, layers, alt)})


def _leading(layers: Sequence[Layer]) -> int:
    """Index of the layer that is filled and whose medians are printed."""
    return next((i for i, layer in enumerate(layers) if not layer.dashed), 0)


def _legend(count: int) -> dict[str, Any]:
    """Legend in the empty triangle above the diagonal where there is room, else above the figure."""
    if count < 2:
        return {"y": 1.25}
    title = {"title": {"text": CONTOURS, "font": {"size": 12}}}
    if count == 2:
        return title | {"y": 1.16, "title": title["title"] | {"side": "top"}}
    return title | {"x": 1, "xanchor": "right", "y": 1, "yanchor": "top", "orientation": "v"}


def _x(index: int) -> str:
    return f"x{index + 1}" if index else "x"


def _y(index: int) -> str:
    return f"y{index + 1}" if index else "y"


def _ends(column: Column, panel: float) -> dict[str, Any]:
    """Range and a few numbers for a panel of so many pixels."""
    return {"range": [column.low, column.high], "nticks": ticks_of(column.low, column.high, panel).count, "tickfont": {"size": 11}}


def _bare_axis(domain: list[float], anchor: str) -> dict[str, Any]:
    """The height of a density: no numbers."""
    return axis(domain=domain, anchor=anchor, range=[0, 1.12], ticks="", showticklabels=False, fixedrange=True)


def _axes(columns: Sequence[Column]) -> dict[str, Any]:
    """One x axis a column, one y axis a row, one height axis a diagonal panel; plotly draws every crossing that has a trace."""
    count = len(columns)
    gap = 0.012 if count > 4 else 0.02
    font = {"size": 13 if count <= 6 else 11 if count <= 9 else 10}
    width = WIDE / max(count, 1) / (0.55 * font["size"])
    panel = 0.9 * WIDE / max(count, 1)
    ticks = [ticks_of(column.low, column.high, panel) for column in columns]
    widest = max((tick.width for tick in ticks[1:]), default=0.0)
    axes: dict[str, Any] = {}
    for i, column in enumerate(columns):
        across = [i / count + (gap / 2 if i else 0), (i + 1) / count - (gap / 2 if i < count - 1 else 0)]
        down = [1 - across[1], 1 - across[0]]
        text = column.scale.title(width)
        bottom = _y(count - 1) if i < count - 1 else _y(2 * count - 1)
        below = {"title": {"text": text, "standoff": 8, "font": font}, "autotickangles": [0, -45], "labelalias": dict(ticks[i].blank)}
        axes["xaxis" + _x(i)[1:]] = axis(domain=across, anchor=bottom, **_ends(column, panel)) | below
        if i:
            beside = {"title": {"text": text, "standoff": 8 + widest - ticks[i].width, "font": font}, "matches": _x(i)}
            axes["yaxis" + _y(i)[1:]] = axis(domain=down, anchor="x", **_ends(column, panel)) | beside
        axes["yaxis" + _y(count + i)[1:]] = _bare_axis(down, _x(i))
    return axes


def _headings(columns: Sequence[Column], layers: Sequence[Layer], alt: str) -> dict[str, Any]:
    """Median and errors of the leading layer above each diagonal panel; `meta` has them for print, by the panel that they stand in."""
    leading = _leading(layers)
    size = 12 if len(columns) <= 6 else 11
    texts, whole = [], {}
    for i, column in enumerate(columns):
        draws = column.marginals[leading] if layers else None
        for text, up in heading(column, draws, size) if draws is not None else ():
            place = {"xref": f"{_x(i)} domain", "yref": f"{_y(len(columns) + i)} domain", "x": 0, "y": 1, "yshift": up + 4}
            anchor = {"xanchor": "left", "yanchor": "bottom", "align": "left", "showarrow": False, "borderpad": 0}
            texts.append(place | anchor | {"text": text, "font": {"size": size}})
        if draws is not None:
            whole[f"{_x(i)} domain"] = printed_heading(column, draws)
    return {"annotations": texts, "meta": {"alt": alt, "headings": whole}}


def _legend_first(traces: list[dict[str, Any]], rank: int) -> list[dict[str, Any]]:
    """Let the first trace of a layer stand for it in the legend; a click there switches the layer."""
    for trace in traces[:1]:
        trace["showlegend"] = True
        trace["legendrank"] = rank + 1
    return traces


def _trace(name: str, x: Any, y: Any, **style: Any) -> dict[str, Any]:
    """A scatter of a layer, in float32."""
    name = escaped(name)
    base = {"type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "showlegend": False, "hoverinfo": "skip"}
    return base | {"x": np.asarray(x, dtype=np.float32), "y": np.asarray(y, dtype=np.float32)} | style


def _diagonal(index: int, layer: Layer, columns: Sequence[Column], filled: bool) -> list[dict[str, Any]]:
    """One-dimensional densities of a layer."""
    traces = []
    for i, column in enumerate(columns):
        draws = column.marginals[index]
        if draws is None:
            continue
        places, height = line(draws, 3.0 if layer.dashed else 1.0)
        margin = 0.2 * (column.high - column.low)
        near = (places > column.low - margin) & (places < column.high + margin)
        if near.sum() < 24:
            ends = max(places[0], column.low - margin), min(places[-1], column.high + margin)
            finer = np.linspace(*ends, 24) if ends[1] > ends[0] else places
            places, height = finer, np.interp(finer, places, height)
        else:
            places, height = places[near], height[near]
        pen = {"color": layer.colour, "width": 1.5, "dash": "dash" if layer.dashed else layer.line, "simplify": False}
        shade = {"fill": "tozeroy", "fillcolor": faded(layer.colour, 0.22)} if filled else {}
        traces.append(_trace(layer.name, places, height, xaxis=_x(i), yaxis=_y(len(columns) + i), line=pen, **shade))
    return traces


def _pairs(index: int, layer: Layer, columns: Sequence[Column], filled: bool) -> list[dict[str, Any]]:
    """Contours of a layer below the diagonal, the wider one first."""
    traces: list[dict[str, Any]] = []
    if layer.dashed:
        return traces
    for row in range(1, len(columns)):
        for column in range(row):
            x, y = columns[column].marginals[index], columns[row].marginals[index]
            if x is None or y is None:
                continue
            for outline, opacity in reversed(list(zip(polygons(joint(x, y), 0.005 * len(columns)), (0.55, 0.22), strict=True))):
                style = {"fill": "toself", "fillcolor": faded(layer.colour, opacity)} if filled else {}
                pen = {"color": layer.colour, "width": 1.2, "dash": layer.line, "simplify": False}
                traces.append(_trace(layer.name, *outline, xaxis=_x(column), yaxis=_y(row), line=pen, **style))
    return traces


def _lines(group: Markers, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Dotted lines through the one-dimensional panels."""
    traces = []
    for i, column in enumerate(columns):
        value = column.shown(group.values.get(column.name))
        if value is not None:
            pen = {"color": group.colour, "width": 1.3, "dash": "dot"}
            traces.append(_trace(group.name, [value, value], [0, 1.12], xaxis=_x(i), yaxis=_y(len(columns) + i), line=pen))
    return traces


def _marked(group: Markers, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Dotted lines in all panels, squares where two cross."""
    traces = _lines(group, columns)
    far = np.float32(1e3)
    for row, upper in enumerate(columns):
        for column, right in enumerate(columns[:row]):
            x, y = right.shown(group.values.get(right.name)), upper.shown(group.values.get(upper.name))
            if x is None and y is None:
                continue
            wide, tall = far * (right.high - right.low), far * (upper.high - upper.low)
            across = [] if y is None else [(end, y) for end in (right.low - wide, right.high + wide)]
            up = [] if x is None else [(x, end) for end in (upper.low - tall, upper.high + tall)]
            crossing = [] if x is None or y is None else [(x, y)]
            gap = [(np.nan, np.nan)]
            places = np.array([*across, *gap, *up, *gap, *crossing], dtype=np.float32).T
            size = np.where(np.arange(places.shape[1]) >= places.shape[1] - len(crossing), 7, 0)
            square = {"symbol": "square", "color": group.colour, "size": size.astype(np.float32)}
            square["line"] = {"width": 1, "color": "rgba(255,255,255,0.9)"}
            pen = {"color": group.colour, "width": 1, "dash": "dot"}
            traces.append(_trace(group.name, *places, mode="lines+markers", marker=square, line=pen, xaxis=_x(column), yaxis=_y(row)))
    return traces
