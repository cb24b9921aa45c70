"""An active galactic nucleus that varies as a damped random walk, in one or several bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import band_parameters, of_channel
from astro_sbi.simulators.base import KnownQuantity, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.gaussian_process import Measured, random_walk, random_walk_one_step
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Prior, loguniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_SHARED = (
    Parameter(
        "tau",
        r"\tau",
        "<i>τ</i>",
        "d",
        "damping time, after which the source has forgotten its brightness (observed frame): a long one makes the curve smooth and slow",
        0.0,
    ),
    Parameter(
        "sigma",
        r"\sigma",
        "<i>σ</i>",
        "",
        "long-term standard deviation of the variation in the first band, relative flux: how far the curve wanders",
        0.0,
    ),
)
_PRIOR = (("tau", loguniform("0.001*baseline", "10*baseline")), ("sigma", loguniform(0.005, 1.0)))


class QuasarVariabilitySimulator(Simulator):
    """One damped random walk seen in every band at once, each with its own mean, amplitude and jitter."""

    name = "quasar_variability"
    title = "Quasar variability"
    kind = "light_curve"
    coordinate_name = "Time from the reference time"
    coordinate_unit = "d"
    value_name = "Relative flux"
    value_unit = ""
    signal = "variability"
    memory = "tau"
    summary = (
        "The light of an accreting black hole wanders at random and is pulled back to its mean. The damping time says how long it "
        "remembers where it was, the amplitude how far it wanders in the long run. Days apart it moves by the amplitude times the root "
        "of twice the time over the damping time, so that a short light curve tells that ratio well and the damping time badly. "
        "Jitter is scatter from point to point beyond the quoted errors."
    )
    reference = (
        "Kelly, Bechtold & Siemiginowska 2009, ApJ 698, 895, eqs. 1-12 (damped random walk); MacLeod et al. 2010, ApJ 721, 1014 "
        "(structure function); Kozlowski 2017, A&A 597, A128 (how long a light curve must be)"
    )
    caveats = (
        "All bands follow one and the same process without lags; each has its own mean, amplitude and jitter.",
        "Times are as observed: divide the damping time by 1 + z for that in the frame of the source.",
        "Flux, not its logarithm, is the Gaussian process, which suits amplitudes well below one; light of the host galaxy dilutes them.",
        "Power spectra steeper than a damped random walk at short times, as of nearby nuclei, are not described.",
        "Where the damping time is above a tenth of the length of the light curve, its prior decides as much as the data.",
    )
    derived_parameters = (
        Parameter("log10_tau", r"\log_{10}\tau", "log<sub>10</sub> <i>τ</i>", "", "decimal logarithm of the damping time in days"),
        Parameter(
            "sf_inf", r"\mathrm{SF}_\infty", "SF<sub>∞</sub>", "", "structure function at long lags, root of 2 times sigma, relative flux"
        ),
        Parameter(
            "sigma_hat", r"\hat\sigma", "<i>σ̂</i>", "d(-1/2)", "short-term variability, sigma times the root of 2 over tau, relative flux"
        ),
    )
    known = (
        KnownQuantity("baseline", "d", "time from the first point to the last"),
        KnownQuantity("reference_time", "d", "time from which times are counted, in the time system of the observation", 0.0),
    )
    channels = ("",)

    def __init__(self, channels: tuple[str, ...] = ("",)) -> None:
        self.channels = channels
        parameters, prior = band_parameters(channels, "sigma", loguniform(1e-4, 0.3))
        self.parameters, self.prior = (*_SHARED, *parameters), Prior((*_PRIOR, *prior))

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> QuasarVariabilitySimulator:
        """Mean, amplitude and jitter for each band."""
        return QuasarVariabilitySimulator(channels)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean of each point's band."""
        return of_channel(theta, "mean", pattern, len(self.channels))

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``sqrt(error^2 + jitter^2)`` with the jitter of the band."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, of_channel(theta, "jitter", pattern, len(self.channels)))

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean and amplitude of the band times one damped random walk."""
        return self.predict(theta, pattern) + self._scale(theta, pattern) * random_walk(key, pattern.coordinate, theta["tau"])

    def one_step(self, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Each value given those before it in any band."""
        import jax.numpy as jnp

        mean, noise = self.predict(theta, pattern), self.noise(theta, pattern)
        measured = Measured(pattern.coordinate, self._scale(theta, pattern), noise, pattern.used)
        expected, variance = random_walk_one_step(value - mean, measured, theta["tau"])
        return mean + expected, jnp.sqrt(variance + noise**2)

    def _scale(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        return theta["sigma"] * of_channel(theta, "ratio", pattern, len(self.channels))

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """``log10 tau``, ``SF_inf = sqrt(2) sigma`` and ``sigma_hat = sigma sqrt(2 / tau)`` (MacLeod et al. 2010, section 2)."""
        tau, sigma = np.asarray(theta["tau"], np.float64), np.asarray(theta["sigma"], np.float64)
        return {"log10_tau": np.log10(tau), "sf_inf": np.sqrt(2) * sigma, "sigma_hat": sigma * np.sqrt(2 / tau)}

    def null(self, theta: Theta) -> dict[str, Any]:
        """A source of constant brightness."""
        return {**theta, "sigma": 0.0 * theta["sigma"]}

    def default_points(self) -> Points:
        """Six seasons of 30 nights each over 2,000 days, 2 % errors."""
        nights, seasons = np.linspace(0.0, 175.0, 30), np.arange(6) * 365.25
        time = (seasons[:, None] + nights).reshape(-1) - 1000.0
        size = len(time)
        known = {"baseline": np.ptp(time) * u.d, "reference_time": 57000.0 * u.d}
        return Points(time, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, 0.02)), known)

    def random_points(self, rng: np.random.Generator) -> Points:
        """From a season to half a century, and the length of it."""
        points = random_pattern(self, rng, Sampling(stretch=(0.1, 10.0), size=(30, 1024), families=("survey", "follow-up")))
        return replace(points, known={**points.known, "baseline": np.ptp(points.coordinate) * u.d})

    @property
    def preparation(self) -> Preparation:
        """Relative flux; averaged in time only where there are very many points."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.outliers import OFF, Outliers
        from astro_sbi.observations.steps.reference_time import FromReferenceTime
        from astro_sbi.observations.steps.relative_flux import RelativeFlux
        from astro_sbi.observations.steps.time_bins import BinManyInTime

        return Preparation((Cut(), Outliers(outliers=OFF), RelativeFlux(), BinManyInTime(), FromReferenceTime()))
