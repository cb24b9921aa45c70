"""Covariance matrices of a table's values: found beside its columns, and checked against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.names import plain, plain_names
from astro_sbi.observations.observation import ObservationError

_NAMES = ("covariance", "cov", "covmat", "covariancematrix", "covtot", "covtotal", "covmatrix")
#: Largest difference of two numbers that are to be equal, over the errors of their rows.
_ASYMMETRY = 1e-4
#: A matrix whose errors are further from those of the table than this factor is another one's, or holds a part of the errors.
_FACTOR = 3.0
#: Least variance that the others may leave of a value, over its own: a millionth is a thousandth of its error.
_LEAST_LEFT = 1e-6


@dataclass(frozen=True, eq=False)
class Covariance:
    """A matrix in a file, and what the file calls it."""

    values: Float64[np.ndarray, "n n"]
    name: str


def covariance_beside(table: Table, container: Container) -> Covariance | None:
    """The covariance matrix among a table's columns or its file's images, None if there is none."""
    columns = {name: values for name, values in zip(plain_names(table), table.values, strict=True) if values.ndim == 2}
    named = next((name for name in _NAMES if name in columns), None)
    if named is not None:
        return Covariance(columns[named].astype(np.float64), table.columns[plain_names(table).index(named)].name)
    image = next((image for image in container.images if plain(image.name.rpartition("/")[2]) in _NAMES and image.values.ndim == 2), None)
    return None if image is None else Covariance(image.values, str(image.facts.get("file", image.name)))


def checked(
    covariance: Covariance, sigma: Float64[np.ndarray, " n"] | None, holds: Literal["total", "systematic"]
) -> Float64[np.ndarray, "n n"]:
    """The whole covariance of all rows, symmetric to the last digit.

    Args:
        covariance: as in the file.
        sigma: errors of the table's rows; None where it has none.
        holds: all errors, or the systematic ones alone.

    Raises:
        ObservationError: if it cannot be the covariance of these rows.
    """
    values, said = covariance.values, f"the covariance matrix {printable(covariance.name, 40)}"
    if sigma is None and holds == "systematic":
        raise ObservationError(f"{said} holds systematic errors alone, and the table has no column of the others; give one")
    if not np.isfinite(values).all():
        raise ObservationError(f"{said} holds {int((~np.isfinite(values)).sum()):,} entries that are not finite numbers; repair it")
    if sigma is not None and holds == "systematic":
        values = values + np.diag(np.where(np.isfinite(sigma), sigma, 0.0) ** 2)
    variance = np.diagonal(values)
    if not (variance > 0).all():
        row = int(np.flatnonzero(~(variance > 0))[0])
        raise ObservationError(f"{said} has {variance[row]:.3g} on its diagonal in row {row + 1}, and a variance is above zero; repair it")
    errors = np.sqrt(variance)
    apart = np.abs(values - values.T) > _ASYMMETRY * np.outer(errors, errors)
    if apart.any():
        row, column = np.argwhere(apart)[0] + 1
        raise ObservationError(f"{said} is not symmetric: row {row}, column {column} is not row {column}, column {row}; download it again")
    _compare(said, errors, sigma)
    return 0.5 * (values + values.T)


def check_size(covariance: Covariance, rows: int) -> None:
    """Refuse a matrix that is not one of these rows.

    Raises:
        ObservationError: if it has another shape.
    """
    if covariance.values.shape != (rows, rows):
        shape, said = " x ".join(f"{size:,}" for size in covariance.values.shape), printable(covariance.name, 40)
        raise ObservationError(f"the covariance matrix {said} is {shape} and the table has {rows:,} rows; give the matrix of this table")


def _compare(said: str, errors: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"] | None) -> None:
    """Refuse a matrix whose diagonal has nothing to do with the errors of the table."""
    sound = np.zeros(len(errors), bool) if sigma is None else np.isfinite(sigma) & (sigma > 0)
    if sigma is None or not sound.any():
        return
    ratio = errors[sound] / sigma[sound]
    typical = f"the root of its diagonal is typically {np.median(errors):.3g}, the errors of the table {np.median(sigma[sound]):.3g}"
    if np.median(ratio) < 1 / _FACTOR:
        told = "if it holds the systematic errors alone, set read.covariance=systematic, which adds the squares of the errors"
        raise ObservationError(f"{said} is too small: {typical}; {told}")
    if np.median(ratio) > _FACTOR or np.mean(np.abs(np.log(ratio)) > np.log(_FACTOR)) > 0.1:
        raise ObservationError(f"{said} does not belong to these errors: {typical}; its rows are to be those of the table, in its unit")


def check_definite(covariance: Float64[np.ndarray, "n n"]) -> None:
    """Refuse a matrix of the rows that were kept that is no covariance, or nearly none.

    Raises:
        ObservationError: if some combination of the values would have no error.
    """
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        lowest = float(np.linalg.eigvalsh(covariance)[0])
        raise ObservationError(
            f"the covariance matrix is not positive definite (its lowest eigenvalue is {lowest:.2g}): some combination of the values "
            "would have no error; give the matrix with all digits, or with the statistical errors on its diagonal"
        ) from None
    left = np.diagonal(root) ** 2 / np.diagonal(covariance)
    if left.min() < _LEAST_LEFT:
        raise ObservationError(
            f"the covariance matrix leaves row {int(left.argmin()) + 1} of those that were kept no error of its own: it follows from the "
            "others; leave out repeated rows, or add the statistical errors to the diagonal"
        )
