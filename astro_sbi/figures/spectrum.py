"""Spectra with their posterior predictive, one panel for each window of wavelength."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from plotly.graph_objects import Figure

from astro_sbi.figures.curves import (
    Arrays,
    Axes,
    Panel,
    curve,
    predictive,
    quoted_sigma,
    range_of,
    residual_axis,
    residual_reach,
    residual_traces,
    title_of,
)
from astro_sbi.figures.theme import FRAME, NEUTRAL, Palette, axis, faded, layout

#: Emission lines and their rest wavelengths in vacuum, Angstrom (Sloan Digital Sky Survey line list); a close pair has one name.
LINES = (
    ("Hβ", (4862.68,)),
    ("[O III]", (4960.30,)),
    ("[O III]", (5008.24,)),
    ("", (6549.86,)),
    ("Hα", (6564.61,)),
    ("[N II]", (6585.27,)),
    ("[S II]", (6718.29, 6732.67)),
)
MOST_WINDOWS = 4


def windows(coordinate: Float[np.ndarray, " n"]) -> list[Int[np.ndarray, " m"]]:
    """Indices of the points of each window, in order; windows end where the wavelength jumps by more than twenty steps."""
    order = np.argsort(coordinate)
    step = np.diff(coordinate[order])
    wide = np.flatnonzero(step > 20 * np.median(step)) if len(step) else np.array([], dtype=int)
    widest = np.sort(wide[np.argsort(step[wide])[::-1][: MOST_WINDOWS - 1]])
    return [part for part in np.split(order, widest + 1) if len(part)]


def spectrum(arrays: Arrays, axes: Axes, *, redshift: float | None = None, stacked: bool = False, palette: Palette = NEUTRAL) -> Figure:
    """The spectrum as steps with bands of 68 and 95 %, median and least squares; residuals in units of the quoted error.

    Args:
        arrays: the result's arrays (``observed/*`` with the observed wavelength, ``model/*``, ``predictive/*``, ``sigma/*``).
        axes: the result's axes.
        redshift: names of emission lines stand at their places for this redshift; None names no lines.
        stacked: windows above each other, for narrow screens.
        palette: colours.
    """
    parts = windows(np.asarray(arrays["observed/coordinate"]))
    boxes = _boxes(parts, np.asarray(arrays["observed/coordinate"]), stacked)
    residual = (arrays["observed/value"] - arrays["model/median"]) / quoted_sigma(arrays)
    reach = residual_reach(np.asarray(residual))
    inside = 100 * float(np.mean(np.abs(residual) < 1))
    alt = (
        f"Spectrum of {len(residual)} pixels in {len(parts)} windows with its posterior predictive band; "
        f"{inside:.0f} % of residuals lie within one quoted sigma."
    )
    style = layout(alt, 130 + 400 * len(parts) if stacked else 540, palette)
    style["annotations"], style["shapes"], traces = [], [], []
    for number, (part, box) in enumerate(zip(parts, boxes, strict=True)):
        upper, lower = _panels(number)
        wavelength = np.asarray(arrays["observed/coordinate"], dtype=np.float64)[part]
        traces += _window(arrays, part, wavelength, upper, palette) + residual_traces(arrays, wavelength, part, lower, palette)
        style |= _window_axes(arrays, axes, part, box, (upper, lower), reach)
        if redshift is not None:
            _name_lines(style, wavelength, redshift, upper)
    return Figure({"data": traces, "layout": style})


def _panels(number: int) -> tuple[Panel, Panel]:
    """Upper and residual panel of a window."""
    first = "" if number == 0 else str(2 * number + 1)
    x = "x" if number == 0 else f"x{number + 1}"
    return Panel(x, f"y{first}", legend=number == 0), Panel(x, f"y{2 * number + 2}", legend=False)


def _boxes(parts: list[np.ndarray], coordinate: np.ndarray, stacked: bool) -> list[tuple[list[float], list[float], list[float]]]:
    """Domains of x, of the spectrum and of the residuals for each window; side by side as wide as the square root of their extent."""
    if stacked:
        size = 1.0 / len(parts)
        tops = [1.0 - number * size for number in range(len(parts))]
        return [([0.0, 1.0], [top - 0.67 * size, top - 0.09 * size], [top - 0.86 * size, top - 0.7 * size]) for top in tops]
    extents = np.sqrt([max(float(np.ptp(coordinate[part])), 1e-9) for part in parts])
    gap = 0.07
    widths = (1.0 - gap * (len(parts) - 1)) * extents / extents.sum()
    starts = np.concatenate([[0.0], np.cumsum(widths + gap)[:-1]])
    return [([float(start), float(start + width)], [0.28, 0.91], [0.0, 0.24]) for start, width in zip(starts, widths, strict=True)]


def _window(arrays: Arrays, part: np.ndarray, wavelength: np.ndarray, panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """Bands, data as steps with thin error bars, model curves."""
    value, sigma = np.asarray(arrays["observed/value"])[part], quoted_sigma(arrays)[part]
    data = curve("data", wavelength, value, panel, color=palette.data, width=1, shape="hvh")
    if len(data["x"]) == len(sigma):
        bars = {"type": "data", "array": sigma.astype(np.float32), "width": 0, "thickness": 0.7, "color": faded(palette.data, 0.45)}
        data["error_y"] = bars
    model = predictive(arrays, wavelength, part, np.asarray, panel, palette)
    return [*model[:-2], data, *model[-2:]]


def _window_axes(
    arrays: Arrays, axes: Axes, part: np.ndarray, box: tuple[list[float], ...], panels: tuple[Panel, Panel], reach: float
) -> dict[str, Any]:
    """Axes of one window; only windows at the left edge carry titles of y."""
    upper, lower = panels
    across, above, below = box
    titled = across[0] == 0.0
    wavelength, *shown = (np.asarray(arrays[name])[part] for name in ("observed/coordinate", "observed/value", "model/median"))
    title = title_of(axes, "coordinate", "wavelength [Angstrom]")
    if box[0] != [0.0, 1.0]:
        title = "<br>".join(wrap(title, 20))
    x = axis(title, anchor=lower.y, domain=across, range=range_of([wavelength], 0.01), nticks=6)
    y = axis(title_of(axes, "value", "flux density") if titled else "", anchor=upper.x, domain=above, range=range_of(shown, 0.05), nticks=6)
    residual = residual_axis(upper.x, (below[0], below[1]), reach, "residual / σ" if titled else "")
    return {f"xaxis{upper.x[1:]}": x, f"yaxis{upper.y[1:]}": y, f"yaxis{lower.y[1:]}": residual}


def _name_lines(style: dict[str, Any], wavelength: np.ndarray, redshift: float, panel: Panel) -> None:
    """Add dotted lines at the observed wavelengths of the emission lines, with their names above the window."""
    pen = {"color": FRAME, "width": 1, "dash": "dot"}
    frame = {"xref": panel.x, "yref": f"{panel.y} domain"}
    for name, rests in LINES:
        places = np.array(rests) * (1.0 + redshift)
        if places.min() < wavelength.min() or places.max() > wavelength.max():
            continue
        for place in places:
            style["shapes"].append(frame | {"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "line": pen, "layer": "below"})
        where = {"x": float(places.mean()), "y": 1.0, "xanchor": "center", "yanchor": "bottom", "textangle": -90}
        style["annotations"].append(frame | where | {"text": name, "showarrow": False, "font": {"size": 11}})
