"""The stellar continuum of a galaxy: templates behind dust at a redshift, on the pixels of a spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.observations.steps.continuum_scale import FLUX_DENSITY, ContinuumScale
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.extinction import calzetti
from astro_sbi.simulators.mixture import HIGHEST, MIXING, MIXTURE, luminosity_distance, template_shares
from astro_sbi.simulators.prior import Distribution, Prior, normal, uniform
from astro_sbi.simulators.template_spectra import OPTICAL, template_spectra
from astro_sbi.simulators.templates import templates

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

LIGHT_KM_S = 299792.458
#: Width of the window about the middle in which the level of the continuum is defined, in ln(wavelength).
WINDOW = 0.05
#: Velocity dispersion of the gas, small against the pixels [km/s].
_GAS = 120.0
_PIXEL = 600.0
#: Windows of D4000n at rest [A], and where half of their light lies (Balogh et al. 1999, ApJ 527, 54).
BREAK = ((3850.0, 3950.0), (4000.0, 4100.0))
#: Lines of gas: name, how they are written, and vacuum wavelengths [A] with relative strengths (doublets by atomic physics; [S II] at the
#: density of most galaxies).
_LINES = (
    ("oii", r"[\mathrm{O\,II}]", "[O II]", ((3727.092, 1.0), (3729.875, 1.4))),
    ("h_beta", r"\mathrm{H\beta}", "Hβ", ((4862.683, 1.0),)),
    ("oiii", r"[\mathrm{O\,III}]", "[O III]", ((4960.295, 1.0), (5008.240, 2.98))),
    ("h_alpha", r"\mathrm{H\alpha}", "Hα", ((6564.614, 1.0),)),
    ("nii", r"[\mathrm{N\,II}]", "[N II]", ((6549.86, 1.0), (6585.27, 3.05))),
    ("sii", r"[\mathrm{S\,II}]", "[S II]", ((6718.294, 1.3), (6732.674, 1.0))),
)
#: Parts of the rest frame that gas fills, left out where its lines are not fitted [A].
MASKED = (
    "3710-3750, 3860-3880, 3960-3980, 4093-4113, 4332-4352, 4355-4375, 4845-4880, 4940-5030, 5865-5890, 6290-6312, 6530-6600, 6700-6750"
)


def _line_parameter(name: str, latex: str, html: str) -> Parameter:
    meaning = f"flux of {html} of all lines of its multiplet, beyond what is in the templates; negative where they have too much"
    return Parameter(f"flux_{name}", f"F({latex})", f"F({html})", "1e-17 erg / (s cm2)", meaning)


class GalaxySpectrumSimulator(Simulator):
    """Five templates behind dust, with a wavy calibration, and lines of gas if asked for."""

    name = "galaxy_spectrum"
    title = "Galaxy continuum"
    kind = "spectrum"
    coordinate_name = "Wavelength"
    coordinate_unit = "Angstrom"
    value_name = "Flux density"
    value_unit = FLUX_DENSITY
    signal = "galaxy"
    summary = (
        "Starlight tells how old the stars of a galaxy are: young stars make it blue, and old ones give it a step at 4000 Angstrom and "
        "lines of metals. Dust makes it redder without a step, redshift moves everything, and brightness with distance tells the mass. "
        "Slow waves of the calibration are fitted too, so that they are not taken for dust."
    )
    reference = (
        "Blanton & Roweis 2007, AJ 133, 734 (templates, from the package kcorrect); Calzetti et al. 2000, ApJ 533, 682, eq. 4 (dust); "
        "Balogh et al. 1999, ApJ 527, 54 (4000 Angstrom break)"
    )
    options = (
        ModelOption("lines", ("masked", "fitted"), "whether the strong lines of gas are left out of the fit or have a free flux each"),
        ModelOption("templates", ("kcorrect", "dsps"), "five templates, or stellar populations from a library on this computer (DSPS_DRN)"),
    )
    caveats = (
        "Five templates at a resolution of 260 km/s, fitted to nearby galaxies: no starbursts, no active nuclei, no stars.",
        "The templates do not resolve the stars' velocity dispersion, so that it is no parameter.",
        "Errors of templates and calibration from pixel to pixel are taken as 2 % of the continuum (prepare.flux_error).",
        "The mass is that of the stars whose light is in the spectrum: of what fell into the fibre or slit.",
        "Flux is taken as corrected for dust in the Milky Way.",
        "Line spread function and pixel together act as one box of their variance.",
    )
    derived_parameters = (
        Parameter("redshift", "z", "<i>z</i>", "", "redshift of the stars"),
        Parameter("d4000n", r"D_n4000", "<i>D<sub>n</sub></i>4000", "", "strength of the 4000 A break of the model, dust included"),
        *MIXTURE,
    )
    known = (
        KnownQuantity("redshift_guess", "", "redshift about which the galaxy is looked for"),
        KnownQuantity("continuum_scale", FLUX_DENSITY, "typical continuum level", from_data=True),
        KnownQuantity("middle", "Angstrom", "observed wavelength at which the level of the continuum is defined"),
        KnownQuantity("resolution", "km / s", "standard deviation of the line profile at each point, pixel included", 0.0),
        KnownQuantity("bin_width", "km / s", "length of a pixel", _PIXEL),
    )

    def __init__(self, channels: tuple[str, ...] = ("",), lines: str = "masked") -> None:
        self.channels, self.fitted = channels, lines == "fitted"
        chosen: list[tuple[Parameter, Distribution]] = [
            (
                Parameter(
                    "velocity_offset", r"\Delta v", "Δ<i>v</i>", "km / s", "velocity against the guessed redshift: shifts breaks and lines"
                ),
                normal(0.0, 300.0),
            ),
            (
                Parameter("continuum", "C", "<i>C</i>", FLUX_DENSITY, "continuum in the middle of the spectrum: scales all of it"),
                normal("continuum_scale", "0.3*continuum_scale"),
            ),
            (
                Parameter("dust_av", "A_V", "<i>A<sub>V</sub></i>", "mag", "attenuation of the starlight in V: reddens and dims", 0.0),
                uniform(0.0, 3.0),
            ),
            *self.stellar_parameters(),
        ]
        for order in (1, 2, 3):
            meaning = f"slow wave of the calibration: Legendre polynomial of order {order} in ln(wavelength), as part of the flux"
            chosen.append((Parameter(f"wave_{order}", f"c_{order}", f"<i>c</i><sub>{order}</sub>", "", meaning), normal(0.0, 0.03)))
        if self.fitted:
            chosen += [(_line_parameter(*line[:3]), normal(0.0, "50*continuum_scale")) for line in _LINES]
        self.parameters = tuple(parameter for parameter, _ in chosen)
        self.prior = Prior(tuple((parameter.name, law) for parameter, law in chosen))

    @staticmethod
    def stellar_parameters() -> list[tuple[Parameter, Distribution]]:
        """What tells which stars there are, with priors."""
        return [(parameter, uniform(0.0, 1.0)) for parameter in MIXING]

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> GalaxySpectrumSimulator:
        """The simulator with lines masked or fitted, of templates or stellar populations."""
        from astro_sbi.simulators.galaxy_populations import GalaxyPopulationsSimulator

        made = GalaxyPopulationsSimulator if options.get("templates") == "dsps" else GalaxySpectrumSimulator
        return made(channels, options.get("lines", "masked"))

    def lacks(self, option: str, choice: str) -> str:
        """That there is no library of stellar populations, where there is none."""
        from astro_sbi.simulators.ssp_library import library_lacks

        return library_lacks() if (option, choice) == ("templates", "dsps") else ""

    def starlight(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean flux density of the stars in each pixel."""
        import jax.numpy as jnp

        known, wavelength = pattern.known, pattern.coordinate
        # A sum of logarithms: the product is too coarse in single precision.
        shift = jnp.log1p(known["redshift_guess"]) + jnp.log1p(theta["velocity_offset"] / LIGHT_KM_S)
        width = jnp.maximum(12**0.5 * known["resolution"], known["bin_width"]) / LIGHT_KM_S
        shares = template_shares(theta, jnp)
        shape = _starlight(shares, theta["dust_av"], jnp.log(wavelength / OPTICAL) - shift, width, jnp)
        level = _starlight(shares, theta["dust_av"], jnp.log(known["middle"] / OPTICAL) - shift, WINDOW, jnp)
        return theta["continuum"] * shape / (level + 1e-6)

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean flux density of each pixel."""
        import jax.numpy as jnp

        known, wavelength = pattern.known, pattern.coordinate
        place = _place(wavelength, pattern.used)
        waves = (place, 1.5 * place**2 - 0.5, 2.5 * place**3 - 1.5 * place)
        total = self.starlight(theta, pattern) * (1 + sum(theta[f"wave_{order}"] * wave for order, wave in enumerate(waves, 1)))
        if not self.fitted:
            return total
        from astro_sbi.simulators.emission_lines import line_profile

        one_plus_z = (1 + known["redshift_guess"]) * (1 + theta["velocity_offset"] / LIGHT_KM_S)
        pixel = known["bin_width"] / LIGHT_KM_S * wavelength
        sigma = jnp.sqrt(jnp.maximum(known["resolution"] ** 2 - known["bin_width"] ** 2 / 12, 0.0) + _GAS**2) / LIGHT_KM_S
        for name, _, _, lines in _LINES:
            whole = sum(strength for _, strength in lines)
            for rest, strength in lines:
                profile = line_profile(wavelength, pixel, rest * one_plus_z, sigma * rest * one_plus_z)
                total = total + theta[f"flux_{name}"] * strength / whole * profile
        return total

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Redshift, break, mass and age of the stars, distance, and the mixture.

        ``F_lambda = L_lambda / (4 pi d_L^2 (1 + z))`` (Hogg et al. 2002, arXiv:astro-ph/0210394, eq. 20), templates being at 10 pc.
        """
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        one_plus_z = (1 + known["redshift_guess"]) * (1 + draws["velocity_offset"] / LIGHT_KM_S)
        shares, dust = template_shares(draws), draws["dust_av"]
        level = _starlight(shares, dust, np.log(known["middle"] / OPTICAL / one_plus_z), WINDOW)
        blue, red = (_mean_f_nu(shares, dust, *window) for window in BREAK)
        distance = luminosity_distance(np.minimum(one_plus_z - 1, HIGHEST))
        # The templates are in 1e-18 erg/s/cm2/A, the continuum in 1e-17.
        scale = np.maximum(10 * draws["continuum"], 1e-12) / (level + 1e-6) * one_plus_z * (distance / 1e-5) ** 2
        stars = templates()
        return {
            "redshift": one_plus_z - 1,
            "d4000n": red / blue,
            "log_stellar_mass": np.log10(scale * (shares @ (stars.mass * stars.remaining))),
            "luminosity_distance": distance,
            "young_fraction": shares @ (stars.mass * stars.young) / (shares @ stars.mass),
            **{f"light_{number + 1}": shares[..., number] for number in range(5)},
        }

    def default_points(self) -> Points:
        """A galaxy at z = 0.1 from 3800 to 9200 A in pixels of 600 km/s, S/N about 30."""
        count = int(np.log(9200 / 3800) / (_PIXEL / LIGHT_KM_S))
        wavelength = 3800.0 * np.exp(_PIXEL / LIGHT_KM_S * (0.5 + np.arange(count)))
        return Points(
            coordinate=wavelength,
            channel=np.zeros(count, np.int32),
            used=np.ones(count, bool),
            noise=Noise(np.full(count, 0.35)),
            known={
                "redshift_guess": 0.1 * u.one,
                "continuum_scale": 10.0 * u.Unit(FLUX_DENSITY),
                "middle": 6000.0 * u.AA,
                "resolution": np.full(count, 190.0) * u.km / u.s,
                "bin_width": _PIXEL * u.km / u.s,
            },
        )

    @property
    def preparation(self) -> Preparation:
        """Guess the redshift, leave out the lines of gas unless they are fitted, and average to 600 km/s."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.mask import Mask
        from astro_sbi.observations.steps.rebin import Rebin
        from astro_sbi.observations.steps.redshift import Redshift
        from astro_sbi.observations.steps.signal_to_noise import SignalToNoise
        from astro_sbi.observations.steps.trim import Trim

        mask = Mask(mask="" if self.fitted else MASKED, mask_frame="rest")
        return Preparation((SignalToNoise(), Redshift(), Trim(trim_frame="rest"), mask, Rebin(pixel_velocity=_PIXEL), ContinuumScale()))


def _starlight(shares: Any, dust_av: Any, log_rest: Any, width: Any, xp: Any = np) -> Any:
    """Mixture behind dust, averaged over pixels [1e-18 erg/s/cm2/A].

    Args:
        shares: of the templates [*S, 5].
        dust_av: attenuation in V [*S].
        log_rest: ln of the wavelength at rest over 5500 A: [n] for one draw, or [*S].
        width: of the pixels in ln(wavelength).
        xp: array library.
    """
    mean = template_spectra().mean(log_rest, width, xp)
    return xp.sum(mean * shares, axis=-1) * 10 ** (-0.4 * dust_av * calzetti(OPTICAL * xp.exp(log_rest), xp))


def _mean_f_nu(shares: np.ndarray, dust_av: np.ndarray, low: float, high: float) -> np.ndarray:
    """Mean flux density per frequency, up to a factor, between two wavelengths at rest [A]."""
    middle = np.full(np.shape(dust_av), np.sqrt(low * high))
    return middle**2 * _starlight(shares, dust_av, np.log(middle / OPTICAL), np.full(np.shape(dust_av), np.log(high / low)))


def _place(wavelength: Any, used: Any) -> Any:
    """Place of each used pixel in ln(wavelength), from -1 to 1 (jax)."""
    import jax.numpy as jnp

    log = jnp.log(wavelength)
    low, high = jnp.min(jnp.where(used, log, jnp.inf)), jnp.max(jnp.where(used, log, -jnp.inf))
    return jnp.clip(2 * (log - low) / (high - low) - 1, -1.0, 1.0)
