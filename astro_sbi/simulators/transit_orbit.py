"""Orbits that transits tell of: size, density of the star and duration, on circles and ellipses.

An eccentric orbit makes its planet faster at transit than a circular one would, by ``g = (1 + e sin(omega)) / sqrt(1 - e^2)``, and the
transit so much shorter than the star's density says (the photoeccentric effect, Dawson & Johnson 2012, ApJ 756, 122). A transit tells
g times the cube root of the density and next to nothing of where on a line of equal g the orbit is; those two are what a prior is made
of here. Omega is the argument of periastron of the star's orbit, as for velocities: a transit is at true anomaly 90 degrees - omega.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from astropy import constants
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.simulators.distribution import ndtr_of
from astro_sbi.simulators.orbit import HIGHEST, KIPPING, centred

#: The closest that a planet may come to its star: this many sums of their radii.
_CLOSEST = 1.02
#: The smallest circular orbit in the same unit, so that some eccentricity is left.
_SMALLEST = 1.05
_LEAST, _SPEEDS, _STEPS, _COLUMNS = 1e-4, 120, 400, 65


def scaled_axis(radius_ratio: Any, impact_parameter: Any, duration: Any, period: Any) -> Any:
    """Semi-major axis over stellar radius of a circular orbit (NumPy).

    Winn 2010 (arXiv:1001.2010) eq. 14, ``sin(pi T14 / P) = sqrt((1 + k)^2 - b^2) / (a sin i)``, solved with ``a cos i = b`` (eq. 7):
    ``a^2 = b^2 + ((1 + k)^2 - b^2) / sin^2(pi T14 / P)``. T14 is taken as at most half the period.
    """
    phase = np.pi * np.minimum(duration / period, 0.5)
    chord = np.maximum((1 + radius_ratio) ** 2 - impact_parameter**2, 0.0)
    return np.sqrt(impact_parameter**2 + chord / np.sin(phase) ** 2)


def _unit_density() -> float:
    return float((3 * np.pi / (constants.G * (1 * u.d) ** 2)).to_value("g / cm3"))


def stellar_density(axis: Any, period: Any) -> Any:
    """Mean density of the star in g/cm3, ``3 pi a^3 / (G P^2)`` with a in stellar radii and P in days.

    Seager & Mallen-Ornelas 2003, ApJ 585, 1038, eq. 9; Winn 2010 eq. 30 without the planet's ``k^3 rho_p``.
    """
    return _unit_density() * axis**3 / period**2


def axis_of_density(density: Any, period: Any, radius_ratio: Any, xp: Any = np) -> Any:
    """Semi-major axis over stellar radius; a density too low for the planet to pass outside the star counts as the lowest that is not.

    Args:
        density: of the star [g/cm3].
        period: [d].
        radius_ratio: planet's over star's radius.
        xp: NumPy or jax.numpy.
    """
    return xp.cbrt(xp.maximum(density * period**2 / _unit_density(), (_SMALLEST * (1 + radius_ratio)) ** 3))


class SpeedTable(NamedTuple):
    """Prior of eccentric orbits that are seen to transit, by speed at transit and place on the line of equal speed.

    Args:
        log_speed: ln g, increasing.
        below: share of the orbits that are slower.
        place: for each g the t below which even shares from 0 to 1 lie, where ``e = e_least + (0.95 - e_least) t^2``.
        share: for each g the share below even t from 0 to 1.
    """

    log_speed: Float64[np.ndarray, " k"]
    below: Float64[np.ndarray, " k"]
    place: Float64[np.ndarray, "k m"]
    share: Float64[np.ndarray, "k m"]


@cache
def speed_table() -> SpeedTable:
    """Kipping's beta distribution of e (2013, MNRAS 434, L51) times the chance of a transit, ``(1 + e sin(omega)) / (1 - e^2)``.

    The chance is that of Burke 2008, ApJ 679, 1566. At one e ``|d omega / d ln g| = (1 + e sin(omega)) / (e |cos(omega)|)``, so that the
    density of e and ln g is ``p(e) (1 + e sin(omega))^2 / ((1 - e^2) e |cos(omega)|)``, in t without a pole at the least e.
    """
    half = np.geomspace(_LEAST, np.arctanh(HIGHEST) - 1e-6, _SPEEDS)
    log_speed = np.concatenate([-half[::-1], half])
    least = np.tanh(np.abs(log_speed))[:, None]
    edges = np.linspace(0.0, 1.0, _STEPS + 1) ** 1.5
    t = 0.5 * (edges[1:] + edges[:-1])
    e = least + (HIGHEST - least) * t**2
    sine = np.exp(log_speed)[:, None] * np.sqrt(1 - e**2) - 1
    cosine = np.sqrt(np.maximum(e**2 - sine**2, 1e-15))
    beta = e ** (KIPPING[0] - 1) * (1 - e) ** (KIPPING[1] - 1)
    density = beta * (1 + sine) ** 2 / ((1 - e**2) * cosine) * (HIGHEST - least) * t * np.diff(edges)
    total = np.concatenate([np.zeros((len(least), 1)), np.cumsum(density, axis=1)], axis=1)
    height = total[:, -1]
    below = np.append(0.0, np.cumsum(0.5 * (height[1:] + height[:-1]) * np.diff(log_speed)))
    even = np.linspace(0.0, 1.0, _COLUMNS)
    place = np.stack([np.interp(even, row / row[-1], edges) for row in total])
    share = np.stack([np.interp(even, edges, row / row[-1]) for row in total])
    return SpeedTable(log_speed, below / below[-1], place, share)


class Eccentricity(NamedTuple):
    """Eccentricity e, speed at transit over that on a circle g, and the sign of cos(omega)."""

    value: Any
    speed: Any
    side: Any

    @property
    def sine(self) -> Any:
        """``e sin(omega) = g sqrt(1 - e^2) - 1``."""
        return self.speed * np.sqrt(1 - self.value**2) - 1

    @property
    def cosine(self) -> Any:
        """``e cos(omega)`` (NumPy)."""
        return self.side * np.sqrt(np.maximum(self.value**2 - self.sine**2, 0.0))


def drawn_eccentricity(across: Any, along: Any, axis: Any, radius_ratio: Any, xp: Any = np) -> Eccentricity:
    """The eccentricity that two unit normals stand for.

    Where the planet would touch its star the prior is cut, first in speed and then in place on the line of equal speed.

    Args:
        across: its quantile is that of the speed at transit.
        along: its quantile is the place on the line of equal speed, in the middle where omega is 90 or -90 degrees.
        axis: semi-major axis over stellar radius.
        radius_ratio: planet's over star's radius.
        xp: NumPy or jax.numpy.
    """
    speeds, below, place, share = (xp.asarray(part, xp.result_type(across)) for part in speed_table())
    highest = xp.minimum(1 - _CLOSEST * (1 + radius_ratio) / axis, HIGHEST)
    fastest = xp.arctanh(highest)
    low, high = xp.interp(-fastest, speeds, below), xp.interp(fastest, speeds, below)
    speed = xp.interp(low + (high - low) * ndtr_of(across, xp), below, speeds)
    row = xp.interp(speed, speeds, xp.arange(len(speeds), dtype=speeds.dtype))
    least = xp.minimum(xp.tanh(xp.abs(speed)), highest)
    farthest = xp.sqrt((highest - least) / (HIGHEST - least) + 1e-12)
    within = (2 * ndtr_of(xp.abs(along), xp) - 1) * _looked_up(share, row, farthest, xp)
    t = xp.minimum(_looked_up(place, row, within, xp), farthest)
    return Eccentricity(least + (HIGHEST - least) * t**2, xp.exp(speed), xp.sign(along))


def _looked_up(table: Any, row: Any, place: Any, xp: Any) -> Any:
    """A table between its rows, numbered from 0, and between its columns, evenly spaced from 0 to 1."""
    column = place * (table.shape[1] - 1)
    i = xp.clip(row.astype(np.int32), 0, table.shape[0] - 2)
    j = xp.clip(column.astype(np.int32), 0, table.shape[1] - 2)
    down, right = row - i, column - j
    upper = (1 - right) * table[i, j] + right * table[i, j + 1]
    return (1 - down) * upper + down * ((1 - right) * table[i + 1, j] + right * table[i + 1, j + 1])


class Ellipse(NamedTuple):
    """An orbit seen to transit: semi-major axis in stellar radii, inclination's cosine, duration and eccentricity."""

    axis: Any
    cosine: Any
    duration: Any
    eccentricity: Eccentricity

    def derived(self) -> dict[str, Float64[np.ndarray, " S"]]:
        """What a user is told of it (NumPy)."""
        eccentricity = self.eccentricity
        omega = centred(np.arctan2(eccentricity.sine, eccentricity.cosine))
        return {
            "a_over_rstar": self.axis,
            "inclination": np.degrees(np.arccos(np.minimum(self.cosine, 1.0))),
            "duration": self.duration,
            "speed_ratio": eccentricity.speed,
            "eccentricity": eccentricity.value,
            "periastron_angle": np.degrees(omega),
        }


def ellipse(shape: tuple[Any, Any], axis: Any, period: Any, eccentricity: Eccentricity, xp: Any = np) -> Ellipse:
    """The orbit of a planet that is seen to transit.

    ``T14 = P / (pi g) arcsin(sqrt((1 + k)^2 - b^2) / (a sin i))`` with ``b = a cos i (1 - e^2) / (1 + e sin(omega))``
    (Winn 2010, arXiv:1001.2010, eqs. 14, 16 and 7).

    Args:
        shape: radius ratio k and impact parameter b.
        axis: semi-major axis over stellar radius.
        period: of the orbit; the duration has its unit.
        eccentricity: of the orbit.
        xp: NumPy or jax.numpy.
    """
    (k, b), g = shape, eccentricity.speed
    cosine = b * g / xp.sqrt(1 - eccentricity.value**2) / axis
    chord = xp.sqrt(xp.maximum((1 + k) ** 2 - b**2, 1e-4))
    sine = xp.sqrt(xp.maximum(1 - cosine**2, 1e-2))
    return Ellipse(axis, cosine, period / (np.pi * g) * xp.arcsin(chord / (axis * sine)), eccentricity)
