"""Averages of a light curve in equal steps of time, without folding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astropy import units as u

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.binning import averaged
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known


@dataclass(frozen=True)
class BinInTime(Step):
    """Average each channel in bins of equal length."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Bin in time"

    time_bin: float = setting(0.0, "length of a bin; 0 keeps every point", "d", low=0.0, high=1000.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Inverse-variance weighted means; the bin's length and the number of points in each become known."""
        observation, resolved = prepared.observation, {"time_bin": self.time_bin}
        if not self.time_bin:
            return finished(prepared, observation, (self.title, "all points were kept as they are"), {}, resolved)
        if not len(observation):
            raise ObservationError("no point is left to bin; undo a cut before this step")
        width = (self.time_bin * u.d).to_value(observation.coordinate_axis.unit)
        cadences = {"bin_width": self.time_bin * u.d, "cadence_count": len(observation) * u.dimensionless_unscaled}
        after = with_known(averaged(observation, width, observation.points.coordinate[0]), cadences)
        sentence = f"{len(observation):,} points in {len(after):,} bins of {self.time_bin:g} d"
        return finished(prepared, after, (self.title, sentence), {}, resolved)
