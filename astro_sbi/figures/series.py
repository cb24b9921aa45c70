"""Data of any kind with their posterior predictive: along the coordinate, folded by a period, as differences from the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import Channel, channels_of, measured, name_bands, predicted, stepped
from astro_sbi.figures.curves import (
    Arrays,
    Axes,
    Panel,
    points,
    quoted_sigma,
    range_of,
    residual_axis,
    residual_lines,
    residual_reach,
    title_of,
)
from astro_sbi.figures.labels import axis_title, signed
from astro_sbi.figures.light_curve import Units, units_of
from astro_sbi.figures.places import decades, with_zero, zero_of
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, layout

UPPER, LOWER = Panel("x", "y"), Panel("x", "y2", legend=False)
SPLIT = (0.27, 0.31)
#: A relative flux that varies by less than this is printed as its difference from one.
SMALL = 0.3
#: Points of a Hubble diagram, and wavelengths of bands, stand on a logarithmic axis where they span more than this factor.
WIDE = 4.0
BINS, FEWEST_TO_BIN = 20, 200


@dataclass(frozen=True)
class Shown:
    """Of what kind the data are, and what their channels are called.

    Args:
        kind: of the observation.
        channels: names, in the order of the channels' numbers.
    """

    kind: str = "light_curve"
    channels: tuple[str, ...] = ()

    @property
    def apart(self) -> bool:
        """Whether channels have colours of their own: bands of a catalogue are one point each and get names instead."""
        return self.kind != "photometry"


@dataclass(frozen=True, eq=False)
class Places:
    """Where the points stand on the horizontal axis.

    Args:
        x: place of each point.
        style: properties of the axis, its title among them.
        whole: the places have no gaps.
        log: whether the axis is logarithmic.
    """

    x: Float[np.ndarray, " n"]
    style: Mapping[str, Any]
    whole: bool = False
    log: bool = False


def series(arrays: Arrays, axes: Axes, shown: Shown, *, palette: Palette = NEUTRAL) -> Figure:
    """The data along their coordinate with bands of 68 and 95 % and the median; residuals in units of the quoted error.

    Args:
        arrays: the result's arrays (``observed/*``, ``model/*``, ``predictive/*``, ``sigma/*``).
        axes: the result's axes.
        shown: kind and channels.
        palette: colours.
    """
    places = along(arrays, axes, shown)
    return _two_panels(arrays, axes, shown, places, palette)


def phased(arrays: Arrays, axes: Axes, shown: Shown, period: float, *, offsets: Sequence[float] = (), palette: Palette = NEUTRAL) -> Figure:
    """The same against phase, 0 where the model is highest.

    Args:
        arrays: the result's arrays.
        axes: the result's axes.
        shown: kind and channels.
        period: to fold by, in the unit of the coordinate.
        offsets: what to take from each channel's values, so that channels lie upon each other; empty for nothing.
        palette: colours.
    """
    moved = less_offsets(arrays, offsets) if offsets else arrays
    places = at_phase(moved, axes, period)
    return _two_panels(moved, axes, shown, places, palette, taken=bool(offsets))


def differences(arrays: Arrays, axes: Axes, shown: Shown, *, palette: Palette = NEUTRAL) -> Figure:
    """Data and bands less the median model, in the unit of the values; many points are averaged in bins as well."""
    places, units = along(arrays, axes, shown), printed_units(arrays, axes)
    median = np.asarray(arrays["model/median"], dtype=np.float64)
    less = {name: np.asarray(arrays[name], np.float64) - median for name in arrays if name.startswith(("model/", "predictive/"))}
    value, sigma = units.flux * (np.asarray(arrays["observed/value"], np.float64) - median), units.flux * quoted_sigma(arrays)
    several = channels_of(shown.channels, arrays["observed/channel"], places.x, palette, apart=shown.apart)
    traces, many = [], len(value) >= FEWEST_TO_BIN
    for channel in several:
        x, mine = places.x[channel.mine], channel.mine
        alone = len(several) == 1
        drawn = predicted(less, channel, x, lambda part: units.flux * part, UPPER, whole=places.whole, bars=not shown.apart, noise=alone)
        panel = Panel(legend=len(several) > 1)
        data = measured(channel, x, value[mine], panel, sigma=None if many else sigma[mine])
        data["marker"] |= {"opacity": 0.35 if many else 1.0}
        traces += [*drawn[:-1], data, drawn[-1]]
    if many:
        traces.append(_binned(places, value, sigma, palette))
    scatter = float(np.nanstd(value))
    alt = f"Differences of {len(value)} points from the median model; they scatter by {scatter:.3g} {units.flux_unit}".strip() + "."
    style = layout(alt, 400, palette)
    name = "data − median model"
    style["xaxis"] = {**places.style, "anchor": "y"}
    style["yaxis"] = axis(f"{name} [{units.flux_unit}]" if units.flux_unit else name, range=_reach(value), nticks=7)
    return Figure({"data": traces, "layout": style})


def less_offsets(arrays: Arrays, offsets: Sequence[float]) -> Arrays:
    """The same with the offset of its channel taken from every value and every curve."""
    taken = np.asarray(offsets, dtype=np.float64)[np.asarray(arrays["observed/channel"])]
    names = [name for name in arrays if name.startswith(("model/", "predictive/")) or name == "observed/value"]
    moved = {name: np.asarray(arrays[name], np.float64) - taken for name in names if np.shape(arrays[name])[-1:] == taken.shape}
    if "curves/value" in arrays:
        moved["curves/value"] = np.asarray(arrays["curves/value"], np.float64) - taken[arrays["curves/point"]]
    return {**arrays, **moved}


def less_offset_title(units: Units) -> str:
    """Axis title of values from which offsets are taken."""
    return f"{units.flux_title.partition(' [')[0]} − offset [{units.flux_unit}]"


def at_phase(arrays: Arrays, axes: Axes, period: float) -> Places:
    """The phase of each point, 0 where the median model is highest; `period` is in the unit of the coordinate."""
    cycle = np.asarray(arrays["observed/coordinate"], dtype=np.float64) / period
    highest = cycle[int(np.nanargmax(arrays["model/median"]))]
    phase = (cycle - highest + 0.5) % 1.0 - 0.5
    unit = (axes.get("coordinate") or {}).get("unit", "")
    title = axis_title(f"phase, period {signed(f'{period:.7g}')} {unit}".strip())
    return Places(phase, axis(title, range=[-0.52, 0.52], nticks=9), whole=True)


def along(arrays: Arrays, axes: Axes, shown: Shown) -> Places:
    """The coordinate as it is, its zero point taken out where it is large, logarithmic where it spans much."""
    coordinate = np.asarray(arrays["observed/coordinate"], dtype=np.float64)
    label, low, high = (axes.get("coordinate") or {}).get("label", ""), float(np.min(coordinate)), float(np.max(coordinate))
    if shown.kind in ("hubble_diagram", "photometry") and low > 0 and high > WIDE * low:
        return Places(coordinate, axis(axis_title(label), **decades((low, high), 0.04)), whole=True, log=True)
    zero = zero_of(coordinate)
    style = axis(with_zero(label, zero), range=range_of([coordinate - zero], 0.02 if shown.apart else 0.08))
    return Places(coordinate - zero, style, whole=shown.kind == "hubble_diagram")


def printed_units(arrays: Arrays, axes: Axes) -> Units:
    """How values are printed: a relative flux that varies little as its difference from one, anything else as it is."""
    value = np.asarray(arrays["observed/value"], dtype=np.float64)
    low, high = np.nanquantile(value, (0.005, 0.995))
    name = (axes.get("value") or {}).get("name", "").lower()
    if name.startswith("relative flux") and high - low < SMALL:
        return units_of(np.array([1e6]), value, axes)
    title = title_of(axes, "value", "value")
    bracket = title.rfind("[")
    return Units(1.0, 0.0, 1.0, "", title, title[bracket + 1 : -1] if bracket >= 0 else "")


def _two_panels(arrays: Arrays, axes: Axes, shown: Shown, places: Places, palette: Palette, *, taken: bool = False) -> Figure:
    """Data and model above, residuals below."""
    units = printed_units(arrays, axes)
    value, sigma = units.printed(arrays["observed/value"]), units.flux * quoted_sigma(arrays)
    residual = (np.asarray(arrays["observed/value"], np.float64) - arrays["model/median"]) / quoted_sigma(arrays)
    several = channels_of(shown.channels, arrays["observed/channel"], places.x, palette, apart=shown.apart)
    upper, lower = Panel("x", "y", legend=len(several) > 1), LOWER
    traces = residual_lines(_ends(places), lower)
    for channel in several:
        traces += channel_traces(arrays, channel, shown, places, (upper, units.printed, sigma))
        left = measured(
            channel, places.x[channel.mine], residual[channel.mine], lower, hover="%{x:.5~g}, %{y:.2f} σ<extra>residual</extra>"
        )
        traces.append(left | {"legendgroup": channel.name})
    inside, count = 100 * float(np.mean(np.abs(residual) < 1)), len(several)
    among = f" in {count} channels" if count > 1 else ""
    alt = f"{len(value)} points{among} with their posterior predictive; {inside:.0f} % of residuals are within one sigma."
    style = layout(alt, 520, palette)
    style["xaxis"] = {**places.style, "anchor": "y2", "domain": [0.0, 1.0]}
    title = less_offset_title(units) if taken else units.flux_title
    style["yaxis"] = axis(title, anchor="x", domain=[SPLIT[1], 1.0], nticks=7)
    low, high = (units.printed(arrays[f"predictive/{end}95"]) for end in ("low", "high"))
    style["yaxis"]["range"] = _heights(value, np.concatenate([low, high]), shown)
    if (axes.get("value") or {}).get("unit", "") == "mag" and shown.kind != "hubble_diagram":
        style["yaxis"]["range"] = style["yaxis"]["range"][::-1]
    style["yaxis2"] = residual_axis("x", (0.0, SPLIT[0]), residual_reach(residual))
    if not shown.apart:
        name_bands(style, [shown.channels[number] for number in arrays["observed/channel"]], places.x, log=places.log)
    return Figure({"data": traces, "layout": style})


def channel_traces(
    arrays: Arrays, channel: Channel, shown: Shown, places: Places, drawing: tuple[Panel, Callable[[Any], Any], Float[np.ndarray, " n"]]
) -> list[dict[str, Any]]:
    """What is predicted for a channel, its points over the bands, and the median over the points."""
    panel, printed, sigma = drawing
    x, y = places.x[channel.mine], printed(arrays["observed/value"])[channel.mine]
    model = predicted(arrays, channel, x, printed, panel, whole=places.whole, bars=not shown.apart)
    if shown.kind == "spectrum":
        data = stepped(channel, x, y, panel, sigma=sigma[channel.mine])
    else:
        hover = f"%{{x:.6~g}}, %{{y:.5~g}}<extra>{channel.name}</extra>"
        data = measured(channel, x, y, panel, sigma=sigma[channel.mine], hover=hover)
    bars = model[-1].get("mode") == "markers"
    return [*model, data] if bars else [*model[:-1], data, model[-1]]


def _ends(places: Places) -> tuple[float, float]:
    """Where horizontal lines begin and end."""
    low, high = float(np.min(places.x)), float(np.max(places.x))
    if places.log:
        return low / 1.5, high * 1.5
    air = 0.1 * (high - low) or 1.0
    return low - air, high + air


def _heights(value: Float[np.ndarray, " n"], bands: Float[np.ndarray, " m"], shown: Shown) -> list[float]:
    """Range of the values: all of them where they are few, else without a few wild ones; and nearly all of the bands."""
    share = 0.0 if len(value) < 1000 or shown.kind == "hubble_diagram" else 0.0005
    return range_of([np.nanquantile(value, (share, 1 - share)), np.nanquantile(bands, (0.02, 0.98))], 0.06)


def _reach(value: Float[np.ndarray, " n"]) -> list[float]:
    """A symmetric range for nearly all differences."""
    reach = 1.15 * float(np.nanquantile(np.abs(value), 0.995)) or 1.0
    return [-reach, reach]


def _binned(places: Places, value: Float[np.ndarray, " n"], sigma: Float[np.ndarray, " n"], palette: Palette) -> dict[str, Any]:
    """Weighted means in bins of equally many points, with their errors."""
    order = np.argsort(places.x)
    means = []
    for part in np.array_split(order, BINS):
        weight = 1.0 / sigma[part] ** 2
        middle = np.median(places.x[part])
        means.append((middle, np.average(value[part], weights=weight), weight.sum() ** -0.5))
    x, mean, error = np.array(means).T
    trace = points("weighted means", x, mean, Panel(), palette.least_squares, sigma=error, hover="%{y:.3~g}<extra>weighted mean</extra>")
    trace["marker"] |= {"size": 8, "symbol": "diamond"}
    trace["error_y"] |= {"thickness": 1.6, "color": palette.least_squares}
    return trace
