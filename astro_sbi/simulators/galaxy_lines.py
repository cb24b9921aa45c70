"""Optical emission lines of a galaxy: H beta with [O III], H alpha with [N II] and [S II]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.base import KnownQuantity, Pattern, Simulator, Theta
from astro_sbi.simulators.bpt import KAUFFMANN, KEWLEY, distance, log_ratio
from astro_sbi.simulators.extinction import R_V, cardelli
from astro_sbi.simulators.line_parameters import DERIVED, FLUX, FLUX_DENSITY, PARAMETERS
from astro_sbi.simulators.prior import Prior, loguniform, normal, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

_LIGHT_KM_S = 299792.458

# Vacuum wavelengths [A] and ratios set by atomic physics.
_H_BETA, _OIII_4960, _OIII_5008 = 4862.683, 4960.295, 5008.240
_NII_6550, _H_ALPHA, _NII_6585, _SII_6718, _SII_6733 = 6549.86, 6564.614, 6585.27, 6718.294, 6732.674
_OIII_RATIO, _NII_RATIO, _CASE_B = 2.98, 3.05, 2.86

# Stellar absorption: standard deviation of the troughs [A, rest frame] and equivalent width of H alpha over that of H beta, as Gaussians
# fitted to the template spectra of Blanton & Roweis 2007, AJ 133, 734 (kcorrect 5) have them: 8.1 and 7.7 A, ratio 0.64 in the one rich in
# A stars; ratio 0.23 in the old one, where metals hide H alpha; between the two here.
_STELLAR_WIDTH, _STELLAR_RATIO = 8.0, 0.5

# Middle of the windows, where the continuum levels are defined [A, rest frame]; slopes are per 100 A.
_MIDDLE = (4930.0, 6640.0)


def h_beta_flux(flux_h_alpha: Any, dust_av: Any) -> Any:
    """H beta from H alpha behind a dust screen, ``F(Ha) / 2.86 * 10^(-0.4 A_V (A(Hb) - A(Ha)) / A_V)``.

    Case B at 10,000 K and 100 /cm3: Osterbrock & Ferland 2006, table 4.2; screen: Cardelli, Clayton & Mathis 1989 with R_V = 3.1.
    """
    excess = float(cardelli(_H_BETA) - cardelli(_H_ALPHA))
    return flux_h_alpha / _CASE_B * 10 ** (-0.4 * excess * dust_av)


def line_fluxes(theta: Theta) -> tuple[tuple[float, Any], ...]:
    """Vacuum wavelength [A] and flux of each line."""
    sulphur, ratio = theta["flux_sii_sum"], theta["sii_ratio"]
    return (
        (_H_BETA, h_beta_flux(theta["flux_h_alpha"], theta["dust_av"])),
        (_OIII_4960, theta["flux_oiii_5008"] / _OIII_RATIO),
        (_OIII_5008, theta["flux_oiii_5008"]),
        (_NII_6550, theta["flux_nii_6585"] / _NII_RATIO),
        (_H_ALPHA, theta["flux_h_alpha"]),
        (_NII_6585, theta["flux_nii_6585"]),
        (_SII_6718, sulphur * ratio / (1 + ratio)),
        (_SII_6733, sulphur / (1 + ratio)),
    )


def _continuum(theta: Theta, rest: Any, red: Any, xp: Any) -> Any:
    """Local straight lines, one for each window."""
    level = xp.where(red, theta["continuum_red"], theta["continuum_blue"])
    slope = xp.where(red, theta["slope_red"], theta["slope_blue"])
    return level + slope * (rest - xp.where(red, _MIDDLE[1], _MIDDLE[0])) / 100


class GalaxyLinesSimulator(Simulator):
    """Gaussian emission lines of one width on a local continuum with stellar Balmer absorption, on the detector's pixels."""

    name = "galaxy_lines"
    title = "Galaxy emission lines"
    kind = "spectrum"
    coordinate_name = "Wavelength"
    coordinate_unit = "Angstrom"
    signal = "emission lines"
    value_name = "Flux density"
    value_unit = FLUX_DENSITY
    summary = (
        "Gas in a galaxy, lit by young stars or an active nucleus, shines in a few lines. Their shift tells the redshift, "
        "their width how fast the gas moves, the ratio of H alpha to H beta how much dust lies before them, "
        "and the ratios of the others what lights the gas. "
        "Stars absorb in the hydrogen lines too, and the model takes that into account: without it, dust is overestimated."
    )
    reference = (
        "Osterbrock & Ferland 2006, table 4.2 (case B, H alpha / H beta = 2.86); "
        "Storey & Zeippen 2000, MNRAS 312, 813 ([O III] 2.98, [N II] 3.05); "
        "Cardelli, Clayton & Mathis 1989, ApJ 345, 245, eqs. 2-3 (dust); Kewley et al. 2001, ApJ 556, 121, eq. 5, "
        "and Kauffmann et al. 2003, MNRAS 346, 1055, eq. 1 (classes of galaxies)"
    )
    caveats = (
        "One Gaussian of one width for all lines: no broad component, outflow or rotation profile.",
        "The dust is a screen with Cardelli's law and R_V = 3.1 before gas at 10,000 K and 100 electrons per cm3; "
        "a slightly negative A_V is allowed for noise.",
        "Stellar absorption is a Gaussian of 8 A (standard deviation) at the redshift of the gas, with half the H beta equivalent "
        "width in H alpha; metal lines are not modelled. Another width shifts A_V where the lines are weak.",
        "The continuum is a straight line in each window; its real structure is taken up by the noise scale.",
        "Lines are corrected for Milky Way dust only if E(B-V) is known (ebv, default 0); the continuum is left as observed.",
        "Where a window is missing, its parameters keep their priors.",
    )
    parameters = PARAMETERS
    derived_parameters = DERIVED
    prior = Prior(
        (
            ("velocity_offset", normal(0.0, 150.0)),
            ("line_width", loguniform(20.0, 600.0)),
            ("flux_h_alpha", normal(0.0, "flux_scale")),
            ("flux_oiii_5008", normal(0.0, "flux_scale")),
            ("flux_nii_6585", normal(0.0, "flux_scale")),
            ("flux_sii_sum", normal(0.0, "flux_scale")),
            ("sii_ratio", uniform(0.4, 1.5)),
            ("dust_av", uniform(-0.5, 6.0)),
            ("absorption_h_beta", uniform(0.0, 10.0)),
            ("continuum_blue", normal(0.0, "continuum_scale")),
            ("slope_blue", normal(0.0, "0.3*continuum_scale")),
            ("continuum_red", normal(0.0, "continuum_scale")),
            ("slope_red", normal(0.0, "0.3*continuum_scale")),
            ("noise_scale", loguniform(0.5, 10.0)),
        )
    )
    known = (
        KnownQuantity("redshift_guess", "", "redshift about which the lines are looked for"),
        KnownQuantity("resolution", "km / s", "standard deviation of the instrument's line profile at each point"),
        KnownQuantity("continuum_scale", FLUX_DENSITY, "typical continuum level", from_data=True),
        KnownQuantity("flux_scale", FLUX, "typical flux of the lines", from_data=True),
        KnownQuantity("ebv", "mag", "Milky Way reddening E(B-V) towards the galaxy", 0.0),
    )

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Flux density averaged over each pixel."""
        import jax.numpy as jnp

        from astro_sbi.simulators.emission_lines import line_profile, pixel_width

        known, wavelength, red = pattern.known, pattern.coordinate, pattern.channel == 1
        one_plus_z = (1 + known["redshift_guess"]) * (1 + theta["velocity_offset"] / _LIGHT_KM_S)
        width = pixel_width(wavelength, pattern.channel, pattern.used)

        def profile(rest: float, velocity_width: Any) -> Any:
            sigma = jnp.sqrt(velocity_width**2 + known["resolution"] ** 2) / _LIGHT_KM_S
            return line_profile(wavelength, width, rest * one_plus_z, sigma * rest * one_plus_z)

        def trough(rest: float) -> Any:
            return profile(rest, _STELLAR_WIDTH / rest * _LIGHT_KM_S)

        total = _continuum(theta, wavelength / (1 + known["redshift_guess"]), red, jnp)
        for rest, flux in line_fluxes(theta):
            dimmed = flux * 10 ** (-0.4 * R_V * known["ebv"] * cardelli(rest * one_plus_z, jnp))
            total = total + dimmed * profile(rest, theta["line_width"])
        absorbed = theta["absorption_h_beta"] * one_plus_z
        total = total - theta["continuum_blue"] * absorbed * trough(_H_BETA)
        return total - theta["continuum_red"] * _STELLAR_RATIO * absorbed * trough(_H_ALPHA)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors times the noise scale."""
        return theta["noise_scale"] * pattern.sigma

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Redshift, line ratios, equivalent widths and place in the diagram of Baldwin, Phillips & Terlevich 1981.

        An equivalent width against a continuum below a thousandth of the continuum scale is the one against that.
        """
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        one_plus_z = (1 + known["redshift_guess"]) * (1 + draws["velocity_offset"] / _LIGHT_KM_S)
        h_alpha, oiii, nii = draws["flux_h_alpha"], draws["flux_oiii_5008"], draws["flux_nii_6585"]
        h_beta = h_beta_flux(h_alpha, draws["dust_av"])
        nitrogen, oxygen = log_ratio(nii, h_alpha), log_ratio(oiii, h_beta)

        def equivalent_width(rest: float, flux: np.ndarray, red: bool) -> np.ndarray:
            dimming = 10 ** (-0.4 * R_V * known["ebv"] * cardelli(rest * one_plus_z))
            continuum = np.maximum(_continuum(draws, rest, red, np), 1e-3 * known["continuum_scale"])
            return flux * dimming / (continuum * one_plus_z)

        return {
            "redshift": one_plus_z - 1,
            "flux_h_beta": h_beta,
            "log_nii_ha": nitrogen,
            "log_oiii_hb": oxygen,
            "ew_h_alpha": equivalent_width(_H_ALPHA, h_alpha, True),
            "ew_oiii_5008": equivalent_width(_OIII_5008, oiii, False),
            "bpt_kauffmann": distance(nitrogen, oxygen, KAUFFMANN),
            "bpt_kewley": distance(nitrogen, oxygen, KEWLEY),
        }

    def null(self, theta: Theta) -> dict[str, Any]:
        """Stars without gas: no emission line."""
        lines = ("flux_h_alpha", "flux_oiii_5008", "flux_nii_6585", "flux_sii_sum")
        return {**theta, **{name: 0.0 * theta[name] for name in lines}}

    def default_points(self) -> Points:
        """A galaxy at z = 0.05 in 150 pixels of 3 to 3.5 A with SDSS's resolution, S/N about 3 in the continuum."""
        redshift, sigma, size = 0.05, 3.0, 75
        windows = [np.linspace(low, high, size) * (1 + redshift) for low, high in ((4800.0, 5045.0), (6500.0, 6760.0))]
        wavelength = np.concatenate(windows)
        return Points(
            coordinate=wavelength,
            channel=np.repeat(np.arange(2, dtype=np.int32), size),
            used=np.ones(2 * size, bool),
            noise=Noise(np.full(2 * size, sigma)),
            known={
                "redshift_guess": redshift * u.one,
                "resolution": np.full(2 * size, 60.0) * u.km / u.s,
                "continuum_scale": 10.0 * u.Unit(FLUX_DENSITY),
                "flux_scale": 200.0 * u.Unit(FLUX),
                "ebv": 0.0 * u.mag,
            },
        )

    @property
    def preparation(self) -> Preparation:
        """Guess the redshift and cut to the windows of the lines."""
        from astro_sbi.observations.preparation import spectrum_preparation

        return spectrum_preparation()
