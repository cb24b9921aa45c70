"""What was measured: the observing pattern, the values on it, and where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from astropy import units as u
from jaxtyping import Bool, Float64, Int32

from astro_sbi.observations.kind import Kind

__all__ = ["Axis", "Kind", "Noise", "Observation", "ObservationError", "Origin", "Points"]


class ObservationError(ValueError):
    """A file or a preparation that cannot be used; the message is the sentence a user reads."""


@dataclass(frozen=True)
class Axis:
    """What an array of numbers means: name, unit (astropy string) and zero point."""

    name: str
    unit: str
    zero_point: str = ""

    @property
    def label(self) -> str:
        """Name, zero point and unit as they stand at a plot's axis."""
        name = f"{self.name} {self.zero_point}".strip()
        return f"{name} [{self.unit}]" if self.unit else name


@dataclass(frozen=True, eq=False)
class Noise:
    """Gaussian errors of the values, independent or with a covariance matrix.

    Args:
        sigma: standard deviation of each value, in the unit of the value; the root of the diagonal where there is a matrix.
        source: whether the file quoted the errors or they were estimated from the scatter.
        covariance: of the values, in the square of their unit; None where the errors are independent.
    """

    sigma: Float64[np.ndarray, " n"]
    source: Literal["quoted", "estimated"] = "quoted"
    covariance: Float64[np.ndarray, "n n"] | None = None

    def at(self, index: np.ndarray) -> Noise:
        """The errors of some of the values, by mask or index."""
        covariance = None if self.covariance is None else self.covariance[index][:, index]
        return Noise(self.sigma[index], self.source, covariance)


@dataclass(frozen=True, eq=False)
class Points:
    """The observing pattern: where, in which channel and how precisely something was measured.

    Args:
        coordinate: time, wavelength or phase; float64, zero point kept.
        channel: index into the observation's channel names.
        used: False where a point is padding or masked.
        noise: errors of the values.
        known: named quantities that come with the observation and are not inferred, each a scalar or one value a point.
    """

    coordinate: Float64[np.ndarray, " n"]
    channel: Int32[np.ndarray, " n"]
    used: Bool[np.ndarray, " n"]
    noise: Noise
    known: Mapping[str, u.Quantity] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.coordinate)


@dataclass(frozen=True)
class Origin:
    """Where an observation came from and what reading it cost.

    Args:
        file: the file's name as the user knows it, never used as a path.
        sha256: checksum of the file's bytes, or of the settings that simulated it.
        reader: name of the reader.
        dropped: number of rows dropped for each reason.
        warnings: sentences for the user.
        columns: the file's own name of the column that each role (coordinate, value, error, quality) was read from.
        guesses: sentences on what the file does not say and was guessed; each can be changed.
        objects: how many objects the file holds, of which this is one.
    """

    file: str
    sha256: str
    reader: str
    dropped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    objects: int = 1


@dataclass(frozen=True, eq=False)
class Observation:
    """Points, the values measured on them, their meaning and their origin."""

    kind: Kind
    name: str
    points: Points
    value: Float64[np.ndarray, " n"]
    coordinate_axis: Axis
    value_axis: Axis
    channels: tuple[str, ...]
    origin: Origin

    def __len__(self) -> int:
        return len(self.value)

    @property
    def content_hash(self) -> str:
        """sha256 over every number and unit that an inference can see; names and origin do not count."""
        points = self.points
        digest = hashlib.sha256()
        meaning = [self.kind, self.coordinate_axis.unit, self.coordinate_axis.zero_point, self.value_axis.unit]
        digest.update(json.dumps([meaning, list(self.channels)]).encode())
        arrays = [points.coordinate, points.channel, points.used, points.noise.sigma, self.value]
        arrays += [] if points.noise.covariance is None else [points.noise.covariance]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        for name in sorted(points.known):
            quantity = points.known[name]
            digest.update(f"{name} {quantity.unit}".encode())
            digest.update(np.ascontiguousarray(quantity.value, dtype=np.float64).tobytes())
        return digest.hexdigest()
