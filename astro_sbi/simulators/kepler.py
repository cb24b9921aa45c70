"""Velocity of a star on a Kepler orbit, regular at zero eccentricity.

In terms of ``k = e cos(omega)``, ``h = e sin(omega)`` and longitudes from the node instead of anomalies from periastron, which a circular
orbit does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Float

#: Halley steps that give single precision at every anomaly for eccentricities up to 0.97.
_STEPS = 3


def _wrapped(angle: Array) -> Array:
    return angle - 2 * jnp.pi * jnp.round(angle / (2 * jnp.pi))


@jax.custom_jvp
def eccentric_longitude(longitude: Float[Array, " n"], k: Float[Array, ""], h: Float[Array, ""]) -> Float[Array, " n"]:
    """Solve ``F - k sin F + h cos F = longitude`` for the eccentric longitude F [rad].

    Kepler's equation with ``F = E + omega`` and the mean longitude ``M + omega`` (Walker, Ireland & Owens 1985, Celestial Mechanics 36,
    409). Between 0 and pi ``E = M + 0.85 e`` (Danby 1987, Celestial Mechanics 40, 303) is the start, no higher than what E cannot
    exceed, ``M / (1 - e)`` and pi; a fixed number of Halley steps follows. Eccentricity below 0.97.

    Args:
        longitude: mean longitude [rad], any multiple of the circle.
        k: ``e cos(omega)``.
        h: ``e sin(omega)``.
    """
    e = jnp.hypot(k, h)
    anomaly = _wrapped(longitude - jnp.arctan2(h, k))
    mean = jnp.abs(anomaly)
    eccentric = jnp.minimum(jnp.minimum(mean + 0.85 * e, mean / (1 - e)), jnp.pi)
    for _ in range(_STEPS):
        sine, cosine = e * jnp.sin(eccentric), e * jnp.cos(eccentric)
        value, slope = eccentric - sine - mean, 1 - cosine
        eccentric = eccentric - value / (slope - 0.5 * value * sine / slope)
    return longitude + (jnp.sign(anomaly) * eccentric - anomaly)


@eccentric_longitude.defjvp
def _slopes(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    """Slopes of the solution from the equation itself, so that no step is differentiated."""
    solution = eccentric_longitude(*primals)
    (_, k, h), (longitude_dot, k_dot, h_dot) = primals, tangents
    sine, cosine = jnp.sin(solution), jnp.cos(solution)
    return solution, (longitude_dot + sine * k_dot - cosine * h_dot) / (1 - k * cosine - h * sine)


def unit_velocity(longitude: Float[Array, " n"], k: Float[Array, ""], h: Float[Array, ""]) -> Float[Array, " n"]:
    """Radial velocity over semi-amplitude, ``cos(omega + f) + e cos(omega)`` (Murray & Correia 2010, arXiv:1009.1738).

    In eccentric longitude ``cos(omega + f) = ((1 - beta h^2) cos F + beta h k sin F - k) / (1 - k cos F - h sin F)`` with
    ``beta = 1 / (1 + sqrt(1 - e^2))``.

    Args:
        longitude: mean longitude [rad]: mean anomaly plus argument of periastron of the star's orbit.
        k: ``e cos(omega)``.
        h: ``e sin(omega)``.
    """
    eccentric = eccentric_longitude(longitude, k, h)
    sine, cosine = jnp.sin(eccentric), jnp.cos(eccentric)
    beta = 1 / (1 + jnp.sqrt(1 - k**2 - h**2))
    along = (1 - beta * h**2) * cosine + beta * h * k * sine - k
    return along / (1 - k * cosine - h * sine) + k
