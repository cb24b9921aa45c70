"""Photometry of one object as fluxes in microjansky, one a band, with the brightness about which a model is looked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known
from astro_sbi.observations.units import unit_of

#: AB magnitude of a microjansky (Oke & Gunn 1983).
MICROJANSKY = 23.9
_MAGGY = 3631.0


@dataclass(frozen=True)
class BandFluxes(Step):
    """Fluxes in microjansky, their errors with that of models and calibration; each point becomes a channel of its own, in order.

    It leaves ``weight``, the inverse variance of each band as a share of the sum, and ``magnitude_guess``, the AB magnitude of the mean
    flux with these weights, or of twice its error where it is less.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("photometry",)
    title: ClassVar[str] = "Fluxes"

    flux_error: float = setting(
        0.05, "error of models and calibration as part of each flux, added to the quoted one in quadrature", low=0.0, high=1.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Convert the fluxes and measure how bright the object is."""
        before = prepared.observation
        factor = _factor(before)
        value = before.value * factor
        sigma = np.hypot(before.points.noise.sigma * factor, self.flux_error * value)
        weight = np.where(before.points.used, sigma**-2.0, 0.0)
        mean, error = np.sum(weight * value) / np.sum(weight), np.sum(weight) ** -0.5
        guess = MICROJANSKY - 2.5 * np.log10(max(mean, 2 * error))
        names = tuple(before.channels[index] for index in before.points.channel)
        channel = np.arange(len(before), dtype=np.int32)
        points = replace(before.points, channel=channel, noise=Noise(sigma, before.points.noise.source))
        axis = Axis(before.value_axis.name, "uJy")
        after = with_known(
            replace(before, points=points, value=value, value_axis=axis, channels=names),
            {"weight": weight / weight.sum() * u.dimensionless_unscaled, "magnitude_guess": guess * u.mag},
        )
        sentence = (
            f"{len(before)} bands in microjansky, {self.flux_error:.3g} of each flux added to its error in quadrature; "
            f"the mean flux, weighted by inverse variances, has AB magnitude {guess:.2f}"
        )
        resolved = {"flux_error": self.flux_error, "magnitude_guess": float(guess)}
        return finished(prepared, after, (self.title, sentence), {}, resolved)


def _factor(observation: Observation) -> float:
    """Microjansky of the observation's unit."""
    text = observation.value_axis.unit
    if not text:
        raise ObservationError(
            "the fluxes have no unit: say which AB magnitude a flux of 1 has, such as read.magnitude=23.9 for microjansky"
        )
    unit, equivalencies = unit_of(text), u.zero_point_flux(_MAGGY * u.Jy)
    if not unit.is_equivalent(u.uJy, equivalencies=equivalencies):
        raise ObservationError(f"the fluxes are in {text}, which does not convert to microjansky; give flux densities per frequency")
    return float(unit.to(u.uJy, equivalencies=equivalencies))
