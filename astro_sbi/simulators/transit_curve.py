"""The light curve of one transit, averaged over the exposure and over the bin.

The planet crosses the star on a chord at constant speed, so that at time t from mid-transit its distance from the star's
centre is ``d^2 = b^2 + ((1 + k)^2 - b^2) tau^2`` with ``tau = 2 t / T14`` (first and fourth contact at tau = -1 and 1).
jaxoplanet gives the flux at some forty values of tau, in three panels (between the inner contacts, lower and upper half of
ingress), crowded at the contacts, where the flux behaves like a 3/2 power. From these the time integral of the flux follows as
a piecewise cubic. The average over a box is a difference of two integrals, exact however long the box is against
ingress; the second, narrower box is a two-point Gauss rule. Error against a fine integration: below 2 ppm of the star's flux
for radius ratios below 0.25, at a fifth of the cost of smearing point by point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Array, Float

Scalar = Any

#: cells in each panel: between the inner contacts, lower half of ingress, upper half
_CELLS = (16, 12, 12)
#: the panels start at their contact (inner, inner, outer) and run this way in tau
_SIGNS = (-1.0, 1.0, -1.0)
#: keeps the crowding of knots at a contact from being singular
_SOFTENING = 0.01
#: Gauss-Legendre order of jaxoplanet's linear limb-darkening term: error 1e-3 of the depth at worst, near a contact
_ORDER = 10
_GAUSS_TWO = (-(3**-0.5), 3**-0.5)


class Transit(NamedTuple):
    """Shape of a transit.

    Args:
        radius_ratio: planet's over star's radius, k.
        impact_parameter: smallest distance of the centres in stellar radii, b, at most 1 + k.
        duration: first to fourth contact, T14, in the unit of the times.
        u1: linear coefficient of ``I(mu) = 1 - u1 (1 - mu) - u2 (1 - mu)^2``, or one for each band.
        u2: quadratic coefficient, or one for each band.
    """

    radius_ratio: Scalar
    impact_parameter: Scalar
    duration: Scalar
    u1: Scalar
    u2: Scalar


class _Integral(NamedTuple):
    """Time integral of the flux deficit from mid-transit on: a cubic in each cell, in tau; the cells of all bands in a row."""

    coefficients: Float[Array, "4 cells"]
    inner: Float[Array, ""]
    middle: Float[Array, ""]
    scale: tuple[Float[Array, ""], ...]


def separation(tau: Float[Array, " n"], transit: Transit) -> Float[Array, " n"]:
    """Distance of the centres in stellar radii at ``tau`` between -1 and 1 (softened by 1e-5 at the centre)."""
    b, k = transit.impact_parameter, transit.radius_ratio
    squared = b**2 * jnp.maximum(1 - tau**2, 0.0) + ((1 + k) * tau) ** 2
    return jnp.sqrt(squared + 1e-10)


def inner_contact(transit: Transit) -> Float[Array, ""]:
    """Place of the third contact in tau; 0 where the planet never stands wholly before the star."""
    b, k = transit.impact_parameter, transit.radius_ratio
    ratio = jnp.maximum((1 - k - b) * (1 - k + b), 0.0) / jnp.maximum((1 + k - b) * (1 + k + b), 1e-6)
    return jnp.minimum(jnp.sqrt(jnp.where(ratio > 0, ratio, 1.0)) * (ratio > 0), 0.999)


def _off_contact(distance: Float[Array, " n"], transit: Transit) -> Float[Array, " n"]:
    """``distance`` moved inwards where it is the inner contact to rounding: jaxoplanet 0.2.0 in float32 is NaN one ulp beyond it."""
    contact = 1 - transit.radius_ratio
    return jnp.where(jnp.abs(distance - contact) < 4e-6, contact - 4e-6, distance)


def _running_integral(cells: int) -> Float[np.ndarray, "knots knots"]:
    """Matrix from samples at unit spacing to their integral up to each knot, exact for cubics."""
    rule = np.zeros((cells, cells + 1))
    for i in range(1, cells - 1):
        rule[i, i - 1 : i + 3] = np.array([-1, 13, 13, -1]) / 24
    rule[0, :4] = np.array([9, 19, -5, 1]) / 24
    rule[-1, -4:] = np.array([1, -5, 19, 9]) / 24
    return np.concatenate([np.zeros((1, cells + 1)), np.cumsum(rule, axis=0)])


def _integral(transit: Transit) -> _Integral:
    """Evaluate jaxoplanet at the knots and integrate."""
    from jaxoplanet.core.limb_dark import light_curve

    inner = jax.lax.stop_gradient(inner_contact(transit))
    middle = 0.5 * (1 + inner)
    roots = [jnp.sqrt(width + _SOFTENING**2) - _SOFTENING for width in (inner, middle - inner, 1 - middle)]
    steps = [root / cells * np.arange(cells + 1) for root, cells in zip(roots, _CELLS, strict=True)]
    offsets = [step * (step + 2 * _SOFTENING) for step in steps]
    starts = (inner, inner, 1.0)
    tau = jnp.concatenate([start + sign * offset for start, sign, offset in zip(starts, _SIGNS, offsets, strict=True)])
    distance = _off_contact(separation(tau, transit), transit)
    stretches = [2 * root / cells * (step + _SOFTENING) for root, cells, step in zip(roots, _CELLS, steps, strict=True)]

    def coefficients(limb: Float[Array, " 2"]) -> Float[Array, "4 cells"]:
        deficit = light_curve(limb, distance, transit.radius_ratio, order=_ORDER)
        per_panel = jnp.split(deficit, np.cumsum(np.array(_CELLS) + 1)[:-1])
        return _panels([stretch * flux for stretch, flux in zip(stretches, per_panel, strict=True)])

    limb = jnp.stack([jnp.asarray(transit.u1), jnp.asarray(transit.u2)])
    cubics = coefficients(limb) if limb.ndim == 1 else jnp.concatenate(jax.vmap(coefficients, in_axes=1)(limb), axis=1)
    return _Integral(cubics, inner, middle, tuple(cells / root for cells, root in zip(_CELLS, roots, strict=True)))


def _panels(slopes: list[Float[Array, " knots"]]) -> Float[Array, "4 cells"]:
    """Cubics of the integral in all cells from the slopes at the knots of each panel."""
    sums = [jnp.asarray(_running_integral(cells), slope.dtype) @ slope for cells, slope in zip(_CELLS, slopes, strict=True)]
    to_inner = sums[0][-1]
    totals = (to_inner, to_inner, to_inner + sums[1][-1] + sums[2][-1])
    cubics = [_cubics(total + sign * part, sign * slope) for total, sign, part, slope in zip(totals, _SIGNS, sums, slopes, strict=True)]
    return jnp.concatenate(cubics, axis=1)


def _cubics(value: Float[Array, " knots"], slope: Float[Array, " knots"]) -> Float[Array, "4 cells"]:
    """Hermite cubics of each cell from values and slopes at its two knots."""
    rise = value[1:] - value[:-1]
    first, last = slope[:-1], slope[1:]
    return jnp.stack([value[:-1], first, 3 * rise - 2 * first - last, first + last - 2 * rise])


def _integral_at(integral: _Integral, tau: Float[Array, "*n"], band: Any) -> Float[Array, "*n"]:
    """Integral of the deficit of a band from 0 to ``tau``, odd in tau and constant beyond the contacts."""
    time = jnp.minimum(jnp.abs(tau), 1.0)
    full, lower = time < integral.inner, time < integral.middle

    def by_panel(a: Any, b: Any, c: Any) -> Any:
        return jnp.where(full, a, jnp.where(lower, b, c))

    offset = by_panel(integral.inner - time, time - integral.inner, 1 - time)
    along = (jnp.sqrt(offset + _SOFTENING**2) - _SOFTENING) * by_panel(*integral.scale)
    cell = jnp.minimum(along.astype(jnp.int32), by_panel(*(cells - 1 for cells in _CELLS)))
    s = along - cell
    place = cell + by_panel(0, _CELLS[0], _CELLS[0] + _CELLS[1]) + sum(_CELLS) * band
    c = [row[place] for row in integral.coefficients]
    return jnp.sign(tau) * (c[0] + s * (c[1] + s * (c[2] + s * c[3])))


def smeared_deficit(
    time: Float[Array, " n"], transit: Transit, exposure: Float[Array, "*n"], bin_width: Float[Array, "*n"], band: Any = 0
) -> Float[Array, " n"]:
    """Relative flux minus one, averaged over exposure and bin.

    The flux at an instant is that of Agol, Luger & Foreman-Mackey 2020, AJ 159, 123; the average is the one of Kipping 2010,
    MNRAS 408, 1758, in closed form for the longer of the two boxes. One narrower than a thousandth of the transit counts as that.

    Args:
        time: from mid-transit.
        transit: its shape, in the same unit of time.
        exposure: width of the exposure, scalar or for each point.
        bin_width: width of the bin, scalar or for each point.
        band: number of each point's band, where the limb darkening has several.
    """
    to_tau = 2 / transit.duration
    long = jnp.maximum(jnp.maximum(exposure, bin_width) * to_tau, 2e-3)
    short = jnp.minimum(exposure, bin_width) * to_tau
    integral = _integral(transit)
    total = jnp.zeros_like(time)
    for node in _GAUSS_TWO:
        tau = time * to_tau + 0.5 * node * short
        total = total + _integral_at(integral, tau + 0.5 * long, band) - _integral_at(integral, tau - 0.5 * long, band)
    return 0.5 * total / long
