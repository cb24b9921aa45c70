"""Transits lined up about their predicted mid-times but kept apart, for a model whose period is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.steps.binning import Bin
from astro_sbi.observations.steps.fold import Fold
from astro_sbi.observations.steps.step import setting, with_known
from astro_sbi.observations.steps.transit_shape import Dip


@dataclass(frozen=True)
class LineUp(Fold):
    """Cut to windows about the transits found and normalise each by what lies beside it; the number of each transit becomes known.

    Time counted from the predicted mid-time and the cycle number together are the time itself, and both are exact in single precision
    however long the light curve is. ``period_tolerance`` is the change of period that moves the outermost transits by half a duration.
    """

    title: ClassVar[str] = "Line up the transits"

    def _numbered(self, near: Observation, dip: Dip) -> Observation:
        cycle = dip.number(near.points.coordinate)
        if len(np.unique(cycle)) < 2:
            raise ObservationError("there is one transit alone, which tells no period: set model.period=fixed")
        return with_known(near, {"cycle": cycle * u.one, "period_tolerance": 0.5 * dip.duration / np.abs(cycle).max() * u.d})


@dataclass(frozen=True)
class BinApart(Bin):
    """Average each transit in bins of its own, or each few neighbouring ones where there are many."""

    title: ClassVar[str] = "Bin each transit"

    max_bins: int = setting(800, "at most this many bins in all transits; they are wider if need be", low=40, high=4096)
    most_apart: int = setting(12, "transits kept apart; where there are more, neighbours are averaged", low=2, high=1000)

    def _blocks(self, observation: Observation) -> np.ndarray:
        _, order = np.unique(observation.points.known["cycle"].value, return_inverse=True)
        transits = int(order.max()) + 1
        return order * min(self.most_apart, transits) // transits

    def _where(self, observation: Observation) -> str:
        transits, parts = len(np.unique(observation.points.known["cycle"].value)), int(self._blocks(observation).max()) + 1
        return f" in each of {transits} transits" if transits == parts else f" in {parts} groups of neighbours among {transits} transits"
