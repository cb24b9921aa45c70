"""The step that brings a curve into the units in which a user's own simulator works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Axis
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, with_values
from astro_sbi.observations.units import converted, unit_of


def _in_unit(values: np.ndarray, axis: Axis, wanted: str, what: str) -> np.ndarray:
    """Numbers in the unit that is wanted; those without a unit are taken to be in it."""
    return converted(values, unit_of(axis.unit), unit_of(wanted), what) if axis.unit else values


@dataclass(frozen=True)
class CurveUnits(Step):
    """Convert x and y.

    Args:
        x_axis: what the simulator calls the coordinate, and its unit.
        y_axis: what it calls the value, and its unit.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("curve",)
    title: ClassVar[str] = "Units"

    x_axis: Axis
    y_axis: Axis

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The same points in the simulator's units, under its names."""
        observation = prepared.observation
        x, y = observation.coordinate_axis, observation.value_axis
        coordinate = _in_unit(observation.points.coordinate, x, self.x_axis.unit, f"x ({x.name})")
        value, sigma = (
            _in_unit(numbers, y, self.y_axis.unit, f"y ({y.name})") for numbers in (observation.value, observation.points.noise.sigma)
        )
        after = with_values(observation, value, sigma)
        axes = {"coordinate_axis": self.x_axis, "value_axis": self.y_axis}
        after = replace(after, points=replace(after.points, coordinate=coordinate), **axes)
        said = [
            f"{old.name} [{old.unit}] is {new.label}"
            if old.unit
            else f"{old.name} has no unit and was taken as {new.unit or 'a pure number'}"
            for old, new in ((x, self.x_axis), (y, self.y_axis))
        ]
        return finished(prepared, after, (self.title, "; ".join(said)), {}, {})
