"""Averages by night and instrument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.observation import Kind, Noise, Observation, ObservationError
from astro_sbi.observations.steps.binning import grouped
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, in_order, setting, with_known


def nights(time: Float64[np.ndarray, " n"], gap: float) -> np.ndarray:
    """Number of the night of each of some sorted times [d]: a longer gap starts another, and none is longer than a day."""
    block = np.cumsum(np.append(0, np.diff(time) > gap))
    first = time[np.searchsorted(block, block)]
    _, number = np.unique(np.stack([block, np.floor(time - first)]), axis=1, return_inverse=True)
    return number.reshape(-1)


def nightly(observation: Observation, gap: float) -> tuple[Observation, int]:
    """Weighted means by night and channel, and how many of their errors were raised.

    ``s^2 = max(1, chi2 / (n - 1)) / sum(1/s_i^2)``: the error of the mean, raised where the points of a night scatter by more than
    their errors (Birge 1932, Phys. Rev. 40, 207).
    """
    points, size = observation.points, len(observation)
    group, start = np.zeros(size, np.int64), 0
    for here in channel_masks(observation):
        number = nights(points.coordinate[here], gap)
        group[here] = start + number
        start += int(number.max()) + 1
    after = grouped(observation, group)
    count = np.bincount(group)
    chi2 = np.bincount(group, ((observation.value - after.value[group]) / points.noise.sigma) ** 2)
    birge = np.sqrt(np.maximum(1.0, chi2 / np.maximum(count - 1, 1)))
    last = np.full(start, -np.inf)
    first = np.full(start, np.inf)
    np.maximum.at(last, group, points.coordinate)
    np.minimum.at(first, group, points.coordinate)
    noise = Noise(after.points.noise.sigma * birge, points.noise.source)
    after = replace(after, points=replace(after.points, noise=noise))
    length = (last - first) * u.Unit(observation.coordinate_axis.unit)
    return in_order(with_known(after, {"bin_width": length})), int((birge > 1).sum())


@dataclass(frozen=True)
class NightlyBins(Step):
    """Average what each instrument measured in one night."""

    kinds: ClassVar[tuple[Kind, ...]] = ("velocities", "light_curve", "photometry")
    title: ClassVar[str] = "Average by night"

    nights: str = setting("keep", "keep every point, or average those of a night and instrument", choices=("keep", "average"))
    night_gap: float = setting(0.3, "a longer gap between points separates nights", "d", low=0.01, high=1.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Weighted means with errors that allow for the scatter within a night."""
        observation, resolved = prepared.observation, {"nights": self.nights}
        if self.nights == "keep":
            return finished(prepared, observation, (self.title, "every point was kept as it is"), {}, resolved)
        if not u.Unit(observation.coordinate_axis.unit).is_equivalent(u.d):
            raise ObservationError(f"its coordinate is {observation.coordinate_axis.label}, not a time; set prepare.nights=keep")
        gap = (self.night_gap * u.d).to_value(observation.coordinate_axis.unit)
        after, raised = nightly(observation, gap)
        sentence = f"{len(observation):,} points in {len(after):,} averages by night and instrument"
        sentence += f"; {raised:,} errors were raised to the scatter within the night" * bool(raised)
        return finished(prepared, after, (self.title, sentence), {}, resolved)
