"""Hydrogen between a distant galaxy and us, which takes its ultraviolet light away."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

_LYMAN = 911.753
#: Strengths of the lines from Lyman alpha (2 to 1) to 40 to 1 in units of 1e-5: of the Lyman alpha forest and of damped systems.
_FOREST = (
    1689.76, 469.229, 223.898, 131.901, 87.0656, 61.7843, 46.0924, 35.6887, 28.4278, 23.1771, 19.2348, 16.2155, 13.8498,
    11.9611, 10.4314, 9.17397, 8.12784, 7.25069, 6.50549, 5.86816, 5.31918, 4.84261, 4.42740, 4.06311, 3.73821, 3.45377,
    3.19891, 2.97110, 2.76635, 2.58178, 2.41479, 2.26347, 2.12567, 1.99967, 1.88476, 1.77928, 1.68222, 1.59286, 1.50996,
)  # fmt: skip
_DAMPED = (
    16.1698, 15.4539, 14.9767, 14.6031, 14.2893, 14.0159, 13.7714, 13.5495, 13.3452, 13.1561, 12.9785, 12.8117, 12.6540,
    12.5041, 12.3614, 12.2248, 12.0938, 11.9681, 11.8469, 11.7298, 11.6167, 11.5071, 11.4011, 11.2983, 11.1972, 11.1002,
    11.0051, 10.9125, 10.8220, 10.7337, 10.6473, 10.5629, 10.4802, 10.3991, 10.3198, 10.2420, 10.1657, 10.0908, 10.0168,
)  # fmt: skip


def lyman_series_depth(wavelength: Float64[np.ndarray, " n"], redshift: float) -> Float64[np.ndarray, " n"]:
    r"""Mean optical depth of the Lyman series of intergalactic hydrogen.

    .. math:: \tau = \sum_j A_j (\lambda / \lambda_j)^{\gamma}, \quad \lambda_j < \lambda < \lambda_j (1 + z)

    with :math:`\gamma` 1.2, 3.7 and 5.5 below and above 2.2 and 5.7 for the forest, 2 and 3 below and above 3 for damped systems.
    Continuous absorption, which only concerns light that ionises at the source, is left out.

    Inoue et al. 2014, MNRAS 442, 1805, eqs. 20-22 and table 2, whose second and third columns follow from the first where the pieces meet.

    Args:
        wavelength: observed, in A.
        redshift: of the source.
    """
    level = np.arange(2, 2 + len(_FOREST))
    ratio = (1 - 1 / level[:, None] ** 2) * wavelength / _LYMAN
    line, pixel = np.nonzero((ratio > 1) & (ratio < 1 + redshift))
    ratio = ratio[line, pixel]
    forest = np.select([ratio < 2.2, ratio < 5.7], [ratio**1.2, 2.2**-2.5 * ratio**3.7], default=2.2**-2.5 * 5.7**-1.8 * ratio**5.5)
    damped = np.where(ratio < 3.0, ratio**2, ratio**3 / 3)
    depth = 1e-5 * (np.asarray(_FOREST)[line] * forest + np.asarray(_DAMPED)[line] * damped)
    return np.bincount(pixel, depth, minlength=len(wavelength))
