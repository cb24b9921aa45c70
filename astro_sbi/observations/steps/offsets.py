"""Offsets between instruments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.observation import Kind
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, setting, with_values


def weighted_median(value: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"]) -> float:
    """The value at which half the inverse-variance weight lies below, between points where it falls there."""
    order = np.lexsort([sigma, value])
    weight = sigma[order] ** -2.0
    share = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    return float(np.interp(0.5, share, value[order]))


@dataclass(frozen=True)
class InstrumentOffsets(Step):
    """Subtract the weighted median of each instrument; off where the simulator has offsets of its own."""

    kinds: ClassVar[tuple[Kind, ...]] = ("velocities", "light_curve")
    title: ClassVar[str] = "Instrument offsets"

    offsets: str = setting("keep", "keep each instrument's zero, or subtract its weighted median", choices=("keep", "subtract"))

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Values about zero for each instrument; the offsets are kept as resolved values."""
        observation = prepared.observation
        if self.offsets == "keep":
            return finished(prepared, observation, (self.title, "every instrument's own zero was kept"), {}, {"offsets": self.offsets})
        value, found, errors = np.array(observation.value), {}, observation.points.noise.sigma
        for here in channel_masks(observation):
            name = observation.channels[observation.points.channel[here][0]]
            found[name] = weighted_median(value[here], errors[here])
            value[here] -= found[name]
        unit = observation.value_axis.unit
        listed = ", ".join(f"{offset:.6g} {unit}".strip() + f" from {name}" for name, offset in found.items())
        sentence = f"weighted medians subtracted: {listed}; where instruments saw other phases, offsets as free parameters are safer"
        resolved = {"offsets": self.offsets, **{f"offset {name}": offset for name, offset in found.items()}}
        return finished(prepared, with_values(observation, value, errors), (self.title, sentence), {}, resolved)
