"""The step that finds the period of a variable star, or takes it from the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.kinds.rows import cadence
from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.period_search import (
    Bands,
    aliases,
    bands_of,
    best_of,
    is_regular,
    period_error,
    periodogram,
    time_of_maximum,
)
from astro_sbi.observations.steps.step import Curve, Prepared, Report, Step, envelope, finished, setting, thinned, with_known

_LARGEST_FALSE_ALARM = 0.01
_NEARLY = 0.9


@dataclass(frozen=True)
class FindPeriod(Step):
    """Find the period of a variable star in one or several bands with a Lomb-Scargle periodogram."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve", "velocities")
    title: ClassVar[str] = "Find the period"

    period: float | None = setting(None, "period; searched for if not given", "d", low=1e-4, high=1e5)
    epoch: float | None = setting(None, "time of phase 0, in the file's time or with its zero point added; maximum if not given", "d")
    min_period: float = setting(0.1, "shortest period searched", "d", low=1e-3, high=1e4)
    max_period: float | None = setting(
        None, "longest period searched; half the length of the observation if not given", "d", low=1e-3, high=1e5
    )
    harmonics: int = setting(1, "number of sinusoids in the model of one cycle", low=1, high=6)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Resolve period, epoch and aliases; the observation stays as it is."""
        observation = prepared.observation
        bands, shown = bands_of(observation, self.harmonics), None
        if self.period is None:
            period, power, chance, shown = self._searched(observation, bands, report)
        else:
            period, power, chance = self.period, float(bands.power(np.array([1 / self.period]))[0]), 0.0
        zero, others = zero_of(observation), aliases(bands, period)
        epoch = self._epoch(observation, bands, period, zero)
        resolved: dict[str, float | str] = {"period": period, "epoch": epoch + zero, "period_power": power}
        resolved |= {f"period, {name}": found for name, (found, _) in others.items()}
        resolved["period_source"] = "given" if self.period else "Lomb-Scargle"
        error = 0.0 if self.period else period_error(bands, period)
        # Below 1e-300 nothing is told apart.
        chance = max(chance, -690.0)
        resolved |= {} if self.period else {"period_error": error, "log10_false_alarm": float(chance / np.log(10))}
        known = {"period_guess": period * u.d, "epoch_guess": (epoch + zero) * u.d, "period_resolution": period**2 / bands.span * u.d}
        trials = 0.0 if self.period else np.log(max(bands.span * (1 / self.min_period - 1 / (self.max_period or 0.5 * bands.span)), 1.0))
        after = with_known(observation, known | {"log_trials": trials * u.one})
        said = self._sentence(period, error, power, chance) + _on_aliases(others, power)
        done = finished(prepared, after, (self.title, said), {}, resolved, _phased(observation, period, epoch))
        return replace(done, periodogram=shown)

    def _searched(self, observation: Observation, bands: Bands, report: Report) -> tuple[float, float, float, Curve]:
        """Period, power, log of the false-alarm probability and periodogram (period against power)."""
        shortest, longest = self.min_period, self.max_period or 0.5 * bands.span
        time = observation.points.coordinate
        if is_regular(time):
            shortest = max(shortest, 2 * cadence(time))
        if not shortest < longest:
            sentence = f"it is {bands.span:.3g} d long, too short to search for periods above {shortest:.3g} d"
            raise ObservationError(f"{sentence}; give the period (prepare.period), or change prepare.min_period and max_period")
        single = bands_of(observation, 1)
        frequency, grid = periodogram(single, (shortest, longest), lambda done, total: report("searching", done, total))
        best, power = best_of(bands, frequency, grid)
        chance = single.log_false_alarm(float(grid.max()), bands.span * (1 / shortest - 1 / longest))
        if chance > np.log(_LARGEST_FALSE_ALARM):
            sentence = f"no period stands out: noise alone would give a peak like the best one ({1 / best:.4g} d) with a chance of"
            raise ObservationError(f"{sentence} {100 * np.exp(chance):.2g} %; give a period (prepare.period) to use it all the same")
        return 1 / best, power, chance, envelope(1 / frequency[::-1], grid[::-1])

    def _epoch(self, observation: Observation, bands: Bands, period: float, zero: float) -> float:
        """Time of phase 0 in the frame of the light curve, near its middle."""
        middle = float(np.mean(observation.points.coordinate))
        if self.epoch is None:
            return time_of_maximum(bands, period, middle)
        return self.epoch - zero if 0 < zero < self.epoch else self.epoch

    def _sentence(self, period: float, error: float, power: float, chance: float) -> str:
        if self.period:
            return f"period {period:.8g} d (given), which explains {100 * power:.0f} % of the variation"
        odds = f"{np.exp(chance):.1g}" if chance > -690 else "below 1e-299"
        found = f"period {period:.8g} +- {error:.2g} d by Lomb-Scargle, which explains {100 * power:.0f} % of the variation"
        return f"{found} (false-alarm probability {odds})"


def _on_aliases(others: Mapping[str, tuple[float, float]], power: float) -> str:
    listed = "; ".join(f"{name} {period:.6g} d: {100 * height:.0f} %" for name, (period, height) in others.items())
    rivals = [f"{period:.6g} d" for period, height in others.values() if height > _NEARLY * power]
    doubt = f". Nearly as good is {' or '.join(rivals)}: look at the periodogram and the fold" if rivals else ""
    return f". Aliases: {listed}{doubt}" if listed else ""


def _phased(observation: Observation, period: float, epoch: float) -> tuple[Curve, tuple[Axis, Axis]]:
    """The values against phase, to be shown."""
    phase = phases(observation.points.coordinate, period, epoch)
    order = np.argsort(phase, kind="stable")
    return thinned(phase[order], observation.value[order]), (Axis("phase", ""), observation.value_axis)


def phases(time: np.ndarray, period: float, epoch: float) -> np.ndarray:
    """Phase between -0.5 and 0.5, 0 at the epoch."""
    cycle = (time - epoch) / period
    return cycle - np.floor(cycle + 0.5)
