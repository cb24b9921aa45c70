"""Figures that stand side by side, on the same axes."""

from __future__ import annotations

from collections.abc import Sequence

from plotly.graph_objects import Figure


def on_same_axes(figures: Sequence[Figure]) -> list[Figure]:
    """Copies of figures in which axes of one name and title have one range, wide enough for all; other axes keep theirs."""
    copies = [Figure(figure) for figure in figures]
    for name in _axes(copies[0]) if copies else ():
        axes = [figure.layout[name] for figure in copies if name in _axes(figure)]
        ranges = [axis.range for axis in axes]
        if len(axes) < len(copies) or None in ranges or len({(axis.title.text, axis.type) for axis in axes}) > 1:
            continue
        down = [ends[0] > ends[1] for ends in ranges]
        if len(set(down)) == 1:
            widest = [min(min(ends) for ends in ranges), max(max(ends) for ends in ranges)]
            for axis in axes:
                axis.range = widest[::-1] if down[0] else widest
    return copies


def _axes(figure: Figure) -> list[str]:
    return [name for name in figure.layout.to_plotly_json() if name.startswith(("xaxis", "yaxis"))]
