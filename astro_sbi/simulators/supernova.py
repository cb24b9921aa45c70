"""A stripped-envelope supernova in several bands: nickel and cobalt heat an expanding sphere that shines as a black body."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.observation import Noise, ObservationError, Points
from astro_sbi.simulators.arnett import diffusion_time, kinetic_energy, luminosity_and_temperature, peak, trapping_time
from astro_sbi.simulators.band_nodes import band_nodes
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.extinction import R_V, cardelli
from astro_sbi.simulators.filters import SURVEYS, FilterCurve, filter_curves, told, version_with
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Prior, fixed, loguniform, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_BANDS = ("g", "r", "i")
_PER_BAND = 4
#: Below this wavelength at rest [A] lines of iron-group elements hide the black body.
_BLANKETED = 3900.0
#: Relative change of flux by one magnitude.
_PER_MAGNITUDE = 0.4 * float(np.log(10))
_MEGAPARSEC, _MAGGY = 3.0856775815e24, 3.631e-20
_PLANCK, _LIGHT, _BOLTZMANN, _STEFAN = 6.62607015e-27, 2.99792458e10, 1.380649e-16, 5.670374e-5
#: ``h c / k`` [micron 1e4 K].
_EXPONENT = _PLANCK * _LIGHT / _BOLTZMANN
#: Maggies of ``1e43 erg/s / (4 pi Mpc^2)`` times ``pi B_nu / (sigma T^4)`` at 1 micron and 1e4 K, but for the exponential.
_SCALE = 1e43 / (4 * np.pi * _MEGAPARSEC**2) * 2 * np.pi * _PLANCK * _LIGHT / 1e-12 / (_STEFAN * 1e16) / _MAGGY
_CAVEATS = (
    "It is for supernovae that have lost their hydrogen (types Ib, Ic, IIb and broad-lined Ic). In type Ia supernovae lines of iron cover "
    "several bands: the fit says so by its chi-square and its residuals.",
    "One opacity to light for all times, fixed at 0.07 cm2/g: only its product with the ejecta mass over the velocity is told by the width "
    "of the light curve (free it by prior.opacity).",
    "The sphere has one density, all its nickel at the centre and no size at first: no cooling after shock breakout, no mixing of nickel.",
    "Late after the peak a supernova is no black body: points later than 100 d after the first detection are left out "
    "(prepare.days_after).",
    "Dust of the host and of the Milky Way dims by one law (R_V = 3.1); redshift and distance are taken as known.",
    "Positrons of cobalt are trapped no better than gamma rays.",
)


class SupernovaSimulator(Simulator):
    """A sphere of ejecta heated from inside, its photosphere a black body, seen through any filters."""

    name = "supernova"
    title = "Stripped-envelope supernova"
    kind = "light_curve"
    coordinate_name = "Time from the first detection"
    coordinate_unit = "d"
    value_name = "Flux"
    value_unit = ""
    signal = "supernova"
    summary = (
        "An exploded star without hydrogen shines by the decay of its nickel. How much nickel sets how bright it gets; how much mass "
        "hides it, and how fast that flies apart, sets how long light takes to get out, the width of the peak. The velocity sets how "
        "large the photosphere grows, and with the brightness its temperature, the colours: blue at first, red when it has reached the "
        "floor, from where on it recedes into the ejecta. Gamma rays that escape make the tail fall faster than cobalt decays. Dust "
        "dims and reddens."
    )
    reference = (
        "Arnett 1982, ApJ 253, 785 (diffusion); Valenti et al. 2008, MNRAS 383, 1485 (nickel and cobalt); Chatzopoulos, Wheeler & Vinko "
        "2012, ApJ 746, 121, eq. 9 (escaping gamma rays); Nicholl, Guillochon & Berger 2017, ApJ 850, 55 (photosphere); Cardelli, Clayton "
        "& Mathis 1989, ApJ 345, 245 (dust); Hogg et al. 2002, arXiv:astro-ph/0210394, eq. 7 (bands); filters from speclite"
    )
    caveats = _CAVEATS
    channels = _BANDS
    options = (ModelOption("filters", SURVEYS, "survey whose u, g, r, i, z and y are meant where the name of a band does not say"),)
    parameters = (
        Parameter(
            "nickel_mass",
            r"M_\mathrm{Ni}",
            "<i>M</i><sub>Ni</sub>",
            "Msun",
            "mass of nickel 56 made in the explosion: its decay is the light, all of it scales with this",
            0.0,
        ),
        Parameter(
            "ejecta_mass",
            r"M_\mathrm{ej}",
            "<i>M</i><sub>ej</sub>",
            "Msun",
            "mass that is thrown out, the nickel included: light takes longer to get out of more, for a later, lower, wider peak",
            0.0,
        ),
        Parameter(
            "velocity",
            "v",
            "<i>v</i>",
            "km/s",
            "velocity of the ejecta and of the photosphere while it is hot: fast ones make the peak early and narrow, and redder",
            0.0,
        ),
        Parameter(
            "opacity",
            r"\kappa",
            "<i>κ</i>",
            "cm2/g",
            "opacity of the ejecta to light: a high one delays and widens the peak, as more mass does",
            0.0,
        ),
        Parameter(
            "gamma_opacity",
            r"\kappa_\gamma",
            "<i>κ</i><sub>γ</sub>",
            "cm2/g",
            "opacity of the ejecta to gamma rays: a low one lets them escape, and the tail falls faster",
            0.0,
        ),
        Parameter(
            "explosion_time",
            r"t_\mathrm{exp}",
            "<i>t</i><sub>exp</sub>",
            "d",
            "explosion after the first detection, as observed: moves the whole curve in time",
        ),
        Parameter(
            "floor_temperature",
            r"T_\mathrm{f}",
            "<i>T</i><sub>f</sub>",
            "K",
            "lowest temperature of the photosphere: a low floor makes the time after the peak red",
            0.0,
        ),
        Parameter(
            "dust_av",
            "A_V",
            "<i>A<sub>V</sub></i>",
            "mag",
            "extinction in V by dust of the host galaxy: dims every band, the blue ones most",
            0.0,
        ),
        Parameter(
            "scatter", r"\sigma_\mathrm{int}", "σ<sub>int</sub>", "mag", "scatter beyond the quoted errors, a share of the flux", 0.0
        ),
    )
    derived_parameters = (
        Parameter("rise_time", r"t_\mathrm{rise}", "<i>t</i><sub>rise</sub>", "d", "explosion to highest bolometric luminosity, at rest"),
        Parameter("log_peak_luminosity", r"\log L_\mathrm{peak}", "log <i>L</i><sub>peak</sub>", "dex", "log10 of it in erg/s"),
        Parameter("kinetic_energy", r"E_\mathrm{kin}", "<i>E</i><sub>kin</sub>", "1e51 erg", "3/10 of ejecta mass times velocity squared"),
        Parameter("diffusion_time", r"t_\mathrm{d}", "<i>t</i><sub>d</sub>", "d", "time that light takes to get out, at rest"),
        Parameter("trapping_time", "t_0", "<i>t</i><sub>0</sub>", "d", "time from explosion until gamma rays escape, at rest"),
        Parameter("explosion_date", r"T_\mathrm{exp}", "<i>T</i><sub>exp</sub>", "d", "explosion in the time system of the observation"),
    )
    prior = Prior(
        (
            ("nickel_mass", loguniform(0.02, 1.0)),
            ("ejecta_mass", loguniform("0.5+nickel_mass", 20.0)),
            ("velocity", uniform(5e3, 2.5e4)),
            ("opacity", fixed(0.07)),
            ("gamma_opacity", loguniform(0.01, 10.0)),
            ("explosion_time", uniform(-30.0, 0.0)),
            ("floor_temperature", uniform(3e3, 7e3)),
            ("dust_av", uniform(0.0, 2.0)),
            ("scatter", loguniform(1e-3, 0.3)),
        )
    )

    def __init__(
        self, channels: tuple[str, ...] = _BANDS, survey: str = SURVEYS[0], filters: tuple[FilterCurve, ...] | None = None
    ) -> None:
        self.channels = channels
        self._survey, self._given = survey, filters
        zeros = (
            KnownQuantity(f"zero_{number}", "mag", f"AB magnitude of flux 1 in {channel or 'the band'}")
            for number, channel in enumerate(channels, 1)
        )
        self.known = (
            KnownQuantity("source_redshift", "", "heliocentric redshift"),
            KnownQuantity("luminosity_distance", "Mpc", "luminosity distance"),
            KnownQuantity("milky_way_e_bv", "mag", "reddening by dust of the Milky Way", 0.0),
            KnownQuantity("first_detection", "d", "time of the first detection, in the time system of the observation", 0.0),
            *zeros,
        )
        if filters:
            self.caveats = (*_CAVEATS, told(channels, filters))
            self.version = version_with(filters, self.version)

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> SupernovaSimulator:
        """The simulator for these bands.

        Raises:
            ObservationError: if the filter of one is not known.
        """
        survey = options.get("filters", SURVEYS[0])
        try:
            filters = filter_curves(channels, survey)
        except ObservationError as error:
            raise ObservationError(f"{error}; or say which known filter it is like, or keep other bands (prepare.bands)") from None
        return SupernovaSimulator(channels, survey, filters)

    @cached_property
    def filters(self) -> tuple[FilterCurve, ...]:
        """Those of the channels."""
        return self._given or filter_curves(self.channels, self._survey)

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Wavelengths [A] that stand for each band, and their weights [b, k]."""
        wavelengths, weights = zip(*(band_nodes(curve, _PER_BAND) for curve in self.filters), strict=True)
        return np.stack(wavelengths), np.stack(weights)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        r"""Flux in each point's band over that of magnitude zero.

        .. math:: f_\nu = (1 + z) \frac{L}{4 \pi d_L^2} \frac{\pi B_{\nu (1 + z)}(T)}{\sigma T^4} 10^{-0.4 A}

        averaged over the band; ``L / sigma T^4`` is the surface of the photosphere.
        """
        import jax.numpy as jnp

        known, stretch = pattern.known, 1 + pattern.known["source_redshift"]
        days = (pattern.coordinate - theta["explosion_time"]) / stretch
        light, temperature = luminosity_and_temperature(days, theta, jnp)
        wavelength, weight = self.nodes
        rest = wavelength / stretch
        dust = theta["dust_av"] * cardelli(rest, jnp) + R_V * known["milky_way_e_bv"] * cardelli(wavelength)
        micron, seen = 1e-4 * rest, weight * 10 ** (-0.4 * dust)
        exponent = jnp.minimum(_EXPONENT / micron[pattern.channel] / temperature[:, None], 80.0)
        planck = jnp.sum((seen / micron**3)[pattern.channel] / jnp.expm1(exponent), axis=-1) / temperature**4
        zero = jnp.stack([jnp.asarray(known[f"zero_{number}"]) for number in range(1, len(self.channels) + 1)])[pattern.channel]
        scale = _SCALE * stretch / known["luminosity_distance"] ** 2 * 10 ** (0.4 * zero)
        return scale * light * planck

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors, and scatter in magnitudes as a share of the flux expected."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, _PER_MAGNITUDE * theta["scatter"] * self.predict(theta, pattern))

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Peak, energy and times, in float64."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        rise, height = peak(draws)
        mass, velocity = draws["ejecta_mass"], draws["velocity"]
        return {
            "rise_time": rise,
            "log_peak_luminosity": height,
            "kinetic_energy": kinetic_energy(mass, velocity),
            "diffusion_time": diffusion_time(mass, velocity, draws["opacity"]),
            "trapping_time": trapping_time(mass, velocity, draws["gamma_opacity"]),
            "explosion_date": known["first_detection"] + draws["explosion_time"],
        }

    def warnings(self, points: Points) -> tuple[str, ...]:
        """Which bands are so blue that lines cover the black body."""
        stretch = 1 + float(points.known["source_redshift"].value)
        present = np.unique(points.channel)
        pairs = [(self.channels[number], self.filters[number].middle / stretch) for number in present]
        return tuple(_blanketed(band, middle) for band, middle in pairs if middle < _BLANKETED)

    def default_points(self) -> Points:
        """A supernova at redshift 0.02 in g, r and i, every four days from three weeks before the first detection, errors of 3 uJy."""
        days = np.arange(-20.0, 80.0, 4.0)
        bands = len(self.channels)
        time = (days[:, None] + 0.02 * np.arange(bands)).reshape(-1)
        channel = np.tile(np.arange(bands, dtype=np.int32), len(days))
        known: dict[str, Any] = {
            "source_redshift": 0.02 * u.one,
            "luminosity_distance": 89.9 * u.Mpc,
            "milky_way_e_bv": 0.03 * u.mag,
            "first_detection": 59000.0 * u.d,
        }
        known |= {f"zero_{number}": 17.0 * u.mag for number in range(1, bands + 1)}
        sigma = 3.0 * 10 ** (-0.4 * (23.9 - 17.0))
        return Points(time, channel, np.ones(len(time), bool), Noise(np.full(len(time), sigma)), known)

    def random_points(self, rng: np.random.Generator) -> Points:
        """Surveys and follow-up from at most three weeks before the first detection."""
        return random_pattern(self, rng, Sampling(stretch=(0.5, 1.0), size=(30, 600), families=("survey", "follow-up")))

    @property
    def preparation(self) -> Preparation:
        """Zero points, distance, and times from the first detection."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.bands import Bands
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.distance import Distance
        from astro_sbi.observations.steps.first_detection import FirstDetection
        from astro_sbi.observations.steps.zero_points import ZeroPoints

        return Preparation((Cut(), Bands(), ZeroPoints(), Distance(), FirstDetection()))


def _blanketed(band: str, middle: float) -> str:
    return (
        f"{printable(band, 20)} is at {middle:.0f} Angstrom at rest, where lines of iron and its neighbours absorb what a black body would "
        "send: leave it out (prepare.bands) to see what it decides."
    )
