"""When the stars of a galaxy formed: a rate that rises, peaks and falls, and the weights of simple stellar populations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.simulators.ssp_library import SSPLibrary

#: Scatter of the stars' metallicities within a galaxy [dex].
METALLICITY_SCATTER = 0.3

#: Planck Collaboration 2020, A&A 641, A6, table 2: density of matter, and the Hubble time [Gyr] of H0 = 67.66 km/s/Mpc.
_OMEGA_M, _HUBBLE_TIME = 0.30966, 977.792221 / 67.66
_NODES = 128


def universe_age(redshift: Any, xp: Any = np) -> Any:
    """Age of a flat universe of matter and a cosmological constant [Gyr]; without radiation it is too long by half a per cent or less.

    ``t = 2 / (3 sqrt(1 - Om)) asinh(sqrt((1 - Om) / Om) (1 + z)^(-3/2)) / H0`` (Peebles 1993, Principles of Physical Cosmology, eq. 13.20).
    """
    dark = 1 - _OMEGA_M
    return 2 / (3 * dark**0.5) * _HUBBLE_TIME * xp.arcsinh((dark / _OMEGA_M) ** 0.5 * (1 + redshift) ** -1.5)


def formed(elapsed: Any, tau: Any, xp: Any = np) -> Any:
    """Part of all stars that formed a time after the first one, ``1 - (1 + x) e^-x`` with ``x = t / tau``: the rate is ``t e^(-t/tau)``."""
    x = xp.maximum(elapsed, 0.0) / tau
    return 1 - (1 + x) * xp.exp(-x)


def mean_age(age: Any, tau: Any) -> Any:
    """Mean age of the stars, by mass as it formed, a time ``age`` after the first (NumPy) [unit of its arguments]."""
    x = age / tau
    return age - tau * (2 - (x**2 + 2 * x + 2) * np.exp(-x)) / formed(age, tau)


@cache
def _weights() -> Callable[..., Any]:
    """DSPS's function, whose import turns jax to double precision for all that runs here: that is turned back."""
    import jax

    before = jax.config.read("jax_enable_x64")
    try:
        from dsps.sed.ssp_weights import calc_ssp_weights_sfh_table_lognormal_mdf
    finally:
        jax.config.update("jax_enable_x64", before)
    return calc_ssp_weights_sfh_table_lognormal_mdf


def population_weights(
    stars: SSPLibrary, age: Float[Array, ""], tau: Float[Array, ""], lgmet: Float[Array, ""], now: Float[Array, ""]
) -> Float[Array, "z a"]:
    """Part of the stars, by mass as it formed, of each metallicity and age (jax); they add to one.

    Args:
        stars: what the parts are of.
        age: time since the first stars [Gyr].
        tau: from then to the peak of star formation [Gyr].
        lgmet: middle of the metallicities, log10 of the mass fraction; they scatter by 0.3 dex.
        now: age of the universe [Gyr].

    References:
        Hearin et al. 2023, MNRAS 521, 1741, eqs. 2-5 (DSPS).
    """
    import jax.numpy as jnp

    u = np.linspace(0.0, 1.0, _NODES, dtype=np.float32)
    # Dense where the rate begins and where the youngest stars are.
    elapsed = age * (u**2 * (3 - 2 * u))
    start = jnp.maximum(now - age, 0.002)
    # Of one solar mass in all, whose logarithm is near zero where the small masses of young stars are told apart in single precision.
    rate = 1e-9 * elapsed / tau * jnp.exp(-elapsed / tau) / (tau * formed(age, tau, jnp))
    found = _weights()(
        start + elapsed,
        rate,
        lgmet,
        jnp.float32(METALLICITY_SCATTER),
        jnp.asarray(stars.lgmet, jnp.float32),
        jnp.asarray(stars.lg_age, jnp.float32),
        now,
    )
    return found.weights
