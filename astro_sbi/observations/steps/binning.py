"""Binning of a folded light curve with proper errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Kind, Noise, Observation, ObservationError, Points
from astro_sbi.observations.steps.ephemeris import dip_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, in_order, setting, with_known
from astro_sbi.observations.steps.transit_shape import Dip

_BINS_PER_INGRESS = 8
_GUESSED_IMPACT = 0.3
_LEAST = 8


def ingress_time(dip: Dip) -> float:
    """First to second contact [d] of a transit with the dip's depth and duration and an impact parameter of 0.3.

    ``T12 = T14 (1 - s)/2`` with ``s = sqrt(((1-k)^2 - b^2) / ((1+k)^2 - b^2))`` (Winn 2010, eqs. 14 and 15).
    """
    ratio = float(np.sqrt(np.clip(dip.depth, 1e-6, 0.09)))
    share = np.sqrt(((1 - ratio) ** 2 - _GUESSED_IMPACT**2) / ((1 + ratio) ** 2 - _GUESSED_IMPACT**2))
    return float(0.5 * dip.duration * (1 - share))


def grouped(observation: Observation, group: np.ndarray) -> Observation:
    """Inverse-variance weighted means of groups of points of one channel each, in the order of the groups' numbers from 0.

    ``y = sum(y_i/s_i^2) / sum(1/s_i^2)`` at the mean coordinate of the group's points, ``s = 1/sqrt(sum(1/s_i^2))``; ``count`` says how
    many, and other quantities that each point has are averaged with the same weights.
    """
    points = observation.points
    weight = points.noise.sigma**-2.0
    total = np.bincount(group, weight)
    size, known = len(total), {}
    for name, quantity in points.known.items():
        known[name] = quantity if quantity.isscalar else np.bincount(group, weight * quantity.value) / total * quantity.unit
    number = points.known.get("count")
    count = np.bincount(group, np.ones(len(observation)) if number is None or number.isscalar else number.value)
    known["count"] = count * u.dimensionless_unscaled
    channel = np.zeros(size, np.int32)
    channel[group] = points.channel
    coordinate = np.bincount(group, weight * points.coordinate) / total
    mean = Points(coordinate, channel, np.ones(size, bool), Noise(1 / np.sqrt(total), points.noise.source), known)
    return replace(observation, points=mean, value=np.bincount(group, weight * observation.value) / total)


def averaged(observation: Observation, width: float, start: float, block: np.ndarray | None = None) -> Observation:
    """Weighted means of each channel, and of each numbered block of points, in bins of a width from a start.

    The bins of different blocks are staggered, so that together they sample the curve evenly.
    """
    place = (observation.points.coordinate - start) / width
    if block is not None:
        place += block / (block.max() + 1)
    index = np.floor(place).astype(np.int64)
    if block is not None:
        index += (index.max() + 1) * block
    _, group = np.unique(index * len(observation.channels) + observation.points.channel, return_inverse=True)
    return in_order(grouped(observation, group))


@dataclass(frozen=True)
class Bin(Step):
    """Average the folded curve in bins no wider than an eighth of ingress, if it has many points."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Bin"

    bin_width: float | None = setting(None, "width of a bin; an eighth of ingress if not given, 0 for none", "d", low=0.0, high=1.0)
    max_bins: int = setting(400, "at most this many bins; they are wider if need be", low=20, high=4096)
    exposure_time: float | None = setting(None, "exposure of one cadence; the file's if not given", "d", low=0.0, high=1.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Means with errors, and what a simulator must know about them."""
        observation, dip = prepared.observation, dip_of(prepared)
        known = {"log_trials": prepared.number("log_trials") * u.dimensionless_unscaled}
        if self.exposure_time is not None:
            known["exposure_time"] = self.exposure_time * u.d
        observation = with_known(observation, known)
        coordinate = observation.points.coordinate
        if len(np.unique(coordinate)) < _LEAST:
            raise ObservationError(f"fewer than {_LEAST} distinct times lie around the transits; check prepare.period and prepare.window")
        start, length = coordinate[0], float(np.ptp(coordinate))
        ingress = ingress_time(dip)
        width = self._width(observation, ingress, length)
        after, apart = self._averaged(prepared, observation, width, start)
        sentence = (
            f"{len(observation):,} points in {len(after):,} bins of {1440 * width:.3g} min{self._where(observation)} "
            f"(ingress: about {1440 * ingress:.3g} min)"
            if width
            else f"all {len(observation):,} points kept as they are"
        )
        step = finished(prepared, after, (self.title, sentence), {}, {"bin_width": width, "ingress_guess": ingress})
        return replace(step, **apart)

    def _averaged(
        self, prepared: Prepared, observation: Observation, width: float, start: float
    ) -> tuple[Observation, dict[str, Observation]]:
        cadences = {"bin_width": width * u.d, "cadence_count": len(observation) * u.dimensionless_unscaled}
        parts = {"odd": prepared.odd, "even": prepared.even}
        shown = width or 0.02 * float(np.ptp(observation.points.coordinate))
        apart = {name: averaged(part, shown, start) for name, part in parts.items() if part is not None}
        if not width:
            return with_known(observation, {**cadences, "count": np.ones(len(observation)) * u.dimensionless_unscaled}), apart
        return with_known(averaged(observation, width, start, self._blocks(observation)), cadences), apart

    def _blocks(self, observation: Observation) -> np.ndarray | None:
        """Number of the block of transits that each point is averaged in; None where all transits are."""
        return None

    def _where(self, observation: Observation) -> str:
        """Of what the bins are, for the user."""
        return ""

    def _width(self, observation: Observation, ingress: float, length: float) -> float:
        """Width of a bin [d], 0 where every point is kept."""
        blocks = self._blocks(observation)
        parts = len(observation.channels) * (1 if blocks is None else int(blocks.max()) + 1)
        # Staggered bins are cut at the ends, which makes one more.
        finest = length / max(self.max_bins // parts - (blocks is not None), 1) * (1 + 1e-9)
        if self.bin_width is not None:
            return max(self.bin_width, finest) if self.bin_width else 0.0
        if len(observation) <= self.max_bins:
            return 0.0
        return max(ingress / _BINS_PER_INGRESS, finest)
