"""The step that finds a microlensing event and what a first look tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.event_search import SHAPES, Event, Series, log_trials, search, timescales
from astro_sbi.observations.steps.step import Curve, Prepared, Report, Step, finished, setting, thinned, with_known

#: Gain in chi-square that noise alone does not reach on a grid of a million.
_LEAST_GAIN = 35.0
_FEWEST = 8
_WIDEST_IMPACT, _NARROWEST_IMPACT, _OPEN_IMPACT = 3.0, 0.05, 1.5
#: A baseline below this many errors of one point may be that of a difference image, which tells nothing.
_NOTHING = 3.0


@dataclass(frozen=True)
class FindEvent(Step):
    """Find peak, width, baseline and rise of the brightening that stands out most."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Find the event"

    event_epoch: float | None = setting(
        None, "time of the peak, in the file's time or with its zero point added; searched for if not given", "d"
    )
    event_width: float | None = setting(None, "full width at half of the rise; searched for if not given", "d", low=1e-3, high=1e5)
    largest_source: float = setting(
        1.5, "largest flux of the source over the baseline that is allowed; above 1 the blend is negative", low=0.05, high=100.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """What is found becomes known; the observation stays as it is."""
        observation, zero = prepared.observation, zero_of(prepared.observation)
        channels = _series(observation)
        series = [one for one in channels if one is not None]
        if sum(len(one.time) for one in series) < _FEWEST:
            raise ObservationError(f"it has {len(observation)} points, too few to see an event in; {_FEWEST} are needed")
        event, trials = self._found(series, zero, report)
        fits = [None if one is None else _fitted(one, event) for one in channels]
        levels = _levels(fits)
        impact = _largest_impact(
            levels, [0.0 if one is None else float(np.median(one.weight)) ** -0.5 for one in channels], self.largest_source
        )
        known = {"epoch_guess": (event.time + zero) * u.d, "event_width": event.width * u.d}
        known |= {"largest_impact": impact * u.one, "log_trials": trials * u.one}
        for number, (baseline, rise, _) in enumerate(levels, 1):
            known |= {f"baseline_guess_{number}": baseline * u.one, f"rise_guess_{number}": rise * u.one}
        resolved = {"event_epoch": event.time + zero, "event_width": event.width, "event_gain": event.gain, "largest_impact": impact}
        sentence = f"an event peaks at {event.time:.6g} and is about {event.width:.3g} d wide at half of its rise; it lowers chi-square by"
        sentence = f"{sentence} {event.gain:,.0f}"
        return finished(prepared, with_known(observation, known), (self.title, sentence), {}, resolved, _shown(observation, event, levels))

    def _found(self, series: list[Series], zero: float, report: Report) -> tuple[Event, float]:
        """The event, and log of the number of places that were searched for it."""
        near = self.event_epoch
        if near is not None and 0 < zero < near:
            near -= zero
        scales = timescales(series)
        if self.event_width is not None:
            scales = np.array([self.event_width / width for _, width in SHAPES])
        event = search(series, scales, near, lambda done, total: report("searching", done, total))
        if near is None and event.gain < _LEAST_GAIN:
            sentence = "no brightening stands out that could be an event; give its time (prepare.event_epoch) to fit one all the same"
            raise ObservationError(sentence)
        if self.event_width is not None:
            event = Event(event.time, self.event_width, event.shape, event.gain)
        return event, log_trials(series, scales) if near is None else 0.0


def _series(observation: Observation) -> list[Series | None]:
    """Each channel by itself, None where it has no point."""
    points = observation.points
    masks = [points.used & (points.channel == index) for index in range(len(observation.channels))]
    return [Series.of(points.coordinate[here], observation.value[here], points.noise.sigma[here]) if here.any() else None for here in masks]


def _fitted(series: Series, event: Event) -> tuple[float, float, float]:
    """Baseline, rise and its standard error; wild points away from the peak are pulled in."""
    near = np.abs(series.time - event.time) < event.width
    return series.pulled(near).linear(event.template(series.time))


def _levels(fits: list[tuple[float, float, float] | None]) -> list[tuple[float, float, float]]:
    """Baseline, positive rise and its standard error of each channel; a channel that does not tell is given three errors, or its level."""
    out = []
    for fit in fits:
        baseline, rise, error = fit or (0.0, 0.0, float("inf"))
        if not np.isfinite(error):
            rise = abs(baseline) or 1.0
        out.append((baseline, max(rise, 3 * error) if np.isfinite(error) else rise, error))
    return out


def _largest_impact(levels: list[tuple[float, float, float]], errors: list[float], largest_source: float) -> float:
    r"""Impact parameter at which the observed rise takes a source ``largest_source`` times as bright as the baseline.

    Of the channel that tells best; the inverse of ``A(u) = 1 + rise / (largest_source * baseline)``.
    """
    best = int(np.argmax([rise / error for _, rise, error in levels]))
    baseline, rise, _ = levels[best]
    if baseline < _NOTHING * errors[best]:
        return _OPEN_IMPACT
    excess = rise / (largest_source * baseline)
    root = np.sqrt(excess * (excess + 2))
    return float(np.clip(np.sqrt(2 / (root * (1 + excess + root))), _NARROWEST_IMPACT, _WIDEST_IMPACT))


def _shown(observation: Observation, event: Event, levels: list[tuple[float, float, float]]) -> tuple[Curve, tuple[Axis, Axis]]:
    """The values of all channels over each one's baseline and rise, near the event."""
    points = observation.points
    baseline, rise = np.array([level[:2] for level in levels]).T[:, points.channel]
    near = np.abs(points.coordinate - event.time) < 5 * event.width
    curve = thinned(points.coordinate[near], ((observation.value - baseline) / rise)[near])
    return curve, (observation.coordinate_axis, Axis("rise over that at the peak", ""))
