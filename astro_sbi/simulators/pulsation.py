"""Fourier series of a pulsating star's light, and what astronomers read off their coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

_PHASES = 512
_CHUNK = 4096

Harmonics = Sequence[tuple[Any, Any]]


def series(phase: Float[Any, " n"], harmonics: Harmonics, xp: Any = np) -> Float[Any, " n"]:
    """``sum over k of a_k cos(2 pi k f) + b_k sin(2 pi k f)`` at phases f in cycles.

    Args:
        phase: in cycles.
        harmonics: ``(a_k, b_k)`` for k = 1, 2, ..
        xp: NumPy or jax.numpy.
    """
    first_cos, first_sin = xp.cos(2 * np.pi * phase), xp.sin(2 * np.pi * phase)
    total, cos, sin = 0.0, 1.0, 0.0
    for in_phase, out_of_phase in harmonics:
        cos, sin = cos * first_cos - sin * first_sin, sin * first_cos + cos * first_sin
        total = total + in_phase * cos + out_of_phase * sin
    return total


def box_average(first: Any, second: Any) -> tuple[Any, Any]:
    """Distance ``x`` and weight ``a`` of the outer nodes -x and x that, with 1 - 2 a at 0, average over two boxes one after the other.

    The rule has the variance ``s^2 = (v^2 + w^2) / 12`` and the fourth moment ``m = (v^4 + w^4) / 80 + v^2 w^2 / 24`` of the sum of
    two uniform numbers: ``x^2 = m / s^2``, ``2 a = s^4 / m``. It is right for polynomials of fifth degree, of one box as
    Gauss-Legendre's.

    Args:
        first: width v.
        second: width w.
    """
    variance = (first**2 + second**2) / 12
    fourth = (first**4 + second**4) / 80 + first**2 * second**2 / 24
    return (fourth / (variance + 1e-12)) ** 0.5, 0.5 * variance**2 / (fourth + 1e-20)


def ratio_and_phase(in_phase: Float[np.ndarray, " S"], out_of_phase: Float[np.ndarray, " S"], order: int) -> tuple[Any, Any]:
    """``R_k1 = A_k / A_1`` and ``phi_k1 = phi_k - k phi_1`` [rad, 0 to 2 pi] of a sine series of magnitudes (NumPy).

    Simon & Lee 1981, ApJ 248, 291. Magnitudes go down where the series above goes up: ``A_k sin(k x + phi_k)`` with
    ``sin(phi_k) = -a_k``, ``cos(phi_k) = -b_k`` and, of ``a_1 = 1, b_1 = 0``, ``phi_1 = -pi / 2``.
    """
    phase = np.arctan2(-in_phase, -out_of_phase) + 0.5 * np.pi * order
    return np.hypot(in_phase, out_of_phase), np.mod(phase, 2 * np.pi)


def extremes(shape: Float[np.ndarray, "S k 2"]) -> tuple[Float[np.ndarray, " S"], Float[np.ndarray, " S"]]:
    """Maximum minus minimum of a series, and the phase of its maximum between -0.5 and 0.5, by 512 phases and a parabola (NumPy).

    Args:
        shape: ``a_k, b_k`` of each draw for k = 1, 2, .. [S, k, 2].
    """
    parts = [_extremes(shape[start : start + _CHUNK]) for start in range(0, len(shape), _CHUNK)]
    height, place = (np.concatenate(column) for column in zip(*parts, strict=True))
    return height, place


def _extremes(shape: Float[np.ndarray, "S k 2"]) -> tuple[Float[np.ndarray, " S"], Float[np.ndarray, " S"]]:
    phase = np.arange(_PHASES) / _PHASES - 0.5
    curve = series(phase, [(pair[:, :1], pair[:, 1:]) for pair in np.moveaxis(shape, 1, 0)])
    rows, best = np.arange(len(curve)), np.argmax(curve, axis=1)
    left, top, right = curve[rows, best - 1], curve[rows, best], curve[rows, (best + 1) % _PHASES]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-12)
    place = np.mod(phase[best] + shift / _PHASES + 0.5, 1.0) - 0.5
    return top - 0.25 * (left - right) * shift - curve.min(axis=1), place
