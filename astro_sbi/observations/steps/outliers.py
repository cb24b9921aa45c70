"""Outliers of a table: points far off the median of their channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float64
from scipy import ndimage

from astro_sbi.observations.observation import Kind
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, selected, setting
from astro_sbi.observations.steps.trend import robust_sigma

#: A threshold that nothing exceeds.
OFF = 1e6
_LEAST = 5


def far_points(
    value: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"], threshold: float, window: int | None
) -> Bool[np.ndarray, " n"]:
    """Points further off the median than ``threshold`` times the scatter, and than as many times their own error.

    Args:
        value: of one channel, in order of its coordinate.
        sigma: errors.
        threshold: in units of 1.4826 times the median absolute deviation.
        window: number of points of a running median; None for the median of all.
    """
    if len(value) < _LEAST:
        return np.zeros(len(value), bool)
    centre = np.median(value) if window is None else ndimage.median_filter(value, size=min(window, len(value)), mode="nearest")
    residual = value - centre
    return np.abs(residual) > threshold * np.maximum(robust_sigma(residual), sigma)


@dataclass(frozen=True)
class Outliers(Step):
    """Drop what lies far off the median of its channel."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities", "photometry", "hubble_diagram", "curve")
    title: ClassVar[str] = "Outliers"

    outliers: float = setting(
        7.0, "points this many robust standard deviations, and as many of their own errors, off the median are dropped", low=2.0, high=OFF
    )
    outlier_centre: str = setting("constant", "the median of the whole channel, or a running one", choices=("constant", "running"))
    outlier_window: int = setting(15, "number of points of the running median", low=3, high=1001)

    @property
    def idle(self) -> bool:
        """Whether nothing can be so far off."""
        return self.outliers >= OFF

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Drop the outliers of each channel."""
        observation = prepared.observation
        window = None if self.outlier_centre == "constant" else self.outlier_window
        far = np.zeros(len(observation), bool)
        for here in channel_masks(observation):
            far[here] = far_points(observation.value[here], observation.points.noise.sigma[here], self.outliers, window)
        after = selected(observation, ~far)
        median = "the median" if window is None else f"a running median of {window} points"
        sentence = f"{far.sum():,} of {len(observation):,} points more than {self.outliers:g} sigma off {median} were dropped"
        return finished(prepared, after, (self.title, sentence), {"outlier": int(far.sum())}, {"outliers": self.outliers})
