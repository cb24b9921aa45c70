"""Mixtures of the galaxy templates: their shares in the light, and what follows from them for the stars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline

from astro_sbi.simulators.base import Parameter

#: The highest redshift for which there are distances and fluxes.
HIGHEST = 7.0
#: Coordinates of a mixture.
MIXING = tuple(
    Parameter(
        f"mix_{number}",
        f"u_{number}",
        f"<i>u</i><sub>{number}</sub>",
        "",
        f"mixing coordinate: at 1 template {number} gives none of the light that those before it leave, at 0 all of it",
        0.0,
        1.0,
    )
    for number in range(1, 5)
)
#: What is derived of a mixture.
MIXTURE = (
    Parameter(
        "log_stellar_mass",
        r"\log M_\star",
        "log <i>M</i><sub>★</sub>",
        "dex",
        "log10 of solar masses in stars and their remnants (Chabrier's mass function, Planck 2018 cosmology)",
    ),
    Parameter("luminosity_distance", "d_L", "<i>d<sub>L</sub></i>", "Mpc", "luminosity distance (Planck 2018 cosmology)"),
    Parameter("young_fraction", "f_{300}", "<i>f</i><sub>300</sub>", "", "part of the stars, by mass, formed in the last 300 Myr"),
    *(
        Parameter(f"light_{number}", f"f_{number}", f"<i>f</i><sub>{number}</sub>", "", f"share of template {number} in the light in V")
        for number in range(1, 6)
    ),
)


def template_shares(theta: Mapping[str, Any], xp: Any = np) -> Any:
    """Share of each of five templates in the light in V, evenly distributed over all that add to one [*batch, 5].

    Sticks are broken one after the other: ``left_k = u_k^(1 / (5 - k))`` of what was left stays left (Connor & Mosimann 1969,
    J. Am. Stat. Assoc. 64, 194).
    """
    shares, left = [], 1.0
    for number in range(1, 5):
        # Below this the slope of the root is beyond float32.
        kept = left * xp.maximum(theta[f"mix_{number}"], 1e-12) ** (1 / (5 - number))
        shares.append(left - kept)
        left = kept
    return xp.stack([*shares, left], axis=-1)


def luminosity_distance(redshift: Float[np.ndarray, "*S"]) -> Float[np.ndarray, "*S"]:
    """In the cosmology of Planck Collaboration 2020, A&A 641, A6, table 2 (astropy's Planck18) [Mpc].

    Args:
        redshift: from 0.00001, which stands for all below, to 7; interpolated with an error below one part in 10,000.
    """
    from astropy.cosmology import Planck18

    nodes = np.linspace(0.0, np.log1p(HIGHEST), 400)
    redshift = np.maximum(redshift, 1e-5)
    comoving = CubicSpline(nodes, Planck18.comoving_distance(np.expm1(nodes)).to_value("Mpc"))
    return comoving(np.log1p(redshift)) * (1 + redshift)
