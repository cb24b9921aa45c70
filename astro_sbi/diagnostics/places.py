"""Where in the data something lies, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """A stretch of the data.

    Attributes:
        low: coordinate of its first point.
        high: of its last.
        channel: index of its channel; None where it runs through several.
        points: number of points in it.
    """

    low: float
    high: float
    channel: int | None
    points: int

    def text(self, unit: str, channels: Sequence[str]) -> str:
        """Such as ``4861.2 to 4902.7 Angstrom in r``, to the digits that its length warrants."""
        decimals = _decimals(self.high - self.low)
        ends = f"{self.low:.{decimals}f} to {self.high:.{decimals}f} {unit}".rstrip()
        where = "" if len(channels) < 2 else " across channels" if self.channel is None else f" in {channels[self.channel]}"
        return f"{ends}{where}"


def coordinate_text(coordinate: float, unit: str) -> str:
    """A coordinate to six digits, a Julian date to hundredths of a day."""
    number = f"{coordinate:.2f}" if abs(coordinate) >= 1e5 else f"{coordinate:.6g}"
    return f"{number} {unit}".rstrip()


def _decimals(span: float) -> int:
    return min(8, max(0, 2 - math.floor(math.log10(span)))) if span > 0 else 2
