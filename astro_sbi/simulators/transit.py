"""A planet passing in front of its star: one light curve, folded about mid-transit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import KnownQuantity, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.prior import Prior, loguniform, normal, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation


def limb_darkening(q1: Any, q2: Any, xp: Any = np) -> tuple[Any, Any]:
    """Quadratic coefficients ``u1 = 2 sqrt(q1) q2``, ``u2 = sqrt(q1) (1 - 2 q2)`` (Kipping 2013, MNRAS 435, 2152, eqs. 15 and 16)."""
    root = xp.sqrt(q1)
    return 2 * root * q2, root * (1 - 2 * q2)


def scaled_axis(radius_ratio: Any, impact_parameter: Any, duration: Any, period: Any) -> Any:
    """Semi-major axis over stellar radius of a circular orbit (NumPy).

    Winn 2010 (arXiv:1001.2010) eq. 14, ``sin(pi T14 / P) = sqrt((1 + k)^2 - b^2) / (a sin i)``, solved with ``a cos i = b`` (eq. 7):
    ``a^2 = b^2 + ((1 + k)^2 - b^2) / sin^2(pi T14 / P)``. T14 is taken as at most half the period.
    """
    phase = np.pi * np.minimum(duration / period, 0.5)
    chord = np.maximum((1 + radius_ratio) ** 2 - impact_parameter**2, 0.0)
    return np.sqrt(impact_parameter**2 + chord / np.sin(phase) ** 2)


def stellar_density(axis: Any, period: Any) -> Any:
    """Mean density of the star in g/cm3, ``3 pi a^3 / (G P^2)`` with a in stellar radii and P in days.

    Seager & Mallen-Ornelas 2003, ApJ 585, 1038, eq. 9; Winn 2010 eq. 30 without the planet's ``k^3 rho_p``.
    """
    unit = (3 * np.pi / (constants.G * (1 * u.d) ** 2)).to_value("g / cm3")
    return unit * axis**3 / period**2


class TransitSimulator(Simulator):
    """Transit of one planet on a circular orbit, quadratic limb darkening, smeared over exposure and bin."""

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
        "the round bottom is the star's limb darkening."
    )
    reference = (
        "Agol, Luger & Foreman-Mackey 2020, AJ 159, 123 (flux, by jaxoplanet); Kipping 2013, MNRAS 435, 2152, eqs. 15-16 (q1, q2); "
        "Kipping 2010, MNRAS 408, 1758 (smearing); Winn 2010, arXiv:1001.2010, eqs. 7, 14, 30 (geometry, density)"
    )
    caveats = (
        "The orbit is circular and the planet crosses at constant speed; an eccentric orbit biases the stellar density.",
        "The period is taken as known; all transits are one shape, without timing or depth variations.",
        "No star spots, no faculae, no light of the planet, no ellipsoidal variation inside the window.",
        "The noise is independent from point to point; red noise makes the posterior too narrow and is reported by the checks.",
        "The baseline is constant within the window: slopes must have been flattened away.",
    )
    parameters = (
        Parameter(
            "radius_ratio",
            r"R_\mathrm{p}/R_\star",
            "R<sub>p</sub>/R<sub>★</sub>",
            "",
            "radius of the planet over radius of the star",
            0.0,
            0.5,
        ),
        Parameter(
            "impact_parameter", "b", "<i>b</i>", "", "smallest distance of planet and centre of the star's disc, in stellar radii", 0.0
        ),
        Parameter("duration", r"T_{14}", "<i>T</i><sub>14</sub>", "d", "time from first to fourth contact", 1e-4),
        Parameter(
            "epoch_offset", r"\Delta t_0", "Δ<i>t</i><sub>0</sub>", "d", "mid-transit after the epoch about which the light curve is folded"
        ),
        Parameter("q1", "q_1", "<i>q</i><sub>1</sub>", "", "Kipping's first limb-darkening parameter, (u1 + u2)²", 0.0, 1.0),
        Parameter("q2", "q_2", "<i>q</i><sub>2</sub>", "", "Kipping's second limb-darkening parameter, u1 / (2 (u1 + u2))", 0.0, 1.0),
        Parameter("baseline", "f_0", "<i>f</i><sub>0</sub>", "", "relative flux outside the transit"),
        Parameter(
            "jitter", r"\sigma_\mathrm{jit}", "σ<sub>jit</sub>", "", "noise of each cadence beyond its quoted error, relative flux", 0.0
        ),
    )
    derived_parameters = (
        Parameter(
            "depth",
            r"(R_\mathrm{p}/R_\star)^2",
            "(R<sub>p</sub>/R<sub>★</sub>)²",
            "%",
            "share of the stellar disc that the planet can hide",
        ),
        Parameter("a_over_rstar", r"a/R_\star", "<i>a</i>/R<sub>★</sub>", "", "semi-major axis over radius of the star (circular orbit)"),
        Parameter("inclination", "i", "<i>i</i>", "deg", "angle between orbit and sky (circular orbit)"),
        Parameter("stellar_density", r"\rho_\star", "ρ<sub>★</sub>", "g / cm3", "mean density of the star (circular orbit)"),
        Parameter("u1", "u_1", "<i>u</i><sub>1</sub>", "", "linear limb-darkening coefficient"),
        Parameter("u2", "u_2", "<i>u</i><sub>2</sub>", "", "quadratic limb-darkening coefficient"),
        Parameter("t0", "t_0", "<i>t</i><sub>0</sub>", "d", "mid-transit, in the time system of the observation (BJD for Kepler and TESS)"),
        Parameter("full_duration", r"T_{23}", "<i>T</i><sub>23</sub>", "d", "time from second to third contact, 0 for a grazing transit"),
    )
    prior = Prior(
        (
            ("radius_ratio", loguniform(0.01, 0.25)),
            ("impact_parameter", uniform(0.0, "1+radius_ratio")),
            ("duration", loguniform(0.02, 0.5)),
            ("epoch_offset", uniform("-1*duration_guess", "duration_guess")),
            ("q1", uniform(0.0, 1.0)),
            ("q2", uniform(0.0, 1.0)),
            ("baseline", normal(1.0, 1e-3)),
            ("jitter", loguniform(1e-5, 1e-2)),
        )
    )
    known = (
        KnownQuantity("period", "d", "orbital period on which the light curve is folded"),
        KnownQuantity("epoch", "d", "time about which the light curve is folded, in the time system of the observation"),
        KnownQuantity("exposure_time", "d", "length of one cadence", 0.0),
        KnownQuantity("bin_width", "d", "width of a bin of the folded light curve", 0.0),
        KnownQuantity("count", "", "number of cadences in a bin", 1.0),
        KnownQuantity("dilution", "", "share of the flux that comes from the target (CROWDSAP)", 1.0),
        KnownQuantity(
            "duration_guess", "d", "duration found by the search; mid-transit is looked for within one duration", 0.1, from_data=True
        ),
        KnownQuantity("log_trials", "", "natural log of the number of independent periods and epochs tried", 0.0, from_data=True),
    )

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Relative flux ``f0 (1 + dilution * deficit)``."""
        import jax.numpy as jnp

        from astro_sbi.simulators.transit_curve import Transit, smeared_deficit

        u1, u2 = limb_darkening(theta["q1"], theta["q2"], jnp)
        transit = Transit(theta["radius_ratio"], theta["impact_parameter"], theta["duration"], u1, u2)
        known = pattern.known
        deficit = smeared_deficit(pattern.coordinate - theta["epoch_offset"], transit, known["exposure_time"], known["bin_width"])
        return theta["baseline"] * (1 + known["dilution"] * deficit)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``sqrt(sigma^2 + jitter^2 / count)``: errors of a bin shrink with the number of cadences in it."""
        import jax.numpy as jnp

        return jnp.sqrt(pattern.sigma**2 + theta["jitter"] ** 2 / pattern.known["count"])

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Depth, orbit, stellar density, limb darkening and time of mid-transit, in float64."""
        k, b, duration, offset, q1, q2 = (
            np.asarray(theta[name], np.float64) for name in ("radius_ratio", "impact_parameter", "duration", "epoch_offset", "q1", "q2")
        )
        axis = scaled_axis(k, b, duration, known["period"])
        u1, u2 = limb_darkening(q1, q2)
        full = np.maximum((1 - k) ** 2 - b**2, 0.0) / np.maximum((1 + k) ** 2 - b**2, 1e-12)
        return {
            "depth": 100 * k**2,
            "a_over_rstar": axis,
            "inclination": np.degrees(np.arccos(np.minimum(b / axis, 1.0))),
            "stellar_density": stellar_density(axis, known["period"]),
            "u1": u1,
            "u2": u2,
            "t0": known["epoch"] + offset,
            "full_duration": duration * np.sqrt(full),
        }

    def null(self, theta: Theta) -> dict[str, Any]:
        """A flat line: no planet."""
        return {**theta, "radius_ratio": 0.0 * theta["radius_ratio"]}

    def default_points(self) -> Points:
        """150 bins of 3.8 minutes about mid-transit, 400 ppm each: 2-minute cadence, 1.2 mmag, some nine cadences to a bin."""
        size, half, sigma = 150, 0.2, 4e-4
        edges = np.linspace(-half, half, size + 1)
        return Points(
            coordinate=0.5 * (edges[1:] + edges[:-1]),
            channel=np.zeros(size, np.int32),
            used=np.ones(size, bool),
            noise=Noise(np.full(size, sigma)),
            known={
                "period": 3.5 * u.d,
                "epoch": 2459000.25 * u.d,
                "exposure_time": (120 * u.s).to(u.d),
                "bin_width": (2 * half / size) * u.d,
                "count": np.full(size, 9.0) * u.one,
                "dilution": 1.0 * u.one,
                "duration_guess": 0.1 * u.d,
                "log_trials": 0.0 * u.one,
            },
        )

    @property
    def preparation(self) -> Preparation:
        """Flatten, find the period, fold, cut to the transit and bin."""
        from astro_sbi.observations.preparation import light_curve_preparation

        return light_curve_preparation()
