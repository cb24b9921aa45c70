"""Observing patterns drawn at random: cadences with gaps, error bars over two decades, missing bands, masked stretches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from astropy import units as u
from jaxtyping import Float64, Int32

from astro_sbi.observations.observation import Noise, Points

if TYPE_CHECKING:
    from astro_sbi.simulators.base import Simulator

Random = np.random.Generator
Times = Float64[np.ndarray, " n"]
Family = Literal["space", "survey", "follow-up"]
#: Most points of a pattern.
MOST = 1024
#: Fewest points that gaps and weather leave.
_FEWEST = 8
_SYNODIC_MONTH, _YEAR = 29.53, 365.25
#: Between two bands of one visit [d].
_FILTER_CHANGE = 1e-3
#: Redshifts at which nearby supernovae, those of surveys and deep ones part.
_SAMPLES = (0.1, 0.6)


@dataclass(frozen=True)
class Sampling:
    """What a simulator of a time series can use.

    Args:
        stretch: shortest and longest span over that of the default pattern, about time 0 where that lies inside.
        size: fewest and most points that are planned; gaps take some away.
        families: space missions (even cadence), ground-based surveys (nights), sparse follow-up.
    """

    stretch: tuple[float, float] = (0.6, 1.0)
    size: tuple[int, int] = (20, MOST)
    families: tuple[Family, ...] = ("space", "survey", "follow-up")


def random_pattern(simulator: Simulator, rng: Random, sampling: Sampling | None = None) -> Points:
    """A pattern for a simulator's kind of observation, made from its default one.

    Known quantities of single points follow their points; a bin or an exposure is never longer than the time between two points. What
    else depends on the pattern is for the simulator to tell anew.

    Args:
        simulator: whose default pattern is varied.
        rng: draws it.
        sampling: of a time series; the default's length at most if None.
    """
    default = simulator.default_points()
    if simulator.kind in ("light_curve", "velocities"):
        return _time_series(simulator, default, rng, sampling or Sampling())
    if simulator.kind == "hubble_diagram":
        return _at(default, *_redshifts(default, rng), rng)
    if simulator.kind == "photometry":
        index = np.flatnonzero(np.isin(default.channel, _kept(np.unique(default.channel), rng, least=3)))
    else:
        index = _unmasked(default, rng)
    return _at(default, default.coordinate[index], default.channel[index], rng)


def _at(default: Points, coordinate: Times, channel: Int32[np.ndarray, " n"], rng: Random) -> Points:
    """Points at these places, their errors drawn and what is known of each taken from the default's points of its channel."""
    known = {name: _followed(value, default, coordinate, channel) for name, value in default.known.items()}
    noise = Noise(_errors(default, coordinate, channel, rng))
    return Points(coordinate, channel.astype(np.int32), np.ones(len(coordinate), bool), noise, known)


def _followed(value: u.Quantity, default: Points, coordinate: Times, channel: Int32[np.ndarray, " n"]) -> u.Quantity:
    if np.ndim(value) == 0:
        return value
    return _of_neighbours(np.asarray(value.value, np.float64), default, coordinate, channel) * value.unit


def _of_neighbours(value: Times, default: Points, coordinate: Times, channel: Int32[np.ndarray, " n"]) -> Times:
    """Values of the default's points, linear between those of the same channel."""
    found = np.zeros(len(coordinate))
    for number in np.unique(channel):
        theirs, mine = np.flatnonzero(default.channel == number), channel == number
        order = theirs[np.argsort(default.coordinate[theirs], kind="stable")]
        found[mine] = np.interp(coordinate[mine], default.coordinate[order], value[order])
    return found


def _errors(default: Points, coordinate: Times, channel: Int32[np.ndarray, " n"], rng: Random) -> Times:
    """Errors whose level is log-uniform over two decades about the default's, with scatter between channels and between points."""
    level = _of_neighbours(default.noise.sigma, default, coordinate, channel) * 10 ** rng.uniform(-1.0, 1.0)
    of_channel = 10 ** (0.1 * rng.standard_normal(int(np.max(default.channel)) + 1))
    return level * of_channel[channel] * 10 ** (rng.uniform(0.0, 0.2) * rng.standard_normal(len(coordinate)))


def _kept(channels: np.ndarray, rng: Random, *, least: int = 1) -> np.ndarray:
    """Channels that were observed: all of them in half of the patterns."""
    keep = rng.random(len(channels)) > (0.35 if rng.random() < 0.5 else 0.0)
    if keep.sum() < least:
        return np.sort(rng.choice(channels, min(least, len(channels)), replace=False))
    return channels[keep]


def _unmasked(default: Points, rng: Random) -> np.ndarray:
    """Pixels that are left: a window is missing now and then, the ends are cut, and up to four stretches are masked."""
    keep = np.isin(default.channel, _kept(np.unique(default.channel), rng))
    place = np.empty(len(default))
    for number in np.unique(default.channel):
        mine = default.channel == number
        low, span = np.min(default.coordinate[mine]), np.ptp(default.coordinate[mine])
        place[mine] = (default.coordinate[mine] - low) / (span or 1.0)
    wide = keep & (place >= rng.uniform(0.0, 0.2)) & (place <= rng.uniform(0.8, 1.0))
    left = wide.copy()
    for _ in range(rng.integers(0, 5)):
        left &= np.abs(place - rng.uniform(0.1, 0.9)) > 0.5 * rng.uniform(0.01, 0.08)
    enough = next(part for part in (left, wide, keep) if part.sum() >= min(_FEWEST, keep.sum()))
    return np.flatnonzero(enough)[:MOST]


def _redshifts(default: Points, rng: Random) -> tuple[Times, Int32[np.ndarray, " n"]]:
    """Supernovae of nearby, survey and deep samples within the default's redshifts; at most two samples are missing."""
    edges = np.unique(np.clip([np.min(default.coordinate), *_SAMPLES, np.max(default.coordinate)], *_ends(default)))
    found = []
    for sample in _kept(np.arange(len(edges) - 1), rng):
        low, high = edges[sample], edges[sample + 1]
        size = int(_log_uniform(rng, 20, MOST / len(edges)))
        # Volume makes the far end crowded, brightness the near end.
        found.append(low + (high - low) * rng.beta(rng.uniform(1.0, 3.0), rng.uniform(1.0, 3.0), size))
    redshift = np.sort(np.concatenate(found))
    return redshift, np.full(len(redshift), default.channel[0], np.int32)


def _ends(points: Points) -> tuple[float, float]:
    return float(np.min(points.coordinate)), float(np.max(points.coordinate))


def _log_uniform(rng: Random, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _time_series(simulator: Simulator, default: Points, rng: Random, sampling: Sampling) -> Points:
    low, high = _ends(default)
    middle = 0.0 if low < 0 < high else 0.5 * (low + high)
    stretch, size = _log_uniform(rng, *sampling.stretch), int(_log_uniform(rng, *sampling.size))
    ends = middle + stretch * (low - middle), middle + stretch * (high - middle)
    day = _day(simulator.coordinate_unit)
    families = [family for family in sampling.families if family != "survey" or (day and ends[1] - ends[0] > 10 * day)]
    family = families[rng.integers(len(families))]
    channels = _kept(np.unique(default.channel), rng)
    visits = max(_FEWEST, size // len(channels))
    if family == "survey":
        time = day * _nights(rng, (ends[0] / day, ends[1] / day), visits, moon=simulator.kind == "light_curve")
    else:
        time = {"space": _even, "follow-up": _sparse}[family](rng, ends, visits)
    together = simulator.kind == "light_curve" and rng.random() < 0.5
    time, channel = _shared_out(time, channels, rng, together=together, delay=_FILTER_CHANGE * day if family == "survey" else 0.0)
    points = _at(default, time, channel, rng)
    cadence = (ends[1] - ends[0]) / visits if family == "space" else _shortest(time, channel)
    known = {**points.known, **_exposed(default, points.known, cadence)}
    return Points(points.coordinate, points.channel, points.used, points.noise, known)


def _day(unit: str) -> float:
    """A day in this unit, 0 where it is no time."""
    try:
        return float(u.d.to(u.Unit(unit)))
    except u.UnitConversionError:
        return 0.0


def _even(rng: Random, ends: tuple[float, float], size: int) -> Times:
    """A space mission: even cadence with a gap in the middle of the run and short ones where momentum is dumped."""
    place = (np.arange(size) + 0.5) / size
    keep = np.abs(place - rng.uniform(0.4, 0.6)) > 0.5 * rng.uniform(0.0, 0.12)
    if rng.random() < 0.5:
        dump = place * rng.integers(4, 12) + rng.random()
        keep &= dump - np.floor(dump) > rng.uniform(0.02, 0.1)
    return ends[0] + (ends[1] - ends[0]) * (place[keep] if keep.sum() >= _FEWEST else place)


def _sparse(rng: Random, ends: tuple[float, float], size: int) -> Times:
    """Follow-up as telescopes allow: a few visits at any time, most of them in one part of the run."""
    few = max(_FEWEST, round(size**0.7))
    place = np.where(rng.random(few) < 0.5, rng.random(few), rng.beta(rng.uniform(2.0, 6.0), rng.uniform(2.0, 6.0), few))
    return ends[0] + (ends[1] - ends[0]) * np.sort(place)


def _nights(rng: Random, ends: tuple[float, float], size: int, *, moon: bool) -> Times:
    """A survey from the ground: one or two visits a night, less what season, full moon and weather take [d].

    Args:
        rng: draws it.
        ends: of the survey [d].
        size: most visits.
        moon: whether nights about full moon are lost.
    """
    night = np.arange(ends[0], ends[1])
    in_season = np.abs((night - rng.uniform(*ends) + 0.5 * _YEAR) % _YEAR - 0.5 * _YEAR) < 0.5 * rng.uniform(120.0, 240.0)
    dark = (night + rng.uniform(0.0, _SYNODIC_MONTH)) % _SYNODIC_MONTH > rng.uniform(3.0, 8.0) * moon
    clear = rng.random(len(night)) > rng.uniform(0.1, 0.5)
    open_nights = [in_season & dark & clear, dark & clear, np.ones(len(night), bool)]
    left = night[next(part for part in open_nights if part.sum() >= _FEWEST)]
    visits = int(rng.integers(1, 3))
    left = left[:: -(-len(left) * visits // size)]
    start = left + rng.uniform(-0.15, 0.05, len(left))
    return (start[:, None] + rng.uniform(0.02, 0.1) * np.arange(visits)).reshape(-1)


def _shared_out(time: Times, channels: np.ndarray, rng: Random, *, together: bool, delay: float) -> tuple[Times, Int32[np.ndarray, " n"]]:
    """Times and channels of the points: every channel at each visit, or one channel a visit, by turns or in seasons of its own."""
    count = len(channels)
    if together:
        every = (time[:, None] + delay * np.arange(count)).reshape(-1)
        return every, np.tile(channels, len(time)).astype(np.int32)
    order = np.arange(len(time))
    turn = rng.permutation(order) % count if rng.random() < 0.5 else order * count // len(time)
    return time, channels[turn].astype(np.int32)


def _shortest(time: Times, channel: Int32[np.ndarray, " n"]) -> float:
    """Shortest time between two points of one channel."""
    steps = [np.min(np.diff(np.sort(time[channel == number]))) for number in np.unique(channel) if (channel == number).sum() > 1]
    return float(min(steps, default=0.0))


def _exposed(default: Points, known: Mapping[str, u.Quantity], cadence: float) -> dict[str, u.Quantity]:
    """Lengths of bins and exposures for another cadence: as long as it where the default's are, and never longer."""
    usual = _shortest(default.coordinate, default.channel)
    found = {}
    for name in ("bin_width", "exposure_time"):
        if name in known and np.ndim(known[name]) == 0 and known[name].value > 0:
            length = float(known[name].value)
            found[name] = (cadence if np.isclose(length, usual, rtol=0.01) else min(length, cadence)) * known[name].unit
    if "count" in known and "bin_width" in found:
        share = float(found["bin_width"] / known["bin_width"])
        found["count"] = np.maximum(known["count"] * share, 1.0 * u.one)
    return found
