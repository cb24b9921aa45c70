"""Outliers of a light curve: bright points, and single faint ones, so that transits survive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float64
from scipy import ndimage

from astro_sbi.observations.kinds.rows import cadence
from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, selected, setting
from astro_sbi.observations.steps.trend import robust_sigma

_HOURS = 1.5


def outliers(
    time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], threshold: float
) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Points above, and lone points below, a running median by more than ``threshold`` robust standard deviations."""
    none = np.zeros(len(flux), bool)
    if len(flux) < 15:
        return none, none
    size = int(np.clip(2 * round(_HOURS / 24 / cadence(time) / 2) + 1, 7, 101))
    residual = flux - ndimage.median_filter(flux, size=size, mode="nearest")
    sigma = robust_sigma(residual)
    if not sigma > 0:
        return none, none
    low = residual < -0.5 * threshold * sigma
    neighbour = np.append(False, low[:-1]) | np.append(low[1:], False)
    return residual > threshold * sigma, (residual < -threshold * sigma) & ~neighbour


@dataclass(frozen=True)
class Clip(Step):
    """Drop outliers of each channel."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Clip outliers"

    clip: float = setting(5.0, "points this many robust standard deviations off a running median are dropped", low=2.0, high=1e6)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Drop bright outliers and lone faint ones."""
        observation = prepared.observation
        channels = channel_masks(observation)
        if not all(np.median(observation.value[here]) > 0 for here in channels):
            raise ObservationError("its median flux is not above zero; give flux, not differences or magnitudes (add one to differences)")
        high, low = np.zeros((2, len(observation)), bool)
        for here in channels:
            high[here], low[here] = outliers(observation.points.coordinate[here], observation.value[here], self.clip)
        after = selected(observation, ~(high | low))
        dropped = {"bright outlier": int(high.sum()), "single faint outlier": int(low.sum())}
        total = sum(dropped.values())
        sentence = f"{total:,} of {len(observation):,} points more than {self.clip:g} sigma off a running median were dropped"
        return finished(prepared, after, (self.title, sentence), dropped, {"clip": self.clip})
