"""Light of the galaxy templates in photometric bands at every redshift: computed once for a set of filters, then interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float64

from astro_sbi.simulators.extinction import calzetti
from astro_sbi.simulators.filters import FilterCurve
from astro_sbi.simulators.igm import lyman_series_depth
from astro_sbi.simulators.templates import LYMAN_LIMIT, Templates

_LYMAN_ALPHA = 1215.67
#: Of light [A/s].
_LIGHT = 2.99792458e18
#: Pixels of the templates between the redshifts of the grid.
_STRIDE = 2
#: Standard deviation by which a band is smoothed over its width.
_SMOOTHING = 0.04
#: Values of A_V that a quadratic of the logarithm goes through.
_DUSTY = (0.0, 1.5, 3.0)


@dataclass(frozen=True, eq=False)
class BandGrid:
    """Flux densities of templates in bands on a grid of redshifts.

    Args:
        step: of the grid in ln(1 + z), which begins at 0.
        light: of each template without dust, in a band and at a redshift [microjansky].
        dimming: first and second coefficient of its dimming in A_V [mag].
    """

    step: float
    light: Float64[np.ndarray, "z b 5"]
    dimming: Float64[np.ndarray, "2 z b 5"]

    def at(self, redshift: Any, dust_av: Any, xp: Any = np) -> Any:
        """Light of each template in each band [*batch, b, 5], linear in ln(1 + z) between the grid's redshifts.

        Args:
            redshift: from 0 to the end of the grid [*batch].
            dust_av: attenuation in V [*batch, mag].
            xp: array library.
        """
        place = xp.clip(xp.log1p(redshift) / self.step, 0.0, len(self.light) - 1.001)
        index = xp.floor(place).astype(int)
        share, dust = (place - index)[..., None, None], dust_av[..., None, None]

        def between(table: Any) -> Any:
            table = xp.asarray(table, redshift.dtype)
            return (1 - share) * table[index] + share * table[index + 1]

        return between(self.light) * 10 ** (-0.4 * dust * (between(self.dimming[0]) + dust * between(self.dimming[1])))


@lru_cache(maxsize=8)
def band_grid(filters: tuple[FilterCurve, ...], templates: Templates, highest: float) -> BandGrid:
    r"""Project templates through filters.

    .. math:: f_\nu = \int \lambda f_\lambda R\,d\lambda \Big/ \int c \lambda^{-1} R\,d\lambda

    Args:
        filters: of the bands.
        templates: at rest.
        highest: redshift that the grid reaches.

    References:
        Hogg et al. 2002 (astro-ph/0210394), eq. 7 with photon-counting responses; Calzetti et al. 2000, eq. 4 (dust); Inoue et al. 2014
        (hydrogen between the galaxy and us).
    """
    weights = [smooth(*pixel_weights(curve, templates.wavelength)) for curve in filters]
    rest = templates.wavelength
    dusty = np.stack([templates.flux * 10 ** (-0.4 * dust * calzetti(rest)) for dust in _DUSTY])
    count = int(np.ceil(np.log1p(highest) / (_STRIDE * templates.step))) + 2
    absorbed = slice(*np.searchsorted(rest, [LYMAN_LIMIT, _LYMAN_ALPHA]))
    flux = np.zeros((count, len(filters), *dusty.shape[:2]))
    for node in range(count):
        redshift = np.expm1(node * _STRIDE * templates.step)
        seen = dusty.copy()
        seen[..., absorbed] *= np.exp(-lyman_series_depth(rest[absorbed] * (1 + redshift), redshift))
        for band, (first, weight) in enumerate(weights):
            start = first - node * _STRIDE
            kept = weight[max(-start, 0) :]
            begin = max(start, 0)
            flux[node, band] = seen[..., begin : begin + len(kept)] @ kept / (1 + redshift)
    return _grid(flux, _STRIDE * templates.step)


def _grid(flux: Float64[np.ndarray, "z b 3 5"], step: float) -> BandGrid:
    """Flux at three values of A_V as a quadratic of the logarithm."""
    light = flux[:, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = [np.nan_to_num(-2.5 * np.log10(flux[:, :, k] / light), posinf=0.0, neginf=0.0) / _DUSTY[k] for k in (1, 2)]
    second = (magnitude[1] - magnitude[0]) / (_DUSTY[2] - _DUSTY[1])
    return BandGrid(step, light, np.stack([magnitude[0] - second * _DUSTY[1], second]))


def pixel_weights(curve: FilterCurve, wavelength: Float64[np.ndarray, " p"]) -> tuple[int, Float64[np.ndarray, " k"]]:
    """First pixel and weights that make a flux density in a band [microjansky] of flux densities [1e-18 erg/s/cm2/A] on pixels.

    The response is a straight line between its points, and a pixel's flux density is constant.
    """
    step = np.log(wavelength[-1] / wavelength[0]) / (len(wavelength) - 1)
    edges = np.append(wavelength * np.exp(-step / 2), wavelength[-1] * np.exp(step / 2))
    first, last = np.searchsorted(edges, [curve.wavelength[0], curve.wavelength[-1]]) - [1, 0]
    first, last = max(first, 0), min(last, len(wavelength))
    edges = edges[first : last + 1]
    # The integral of a product of straight lines is exact with the middles (Simpson's rule).
    fine = np.unique(np.concatenate([edges, curve.wavelength]))
    middle, width = 0.5 * (fine[1:] + fine[:-1]), np.diff(fine)

    def moment(at: np.ndarray) -> np.ndarray:
        return at * np.interp(at, curve.wavelength, curve.response, left=0.0, right=0.0)

    pieces = np.concatenate([[0.0], np.cumsum(width / 6 * (moment(fine[1:]) + 4 * moment(middle) + moment(fine[:-1])))])
    counted = np.diff(np.interp(edges, fine, pieces))
    # 1e-18 erg/s/cm2 over a microjansky, 1e-29 erg/s/cm2/Hz.
    return first, 1e11 * counted / (_LIGHT * np.trapezoid(curve.response / curve.wavelength, curve.wavelength))


def smooth(first: int, weight: Float64[np.ndarray, " k"]) -> tuple[int, Float64[np.ndarray, " m"]]:
    """Weights with features narrower than a few per cent of the band's width smoothed.

    Else a single emission line would make the flux jump with redshift at the jagged edges that water vapour gives to filters, by more than
    templates are good for.
    """
    sigma = _SMOOTHING * weight.sum() / weight.max()
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    return first - reach, np.convolve(weight, kernel / kernel.sum())
