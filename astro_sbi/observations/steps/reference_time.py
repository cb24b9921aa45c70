"""The step that counts times from a round day in the middle of the observation, so that single precision resolves them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, with_known


@dataclass(frozen=True)
class FromReferenceTime(Step):
    """Subtract the round day nearest to the middle of the times, in double precision.

    ``reference_time`` becomes known, in the time system of the observation (zero point added), and where an epoch has been found or
    given, ``epoch_from_reference`` too: the epoch counted from there.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Count from a reference time"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The same values at re-zeroed times."""
        observation = prepared.observation
        time, axis, points = observation.points.coordinate, observation.coordinate_axis, observation.points
        zero = zero_of(observation)
        reference = float(np.rint(0.5 * (time.min() + time.max()) + zero))
        known = {"reference_time": reference * u.Unit(axis.unit)}
        if "epoch_guess" in points.known:
            known["epoch_from_reference"] = points.known["epoch_guess"] - known["reference_time"]
        system = axis.zero_point.rsplit("-", 1)[0].strip()
        sign = "-" if reference >= 0 else "+"
        told = Axis(axis.name, axis.unit, f"{system} {sign} {abs(reference):.10g}".strip())
        moved = replace(observation, points=replace(points, coordinate=time - (reference - zero)), coordinate_axis=told)
        sentence = f"times are counted from {system} {reference:.10g} {axis.unit}".replace("  ", " ")
        return finished(prepared, with_known(moved, known), (self.title, sentence), {}, {"reference_time": reference})
