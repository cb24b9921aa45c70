"""Light of an expanding sphere heated by the decay of nickel and cobalt, and the photosphere that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

#: Mean lives of nickel 56 and cobalt 56 [d], and heat of their decays [erg/s of each gram of nickel at first] (Valenti et al. 2008).
NICKEL_LIFE, COBALT_LIFE = 8.8, 111.3
_NICKEL_HEAT, _COBALT_HEAT = 3.9e10, 6.8e9
#: Integral over the density of the mode that diffuses most slowly (Arnett 1982).
_BETA = 13.8
_SUN, _LIGHT, _DAY, _KM = 1.98841e33, 2.99792458e10, 86400.0, 1e5
#: Luminosities are in 1e43 erg/s, temperatures in 1e4 K: in cgs they are beyond single precision.
_BRIGHT, _HOT = 1e43, 1e4
#: Fourth power of the temperature of a sphere of one such luminosity, whose radius is what 1 km/s makes in a day.
_FOURTH_POWER = _BRIGHT / (4 * np.pi * 5.670374e-5 * (_KM * _DAY) ** 2 * _HOT**4)
#: Time over diffusion time below which the closed form of the heating loses digits, and nodes of an integral there.
_EARLY, _NODES = 0.25, 4
#: How sharply the photosphere turns from cooling to its lowest temperature.
_SHARPNESS = 40
#: Before this time [d] nothing changes any more, and divisions by time stay finite.
_SOON = 1e-3
#: Times over the diffusion time among which the peak is looked for; draws that are looked at together.
_PEAKS, _CHUNK = (0.05, 6.0, 200), 4096


def diffusion_time(ejecta_mass: Any, velocity: Any, opacity: Any) -> Any:
    """``t_d = sqrt(2 kappa M / (beta c v))`` [d], beta = 13.8 (Arnett 1982, ApJ 253, 785; Chatzopoulos et al. 2012, ApJ 746, 121).

    Args:
        ejecta_mass: in solar masses.
        velocity: in km/s.
        opacity: to optical light, in cm2/g.
    """
    return (2 * _SUN / (_BETA * _LIGHT * _KM)) ** 0.5 / _DAY * (opacity * ejecta_mass / velocity) ** 0.5


def trapping_time(ejecta_mass: Any, velocity: Any, gamma_opacity: Any) -> Any:
    """Time at which gamma rays begin to escape, ``t_0 = sqrt(3 kappa_gamma M / (4 pi v^2))`` [d] (Chatzopoulos et al. 2012, eq. 9, A).

    Args:
        ejecta_mass: in solar masses.
        velocity: in km/s.
        gamma_opacity: to gamma rays, in cm2/g.
    """
    return (3 * _SUN / (4 * np.pi)) ** 0.5 / (_KM * _DAY) * (gamma_opacity * ejecta_mass) ** 0.5 / velocity


def kinetic_energy(ejecta_mass: Any, velocity: Any) -> Any:
    """``3/10 M v^2`` of a uniform sphere whose surface has this velocity [1e51 erg] (Arnett 1982).

    Args:
        ejecta_mass: in solar masses.
        velocity: in km/s.
    """
    return 0.3 * _SUN * _KM**2 / 1e51 * ejecta_mass * velocity**2


def released(x: Any, y: Any, xp: Any = np) -> Any:
    r"""Share of a decay's first power that has diffused out as light, over ``x^2``.

    .. math:: \Lambda(x, y) = e^{-x^2} \int_0^x 2 z\, e^{z^2 - 2 z y} dz
        = e^{-2xy} [1 + 2y D(x - y)] - e^{-x^2} [1 - 2y D(y)]

    Arnett 1982 has the integral; completing its square gives Dawson's function ``D(x) = e^{-x^2} int_0^x e^{s^2} ds``. Where x is small
    four Gauss-Legendre nodes take the place of the difference.

    Args:
        x: time over diffusion time, not negative [*batch].
        y: diffusion time over twice the mean life [*batch].
        xp: NumPy or jax.numpy.
    """
    if xp is np:
        from scipy.special import dawsn
    else:
        from jax.scipy.special import dawsn
    late, early = xp.maximum(x, _EARLY), xp.minimum(x, _EARLY)[..., None]
    closed = xp.exp(-2 * late * y) * (1 + 2 * y * dawsn(late - y)) - xp.exp(-(late**2)) * (1 - 2 * y * dawsn(y))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    s = 0.5 + 0.5 * nodes
    series = xp.sum(weights * s * xp.exp(-(early**2) * (1 - s**2) - 2 * early * y[..., None] * s), axis=-1)
    return xp.where(x < _EARLY, series, closed / late**2)


def luminosity_and_temperature(days: Any, theta: Mapping[str, Any], xp: Any = np) -> tuple[Any, Any]:
    r"""Bolometric luminosity [1e43 erg/s] and temperature of the photosphere [1e4 K].

    .. math:: L = M_\mathrm{Ni} [(\epsilon_\mathrm{Ni} - \epsilon_\mathrm{Co}) \Lambda_\mathrm{Ni}
        + \epsilon_\mathrm{Co} \Lambda_\mathrm{Co}] (1 - e^{-(t_0 / t)^2}), \quad
        T = \max[(L / 4 \pi \sigma v^2 t^2)^{1/4}, T_\mathrm{floor}]

    Chatzopoulos et al. 2012, eq. 9, for a small star; temperature as Nicholl, Guillochon & Berger 2017, ApJ 850, 55: the photosphere
    expands with the ejecta until it is as cool as the floor, and then recedes into them at that temperature. The two are joined as
    ``(T_1^40 + T_2^40)^(1/40)``, 2 % hotter where they meet, so that likelihoods have slopes everywhere.

    Args:
        days: since the explosion, at rest [*batch]; no light before.
        theta: ``nickel_mass``, ``ejecta_mass``, ``velocity``, ``opacity``, ``gamma_opacity`` and ``floor_temperature`` [*batch].
        xp: NumPy or jax.numpy.
    """
    since = xp.maximum(days, _SOON)
    diffusion = diffusion_time(theta["ejecta_mass"], theta["velocity"], theta["opacity"])
    trapping = trapping_time(theta["ejecta_mass"], theta["velocity"], theta["gamma_opacity"])
    x = since / diffusion
    heat = sum(
        power * _SUN / _BRIGHT * released(x, diffusion / (2 * life), xp)
        for power, life in ((_NICKEL_HEAT - _COBALT_HEAT, NICKEL_LIFE), (_COBALT_HEAT, COBALT_LIFE))
    )
    heat = -xp.expm1(-((trapping / since) ** 2)) * theta["nickel_mass"] * heat
    # Divided by the square of the time, which cancels, so that nothing is zero over zero at the explosion.
    fourth = _FOURTH_POWER * heat / (theta["velocity"] * diffusion) ** 2
    cooling, floor = 0.25 * xp.log(xp.maximum(fourth, 1e-20)), xp.log(theta["floor_temperature"] / _HOT)
    temperature = xp.exp(xp.logaddexp(_SHARPNESS * cooling, _SHARPNESS * floor) / _SHARPNESS)
    return xp.where(days > 0, heat * x**2, 0.0), temperature


def peak(theta: Mapping[str, Float[np.ndarray, " S"]]) -> tuple[Float[np.ndarray, " S"], Float[np.ndarray, " S"]]:
    """Time from explosion to the highest bolometric luminosity [d, at rest], and its log10 [erg/s], by a parabola (NumPy)."""
    size = len(theta["nickel_mass"])
    parts = [_peak({name: value[start : start + _CHUNK] for name, value in theta.items()}) for start in range(0, size, _CHUNK)]
    rise, height = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rise, height


def _peak(theta: Mapping[str, Float[np.ndarray, " S"]]) -> tuple[Float[np.ndarray, " S"], Float[np.ndarray, " S"]]:
    columns = {name: value[:, None] for name, value in theta.items()}
    places = np.geomspace(*_PEAKS)
    diffusion = diffusion_time(columns["ejecta_mass"], columns["velocity"], columns["opacity"])
    curve = np.log10(luminosity_and_temperature(diffusion * places, columns)[0])
    best = np.clip(np.argmax(curve, axis=1), 1, len(places) - 2)
    left, top, right = (np.take_along_axis(curve, best[:, None] + shift, axis=1)[:, 0] for shift in (-1, 0, 1))
    shift = np.clip(0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-12), -1, 1)
    rise = diffusion[:, 0] * places[best] * (places[1] / places[0]) ** shift
    return rise, np.log10(_BRIGHT) + top - 0.25 * (left - right) * shift
