"""The step that averages a light curve of many points within each cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting
from astro_sbi.observations.steps.time_bins import BinInTime

_PER_PERIOD = 32
_MANY = 2048
_MOST = 6000


@dataclass(frozen=True)
class BinDensePeriods(Step):
    """Average each channel in bins of a 32nd of the period where there are over 2,048 points."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Bin within periods"

    time_bin: float | None = setting(
        None,
        "length of a bin; if not given, a 32nd of the period where there are over 2,048 points; 0 keeps every point",
        "d",
        low=0.0,
        high=100.0,
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Weighted means, whose width becomes known, or every point.

        Raises:
            ObservationError: if more points are left than can be fitted one by one.
        """
        many = len(prepared.observation) > _MANY
        width = self.time_bin if self.time_bin is not None else prepared.number("period") / _PER_PERIOD if many else 0.0
        if width:
            prepared = BinInTime(time_bin=width).apply(prepared, report)
        else:
            told = (self.title, "all points were kept as they are")
            prepared = finished(prepared, prepared.observation, told, {}, {"time_bin": 0.0})
        if len(prepared.observation) > _MOST:
            left = f"{len(prepared.observation):,} points are left and at most {_MOST:,} are fitted"
            raise ObservationError(f"{left}; keep a part of the light curve (prepare.keep), or lengthen prepare.time_bin")
        return prepared
