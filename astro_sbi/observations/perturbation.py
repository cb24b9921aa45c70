"""An observation as it would be if its calibration were wrong: of the scale of its values, its errors, or where its coordinate begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from astro_sbi.observations.observation import Noise, Observation

Perturbation = Literal["gain", "errors", "shift"]


def perturbed(observation: Observation, what: Perturbation, by: float) -> Observation:
    """The observation with one calibration error put in.

    Args:
        observation: prepared.
        what: ``gain`` multiplies values and errors by ``1 + by``; it adds ``-2.5 log10(1 + by)`` to magnitudes, and multiplies departures
            from the median where values are relative, as light of another star does (``by`` below 0). ``errors`` multiplies the errors
            alone, ``shift`` adds to the coordinate.
        by: a share above -1, or for ``shift`` a difference in the unit of the coordinate.
    """
    points, factor = observation.points, 1.0 + by
    if what == "shift":
        return replace(observation, points=replace(points, coordinate=points.coordinate + by))
    if what == "errors":
        return replace(observation, points=replace(points, noise=_scaled(points.noise, factor)))
    if in_magnitudes(observation.value_axis.unit):
        return replace(observation, value=observation.value - 2.5 * np.log10(factor))
    if is_relative(observation.kind, observation.value_axis.unit):
        level = np.median(observation.value)
        return replace(observation, value=level + factor * (observation.value - level))
    return replace(observation, value=observation.value * factor, points=replace(points, noise=_scaled(points.noise, factor)))


def in_magnitudes(unit: str) -> bool:
    """Whether values of a unit are magnitudes, which a gain adds to."""
    return "mag" in unit


def is_relative(kind: str, unit: str) -> bool:
    """Whether values are a light curve over its own level, which a gain leaves as it is."""
    return kind == "light_curve" and not unit


def _scaled(noise: Noise, factor: float) -> Noise:
    covariance = None if noise.covariance is None else noise.covariance * factor**2
    return Noise(noise.sigma * factor, noise.source, covariance)
