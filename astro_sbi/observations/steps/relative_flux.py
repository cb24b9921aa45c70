"""The step that makes fluxes relative to their median."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, with_values

_CHANGE = "use total instead of difference fluxes"


@dataclass(frozen=True)
class RelativeFlux(Step):
    """Divide each channel by its median."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Relative flux"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Fluxes about one; the medians that they were divided by are resolved."""
        observation, axis = prepared.observation, prepared.observation.value_axis
        if "mag" in axis.unit and u.Unit(axis.unit).is_equivalent(u.mag):
            raise ObservationError(f"its values are {axis.label}; a flux is needed to divide by its median")
        divisor, resolved = np.ones(len(observation)), {}
        for index, channel in enumerate(observation.channels):
            here = observation.points.channel == index
            if not here.any():
                continue
            median = float(np.median(observation.value[here]))
            name = f"median flux, {channel}" if len(observation.channels) > 1 else "median flux"
            if median <= 0:
                raise ObservationError(f"the {name} is {median:.4g}; nothing can be relative to a flux that is not positive: {_CHANGE}")
            divisor[here], resolved[name] = median, median
        after = with_values(observation, observation.value / divisor, observation.points.noise.sigma / divisor)
        after = replace(after, value_axis=Axis("relative flux", ""))
        listed = ", ".join(f"{value:.6g}" for value in resolved.values())
        sentence = f"divided by the median, {listed} {axis.unit}".rstrip()
        return finished(prepared, after, (self.title, sentence), {}, resolved)
