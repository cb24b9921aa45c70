"""Expansion of a flat universe of matter and dark energy whose equation of state is w0 + wa (1 - a)."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

_SEGMENTS = 32
_NODES = 3


def log_dark_energy(log_stretch: Any, w0: Any, wa: Any, xp: Any = np) -> Any:
    """Log of the density of dark energy over today's, ``3 (1 + w0 + wa) s - 3 wa (1 - e^-s)`` with ``s = ln(1 + z)``.

    Chevallier & Polarski 2001, IJMPD 10, 213; Linder 2003, PRL 90, 091301 (the form of w).
    """
    return 3 * (1 + w0 + wa) * log_stretch + 3 * wa * xp.expm1(-log_stretch)


def hubble_rate(log_stretch: Any, omega_m: Any, w0: Any, wa: Any, xp: Any = np) -> Any:
    """``E = H / H0`` of a flat universe without radiation at ``s = ln(1 + z)``: the root of all densities over today's critical one."""
    dark = (1 - omega_m) * xp.exp(log_dark_energy(log_stretch, w0, wa, xp))
    return xp.sqrt(omega_m * xp.exp(3 * log_stretch) + dark)


def comoving_distance(
    redshift: Float[Any, " n"], omega_m: Float[Any, "#b"], w0: Float[Any, "#b"], wa: Float[Any, "#b"], xp: Any = np
) -> Float[Any, " n"]:
    """Comoving distance in units of c / H0, ``int_0^z dz' / E(z')`` (Hogg 1999, arXiv:astro-ph/9905116, eq. 15).

    Integrated over ``s = ln(1 + z)`` on 32 segments, three Gauss-Legendre nodes each, and cubic Hermite polynomials between their ends,
    whose slopes are the integrand itself; the places depend on the redshifts alone, so that a batch of universes shares them.

    Args:
        redshift: above 0 [n].
        omega_m: matter density over the critical one today.
        w0: equation of state of dark energy today.
        wa: its change with scale factor.
        xp: NumPy or jax.numpy.
    """
    place = xp.log1p(redshift)
    step = xp.max(place) / _SEGMENTS
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    nodes, weight = (0.5 + 0.5 * x).astype(np.float32), (0.5 * weight).astype(np.float32)

    def slope(s: Any) -> Any:
        return xp.exp(s) / hubble_rate(s, omega_m, w0, wa, xp)

    starts = np.arange(_SEGMENTS, dtype=np.float32)
    areas = step * xp.sum(weight * slope(step * (starts[:, None] + nodes)), axis=-1)
    ends = slope(step * np.arange(_SEGMENTS + 1, dtype=np.float32))
    summed = xp.concatenate([xp.zeros_like(areas[:1]), xp.cumsum(areas)])
    segment = xp.minimum((place / step).astype(np.int32), _SEGMENTS - 1)
    t = place / step - segment
    left, right = (1 + 2 * t) * (1 - t) ** 2, t**2 * (3 - 2 * t)
    rises = step * (t * (1 - t) ** 2 * ends[segment] - t**2 * (1 - t) * ends[segment + 1])
    return left * summed[segment] + right * summed[segment + 1] + rises


def hubble_times_age(omega_m: Float[np.ndarray, " S"], w0: Float[np.ndarray, " S"], wa: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    """Age of the universe in units of 1 / H0, ``int_0^1 da / (a E(a))`` (NumPy; Hogg 1999, eq. 30 from today back to the beginning).

    With ``a = x^2`` the integrand is smooth where matter rules first; 64 Gauss-Legendre nodes.
    """
    x, weight = np.polynomial.legendre.leggauss(64)
    x, weight = 0.5 + 0.5 * x, 0.5 * weight
    columns = (np.asarray(value, np.float64)[..., None] for value in (omega_m, w0, wa))
    return np.sum(weight * 2 / (x * hubble_rate(-2 * np.log(x), *columns)), axis=-1)
