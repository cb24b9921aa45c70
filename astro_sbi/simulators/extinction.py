"""How much dust dims light of each wavelength."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Ratio of total to selective extinction of the diffuse Milky Way.
R_V = 3.1

#: Where the ultraviolet begins [1/micron].
_ULTRAVIOLET = 3.3
_OPTICAL_A = (1.0, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999)
_OPTICAL_B = (0.0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002)


def _polynomial(coefficients: tuple[float, ...], y: Any) -> Any:
    total = 0.0 * y
    for coefficient in reversed(coefficients):
        total = total * y + coefficient
    return total


def cardelli(wavelength: Any, xp: Any = np) -> Any:
    """Extinction relative to that in V, ``A(lambda) / A(V) = a(x) + b(x) / R_V``, ``R_V = 3.1``.

    Cardelli, Clayton & Mathis 1989, ApJ 345, 245: eqs. 2a, 2b (infrared), 3a, 3b (optical) and 4a, 4b (ultraviolet).

    Args:
        wavelength: between 1250 A, whose extinction stands for all below, and 3.3 micron, in A.
        xp: array library.
    """
    x = 1e4 / wavelength
    infrared = (0.574 - 0.527 / R_V) * xp.maximum(x, 0.1) ** 1.61
    y = x - 1.82
    optical = _polynomial(_OPTICAL_A, y) + _polynomial(_OPTICAL_B, y) / R_V
    return xp.where(x < 1.1, infrared, xp.where(x < _ULTRAVIOLET, optical, _ultraviolet(x, xp)))


def _ultraviolet(x: Any, xp: Any) -> Any:
    x = xp.clip(x, _ULTRAVIOLET, 8.0)
    far = xp.maximum(x - 5.9, 0.0)
    a = 1.752 - 0.316 * x - 0.104 / ((x - 4.67) ** 2 + 0.341) - far**2 * (0.04473 + 0.009779 * far)
    b = -3.090 + 1.825 * x + 1.206 / ((x - 4.62) ** 2 + 0.263) + far**2 * (0.2130 + 0.1207 * far)
    return a + b / R_V


#: Ratio of total to selective extinction of starburst galaxies (Calzetti et al. 2000, eq. 5).
R_V_STARBURST = 4.05


def calzetti(wavelength: Any, xp: Any = np) -> Any:
    """Attenuation of a galaxy's starlight relative to that in V, ``A(lambda) / A(V) = k(lambda) / 4.05``, never negative.

    Calzetti et al. 2000, ApJ 533, 682, eq. 4. The curve for the ultraviolet is used down to the Lyman limit, the one for the infrared
    to where it is zero (3.1 micron).

    Args:
        wavelength: at rest, given for 0.12 to 2.2 micron, in A.
        xp: array library.
    """
    x = 1e4 / wavelength
    red = -1.857 + 1.040 * x
    blue = _polynomial((-2.156, 1.509, -0.198, 0.011), x)
    k = 2.659 * xp.where(wavelength < 6300.0, blue, red) + R_V_STARBURST
    return xp.maximum(k, 0.0) / R_V_STARBURST
