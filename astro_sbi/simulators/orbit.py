"""A Kepler orbit from what velocities tell: eccentricity, times, minimum mass and size (NumPy, float64)."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import constants
from astropy import units as u
from jaxtyping import Float64
from scipy import special

#: Highest eccentricity of the prior: Kepler's equation is solved in single precision below 0.97.
HIGHEST = 0.95
#: Beta distribution of eccentricities (Kipping 2013, MNRAS 434, L51).
KIPPING = 0.867, 3.03
_FARTHEST, _NODES = 8.0, 2048


def eccentricity_table(prior: str) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Lengths of the eccentricity vector and the eccentricities that they stand for.

    The vector's two components are unit normals, so that ``1 - exp(-r^2 / 2)`` of its length is uniform; the eccentricity is that
    quantile of its prior, which ends at 0.95.

    Args:
        prior: ``beta`` (Kipping 2013) or ``uniform``.
    """
    length = np.linspace(0.0, _FARTHEST, _NODES)
    quantile = -np.expm1(-0.5 * length**2)
    if prior == "uniform":
        return length, HIGHEST * quantile
    return length, special.betaincinv(*KIPPING, quantile * special.betainc(*KIPPING, HIGHEST))


def eccentricity_vector(x: Any, y: Any, prior: str, xp: Any = np) -> tuple[Any, Any]:
    """``e cos(omega)`` and ``e sin(omega)`` of an eccentricity vector, smooth where it vanishes.

    Args:
        x: component along omega = 0.
        y: component along omega = 90 degrees.
        prior: of the eccentricity.
        xp: NumPy or jax.numpy.
    """
    length, eccentricity = eccentricity_table(prior)
    radius = xp.sqrt(x**2 + y**2 + 1e-10)
    share = xp.interp(radius, xp.asarray(length, radius.dtype), xp.asarray(eccentricity, radius.dtype)) / radius
    return share * x, share * y


def centred(angle: Float64[np.ndarray, " S"]) -> Float64[np.ndarray, " S"]:
    """Angles [rad] within half a circle of their circular mean, which lies between 0 and 2 pi, so that a cloud of draws is not torn."""
    mean = np.angle(np.mean(np.exp(1j * angle)))
    return mean % (2 * np.pi) + np.angle(np.exp(1j * (angle - mean)))


def mean_anomaly(true_anomaly: Any, eccentricity: Any) -> Any:
    """``M = E - e sin E`` with ``tan(E/2) = sqrt((1-e)/(1+e)) tan(f/2)`` [rad], for f between -2 pi and 2 pi."""
    half = 0.5 * true_anomaly
    eccentric = 2 * np.arctan2(np.sqrt(1 - eccentricity) * np.sin(half), np.sqrt(1 + eccentricity) * np.cos(half))
    return eccentric - eccentricity * np.sin(eccentric)


def conjunction_longitude(k: Any, h: Any) -> Any:
    """Mean longitude [rad] at inferior conjunction, true longitude 90 degrees, when the star is farthest from us; pi/2 on a circle."""
    eccentricity, omega = np.hypot(k, h), np.arctan2(h, k)
    return mean_anomaly(0.5 * np.pi - omega, eccentricity) + omega


def minimum_mass(semi_amplitude: Any, period: Any, eccentricity: Any, stellar_mass: Any) -> Any:
    """Mass times sine of the inclination [Msun] of what moves the star.

    From the mass function ``(m sin i)^3 / (M + m)^2 = P K^3 (1 - e^2)^(3/2) / (2 pi G)`` with sin i = 1 in the sum of the masses.

    Args:
        semi_amplitude: K [m/s].
        period: [d].
        eccentricity: of the orbit.
        stellar_mass: [Msun].
    """
    unit = float((1 * u.d * (u.m / u.s) ** 3 / (2 * np.pi * constants.G)).to_value(u.Msun))
    function = unit * period * semi_amplitude**3 * (1 - eccentricity**2) ** 1.5
    first = np.cbrt(function / stellar_mass)
    ratio = first
    # x = c (1 + x)^(2/3) contracts by less than 2/3 a step.
    for _ in range(60):
        ratio = first * np.cbrt(1 + ratio) ** 2
    return stellar_mass * ratio


def semi_major_axis(period: Any, total_mass: Any) -> Any:
    """Semi-major axis of the relative orbit [au], Kepler's third law ``a^3 = G (M + m) P^2 / (4 pi^2)``, from days and solar masses."""
    unit = float((constants.G * u.Msun * u.d**2 / (4 * np.pi**2)).to_value(u.au**3))
    return np.cbrt(unit * total_mass * period**2)
