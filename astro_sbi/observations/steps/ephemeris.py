"""The step that finds when the transits are, or takes it from the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from astro_sbi.observations.kinds.rows import cadence
from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Stage, Step, channel_masks, envelope, setting, thinned
from astro_sbi.observations.steps.transit_search import (
    STRETCH,
    Searched,
    at_period,
    binned,
    brightening,
    densest,
    log_trials,
    search,
    significance,
    solar_duration,
)
from astro_sbi.observations.steps.transit_shape import Dip, fitted
from astro_sbi.observations.steps.trend import trend

PROVISIONAL_WINDOWS = (1.0, 0.5)
_WEAKEST = 5.5
_LONGEST_SHARE = 0.3
_LARGEST_BUMP = 0.5
_STRONG = 30.0
_COARSEST = 0.2
_CLEARLY_BETTER = 1.3


def zero_of(observation: Observation) -> float:
    """What the time axis leaves out: 2457000 for ``BJD - 2457000`` [d]."""
    text = observation.coordinate_axis.zero_point
    return float(text.rsplit("-", 1)[1]) if "-" in text else 0.0


def dip_of(prepared: Prepared) -> Dip:
    """The dip that the steps before resolved, in the frame of the light curve."""
    epoch = prepared.number("epoch") - zero_of(prepared.observation)
    return Dip(prepared.number("period"), epoch, prepared.number("duration"), prepared.number("depth"), prepared.number("ingress"))


@dataclass(frozen=True, eq=False)
class _Curve:
    """A light curve about to be searched: time [d], flux over its median, zero point [d] and length [d]."""

    time: np.ndarray
    flux: np.ndarray
    zero: float
    span: float

    def flat(self, window: float, dip: Dip | None = None) -> np.ndarray:
        """Flux over its trend; over a constant where the light curve is too short to tell a trend from a transit."""
        if dip is None:
            return self.flux / trend(self.time, self.flux, window) if self.span > 1.5 * window else self.flux / np.median(self.flux)
        window, protected = max(window, 3 * dip.duration), dip.inside(self.time, 1.3)
        if self.span > 1.5 * window and not protected.all():
            return self.flux / trend(self.time, self.flux, window, protected)
        return self.flux / np.median(self.flux[~protected] if (~protected).sum() > 10 else self.flux)


@dataclass(frozen=True)
class FindTransits(Step):
    """Find period, epoch and duration of the deepest periodic dip, on a copy of the light curve flattened for the purpose."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Find transits"

    period: float | None = setting(None, "orbital period; searched for if not given", "d", low=0.05, high=1e5)
    epoch: float | None = setting(None, "mid-time of one transit, in the file's time or with its zero point added", "d")
    duration: float | None = setting(None, "first to fourth contact; searched for if not given", "d", low=1e-3, high=5.0)
    min_period: float = setting(0.5, "shortest period searched", "d", low=0.1, high=1e4)
    max_period: float | None = setting(None, "longest period searched; the light curve's length if not given", "d", low=0.1, high=1e5)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Resolve period, epoch, duration, depth and ingress; the light curve stays as it is."""
        observation = prepared.observation
        time = observation.points.coordinate
        span = float(time[-1] - time[0]) if len(time) else 0.0
        if len(time) < 20 or not span > 0:
            raise ObservationError(f"it has {len(time)} points, too few to find a transit in; give a longer light curve")
        if cadence(time) > _COARSEST:
            raise ObservationError(
                f"its points are {24 * cadence(time):.2g} h apart, too far to see a transit; give a light curve of finer cadence"
            )
        flux = np.array(observation.value)
        for here in channel_masks(observation):
            flux[here] /= np.median(flux[here])
        curve = _Curve(time, flux, zero_of(observation), span)
        found, dip, flat, window = self._found(curve, report)
        if not dip.duration > 0:
            raise ObservationError("there is no dip at this period; give another (prepare.period)")
        height, events = significance(dip, *binned(time, flat, dip.duration / 12))
        resolved = {"period": dip.period, "period_error": dip.period_error, "epoch": dip.epoch + curve.zero, "duration": dip.duration}
        resolved |= {"search_window": window}
        resolved |= {
            "depth": dip.depth,
            "ingress": dip.ingress,
            "significance": height,
            "log_trials": self._log_trials(dip, span),
        }
        sources = {"period_source": "given" if self.period else "box least squares"}
        axes = prepared.observation.coordinate_axis, Axis("flux over its median", "")
        stage = Stage(
            self.title, self._sentence(dip, curve.zero, height, events), {}, thinned(time, curve.flux), thinned(time, flat), axes, axes
        )
        plain = {**prepared.resolved, **{name: float(value) for name, value in resolved.items() if np.isfinite(value)}, **sources}
        shown = None if found is None else envelope(found.period, found.power)
        return replace(prepared, resolved=plain, stages=(*prepared.stages, stage), periodogram=shown)

    def _longest(self, span: float) -> float:
        longest = 0.95 * min(span, STRETCH)
        return min(self.max_period or longest, longest)

    def _log_trials(self, dip: Dip, span: float) -> float:
        """Log number of independent trials: periods and epochs, or epochs alone where the period was given."""
        if self.period is None:
            return log_trials(self.min_period, self._longest(span), min(span, STRETCH))
        return 0.0 if self.epoch is not None else max(float(np.log(min(dip.period, span) / solar_duration(dip.period))), 0.0)

    def _found(self, curve: _Curve, report: Report) -> tuple[Searched | None, Dip, np.ndarray, float]:
        """The search's own result (None where the period was given), the refined dip, the flattened flux and the window used."""
        if self.period is not None:
            start = at_period(self.period, curve.time, curve.flat(PROVISIONAL_WINDOWS[0]))
            return None, *self._refined(start, curve, PROVISIONAL_WINDOWS[0]), PROVISIONAL_WINDOWS[0]
        longest = self._longest(curve.span)
        if self.min_period >= longest:
            sentence = f"it is {curve.span:.3g} d long, too short to search for periods above {self.min_period:g} d"
            raise ObservationError(f"{sentence}; give the planet's period (prepare.period)")
        problem, best = "", None
        for position, window in enumerate(PROVISIONAL_WINDOWS):
            flat = curve.flat(window)
            found = search(curve.time, flat, (self.min_period, longest), _within(report, position, len(PROVISIONAL_WINDOWS)))
            dip, refined = self._refined(fitted(found.dip, *densest(curve.time, flat)), curve, window)
            if found.significance < _WEAKEST:
                problem = f"the best candidate ({dip.period:.4g} d) stands only {found.significance:.1f} sigma above the noise"
            elif dip.duration > _LONGEST_SHARE * dip.period or brightening(dip, curve.time, flat) > _LARGEST_BUMP * found.significance:
                problem = f"the strongest periodic signal ({dip.period:.4g} d) is a slow variation, not a dip"
            elif best is None or found.significance > _CLEARLY_BETTER * best[0].significance:
                best = found, dip, refined, window
            if best is not None and best[0].significance > _STRONG:
                break
        if best is None:
            raise ObservationError(f"no periodic dip found: {problem}; give a period (prepare.period) to fold it all the same")
        return best

    def _refined(self, dip: Dip, curve: _Curve, window: float) -> tuple[Dip, np.ndarray]:
        """The dip fitted to the cadences, flattened again with the transits left out, and that flattened flux."""
        fixed = frozenset(name for name in ("period", "epoch", "duration") if getattr(self, name) is not None)
        if self.epoch is not None:
            epoch = self.epoch - curve.zero if curve.zero and self.epoch > curve.zero else self.epoch
            dip = replace(dip, epoch=epoch + dip.period * float(np.rint((np.mean(curve.time) - epoch) / dip.period)))
        if self.duration is not None:
            dip = replace(dip, duration=min(self.duration, 0.5 * dip.period))
        flat = curve.flat(window, dip)
        for _ in range(2):
            dip = fitted(dip, *binned(curve.time, flat, dip.duration / 60), fixed)
            flat = curve.flat(window, dip)
        return dip, flat

    def _sentence(self, dip: Dip, zero: float, height: float, events: int) -> str:
        how = "given" if self.period else f"searched between {self.min_period:g} d and the length of the light curve"
        error = "" if self.period else f" +- {dip.period_error:.2g}"
        parts = f"period {dip.period:.7g}{error} d ({how}), mid-time {dip.epoch + zero:.5f}, duration {24 * dip.duration:.3g} h"
        seen = f", {height:.1f} sigma in {events} whole transit{'s' * (events != 1)}" if events else ""
        return f"{parts}, depth {1e6 * dip.depth:.0f} ppm{seen}"


def _within(report: Report, position: int, count: int) -> Callable[[float, float], None]:
    """Progress of one of several searches as a share of them all."""
    return lambda done, total: report("searching", (position + done / total) / count, 1)
