"""Averages of a light curve in equal steps of time, without folding it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.binning import averaged
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known

_PER_PERIOD = 8
_MANY = 512


@dataclass(frozen=True)
class BinInTime(Step):
    """Average each channel in bins of equal length."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Bin in time"

    time_bin: float | None = setting(0.0, "length of a bin; 0 keeps every point", "d", low=0.0, high=1000.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Inverse-variance weighted means; the bin's length and the number of points in each become known."""
        return _binned(self, prepared, self.time_bin or 0.0)


@dataclass(frozen=True)
class BinManyInTime(BinInTime):
    """Average each channel in bins only where there are over 512 points; ``baseline``, the length of the light curve, becomes known.

    The bins are as short as leaves at most 512 of them, and at most an eighth of the period where a step before has found one.
    """

    time_bin: float | None = setting(
        None, "length of a bin; if not given, what leaves 512 points and eight in a period; 0 keeps every point", "d", low=0.0, high=1000.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Weighted means, and the time from the first point to the last."""
        observation = prepared.observation
        if not len(observation):
            raise ObservationError("no point is left to bin; undo a cut before this step")
        length = np.ptp(observation.points.coordinate) * u.Unit(observation.coordinate_axis.unit)
        width = _width(prepared) if self.time_bin is None else self.time_bin
        done = _binned(self, prepared, width)
        return replace(done, observation=with_known(done.observation, {"baseline": length.to(u.d)}))


def _width(prepared: Prepared) -> float:
    """Length of a bin [d] where none is asked for; 0 where every point is kept."""
    observation, period = prepared.observation, prepared.resolved.get("period")
    if len(observation) <= _MANY:
        return 0.0
    unit = u.Unit(observation.coordinate_axis.unit)
    width = float(np.ptp(observation.points.coordinate))
    while _occupied(observation, 0.5 * width) <= _MANY:
        width *= 0.5
    width = float((width * unit).to_value(u.d))
    return min(width, float(period) / _PER_PERIOD) if isinstance(period, int | float) else width


def _occupied(observation: Observation, width: float) -> int:
    """How many bins of this width hold a point."""
    points = observation.points
    index = np.floor((points.coordinate - points.coordinate[0]) / width).astype(np.int64)
    return len(np.unique(index * len(observation.channels) + points.channel))


def _binned(step: Step, prepared: Prepared, length: float) -> Prepared:
    """The observation in bins of a length [d], or as it is where that is 0."""
    observation, resolved = prepared.observation, {"time_bin": length}
    if not length:
        return finished(prepared, observation, (step.title, "all points were kept as they are"), {}, resolved)
    if not len(observation):
        raise ObservationError("no point is left to bin; undo a cut before this step")
    width = (length * u.d).to_value(observation.coordinate_axis.unit)
    cadences = {"bin_width": length * u.d, "cadence_count": len(observation) * u.dimensionless_unscaled}
    after = with_known(averaged(observation, width, observation.points.coordinate[0]), cadences)
    sentence = f"{len(observation):,} points in {len(after):,} bins of {length:.4g} d"
    return finished(prepared, after, (step.title, sentence), {}, resolved)
