"""Text files that hold a square matrix and nothing else, as covariance matrices of supernovae are published."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.containers.content import shown_name
from astro_sbi.observations.observation import ObservationError

_NUMBERS = b"0123456789+-.eEdDnNaAiIfF, \t\r\n"
_START = 1000


def matrix_of(name: str, content: bytes) -> Float64[np.ndarray, "n n"] | None:
    """The matrix in a text of N and then N x N numbers, or of N x N numbers alone; None if it is a text of something else.

    Args:
        name: of the file, for messages.
        content: its bytes.

    Raises:
        ObservationError: if it begins like a matrix and is none.
    """
    if not content.strip() or content[:_START].translate(None, _NUMBERS) or content.translate(None, _NUMBERS):
        return None
    try:
        numbers = np.fromiter(map(float, content.replace(b",", b" ").replace(b"D", b"e").split()), np.float64)
    except ValueError:
        return None
    whole, stated = math.isqrt(len(numbers)), numbers[0]
    if len(numbers) > 1 and stated == math.isqrt(len(numbers) - 1) and stated**2 == len(numbers) - 1:
        return numbers[1:].reshape(int(stated), int(stated))
    if whole > 1 and whole**2 == len(numbers):
        return numbers.reshape(whole, whole)
    wanted = f"{stated:,.0f} x {stated:,.0f}, as its first line says" if 1 < stated == round(stated) < 1e5 else "N x N"
    raise ObservationError(
        f"{shown_name(name)} holds {len(numbers) - 1:,} numbers behind the first, which make no covariance matrix of {wanted}; "
        "download it again"
    )
