"""An observation before any inference: as read, step by step through its preparation, and its periodogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from plotly.graph_objects import Figure

from astro_sbi.figures.curves import Panel, curve, points, range_of
from astro_sbi.figures.labels import axis_title, escaped
from astro_sbi.figures.places import decades, with_zero, zero_of
from astro_sbi.figures.theme import CYCLE, NEUTRAL, Palette, axis, layout

MOST = 20_000
#: Fewer points along a wavelength are bands, not a spectrum.
FEWEST_STEPS = 30
#: Redshifts that span more than this factor stand on a logarithmic axis.
WIDE = 5.0


def observed(
    coordinate: Float[np.ndarray, " n"],
    value: Float[np.ndarray, " n"],
    sigma: Float[np.ndarray, " n"] | None,
    *,
    x_label: str,
    y_label: str,
    channels: Mapping[str, Bool[np.ndarray, " n"]] | None = None,
    palette: Palette = NEUTRAL,
) -> Figure:
    """Points with their errors, or a spectrum as steps.

    Args:
        coordinate: time or wavelength.
        value: measured values.
        sigma: their standard deviations, or None.
        x_label: name and unit, ``time [d]``.
        y_label: name and unit.
        channels: bands or instruments by name, and which points are theirs; each in a colour of its own.
        palette: colours.
    """
    places, zero, keep = _places(coordinate)
    traces = []
    several = channels is not None and len(channels) > 1
    for number, (name, mine) in enumerate((channels or {"data": np.ones(len(value), bool)}).items()):
        chosen, colour = mine[keep], CYCLE[number % len(CYCLE)] if several else palette.data
        trace = _measured(escaped(name), places[chosen], value[keep][chosen], Panel(legend=several), (x_label, colour))
        if sigma is not None and trace["mode"] == "markers":
            trace = points(escaped(name), places[chosen], value[keep][chosen], Panel(legend=several), colour, sigma=sigma[keep][chosen])
        traces.append(trace)
    alt = f"{len(value)} observed points of {y_label} against {x_label}, values from {np.nanmin(value):.4g} to {np.nanmax(value):.4g}."
    style = layout(alt, 360, palette)
    style["xaxis"] = axis(with_zero(x_label, zero), range=range_of([places], 0.02))
    if x_label.lower().startswith("redshift") and places.min() > 0 and places.max() > WIDE * places.min():
        style["xaxis"] |= decades((float(places.min()), float(places.max())), 0.02)
    style["yaxis"] = axis(axis_title(y_label), range=_most(value))
    return Figure({"data": traces, "layout": style})


def stage(
    before: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
    after: tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]],
    *,
    x_label: str,
    y_label: str,
    x_label_after: str | None = None,
    y_label_after: str | None = None,
    palette: Palette = NEUTRAL,
) -> Figure:
    """One step of the preparation: what went in above, what came out below.

    Args:
        before: coordinate and value that the step was given.
        after: coordinate and value that it returned.
        x_label: name and unit of the coordinate before.
        y_label: name and unit of the value before.
        x_label_after: of the coordinate after, where the step changes it (folding).
        y_label_after: of the value after, where the step changes it (flattening).
        palette: colours.
    """
    traces: list[dict[str, Any]] = []
    alt = f"A preparation step: {len(before[0])} points before, {len(after[0])} after."
    style = layout(alt, 480, palette)
    style["annotations"] = []
    below = x_label_after or x_label, y_label_after or y_label
    sides = (("before", before, (x_label, y_label), [0.58, 1.0]), ("after", after, below, [0.0, 0.42]))
    for number, (name, (coordinate, value), labels, domain) in enumerate(sides, start=1):
        suffix = "" if number == 1 else str(number)
        places, zero, keep = _places(coordinate)
        colour = palette.prior if number == 1 else palette.data
        traces.append(_measured(name, places, value[keep], Panel(f"x{suffix}", f"y{suffix}", legend=False), (labels[0], colour)))
        style[f"xaxis{suffix}"] = axis(with_zero(labels[0], zero), anchor=f"y{suffix}", range=range_of([places], 0.02))
        style[f"yaxis{suffix}"] = axis(axis_title(labels[1]), anchor=f"x{suffix}", domain=domain, range=_most(value, 1.0), nticks=5)
        where = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0.0, "y": 1.0, "xanchor": "left", "yanchor": "bottom"}
        style["annotations"].append(where | {"text": f"{name}: {len(coordinate):,} points", "showarrow": False})
    style["margin"] = style["margin"] | {"t": 26}
    return Figure({"data": traces, "layout": style})


def periodogram(
    period: Float[np.ndarray, " n"],
    power: Float[np.ndarray, " n"],
    best: float,
    *,
    unit: str = "d",
    y_label: str = "box least-squares power",
    palette: Palette = NEUTRAL,
) -> Figure:
    """Power against trial period, the chosen period marked."""
    order = np.argsort(period)
    wide = period.max() > 8 * period.min() > 0
    ends, height = (float(period.min()), float(period.max())), float(np.nanmax(power))
    pen = {"color": palette.least_squares, "width": 1.3, "dash": "dot"}
    places, low = period[order], min(0.0, float(np.nanmin(power)))
    traces = [
        curve("chosen period", [best, best], [low, 1.15 * height], Panel(), **pen),
        curve("power", places, power[order], Panel(legend=False), color=palette.posterior, width=1.1),
    ]
    traces[1]["connectgaps"] = True
    style = layout(f"Periodogram over {ends[0]:.3g} to {ends[1]:.3g} {unit}; the chosen period is {best:.6g} {unit}.", 300, palette)
    style["xaxis"] = axis(axis_title(f"period [{unit}]"), **(decades(ends) if wide else {"range": range_of([places], 0.02)}))
    style["yaxis"] = axis(axis_title(y_label), range=[low, 1.15 * height], nticks=5)
    right = best > (np.sqrt(ends[0] * ends[1]) if wide else sum(ends) / 2)
    place = {
        "x": float(np.log10(best)) if wide else best,
        "y": 1.0,
        "yref": "y domain",
        "xanchor": "right" if right else "left",
        "yanchor": "top",
    }
    style["annotations"] = [place | {"text": f" {best:.6g} {escaped(unit)} ", "showarrow": False, "yshift": -2}]
    style["showlegend"] = False
    return Figure({"data": traces, "layout": style})


def _measured(
    name: str, places: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], panel: Panel, look: tuple[str, str]
) -> dict[str, Any]:
    """Points of one colour, or steps where the axis label says that the places are wavelengths."""
    label, colour = look
    if "wavelength" in label and len(places) > FEWEST_STEPS:
        order = np.argsort(places)
        return curve(name, places[order], value[order], panel, color=colour, width=1, shape="hvh")
    return points(name, places, value, panel, colour)


def _places(coordinate: Float[np.ndarray, " n"]) -> tuple[np.ndarray, float, slice]:
    """Coordinates without a large zero point, that zero point, and every which point to draw."""
    keep = slice(None, None, max(1, -(-len(coordinate) // MOST)))
    coordinate = np.asarray(coordinate, dtype=np.float64)
    zero = zero_of(coordinate)
    return coordinate[keep] - zero, zero, keep


def _most(value: Float[np.ndarray, " n"], share: float = 0.9998) -> list[float]:
    """A range that holds the values, a few wild ones excepted."""
    low, high = np.nanquantile(value, ((1 - share) / 2, (1 + share) / 2))
    return range_of([np.array([low, high])], 0.06)
