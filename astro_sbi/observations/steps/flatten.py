"""Flattening of a light curve that leaves its transits alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from astro_sbi.observations.observation import Axis, Kind
from astro_sbi.observations.steps.ephemeris import dip_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, setting, with_values
from astro_sbi.observations.steps.trend import trend


@dataclass(frozen=True)
class Flatten(Step):
    """Divide by a slow trend of each channel, fitted to what lies outside the transits."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Flatten"

    flatten_window: float | None = setting(
        None,
        "width of the moving window; three durations but at least that of the search if not given; 0 divides by a constant",
        "d",
        low=0.0,
        high=1e4,
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Relative flux: one outside the transits."""
        observation, dip = prepared.observation, dip_of(prepared)
        time, flux = observation.points.coordinate, observation.value
        protected = dip.inside(time, 1.3)
        asked = max(prepared.number("search_window"), 3 * dip.duration) if self.flatten_window is None else self.flatten_window
        divisor, level, window, spread = np.ones(len(flux)), np.ones(len(flux)), 0.0, 0.0
        for here in channel_masks(observation):
            divisor[here], level[here], used = _divisor(time[here], flux[here], asked, protected[here])
            window, spread = max(window, used), max(spread, 1e6 * float(np.ptp(divisor[here]) / np.median(divisor[here])))
        after = with_values(observation, flux / divisor, observation.points.noise.sigma / divisor)
        after = replace(after, value_axis=Axis("relative flux", ""))
        sentence = (
            f"divided by a trend over {window:.3g} d that spans {spread:.0f} ppm, fitted outside the transits"
            if window
            else f"divided by the constant {np.median(level):.6g}: too short for a trend, or asked for"
        )
        relative = replace(prepared, observation=replace(observation, value=flux / level))
        return finished(relative, after, (self.title, sentence), {}, {"flatten_window": float(window)})


def _divisor(time: np.ndarray, flux: np.ndarray, window: float, protected: np.ndarray) -> tuple[np.ndarray, float, float]:
    """What one channel is divided by, its level outside the transits, and the window used: 0 where a constant has to do."""
    if time[-1] - time[0] < 1.5 * window or protected.all():
        window = 0.0
    level = float(np.median(flux[~protected]) if not protected.all() else np.max(flux))
    return trend(time, flux, window, protected) if window > 0 else np.full(len(flux), level), level, window
