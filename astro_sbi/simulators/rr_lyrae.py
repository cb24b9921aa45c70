"""A pulsating star in one or several bands: a Fourier series of magnitudes whose shape all bands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import of_channel
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Pattern, Simulator, Theta
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.pulsation import box_average, extremes, ratio_and_phase, series
from astro_sbi.simulators.pulsation_parameters import (
    GUESSED,
    TIMES,
    band_parameters,
    derived_parameters_of,
    jitter_parameter,
    shape_parameters,
)

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

#: Relative change of flux by one magnitude.
_PER_MAGNITUDE = 0.4 * float(np.log(10))


class RRLyraeSimulator(Simulator):
    """A pulsating star: one period and one shape, with mean magnitude and amplitude of each band."""

    name = "rr_lyrae"
    title = "RR Lyrae star"
    kind = "light_curve"
    coordinate_name = "Time from the reference time"
    coordinate_unit = "d"
    value_name = "Flux"
    value_unit = ""
    signal = "pulsation"
    period = "period"
    summary = (
        "A star swells and shrinks and its light goes up and down, in every band with one period and nearly one shape. The period is "
        "told by how far the last cycles have drifted from the first; the harmonics make the rise steeper than the fall; each band has "
        "its mean magnitude and its amplitude, larger in the blue where the change of temperature counts most. Jitter is what cycles "
        "differ in."
    )
    reference = (
        "VanderPlas & Ivezic 2015, ApJ 812, 18 (periods from several bands); Simon & Lee 1981, ApJ 248, 291 (R21, phi21, R31, phi31); "
        "Sesar et al. 2010, ApJ 708, 717 (RR Lyrae stars in ugriz)"
    )
    caveats = (
        "All bands share one shape and one time of maximum; real stars lag by a few hundredths of a cycle from blue to red.",
        "Every cycle is the same: modulation (the Blazhko effect) and changes of period are left to the jitter, which does not know that "
        "points of one night share them, so that errors come out too small; the check of the residuals says by how much.",
        "The period is looked for within two resolution elements of the periodogram's peak; try an alias by prepare.period.",
        "Periods between 0.2 and 1.3 d are searched; change prepare.max_period for Cepheids.",
        "Magnitudes are those of the file, AB where it has flux densities, and else -2.5 log10 of its flux.",
    )
    options = (
        ModelOption("harmonics", ("4", "1", "2", "3", "5", "6", "8"), "number of harmonics in the shape of the light curve"),
        ModelOption("jitter", ("shared", "each band"), "one scatter beyond the quoted errors, or one of each band"),
    )

    def __init__(self, channels: tuple[str, ...] = ("g", "r", "i"), harmonics: str = "4", jitter: str = "shared") -> None:
        """Three bands, four harmonics and one jitter, or what the observation and the user say.

        Args:
            channels: bands.
            harmonics: choice of the option.
            jitter: choice of the option.
        """
        self.channels, self.harmonics = channels, int(harmonics)
        bands = tuple(enumerate(channels, 1))
        described = [*TIMES, *shape_parameters(self.harmonics)]
        described += [one for number, channel in bands for one in band_parameters(channel, number)]
        described += (
            [jitter_parameter("", 0, "jitter")]
            if jitter == "shared"
            else [jitter_parameter(channel, number, f"jitter_{number}") for number, channel in bands]
        )
        self.parameters = tuple(parameter for parameter, _ in described)
        self.prior = Prior(tuple((parameter.name, distribution) for parameter, distribution in described))
        self.derived_parameters = derived_parameters_of(channels, self.harmonics)
        levels = (
            KnownQuantity(f"level_{number}", "mag", f"median magnitude {channel}".strip(), from_data=True) for number, channel in bands
        )
        self.known = (*GUESSED, *levels)

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> RRLyraeSimulator:
        """With mean and amplitude for each band."""
        return RRLyraeSimulator(channels, **options)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``10^(-0.4 (m - A series - zero))``.

        The phase is the one at the guessed period, which was computed in double precision, and a small change of it:
        ``(t - t_guess) / P_guess`` times ``-x / (1 + x)`` with ``x = dP / P_guess``. The flux is averaged over exposure and bin.
        """
        import jax.numpy as jnp

        known = pattern.known
        cycles = (pattern.coordinate - known["epoch_from_reference"]) / known["period_guess"]
        change = theta["period_offset"] / known["period_guess"]
        phase = known["phase_guess"] - (cycles * change + theta["epoch_offset"] / known["period_guess"]) / (1 + change)
        widths = (known[name] / known["period_guess"] for name in ("exposure_time", "bin_width"))
        apart, share = (part + jnp.zeros_like(phase) for part in box_average(*widths))
        mean, amplitude = (of_channel(theta, name, pattern, len(self.channels)) for name in ("magnitude", "amplitude"))
        nodes = jnp.stack([phase - apart, phase, phase + apart])
        magnitude = mean - amplitude * series(nodes, self._harmonics(theta), jnp)
        flux = jnp.exp(-_PER_MAGNITUDE * (magnitude - known["zero_magnitude"]))
        return share * (flux[0] + flux[2]) + (1 - 2 * share) * flux[1]

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors, and jitter in magnitudes as a share of the flux expected."""
        import jax.numpy as jnp

        jitter = theta["jitter"] if "jitter" in theta else of_channel(theta, "jitter", pattern, len(self.channels))
        return jnp.hypot(pattern.sigma, _PER_MAGNITUDE * jitter * self.predict(theta, pattern))

    def _harmonics(self, theta: Theta) -> list[tuple[Any, Any]]:
        """All of them, over the first one."""
        return [(1.0, 0.0), *((theta[f"cos_{order}"], theta[f"sin_{order}"]) for order in range(2, self.harmonics + 1))]

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Period, time of maximum light, shape and full amplitudes, in float64."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        size = np.shape(draws["period_offset"])
        pairs = [np.stack([np.broadcast_to(part, size) for part in pair], axis=-1) for pair in self._harmonics(draws)]
        height, place = extremes(np.stack(pairs, axis=1))
        period = known["period_guess"] + draws["period_offset"]
        found = {"period": period, "time_of_maximum": known["epoch_guess"] + draws["epoch_offset"] + place * period}
        for order in range(2, min(self.harmonics, 3) + 1):
            found[f"r{order}1"], found[f"phi{order}1"] = ratio_and_phase(draws[f"cos_{order}"], draws[f"sin_{order}"], order)
        amplitudes = {f"full_amplitude_{number}": height * draws[f"amplitude_{number}"] for number in range(1, len(self.channels) + 1)}
        return found | amplitudes

    def null(self, theta: Theta) -> dict[str, Any]:
        """A constant star."""
        return {name: 0.0 * value if name.startswith("amplitude_") else value for name, value in theta.items()}

    def default_points(self) -> Points:
        """A star of 17 mag, 50 nights in three years in g, r and i one after the other, with errors of 0.02 mag."""
        rng, nights, bands = np.random.default_rng(3), 50, len(self.channels)
        night = np.sort(rng.choice(np.concatenate([365 * year + np.arange(120) for year in range(3)]), nights, replace=False)) - 420.0
        time = (night + rng.uniform(-0.15, 0.15, nights))[:, None] + 0.001 * np.arange(bands)
        channel = np.tile(np.arange(bands, dtype=np.int32), nights)
        level, period, epoch = np.linspace(17.2, 17.0, bands), 0.55, 0.2
        cycle = (time.reshape(-1) - epoch) / period
        quantities = {
            "period_guess": period * u.d,
            "epoch_guess": (59000.0 + epoch) * u.d,
            "epoch_from_reference": epoch * u.d,
            "period_resolution": period**2 / np.ptp(time) * u.d,
            "phase_guess": (cycle - np.floor(cycle + 0.5)) * u.one,
            "zero_magnitude": 17.0 * u.mag,
            "exposure_time": (54 * u.s).to(u.d),
            "bin_width": 0.0 * u.d,
            "log_trials": 9.0 * u.one,
        }
        quantities |= {f"level_{number}": value * u.mag for number, value in enumerate(level, 1)}
        sigma = 0.02 * _PER_MAGNITUDE * 10 ** (-0.4 * (level[channel] - 17.0))
        return Points(time.reshape(-1), channel, np.ones(len(channel), bool), Noise(sigma), quantities)

    def random_points(self, rng: np.random.Generator) -> Points:
        """Months to years, with the phase of each point and what the length resolves of the period."""
        points = random_pattern(self, rng, Sampling(stretch=(0.1, 2.0), size=(60, 1024)))
        known, time = points.known, points.coordinate
        period = known["period_guess"].to_value(u.d)
        cycle = (time - known["epoch_from_reference"].to_value(u.d)) / period
        told = {"phase_guess": (cycle - np.floor(cycle + 0.5)) * u.one, "period_resolution": period**2 / np.ptp(time) * u.d}
        return replace(points, known={**known, **told})

    @property
    def preparation(self) -> Preparation:
        """Drop outliers, find the period with three harmonics, bin what is dense and count times from its middle."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.band_levels import BandLevels
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.find_period import FindPeriod
        from astro_sbi.observations.steps.guessed_phase import GuessedPhase
        from astro_sbi.observations.steps.outliers import Outliers
        from astro_sbi.observations.steps.period_bins import BinDensePeriods
        from astro_sbi.observations.steps.reference_time import FromReferenceTime

        search = FindPeriod(min_period=0.2, max_period=1.3, harmonics=3)
        return Preparation((Cut(), Outliers(), search, BinDensePeriods(), GuessedPhase(), FromReferenceTime(), BandLevels()))
