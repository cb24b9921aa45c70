"""The numbers of an observation among those that a user's own simulations have where the posterior is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import Channel, measured, predicted
from astro_sbi.figures.curves import Arrays, Axes, Panel, range_of
from astro_sbi.figures.labels import axis_title, escaped
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, layout

#: As many numbers have room for their names.
FEW = 12


def components(arrays: Arrays, axes: Axes, names: Sequence[str] = (), *, palette: Palette = NEUTRAL) -> Figure:
    """Every number with bands of 68 and 95 % of the simulations that the posterior picks out, in units of the simulations' spread.

    Args:
        arrays: the result's arrays (``observed/*``, ``model/*``, ``predictive/*``).
        axes: the result's axes.
        names: of the numbers, which stand at the axis where they are few.
        palette: colours.
    """
    x, value = (np.asarray(arrays[f"observed/{name}"], np.float64) for name in ("coordinate", "value"))
    channel = Channel("data", np.argsort(x, kind="stable"), palette.data, palette.posterior)
    at, panel = x[channel.mine], Panel(legend=False)
    # What makes the simulations without their noise is not known: nothing is drawn of it.
    arrays = {**arrays, **{f"model/{end}{share}": arrays["model/median"] for end in ("low", "high") for share in (68, 95)}}
    bands = predicted(arrays, channel, at, lambda part: np.asarray(part, np.float64), panel)
    points = measured(channel, at, value[channel.mine], panel, hover="%{x:.6~g}, %{y:.3~g}<extra></extra>")
    points["marker"] |= {"line": {"color": "white", "width": 1}}
    low, high = (np.asarray(arrays[f"predictive/{end}95"], np.float64) for end in ("low", "high"))
    inside = 100 * float(np.mean((value >= low) & (value <= high)))
    alt = f"{len(value)} numbers of the observation; {inside:.0f} % lie where 95 % of the simulations at the posterior do."
    style = layout(alt, 420, palette)
    style["xaxis"] = axis(axis_title(axes["coordinate"]["label"]), range=range_of([x], 0.04))
    style["yaxis"] = axis(axis_title(axes["value"]["label"]), range=range_of([value, low, high], 0.06), nticks=7)
    if len(names) == len(x) <= FEW:
        style["xaxis"] |= {"tickmode": "array", "tickvals": x, "ticktext": [escaped(name) for name in names]}
    return Figure({"data": [*bands, points], "layout": style})
