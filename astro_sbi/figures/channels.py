"""Channels of an observation in figures, bands of light or instruments: each in a colour of its own, with what the model says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from astro_sbi.figures.curves import MANY, Arrays, Panel, band, curve, points, scatter
from astro_sbi.figures.labels import escaped
from astro_sbi.figures.theme import CYCLE, Palette, faded

SYMBOLS = ("circle", "square", "diamond", "triangle-up")
#: A curve whose points stand out by more than this share of its range from the line through their neighbours is no curve.
JAGGED = 0.12
#: Opacity of 95 and 68 % of predicted data, and of 95 and 68 % of the model.
OPACITY = (("predictive", 0.10, 0.14), ("model", 0.28, 0.5))
FEWEST, FEW = 6, 40


@dataclass(frozen=True, eq=False)
class Channel:
    """Points of one channel.

    Args:
        name: legend entry, HTML.
        mine: indices of its points, in the order to draw.
        data: colour of points, ``#rrggbb``.
        model: colour of what the model says.
        symbol: plotly's name of the marker.
    """

    name: str
    mine: Int[np.ndarray, " m"]
    data: str
    model: str
    symbol: str = "circle"


def channels_of(
    names: Sequence[str], index: Int[np.ndarray, " n"], place: Float[np.ndarray, " n"], palette: Palette, *, apart: bool = True
) -> list[Channel]:
    """The channels that have points, each sorted by place; one alone, or where they stay together, is the data.

    Args:
        names: of the channels.
        index: channel of each point.
        place: where each point stands.
        palette: colours of data that are one channel.
        apart: whether each channel gets a colour.
    """
    order, index = np.argsort(place, kind="stable"), np.asarray(index)
    present = np.unique(index)
    if len(present) < 2 or not apart:
        return [Channel("data", order, palette.data, palette.posterior)]
    found = []
    for number in present:
        colour = CYCLE[number % len(CYCLE)]
        name = escaped(names[number]) if number < len(names) else f"channel {number + 1}"
        found.append(Channel(name, order[index[order] == number], colour, colour, SYMBOLS[number // len(CYCLE) % len(SYMBOLS)]))
    return found


def jagged(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], size: float) -> bool:
    """Whether neighbouring points jump, so that no line should join them: sorted places, values, and a size to compare jumps with."""
    if len(y) < FEWEST:
        return True
    step = x[2:] - x[:-2]
    share = np.divide(x[1:-1] - x[:-2], step, out=np.full(len(step), 0.5), where=step > 0)
    jump = np.abs(y[1:-1] - y[:-2] - share * (y[2:] - y[:-2]))
    return bool(np.median(jump) > JAGGED * size)


def spread(y: Float[np.ndarray, " n"]) -> float:
    """Distance between the 5 and 95 % quantiles."""
    low, high = np.nanquantile(y, (0.05, 0.95))
    return float(high - low)


def measured(channel: Channel, x: Any, y: Any, panel: Panel, *, sigma: Any = None, hover: str = "") -> dict[str, Any]:
    """Points of a channel."""
    trace = points(channel.name, x, y, panel, channel.data, sigma=sigma, hover=hover)
    trace["marker"] |= {"symbol": channel.symbol}
    if np.size(x) <= FEW:
        trace["marker"] |= {"size": 7}
        trace |= {"error_y": trace["error_y"] | {"thickness": 1.8, "color": channel.data}} if sigma is not None else {}
    return trace


def stepped(channel: Channel, x: Any, y: Any, panel: Panel, *, sigma: Any = None) -> dict[str, Any]:
    """Pixels of a spectrum as steps, with thin error bars where they can be seen."""
    trace = curve(channel.name, x, y, panel, color=channel.data, width=1, shape="hvh")
    if sigma is not None and len(trace["x"]) == np.size(sigma) <= MANY:
        bars = {"type": "data", "array": np.asarray(sigma, np.float32), "width": 0, "thickness": 0.7}
        trace["error_y"] = bars | {"color": faded(channel.data, 0.45)}
    return trace


def predicted(
    arrays: Arrays,
    channel: Channel,
    x: Float[np.ndarray, " m"],
    scale: Callable[[Any], Float[np.ndarray, " m"]],
    panel: Panel,
    *,
    whole: bool = False,
    bars: bool = False,
    noise: bool = True,
) -> list[dict[str, Any]]:
    """What the posterior predicts for a channel: bands where it is a curve, one bar a point where it jumps from point to point.

    Args:
        arrays: the result's arrays (``model/*``, ``predictive/*``).
        channel: whose points.
        x: their places, sorted.
        scale: maps values of all points to what the axis shows.
        panel: where to draw.
        whole: the places have no gaps.
        bars: draw bars in any case.
        noise: draw what is predicted for new data too, and not for the model alone.
    """
    median = scale(arrays["model/median"])[channel.mine]
    low, high = (scale(arrays[f"predictive/{end}95"])[channel.mine] for end in ("low", "high"))
    size = max(spread(median), 0.1 * float(np.median(high - low)))
    if bars or (len(x) <= MANY and jagged(x, median, size)):
        return _bars(arrays, channel, x, scale, panel)
    width = 2.0 if len(x) <= MANY else 1.4
    least = 0.002 * float(np.ptp(x)) if len(x) else 0.0
    traces = []
    for source, wide, narrow in OPACITY if noise else OPACITY[1:]:
        for share, opacity in (("95", wide), ("68", narrow)):
            low, high = (scale(arrays[f"{source}/{end}{share}"])[channel.mine] for end in ("low", "high"))
            low, high = (median + _typical(x, edge - median) for edge in (low, high))
            colour = faded(channel.model, opacity)
            traces.append(band(channel.name, x, low, high, panel, colour, whole=whole, least=least, showlegend=False))
    return [*traces, curve(channel.name, x, median, panel, whole=whole, color=channel.model, width=width) | {"showlegend": False}]


def _typical(x: Float[np.ndarray, " n"], edge: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Distance of a band's edge from the median; the typical one among neighbours where each point has an error of its own."""
    if len(x) < FEWEST or not jagged(x, edge, float(np.median(np.abs(edge)))):
        return edge
    half = max(3, len(x) // 60)
    return np.median(sliding_window_view(np.pad(edge, half, mode="edge"), 2 * half + 1), axis=1)


def _bars(
    arrays: Arrays, channel: Channel, x: Float[np.ndarray, " m"], scale: Callable[[Any], Float[np.ndarray, " m"]], panel: Panel
) -> list[dict[str, Any]]:
    """One bar a point for each interval, and the median as a dash."""
    size = float(np.clip(1100 / max(len(arrays["model/median"]), 1), 1.5, 11))
    traces = []
    for source, wide, narrow in OPACITY:
        for share, opacity in (("95", wide), ("68", narrow)):
            low, high = (scale(arrays[f"{source}/{end}{share}"])[channel.mine] for end in ("low", "high"))
            gap = np.full(len(x), np.nan)
            across, heights = np.stack([x, x, x], axis=1).ravel(), np.stack([low, high, gap], axis=1).ravel()
            pen = {"color": faded(channel.model, 1.4 * opacity), "width": size}
            traces.append(scatter(channel.name, across, heights, panel, mode="lines", line=pen) | {"showlegend": False})
    dash = {"symbol": "line-ew-open", "size": size + 3, "line": {"width": 1.6}, "color": channel.model}
    median = scatter(channel.name, x, scale(arrays["model/median"])[channel.mine], panel, mode="markers", marker=dash)
    return [*traces, median | {"showlegend": False}]


def name_bands(style: dict[str, Any], names: Sequence[str], places: Float[np.ndarray, " n"], *, log: bool) -> None:
    """Write the name of each band above its point, in a layout whose vertical axis gets room for them."""
    low, high = style["yaxis"]["range"]
    style["yaxis"]["range"] = [low, high + 0.18 * (high - low)]
    pen = {"showarrow": False, "y": 1.0, "yref": "y domain", "yanchor": "top", "textangle": -90, "font": {"size": 11}}
    where = np.log10(places) if log else places
    style["annotations"] = [pen | {"x": float(x), "text": escaped(name)} for x, name in zip(where, names, strict=True)]
