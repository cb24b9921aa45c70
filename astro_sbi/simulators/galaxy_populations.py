"""The stellar continuum of a galaxy by its star-formation history: stellar populations of a library in DSPS's format."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.observations.steps.continuum_scale import FLUX_DENSITY, ContinuumScale
from astro_sbi.simulators.base import Parameter, Pattern, Theta
from astro_sbi.simulators.extinction import calzetti
from astro_sbi.simulators.galaxy_spectrum import BREAK, LIGHT_KM_S, MASKED, WINDOW, GalaxySpectrumSimulator
from astro_sbi.simulators.mixture import HIGHEST, luminosity_distance
from astro_sbi.simulators.prior import Distribution, loguniform, uniform
from astro_sbi.simulators.ssp_library import COVERED, fingerprint, library, library_lacks, library_path
from astro_sbi.simulators.ssp_spectra import LOW, STEP, place_on_grid, ssp_spectra
from astro_sbi.simulators.star_formation import formed, mean_age, population_weights, universe_age

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

#: Pixels that still resolve the stars' velocities [km/s].
_PIXEL = 200.0
#: Library pixels wider than this do not resolve them [km/s].
_COARSE = 150.0
#: Luminosity of the Sun over 4 pi (10 pc)^2, in 1e-17 erg/s/cm2.
_SUN_AT_10_PC = 3.828e33 / (4 * np.pi * 3.0856775814913673e19**2) / 1e-17
_CHUNK = 4096
_CAVEATS = (
    "Stars form at a rate that rises, peaks and falls once, t exp(-t / tau); bursts on top of it are not in the model.",
    "Metallicities scatter by 0.3 dex about one middle at all ages; elements other than the library's mixture are not free.",
    "One screen of dust with Calzetti's law stands before all stars, young and old.",
    "The mass is that of all stars ever formed whose light is in the spectrum, of what fell into the fibre or slit; the library does not "
    "say how much of it is left.",
    "One Gaussian of one width stands for the line spread function everywhere. The library's own resolution is not known from its file and "
    "not taken off, so that velocity dispersions below about 100 km/s come out too small.",
    "Errors of templates and calibration from pixel to pixel are taken as 2 % of the continuum (prepare.flux_error).",
    "Flux is taken as corrected for dust in the Milky Way.",
)
_STELLAR: tuple[tuple[Parameter, Distribution], ...] = (
    (
        Parameter("onset", "a", "<i>a</i>", "", "time since the first stars over the age of the universe", 0.0, 1.0),
        uniform(0.02, 1.0),
    ),
    # Not tau itself: colours tell of the ratio, and along a line of one ratio tau and onset could hardly be told apart.
    (
        Parameter(
            "decline",
            r"t_1 / \tau",
            "<i>t</i><sub>1</sub>/<i>τ</i>",
            "",
            "time since the first stars over the time from them to the peak of star formation: above 1 it has fallen since",
            0.0,
        ),
        loguniform(0.05, 50.0),
    ),
    (
        Parameter(
            "log_metallicity", r"\log Z", "log <i>Z</i>", "dex", "log10 of the mass fraction of metals in the stars; the Sun has -1.85"
        ),
        uniform(-3.0, -1.4),
    ),
    (
        Parameter("dispersion", r"\sigma_\star", "<i>σ</i><sub>★</sub>", "km / s", "velocity dispersion of the stars", 0.0, 1000.0),
        uniform(30.0, 400.0),
    ),
)


class GalaxyPopulationsSimulator(GalaxySpectrumSimulator):
    """Stellar populations behind dust, with a wavy calibration, and lines of gas if asked for."""

    reference = (
        "Hearin et al. 2023, MNRAS 521, 1741 (DSPS); the library of its file, usually of FSPS: Conroy, Gunn & White 2009, ApJ 699, 486, "
        "and Conroy & Gunn 2010, ApJ 712, 833; Calzetti et al. 2000, ApJ 533, 682, eq. 4 (dust); Balogh et al. 1999, ApJ 527, 54 "
        "(4000 Angstrom break)"
    )
    derived_parameters = (
        Parameter("redshift", "z", "<i>z</i>", "", "redshift of the stars"),
        Parameter("d4000n", r"D_n4000", "<i>D<sub>n</sub></i>4000", "", "strength of the 4000 A break of the model, dust included"),
        Parameter(
            "log_mass_formed",
            r"\log M_\mathrm{formed}",
            "log <i>M</i><sub>formed</sub>",
            "dex",
            "log10 of solar masses of all stars ever formed (Planck 2018 cosmology)",
        ),
        Parameter("luminosity_distance", "d_L", "<i>d<sub>L</sub></i>", "Mpc", "luminosity distance (Planck 2018 cosmology)"),
        Parameter("age", "t_1", "<i>t</i><sub>1</sub>", "Gyr", "time since the first stars"),
        Parameter("tau", r"\tau", "<i>τ</i>", "Gyr", "time from the first stars to the peak of star formation"),
        Parameter(
            "mean_age", r"\langle t \rangle_M", "⟨<i>t</i>⟩<sub><i>M</i></sub>", "Gyr", "mean age of the stars, by mass as it formed"
        ),
        Parameter(
            "log_specific_rate",
            r"\log \mathrm{sSFR}",
            "log sSFR",
            "dex",
            "log10 of stars formed per year in the last 100 Myr over all formed; at least -20",
        ),
    )

    @property
    def version(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Another library is another simulator; one that is missing or wrong is refused here."""
        return int(library().sha256[:12], 16)

    @property
    def caveats(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What the model leaves out, and which library it takes."""
        lacking = library_lacks()
        told = lacking or f"The library is {library_path().name} (sha256 {fingerprint()[:12]})."
        return (*_CAVEATS, f"{told[:1].upper()}{told[1:]}".removesuffix(".") + ".")

    @staticmethod
    def stellar_parameters() -> list[tuple[Parameter, Distribution]]:
        """Star-formation history, metallicity and velocity dispersion."""
        return list(_STELLAR)

    def starlight(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Mean flux density of the stars in each pixel."""
        import jax.numpy as jnp

        stars, known = ssp_spectra(), pattern.known
        at_rest = jnp.log1p(known["redshift_guess"])
        log_rest, middle = jnp.log(pattern.coordinate / LOW) - at_rest, jnp.log(known["middle"] / LOW) - at_rest
        coefficients = _coefficients(theta, known["redshift_guess"])
        width = _mean_of(known["bin_width"], pattern.used)
        # Of the instrument, the pixel is a box of its own, and so are the cells of the grid.
        instrument = _mean_of(known["resolution"] ** 2, pattern.used) - width**2 / 12 - (STEP * LIGHT_KM_S) ** 2 / 12
        sigma = jnp.sqrt(theta["dispersion"] ** 2 + jnp.maximum(instrument, 0.0)) / LIGHT_KM_S
        moved = jnp.log1p(theta["velocity_offset"] / LIGHT_KM_S)
        grid = stars.broadened(coefficients, sigma, width / LIGHT_KM_S, moved)
        cells, weight = place_on_grid(log_rest, jnp)
        shape = jnp.sum(grid[cells] * weight, axis=-1) * _dimmed(theta["dust_av"], log_rest, jnp)
        level = coefficients @ stars.window(middle, WINDOW, jnp) * _dimmed(theta["dust_av"], middle, jnp)
        return theta["continuum"] * shape / level

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Redshift, break, mass, distance and ages.

        ``F_lambda = L_lambda / (4 pi d_L^2 (1 + z))`` (Hogg et al. 2002, arXiv:astro-ph/0210394, eq. 20).
        """
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        stars, guess = ssp_spectra(), float(known["redshift_guess"])
        redshift = (1 + guess) * (1 + draws["velocity_offset"] / LIGHT_KM_S) - 1
        coefficients = _many_coefficients(draws, guess)

        def light(wavelength: float, width: float) -> np.ndarray:
            middle = np.log(wavelength / LOW)
            return coefficients @ stars.window(middle, width).astype(np.float64) * _dimmed(draws["dust_av"], middle)

        blue, red = (low * high * light(np.sqrt(low * high), np.log(high / low)) for low, high in BREAK)
        level, distance = light(float(known["middle"]) / (1 + guess), WINDOW), luminosity_distance(np.clip(redshift, 1e-5, HIGHEST))
        scale = np.maximum(draws["continuum"], 1e-12) / (level * _SUN_AT_10_PC) * (1 + redshift) * (distance / 1e-5) ** 2
        age = draws["onset"] * universe_age(guess)
        tau = age / draws["decline"]
        recent = (formed(age, tau) - formed(age - 0.1, tau)) / formed(age, tau) / 1e8
        return {
            "redshift": redshift,
            "d4000n": red / blue,
            "log_mass_formed": np.log10(scale),
            "luminosity_distance": distance,
            "age": age,
            "tau": tau,
            "mean_age": mean_age(age, tau),
            "log_specific_rate": np.log10(np.maximum(recent, 1e-20)),
        }

    def warnings(self, points: Points) -> tuple[str, ...]:
        """That the library is too coarse for velocities, where it is."""
        wavelength = library().wavelength
        step = LIGHT_KM_S * float(np.median(np.diff(np.log(wavelength[(wavelength > 4500) & (wavelength < 5500)]))))
        if step < _COARSE:
            return ()
        return (f"The library has a wavelength every {step:.0f} km/s about 5000 A: it does not resolve the stars' velocity dispersion.",)

    def default_points(self) -> Points:
        """A galaxy at z = 0.1 from 3800 to 9200 A in pixels of 200 km/s, S/N about 30."""
        count = int(np.log(9200 / 3800) / (_PIXEL / LIGHT_KM_S))
        wavelength = 3800.0 * np.exp(_PIXEL / LIGHT_KM_S * (0.5 + np.arange(count)))
        known = {"redshift_guess": 0.1 * u.one, "continuum_scale": 10.0 * u.Unit(FLUX_DENSITY), "middle": 6000.0 * u.AA}
        known |= {"resolution": np.full(count, 90.0) * u.km / u.s, "bin_width": _PIXEL * u.km / u.s}
        return Points(wavelength, np.zeros(count, np.int32), np.ones(count, bool), Noise(np.full(count, 0.35)), known)

    @property
    def preparation(self) -> Preparation:
        """Guess the redshift, keep what the library covers, leave out the lines of gas unless fitted, and average to 200 km/s."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.mask import Mask
        from astro_sbi.observations.steps.rebin import Rebin
        from astro_sbi.observations.steps.redshift import Redshift
        from astro_sbi.observations.steps.signal_to_noise import SignalToNoise
        from astro_sbi.observations.steps.trim import Trim

        trim = Trim(trim_low=COVERED[0] + 100.0, trim_high=COVERED[1] - 150.0, trim_frame="rest")
        mask = Mask(mask="" if self.fitted else MASKED, mask_frame="rest")
        return Preparation((SignalToNoise(), Redshift(), trim, mask, Rebin(pixel_velocity=_PIXEL), ContinuumScale()))


def _coefficients(theta: Theta, redshift: Any) -> Float[Array, " r"]:
    """Of the components of the library, for a solar mass of stars formed (jax) [Lsun/A]."""
    import jax.numpy as jnp

    now = universe_age(redshift, jnp)
    age = theta["onset"] * now
    weights = population_weights(library(), age, age / theta["decline"], theta["log_metallicity"], now)
    return weights.ravel() @ jnp.asarray(ssp_spectra().shares)


@cache
def _batch() -> Any:
    import jax

    return jax.jit(jax.vmap(_coefficients, in_axes=(0, None)))


def _many_coefficients(draws: Mapping[str, np.ndarray], redshift: float) -> np.ndarray:
    """The same of many draws, in chunks of one size [S, r]."""
    names, size = ("onset", "decline", "log_metallicity"), len(draws["onset"])
    parts = []
    for start in range(0, size, _CHUNK):
        index = np.minimum(np.arange(start, start + _CHUNK), size - 1)
        parts.append(
            np.asarray(_batch()({name: draws[name][index].astype(np.float32) for name in names}, np.float32(redshift)), np.float64)
        )
    return np.concatenate(parts)[:size]


def _dimmed(dust_av: Any, log_rest: Any, xp: Any = np) -> Any:
    """What dust leaves of the light at a wavelength, given as its ln over `LOW`."""
    return 10 ** (-0.4 * dust_av * calzetti(LOW * xp.exp(log_rest), xp))


def _mean_of(known: Any, used: Any) -> Any:
    """Mean over the points that are used, of a number that is the same for all or one for each (jax)."""
    import jax.numpy as jnp

    return jnp.sum(jnp.where(used, known, 0.0)) / jnp.maximum(jnp.sum(used), 1)
