"""How a training went: losses, and what each round of sequential inference gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from plotly.graph_objects import Figure

from astro_sbi.figures.curves import Panel, curve, range_of, scatter
from astro_sbi.figures.theme import FRAME, NEUTRAL, Palette, axis, layout


def loss_curve(
    losses: Sequence[Float[np.ndarray, "2 k"]], *, steps: Sequence[Float[np.ndarray, " k"]] | None = None, palette: Palette = NEUTRAL
) -> Figure:
    """Training and held-out loss of one round after the other.

    Args:
        losses: for each round training and held-out loss in nats.
        steps: for each round the training step of each report; None counts reports.
        palette: colours.
    """
    traces: list[dict[str, Any]] = []
    losses = [np.asarray(loss, dtype=np.float64) for loss in losses]
    style = layout(_told(losses), 320, palette)
    style["shapes"], style["annotations"], start = [], [], 0.0
    for number, loss in enumerate(losses):
        own = np.arange(1, loss.shape[1] + 1) if steps is None else np.asarray(steps[number], dtype=np.float64)
        places = start + own
        for row, name, colour in ((0, "training", palette.prior), (1, "held out", palette.posterior)):
            panel = Panel(legend=number == 0)
            trace = curve(name, places, loss[row], panel, color=colour, width=1.6)
            traces.append(trace | {"mode": "lines+markers" if loss.shape[1] < 40 else "lines", "marker": {"size": 4, "color": colour}})
        if len(losses) > 1:
            where = {"x": (start + places[-1]) / 2 if places.size else start, "y": 1.0, "yref": "y domain", "yanchor": "bottom"}
            style["annotations"].append(where | {"text": f"round {number + 1}", "showarrow": False, "font": {"size": 11}})
        start = float(places[-1]) if places.size else start
        if number < len(losses) - 1:
            edge = {"x0": start, "x1": start, "y0": 0, "y1": 1, "yref": "y domain", "type": "line"}
            style["shapes"].append(edge | {"line": {"color": FRAME, "width": 1, "dash": "dot"}})
    style["xaxis"] = axis("report" if steps is None else "training step", range=[0, max(start, 1.0) * 1.01])
    style["yaxis"] = axis("loss [nats]", **({"range": _settled(losses)} if any(loss.size for loss in losses) else {}))
    style["legend"] = style["legend"] | {"y": 1.08}
    return Figure({"data": traces, "layout": style})


def _told(losses: Sequence[np.ndarray]) -> str:
    """The last held-out losses in a sentence."""
    last = ", ".join(f"{loss[1, -1]:.2f}" for loss in losses if loss.size)
    return f"Training and held-out loss of {len(losses)} rounds; the last held-out losses are {last or 'not there yet'} nats."


def _settled(losses: Sequence[np.ndarray]) -> list[float]:
    """A range that shows how the losses settle; the first few reports may start above it."""
    values = np.concatenate([loss.ravel() for loss in losses])
    values = values[np.isfinite(values)]
    if not values.size:
        return [0.0, 1.0]
    low, high = values.min(), np.quantile(values, 0.97) if values.size > 40 else values.max()
    return range_of([np.array([low, high])], 0.08)


def rounds(rounds: Sequence[Mapping[str, Any]], *, palette: Palette = NEUTRAL) -> Figure:
    """Importance efficiency (logarithmic, percent) and evidence after each round.

    Args:
        rounds: for each round at least ``efficiency`` (between 0 and 1) and ``log_evidence`` (nats).
        palette: colours.
    """
    number = np.arange(1, len(rounds) + 1)
    efficiency = 100 * np.array([_number(item.get("efficiency")) for item in rounds])
    evidence = np.array([_number(item.get("log_evidence")) for item in rounds])
    told = ", ".join(f"{value:.3g} %" for value in efficiency)
    style = layout(f"Importance efficiency of {len(rounds)} rounds: {told}.", 380, palette)
    pen = {"mode": "lines+markers", "showlegend": False, "hoverinfo": "all", "hovertemplate": "round %{x}: %{y:.4g}<extra></extra>"}
    look = {"line": {"color": palette.posterior, "width": 1.5}, "marker": {"color": palette.posterior, "size": 8}}
    traces = [scatter("rounds", number, values, Panel("x", y), **pen, **look) for y, values in (("y", efficiency), ("y2", evidence))]
    style["xaxis"] = axis("round", anchor="y2", range=[0.6, len(rounds) + 0.4], tickvals=number)
    usable = efficiency[efficiency > 0]
    low = float(np.log10(usable.min())) - 0.3 if usable.size else -1.0
    powers = [10.0**power for power in range(-6, 3) if low <= power <= 2.1]
    ticks = {"tickvals": powers, "ticktext": [f"{power:g}" for power in powers]} if len(powers) > 1 else {}
    style["yaxis"] = axis("efficiency [%]", anchor="x", domain=[0.54, 1.0], type="log", range=[low, 2.1], **ticks)
    finite = evidence[np.isfinite(evidence)]
    middle = finite.mean() if finite.size else 0.0
    ends = {"range": range_of([finite, np.array([middle - 1.0, middle + 1.0])], 0.1)} if finite.size else {}
    style["yaxis2"] = axis("ln evidence [nats]", anchor="x", domain=[0.0, 0.46], nticks=4, **ends)
    return Figure({"data": traces, "layout": style})


def _number(value: Any) -> float:
    """A number, or not-a-number where there is none."""
    return float("nan") if value is None else float(value)
