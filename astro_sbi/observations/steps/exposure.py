"""The step that settles how long each point of a light curve was exposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.kinds.rows import cadence
from astro_sbi.observations.observation import Kind
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known


@dataclass(frozen=True)
class ExposureTime(Step):
    """Take the exposure time from the user, else from the file, else assume that exposures follow each other without a pause."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Exposure time"

    exposure: float | None = setting(None, "length of one exposure; the file's, or the cadence, if not given", "d", low=0.0, high=10.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The observation with a known exposure time."""
        observation = prepared.observation
        said = observation.points.known.get("exposure_time", 0.0 * u.d)
        given = float(np.median(said.to_value(u.d)))
        length, source = (self.exposure, "given") if self.exposure is not None else (given, "from the file")
        if self.exposure is None and not given > 0:
            length, source = cadence(observation.points.coordinate), "assumed: the cadence, since the file does not say"
        after = with_known(observation, {"exposure_time": length * u.d})
        sentence = f"{86400 * length:.4g} s for each point ({source})"
        return finished(prepared, after, (self.title, sentence), {}, {"exposure": length})
