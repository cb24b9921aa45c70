"""The galaxy templates on the pixels of a spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from astro_sbi.simulators.templates import templates

#: Wavelength from which others are counted [A].
OPTICAL = 5500.0


@dataclass(frozen=True, eq=False)
class TemplateSpectra:
    """Templates, straight lines between even points of ln(wavelength), ready to be averaged over any pixels.

    Args:
        origin: index of the first point beyond 5500 A.
        offset: its ln(wavelength / 5500 A).
        step: between the points.
        flux: of each template at each point.
        total: integral up to each point in steps, and what single precision leaves of it.
    """

    origin: int
    offset: float
    step: float
    flux: Float32[np.ndarray, "p 5"]
    total: tuple[Float32[np.ndarray, "p 5"], Float32[np.ndarray, "p 5"]]

    def mean(self, log_rest: Any, width: Any, xp: Any = np) -> Any:
        """Mean flux density of each template over pixels [*n, 5].

        Args:
            log_rest: ln of the wavelengths at rest in the middle of the pixels over 5500 A: single precision is finest about zero.
            width: of the pixels in ln(wavelength); at least the step.
            xp: array library.
        """
        width, middle = xp.maximum(width, self.step), log_rest - self.offset
        low, high = (self._integral((middle + side * width / 2) / self.step, xp) for side in (-1, 1))
        # Totals are subtracted before small parts are added, so that single precision loses nothing.
        return sum(end - begin for begin, end in zip(low, high, strict=True)) / xp.asarray(width / self.step)[..., None]

    def _integral(self, place: Any, xp: Any) -> tuple[Any, Any, Any]:
        """Integral up to a place in three parts, the largest first [*n, 5]."""
        place = xp.clip(place, -self.origin, len(self.flux) - 1.01 - self.origin)
        index = xp.floor(place)
        part, index = (place - index)[..., None], index.astype(int) + self.origin
        flux, coarse, fine = (xp.asarray(table) for table in (self.flux, *self.total))
        here, there = flux[index], flux[index + 1]
        return coarse[index], fine[index], part * (here + 0.5 * part * (there - here))


@cache
def template_spectra() -> TemplateSpectra:
    """The templates, summed up once."""
    stars = templates()
    flux: Float64[np.ndarray, "p 5"] = stars.flux.T
    total = np.concatenate([np.zeros((1, 5)), np.cumsum(0.5 * (flux[1:] + flux[:-1]), axis=0)])
    coarse = total.astype(np.float32)
    origin = int(np.searchsorted(stars.wavelength, OPTICAL))
    offset = float(np.log(stars.wavelength[origin] / OPTICAL))
    return TemplateSpectra(origin, offset, stars.step, flux.astype(np.float32), (coarse, (total - coarse).astype(np.float32)))
