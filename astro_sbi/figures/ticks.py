"""Which numbers plotly will print at an axis, so that they can be few and keep clear of the neighbours'."""

from __future__ import annotations

import math
from dataclasses import dataclass

PIXELS_A_DIGIT = 6.2


@dataclass(frozen=True)
class Ticks:
    """The numbers at one axis.

    Args:
        count: how many to ask plotly for at most.
        width: pixels of the longest.
        blank: texts of those that would stand out over an end, each with the empty text to print instead.
    """

    count: int
    width: float
    blank: tuple[tuple[str, str], ...]


def ticks_of(low: float, high: float, panel: float) -> Ticks:
    """The fewest numbers of which two stand whole under a panel of so many pixels."""
    for count in (3, 4, 5):
        step = _step((high - low) / count)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        width = PIXELS_A_DIGIT * max(len(f"{end:.{decimals}f}") for end in (low, high))
        margin = 0.5 * width / panel * (high - low)
        first, last = math.ceil((low + margin) / step), math.floor((high - margin) / step)
        if last - first >= 1:
            break
    outer = [number for number in range(math.ceil(low / step), math.floor(high / step) + 1) if not first <= number <= last]
    texts = [f"{number * step:.{decimals}f}" for number in outer]
    plain = [text.rstrip("0").rstrip(".") if "." in text else text for text in texts]
    return Ticks(count, width, tuple((text.replace("-", "−"), "") for text in plain) if last > first else ())


def numbered(low: float, high: float, count: int) -> list[tuple[float, str]]:
    """About `count` round numbers between two ends, at least two where `count` is, each with its text."""
    places: list[float] = []
    step = high - low
    for wanted in (count, count + 1, 2 * count):
        step = _step((high - low) / wanted)
        places = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if len(places) >= min(2, count):
            break
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(place, f"{place:.{decimals}f}".replace("-", "−")) for place in places]


def _step(rough: float) -> float:
    """The distance between numbers that plotly chooses: one, two, five or ten times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(nice for nice in (1, 2, 5, 10) if nice * power >= rough * (1 - 1e-9))
