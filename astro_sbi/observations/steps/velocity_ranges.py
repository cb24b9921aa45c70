"""The step that tells priors of an orbit where to look: scales of the velocities, a window for each period, an epoch in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.offsets import weighted_median
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, with_known

_LEAST = 5
_LARGEST_SHARE = 0.5


@dataclass(frozen=True)
class VelocityRanges(Step):
    """Measure what priors of a Kepler orbit are made of; works on times counted from a reference time.

    Known afterwards: ``velocity_scale`` (half the largest range of one instrument, at least the median error), ``velocity_error`` (median
    error), ``velocity_trend`` (scale over half the length), ``velocity_centre_1`` .. (weighted median of each instrument), and for each
    period found ``period_tolerance`` (one resolution P^2 / T, at most half the period) and ``epoch_middle`` (the epoch moved by whole
    periods to the mean of the times, from the reference time).
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("velocities",)
    title: ClassVar[str] = "Where to look"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The same observation, more known of it."""
        observation = prepared.observation
        points, value, sigma = observation.points, observation.value, observation.points.noise.sigma
        if len(observation) < _LEAST:
            raise ObservationError(f"it has {len(observation)} velocities; at least {_LEAST} are needed for an orbit")
        unit, error = u.Unit(observation.value_axis.unit), float(np.median(sigma))
        scale = max(0.5 * max(float(np.ptp(value[here])) for here in channel_masks(observation)), error)
        known = {"velocity_scale": scale * unit, "velocity_error": error * unit}
        known["velocity_trend"] = scale * unit / (0.5 * _span(observation) * u.Unit(observation.coordinate_axis.unit))
        for number in range(len(observation.channels)):
            here = points.channel == number
            known[f"velocity_centre_{number + 1}"] = (weighted_median(value[here], sigma[here]) if here.any() else 0.0) * unit
        sentence = f"velocities vary by +- {scale:.4g} {unit} with errors of {error:.3g} {unit}"
        for suffix in ("", "_2"):
            if f"period_guess{suffix}" in points.known:
                known |= _window(observation, suffix)
                period, tolerance = points.known[f"period_guess{suffix}"].to_value(u.d), known[f"period_tolerance{suffix}"].to_value(u.d)
                sentence += f"; a period of {period:.6g} d is fitted within {tolerance:.3g} d"
        return finished(prepared, with_known(observation, known), (self.title, sentence), {}, {"velocity_scale": scale})


def _span(observation: Observation) -> float:
    return max(float(np.ptp(observation.points.coordinate)), 1e-6)


def _window(observation: Observation, suffix: str) -> dict[str, u.Quantity]:
    known, time = observation.points.known, observation.points.coordinate
    period, weight = known[f"period_guess{suffix}"].to_value(u.d), observation.points.noise.sigma**-2.0
    epoch = (known[f"epoch_guess{suffix}"] - known["reference_time"]).to_value(u.d)
    middle = epoch + period * np.rint((np.average(time, weights=weight) - epoch) / period)
    tolerance = period * min(period / _span(observation), _LARGEST_SHARE)
    return {f"period_tolerance{suffix}": tolerance * u.d, f"epoch_middle{suffix}": middle * u.d}
