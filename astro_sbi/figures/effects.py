"""What each parameter of a simulator does: the model at three values of it, all others held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from plotly.graph_objects import Figure

from astro_sbi.figures.channels import Channel, channels_of, jagged, spread
from astro_sbi.figures.curves import Panel, curve, points, range_of, scatter
from astro_sbi.figures.labels import signed
from astro_sbi.figures.places import decades
from astro_sbi.figures.series import WIDE
from astro_sbi.figures.theme import NEUTRAL, Palette, axis, faded, layout

#: Where in its prior a parameter is shown, and how much white its colour is mixed with there: the darkest is the highest value.
LEVELS = (0.1, 0.5, 0.9)
_WHITE = (0.65, 0.35, 0.0)
#: More channels than this do not stand beside each other in a small panel.
_CHANNELS = 3
#: Of the brightest band, what a panel of bands still shows.
_DARKEST = 1e-3


@dataclass(frozen=True, eq=False)
class Effect:
    """What one parameter does to the model and to the noise.

    Args:
        name: of the parameter.
        values: three of them, in the order of `LEVELS`.
        places: coordinate of each point, or phase at the period of the middle value, by which another period is smeared.
        curves: noise-free model, or one draw where the model is random.
        sigma: standard deviation of the noise.
        data: simulated for the middle value, shown behind.
        channel: index of each point's channel.
        channels: their names.
        kind: of the observation.
        random: whether the model itself is random.
        folded: whether places are phases from -0.5 to 0.5.
    """

    name: str
    values: Float[np.ndarray, " k"]
    places: Float[np.ndarray, " n"]
    curves: Float[np.ndarray, "k n"]
    sigma: Float[np.ndarray, "k n"]
    data: Float[np.ndarray, " n"]
    channel: Int[np.ndarray, " n"]
    channels: tuple[str, ...] = ()
    kind: str = "light_curve"
    random: bool = False
    folded: bool = False

    @property
    def noise_alone(self) -> bool:
        """Whether the parameter leaves the model as it is and changes the noise."""
        still = np.max(np.ptp(self.curves, axis=0)) <= 1e-6 * np.max(np.abs(self.curves))
        return bool(still and np.max(np.ptp(self.sigma, axis=0)) > 0.01 * np.median(self.sigma))

    @property
    def relative(self) -> bool:
        """Whether the model of the middle value is taken away: distances grow so much with redshift that nothing else would show."""
        return self.kind == "hubble_diagram"


def effect(made: Effect, *, palette: Palette = NEUTRAL) -> Figure:
    """One small panel: three curves of one colour a channel over faint data; edges of the noise where that alone changes.

    Args:
        made: what the parameter does.
        palette: colours.
    """
    if made.relative:
        made = replace(made, curves=made.curves - made.curves[1], data=made.data - made.curves[1])
    traces, shown = [], []
    several = _channels(made, palette)
    faint = palette.data if len(several) == 1 else None
    for channel in several:
        data = made.data[channel.mine]
        traces.append(points("data", made.places[channel.mine], data, Panel(legend=False), faded(faint or channel.data, 0.28)))
        shown.append(np.nanquantile(data, (0.05, 0.95)))
    printed = _printed(made.values)
    for level, value in enumerate(printed):
        for channel in several:
            trace, heights = _at_level(made, channel, level)
            traces.append(trace | {"name": value, "showlegend": channel is several[0]})
            shown.append(heights)
    what = "noise about the model" if made.noise_alone else "model"
    values = f"{', '.join(f'{value:.4g}' for value in made.values[:-1])} and {made.values[-1]:.4g}"
    style = layout(f"The {what} at {made.name.replace('_', ' ')} {values}.", 205, palette)
    style["margin"] |= {"t": 26, "r": 4}
    style["legend"] |= {"font": {"size": 11}}
    style["xaxis"], style["yaxis"] = _across(made, several), _upwards(made, shown)
    return Figure({"data": traces, "layout": style})


def _paler(colour: str, white: float) -> str:
    """The colour ``#rrggbb`` mixed with white, which reads on light and on dark paper."""
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(part + white * (255 - part)):02x}" for part in parts)


def _printed(values: Float[np.ndarray, " k"]) -> list[str]:
    """Rising numbers with as few digits as tell them apart, small ones with powers of ten as HTML."""
    step = np.abs(np.diff(values))
    near = 0.1 * np.minimum(np.append(step, step[-1:]), np.append(step[:1], step))
    pairs = list(zip(values, near, strict=True))
    digits = next((n for n in range(2, 8) if all(abs(float(f"{value:.{n}g}") - value) <= slack for value, slack in pairs)), 8)
    parts = [f"{float(f'{value:.{digits}g}'):.7g}".partition("e") for value in values]
    return [signed(f"{number}×10<sup>{int(power)}</sup>" if power else number) for number, _, power in parts]


def _channels(made: Effect, palette: Palette) -> list[Channel]:
    """The channels to draw: a few beside each other; of many, or of windows of a spectrum, the one that changes most."""
    several = channels_of(made.channels, made.channel, made.places, palette, apart=made.kind != "photometry")
    if len(several) == 1 or (made.kind != "spectrum" and len(several) <= _CHANNELS):
        return several
    change = (made.sigma if made.noise_alone else made.curves) / np.median(made.sigma, axis=0)
    mine = max(several, key=lambda channel: np.max(np.ptp(change[:, channel.mine], axis=0))).mine
    return [Channel("data", mine, palette.data, palette.posterior)]


def _at_level(made: Effect, channel: Channel, level: int) -> tuple[dict[str, Any], Float[np.ndarray, " m"]]:
    """The curve of one value, or the edges of its noise; with what must be inside the panel."""
    x, y, colour = made.places[channel.mine], made.curves[level][channel.mine], _paler(channel.model, _WHITE[level])
    group, whole = {"legendgroup": f"level {level}"}, made.folded or made.kind in ("hubble_diagram", "photometry")
    if made.noise_alone:
        heights = np.stack([y - made.sigma[level][channel.mine], y + made.sigma[level][channel.mine]])
        lower, upper = (curve("", x, edge, Panel(), whole=whole, color=colour, width=1.4) for edge in heights)
        both = {part: np.concatenate([lower[part], [np.float32(np.nan)], upper[part]]) for part in ("x", "y")}
        return lower | both | group, heights
    if made.kind == "photometry":
        trace = scatter("", x, y, Panel(), mode="lines+markers", line={"color": colour, "width": 1.2}, marker={"color": colour, "size": 6})
    elif not made.random and made.kind in ("velocities", "light_curve") and jagged(x, y, spread(y)):
        dash = {"symbol": "line-ew-open", "size": 7, "line": {"width": 1.8}, "color": colour}
        trace = scatter("", x, y, Panel(), mode="markers", marker=dash)
    else:
        trace = curve("", x, y, Panel(), whole=whole, color=colour, width=1.8)
    return trace | group, y


def _upwards(made: Effect, shown: list[Any]) -> dict[str, Any]:
    """The vertical axis; logarithmic for bands, whose fluxes differ by orders of magnitude."""
    small = {"tickfont": {"size": 11}}
    highest = max(float(np.max(heights)) for heights in shown)
    if made.kind == "photometry" and highest > 0:
        lowest = max(min(float(np.min(heights)) for heights in shown), _DARKEST * highest)
        return axis(**decades((lowest, highest), 0.06), **small)
    return axis(range=range_of(shown), nticks=4, **small)


def _across(made: Effect, several: list[Channel]) -> dict[str, Any]:
    x = np.concatenate([made.places[channel.mine] for channel in several])
    low, high = float(np.min(x)), float(np.max(x))
    small = {"tickfont": {"size": 11}}
    if made.kind in ("hubble_diagram", "photometry") and low > 0 and high > WIDE * low:
        return axis(**decades((low, high), 0.04), **small)
    return axis(range=[-0.52, 0.52] if made.folded else range_of([x], 0.02), nticks=5, **small)
