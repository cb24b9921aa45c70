"""Where points stand along an axis: large zero points taken out, decades where the axis is logarithmic."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from astro_sbi.figures.labels import axis_title


def zero_of(coordinate: Float[np.ndarray, " n"]) -> float:
    """The whole number to take out of coordinates that are large against their span, else 0."""
    low, high = float(np.nanmin(coordinate)), float(np.nanmax(coordinate))
    return float(np.floor(low)) if abs(low) > 1e3 * (high - low) or abs(low) > 1e5 else 0.0


def with_zero(label: str, zero: float) -> str:
    """Axis title, HTML, of coordinates with a zero point taken out."""
    if not zero:
        return axis_title(label)
    sign = "−" if zero > 0 else "+"
    name, bracket, unit = label.partition(" [")
    return axis_title(f"{name} {sign} {abs(zero):.0f}{bracket}{unit}")


def decades(ends: tuple[float, float], air: float = 0.01) -> dict[str, Any]:
    """A logarithmic axis with numbers at 1, 2 and 5 of each decade; at 1 alone where there are many decades."""
    low, high = np.log10(ends)
    mantissas = (1, 2, 5) if high - low < 3 else (1,)
    values = [mantissa * 10.0**power for power in range(int(np.floor(low)), int(np.ceil(high)) + 1) for mantissa in mantissas]
    inside = [value for value in values if 0.999 * ends[0] <= value <= 1.001 * ends[1]]
    room = air * (high - low)
    return {"type": "log", "range": [low - room, high + room], "tickvals": inside, "ticktext": [f"{value:g}" for value in inside]}
