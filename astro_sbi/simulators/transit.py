"""A planet passing in front of its star: a light curve in one or several bands, folded about mid-transit or with each transit apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import of_channel
from astro_sbi.simulators.base import ModelOption, Pattern, Simulator, Theta
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.transit_orbit import (
    Ellipse,
    axis_of_density,
    drawn_eccentricity,
    ellipse,
    scaled_axis,
    stellar_density,
)
from astro_sbi.simulators.transit_parameters import (
    band_parameters,
    derived_parameters,
    disc_parameters,
    known_quantities,
    orbit_parameters,
    time_parameters,
)

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation


_CIRCULAR = (
    "The orbit is circular and the planet crosses at constant speed; an eccentric orbit biases the stellar density: model.orbit=eccentric "
    "infers the eccentricity instead where the density is known."
)
_KNOWN_DENSITY = (
    "The eccentricity is only as good as the prior of the stellar density: give what is known of the star with prior.stellar_density, such "
    "as normal(1.4,0.1); a transit alone cannot tell the two apart, and light of another star passes for an eccentric orbit."
)
_PRIOR_OF_E = (
    "The prior of e is Kipping's beta distribution times the chance of a transit, so that periastron lies rather on our side; it ends at "
    "0.95 and where the planet would touch its star. The planet crosses at constant speed."
)
_FIXED = "The period is taken as known; all transits are one shape, without timing or depth variations."
_LINEAR = (
    "Transits are strictly periodic and of one shape, without timing or depth variations; the period is looked for where the outermost "
    "transits move by less than half a duration."
)
_ALWAYS = (
    "No star spots, no faculae, no light of the planet, no ellipsoidal variation inside the window.",
    "The noise is independent from point to point; red noise makes the posterior too narrow and is reported by the checks.",
    "The baseline is constant within the window: slopes must have been flattened away.",
)
_BANDS = (
    "The planet is as large in all bands, and as diluted. Where the file has no exposure time, which the cadence of bands that take turns "
    "does not tell, nothing is smeared over it: give prepare.exposure_time."
)


def limb_darkening(q1: Any, q2: Any, xp: Any = np) -> tuple[Any, Any]:
    """Quadratic coefficients ``u1 = 2 sqrt(q1) q2``, ``u2 = sqrt(q1) (1 - 2 q2)`` (Kipping 2013, MNRAS 435, 2152, eqs. 15 and 16)."""
    root = xp.sqrt(q1)
    return 2 * root * q2, root * (1 - 2 * q2)


def _circle(k: Any, b: Any, duration: Any, period: Any) -> dict[str, np.ndarray]:
    """What is derived of a circular orbit."""
    axis = scaled_axis(k, b, duration, period)
    inclination = np.degrees(np.arccos(np.minimum(b / axis, 1.0)))
    return {"a_over_rstar": axis, "inclination": inclination, "stellar_density": stellar_density(axis, period)}


class TransitSimulator(Simulator):
    """Transit of one planet, quadratic limb darkening in each band, smeared over exposure and bin."""

    name = "transit"
    title = "Exoplanet transit"
    kind = "light_curve"
    coordinate_name = "Time from mid-transit"
    coordinate_unit = "d"
    signal = "transit"
    value_name = "Relative flux"
    value_unit = ""
    summary = (
        "A planet crosses its star and hides some of its light. How deep the dip is tells the size of the planet against that of the star; "
        "how long it lasts and how steep its sides are tell where the planet crosses and how dense the star is; "
        "the round bottom is the star's limb darkening, which differs from band to band. Where the star's density is known from elsewhere, "
        "a transit shorter or longer than it says betrays an eccentric orbit; several transits tell the period."
    )
    reference = (
        "Agol, Luger & Foreman-Mackey 2020, AJ 159, 123 (flux, by jaxoplanet); Kipping 2013, MNRAS 435, 2152, eqs. 15-16 (q1, q2); "
        "Kipping 2010, MNRAS 408, 1758 (smearing); Winn 2010, arXiv:1001.2010, eqs. 7, 14, 16, 30 (geometry, density); Dawson & Johnson "
        "2012, ApJ 756, 122 (eccentricity from a known density); Kipping 2013, MNRAS 434, L51, "
        "and Burke 2008, ApJ 679, 1566 (prior of e)"
    )
    options = (
        ModelOption(
            "orbit",
            ("circular", "eccentric"),
            "the duration as a parameter, or as what density of the star and eccentricity make it: give the density's prior then",
        ),
        ModelOption("period", ("fixed", "free"), "the period as found or given, or inferred from transits that are kept apart"),
    )

    def __init__(self, channels: tuple[str, ...] = ("",), *, eccentric: bool = False, free: bool = False) -> None:
        """One band, or what the observation and the user say.

        Args:
            channels: names of the bands.
            eccentric: whether density and eccentricity take the place of the duration.
            free: whether the period is inferred.
        """
        self.channels, self._eccentric, self._free = channels, eccentric, free
        chosen = [*disc_parameters(), *orbit_parameters(eccentric=eccentric), *time_parameters(free=free), *band_parameters(channels)]
        self.parameters = tuple(parameter for parameter, _ in chosen)
        self.prior = Prior(tuple((parameter.name, distribution) for parameter, distribution in chosen))
        self.derived_parameters = derived_parameters(channels, eccentric=eccentric, free=free)
        self.known = known_quantities(free=free)
        self.caveats = (
            *((_KNOWN_DENSITY, _PRIOR_OF_E) if eccentric else (_CIRCULAR,)),
            _LINEAR if free else _FIXED,
            *_ALWAYS,
            *((_BANDS,) if len(channels) > 1 else ()),
        )

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> TransitSimulator:
        """With the orbit and the period that were chosen, for these bands."""
        return TransitSimulator(channels, eccentric=options["orbit"] == "eccentric", free=options["period"] == "free")

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Relative flux ``f0 (1 + dilution * deficit)``."""
        import jax.numpy as jnp

        from astro_sbi.simulators.transit_curve import Transit, smeared_deficit

        known, time = pattern.known, pattern.coordinate - theta["epoch_offset"]
        if self._free:
            time -= known["cycle"] * theta["period_offset"]
        several = len(self.channels) > 1
        coefficients = [limb_darkening(theta[f"q1{suffix}"], theta[f"q2{suffix}"], jnp) for suffix in self._suffixes]
        u1, u2 = (jnp.stack(column) if several else column[0] for column in zip(*coefficients, strict=True))
        duration = self._ellipse(theta, known["period"], jnp).duration if self._eccentric else theta["duration"]
        transit = Transit(theta["radius_ratio"], theta["impact_parameter"], duration, u1, u2)
        band = jnp.minimum(pattern.channel, len(self.channels) - 1) if several else 0
        deficit = smeared_deficit(time, transit, known["exposure_time"], known["bin_width"], band)
        return self._of_band(theta, "baseline", pattern) * (1 + known["dilution"] * deficit)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``sqrt(sigma^2 + jitter^2 / count)``: errors of a bin shrink with the number of cadences in it."""
        import jax.numpy as jnp

        return jnp.sqrt(pattern.sigma**2 + self._of_band(theta, "jitter", pattern) ** 2 / pattern.known["count"])

    @property
    def _suffixes(self) -> tuple[str, ...]:
        """What the names of each band's parameters end in."""
        return ("",) if len(self.channels) == 1 else tuple(f"_{number}" for number in range(1, len(self.channels) + 1))

    def _of_band(self, theta: Theta, name: str, pattern: Pattern) -> Any:
        return theta[name] if len(self.channels) == 1 else of_channel(theta, name, pattern, len(self.channels))

    def _ellipse(self, theta: Theta, period: Any, xp: Any = np) -> Ellipse:
        """The orbit that density and eccentricity make."""
        k, b = theta["radius_ratio"], theta["impact_parameter"]
        axis = axis_of_density(theta["stellar_density"], period, k, xp)
        eccentricity = drawn_eccentricity(theta["eccentricity_across"], theta["eccentricity_along"], axis, k, xp)
        return ellipse((k, b), axis, period, eccentricity, xp)

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Depth, orbit, limb darkening and times, in float64."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        k, b = draws["radius_ratio"], draws["impact_parameter"]
        period = known["period"] + (draws["period_offset"] if self._free else 0.0)
        times = {"t0": known["epoch"] + draws["epoch_offset"]} | ({"period": period} if self._free else {})
        limb: dict[str, np.ndarray] = {}
        for suffix in self._suffixes:
            u1, u2 = limb_darkening(draws[f"q1{suffix}"], draws[f"q2{suffix}"])
            limb |= {f"u1{suffix}": u1, f"u2{suffix}": u2}
        orbit = self._ellipse(draws, period).derived() if self._eccentric else _circle(k, b, draws["duration"], period)
        full = np.maximum((1 - k) ** 2 - b**2, 0.0) / np.maximum((1 + k) ** 2 - b**2, 1e-12)
        duration = orbit["duration"] if self._eccentric else draws["duration"]
        return {"depth": 100 * k**2, **orbit, **limb, **times, "full_duration": duration * np.sqrt(full)}

    def null(self, theta: Theta) -> dict[str, Any]:
        """A flat line: no planet."""
        return {**theta, "radius_ratio": 0.0 * theta["radius_ratio"]}

    def default_points(self) -> Points:
        """150 bins of 3.8 minutes about mid-transit, 400 ppm each: 2-minute cadence, 1.2 mmag, some nine cadences to a bin.

        With a free period they are spread over seven transits, with several bands over these.
        """
        size, half, sigma = 150, 0.2, 4e-4
        edges = np.linspace(-half, half, size + 1)
        known = {
            "period": 3.5 * u.d,
            "epoch": 2459000.25 * u.d,
            "exposure_time": (120 * u.s).to(u.d),
            "bin_width": (2 * half / size) * u.d,
            "count": np.full(size, 9.0) * u.one,
            "dilution": 1.0 * u.one,
            "duration_guess": 0.1 * u.d,
            "log_trials": 0.0 * u.one,
        }
        if self._free:
            known |= {"cycle": (np.arange(size) % 7 - 3) * u.one, "period_tolerance": 0.1 / 6 * u.d}
        return Points(
            coordinate=0.5 * (edges[1:] + edges[:-1]),
            channel=(np.arange(size) % len(self.channels)).astype(np.int32),
            used=np.ones(size, bool),
            noise=Noise(np.full(size, sigma)),
            known=known,
        )

    @property
    def preparation(self) -> Preparation:
        """Flatten, find the period, fold, cut to the transit and bin; with a free period, bin each transit apart."""
        from astro_sbi.observations.preparation import light_curve_preparation, transits_preparation

        return transits_preparation() if self._free else light_curve_preparation()
