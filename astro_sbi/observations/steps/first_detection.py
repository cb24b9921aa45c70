"""The step that counts times from the first detection of a transient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting, with_known


@dataclass(frozen=True)
class FirstDetection(Step):
    """Keep what lies around the first detection and count times from there.

    ``first_detection`` becomes known, in the time system of the observation (zero point added).
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "First detection"

    detection: float = setting(5.0, "flux over its error at which a point is a detection", low=2.0, high=100.0)
    first_detection: float | None = setting(None, "time of the first detection, in the file's time; searched for if not given", "d")
    days_before: float = setting(40.0, "days before the first detection that are kept, for their limits", "d", low=0.0, high=1e4)
    days_after: float = setting(
        100.0, "days after it that are kept: a photosphere is no picture of what has become transparent", "d", low=1.0, high=1e5
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The points near the first detection, in double precision less its time."""
        observation = prepared.observation
        # A thousandth of a day is as much as its name in the axis holds.
        date = float(np.round(self._found(observation) + zero_of(observation), 3))
        first = date - zero_of(observation)
        day = observation.points.coordinate - first
        after = selected(observation, (day >= -self.days_before) & (day <= self.days_after))
        if not len(after):
            raise ObservationError("no point is left near the first detection; change prepare.first_detection, days_before or days_after")
        axis = observation.coordinate_axis
        system = axis.zero_point.rsplit("-", 1)[0].strip()
        told = Axis(axis.name, axis.unit, f"{system} - {date:.10g}".strip())
        moved = replace(after, points=replace(after.points, coordinate=after.points.coordinate - first), coordinate_axis=told)
        counts = {
            "long before the first detection": int((day < -self.days_before).sum()),
            "long after it": int((day > self.days_after).sum()),
        }
        sentence = f"first detected at {system} {date:.10g}; {len(after):,} of {len(observation):,} points are from {self.days_before:g} d "
        sentence = f"{sentence}before to {self.days_after:g} d after that".replace("  ", " ")
        known = {"first_detection": date * u.Unit(axis.unit)}
        return finished(prepared, with_known(moved, known), (self.title, sentence), counts, {"first_detection": date})

    def _found(self, observation: Observation) -> float:
        """Time of the first detection in the frame of the coordinate."""
        zero, time = zero_of(observation), observation.points.coordinate
        if self.first_detection is not None:
            return self.first_detection - zero if 0 < zero < self.first_detection else self.first_detection
        detected = observation.value >= self.detection * observation.points.noise.sigma
        if not detected.any():
            ratio = float(np.max(observation.value / observation.points.noise.sigma))
            what = f"the highest flux is {ratio:.2g} times its error"
            raise ObservationError(f"nothing is detected: {what}; lower prepare.detection or give the time (prepare.first_detection)")
        return float(time[detected].min())
