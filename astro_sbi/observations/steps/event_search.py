"""The search for a microlensing event: two shapes of light curve at every time and on every scale, in all channels together.

After Kim et al. 2018, AJ 155, 76 (the event finder of KMTNet): a grid of peak times and effective timescales, the fluxes fitted
linearly. Here the sums of the linear fits are convolutions of binned values, so that the whole grid costs a few Fourier transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy import ndimage, signal

from astro_sbi.observations.steps.trend import robust_sigma

_STEPS, _GROWTH = 4, 4 / 3
_FINEST = 1e-4
_CLIPPED = 3.0


def peaked(offset: np.ndarray) -> np.ndarray:
    """Rise of a highly magnified event over that at its peak, ``Q^(-1/2)`` with ``Q = 1 + (t - t0)^2 / t_eff^2``."""
    return 1 / np.sqrt(1 + offset**2)


def rounded(offset: np.ndarray) -> np.ndarray:
    """The same of an event with impact parameter 1, whose magnification is ``(1 - (Q/2 + 1)^-2)^(-1/2)``."""
    square = 1 + offset**2
    return (1 / np.sqrt(1 - (square / 2 + 1) ** -2) - 1) / (3 / np.sqrt(5) - 1)


def _of_neighbours(value: np.ndarray) -> np.ndarray:
    return ndimage.median_filter(value, size=min(3, len(value)), mode="nearest")


#: The shapes, and their full widths at half maximum in effective timescales.
SHAPES: tuple[tuple[Callable[[np.ndarray], np.ndarray], float], ...] = ((peaked, 2 * np.sqrt(3)), (rounded, 1.83888))


@dataclass(frozen=True, eq=False)
class Series:
    """One channel ready for the search: time [d], value, and weight (inverse variance)."""

    time: Float64[np.ndarray, " n"]
    value: Float64[np.ndarray, " n"]
    weight: Float64[np.ndarray, " n"]

    @classmethod
    def of(cls, time: np.ndarray, value: np.ndarray, sigma: np.ndarray) -> Series:
        """Weigh by the quoted errors, or by the scatter of neighbours where that is larger."""
        scatter = np.maximum(sigma, robust_sigma(value - _of_neighbours(value)))
        return cls(time, value, 1 / np.maximum(scatter, np.finfo(float).tiny) ** 2)

    def pulled(self, keep: np.ndarray | None = None) -> Series:
        """Values further than three standard deviations off the median of themselves and two neighbours pulled to there, but for some."""
        median, reach = _of_neighbours(self.value), _CLIPPED * self.weight**-0.5
        value = np.clip(self.value, median - reach, median + reach)
        return Series(self.time, value if keep is None else np.where(keep, self.value, value), self.weight)

    def without(self, index: int) -> Series:
        """All points but one."""
        return Series(*(np.delete(array, index) for array in (self.time, self.value, self.weight)))

    def contributions(self, template: np.ndarray) -> np.ndarray:
        """What each point adds to the gain in chi-square of the best rise; nothing where the best is a dip."""
        baseline, rise, _ = self.linear(template)
        level = (self.weight @ self.value) / self.weight.sum()
        better = (self.value - level) ** 2 - (self.value - baseline - rise * template) ** 2
        return self.weight * better if rise > 0 else np.zeros(len(template))

    def linear(self, template: np.ndarray) -> tuple[float, float, float]:
        """Baseline, rise and the rise's standard error of the weighted fit ``baseline + rise * template``."""
        total = self.weight.sum()
        mean, level = (self.weight @ template) / total, (self.weight @ self.value) / total
        spread = float(self.weight @ (template - mean) ** 2)
        if spread <= 1e-9 * total:
            return float(level), 0.0, float("inf")
        rise = float(self.weight @ ((template - mean) * (self.value - level)) / spread)
        return float(level - rise * mean), rise, float(spread**-0.5)


@dataclass(frozen=True)
class Event:
    """A candidate: peak time [d], full width at half maximum [d], shape, and the gain in chi-square over no event."""

    time: float
    width: float
    shape: int
    gain: float

    def template(self, time: np.ndarray) -> np.ndarray:
        """Rise over that at the peak."""
        function, width = SHAPES[self.shape]
        return function((time - self.time) * width / self.width)


def timescales(series: list[Series]) -> np.ndarray:
    """Effective timescales [d] from the typical distance of points to half the span, each a third longer than the one before."""
    time = np.sort(np.concatenate([one.time for one in series]))
    span = time[-1] - time[0]
    shortest = max(float(np.median(np.diff(time))) if len(time) > 1 else span, _FINEST * span)
    count = max(1, int(np.ceil(np.log(max(0.5 * span / shortest, 1.0)) / np.log(_GROWTH))))
    return shortest * _GROWTH ** np.arange(count + 1)


def gains(series: list[Series], scale: float, shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Peak times [d] and, for each, the gain in chi-square of the best rise in every channel; dips gain nothing."""
    step = scale / _STEPS
    start = min(one.time.min() for one in series)
    size = int(np.ceil((max(one.time.max() for one in series) - start) / step)) + 1
    template = SHAPES[shape][0](np.arange(-size + 1, size) * step / scale)
    total = np.zeros(size)
    for one in series:
        index = np.rint((one.time - start) / step).astype(np.int64)
        weight = np.bincount(index, one.weight, size)
        level = (one.weight @ one.value) / weight.sum()
        moment = np.bincount(index, one.weight * (one.value - level), size)
        first, second, cross = (
            signal.fftconvolve(*pair, mode="same") for pair in ((weight, template), (weight, template**2), (moment, template))
        )
        spread = second - first**2 / weight.sum()
        total += np.where(spread > 1e-6 * weight.sum(), np.maximum(cross, 0.0) ** 2 / np.maximum(spread, 1e-6 * weight.sum()), 0.0)
    return start + step * np.arange(size), total


def search(series: list[Series], scales: np.ndarray, near: float | None, report: Callable[[float, float], None]) -> Event:
    """The event that gains most, its most telling point left out: one wild point is no event.

    It is looked for in the values as they are, which wild points lead astray, and in values pulled to their neighbours', which loses
    events of few points; the better of the two is taken.

    Args:
        series: the channels that have points.
        scales: effective timescales to try [d].
        near: time of the peak [d] if it is known.
        report: told of steps done and in all.
    """
    found = []
    for part, values in enumerate((series, [one.pulled() for one in series])):
        found.append(_best(values, scales, near, lambda done, total, part=part: report(done + part * total, 2 * total)))
    return max((replace(event, gain=firm_gain(series, event)) for event in found), key=lambda event: event.gain)


def _best(series: list[Series], scales: np.ndarray, near: float | None, report: Callable[[float, float], None]) -> Event:
    """The best of the grid."""
    best = Event(float("nan"), 1.0, 0, -1.0)
    for number, scale in enumerate(scales):
        report(number, len(scales))
        for shape, (_, width) in enumerate(SHAPES):
            time, gain = gains(series, scale, shape)
            at = int(np.argmax(gain)) if near is None else int(np.argmin(np.abs(time - near)))
            if gain[at] > best.gain:
                best = Event(float(time[at]) if near is None else near, float(scale * width), shape, float(gain[at]))
    return best


def firm_gain(series: list[Series], event: Event) -> float:
    """Gain in chi-square of an event, fitted without the point that adds most to it."""
    added = [one.contributions(event.template(one.time)) for one in series]
    most = int(np.argmax([part.max() for part in added]))
    rest = series[most].without(int(np.argmax(added[most])))
    added[most] = rest.contributions(event.template(rest.time)) if len(rest.time) > 1 else np.zeros(0)
    return float(sum(part.sum() for part in added))


def log_trials(series: list[Series], scales: np.ndarray) -> float:
    """Natural log of the number of independent pairs of peak time and timescale tried."""
    span = max(one.time.max() for one in series) - min(one.time.min() for one in series)
    return float(np.log(max(np.sum(span / scales), 1.0)))
