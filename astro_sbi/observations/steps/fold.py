"""Folding of a flattened light curve about its transits, with a straight line taken out beside each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u
from scipy import ndimage

from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import dip_of, zero_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, selected, setting, with_known, with_values
from astro_sbi.observations.steps.transit_shape import Dip, trapezoid

_OUTSIDE = 0.55
_LEAST = 5
_DEGREE = {"linear": 1, "quadratic": 2, "constant": 0, "none": -1}
_SPOKEN = {"linear": "a line", "quadratic": "a parabola", "constant": "a constant", "none": "nothing"}
_CHECK = "lie {} at this period and epoch; check prepare.period and prepare.epoch"


@dataclass(frozen=True)
class Fold(Step):
    """Fold about mid-transit, cut, and normalise each transit by what lies beside it."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Fold"

    window: float = setting(3.5, "length of what is kept around each transit, in durations", low=1.2, high=50.0)
    baseline: str = setting("linear", "what is fitted beside each transit and divided out", choices=tuple(_DEGREE))

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Relative flux against time from mid-transit; odd and even transits are kept apart beside it."""
        observation, dip = prepared.observation, dip_of(prepared)
        half = min(0.5 * self.window * dip.duration, 0.45 * dip.period)
        near = selected(observation, np.abs(dip.offset(observation.points.coordinate)) <= half)
        if len(near) < 10:
            raise ObservationError(f"only {len(near)} points {_CHECK.format('around the transits')}")
        kept, dropped = self._normalised(near, dip)
        kept = self._numbered(kept, dip)
        number, offset = dip.number(kept.points.coordinate), dip.offset(kept.points.coordinate)
        if (np.abs(offset) < 0.5 * dip.duration).sum() < 3:
            raise ObservationError(f"fewer than three points {_CHECK.format('in transit')}")
        folded = _folded(kept, offset, dip, zero_of(observation))
        spread = np.zeros(len(folded), bool)
        for here in channel_masks(folded):
            spread[here] = _outliers(selected(folded, here), dip)
        folded, number = selected(folded, ~spread), number[np.argsort(offset, kind="stable")][~spread]
        dropped |= {"outside the window": len(observation) - len(near), "outlier of the folded curve": int(spread.sum())}
        transits = len(np.unique(number))
        sentence = f"{len(folded):,} points of {transits} transit{'s' * (transits > 1)} within {24 * half:.3g} h of mid-transit"
        sentence += f", {_SPOKEN[self.baseline]} fitted beside each transit and divided out"
        resolved = {"window": 2 * half / dip.duration, "baseline": self.baseline, "transits": float(transits)}
        after = finished(prepared, folded, (self.title, sentence), dropped, resolved)
        mid_time = with_known(observation, {**_ephemeris(dip, zero_of(observation)), "mid_time": dip.epoch * u.d})
        odd = number % 2 == 1
        apart = {name: selected(folded, mask) for name, mask in (("odd", odd), ("even", ~odd)) if mask.sum() >= _LEAST}
        return replace(after, unfolded=mid_time, **apart)

    def _numbered(self, near: Observation, dip: Dip) -> Observation:
        """The points around the transits with what is to be known of each beside its phase."""
        return near

    def _normalised(self, near: Observation, dip: Dip) -> tuple[Observation, dict[str, int]]:
        """Each transit in each channel divided by a curve through the points beside it; transits with nothing beside them are dropped."""
        if self.baseline == "none":
            return near, {}
        time, value, sigma = near.points.coordinate, near.value.copy(), near.points.noise.sigma.copy()
        number, offset = dip.number(time), dip.offset(time)
        group = number * len(near.channels) + near.points.channel
        outside = np.abs(offset) > _OUTSIDE * dip.duration
        keep = np.ones(len(time), bool)
        for event in np.unique(group):
            this = group == event
            beside = this & outside
            before, after = (len(np.unique(offset[beside & side])) for side in (offset < 0, offset > 0))
            if before + after < _LEAST:
                keep[this] = False
                continue
            degree = _DEGREE[self.baseline] if min(before, after) >= _LEAST else 0
            curve = np.polynomial.Polynomial.fit(offset[beside], value[beside], degree, w=1 / sigma[beside])(offset[this])
            value[this], sigma[this] = value[this] / curve, sigma[this] / curve
        if not keep.any():
            raise ObservationError("no transit has points beside it to normalise with; set prepare.baseline=none or widen prepare.window")
        return selected(with_values(near, value, sigma), keep), {"transit with nothing beside it": int((~keep).sum())}


def _ephemeris(dip: Dip, zero: float) -> dict[str, u.Quantity]:
    return {"period": dip.period * u.d, "epoch": (dip.epoch + zero) * u.d, "duration_guess": dip.duration * u.d}


def _folded(observation: Observation, offset: np.ndarray, dip: Dip, zero: float) -> Observation:
    """The observation against time from mid-transit, in its order."""
    order = np.argsort(offset, kind="stable")
    inside = selected(observation, order)
    points = replace(inside.points, coordinate=offset[order])
    return with_known(replace(inside, points=points, coordinate_axis=Axis("time from mid-transit", "d")), _ephemeris(dip, zero))


def _outliers(folded: Observation, dip: Dip) -> np.ndarray:
    """Points more than five robust standard deviations off both the running median of the folded curve and the trapezoid found.

    A median alone would take points on a steep ingress for outliers where there are few.
    """
    size = 2 * (min(max(len(folded) // 60, 5), 201) // 2) + 1
    if len(folded) < 5 * size:
        return np.zeros(len(folded), bool)
    off_median = np.abs(folded.value - ndimage.median_filter(folded.value, size=size, mode="nearest"))
    off_shape = np.abs(folded.value - 1 - trapezoid(folded.points.coordinate, dip))
    sigma = max(1.4826 * float(np.median(off_median)), float(np.median(folded.points.noise.sigma)))
    return (off_median > 5 * sigma) & (off_shape > 5 * sigma)
