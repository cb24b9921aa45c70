"""Simple stellar populations on an even grid of ln(wavelength), in few components whose Fourier modes are broadened and moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from astro_sbi.simulators.ssp_library import SSPLibrary, library

#: First wavelength at rest [A], step in ln(wavelength) (60 km/s) and number of cells: up to 9807 A.
LOW, STEP, COUNT = 3200.0, 2e-4, 5600
#: Of light [A/s].
_LIGHT = 2.99792458e18
#: What components may leave of a spectrum, root mean square over its own.
_LEFT = 2e-4
_FEWEST = 32


@dataclass(frozen=True, eq=False)
class SSPSpectra:
    """Spectra as sums of components.

    Args:
        shares: of each component in each population, for a solar mass [Lsun/A].
        basis: the components, without a unit.
        modes: real and imaginary parts of their Fourier transforms.
        left: what they leave at most of any spectrum, root mean square over its own.
    """

    shares: Float32[np.ndarray, "s r"]
    basis: Float32[np.ndarray, "r p"]
    modes: Float32[np.ndarray, "2 r m"]
    left: float

    def broadened(self, coefficients: Any, sigma: Any, width: Any, moved: Any) -> Any:
        """A mixture on the grid, seen through a Gaussian and a pixel and redshifted (jax) [p].

        A convolution is a product of Fourier modes: ``exp(-(sigma w)^2 / 2) sinc(w width / 2) exp(-i w moved)``.

        Args:
            coefficients: of the components [r].
            sigma: standard deviation of the Gaussian in ln(wavelength).
            width: of the pixel in ln(wavelength).
            moved: how far to the red, in ln(wavelength).
        """
        import jax.numpy as jnp

        frequency = jnp.asarray(2 * np.pi * np.fft.rfftfreq(COUNT, STEP), jnp.float32)
        size = jnp.exp(-0.5 * (sigma * frequency) ** 2) * jnp.sinc(frequency * width / (2 * np.pi))
        cosine, sine = size * jnp.cos(frequency * moved), -size * jnp.sin(frequency * moved)
        real, imaginary = (coefficients @ jnp.asarray(part) for part in self.modes)
        return jnp.fft.irfft((real * cosine - imaginary * sine) + 1j * (real * sine + imaginary * cosine), COUNT)

    def window(self, middle: Any, width: float, xp: Any = np) -> Any:
        """Mean of each component about a wavelength at rest [r].

        Args:
            middle: ln of the wavelength over `LOW`.
            width: in ln(wavelength), many cells.
            xp: array library.
        """
        # Ends that are soft over a cell, so that the mean moves evenly with the middle.
        inside = xp.clip(0.5 + (0.5 * width - xp.abs(STEP * np.arange(COUNT) - middle)) / STEP, 0.0, 1.0)
        return xp.asarray(self.basis) @ inside.astype(np.float32) / xp.sum(inside)


def place_on_grid(log_rest: Any, xp: Any = np) -> tuple[Any, Any]:
    """Indices of four neighbouring cells and their weights in the cubic through them [n, 4].

    Args:
        log_rest: ln of wavelengths at rest over `LOW` [n]; beyond the grid they stand for its ends.
        xp: array library.
    """
    place = xp.clip(log_rest / STEP, 1.0, COUNT - 2.001)
    index = xp.floor(place).astype(int)
    t = place - index
    weight = [-t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2, (t + 1) * t * (t - 1) / 6]
    return index[:, None] + np.arange(-1, 3), xp.stack(weight, axis=-1)


def ssp_spectra() -> SSPSpectra:
    """The library of this computer, ready to be mixed.

    Raises:
        ObservationError: if there is none.
    """
    return _spectra(library())


@lru_cache(maxsize=1)
def _spectra(stars: SSPLibrary) -> SSPSpectra:
    flux = np.concatenate([_rebinned(stars.wavelength, each) for each in stars.flux])
    light = flux.mean(axis=1, keepdims=True)
    basis, left = components(flux / light)
    shares = (flux / light) @ basis.T * light
    modes = np.fft.rfft(basis, axis=1)
    parts = np.stack([np.real(modes), np.imag(modes)])
    return SSPSpectra(shares.astype(np.float32), basis.astype(np.float32), parts.astype(np.float32), left)


def _rebinned(wavelength: Float64[np.ndarray, " w"], flux: Float64[np.ndarray, "a w"]) -> Float64[np.ndarray, "a p"]:
    """Mean of ``c L_nu / lambda^2`` over each cell [Lsun/A], straight lines between the library's wavelengths."""
    density = flux * _LIGHT / wavelength**2
    steps = np.diff(wavelength)
    total = np.concatenate([np.zeros((len(flux), 1)), np.cumsum(0.5 * steps * (density[:, 1:] + density[:, :-1]), axis=1)], axis=1)
    edges = LOW * np.exp(STEP * (np.arange(COUNT + 1) - 0.5))
    at = np.searchsorted(wavelength, edges) - 1
    part = edges - wavelength[at]
    slope = (density[:, at + 1] - density[:, at]) / steps[at]
    return np.diff(total[:, at] + part * (density[:, at] + 0.5 * part * slope), axis=1) / np.diff(edges)


def components(spectra: Float64[np.ndarray, "s p"]) -> tuple[Float64[np.ndarray, "r p"], float]:
    """Orthonormal components whose sums are the spectra to two parts in ten thousand, and what they leave at most.

    Random sums of the rows, sharpened by two products with the spectra, span what matters of them (Halko, Martinsson & Tropp 2011, SIAM
    Review 53, 217, algorithm 4.4).
    """
    size, most, rng = _FEWEST, min(spectra.shape), np.random.default_rng(1)
    own = np.sqrt(np.mean(spectra**2, axis=1))
    while True:
        size = min(size, most)
        basis = np.linalg.qr((rng.standard_normal((size, len(spectra))) @ spectra).T)[0].T
        for _ in range(2):
            basis = np.linalg.qr(((basis @ spectra.T) @ spectra).T)[0].T
        rest = spectra - (spectra @ basis.T) @ basis
        left = float(np.max(np.sqrt(np.mean(rest**2, axis=1)) / own))
        if left < _LEFT or size == most:
            return basis, left
        size *= 2
