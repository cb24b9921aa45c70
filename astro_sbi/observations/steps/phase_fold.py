"""Folding of a light curve at any period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind
from astro_sbi.observations.steps.binning import averaged
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.find_period import phases
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, in_order, setting, with_known


@dataclass(frozen=True)
class FoldInPhase(Step):
    """Values against phase, and averages of each band in equal steps of it if wanted."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Fold in phase"

    phase_bins: int = setting(0, "number of bins in one cycle; 0 keeps every point", low=0, high=4096)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Phase between -0.5 and 0.5 as coordinate; period and epoch become known."""
        observation, period = prepared.observation, prepared.number("period")
        epoch = prepared.number("epoch")
        phase = phases(observation.points.coordinate, period, epoch - zero_of(observation))
        cycles = len(np.unique(np.floor((observation.points.coordinate - epoch + zero_of(observation)) / period + 0.5)))
        folded = replace(observation, points=replace(observation.points, coordinate=phase), coordinate_axis=Axis("phase", ""))
        folded = with_known(in_order(folded), {"period": period * u.d, "epoch": epoch * u.d})
        sentence = f"{len(folded):,} points of {cycles:,} cycles folded at {period:.8g} d"
        if self.phase_bins:
            cadences = {"bin_width": period / self.phase_bins * u.d, "cadence_count": len(folded) * u.dimensionless_unscaled}
            folded = with_known(averaged(folded, 1 / self.phase_bins, -0.5), cadences)
            sentence += f", averaged in {len(folded):,} bins"
        return finished(prepared, folded, (self.title, sentence), {}, {"phase_bins": float(self.phase_bins)})
