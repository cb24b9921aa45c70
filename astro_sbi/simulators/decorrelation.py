"""Correlated errors taken apart once, so that all that follows sees values whose errors are independent."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.linalg import solve_triangular

from astro_sbi.observations.observation import Points


def decorrelation_of(points: Points) -> tuple[Float64[np.ndarray, "n n"] | None, Float64[np.ndarray, " n"]]:
    """The matrix that makes errors independent, None where they are so, and the standard deviations of what it makes [n].

    With ``C = L D L^T``, L lower triangular with ones on its diagonal, the values ``A y`` with ``A = L^-1`` have the independent
    variances D. They are each value less what those before it tell, ``y_i - E[e_i | e_1 .. e_(i-1)]``, and as ``det A = 1`` their
    likelihood is that of the values themselves (Golub & Van Loan 2013, Matrix Computations, section 4.1).

    Points that are not used tell nothing of the others.
    """
    covariance = points.noise.covariance
    if covariance is None:
        return None, points.noise.sigma
    together = np.outer(points.used, points.used) | np.eye(len(points), dtype=bool)
    root = np.linalg.cholesky(np.where(together, covariance, 0.0))
    sigma = np.diagonal(root)
    return solve_triangular(root / sigma, np.eye(len(points)), lower=True, unit_diagonal=True), sigma.copy()
