"""Pieces that the figures of data share: bands, points with errors, steps, residual panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from astro_sbi.figures.labels import axis_title, unit_html
from astro_sbi.figures.theme import Palette, axis, faded

Arrays = Mapping[str, np.ndarray]
Axes = Mapping[str, Mapping[str, Any]]
MANY = 2000


@dataclass(frozen=True)
class Panel:
    """The plotly axes of one panel and whether its traces stand in the legend."""

    x: str = "x"
    y: str = "y"
    legend: bool = True


def scatter(name: str, x: Any, y: Any, panel: Panel, **style: Any) -> dict[str, Any]:
    """One trace in float32 under a legend entry that panels share; drawn by WebGL where there are many points."""
    kind = "scattergl" if np.size(x) > MANY and not style.get("fill") else "scatter"
    if kind == "scattergl" and "line" in style:
        style["line"] = {part: value for part, value in style["line"].items() if part != "simplify"}
    base = {"type": kind, "name": name, "legendgroup": name, "showlegend": panel.legend, "xaxis": panel.x, "yaxis": panel.y}
    return base | {"x": np.asarray(x, dtype=np.float32), "y": np.asarray(y, dtype=np.float32), "hoverinfo": "skip"} | style


def band(
    name: str, x: Any, low: Any, high: Any, panel: Panel, colour: str, *, whole: bool = False, least: float = 0.0, **style: Any
) -> dict[str, Any]:
    """The region between two curves; it breaks where the places have a gap.

    Args:
        name: legend entry.
        x: sorted places.
        low: lower curve.
        high: upper curve.
        panel: where to draw.
        colour: of the region.
        whole: do not break at gaps.
        least: half width of a piece of one point.
        style: further properties of the trace.
    """
    x, low, high = (np.asarray(array, dtype=np.float64) for array in (x, low, high))
    pieces = []
    for part in np.split(np.arange(len(x)), [] if whole else breaks(x)):
        places = x[part] if len(part) > 1 else x[part] + [-least, least]
        bottom, top = (curve[part] if len(part) > 1 else curve[part].repeat(2) for curve in (low, high))
        outline = np.stack([np.concatenate([places, places[::-1]]), np.concatenate([bottom, top[::-1]])])
        pieces += [outline, np.full((2, 1), np.nan)]
    across, heights = np.concatenate(pieces[:-1], axis=1)
    filled = {"mode": "lines", "fill": "toself", "fillcolor": colour, "line": {"width": 0, "simplify": False}}
    return scatter(name, across, heights, panel, **(filled | style))


def breaks(x: Float[np.ndarray, " n"]) -> np.ndarray:
    """Where sorted places jump by more than eight times their usual step."""
    step = np.diff(x)
    usual = np.median(step[step > 0]) if (step > 0).any() else np.inf
    return np.flatnonzero(step > 8 * usual) + 1


def curve(name: str, x: Any, y: Any, panel: Panel, *, whole: bool = False, **pen: Any) -> dict[str, Any]:
    """A line that breaks where the places have a gap, unless it is to be `whole`."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    gaps = [] if whole else breaks(x)
    return scatter(name, np.insert(x, gaps, np.nan), np.insert(y, gaps, np.nan), panel, mode="lines", line={"simplify": False} | pen)


def points(name: str, x: Any, y: Any, panel: Panel, colour: str, *, sigma: Any = None, hover: str = "") -> dict[str, Any]:
    """Measured points, with error bars where `sigma` is given and there are few enough to see them."""
    count = np.size(x)
    size = 4.5 if count <= 300 else 3.5 if count <= MANY else 2.2
    style: dict[str, Any] = {"mode": "markers", "marker": {"size": size, "color": colour, "opacity": 1.0 if count <= MANY else 0.55}}
    if sigma is not None and count <= MANY:
        bars = {
            "type": "data",
            "array": np.asarray(sigma, dtype=np.float32),
            "width": 0,
            "thickness": 1,
            "color": faded(colour, 0.55 if count <= 150 else 0.35),
        }
        style["error_y"] = bars
    if hover and count <= MANY:
        style |= {"hoverinfo": "all", "hovertemplate": hover}
    return scatter(name, x, y, panel, **style)


def predictive(arrays: Arrays, x: Any, order: Any, scale: Any, panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """Bands with noise (lighter) and without, the median and the least-squares curve, from the wide to the narrow.

    Args:
        arrays: the result's arrays.
        x: places in the order to draw.
        order: which of the result's points to draw, in that order.
        scale: maps values to what the axis shows.
        panel: where to draw.
        palette: colours.
    """
    traces = []
    for source, name, wide, narrow in (("predictive", "with noise, 68 and 95 %", 0.10, 0.13), ("model", "model, 68 and 95 %", 0.30, 0.55)):
        for share, opacity in (("95", wide), ("68", narrow)):
            low, high = arrays.get(f"{source}/low{share}"), arrays.get(f"{source}/high{share}")
            if low is not None and high is not None:
                inner = Panel(panel.x, panel.y, panel.legend and share == "68")
                traces.append(band(name, x, scale(low[order]), scale(high[order]), inner, faded(palette.posterior, opacity)))
    traces.append(curve("median", x, scale(arrays["model/median"][order]), panel, color=palette.posterior, width=1.6))
    if "model/least_squares" in arrays:
        pen = {"color": palette.least_squares, "width": 1.4, "dash": "dash"}
        traces.append(curve("least squares", x, scale(arrays["model/least_squares"][order]), panel, **pen))
    return traces


def residual_lines(ends: tuple[float, float], panel: Panel) -> list[dict[str, Any]]:
    """Lines at zero, one and three sigma."""
    grey = {"mode": "lines", "showlegend": False, "legendgroup": "sigma"}
    traces = []
    for height, pen in ((0, {"width": 1}), (1, {"width": 1, "dash": "dash"}), (3, {"width": 1, "dash": "dot"})):
        sides = (height,) if height == 0 else (height, -height)
        for side in sides:
            line = {"color": "rgba(128,128,128,0.8)"} | pen
            traces.append(scatter(f"{side} σ", ends, (side, side), panel, **grey, line=line))
    return traces


def residual_reach(residual: Float[np.ndarray, " n"]) -> float:
    """Half height of a residual panel: at least 3.6 sigma, at most what 99.9 % need and half again."""
    finite = np.abs(residual[np.isfinite(residual)])
    return float(max(3.6, min(1.1 * finite.max(initial=0.0), 1.5 * np.quantile(finite, 0.999) if finite.size else 0.0)))


def residual_axis(anchor: str, domain: tuple[float, float], reach: float, title: str = "residual / σ") -> dict[str, Any]:
    """Axis of a residual panel in units of sigma."""
    ticks = {"tickvals": [-3, 0, 3]} if reach < 9 else {"nticks": 5}
    return axis(title, anchor=anchor, domain=list(domain), range=[-reach, reach], **ticks)


def range_of(values: list[Any], air: float = 0.06) -> list[float]:
    """Axis range that holds all finite values with some air."""
    low = min(float(np.nanmin(value)) for value in values)
    high = max(float(np.nanmax(value)) for value in values)
    room = air * (high - low) or abs(high) * 0.01 or 1.0
    return [low - room, high + room]


def title_of(axes: Axes, key: str, fallback: str = "") -> str:
    """Axis title of a result's axis: name, zero point and unit."""
    if key not in axes:
        return axis_title(fallback)
    meaning = axes[key]
    name = f"{meaning.get('name', '')} {meaning.get('zero_point', '') or ''}".strip()
    unit = meaning.get("unit", "") or ""
    return axis_title(f"{name} [{unit}]") if unit_html(unit) else axis_title(name)


def quoted_sigma(arrays: Arrays) -> Float[np.ndarray, " n"]:
    """The errors as the file or the reader gave them."""
    return np.asarray(arrays.get("sigma/quoted", arrays["observed/sigma"]), dtype=np.float64)


def residual_traces(arrays: Arrays, x: Any, order: Any, panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """Residuals from the median curve in units of the quoted error; the band is the fitted noise in the same unit."""
    sigma = quoted_sigma(arrays)[order]
    residual = (arrays["observed/value"][order] - arrays["model/median"][order]) / sigma
    traces = []
    if "sigma/fitted" in arrays:
        ratio = arrays["sigma/fitted"][order] / sigma
        traces.append(band("fitted noise", x, -ratio, ratio, panel, faded(palette.posterior, 0.16)))
    low, high = range_of([x], 0.02)
    traces += residual_lines((low, high), panel)
    traces.append(points("data", x, residual, panel, palette.data, hover="%{x:.4~f}, %{y:.2f} σ<extra>residual</extra>"))
    return traces
