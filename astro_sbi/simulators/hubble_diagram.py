"""The expansion of the universe from distances of type Ia supernovae: a flat universe of matter and dark energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.expansion import comoving_distance, hubble_times_age
from astro_sbi.simulators.prior import Distribution, Prior, fixed, loguniform, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_MAGNITUDES = "standardised magnitude"
_LOG10_LIGHT_KM_S = float(np.log10(constants.c.to_value(u.km / u.s)))
_DIAGONAL = (
    "Only the errors of single supernovae went in, not their covariance: supernovae share calibration, dust and selection, so these "
    "numbers are too certain and may be shifted. They are not for cosmology; fit the full covariance matrix for that."
)
_MATTER = Parameter(
    "omega_m",
    r"\Omega_\mathrm{m}",
    "Ω<sub>m</sub>",
    "",
    "density of matter over the critical density today: more of it makes far supernovae nearer and brighter",
    0.0,
    1.0,
)
_W = Parameter(
    "w",
    "w",
    "<i>w</i>",
    "",
    "pressure over energy density of dark energy; -1 is a cosmological constant, lower makes far supernovae fainter",
)
_W0 = Parameter("w0", "w_0", "<i>w</i><sub>0</sub>", "", "pressure over energy density of dark energy today")
_WA = Parameter("wa", "w_a", "<i>w<sub>a</sub></i>", "", "change of it with scale factor, w(a) = w0 + wa (1 - a)")
_OF_MODULI = Parameter(
    "offset", r"25 + 5\log_{10}\frac{c/H_0}{\mathrm{Mpc}}", "<i>μ</i><sub>0</sub>", "mag", "distance modulus of the Hubble distance c / H0"
)
_OF_MAGNITUDES = Parameter(
    "offset", r"\mathcal{M}", "ℳ", "mag", "magnitude of a standard supernova at the Hubble distance, M + 25 + 5 log10(c / H0 / Mpc)"
)
_SCATTER = Parameter(
    "scatter",
    r"\sigma_\mathrm{int}",
    "σ<sub>int</sub>",
    "mag",
    "scatter of the supernovae beyond the quoted errors: widens the points, moves no curve",
    0.0,
    2.0,
)
_DECELERATION = Parameter("q0", "q_0", "<i>q</i><sub>0</sub>", "", "deceleration today; negative: the expansion speeds up")
_AGE = Parameter(
    "hubble_times_age", "H_0 t_0", "<i>H</i><sub>0</sub><i>t</i><sub>0</sub>", "", "age of the universe in Hubble times 1 / H0"
)
_HUBBLE = Parameter(
    "hubble_constant", "H_0", "<i>H</i><sub>0</sub>", "km / (s Mpc)", "expansion rate today, if the distance moduli are calibrated"
)


class HubbleDiagramSimulator(Simulator):
    """Distance moduli or standardised magnitudes of type Ia supernovae in a flat universe of matter and dark energy."""

    name = "hubble_diagram"
    title = "Supernova cosmology"
    kind = "hubble_diagram"
    coordinate_name = "Redshift"
    coordinate_unit = ""
    value_name = "Distance modulus"
    value_unit = "mag"
    signal = "expansion"
    summary = (
        "Type Ia supernovae are standard candles: how faint one is tells how far away it is, and its redshift how much the universe has "
        "grown since. More matter slows the expansion, so that distant supernovae are nearer and brighter; dark energy with a negative w "
        "speeds it up and makes them fainter. The offset moves all of them alike; it holds the Hubble constant and the candle's "
        "brightness, which redshifts cannot tell apart."
    )
    reference = (
        "Hogg 1999, arXiv:astro-ph/9905116, eq. 15 (distance); Chevallier & Polarski 2001, IJMPD 10, 213, and Linder 2003, PRL 90, 091301 "
        "(w0, wa); Brout et al. 2022, ApJ 938, 110 (the analysis of Pantheon+)"
    )
    caveats = (
        "Errors of single supernovae alone are not for cosmology: without a covariance matrix the result is too certain and may be "
        "shifted. With one, its noise is that matrix and nothing else.",
        "The universe is flat and has no radiation, which matters below 0.001 mag.",
        "The magnitudes are taken as standardised: stretch, colour, host and selection were corrected for, in a cosmology of reference.",
        "Supernovae below the least redshift and those whose hosts calibrate the others are left out; "
        "change prepare.min_redshift or prepare.calibrators.",
        "With w0 and wa the prior keeps w0 + wa below 0, so that matter ruled early, and is uniform in wa for each w0.",
    )
    options = (
        ModelOption("dark_energy", ("lambda", "w", "w0wa"), "cosmological constant, constant w, or w that changes with scale factor"),
        ModelOption(
            "scatter", ("quoted", "fitted"), "quoted errors alone, or scatter beyond them as a parameter (not with a covariance matrix)"
        ),
    )
    known = (KnownQuantity("heliocentric_redshift", "", "redshift as seen from the Sun"),)
    channels = ("distance modulus",)

    def __init__(self, channels: tuple[str, ...] = ("distance modulus",), dark_energy: str = "lambda", scatter: str = "quoted") -> None:
        """Distance moduli and a cosmological constant, or what the observation and the user say.

        Args:
            channels: what is measured, distance moduli or standardised magnitudes.
            dark_energy: choice of the option.
            scatter: choice of the option.
        """
        moduli, one_w = channels != (_MAGNITUDES,), dark_energy != "w0wa"
        equation = {"lambda": (fixed(-1.0),), "w": (uniform(-2.0, -0.3),), "w0wa": (uniform(-2.0, 0.0), uniform(-3.0, "-1*w0"))}
        chosen: list[tuple[Parameter, Distribution]] = [(_MATTER, uniform(0.05, 0.8))]
        chosen += zip((_W,) if one_w else (_W0, _WA), equation[dark_energy], strict=True)
        chosen += [(_OF_MODULI, uniform(42.0, 44.5)) if moduli else (_OF_MAGNITUDES, uniform(21.0, 27.0))]
        chosen += [(_SCATTER, loguniform(0.003, 0.5))] if scatter == "fitted" else []
        self.channels, self.takes_covariance = channels, scatter == "quoted"
        self.parameters = tuple(parameter for parameter, _ in chosen)
        self.prior = Prior(tuple((parameter.name, distribution) for parameter, distribution in chosen))
        self.derived_parameters = (_DECELERATION, _AGE, *((_HUBBLE,) if moduli else ()))

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> HubbleDiagramSimulator:
        """With the dark energy that was chosen, for moduli or magnitudes."""
        return HubbleDiagramSimulator(channels, **options)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """``offset + 5 log10((1 + z_helio) D_C(z) H0 / c)``: redshifted light in the Sun's frame, distance by the universe's."""
        import jax.numpy as jnp

        distance = comoving_distance(pattern.coordinate, theta["omega_m"], *_equation_of_state(theta), jnp)
        return theta["offset"] + 5 * jnp.log10((1 + pattern.known["heliocentric_redshift"]) * distance)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors, and scatter where it is fitted."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, theta["scatter"]) if "scatter" in theta else pattern.sigma

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Deceleration ``(1 + 3 w0 (1 - Om)) / 2``, age in Hubble times, and the Hubble constant where moduli were measured."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        w0, wa = _equation_of_state(draws)
        found = {
            "q0": 0.5 * (1 + 3 * w0 * (1 - draws["omega_m"])),
            "hubble_times_age": hubble_times_age(draws["omega_m"], w0, wa + 0 * w0),
        }
        if _HUBBLE in self.derived_parameters:
            found["hubble_constant"] = 10 ** (_LOG10_LIGHT_KM_S - 0.2 * (draws["offset"] - 25))
        return found

    def warnings(self, points: Points) -> tuple[str, ...]:
        """That errors of single supernovae are not for cosmology, where there is no covariance matrix."""
        return () if points.noise.covariance is not None else (_DIAGONAL,)

    def default_points(self) -> Points:
        """150 supernovae of three surveys, near, middle and far, with errors of 0.15 to 0.22 mag."""
        rng = np.random.default_rng(7)
        redshift = np.concatenate([np.linspace(0.012, 0.1, 50), np.linspace(0.1, 0.6, 70), np.linspace(0.6, 1.6, 30)])
        size = len(redshift)
        return Points(
            coordinate=redshift,
            channel=np.zeros(size, np.int32),
            used=np.ones(size, bool),
            noise=Noise(rng.uniform(0.15, 0.22, size)),
            known={"heliocentric_redshift": redshift * u.dimensionless_unscaled},
        )

    @property
    def preparation(self) -> Preparation:
        """Supernovae in the Hubble flow, cut further as the user says."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.hubble_flow import HubbleFlow
        from astro_sbi.observations.steps.outliers import OFF, Outliers

        return Preparation((Cut(), HubbleFlow(), Outliers(outliers=OFF, outlier_centre="running")))


def _equation_of_state(theta: Theta) -> tuple[Any, Any]:
    """``w0`` and ``wa`` of whichever dark energy was chosen."""
    return (theta["w"], 0.0) if "w" in theta else (theta["w0"], theta["wa"])
