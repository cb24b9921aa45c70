"""Ranges of a coordinate as a user writes them: ``5570-5585, 6295-6305``."""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Bool, Float64

from astro_sbi.observations.observation import ObservationError

Ranges = tuple[tuple[float, float], ...]
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|:|to|\.\.)\s*({_NUMBER})")
_MOST = 100


def ranges(text: str, setting: str) -> Ranges:
    """Pairs of numbers, low and high, from text; none from an empty one.

    Args:
        text: ranges with commas or semicolons between them.
        setting: whose value it is, for the sentence.

    Raises:
        ObservationError: if it is no list of ranges.
    """
    parts = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    if len(parts) > _MOST:
        raise ObservationError(f"prepare.{setting} has {len(parts)} ranges; give at most {_MOST}")
    pairs = []
    for part in parts:
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ObservationError(f"prepare.{setting} is a list of ranges such as 5570-5585, 6295-6305, not '{part[:40]}'")
        low, high = float(match[1]), float(match[2])
        if not -np.inf < low < high < np.inf:
            raise ObservationError(f"prepare.{setting} has the range '{part[:40]}'; a range goes from a lower to a higher number")
        pairs.append((low, high))
    return tuple(pairs)


def within(coordinate: Float64[np.ndarray, " n"], pairs: Ranges) -> Bool[np.ndarray, " n"]:
    """The points that lie in any of some ranges, ends included."""
    inside = np.zeros(len(coordinate), bool)
    for low, high in pairs:
        inside |= (coordinate >= low) & (coordinate <= high)
    return inside
