"""The diagram of Baldwin, Phillips & Terlevich 1981: what lights the gas of a galaxy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Demarcation(NamedTuple):
    """``log [O III]/Hb = 0.61 / (log [N II]/Ha - pole) + level``, left of the pole."""

    pole: float
    level: float


#: Kauffmann et al. 2003, MNRAS 346, 1055, eq. 1: below it star formation alone lights the gas.
KAUFFMANN = Demarcation(0.05, 1.3)

#: Kewley et al. 2001, ApJ 556, 121, eq. 5: above it star formation cannot.
KEWLEY = Demarcation(0.47, 1.19)

_NUMERATOR = 0.61


def log_ratio(numerator: Float[np.ndarray, " S"], denominator: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    """log10 of a ratio of fluxes, which counts a flux below a thousandth of the other as that much: finite within -3 and 3."""
    floor = np.maximum(1e-3 * np.maximum(np.abs(numerator), np.abs(denominator)), 1e-300)
    return np.log10(np.maximum(numerator, floor) / np.maximum(denominator, floor))


def distance(nitrogen: Float[np.ndarray, " S"], oxygen: Float[np.ndarray, " S"], line: Demarcation) -> Float[np.ndarray, " S"]:
    """Shortest distance to a demarcation in dex, positive on the side of active nuclei.

    Args:
        nitrogen: log [N II] 6585 / H alpha.
        oxygen: log [O III] 5008 / H beta.
        line: the demarcation.
    """
    from scipy.spatial import cKDTree

    gap = np.geomspace(1e-2, 10.0, 20_000)
    curve = np.stack([line.pole - gap, line.level - _NUMERATOR / gap], axis=-1)
    shortest = cKDTree(curve).query(np.stack([nitrogen, oxygen], axis=-1))[0]
    left = np.maximum(line.pole - nitrogen, 1e-12)
    beyond = (nitrogen >= line.pole) | (oxygen > line.level - _NUMERATOR / left)
    return np.where(beyond, shortest, -shortest)
