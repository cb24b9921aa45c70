"""The step that measures how bright each band of a light curve is, in magnitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, with_known


@dataclass(frozen=True)
class BandLevels(Step):
    """Take the magnitude of the median flux of each band as a first guess of its mean.

    ``level_1``, ``level_2``, .. become known in the order of the channels. Magnitudes are those of the file where it had some, AB for
    spectral flux densities, and else ``-2.5 log10`` of the flux; ``zero_magnitude`` is that of flux 1.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Brightness of each band"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The levels become known; the observation stays as it is."""
        observation = prepared.observation
        zero = _zero_magnitude(observation)
        levels: dict[str, float] = {}
        for index, channel in enumerate(observation.channels):
            value = observation.value[observation.points.channel == index]
            # A band without points keeps a level of its own, so that its parameters keep their priors.
            median = float(np.median(value if len(value) else observation.value))
            if median <= 0:
                what = f"the median flux of {channel or 'the light curve'} is {median:.4g}"
                raise ObservationError(f"{what} and has no magnitude: use total instead of difference fluxes")
            levels[f"level_{index + 1}"] = zero - 2.5 * float(np.log10(median))
        known = {name: level * u.mag for name, level in levels.items()} | {"zero_magnitude": zero * u.mag}
        listed = ", ".join(f"{channel} {level:.3f}".strip() for channel, level in zip(observation.channels, levels.values(), strict=True))
        sentence = f"median magnitude {listed} (flux 1 is magnitude {zero:.4g})"
        return finished(prepared, with_known(observation, known), (self.title, sentence), {}, {**levels})


def _zero_magnitude(observation: Observation) -> float:
    """Magnitude of flux 1: told by the reader, AB for a spectral flux density, else 0."""
    told = observation.points.known.get("zero_magnitude")
    if told is not None:
        return float(told.to_value(u.mag))
    unit = u.Unit(observation.value_axis.unit)
    return float((1 * unit).to_value(u.ABmag)) if unit.is_equivalent(u.Jy) else 0.0
