"""What a browser needs to link posterior draws, their curves and their residuals, small enough to travel at once."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from astro_sbi.figures.curves import Arrays, breaks, quoted_sigma, range_of, residual_reach
from astro_sbi.figures.labels import Label, pieces, scale_of, symbol_html, unit_html
from astro_sbi.figures.light_curve import Units
from astro_sbi.figures.series import Places, Shown
from astro_sbi.figures.spectrum import windows
from astro_sbi.figures.theme import CYCLE, NEUTRAL, Palette
from astro_sbi.figures.ticks import numbered

STEPS = 65_535
#: Share of the axis between two windows of a spectrum.
GAP = 0.03


def can_be_brushed(arrays: Arrays) -> bool:
    """Whether a result keeps curves with the draws that made them."""
    return all(f"curves/{name}" in arrays for name in ("draw", "point", "value"))


def brushing(
    arrays: Arrays, labels: Mapping[str, Label], shown: Shown, places: Places, units: Units, *, palette: Palette = NEUTRAL
) -> dict[str, Any]:
    """Draws, curves and data as JSON.

    Numbers of the draws travel as 16-bit steps between the ends of their row, base64: one row for each parameter, then one for each point.

    Args:
        arrays: the result's arrays with ``curves/*``.
        labels: symbol and unit by parameter name, in the order to offer them.
        shown: kind and channels of the data.
        places: where all points stand.
        units: how values are printed.
        palette: colours.
    """
    draw, point = (np.asarray(arrays[f"curves/{name}"]) for name in ("draw", "point"))
    curves = units.printed(arrays["curves/value"])
    offered = {name: np.asarray(arrays[f"posterior/{name}"], np.float64)[draw] for name in labels if f"posterior/{name}" in arrays}
    varied = {
        name: values for name, values in offered.items() if np.isfinite(values).all() and np.ptp(values) > 1e-13 * np.abs(values).max()
    }
    parameters, rows = [], []
    for name, values in varied.items():
        described, printed = _parameter(name, labels[name], values)
        parameters.append(described)
        rows.append(printed)
    packed, ends = _packed(np.vstack([*rows, curves.T]))
    names = ", ".join(name.replace("_", " ") for name in varied)
    return {
        "alt": f"{len(draw):,} posterior draws of {names}, their model curves and the residuals of {len(point)} data points.",
        "draws": len(draw),
        "points_in_all": len(arrays["observed/coordinate"]),
        "parameters": parameters,
        "observed": _observed(arrays, shown, places, units, point),
        "rows": packed,
        "ends": ends,
        "colours": {"posterior": palette.posterior, "selected": palette.selected, "data": palette.data, "warm": palette.flow},
    }


def _parameter(name: str, label: Label, values: Float[np.ndarray, " S"]) -> tuple[dict[str, Any], Float[np.ndarray, " S"]]:
    """How a parameter is written, and its draws as its axis prints them."""
    first, last = np.quantile(values, (0.0015, 0.9985))
    air = 0.05 * (last - first)
    low, high = float(first - air), float(last + air)
    scale = scale_of(label, low, high)
    ends = [float(scale.shown(end)) for end in (low, high)]
    described = {
        "name": name.replace("_", " "),
        "symbol": pieces(symbol_html(label.html)),
        "unit": pieces(unit_html(label.unit)),
        "axis": pieces(scale.title()),
        "offset": scale.offset,
        "size": 10.0**scale.exponent,
        "range": ends,
        "ticks": numbered(ends[0], ends[1], 4),
    }
    return described, scale.shown(values)


def _packed(rows: Float[np.ndarray, "R S"]) -> tuple[str, list[list[float]]]:
    """Rows as 16-bit steps between their smallest and largest number, base64 of little-endian integers, and these ends."""
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    steps = np.rint((rows - low) / np.maximum(high - low, 1e-300) * STEPS).astype("<u2")
    return base64.b64encode(steps.tobytes()).decode(), np.hstack([low, high]).tolist()


def _observed(arrays: Arrays, shown: Shown, places: Places, units: Units, point: Int[np.ndarray, " m"]) -> dict[str, Any]:
    """Points, their places along the axis as shares of its length, stretches to join by lines, and the axes."""
    value, sigma = units.printed(arrays["observed/value"]), units.flux * quoted_sigma(arrays)
    channel = np.asarray(arrays["observed/channel"])[point] if shown.apart else np.zeros(len(point), int)
    x = places.x[point]
    across, ticks, cuts = _across(x, places, shown)
    lines = []
    for number in np.unique(channel):
        mine = np.flatnonzero(channel == number)
        mine = mine[np.argsort(x[mine], kind="stable")]
        lines += [part.tolist() for part in np.split(mine, [] if places.whole else breaks(x[mine])) if len(part)]
    kept = value[point]
    bands = [units.printed(arrays[f"predictive/{end}95"])[point] for end in ("low", "high") if f"predictive/{end}95" in arrays]
    low, high = range_of([kept, *bands])
    residual = (kept - units.printed(arrays["model/median"])[point]) / sigma[point]
    title = str(places.style["title"]["text"])
    upside_down = units.flux_unit == "mag" and shown.kind != "hubble_diagram"
    return {
        "x": x.tolist(),
        "across": across.tolist(),
        "value": kept.tolist(),
        "sigma": sigma[point].tolist(),
        "colour": _colours(channel),
        "lines": lines,
        "x_axis": pieces(title),
        "x_name": pieces(title.partition(" [")[0].partition(", ")[0]),
        "x_unit": pieces(title.partition(" [")[2].removesuffix("]")),
        "value_axis": pieces(units.flux_title),
        "x_ticks": ticks,
        "cuts": cuts,
        "value_ticks": numbered(low, high, 5),
        "value_range": [high, low] if upside_down else [low, high],
        "reach": residual_reach(residual),
    }


def _colours(channel: Int[np.ndarray, " m"]) -> list[str] | None:
    """Colour of each point where there are several channels."""
    return [CYCLE[number % len(CYCLE)] for number in channel] if len(np.unique(channel)) > 1 else None


def _across(
    x: Float[np.ndarray, " m"], places: Places, shown: Shown
) -> tuple[Float[np.ndarray, " m"], list[tuple[float, str]], list[float]]:
    """Places as shares of the axis, its ticks, and where it leaves out what lies between the windows of a spectrum."""
    if places.log:
        ends = np.asarray(places.style["range"], np.float64)
        told = zip(places.style["tickvals"], places.style["ticktext"], strict=True)
        ticks = [(float((np.log10(value) - ends[0]) / (ends[1] - ends[0])), text) for value, text in told]
        return (np.log10(x) - ends[0]) / (ends[1] - ends[0]), ticks, []
    parts: Sequence[Int[np.ndarray, " k"]] = windows(x) if shown.kind == "spectrum" else [np.arange(len(x))]
    spans = [range_of([x[part]], 0.02) for part in parts]
    lengths = np.array([high - low for low, high in spans])
    widths = (1 - GAP * (len(parts) - 1)) * lengths / lengths.sum()
    starts = np.concatenate([[0.0], np.cumsum(widths + GAP)[:-1]])
    across, ticks = np.empty(len(x)), []
    for part, (low, high), width, start in zip(parts, spans, widths, starts, strict=True):
        across[part] = start + width * (x[part] - low) / (high - low)
        wanted = max(1, round(6 * width))
        ticks += [(float(start + width * (place - low) / (high - low)), text) for place, text in numbered(low, high, wanted)]
    return across, ticks, (starts[1:] - 0.5 * GAP).tolist()
