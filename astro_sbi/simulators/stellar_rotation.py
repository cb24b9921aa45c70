"""A spotted star that turns: a Gaussian process with a quasi-period and its first harmonic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import band_parameters, of_channel
from astro_sbi.simulators.base import KnownQuantity, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.gaussian_process import Measured, Oscillator, oscillation, oscillator, rotation_one_step
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Prior, loguniform, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_SHARED = (
    Parameter("period", "P", "<i>P</i>", "d", "rotation period: the waves repeat after it, as long as the spots live", 1e-3),
    Parameter(
        "amplitude",
        r"\sigma",
        "<i>σ</i>",
        "",
        "standard deviation of the variation in the first channel, relative flux: the height of the waves",
        0.0,
    ),
    Parameter(
        "quality",
        "Q",
        "<i>Q</i>",
        "",
        "quality of the oscillation at the period, pi times the rotations until spots have changed: a high one repeats wave by wave",
        0.51,
        1e6,
    ),
    Parameter(
        "quality_ratio",
        r"q_\mathrm{half}",
        "<i>q</i><sub>half</sub>",
        "",
        "quality at half the period over that at the period, one half taken from each: how long the second wave of a turn repeats",
        1e-3,
        1.0,
    ),
    Parameter(
        "mix",
        "f",
        "<i>f</i>",
        "",
        "variance at half the period over that at the period: a high one makes two waves a turn, as spots on both sides do",
        0.0,
    ),
)
_PRIOR = (
    ("period", loguniform("0.5*period_guess", "2*period_guess")),
    ("amplitude", loguniform(1e-5, 0.5)),
    ("quality", loguniform(0.75, 1e4)),
    ("quality_ratio", uniform(0.05, 1.0)),
    ("mix", loguniform(1e-3, 3.0)),
)


def qualities(theta: Mapping[str, Any]) -> tuple[Any, Any]:
    """Quality of the oscillations at the period and at half of it, the latter never higher: ``Q2 = 1/2 + r (Q1 - 1/2)``."""
    return theta["quality"], 0.5 + theta["quality_ratio"] * (theta["quality"] - 0.5)


class StellarRotationSimulator(Simulator):
    """Two damped oscillators driven at random, at the rotation period and at half of it."""

    name = "stellar_rotation"
    title = "Stellar rotation"
    kind = "light_curve"
    coordinate_name = "Time from the reference time"
    coordinate_unit = "d"
    value_name = "Relative flux"
    value_unit = ""
    signal = "rotation"
    period = "period"
    summary = (
        "Spots that turn in and out of sight dim a star once in each rotation, or twice where they lie on both sides. "
        "The period is the star's; the amplitude tells how uneven its surface is, and the mix how much of the variation repeats after "
        "half a turn. The quality tells after how many rotations spots have changed: a high one makes a clock, a low one a blur."
    )
    reference = (
        "Foreman-Mackey, Agol, Ambikasaran & Angus 2017, AJ 154, 220 (oscillators and their kernel); celerite2's RotationTerm "
        "(parameters); Angus et al. 2018, MNRAS 474, 2094 (Gaussian processes for rotation)"
    )
    caveats = (
        "The period is searched between half and twice the peak of the periodogram; where that peak is a harmonic of another order, "
        "give the period (prepare.period).",
        "Half or double the true period fits well where spots lie on opposite sides of the star: look for a second peak.",
        "Latitudes that turn at different rates, a third wave to a rotation, flares and eclipses are not described; pulsators and close "
        "binaries vary periodically too.",
        "Slow trends of the instrument pass for variation of the star, and where they were removed, long periods went with them.",
        "A bin or an exposure that is not short against half the period weakens the variation, which is allowed for on average.",
    )
    derived_parameters = (
        Parameter("q0", "Q_0", "<i>Q</i><sub>0</sub>", "", "celerite's Q0: quality of the oscillation at half the period, minus one half"),
        Parameter("dq", r"\Delta Q", "Δ<i>Q</i>", "", "celerite's dQ: quality at the period minus that at half the period"),
        Parameter(
            "coherence_time",
            r"\tau_\mathrm{coh}",
            "<i>τ</i><sub>coh</sub>",
            "d",
            "time after which the oscillation at the period has lost its phase (e-folding)",
        ),
        Parameter("frequency", r"\nu", "<i>ν</i>", "1 / d", "rotations per day"),
    )
    known = (
        KnownQuantity("period_guess", "d", "period at the peak of the periodogram", from_data=True),
        KnownQuantity("bin_width", "d", "length of a bin in time", 0.0),
        KnownQuantity("exposure_time", "d", "length of one cadence", 0.0),
        KnownQuantity("reference_time", "d", "time from which times are counted, in the time system of the observation", 0.0),
    )

    def __init__(self, channels: tuple[str, ...] = ("",)) -> None:
        self.channels = channels
        parameters, prior = band_parameters(channels, "amplitude", loguniform(1e-6, 0.1))
        self.parameters, self.prior = (*_SHARED, *parameters), Prior((*_PRIOR, *prior))

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> StellarRotationSimulator:
        """Mean, amplitude and jitter for each channel."""
        return StellarRotationSimulator(channels)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean of each point's channel."""
        return of_channel(theta, "mean", pattern, len(self.channels))

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``sqrt(error^2 + jitter^2)`` with the jitter of the channel."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, of_channel(theta, "jitter", pattern, len(self.channels)))

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean and amplitude of the channel times the sum of both oscillations."""
        import jax

        keys = jax.random.split(key)
        drawn = [oscillation(one, pattern.coordinate, term) for one, term in zip(keys, _terms(theta, pattern), strict=True)]
        return self.predict(theta, pattern) + self._scale(theta, pattern) * (drawn[0] + drawn[1])

    def one_step(self, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Each value given those before it."""
        import jax.numpy as jnp

        mean, noise = self.predict(theta, pattern), self.noise(theta, pattern)
        measured = Measured(pattern.coordinate, self._scale(theta, pattern), noise, pattern.used)
        expected, variance = rotation_one_step(value - mean, measured, *_terms(theta, pattern))
        return mean + expected, jnp.sqrt(variance + noise**2)

    def _scale(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        return theta["amplitude"] * of_channel(theta, "ratio", pattern, len(self.channels))

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Parameters of celerite, coherence time ``2 Q1 / omega1`` and frequency."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        first, second = qualities(draws)
        omega = 2 * np.pi / draws["period"] / np.sqrt(1 - 0.25 / first**2)
        return {"q0": second - 0.5, "dq": first - second, "coherence_time": 2 * first / omega, "frequency": 1 / draws["period"]}

    def default_points(self) -> Points:
        """A TESS sector of a star that turns in 3.2 days: 27 days in bins of three hours, with a gap, 300 ppm."""
        time = np.arange(-13.5, 13.5, 0.125)
        time = time[np.abs(time) > 0.6]
        size = len(time)
        known = {"period_guess": 3.2 * u.d, "bin_width": 0.125 * u.d, "exposure_time": (120 * u.s).to(u.d), "reference_time": 1340.0 * u.d}
        return Points(time, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, 3e-4)), known)

    def random_points(self, rng: np.random.Generator) -> Points:
        """From half a sector of a space mission to several months, with points enough to see the star turn."""
        return random_pattern(self, rng, Sampling(stretch=(0.5, 6.0), size=(100, 1024)))

    @property
    def preparation(self) -> Preparation:
        """Relative flux without slow trends, the period's guess, and bins that leave eight points or more in a period."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.find_period import FindPeriod
        from astro_sbi.observations.steps.outliers import Outliers
        from astro_sbi.observations.steps.reference_time import FromReferenceTime
        from astro_sbi.observations.steps.relative_flux import RelativeFlux
        from astro_sbi.observations.steps.slow_trend import SlowTrend
        from astro_sbi.observations.steps.time_bins import BinManyInTime

        near = Outliers(outlier_centre="running")
        return Preparation((Cut(), near, RelativeFlux(), FindPeriod(), SlowTrend(), BinManyInTime(), FromReferenceTime()))


def _terms(theta: Theta, pattern: Pattern) -> tuple[Oscillator, Oscillator]:
    r"""The two oscillators, their variances adding to one, weakened by bin and exposure.

    Damped, they swing with the period and half of it: :math:`\omega_k \sqrt{1 - 1/(4 Q_k^2)} = 2 \pi k / P`; their variances are
    :math:`1 / (1 + f)` and :math:`f / (1 + f)`. An average over a time w takes :math:`\mathrm{sinc}^2(k w / P)` of the variance.
    """
    import jax.numpy as jnp

    known, terms = pattern.known, []
    shares = 1 / (1 + theta["mix"]), theta["mix"] / (1 + theta["mix"])
    for order, (share, value) in enumerate(zip(shares, qualities(theta), strict=True), 1):
        cycles = order / theta["period"]
        damped = jnp.sqrt((1 - 0.5 / value) * (1 + 0.5 / value))
        seen = jnp.sinc(cycles * jnp.mean(known["bin_width"])) * jnp.sinc(cycles * jnp.mean(known["exposure_time"]))
        terms.append(oscillator(2 * jnp.pi * cycles / damped, value, share * seen**2))
    return terms[0], terms[1]
