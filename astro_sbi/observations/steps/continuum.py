"""The continuum of a spectrum, taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float64
from scipy import interpolate, ndimage

from astro_sbi.observations.observation import Axis, Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, setting, with_values
from astro_sbi.observations.steps.trend import robust_sigma

_CLIP = 3.0
_ROUNDS = 8
_LEAST = 10


def running_median(wavelength: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], width: float) -> Float64[np.ndarray, " n"]:
    """Median of the points in a moving window of a width [Angstrom]."""
    size = min(2 * round(_in_pixels(wavelength, width) / 2) + 1, len(flux))
    return ndimage.median_filter(flux, size=size, mode="nearest")


def clipped_spline(wavelength: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], width: float) -> Float64[np.ndarray, " n"]:
    """Cubic spline with a knot every ``width`` Angstrom, fitted over and over to what lies within three sigma of it, less lines."""
    place, index = np.unique(wavelength, return_index=True)
    value = flux[index]
    every = max(round(_in_pixels(wavelength, width)), 4)
    inner = place[every : len(place) - every : every]
    knots = np.concatenate([np.repeat(place[0], 4), inner, np.repeat(place[-1], 4)])
    weight = np.ones(len(place))
    for _ in range(_ROUNDS):
        curve = interpolate.make_lsq_spline(place, value, knots, k=3, w=weight)
        residual = value - curve(place)
        spread = robust_sigma(residual[weight == 1])
        # A tiny weight instead of none keeps the fit determined where a knot's whole neighbourhood is clipped.
        changed = np.where(np.abs(residual) <= _CLIP * spread, 1.0, 1e-3)
        if not spread > 0 or (changed == weight).all():
            break
        weight = changed
    return curve(wavelength)


def _in_pixels(wavelength: np.ndarray, width: float) -> float:
    steps = np.diff(wavelength)
    return max(width / float(np.median(steps[steps > 0])), 5.0)


@dataclass(frozen=True)
class Continuum(Step):
    """Divide by the continuum, or subtract it."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Continuum"

    continuum: str = setting("keep", "keep the continuum, divide by it or subtract it", choices=("keep", "divide", "subtract"))
    continuum_fit: str = setting("running median", "what stands for the continuum", choices=("running median", "spline"))
    continuum_width: float = setting(200.0, "window of the running median, or distance of the knots", "Angstrom", low=1.0, high=1e6)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Flux over, or less, a smooth curve through it; errors follow."""
        observation = prepared.observation
        resolved: dict[str, float | str] = {"continuum": self.continuum}
        if self.continuum == "keep":
            return finished(prepared, observation, (self.title, "the continuum was kept"), {}, resolved)
        wavelength, flux, sigma = observation.points.coordinate, observation.value, observation.points.noise.sigma
        curve, fit = np.zeros(len(flux)), running_median if self.continuum_fit == "running median" else clipped_spline
        for here in channel_masks(observation):
            if len(np.unique(wavelength[here])) < _LEAST:
                raise ObservationError(f"{here.sum()} points are too few for a continuum; set prepare.continuum=keep")
            curve[here] = fit(wavelength[here], flux[here], self.continuum_width)
        resolved |= {
            "continuum_fit": self.continuum_fit,
            "continuum_width": self.continuum_width,
            "continuum_level": float(np.median(curve)),
        }
        how = f"a {self.continuum_fit} over {self.continuum_width:g} Angstrom, {np.median(curve):.4g} in the middle"
        axis = observation.value_axis
        if self.continuum == "subtract":
            after, axis = with_values(observation, flux - curve, sigma), Axis(f"{axis.name} less continuum", axis.unit)
            return finished(prepared, replace(after, value_axis=axis), (self.title, f"{how}, subtracted"), {}, resolved)
        if not (curve > 0).all():
            place = wavelength[int(np.argmin(curve))]
            raise ObservationError(f"its continuum is not above zero at {place:.0f} Angstrom; subtract it, or trim or mask that part")
        after, axis = with_values(observation, flux / curve, sigma / curve), Axis("flux over continuum", "")
        return finished(prepared, replace(after, value_axis=axis), (self.title, f"{how}, divided out"), {}, resolved)
