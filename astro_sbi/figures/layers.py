"""What a posterior figure is made of: layers of weighted draws, walls, marked values, and the axis each parameter gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from astro_sbi.figures.density import Marginal, marginal
from astro_sbi.figures.labels import Label, Scale, journal, plain, rounded, scale_of
from astro_sbi.figures.theme import NEUTRAL


class Limits(NamedTuple):
    """Walls of a parameter: no value below `low` or above `high`; None where there is no wall."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """Weighted draws under one name and colour.

    Args:
        name: as the legend says it.
        draws: draws by parameter name, each [S].
        weight: weights [S]; None for equal ones.
        colour: ``#rrggbb``.
        dashed: drawn for context only: a dashed line in the one-dimensional panels, no contours (a prior).
        line: how lines and contours are drawn, to tell layers of one colour apart.
        whole: whether the axes make room for all of it; else for what lies within one width of the leading layer.
    """

    name: str
    draws: Mapping[str, Float[np.ndarray, " S"]]
    weight: Float[np.ndarray, " S"] | None
    colour: str
    dashed: bool = False
    line: Literal["solid", "dot", "dash"] = "solid"
    whole: bool = False


@dataclass(frozen=True)
class Markers:
    """Single values of some parameters: a truth, a least-squares fit, a publication."""

    name: str
    values: Mapping[str, float]
    colour: str = NEUTRAL.least_squares


@dataclass(frozen=True, eq=False)
class Column:
    """One parameter of a figure.

    Args:
        name: the parameter's name.
        scale: how its numbers are printed.
        low: lower end of the axis, as printed.
        high: upper end of the axis, as printed.
        marginals: prepared draws by layer, in printed numbers; None where a layer has none.
    """

    name: str
    scale: Scale
    low: float
    high: float
    marginals: tuple[Marginal | None, ...]

    def shown(self, value: float | None) -> float | None:
        """A marked value as printed; None where there is none or it lies far outside the axis."""
        if value is None or not np.isfinite(value):
            return None
        number = float(self.scale.shown(value))
        return number if self.low <= number <= self.high else None


def marker_sets(markers: Mapping[str, float] | Sequence[Markers]) -> tuple[Markers, ...]:
    """Sets of markers; a plain mapping of values is one set, the least-squares fit."""
    if isinstance(markers, Mapping):
        return (Markers("least squares", markers),) if markers else ()
    return tuple(markers)


def columns_of(
    layers: Sequence[Layer],
    labels: Mapping[str, Label],
    names: Sequence[str],
    limits: Mapping[str, Limits | tuple[float | None, float | None]],
    markers: Sequence[Markers],
) -> list[Column]:
    """The parameters that can be drawn, in order; one without two different finite draws in a first layer is left out."""
    columns = []
    for name in names:
        low, high = limits.get(name, (None, None))
        raw = [marginal(layer.draws[name], layer.weight, low, high) if name in layer.draws else None for layer in layers]
        leading = next((m for m, layer in zip(raw, layers, strict=True) if m is not None and not layer.dashed), None)
        leading = leading or next((m for m in raw if m is not None), None)
        if leading is None:
            continue
        others = [(m, layer.whole) for m, layer in zip(raw, layers, strict=True) if m is not None and not layer.dashed]
        marked = [float(group.values[name]) for group in markers if group.values.get(name) is not None]
        first, last = _ends(leading, others, marked)
        scale = scale_of(labels.get(name, Label(name)), first, last)
        printed = tuple(_printed(draws, scale) for draws in raw)
        columns.append(Column(name, scale, float(scale.shown(first)), float(scale.shown(last)), printed))
    return columns


def _ends(leading: Marginal, others: Sequence[tuple[Marginal, bool]], marked: Sequence[float]) -> tuple[float, float]:
    """Axis range: the leading draws and those shown whole, others and markers if they are within one width of them, a little air, walls."""
    first = min([leading.quantiles[0], *(m.quantiles[0] for m, whole in others if whole)])
    last = max([leading.quantiles[-1], *(m.quantiles[-1] for m, whole in others if whole)])
    span = last - first
    low = max(first - span, min([first, *(m.quantiles[0] for m, _ in others)]))
    high = min(last + span, max([last, *(m.quantiles[-1] for m, _ in others)]))
    near = [value for value in marked if first - span <= value <= last + span]
    low, high = min([low, *near]), max([high, *near])
    air = 0.05 * (high - low)
    walls = Limits(*leading.walls)
    below = low - air if walls.low is None else max(low - air, walls.low - 0.4 * air)
    above = high + air if walls.high is None else min(high + air, walls.high + 0.4 * air)
    return float(below), float(above)


def _printed(draws: Marginal | None, scale: Scale) -> Marginal | None:
    """Prepared draws in the numbers that the axis prints."""
    if draws is None:
        return None
    size = 10.0**scale.exponent
    cells = replace(draws.cells, low=float(scale.shown(draws.cells.low)), high=float(scale.shown(draws.cells.high)))
    values, quantiles = scale.shown(draws.values), scale.shown(draws.quantiles)
    return replace(draws, values=values, quantiles=quantiles, spread=draws.spread / size, cells=cells)


def heading(column: Column, draws: Marginal, size: int) -> list[tuple[str, int]]:
    """Symbol over median and 68 % errors as plotly texts that start at one place, each with its shift upwards in pixels.

    Unequal errors stand above each other: two more texts, small, behind a transparent copy of the median.
    """
    value, plus, minus = rounded(draws.quantiles[3], draws.quantiles[2], draws.quantiles[4])
    power = f" [{column.scale.unit}]" if column.scale.exponent else ""
    if plus == minus:
        return [(f"{column.scale.symbol}{power}<br>{value} ± {plus}", 0)]
    width = max(len(plus), len(minus))
    errors = [("+" + plus.ljust(width, "\u2007"), round(0.45 * size)), ("−" + minus.ljust(width, "\u2007"), -round(0.35 * size))]
    behind = f'<span style="color:transparent">{value}\u200a</span>'
    small = [(f'{behind}<span style="font-size:{size - 3}px">{error}</span>', shift) for error, shift in errors]
    return [(f"{column.scale.symbol}{power}<br>{value}", 0), *small]


def printed_heading(column: Column, draws: Marginal) -> str:
    """The same as one HTML text, for what can set errors above each other."""
    power = f" [{column.scale.unit}]" if column.scale.exponent else ""
    return f"{column.scale.symbol}{power}<br>{journal(draws.quantiles[3], draws.quantiles[2], draws.quantiles[4])}"


def spoken(columns: Sequence[Column], layers: Sequence[Layer]) -> str:
    """Medians and errors of the leading layer, for a reader who cannot see the figure."""
    index = next((i for i, layer in enumerate(layers) if not layer.dashed), 0)
    parts = []
    for column in columns:
        draws = column.marginals[index]
        if draws is not None:
            value, plus, minus = rounded(draws.quantiles[3], draws.quantiles[2], draws.quantiles[4])
            parts.append(plain(f"{column.scale.symbol} = {value} +{plus} −{minus} {column.scale.unit}").strip())
    return "; ".join(parts)
