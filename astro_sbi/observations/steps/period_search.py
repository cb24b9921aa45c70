"""The period of a variable star: a Lomb-Scargle periodogram, summed over bands.

Lomb-Scargle with errors and a floating mean: Zechmeister & Kuerster (2009, A&A 496, 577). Several bands: the multi-phase model of
VanderPlas & Ivezic (2015, ApJ 812, 18), in which each band has amplitudes and phases of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from astropy.timeseries import LombScargle
from jaxtyping import Float64
from scipy import optimize, stats

from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.steps.step import channel_masks

_OVERSAMPLE = 5.0
# Peaks of one sinusoid, and their doubles, that are compared where a cycle has several.
_CANDIDATES = 20
_MOST_TRIALS = 4_000_000
_CHUNK = 500_000


@dataclass(frozen=True, eq=False)
class Band:
    """One band's Lomb-Scargle model and the chi-square of a constant."""

    model: LombScargle
    chi2: float
    size: int
    harmonics: int

    def power(self, frequency: Float64[np.ndarray, " k"], *, regular: bool = False) -> Float64[np.ndarray, " k"]:
        """Share of the constant's chi-square that a harmonic series of each frequency takes away."""
        method = "fast" if regular else "slow" if self.harmonics == 1 else "chi2"
        accuracy = {"trig_sum_kwds": {"eps": 1e-6}} if regular else {}
        power = self.model.power(frequency, "standard", method, regular, method_kwds=accuracy)
        return np.asarray(power)


@dataclass(frozen=True, eq=False)
class Bands:
    """All bands of a light curve that have enough points to fit."""

    bands: tuple[Band, ...]
    span: float

    def power(self, frequency: Float64[np.ndarray, " k"], *, regular: bool = False) -> Float64[np.ndarray, " k"]:
        """``sum chi2_k P_k / sum chi2_k`` over the bands at each frequency [1/d]."""
        total = sum(band.chi2 for band in self.bands)
        return sum((band.chi2 * band.power(frequency, regular=regular) for band in self.bands), np.zeros(len(frequency))) / total

    def peak(self, frequency: float) -> tuple[float, float]:
        """Frequency and power of the highest point within one resolution element of a frequency."""
        near = frequency + np.linspace(-1, 1, 41) / self.span
        near = near[near > 0]
        power = self.power(near)
        best = int(np.argmax(power))
        low, high = near[max(best - 1, 0)], near[min(best + 1, len(near) - 1)]
        found = optimize.minimize_scalar(lambda f: -float(self.power(np.array([f]))[0]), bounds=(low, high), method="bounded")
        return (float(found.x), -float(found.fun)) if -found.fun >= power[best] else (float(near[best]), float(power[best]))

    def log_false_alarm(self, power: float, trials: float) -> float:
        """Log of the probability that noise alone reaches a power at one of some independent frequencies, at most 0.

        The power of Gaussian noise at one frequency has a beta distribution with half the number of amplitudes and of what is left.
        """
        amplitudes = sum(2 * band.harmonics for band in self.bands)
        rest = sum(band.size - 1 for band in self.bands) - amplitudes
        chance = float(stats.beta.logsf(min(power, 1.0), amplitudes / 2, max(rest, 1) / 2)) + float(np.log(max(trials, 1.0)))
        return min(0.0, chance)


def bands_of(observation: Observation, harmonics: int) -> Bands:
    """The bands of a light curve.

    Raises:
        ObservationError: if no band has enough points or any variation.
    """
    points, bands = observation.points, []
    for here in channel_masks(observation):
        time, value, sigma = points.coordinate[here], observation.value[here], points.noise.sigma[here]
        if len(time) < 2 * harmonics + 4:
            continue
        chi2 = float(np.sum(((value - np.average(value, weights=sigma**-2.0)) / sigma) ** 2))
        if chi2 > 0:
            bands.append(Band(LombScargle(time, value, sigma, nterms=harmonics), chi2, len(time), harmonics))
    span = float(np.ptp(points.coordinate)) if len(points) else 0.0
    if not bands or not span > 0:
        raise ObservationError(f"its {len(points)} points are too few, or too equal, to find a period in; give a longer light curve")
    return Bands(tuple(bands), span)


def periodogram(
    bands: Bands, limits: tuple[float, float], report: Callable[[float, float], None]
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Frequency [1/d] and power of one sinusoid on an even grid between two periods, five points to a resolution element.

    Args:
        bands: with one harmonic.
        limits: shortest and longest period [d].
        report: told how much is done.

    Raises:
        ObservationError: if that takes too many.
    """
    low, high = 1 / limits[1], 1 / limits[0]
    number = (high - low) * bands.span * _OVERSAMPLE
    if number > _MOST_TRIALS:
        raise ObservationError(
            f"periods from {limits[0]:g} d on need over {_MOST_TRIALS:,} trials in {bands.span:.5g} d; raise prepare.min_period"
        )
    frequency = low + np.arange(int(number) + 2) / (bands.span * _OVERSAMPLE)
    chunks = np.array_split(frequency, max(1, len(frequency) // _CHUNK))
    power = []
    for done, chunk in enumerate(chunks):
        report(done, len(chunks))
        power.append(bands.power(chunk, regular=True))
    return frequency, np.concatenate(power)


def best_of(bands: Bands, frequency: Float64[np.ndarray, " k"], power: Float64[np.ndarray, " k"]) -> tuple[float, float]:
    """Frequency [1/d] and power of the best series of harmonics about the highest peaks of a periodogram of one sinusoid.

    Half the frequency of each is tried as well, for a cycle with two like waves has its highest peak there.
    """
    if bands.bands[0].harmonics == 1:
        return bands.peak(float(frequency[np.argmax(power)]))
    inner = np.flatnonzero((power[1:-1] >= power[:-2]) & (power[1:-1] >= power[2:])) + 1
    peaks = frequency[np.append(inner, np.argmax(power))]
    peaks = peaks[np.argsort(-power[np.append(inner, np.argmax(power))], kind="stable")][:_CANDIDATES]
    trials = np.concatenate([peaks, 0.5 * peaks[0.5 * peaks > 1 / bands.span]])
    near = trials[:, None] + np.linspace(-0.4, 0.4, 9) / bands.span
    height = bands.power(near.reshape(-1)).reshape(near.shape).max(axis=1)
    found = [bands.peak(float(trials[index])) for index in np.argsort(-height, kind="stable")[:3]]
    return max(found, key=lambda peak: peak[1])


def aliases(bands: Bands, period: float) -> Mapping[str, tuple[float, float]]:
    """Period [d] and power at half and double a period, and where it would lie had it been mistaken by one cycle a day."""
    frequency = 1 / period
    wanted = {"half": 2 * frequency, "double": 0.5 * frequency, "one more cycle a day": frequency + 1}
    wanted["one cycle a day less"] = abs(frequency - 1)
    peaks = {name: bands.peak(value) for name, value in wanted.items() if value > 1 / bands.span}
    return {name: (1 / value, power) for name, (value, power) in peaks.items()}


def period_error(bands: Bands, period: float) -> float:
    """Standard error of a period [d] in white noise, ``s_f = sqrt(6/N) s / (pi T A)`` for each band.

    Montgomery & O'Donoghue (1999, DSSN 13, 28). Of a sinusoid ``A^2/2 = P V`` and ``s^2 = (1 - P) V`` with the power P and the variance V,
    so that ``s/A = sqrt((1 - P) / (2 P))``.
    """
    precision = 0.0
    for band in bands.bands:
        power = float(np.clip(band.power(np.array([1 / period]))[0], 1e-12, 1 - 1e-12))
        precision += band.size / 6 * (np.pi * bands.span) ** 2 * 2 * power / (1 - power)
    return float(period**2 / np.sqrt(precision))


def time_of_maximum(bands: Bands, period: float, middle: float) -> float:
    """The time [d] nearest to a middle at which the harmonic series of the band with most points is highest."""
    band = max(bands.bands, key=lambda one: one.size)
    time = middle + period * (np.arange(2000) / 2000 - 0.5)
    return float(time[int(np.argmax(band.model.model(time, 1 / period)))])


def is_regular(time: Float64[np.ndarray, " n"]) -> bool:
    """Whether most points follow each other at the same step, so that periods below two steps cannot be told from longer ones."""
    steps = np.diff(time)
    steps = steps[steps > 0]
    return len(steps) > 0 and float(np.mean(np.abs(steps / np.median(steps) - 1) < 0.01)) > 0.8
