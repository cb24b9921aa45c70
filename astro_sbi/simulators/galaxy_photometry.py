"""A galaxy's fluxes in photometric bands: photometric redshift and stellar mass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.observation import Noise, Points
from astro_sbi.observations.steps.band_fluxes import MICROJANSKY, BandFluxes
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.filters import SURVEYS, FilterCurve, filter_curves, told, version_with
from astro_sbi.simulators.galaxy_bands import BandGrid, band_grid
from astro_sbi.simulators.mixture import HIGHEST, MIXING, MIXTURE, luminosity_distance, template_shares
from astro_sbi.simulators.patterns import random_pattern
from astro_sbi.simulators.prior import Prior, uniform
from astro_sbi.simulators.templates import templates

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

#: Where warm dust outshines stars [A, rest frame].
_REDDEST = 30000.0
#: Added to the mean flux so that a galaxy without any flux in the bands stays finite.
_DARK = 1e-9
_BANDS = ("lsst2023-u", "lsst2023-g", "lsst2023-r", "lsst2023-i", "lsst2023-z", "lsst2023-y", "Euclid-J", "Euclid-H")
#: Of these bands: wavelength [A] and error [microjansky].
_WAVELENGTHS = (3690.0, 4800.0, 6230.0, 7540.0, 8690.0, 9740.0, 13660.0, 17720.0)
_DEPTHS = (0.1, 0.03, 0.03, 0.05, 0.08, 0.15, 0.2, 0.2)
_CAVEATS = (
    "Five templates fitted to nearby galaxies stand for all: strong starbursts, active nuclei, stars and warm dust are not among them.",
    "Errors of templates and calibration are taken as 5 % of each flux, the same everywhere (prepare.flux_error).",
    "Redshift has a flat prior: how many galaxies there are at each redshift and brightness is not taken into account.",
    "Hydrogen between the galaxies absorbs as it does on average, and no ionising light leaves a galaxy.",
    "Fluxes are taken as corrected for dust in the Milky Way, and as those of the whole galaxy in every band.",
)


class GalaxyPhotometrySimulator(Simulator):
    """A mixture of five galaxy templates behind dust at a redshift, seen through any filters."""

    name = "galaxy_photometry"
    title = "Galaxy photometry"
    kind = "photometry"
    coordinate_name = "Wavelength"
    coordinate_unit = "Angstrom"
    value_name = "Flux density"
    value_unit = "uJy"
    signal = "galaxy"
    summary = (
        "The colours of a galaxy tell how far away it is, because redshift moves the steps in its spectrum, at 4000 Angstrom and where "
        "hydrogen absorbs at 1216 Angstrom, from band to band. Dust and old stars both redden it, so that several redshifts may fit: "
        "look for more than one peak. Brightness and redshift together tell the mass of its stars."
    )
    reference = (
        "Blanton & Roweis 2007, AJ 133, 734 (templates, from the package kcorrect); Calzetti et al. 2000, ApJ 533, 682, eq. 4 (dust); "
        "Inoue et al. 2014, MNRAS 442, 1805, eqs. 20-22 (hydrogen between the galaxies); Hogg et al. 2002, arXiv:astro-ph/0210394, eq. 7 "
        "(bands); filters from speclite"
    )
    caveats = _CAVEATS
    channels = _BANDS
    options = (ModelOption("filters", SURVEYS, "survey whose u, g, r, i, z and y are meant where the name of a band does not say"),)
    parameters = (
        Parameter(
            "redshift",
            "z",
            "<i>z</i>",
            "",
            "redshift: moves the steps of the spectrum at 912, 1216 and 4000 A from band to band",
            0.0,
            HIGHEST,
        ),
        Parameter(
            "magnitude",
            r"\bar{m}",
            "<i>m̄</i>",
            "mag",
            "AB magnitude of the mean flux in the bands, each weighted by its inverse variance: scales all bands alike",
        ),
        Parameter(
            "dust_av",
            "A_V",
            "<i>A<sub>V</sub></i>",
            "mag",
            "attenuation of the starlight in V, beyond what is in the templates: makes the galaxy red without a step",
            0.0,
        ),
        *MIXING,
    )
    derived_parameters = MIXTURE
    prior = Prior(
        (
            ("redshift", uniform(0.001, 6.0)),
            ("magnitude", uniform("magnitude_guess-2.5", "magnitude_guess+2.5")),
            ("dust_av", uniform(0.0, 3.0)),
            *((parameter.name, uniform(0.0, 1.0)) for parameter in MIXING),
        )
    )
    known = (
        KnownQuantity("weight", "", "weight of each band in the mean flux"),
        KnownQuantity("magnitude_guess", "mag", "AB magnitude of the mean flux", from_data=True),
    )

    def __init__(
        self, channels: tuple[str, ...] = _BANDS, survey: str = SURVEYS[0], filters: tuple[FilterCurve, ...] | None = None
    ) -> None:
        self.channels = channels
        self._survey, self._given = survey, filters
        if filters:
            self.caveats = (*_CAVEATS, *_about(channels, filters))
            self.version = version_with(filters, self.version)

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> GalaxyPhotometrySimulator:
        """The simulator for these bands.

        Raises:
            ObservationError: if the filter of one is not known.
        """
        survey = options.get("filters", SURVEYS[0])
        return GalaxyPhotometrySimulator(channels, survey, filter_curves(channels, survey))

    @cached_property
    def grid(self) -> BandGrid:
        """The templates in the bands, made when it is first wanted."""
        return band_grid(self._given or filter_curves(self.channels, self._survey), templates(), HIGHEST)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Flux density in each band."""
        import jax.numpy as jnp

        light = self.grid.at(theta["redshift"], theta["dust_av"], jnp)[pattern.channel] @ template_shares(theta, jnp)
        mean = jnp.sum(jnp.where(pattern.used, pattern.known["weight"] * light, 0.0))
        return 10 ** (-0.4 * (theta["magnitude"] - MICROJANSKY)) * light / (mean + _DARK)

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Mass and age of the stars, distance, and the mixture.

        The flux that a template would have at 10 parsec, times ``(10 pc / d_L)^2``, is that observed (Hogg et al. 2002, eq. 7).
        """
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        stars, shares = templates(), template_shares(draws)
        light = np.sum(self.grid.at(draws["redshift"], draws["dust_av"]) * shares[..., None, :], axis=-1)
        mean = light @ np.asarray(known["weight"], np.float64)
        distance = luminosity_distance(draws["redshift"])
        scale = 10 ** (-0.4 * (draws["magnitude"] - MICROJANSKY)) / (mean + _DARK) * (distance / 1e-5) ** 2
        return {
            "log_stellar_mass": np.log10(scale * (shares @ (stars.mass * stars.remaining))),
            "luminosity_distance": distance,
            "young_fraction": shares @ (stars.mass * stars.young) / (shares @ stars.mass),
            **{f"light_{number + 1}": shares[..., number] for number in range(5)},
        }

    def default_points(self) -> Points:
        """Eight bands as of Rubin and Euclid, for a galaxy of magnitude 23."""
        sigma = np.asarray(_DEPTHS)
        weight = sigma**-2.0
        return Points(
            coordinate=np.asarray(_WAVELENGTHS),
            channel=np.arange(len(_BANDS), dtype=np.int32),
            used=np.ones(len(_BANDS), bool),
            noise=Noise(sigma),
            known={"weight": weight / weight.sum() * u.dimensionless_unscaled, "magnitude_guess": 23.0 * u.mag},
        )

    def random_points(self, rng: np.random.Generator) -> Points:
        """Three bands or more, weighted by their errors."""
        points = random_pattern(self, rng)
        weight = points.noise.sigma**-2.0
        return replace(points, known={**points.known, "weight": weight / weight.sum() * u.dimensionless_unscaled})

    @property
    def preparation(self) -> Preparation:
        """Fluxes in microjansky."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut

        return Preparation((Cut(), BandFluxes()))


def _about(channels: tuple[str, ...], filters: tuple[FilterCurve, ...]) -> Iterator[str]:
    """Which filters the bands were taken for, and where templates end."""
    yield told(channels, filters)
    red = [printable(band, 20) for band, curve in zip(channels, filters, strict=True) if curve.middle > _REDDEST]
    if red:
        yield f"At low redshift warm dust shines in {', '.join(red)}, which no template has: leave such bands out (prepare.leave_out)."
