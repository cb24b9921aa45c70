"""Light bent by one point mass: magnification of points and of discs, and the shape of the light curve.

Every function takes the array library (``xp``: NumPy or jax.numpy). Distances are in Einstein radii. ``A - 1`` is computed, not ``A``: the
difference is what changes the flux, and far from the lens it would drown in rounding.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: Smallest separation at which the formulas are evaluated.
_CLOSEST = 1e-6
_LANDEN_STEPS = 5


def excess(separation: Any, xp: Any = np) -> Any:
    r"""Magnification of a point less one.

    .. math:: A - 1 = \frac{u^2 + 2}{u\sqrt{u^2 + 4}} - 1 = \frac{4}{u s\,(u^2 + 2 + u s)}, \quad s = \sqrt{u^2 + 4}

    Paczynski 1986, ApJ 304, 1; the second form, which is exact, loses no digits.
    """
    u = xp.maximum(separation, _CLOSEST)
    product = u * xp.sqrt(u**2 + 4)
    return 4 / (product * (u**2 + 2 + product))


def separation_of(excess: Any, xp: Any = np) -> Any:
    r"""Separation at which a point is magnified by ``1 + excess``, the inverse of `excess`.

    .. math:: u^2 = 2\left(\frac{A}{\sqrt{A^2 - 1}} - 1\right) = \frac{2}{s\,(A + s)}, \quad s = \sqrt{A^2 - 1}
    """
    root = xp.sqrt(excess * (excess + 2))
    return xp.sqrt(2 / (root * (1 + excess + root)))


def width_at_half_rise(closest: Any, xp: Any = np) -> Any:
    r"""Full width at half of the rise of a point's light curve, in Einstein-radius crossing times.

    .. math:: w = 2\sqrt{u_h^2 - u_0^2}, \quad A(u_h) - 1 = (A(u_0) - 1) / 2

    From ``3.46 u0`` for small impact parameters to ``1.29 u0`` for large ones.

    Args:
        closest: impact parameter ``u0``, positive.
        xp: array library.
    """
    half = separation_of(excess(closest, xp) / 2, xp)
    return 2 * xp.sqrt(xp.maximum(half**2 - closest**2, _CLOSEST**2))


def elliptic(complement: Any, xp: Any = np) -> tuple[Any, Any]:
    r"""Complete elliptic integrals :math:`E = \int \Delta\,d\theta` and :math:`B = \int \cos^2\theta / \Delta\,d\theta`.

    Here :math:`\Delta^2 = 1 - k^2 \sin^2\theta` and the integrals run from 0 to pi/2. Landen's transformation, as Bulirsch 1965,
    Numer. Math. 7, 78, iterates it; five steps are enough for ``k' > 1e-4``.

    Args:
        complement: complementary modulus :math:`k' = \sqrt{1 - k^2}`, above 0.
        xp: array library.
    """
    one, product, mean = xp.ones_like(complement), complement, xp.ones_like(complement)
    sums, step = [(one, complement**2), (one, xp.zeros_like(complement))], one
    for number in range(_LANDEN_STEPS):
        sums = [(first + second / step, 2 * (second + first * product / step)) for first, second in sums]
        step, mean, root = step + product / step, mean + (root if number else complement), 2 * xp.sqrt(product)
        product = root * mean
    whole, part = (math.pi / 2 * (second + first * mean) / (mean * (mean + step)) for first, second in sums)
    return whole, part


def mean_inverse_distance(separation: Any, radius: Any, xp: Any = np) -> Any:
    r"""Average of ``1 / r`` over a disc, ``r`` being the distance to a point ``separation`` away from its centre.

    .. math::
        \langle 1/r \rangle = \frac{4}{\pi\rho} E(z^2) \;(z \le 1), \quad \frac{4}{\pi\rho z} B(1/z^2) \;(z > 1), \quad z = u / \rho

    This is ``B_0(z) / u`` of Gould 1994, ApJ 421, L71 (the light curve of a uniform disc close to the lens), and smooth but for the limb.
    """
    z = separation / radius
    inside = z <= 1
    far = xp.where(inside, 1.0, z)
    squared = xp.where(inside, z**2, 1 / far**2)
    whole, part = elliptic(xp.sqrt(xp.maximum(1 - squared, 1e-8)), xp)
    return 4 / (math.pi * radius) * xp.where(inside, whole, part / far)


def _rest(distance: Any, xp: Any) -> Any:
    """``A(r) - 1/r``, which has no pole: ``r (r^2 + 3) / ((r^2 + 4)(1 + h))`` with ``h = r A(r)``."""
    squared = distance**2
    return distance * (squared + 3) / ((squared + 4) * (1 + (squared + 2) / xp.sqrt(squared + 4)))


def disc_excess(separation: Any, radius: Any, xp: Any = np) -> Any:
    r"""Magnification of a uniform disc less one: the average of ``A(r)`` over it.

    The pole ``1/r`` is averaged exactly (`mean_inverse_distance`), the rest, which varies slowly, at six points of half the disc. Right to
    2e-4 of the magnification for radii up to 0.3, 4e-4 up to 0.5, 1.4e-3 at 1; what Witt & Mao 1994, ApJ 430, 505, and
    Lee et al. 2009, ApJ 695, 200, compute by quadrature at every point.

    Args:
        separation: of lens and centre of the disc, positive.
        radius: of the disc, above 0.
        xp: array library.
    """
    rest = 0.0
    for share in (0.5 - math.sqrt(1 / 12), 0.5 + math.sqrt(1 / 12)):
        for angle in (math.pi / 6, math.pi / 2, 5 * math.pi / 6):
            squared = separation**2 + share * radius**2 + 2 * math.sqrt(share) * math.cos(angle) * separation * radius
            rest = rest + _rest(xp.sqrt(xp.maximum(squared, _CLOSEST**2)), xp) / 6
    return mean_inverse_distance(separation, radius, xp) + rest - 1
