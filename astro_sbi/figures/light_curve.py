"""Light curves with their posterior predictive: folded, unfolded, odd and even transits apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.curves import (
    Arrays,
    Axes,
    Panel,
    band,
    curve,
    points,
    predictive,
    quoted_sigma,
    range_of,
    residual_axis,
    residual_lines,
    residual_reach,
    residual_traces,
    title_of,
)
from astro_sbi.figures.labels import Label, axis_title, scale_of
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout

UPPER, LOWER = Panel("x", "y"), Panel("x", "y2", legend=False)
SPLIT = (0.27, 0.31)
MOST = 20_000


@dataclass(frozen=True)
class Units:
    """How a light curve's numbers are printed.

    Args:
        time: factor from the coordinate to the printed time.
        zero: flux printed as zero.
        flux: factor from the flux to the printed number.
        time_title: axis title.
        flux_title: axis title.
        flux_unit: unit of the printed flux, HTML.
    """

    time: float
    zero: float
    flux: float
    time_title: str
    flux_title: str
    flux_unit: str

    def printed(self, flux: Any) -> Float[np.ndarray, "*n"]:
        """Flux as the axis prints it."""
        return self.flux * (np.asarray(flux, dtype=np.float64) - self.zero)


def units_of(coordinate: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], axes: Axes) -> Units:
    """Hours for coordinates within two days of zero; a relative flux as its difference from one, in ppm below 0.3 %, else in percent."""
    time, time_title = 1.0, title_of(axes, "coordinate", "time from mid-transit [d]")
    if time_title.endswith(("[d]", "[day]")) and np.nanmax(np.abs(coordinate)) < 2.0:
        time, time_title = 24.0, time_title[: time_title.rindex("[")] + "[h]"
    flux_title = title_of(axes, "value", "relative flux")
    if axes.get("value", {}).get("unit") or not 0.5 < np.nanmedian(value) < 1.5:
        bracket = flux_title.rfind("[")
        return Units(time, 0.0, 1.0, time_title, flux_title, flux_title[bracket + 1 : -1] if bracket >= 0 else "")
    low, high = np.nanquantile(value, (0.005, 0.995))
    flux, unit = (1e6, "ppm") if high - low < 3e-3 else (1e2, "%")
    return Units(time, 1.0, flux, time_title, f"{flux_title} − 1 [{unit}]", unit)


def folded(arrays: Arrays, axes: Axes, *, palette: Palette = NEUTRAL) -> Figure:
    """The prepared light curve with bands of 68 and 95 %, median and least squares; residuals in units of the quoted error.

    Args:
        arrays: the result's arrays (``observed/*``, ``model/*``, ``predictive/*``, ``sigma/*``).
        axes: the result's axes.
        palette: colours.
    """
    order = np.argsort(arrays["observed/coordinate"])
    units = units_of(arrays["observed/coordinate"], arrays["observed/value"], axes)
    time, value, sigma = units.time * arrays["observed/coordinate"][order], arrays["observed/value"][order], quoted_sigma(arrays)[order]
    residual = (value - arrays["model/median"][order]) / sigma
    hover = f"%{{x:.3~f}}, %{{y:.4~g}} {units.flux_unit}<extra>data</extra>"
    data = points("data", time, units.printed(value), UPPER, palette.data, sigma=units.flux * sigma, hover=hover)
    model = predictive(arrays, time, order, units.printed, UPPER, palette)
    traces = [*model[:-2], data, *model[-2:], *residual_traces(arrays, time, order, LOWER, palette)]
    inside = 100 * float(np.mean(np.abs(residual) < 1))
    alt = f"Folded light curve of {len(time)} points with its posterior predictive band; {inside:.0f} % of residuals are within one sigma."
    style = _frame(alt, units.time_title, units.flux_title, time, palette)
    style["yaxis"]["range"] = range_of([units.printed(value), units.printed(arrays["model/median"])])
    style["yaxis2"] = residual_axis("x", (0.0, SPLIT[0]), residual_reach(residual))
    return Figure({"data": traces, "layout": style})


def odd_even(arrays: Arrays, axes: Axes, *, palette: Palette = NEUTRAL) -> Figure:
    """Odd and even transits in two colours over the model of both; a difference in depth betrays an eclipsing binary."""
    order = np.argsort(arrays["observed/coordinate"])
    grid, median = arrays["observed/coordinate"][order], arrays["model/median"][order]
    units = units_of(arrays["observed/coordinate"], arrays["observed/value"], axes)
    traces: list[dict[str, Any]] = []
    if "model/low95" in arrays:
        low, high = units.printed(arrays["model/low95"][order]), units.printed(arrays["model/high95"][order])
        traces.append(band("model 95 %", units.time * grid, low, high, UPPER, faded(palette.posterior, 0.3)))
    traces += residual_lines(tuple(range_of([units.time * grid], 0.02)), LOWER)
    residuals, heights, means = [], [], []
    for which, colour in (("odd", palette.odd), ("even", palette.even)):
        coordinate, value, sigma = (np.asarray(arrays[f"{which}/{part}"], dtype=np.float64) for part in ("coordinate", "value", "sigma"))
        time, residual = units.time * coordinate, (value - np.interp(coordinate, grid, median)) / sigma
        traces.append(points(f"{which} transits", time, units.printed(value), UPPER, colour, sigma=units.flux * sigma))
        traces.append(points(f"{which} transits", time, residual, LOWER, colour))
        residuals.append(residual)
        heights.append(units.printed(value))
        means.append(f"{np.nanmean(residual):+.2f}" if residual.size else "none")
    traces.append(curve("median", units.time * grid, units.printed(median), UPPER, color=palette.posterior, width=1.6))
    alt = f"Odd and even transits over one model; their mean residuals are {means[0]} and {means[1]} sigma."
    style = _frame(alt, units.time_title, units.flux_title, units.time * grid, palette)
    style["yaxis"]["range"] = range_of([height for height in heights if height.size] or [units.printed(median)])
    style["yaxis2"] = residual_axis("x", (0.0, SPLIT[0]), residual_reach(np.concatenate(residuals)))
    return Figure({"data": traces, "layout": style})


def unfolded(arrays: Arrays, axes: Axes, *, palette: Palette = NEUTRAL) -> Figure:
    """The light curve in time with the median model, and what the model leaves.

    Args:
        arrays: the result's arrays (``unfolded/time``, ``unfolded/value``, ``unfolded/model``); above 20,000 points every k-th is drawn.
        axes: the result's axes; ``unfolded``, where given, is the meaning of the time.
        palette: colours.
    """
    order = np.argsort(arrays["unfolded/time"])[:: -(-len(arrays["unfolded/time"]) // MOST)]
    time = np.asarray(arrays["unfolded/time"], dtype=np.float64)[order]
    value, model = (np.asarray(arrays[f"unfolded/{part}"], dtype=np.float64)[order] for part in ("value", "model"))
    units = units_of(time - time[0], value, axes)
    meaning = axes.get("unfolded", {"name": "time", "unit": "d", "zero_point": ""})
    scale = scale_of(Label("", meaning.get("unit", "")), time[0], time[-1])
    zero = float(np.floor(time[0])) if abs(time[0]) > 1e4 else 0.0
    start = f" − {zero:.0f}" if zero else ""
    name = f"{meaning.get('name', 'time')} {meaning.get('zero_point') or ''}".strip()
    title = axis_title(f"{name}{start} [{meaning.get('unit', 'd')}]") if scale.unit or meaning.get("unit") else axis_title(name + start)
    places, residual = time - zero, units.flux * (value - model)
    grey = {"color": "rgba(128,128,128,0.8)", "width": 1}
    traces = [
        points("data", places, units.printed(value), UPPER, palette.data),
        curve("median", places, units.printed(model), UPPER, color=palette.posterior, width=1.5),
        points("data", places, residual, LOWER, palette.data),
        curve("zero", range_of([places], 0.02), [0.0, 0.0], LOWER, **grey),
    ]
    scatter_size = 1.4826 * float(np.nanmedian(np.abs(residual)))
    spread = f"{scatter_size:.3g} {units.flux_unit}".strip()
    alt = f"Light curve of {len(time)} points over {time[-1] - time[0]:.1f} d with the median model; residuals scatter by {spread}."
    style = _frame(alt, title, units.flux_title, places, palette)
    style["yaxis"]["range"] = _robust_range(units.printed(value), units.printed(model))
    unit = f" [{units.flux_unit}]" if units.flux_unit else ""
    style["yaxis2"] = axis(f"residual{unit}", anchor="x", domain=[0.0, SPLIT[0]], range=_robust_range(residual, residual[:1]), nticks=5)
    return Figure({"data": traces, "layout": style})


def _robust_range(value: Float[np.ndarray, " n"], also: Float[np.ndarray, " m"]) -> list[float]:
    """A range for 99.9 % of the values and all of `also`; a few outliers may lie outside."""
    low, high = np.nanquantile(value, (0.0005, 0.9995))
    return range_of([np.array([low, high]), also], 0.1)


def _frame(alt: str, time_title: str, flux_title: str, time: Float[np.ndarray, " n"], palette: Palette) -> dict[str, Any]:
    """Layout of two panels over one time axis."""
    style = layout(alt, 520, palette)
    style["xaxis"] = axis(time_title, anchor="y2", domain=[0.0, 1.0], range=range_of([time], 0.02))
    style["yaxis"] = axis(flux_title, anchor="x", domain=[SPLIT[1], 1.0], nticks=7)
    return style
