"""A star that one or two planets pull to and fro: its velocity along the line of sight, by one or several instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import of_channel
from astro_sbi.simulators.base import ModelOption, Pattern, Simulator, Theta
from astro_sbi.simulators.orbit import centred, conjunction_longitude, eccentricity_vector, minimum_mass, semi_major_axis
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.planets import (
    instrument_parameters,
    known_of_planet,
    known_of_velocities,
    orbit_parameters,
    planet_parameters,
    trend_parameter,
)
from astro_sbi.simulators.prior import Prior

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

#: Days in a Julian year.
_YEAR = 365.25
_JUPITER_MASSES = float((1 * u.Msun).to_value(u.Mjup))


class RadialVelocitySimulator(Simulator):
    """Kepler orbits of one or two planets that do not pull on each other, with an offset and a jitter for each instrument."""

    name = "radial_velocity"
    title = "Radial velocities"
    kind = "velocities"
    coordinate_name = "Time"
    coordinate_unit = "d"
    value_name = "Radial velocity"
    value_unit = "m / s"
    signal = "planet"
    period = "period"
    summary = (
        "A planet makes its star circle their common centre of mass, and the star's lines shift to and fro with the orbital period. "
        "The semi-amplitude K tells the planet's mass times the sine of the unknown inclination; the phase tells when it passes in front. "
        "An eccentric orbit makes the curve pointed: e tells how much and omega where. "
        "Each instrument has an offset of its own and a jitter for what the star and the instrument add to the quoted errors."
    )
    reference = (
        "Murray & Correia 2010, arXiv:1009.1738 (velocity, mass function); Walker, Ireland & Owens 1985, Celest. Mech. 36, 409 (elements "
        "regular at e = 0); Danby 1987, Celest. Mech. 40, 303 (Kepler's equation); Kipping 2013, MNRAS 434, L51 (prior of e)"
    )
    caveats = (
        "M sin i and the semi-major axis are for the stellar mass given with prepare.stellar_mass, 1 solar mass if none was, without its "
        "error.",
        "The period is looked for near the one that the periodogram found; an alias or a harmonic found instead stays one: look at the "
        "periodogram, or give prepare.period.",
        "Planets do not pull on each other; no light-travel time, no relativity; a distant companion's pull only as a linear trend "
        "(model.trend=linear).",
        "The jitter is independent from point to point; spots that turn with the star make red noise or a period of their own.",
        "Eccentricities end at 0.95.",
    )
    options = (
        ModelOption("planets", ("1", "2"), "number of planets"),
        ModelOption("eccentricity", ("beta", "uniform", "zero"), "prior of e: Kipping's beta distribution, uniform, or a circular orbit"),
        ModelOption("trend", ("none", "linear"), "whether the velocity drifts steadily as well, as a distant companion makes it"),
    )

    def __init__(
        self, channels: tuple[str, ...] = ("velocities",), planets: str = "1", eccentricity: str = "beta", trend: str = "none"
    ) -> None:
        """One planet seen by one instrument, or what the observation and the user say.

        Args:
            channels: names of the instruments.
            planets: choice of the option.
            eccentricity: choice of the option.
            trend: choice of the option.
        """
        self.channels, self._shape, self._drifts = channels, eccentricity, trend == "linear"
        self._suffixes = ("", "_2")[: int(planets)]
        circular, count = eccentricity == "zero", len(self._suffixes)
        chosen = [pair for suffix in self._suffixes for pair in planet_parameters(suffix, count, circular=circular)]
        chosen += (trend_parameter() if self._drifts else []) + instrument_parameters(channels)
        self.parameters = tuple(parameter for parameter, _ in chosen)
        self.prior = Prior(tuple((parameter.name, distribution) for parameter, distribution in chosen))
        self.derived_parameters = tuple(each for suffix in self._suffixes for each in orbit_parameters(suffix, count, circular=circular))
        self.known = (
            *(each for suffix in self._suffixes for each in known_of_planet(suffix)),
            *known_of_velocities(len(channels), trend=self._drifts),
        )

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> RadialVelocitySimulator:
        """With the planets and the drift that were chosen, for these instruments."""
        return RadialVelocitySimulator(channels, **options)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``offset + trend t + sum K (cos(omega + f) + e cos(omega))``, t from the reference time."""
        import jax.numpy as jnp

        from astro_sbi.simulators.kepler import unit_velocity

        velocity = of_channel(theta, "offset", pattern, len(self.channels))
        if self._drifts:
            velocity += theta["trend"] * pattern.coordinate / _YEAR
        for suffix in self._suffixes:
            cycles = (pattern.coordinate - pattern.known[f"epoch_middle{suffix}"]) / theta[f"period{suffix}"] - theta[f"phase{suffix}"]
            longitude = 2 * jnp.pi * (cycles - jnp.round(cycles))
            velocity += theta[f"semi_amplitude{suffix}"] * unit_velocity(longitude, *self._vector(theta, suffix, jnp))
        return velocity

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``sqrt(sigma^2 + jitter^2)`` with the jitter of the instrument."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, of_channel(theta, "jitter", pattern, len(self.channels)))

    def _vector(self, theta: Theta, suffix: str, xp: Any = np) -> tuple[Any, Any]:
        """``e cos(omega)`` and ``e sin(omega)``."""
        if self._shape == "zero":
            return 0.0 * theta[f"period{suffix}"], 0.0 * theta[f"period{suffix}"]
        return eccentricity_vector(theta[f"eccentricity_x{suffix}"], theta[f"eccentricity_y{suffix}"], self._shape, xp)

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Shape, times, minimum mass and size of each orbit, in float64."""
        draws, found = {name: np.asarray(value, np.float64) for name, value in theta.items()}, {}
        for suffix in self._suffixes:
            found |= self._orbit(draws, known, suffix)
        return found

    def _orbit(self, theta: dict[str, np.ndarray], known: Mapping[str, np.ndarray], suffix: str) -> dict[str, np.ndarray]:
        period, amplitude = theta[f"period{suffix}"], theta[f"semi_amplitude{suffix}"]
        k, h = self._vector(theta, suffix)
        e, omega = np.hypot(k, h), centred(np.arctan2(h, k))
        start = known["reference_time"] + known[f"epoch_middle{suffix}"] + period * theta[f"phase{suffix}"]
        # Mean longitude is omega at periastron; whole turns of all draws alike bring it near the middle.
        turns = np.rint(np.mean(omega) / (2 * np.pi))
        mass = minimum_mass(amplitude, period, e, known["stellar_mass"])
        shape = {
            f"eccentricity{suffix}": e,
            f"periastron_angle{suffix}": np.degrees(omega),
            f"time_of_periastron{suffix}": start + period * (omega / (2 * np.pi) - turns),
        }
        return (shape if self._shape != "zero" else {}) | {
            f"time_of_conjunction{suffix}": start + period * conjunction_longitude(k, h) / (2 * np.pi),
            f"minimum_mass{suffix}": _JUPITER_MASSES * mass,
            f"semi_major_axis{suffix}": semi_major_axis(period, known["stellar_mass"] + mass),
        }

    def null(self, theta: Theta) -> dict[str, Any]:
        """No planet: a constant velocity for each instrument."""
        return {name: 0.0 * value if name.startswith("semi_amplitude") else value for name, value in theta.items()}

    def default_points(self) -> Points:
        """60 nights in two seasons with errors of 2 to 4 m/s, a planet of 12 d found by its periodogram, and one of 40 d."""
        rng, span = np.random.default_rng(11), 484.0
        night = np.sort(np.concatenate([rng.choice(120, 30, replace=False) - 242.0, rng.choice(120, 30, replace=False) + 123.0]))
        known = {
            "reference_time": 2458849.0 * u.d,
            "velocity_scale": 40.0 * u.m / u.s,
            "velocity_error": 3.0 * u.m / u.s,
            "stellar_mass": 1.0 * u.Msun,
            "log_trials": 0.0 * u.one,
        }
        known |= {"velocity_trend": 60.0 * u.m / u.s / u.yr} if self._drifts else {}
        known |= {f"velocity_centre_{number + 1}": 0.0 * u.m / u.s for number in range(len(self.channels))}
        for suffix, period in zip(self._suffixes, (12.0, 40.0), strict=False):
            known[f"period_guess{suffix}"] = period * u.d
            known[f"period_tolerance{suffix}"] = period**2 / span * u.d
            known[f"epoch_middle{suffix}"] = 3.0 * u.d
        channel = (np.arange(60) % len(self.channels)).astype(np.int32)
        return Points(night + rng.uniform(-0.2, 0.2, 60), channel, np.ones(60, bool), Noise(rng.uniform(2.0, 4.0, 60)), known)

    def random_points(self, rng: np.random.Generator) -> Points:
        """Months to a decade of nights, and what priors are made of: errors, windows of the periods, epochs in the middle."""
        points = random_pattern(self, rng, Sampling(stretch=(0.3, 8.0), size=(16, 400), families=("survey", "follow-up")))
        known, span, middle = dict(points.known), float(np.ptp(points.coordinate)), float(np.mean(points.coordinate))
        error = float(np.median(points.noise.sigma)) * u.m / u.s
        known |= {"velocity_error": error, "velocity_scale": np.maximum(known["velocity_scale"], error)}
        known |= {"velocity_trend": 2 * known["velocity_scale"] / (span * u.d)} if self._drifts else {}
        for suffix in self._suffixes:
            period, epoch = (known[f"{name}{suffix}"].to_value(u.d) for name in ("period_guess", "epoch_middle"))
            known[f"period_tolerance{suffix}"] = min(period**2 / span, 0.5 * period) * u.d
            known[f"epoch_middle{suffix}"] = (epoch + period * np.rint((middle - epoch) / period)) * u.d
        return replace(points, known=known)

    @property
    def preparation(self) -> Preparation:
        """Find the period or periods, count times from the middle; no outlier is dropped, for periastron may look like one."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.find_period import FindPeriod
        from astro_sbi.observations.steps.nights import NightlyBins
        from astro_sbi.observations.steps.offsets import InstrumentOffsets
        from astro_sbi.observations.steps.outliers import OFF, Outliers
        from astro_sbi.observations.steps.reference_time import FromReferenceTime
        from astro_sbi.observations.steps.second_period import FindSecondPeriod
        from astro_sbi.observations.steps.stellar_mass import StellarMass
        from astro_sbi.observations.steps.velocity_ranges import VelocityRanges

        search = (FindPeriod(min_period=1.0), *((FindSecondPeriod(),) if len(self._suffixes) > 1 else ()))
        first = (Cut(), Outliers(outliers=OFF), NightlyBins(), InstrumentOffsets())
        return Preparation((*first, *search, FromReferenceTime(), VelocityRanges(), StellarMass()))
