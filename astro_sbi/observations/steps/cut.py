"""Ranges of time, or of another coordinate, that are kept or left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.ranges import Ranges, ranges, within
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting


@dataclass(frozen=True)
class Cut(Step):
    """Keep some ranges, leave out others."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities", "photometry", "hubble_diagram", "curve")
    title: ClassVar[str] = "Cut"

    keep: str = setting(
        "", "ranges to keep, such as 1325.3-1338, 1339-1350, with or without the zero point; everything if empty", text=True
    )
    leave_out: str = setting("", "ranges to leave out, such as 1347-1349.5, with or without the zero point; none if empty", text=True)

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges(self.keep, "keep")
        ranges(self.leave_out, "leave_out")

    @property
    def idle(self) -> bool:
        """Whether no range is given."""
        return not ranges(self.keep, "keep") and not ranges(self.leave_out, "leave_out")

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The points inside the ranges to keep and outside those to leave out."""
        observation, coordinate = prepared.observation, prepared.observation.points.coordinate
        kept, left_out = (_in_frame(ranges(text, name), observation) for text, name in ((self.keep, "keep"), (self.leave_out, "leave_out")))
        outside = ~within(coordinate, kept) if kept else within(coordinate, ())
        inside = within(coordinate, left_out) & ~outside
        after = selected(observation, ~(outside | inside))
        if not len(after):
            low, high = coordinate.min(), coordinate.max()
            raise ObservationError(f"no point is left: its points lie between {low:.10g} and {high:.10g}; change prepare.keep or leave_out")
        dropped = {"outside the ranges to keep": int(outside.sum()), "in a range to leave out": int(inside.sum())}
        total = sum(dropped.values())
        sentence = f"{total:,} of {len(observation):,} points were cut"
        return finished(prepared, after, (self.title, sentence), dropped, {"keep": self.keep, "leave_out": self.leave_out})


def _in_frame(pairs: Ranges, observation: Observation) -> Ranges:
    """Ranges in the frame of the coordinate: the zero point is taken off numbers that have it."""
    zero = zero_of(observation)
    return tuple((low - zero, high - zero) if 0 < zero < low else (low, high) for low, high in pairs)
