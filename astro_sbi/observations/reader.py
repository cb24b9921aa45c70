"""What a reader is, and what a user may tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from astro_sbi.observations.observation import Observation


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about a file that the file itself may not say.

    Args:
        flux: which flux of a Kepler or TESS light curve; the other is taken, with a warning, where the first is missing.
        error: standard deviation of every value, in the unit of the values, in place of the file's errors.
        redshift: redshift guess in place of the file's.
    """

    flux: Literal["pdcsap", "sap"] = "pdcsap"
    error: float | None = None
    redshift: float | None = None


@dataclass(frozen=True)
class Reader:
    """One format: how it is recognised and how it is read.

    Args:
        name: name of the format.
        matches: whether a file (name, uncompressed content) is in this format; never raises.
        read: the observation in it; may raise anything, which `reading.read` turns into a sentence.
    """

    name: str
    matches: Callable[[str, bytes], bool]
    read: Callable[[str, bytes, ReadOptions], Observation]
