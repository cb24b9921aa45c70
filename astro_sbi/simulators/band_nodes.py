"""A few wavelengths that stand for a photometric band: Gauss quadrature with the band's own response as weight."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from astro_sbi.simulators.filters import FilterCurve

_FINE = 4000


def band_nodes(curve: FilterCurve, count: int) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    r"""Wavelengths [A] and weights, which add to one, of a flux density in a band.

    .. math:: f_\nu = \int f_\nu(\lambda) R \lambda^{-1} d\lambda \Big/ \int R \lambda^{-1} d\lambda = \sum_k w_k f_\nu(\lambda_k)

    exactly where f is a polynomial of degree ``2 count - 1``: a smooth spectrum needs few nodes. Photons are counted (Hogg et al. 2002,
    arXiv:astro-ph/0210394, eq. 7, per frequency); nodes by Golub & Welsch 1969, Math. Comp. 23, 221, from a Lanczos recursion on 4,000
    points of the response.

    Args:
        curve: response of the band.
        count: number of nodes.
    """
    low, high = curve.wavelength[0], curve.wavelength[-1]
    x = (np.arange(_FINE) + 0.5) / _FINE * 2 - 1
    wavelength = 0.5 * (low + high) + 0.5 * (high - low) * x
    weight = np.interp(wavelength, curve.wavelength, curve.response) / wavelength
    vector, before, off = np.sqrt(weight / weight.sum()), np.zeros(_FINE), 0.0
    matrix = np.zeros((count, count))
    for row in range(count):
        image = x * vector - off * before
        matrix[row, row] = vector @ image
        image = image - matrix[row, row] * vector
        off = float(np.linalg.norm(image))
        if row + 1 < count:
            matrix[row, row + 1] = matrix[row + 1, row] = off
        before, vector = vector, image / off
    nodes, vectors = np.linalg.eigh(matrix)
    return 0.5 * (low + high) + 0.5 * (high - low) * nodes, vectors[0] ** 2
