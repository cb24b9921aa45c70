"""What a simulator makes of chosen parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.curves import Panel, breaks, curve, points, range_of
from astro_sbi.figures.labels import axis_title
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout


def simulated(
    coordinate: Float[np.ndarray, " n"],
    noise_free: Float[np.ndarray, " n"],
    noisy: Float[np.ndarray, " n"],
    sigma: Float[np.ndarray, " n"] | None,
    *,
    draws: Float[np.ndarray, "k n"] | None = None,
    x_label: str,
    y_label: str,
    palette: Palette = NEUTRAL,
) -> Figure:
    """Noise-free model over noisy data, with draws of the prior predictive where asked for.

    Args:
        coordinate: where the simulator was evaluated.
        noise_free: the model for the chosen parameters.
        noisy: one noisy realisation of it.
        sigma: standard deviation of its noise, or None.
        draws: noise-free models for draws of the prior.
        x_label: name and unit of the coordinate.
        y_label: name and unit of the value.
        palette: colours.
    """
    order = np.argsort(coordinate)
    places = np.asarray(coordinate, dtype=np.float64)[order]
    traces: list[dict[str, Any]] = []
    shown = [noise_free, noisy]
    if draws is not None and len(draws):
        gaps = breaks(places)
        x = np.concatenate([np.append(np.insert(places, gaps, np.nan), np.nan)] * len(draws))
        y = np.concatenate([np.append(np.insert(np.asarray(draw, dtype=np.float64)[order], gaps, np.nan), np.nan) for draw in draws])
        trace = curve("prior predictive", [0.0], [0.0], Panel(), color=faded(palette.prior, 0.45), width=0.8)
        traces.append(trace | {"x": x.astype(np.float32), "y": y.astype(np.float32), "type": "scattergl" if x.size > 20_000 else "scatter"})
        shown.append(np.nanquantile(draws, (0.02, 0.98)))
    error = None if sigma is None else np.asarray(sigma)[order]
    traces.append(points("simulated data", places, np.asarray(noisy)[order], Panel(), palette.data, sigma=error))
    traces.append(curve("noise-free model", places, np.asarray(noise_free)[order], Panel(), color=palette.posterior, width=2))
    alt = (
        f"Simulated data of {len(places)} points around the noise-free model, which runs from {np.nanmin(noise_free):.4g} to "
        f"{np.nanmax(noise_free):.4g} ({y_label})" + (f", with {len(draws)} draws of the prior." if draws is not None else ".")
    )
    style = layout(alt, 420, palette)
    style["xaxis"] = axis(axis_title(x_label), range=range_of([places], 0.02))
    style["yaxis"] = axis(axis_title(y_label), range=range_of(shown), nticks=7)
    return Figure({"data": traces, "layout": style})
