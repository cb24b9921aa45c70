"""What priors say before the data: densities of those that were changed, and the data that they make under the measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import channels_of, name_bands
from astro_sbi.figures.curves import Arrays, Axes, Panel, quoted_sigma, range_of, scatter
from astro_sbi.figures.labels import Label, unit_html
from astro_sbi.figures.places import decades
from astro_sbi.figures.series import Places, Shown, along, channel_traces, printed_units
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout

YOURS, DEFAULT = "Your prior", "Default prior"
_PANEL, _SMALL, _GAP = 270, 170, 0.05
#: A band that is wider than the data by more than this factor is cut, so that the data can still be seen.
_WIDEST = 6.0


@dataclass(frozen=True, eq=False)
class PriorCurves:
    """Density of one parameter under a changed prior and under the one that it replaces.

    Args:
        label: symbol and unit.
        places: where the densities are given, sorted.
        yours: density under the changed prior, or the value at which the parameter is fixed.
        default: density under the default prior; None where that fixes the parameter.
        log: whether the axis is logarithmic, and densities are those of the logarithm.
    """

    label: Label
    places: Float[np.ndarray, " n"]
    yours: Float[np.ndarray, " n"] | float
    default: Float[np.ndarray, " n"] | None
    log: bool = False


def prior_densities(curves: Sequence[PriorCurves], *, across: int = 3, palette: Palette = NEUTRAL) -> Figure:
    """Densities of changed priors over those that they replace, each peak at one, each parameter in a panel of its own.

    Args:
        curves: of the changed parameters.
        across: panels side by side.
        palette: colours.
    """
    rows = -(-len(curves) // across)
    height = 60 + _SMALL * rows
    traces: list[dict[str, Any]] = []
    style = layout(f"Densities of {len(curves)} changed priors over the default ones.", height, palette)
    gap = 58 / height
    for number, curve in enumerate(curves):
        left, top = (number % across) / across, 1 - (number // across) / rows
        x, y = _axis_name("x", number), _axis_name("y", number)
        traces += _densities(curve, Panel(x, y, legend=number == 0), palette)
        ends = float(curve.places[0]), float(curve.places[-1])
        scaled = decades(ends) if curve.log else {"range": range_of([curve.places], 0.02), "nticks": 6}
        domain = [left + 0.01, left + 1 / across - 0.01]
        style[f"xaxis{x[1:]}"] = axis(_title(curve.label), domain=domain, anchor=y, **scaled)
        bare = {"showticklabels": False, "ticks": "", "range": [0.0, 1.12], "fixedrange": True}
        style[f"yaxis{y[1:]}"] = axis(domain=[max(0.0, top - 1 / rows + gap), top], anchor=x, **bare)
    return Figure({"data": traces, "layout": style})


def _densities(curve: PriorCurves, panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """The changed prior filled, or a line where it fixes the parameter; the default one dashed."""
    pen = {"color": palette.own_prior, "width": 2}
    if isinstance(curve.yours, float | int):
        yours = scatter(YOURS, [curve.yours] * 2, [0.0, 1.12], panel, mode="lines", line=pen)
    else:
        heights = _peak_at_one(curve.yours)
        yours = scatter(YOURS, curve.places, heights, panel, mode="lines", line=pen, fill="tozeroy", fillcolor=faded(pen["color"], 0.22))
    if curve.default is None:
        return [yours]
    dashed = {"color": palette.prior, "width": 1.5, "dash": "dash"}
    return [yours, scatter(DEFAULT, curve.places, _peak_at_one(curve.default), panel, mode="lines", line=dashed)]


def _peak_at_one(density: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Heights of a density; of one that lies outside the panel, nothing."""
    return density / (density.max() or 1.0)


def _title(label: Label) -> str:
    unit = unit_html(label.unit)
    return f"{label.html} [{unit}]" if unit else label.html


def _axis_name(letter: str, number: int) -> str:
    return f"{letter}{number + 1}" if number else letter


def prior_predictive(predictions: Sequence[tuple[str, Arrays]], axes: Axes, shown: Shown, *, palette: Palette = NEUTRAL) -> Figure:
    """Measured values over bands of 68 and 95 % of what priors predict for them, one panel a prior, all on the same axes.

    Args:
        predictions: names of the priors and their arrays, as a result has them (``observed/*``, ``model/*``, ``predictive/*``).
        axes: meaning of coordinate and value.
        shown: kind and channels.
        palette: colours.
    """
    observed = predictions[0][1]
    places, units, count = along(observed, axes, shown), printed_units(observed, axes), len(predictions)
    # A spectrum is a line, which is not seen in a band of its own colour.
    apart = shown.apart and shown.kind != "spectrum"
    several = channels_of(shown.channels, observed["observed/channel"], places.x, palette, apart=apart)
    value, sigma = units.printed(observed["observed/value"]), units.flux * quoted_sigma(observed)
    traces: list[dict[str, Any]] = []
    for number, (_, arrays) in enumerate(predictions):
        panel = Panel("x", _axis_name("y", number), legend=number == 0 and len(several) > 1)
        for channel in several:
            traces += channel_traces(arrays, channel, shown, places, (panel, units.printed, sigma))
    names = " and ".join(name.lower() for name, _ in predictions)
    alt = f"{len(value)} measured values over bands of 68 and 95 % of what the {names} predicts for them."
    style = layout(alt, 50 + _PANEL * count, palette)
    style["xaxis"] = {**places.style, "anchor": _axis_name("y", count - 1), "domain": [0.0, 1.0]}
    bands = [units.printed(np.stack([arrays[f"predictive/{end}95"] for end in ("low", "high")])) for _, arrays in predictions]
    reach = _heights(value, bands)
    if (axes.get("value") or {}).get("unit", "") == "mag" and shown.kind != "hubble_diagram":
        reach = reach[::-1]
    share = (1 + _GAP) / count
    for number in range(count):
        top = 1 - number * share
        style[f"yaxis{_axis_name('y', number)[1:]}"] = axis(
            units.flux_title, anchor="x", domain=[max(0.0, top - share + _GAP), top], range=reach, nticks=6
        )
    _name_panels(style, [name for name, _ in predictions], observed, shown, places)
    return Figure({"data": traces, "layout": style})


def _heights(value: Float[np.ndarray, " n"], bands: Sequence[Float[np.ndarray, "2 n"]]) -> list[float]:
    """One range for all panels: all values and nearly all of the bands, the latter cut where the values would vanish in them."""
    low, high = float(np.nanmin(value)), float(np.nanmax(value))
    room = _WIDEST * max(high - low, 1e-12 * abs(high))
    ends = [np.clip(np.nanquantile(band, (0.02, 0.98)), low - room, high + room) for band in bands]
    return range_of([value, *ends])


def _name_panels(style: dict[str, Any], names: Sequence[str], observed: Arrays, shown: Shown, places: Places) -> None:
    """Write the priors' names into their panels, and those of the bands of a catalogue above the points of the first."""
    if not shown.apart:
        name_bands(style, [shown.channels[number] for number in observed["observed/channel"]], places.x, log=places.log)
        for number in range(1, len(names)):
            style[f"yaxis{_axis_name('y', number)[1:]}"]["range"] = style["yaxis"]["range"]
    pen = {"showarrow": False, "xref": "x domain", "x": 0.01, "y": 0.98, "xanchor": "left", "yanchor": "top"}
    titles = [pen | {"yref": f"{_axis_name('y', number)} domain", "text": f"<b>{name}</b>"} for number, name in enumerate(names)]
    style["annotations"] = [*style.get("annotations", []), *titles]
