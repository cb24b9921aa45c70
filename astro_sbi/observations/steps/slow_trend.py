"""The step that divides out what is much slower than a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, setting, with_values
from astro_sbi.observations.steps.trend import trend

_PERIODS = 10


@dataclass(frozen=True)
class SlowTrend(Step):
    """Divide each channel by its trend over ten periods, if the light curve is at least twice as long."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Divide out slow trends"

    slow_window: float | None = setting(
        None,
        "full width of the moving window of the trend; ten periods if not given, 0 for none, and none where that is over half of all",
        "d",
        low=0.0,
        high=1e5,
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Values without the trend, at their old level."""
        observation = prepared.observation
        time, length = observation.points.coordinate, float(np.ptp(observation.points.coordinate))
        window = _PERIODS * prepared.number("period") if self.slow_window is None else self.slow_window
        if not window or (self.slow_window is None and window > 0.5 * length):
            sentence = (
                f"no trend was divided out: {window:.4g} d, ten periods, is over half of {length:.4g} d" if window else "not asked for"
            )
            return finished(prepared, observation, (self.title, sentence), {}, {"slow_window": 0.0})
        divisor = np.ones(len(observation))
        for here in channel_masks(observation):
            slow = trend(time[here], observation.value[here], window)
            divisor[here] = slow / np.median(slow)
        if not (divisor > 0).all():
            raise ObservationError("its slow trend is not positive everywhere and cannot be divided out; set prepare.slow_window=0")
        after = with_values(observation, observation.value / divisor, observation.points.noise.sigma / divisor)
        sentence = f"divided by a trend over {window:.4g} d that spans {100 * float(np.ptp(divisor)):.3g} %"
        return finished(prepared, after, (self.title, sentence), {}, {"slow_window": window})
