"""The step that finds a second period in what the first one leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64
from scipy import optimize, stats

from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.find_period import phases
from astro_sbi.observations.steps.step import Curve, Prepared, Report, Step, envelope, finished, setting, thinned, with_known

_OVERSAMPLE = 5.0
_CHUNK = 2_000_000
_MOST_WAVES = 500_000_000
_LARGEST_FALSE_ALARM = 0.01


class Residuals:
    """Whitened values with one mean for each channel and a sinusoid of the first period projected out.

    The recursive periodogram of Anglada-Escude & Tuomi (2012, A&A 548, A58): everything linear is fitted anew at each trial.
    """

    def __init__(self, observation: Observation, period: float) -> None:
        """Project out what is known.

        Args:
            observation: values in one or several channels.
            period: of the first sinusoid [d].
        """
        points = observation.points
        self.middle, self._weight = float(np.mean(points.coordinate)), 1 / points.noise.sigma
        self.time = points.coordinate - self.middle
        angle = 2 * np.pi * self.time / period
        means = [points.channel == channel for channel in np.unique(points.channel)]
        columns = np.stack([*means, np.cos(angle), np.sin(angle)], axis=1) * self._weight[:, None]
        self._basis = np.linalg.qr(columns)[0]
        self.rest = self._without(observation.value * self._weight)
        self.chi2 = float(self.rest @ self.rest)
        self.freedom = len(self.time) - columns.shape[1]

    def _without(self, column: np.ndarray) -> np.ndarray:
        return column - self._basis @ (self._basis.T @ column)

    def maximum(self, frequency: float) -> float:
        """Time at which a second sinusoid of this frequency [1/d] is highest, near the mean of the times."""
        angle = 2 * np.pi * frequency * self.time
        pair = self._without(np.stack([np.cos(angle), np.sin(angle)], axis=1) * self._weight[:, None])
        cosine, sine = np.linalg.lstsq(pair, self.rest, rcond=None)[0]
        return self.middle + float(np.arctan2(sine, cosine)) / (2 * np.pi * frequency)

    def power(self, frequency: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """Share of the remaining chi-square that a second sinusoid of each frequency [1/d] takes away."""
        size = max(1, _CHUNK // len(self.time))
        parts = np.array_split(frequency, max(1, -(-len(frequency) // size)))
        return np.concatenate([self._power(part) for part in parts])

    def _power(self, frequency: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * self.time[:, None] * frequency
        cosine, sine = (self._without(wave(angle) * self._weight[:, None]) for wave in (np.cos, np.sin))
        cc, ss, cs = np.sum(cosine**2, axis=0), np.sum(sine**2, axis=0), np.sum(cosine * sine, axis=0)
        yc, ys = self.rest @ cosine, self.rest @ sine
        determinant = cc * ss - cs**2
        gained = ss * yc**2 - 2 * cs * yc * ys + cc * ys**2
        # Next to the first period nothing is left of the pair but rounding.
        sound = determinant > 1e-8 * np.max(cc) * np.max(ss)
        return np.where(sound, gained / np.where(sound, determinant, 1.0), 0.0) / self.chi2


@dataclass(frozen=True)
class FindSecondPeriod(Step):
    """Find a second period beside the first, or take it from the user."""

    kinds: ClassVar[tuple[Kind, ...]] = ("velocities", "light_curve")
    title: ClassVar[str] = "Find a second period"

    second_period: float | None = setting(None, "second period; searched for if not given", "d", low=1e-4, high=1e5)
    second_min_period: float = setting(1.0, "shortest second period searched", "d", low=1e-3, high=1e4)
    second_max_period: float | None = setting(
        None, "longest second period searched; half the length of the observation if not given", "d", low=1e-3, high=1e5
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Resolve the second period and the time of its maximum; the observation stays as it is."""
        observation, first, zero = prepared.observation, prepared.number("period"), zero_of(prepared.observation)
        residuals = Residuals(observation, first)
        span, shown, trials = float(np.ptp(residuals.time)), None, 0.0
        if residuals.freedom < 4 or not (span > 0 and residuals.chi2 > 0):
            raise ObservationError(f"its {len(observation)} points are too few for a second period; fit one planet")
        if self.second_period is None:
            frequency, power = self._periodogram(residuals, span, first, report)
            trials = float(np.log(max(span * (frequency[-1] - frequency[0]), 1.0)))
            best, shown = _refined(residuals, frequency, power, span), envelope(1 / frequency[::-1], power[::-1])
            self._check(residuals, 1 / best, float(power.max()), trials)
        else:
            best = 1 / self.second_period
        period, share = 1 / best, float(residuals.power(np.array([best]))[0])
        epoch = residuals.maximum(best) + zero
        known = {"period_guess_2": period * u.d, "epoch_guess_2": epoch * u.d, "period_resolution_2": period**2 / span * u.d}
        before = observation.points.known.get("log_trials", 0.0 * u.one)
        known["log_trials"] = before + trials * u.one
        how = "given" if self.second_period else "recursive periodogram"
        sentence = f"second period {period:.8g} d ({how}), which explains {100 * share:.0f} % of what the first leaves"
        resolved = {"second_period": period, "second_epoch": epoch, "second_period_power": share, "second_period_source": how}
        drawn = _phased(residuals, observation, period, epoch - zero)
        done = finished(prepared, with_known(observation, known), (self.title, sentence), {}, resolved, drawn)
        return done if shown is None else replace(done, periodogram=shown)

    def _periodogram(self, residuals: Residuals, span: float, first: float, report: Report) -> Curve:
        """Frequency [1/d] and power on an even grid, five points to a resolution element."""
        low, high = 1 / (self.second_max_period or 0.5 * span), 1 / self.second_min_period
        if not low < high:
            raise ObservationError(f"it is {span:.3g} d long, too short to search for a second period above {self.second_min_period:g} d")
        number = int((high - low) * span * _OVERSAMPLE) + 2
        if number * len(residuals.time) > _MOST_WAVES:
            raise ObservationError(f"a second period above {self.second_min_period:g} d needs too many trials; raise second_min_period")
        frequency = low + np.arange(number) / (span * _OVERSAMPLE)
        report("searching", 0, 1)
        power = residuals.power(frequency)
        # What is left of the first period, such as an eccentric orbit's own peak, is not another one.
        return frequency, np.where(np.abs(frequency - 1 / first) < 0.5 / span, 0.0, power)

    def _check(self, residuals: Residuals, period: float, power: float, trials: float) -> None:
        """Raise where noise alone would give such a peak: its power has a beta distribution at each frequency."""
        chance = float(stats.beta.logsf(min(power, 1.0), 1.0, 0.5 * (residuals.freedom - 2))) + trials
        if chance > np.log(_LARGEST_FALSE_ALARM):
            sentence = f"no second period stands out: noise alone would give a peak like the best one ({period:.4g} d) with a chance of"
            odds = 100 * np.exp(min(chance, 0.0))
            raise ObservationError(
                f"{sentence} {odds:.2g} %; give a period (prepare.second_period) to use it all the same, or fit one planet"
            )


def _refined(residuals: Residuals, frequency: np.ndarray, power: np.ndarray, span: float) -> float:
    """Frequency [1/d] of the highest peak, between the points of the grid."""
    highest, step = float(frequency[np.argmax(power)]), 1 / (span * _OVERSAMPLE)
    limits = max(highest - step, 0.5 * highest), highest + step
    found = optimize.minimize_scalar(lambda f: -float(residuals.power(np.array([f]))[0]), bounds=limits, method="bounded")
    return float(found.x)


def _phased(residuals: Residuals, observation: Observation, period: float, epoch: float) -> tuple[Curve, tuple[Axis, Axis]]:
    """What the first period leaves against the phase of the second, to be shown."""
    phase, left = phases(observation.points.coordinate, period, epoch), residuals.rest * observation.points.noise.sigma
    order = np.argsort(phase, kind="stable")
    axis = observation.value_axis
    return thinned(phase[order], left[order]), (
        Axis("phase of the second period", ""),
        Axis(f"{axis.name} less the first period", axis.unit),
    )
