"""What a simulator makes of chosen parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import Channel, channels_of, jagged, measured, name_bands, spread, stepped
from astro_sbi.figures.curves import Panel, breaks, curve, range_of, scatter
from astro_sbi.figures.labels import axis_title
from astro_sbi.figures.places import decades
from astro_sbi.figures.series import WIDE
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout

MODEL, RANDOM = "noise-free model", "one draw of the model"


@dataclass(frozen=True, eq=False)
class Simulated:
    """What a simulator made.

    Args:
        coordinate: where the simulator was evaluated.
        noise_free: the model for the chosen parameters, or one draw where it is random.
        noisy: one noisy realisation of it.
        sigma: standard deviation of its noise, or None.
        channel: index of each point's channel; None where there is one.
        channels: their names.
        draws: noise-free models for draws of the prior.
        draw_places: where each of them stands; None where it is the coordinate.
        kind: of the observation.
        random: whether the model itself is random.
        folded: whether the coordinate is a phase, from -0.5 to 0.5.
    """

    coordinate: Float[np.ndarray, " n"]
    noise_free: Float[np.ndarray, " n"]
    noisy: Float[np.ndarray, " n"]
    sigma: Float[np.ndarray, " n"] | None
    channel: Int[np.ndarray, " n"] | None = None
    channels: tuple[str, ...] = ()
    draws: Float[np.ndarray, "k n"] | None = None
    draw_places: Float[np.ndarray, "k n"] | None = None
    kind: str = "light_curve"
    random: bool = False
    folded: bool = False

    @property
    def model(self) -> str:
        """What the curve of the chosen parameters is called."""
        return RANDOM if self.random else MODEL

    @property
    def whole(self) -> bool:
        """Whether the places have no gaps that a line should not cross."""
        return self.folded or self.kind in ("hubble_diagram", "photometry")


def simulated(made: Simulated, *, x_label: str, y_label: str, palette: Palette = NEUTRAL) -> Figure:
    """Noise-free model over noisy data, each channel in its colour, with draws of the prior predictive where asked for.

    Args:
        made: what the simulator made.
        x_label: name and unit of the coordinate.
        y_label: name and unit of the value.
        palette: colours.
    """
    places = np.asarray(made.coordinate, dtype=np.float64)
    index = np.zeros(len(places), int) if made.channel is None else np.asarray(made.channel)
    apart = made.kind != "photometry"
    several = channels_of(made.channels, index, places, palette, apart=apart)
    traces, shown = [], [made.noise_free, made.noisy]
    if made.draws is not None and len(made.draws):
        traces += _draws(made, several, palette)
        shown.append(np.nanquantile(made.draws, (0.02, 0.98)))
    for channel in several:
        traces += _channel(made, channel, places[channel.mine], alone=len(several) == 1)
    among = f" in {len(several)} channels" if len(several) > 1 else ""
    alt = (
        f"Simulated data of {len(places)} points{among} around the {made.model}, which runs from {np.nanmin(made.noise_free):.4g} to "
        f"{np.nanmax(made.noise_free):.4g} ({y_label})"
        + (f", with {len(made.draws)} draws of the prior." if made.draws is not None else ".")
    )
    style = layout(alt, 420, palette)
    low, high = float(np.min(places)), float(np.max(places))
    log = made.kind in ("hubble_diagram", "photometry") and low > 0 and high > WIDE * low
    across = {"range": [-0.52, 0.52] if made.folded else range_of([places], 0.02)}
    style["xaxis"] = axis(axis_title(x_label), **(decades((low, high), 0.04) if log else across))
    style["yaxis"] = axis(axis_title(y_label), range=range_of(shown), nticks=7)
    if made.kind == "light_curve" and y_label.endswith("[mag]"):
        style["yaxis"]["range"] = style["yaxis"]["range"][::-1]
    if not apart:
        name_bands(style, [made.channels[number] for number in index], places, log=log)
    return Figure({"data": traces, "layout": style})


def _channel(made: Simulated, channel: Channel, x: Float[np.ndarray, " m"], *, alone: bool) -> list[dict[str, Any]]:
    """Noisy data of a channel and the model through them; the legend names what is drawn, or the channels where there are several."""
    noisy, model = np.asarray(made.noisy)[channel.mine], np.asarray(made.noise_free, dtype=np.float64)[channel.mine]
    sigma = None if made.sigma is None else np.asarray(made.sigma)[channel.mine]
    data = measured(channel, x, noisy, Panel(), sigma=sigma)
    if made.kind == "spectrum":
        data = stepped(channel, x, noisy, Panel(), sigma=sigma)
    if alone:
        data |= {"name": "simulated data", "legendgroup": "simulated data"}
    name = made.model if alone else channel.name
    # A model that jumps from point to point, as a short period does over a year, is dashes.
    if made.kind == "photometry" or (not made.random and made.kind in ("velocities", "light_curve") and jagged(x, model, spread(model))):
        dash = {"symbol": "line-ew-open", "size": 14 if len(x) < 40 else 9, "line": {"width": 2}, "color": channel.model}
        line = scatter(name, x, model, Panel(), mode="markers", marker=dash)
    else:
        line = curve(name, x, model, Panel(), whole=made.whole, color=channel.model, width=2)
    return [data, line | {"showlegend": alone}]


def _draws(made: Simulated, several: list[Channel], palette: Palette) -> list[dict[str, Any]]:
    """Thin curves of the draws, one trace a channel."""
    draws, traces, alone = np.asarray(made.draws, dtype=np.float64), [], len(several) == 1
    for channel in several:
        across, heights = [], []
        for number, draw in enumerate(draws):
            own = np.asarray(made.coordinate if made.draw_places is None else made.draw_places[number], np.float64)[channel.mine]
            order = np.argsort(own, kind="stable")
            gaps = [] if made.whole else breaks(own[order])
            for part, values in ((across, own[order]), (heights, draw[channel.mine][order])):
                part.append(np.append(np.insert(values, gaps, np.nan), np.nan))
        x, y = (np.concatenate(part).astype(np.float32) for part in (across, heights))
        colour = faded(palette.prior, 0.45) if alone else faded(channel.model, 0.25)
        trace = curve("prior predictive", [0.0], [0.0], Panel(), color=colour, width=0.8)
        kind = "scattergl" if x.size > 20_000 else "scatter"
        traces.append(trace | {"x": x, "y": y, "type": kind, "showlegend": channel is several[0]})
    return traces
