"""The step that tells a simulator the phase of each point at the period found, in double precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astropy import units as u

from astro_sbi.observations.observation import Kind
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.find_period import phases
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, with_known


@dataclass(frozen=True)
class GuessedPhase(Step):
    """Leave the phase between -0.5 and 0.5 at the period and epoch found, of which a simulator computes small changes."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Phase at the period found"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """``phase_guess`` of each point becomes known; the observation stays as it is."""
        observation, period = prepared.observation, prepared.number("period")
        phase = phases(observation.points.coordinate, period, prepared.number("epoch") - zero_of(observation))
        after = with_known(observation, {"phase_guess": phase * u.dimensionless_unscaled})
        return finished(prepared, after, (self.title, f"phases were counted at {period:.8g} d"), {}, {})
