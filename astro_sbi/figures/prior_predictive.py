"""What priors say before the data: densities of those that were changed, and the data that they make under the measured ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import channels_of, name_bands
from astro_sbi.figures.corner import Label, Layer, Markers, one_dimensional
from astro_sbi.figures.curves import Arrays, Axes, Panel, quoted_sigma, range_of
from astro_sbi.figures.series import Places, Shown, along, channel_traces, printed_units
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, layout

YOURS, DEFAULT = "Your prior", "Default prior"
_PANEL, _GAP = 270, 0.05
#: A band that is wider than the data by more than this factor is cut, so that the data can still be seen.
_WIDEST = 6.0


def prior_densities(
    yours: Mapping[str, Float[np.ndarray, " S"]],
    default: Mapping[str, Float[np.ndarray, " S"]],
    labels: Mapping[str, Label],
    *,
    across: int = 3,
    palette: Palette = NEUTRAL,
) -> Figure:
    """Densities of changed priors over those that they replace, each parameter in a panel of its own.

    Args:
        yours: draws of the changed priors by parameter; a fixed one's are all the same, and it is marked by a line.
        default: draws of the default priors.
        labels: symbol and unit by parameter.
        across: panels side by side.
        palette: colours.
    """
    fixed = {name: float(draws[0]) for name, draws in yours.items() if np.ptp(draws) == 0}
    free = {name: draws for name, draws in yours.items() if name not in fixed}
    layers = [Layer(DEFAULT, default, None, palette.prior, dashed=True)]
    layers = [Layer(YOURS, free, None, palette.own_prior), *layers] if free else layers
    marked = [Markers("fixed at", fixed, palette.own_prior)] if fixed else []
    return one_dimensional(layers, labels, list(yours), markers=marked, across=across, palette=palette)


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
    several = channels_of(shown.channels, observed["observed/channel"], places.x, palette, apart=shown.apart)
    value, sigma = units.printed(observed["observed/value"]), units.flux * quoted_sigma(observed)
    traces: list[dict[str, Any]] = []
    for number, (_, arrays) in enumerate(predictions):
        panel = Panel("x", _y(number), legend=number == 0 and len(several) > 1)
        for channel in several:
            traces += channel_traces(arrays, channel, shown, places, (panel, units.printed, sigma))
    names = " and ".join(name.lower() for name, _ in predictions)
    alt = f"{len(value)} measured values over bands of 68 and 95 % of what the {names} predicts for them."
    style = layout(alt, 50 + _PANEL * count, palette)
    style["xaxis"] = {**places.style, "anchor": _y(count - 1), "domain": [0.0, 1.0]}
    bands = [units.printed(np.stack([arrays[f"predictive/{end}95"] for end in ("low", "high")])) for _, arrays in predictions]
    reach = _heights(value, bands)
    if (axes.get("value") or {}).get("unit", "") == "mag" and shown.kind != "hubble_diagram":
        reach = reach[::-1]
    share = (1 + _GAP) / count
    for number in range(count):
        top = 1 - number * share
        style[f"yaxis{_y(number)[1:]}"] = axis(
            units.flux_title, anchor="x", domain=[max(0.0, top - share + _GAP), top], range=reach, nticks=6
        )
    _name_panels(style, [name for name, _ in predictions], observed, shown, places)
    return Figure({"data": traces, "layout": style})


def _y(number: int) -> str:
    return f"y{number + 1}" if number else "y"


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
            style[f"yaxis{_y(number)[1:]}"]["range"] = style["yaxis"]["range"]
    pen = {"showarrow": False, "xref": "x domain", "x": 0.01, "y": 0.98, "xanchor": "left", "yanchor": "top"}
    titles = [pen | {"yref": f"{_y(number)} domain", "text": f"<b>{name}</b>"} for number, name in enumerate(names)]
    style["annotations"] = [*style.get("annotations", []), *titles]
