"""The search for periodic dips: box least squares over an even-in-drift grid, then candidates judged event by event.

Box least squares: Kovacs, Zucker & Mazeh (2002, A&A 391, 369). Grid: Ofir (2014, A&A 561, A138).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy.timeseries import BoxLeastSquares
from jaxtyping import Float64

from astro_sbi.observations.kinds.rows import cadence
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.steps.transit_shape import Dip
from astro_sbi.observations.steps.trend import robust_sigma

# Central transit of the Sun by a body with a period of one day [d]; it grows with the cube root of the period.
_SOLAR_DURATION = 0.0757
_SHORTEST, _LONGEST = 0.25, 2.5
_BIN = 10 / 1440
_COST = 6e7
_CANDIDATES = 12
STRETCH = 400.0


@dataclass(frozen=True, eq=False)
class Searched:
    """The best dip, how far it stands above the noise, and the periodogram."""

    dip: Dip
    significance: float
    events: int
    period: Float64[np.ndarray, " k"]
    power: Float64[np.ndarray, " k"]


def solar_duration(period: float | np.ndarray) -> float | np.ndarray:
    """Duration of a central transit of the Sun [d] at a period [d]."""
    return _SOLAR_DURATION * np.cbrt(period)


def log_trials(low: float, high: float, span: float) -> float:
    """Natural log of the number of independent pairs of period and epoch, ``span * integral (P/T)^2 df`` with T the solar duration."""
    count = 3 * span / _SOLAR_DURATION**2 * (np.cbrt(high) - np.cbrt(low))
    return float(np.log(max(count, 1.0)))


def binned(time: np.ndarray, flux: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean time and flux in bins of a width [d]; as they are where the cadence is longer."""
    if cadence(time) > 0.5 * width:
        return time, flux
    index = np.floor((time - time[0]) / width).astype(np.int64)
    _, index = np.unique(index, return_inverse=True)
    count = np.bincount(index)
    return np.bincount(index, time) / count, np.bincount(index, flux) / count


def densest(time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
    """The 400 days with the most points."""
    ends = np.searchsorted(time, time + STRETCH, side="right")
    start = int(np.argmax(ends - np.arange(len(time))))
    return time[start : ends[start]], flux[start : ends[start]]


def frequencies(low: float, high: float, span: float, oversample: float) -> Float64[np.ndarray, " k"]:
    """Frequencies [1/d] between two periods, spaced so that a solar transit drifts by its duration over ``oversample`` over the span."""
    step = _SOLAR_DURATION / (3 * span * oversample)
    roots = np.arange(np.cbrt(1 / high), np.cbrt(1 / low) + step, step)
    return roots**3


def periodogram(
    time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], limits: tuple[float, float], report: Callable[[float, float], None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Period [d], log-likelihood gain, duration [d] and mid-time [d] of the best box at each trial period."""
    low, high = limits
    span = time[-1] - time[0]
    oversample = 3.0
    trials = len(frequencies(low, high, span, oversample))
    oversample *= min(1.0, max(0.35, _COST / (trials * len(time))))
    grid = np.sort(1 / frequencies(low, high, span, oversample))
    box = BoxLeastSquares(time, flux, np.full(len(flux), robust_sigma(flux) or 1.0))
    parts = []
    chunks = [chunk for chunk in np.split(grid, np.searchsorted(grid, np.geomspace(low, high, 9)[1:-1])) if len(chunk)]
    for done, chunk in enumerate(chunks):
        report(done, len(chunks))
        middle = solar_duration(float(np.sqrt(chunk[0] * chunk[-1])))
        durations = np.geomspace(_SHORTEST, _LONGEST, 7) * middle
        durations = np.maximum(durations, 1.5 * cadence(time))
        durations = np.unique(durations[durations < 0.3 * chunk[0]])
        if not len(durations):
            durations = np.array([0.15 * chunk[0]])
        result = box.power(chunk, durations, objective="likelihood", oversample=5)
        parts.append((chunk, np.asarray(result.power), np.asarray(result.duration), np.asarray(result.transit_time)))
    periods, powers, lengths, middles = (np.concatenate(column) for column in zip(*parts, strict=True))
    return periods, powers, lengths, middles


def _event_depths(dip: Dip, time: np.ndarray, flux: np.ndarray) -> tuple[np.ndarray, float]:
    """Depth of each event against the flux beside it, and the scatter of the same measure elsewhere."""
    width = dip.duration
    edges = np.searchsorted(time, np.arange(time[0], time[-1], 0.5 * width))
    cumulative, counts = np.append(0, np.cumsum(flux)), np.arange(len(flux) + 1)

    def mean_between(centre: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        first, last = np.searchsorted(time, centre + low * width), np.searchsorted(time, centre + high * width)
        number = counts[last] - counts[first]
        with np.errstate(invalid="ignore", divide="ignore"):
            return (cumulative[last] - cumulative[first]) / number, number

    def depth_at(centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        within, number = mean_between(centre, -0.4, 0.4)
        (left, left_number), (right, right_number) = mean_between(centre, -1.5, -0.6), mean_between(centre, 0.6, 1.5)
        expected = 0.8 * width / cadence(time)
        whole = (number > 0.5 * expected) & (left_number > 0.3 * expected) & (right_number > 0.3 * expected)
        return 0.5 * (left + right) - within, whole & (number > 0)

    centres = dip.epoch + dip.period * np.arange(
        np.ceil((time[0] - dip.epoch) / dip.period), np.floor((time[-1] - dip.epoch) / dip.period) + 1
    )
    depths, whole = depth_at(centres)
    elsewhere = time[np.minimum(edges, len(time) - 1)]
    elsewhere = elsewhere[~dip.inside(elsewhere, 2.5)]
    noise, usable = depth_at(elsewhere)
    return depths[whole], robust_sigma(noise[usable]) if usable.sum() > 20 else float("nan")


def significance(dip: Dip, time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"]) -> tuple[float, int]:
    """Depth over its red-noise error, and the number of whole events; limited by what is left without the deepest event."""
    depths, noise = _event_depths(dip, time, flux)
    count = len(depths)
    if not count:
        return 0.0, 0
    if not noise > 0:
        noise = robust_sigma(flux) / np.sqrt(max(1.0, 0.8 * dip.duration / cadence(time))) * 1.5
    if not noise > 0:
        return 0.0, count
    total = depths.sum() / (noise * np.sqrt(count))
    if count == 1:
        return float(total), 1
    rest = (depths.sum() - depths.max()) / (noise * (count - 1)) * np.sqrt(count)
    return float(min(total, 1.25 * rest)), count


def _candidates(period: np.ndarray, power: np.ndarray, span: float) -> list[int]:
    """Indices of the highest peaks at distinct periods."""
    order, picked = np.argsort(power)[::-1], []
    drift = np.asarray(solar_duration(period)) / span
    for index in order[:20_000]:
        if all(abs(period[index] / period[other] - 1) > 4 * max(drift[index], drift[other]) for other in picked):
            picked.append(int(index))
        if len(picked) == _CANDIDATES:
            break
    return picked


def search(
    time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], limits: tuple[float, float], report: Callable[[float, float], None]
) -> Searched:
    """The most significant periodic dip of a flattened light curve with at least two events.

    Of a light curve longer than 400 d the densest 400 d are searched.

    Raises:
        ObservationError: if there is none.
    """
    t, y = binned(*densest(time, flux), _BIN)
    period, power, duration, middle = periodogram(t, y, limits, report)
    best: Searched | None = None
    for index in _candidates(period, power, t[-1] - t[0]):
        if not duration[index] > 0:
            continue
        dip = _sharpened(Dip(period[index], middle[index], duration[index], 0.0), t, y)
        height, events = significance(dip, t, y)
        if events >= 2 and dip.depth > 0 and (best is None or height > best.significance):
            best = Searched(dip, height, events, period, power)
    if best is None:
        raise ObservationError(
            f"no dip repeats within its {t[-1] - t[0]:.3g} d; if it holds one transit, give the planet's period (prepare.period)"
        )
    return best


def _sharpened(dip: Dip, time: np.ndarray, flux: np.ndarray) -> Dip:
    """The box around a candidate on a finer grid of periods and durations."""
    span = time[-1] - time[0]
    drift = dip.duration * dip.period / max(span, dip.period)
    periods = dip.period + np.linspace(-1.5, 1.5, 61) * drift
    durations = dip.duration * np.array([0.75, 1.0, 1.3])
    durations = durations[durations < 0.45 * periods[0]]
    near = np.abs(dip.offset(time)) < 0.5 * dip.period
    box = BoxLeastSquares(time[near], flux[near])
    result = box.power(periods, durations if len(durations) else np.array([0.3 * periods[0]]), objective="likelihood", oversample=10)
    index = int(np.argmax(result.power))
    if not result.duration[index] > 0:
        return dip
    return Dip(float(periods[index]), float(result.transit_time[index]), float(result.duration[index]), float(result.depth[index]))


def at_period(period: float, time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"]) -> Dip:
    """The best box at a given period."""
    t, y = binned(time, flux, min(_BIN, period / 100))
    longest = min(0.3 * period, 0.4 * (t[-1] - t[0]))
    shortest = max(0.02 * longest, 0.1 * solar_duration(period), 1.5 * cadence(t))
    durations = np.geomspace(min(shortest, 0.5 * longest), min(longest, 6 * solar_duration(period)), 14)
    result = BoxLeastSquares(t, y).power(np.array([period]), durations, objective="likelihood", oversample=10)
    dip = Dip(period, float(result.transit_time[0]), float(result.duration[0]), float(result.depth[0]))
    return dip if dip.duration > 0 else Dip(period, float(np.mean(t)), float(durations[len(durations) // 2]), 0.0)


def brightening(dip: Dip, time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"]) -> float:
    """Significance of the best periodic bump at a dip's period: slow variations have one beside each dip, transits have none."""
    free, highest = ~dip.inside(time, 1.2), 0.0
    durations = dip.duration * np.array([0.5, 0.75, 1.0, 1.5])
    durations = durations[durations < 0.5 * dip.period]
    for _ in range(3):
        if free.sum() < 20:
            break
        t, y = binned(time[free], 2 - flux[free], _BIN)
        result = BoxLeastSquares(t, y).power(np.array([dip.period]), durations, objective="likelihood", oversample=10)
        bump = Dip(dip.period, float(result.transit_time[0]), float(result.duration[0]), float(result.depth[0]))
        highest = max(highest, significance(bump, t, y)[0])
        free &= ~bump.inside(time)
    return highest
