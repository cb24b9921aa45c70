"""The flares of a star: how often, how strong, how long; an unknown number of them, overlapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import KnownQuantity, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Prior, loguniform, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_STRONGEST, _WINDOW = 256, 64
_MINUTES_PER_DAY = 1440.0
# What is slower than the first [d] is the star's rotation, not its flares; exposures are averaged to the second [d], so that a flare
# fits its window.
_SLOW, _SHORTEST = 0.4, 0.007
#: Excess over the quiet star, in quoted errors, above which points, rises and light are counted.
_LEVELS = (2.0, 3.0, 4.0, 6.0, 9.0, 13.0, 20.0, 30.0, 45.0, 70.0, 100.0, 150.0, 250.0, 400.0, 700.0, 1200.0)


class FlareActivitySimulator(Simulator):
    """A Poisson process of flares with a power law of energies, all of one template, seen through the exposures."""

    name = "flare_activity"
    title = "Stellar flares"
    kind = "light_curve"
    implicit = True
    coordinate_name = "Time"
    coordinate_unit = "d"
    value_name = "Relative flux"
    value_unit = ""
    signal = "flares"
    summary = (
        "An active star flares: magnetic fields reconnect and its light jumps and fades within minutes to hours. "
        "The rate tells how often, the slope of the energies how rare the strong ones are, the width how long they last. "
        "Their number is unknown and they overlap, so the likelihood would be a sum over every way to split the light into flares: "
        "it cannot be computed. Only simulation-based inference answers here, and nothing corrects the flow afterwards."
    )
    reference = (
        "Davenport et al. 2014, ApJ 797, 122, eqs. 1 and 4 (shape of a flare); Lacy, Moffett & Evans 1976, ApJS 30, 85 "
        "(power law of energies); Maehara et al. 2015, EPS 67, 59 (length grows with the cube root of energy)"
    )
    caveats = (
        "No likelihood: the posterior is the flow's own, and its verdict can never be better than caution.",
        "All flares have one shape, without pulsations or complex peaks; their lengths scatter by 0.2 dex about the cube-root law.",
        "Flares come independently of each other and of the star's rotation.",
        "Energies are equivalent durations: seconds of the quiet star's light in the observed band.",
        f"The {_STRONGEST} strongest flares are followed, each for {_WINDOW} exposures: light beyond them is left out.",
        "The flow sees counts of points, of rises and of light above sixteen levels, not the light curve itself.",
        "Light is counted from the lower quartile of sixteen points in a row; with the slow trend that is divided out before, tails of "
        "flares are partly taken for the quiet star: of a star that varies by 1 % within days, widths came out a quarter too short.",
    )
    parameters = (
        Parameter(
            "flare_rate",
            r"\nu_{10}",
            "ν<sub>10</sub>",
            "1 / d",
            "flares a day with an equivalent duration above 10 s: how often the light jumps",
            0.0,
        ),
        Parameter(
            "energy_slope",
            r"\alpha",
            "α",
            "",
            "slope of the energies, dN/dE ~ E^-α: a steep one makes strong flares rare and weak ones many",
            1.01,
            4.0,
        ),
        Parameter(
            "flare_width",
            r"w_{10}",
            "<i>w</i><sub>10</sub>",
            "min",
            "full width at half maximum of a flare of 10 s: a long flare of the same energy is a low one",
            0.01,
        ),
        Parameter("noise_scale", "s", "<i>s</i>", "", "noise over quoted errors: scatters the points", 1e-3),
    )
    derived_parameters = (
        Parameter("strong_rate", r"\nu_{100}", "ν<sub>100</sub>", "1 / d", "flares a day with an equivalent duration above 100 s"),
        Parameter("cumulative_slope", r"\beta", "β", "", "slope of the cumulative frequency, N(>E) ~ E^-β"),
    )
    prior = Prior(
        (
            ("flare_rate", loguniform(0.003, 3.0)),
            ("energy_slope", uniform(1.3, 2.7)),
            ("flare_width", loguniform(1.0, 30.0)),
            ("noise_scale", loguniform(0.5, 5.0)),
        )
    )
    known = (
        KnownQuantity("exposure_time", "d", "length of one exposure", 0.0),
        KnownQuantity("bin_width", "d", "width of a bin, where exposures were averaged", 0.0),
    )

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """The quiet star: one."""
        import jax.numpy as jnp

        return jnp.ones_like(pattern.coordinate)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors times the noise scale."""
        return theta["noise_scale"] * pattern.sigma

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """The quiet star with one draw of its flares."""
        import jax.numpy as jnp

        from astro_sbi.simulators.flares import Cadence, FlarePopulation, flare_light

        population = FlarePopulation(theta["flare_rate"], theta["energy_slope"], theta["flare_width"] / _MINUTES_PER_DAY)
        exposure = jnp.max(jnp.maximum(pattern.known["exposure_time"], pattern.known["bin_width"]))
        cadence = Cadence(jnp.asarray(pattern.coordinate), exposure)
        return 1.0 + flare_light(key, population, cadence, count=_STRONGEST, window=_WINDOW)

    def summaries(self, value: Float[Array, " n"], pattern: Pattern) -> Float[Array, " k"]:
        """Logarithms of points, rises and light above each level; scatter, and likeness of neighbours among the faint points.

        All are counted from the quiet level around, so that what a preparation takes away slowly does not count.
        """
        import jax.numpy as jnp

        from astro_sbi.simulators.flares import quiet_level

        excess = jnp.where(pattern.used, (value - quiet_level(value, pattern.used)) / pattern.sigma, 0.0)
        levels = jnp.asarray(_LEVELS)[:, None]
        above = excess > levels
        points, rises = jnp.sum(above, axis=1), jnp.sum(above[:, 1:] & ~above[:, :-1], axis=1)
        light = jnp.sum(jnp.maximum(excess - levels, 0.0), axis=1)
        calm = jnp.clip(excess, -4.0, 4.0)
        count = jnp.sum(pattern.used)
        scatter = jnp.sum(jnp.minimum(calm, 0.0) ** 2) / count
        likeness = jnp.sum(calm[1:] * calm[:-1]) / jnp.maximum(jnp.sum(calm**2), 1e-6)
        logs = [jnp.log1p(points), jnp.log1p(rises), jnp.log1p(light), jnp.log(scatter + 1e-6)[None]]
        return jnp.concatenate([*logs, likeness[None], jnp.log1p(jnp.max(excess))[None]])

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Rate of the strong flares, ``nu_10 10^(1 - alpha)``, and the slope of the cumulative frequency."""
        rate, slope = (np.asarray(theta[name], np.float64) for name in ("flare_rate", "energy_slope"))
        return {"strong_rate": rate * 10 ** (1 - slope), "cumulative_slope": slope - 1}

    def default_points(self) -> Points:
        """A month at half an hour's cadence with a gap of a day in its middle, 500 ppm a point."""
        time = np.arange(-13.5, 13.5, 0.5 / 24)
        time = time[np.abs(time) > 0.5]
        return Points(
            coordinate=time,
            channel=np.zeros(len(time), np.int32),
            used=np.ones(len(time), bool),
            noise=Noise(np.full(len(time), 5e-4)),
            known={"exposure_time": (0.5 / 24) * u.d, "bin_width": 0.0 * u.d},
        )

    def random_points(self, rng: np.random.Generator) -> Points:
        """Space missions alone, their exposures at most an hour and a half: flares between two visits of a night are not seen."""
        return random_pattern(self, rng, Sampling(stretch=(0.25, 1.0), size=(512, 1024), families=("space",)))

    @property
    def preparation(self) -> Preparation:
        """Cut, remove what is slower than flares, average if wanted, and count time from the middle."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.reference_time import FromReferenceTime
        from astro_sbi.observations.steps.relative_flux import RelativeFlux
        from astro_sbi.observations.steps.slow_trend import SlowTrend
        from astro_sbi.observations.steps.time_bins import BinInTime

        slow, bins = SlowTrend(slow_window=_SLOW), BinInTime(time_bin=_SHORTEST)
        return Preparation((Cut(), slow, RelativeFlux(), bins, FromReferenceTime()))
