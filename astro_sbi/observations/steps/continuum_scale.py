"""A spectrum in one unit, with the error of models added to its own and the scale that priors start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Axis, Noise, Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known
from astro_sbi.observations.units import unit_of

FLUX_DENSITY = "1e-17 erg / (s cm2 Angstrom)"


@dataclass(frozen=True)
class ContinuumScale(Step):
    """Flux densities in 1e-17 erg/s/cm2/A, errors raised by a part of the continuum.

    It leaves ``continuum_scale``, the median flux density, and ``middle``, the median wavelength.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Continuum scale"

    flux_error: float = setting(
        0.02, "error of models and calibration from pixel to pixel as part of the flux, added in quadrature", low=0.0, high=1.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Convert, raise the errors, and measure the level."""
        before = prepared.observation
        factor = _factor(before)
        value = before.value * factor
        level = float(np.median(value))
        sigma = np.hypot(before.points.noise.sigma * factor, self.flux_error * np.abs(level))
        middle = float(np.median(before.points.coordinate))
        scale = max(abs(level), float(np.median(sigma)))
        points = replace(before.points, noise=Noise(sigma, before.points.noise.source))
        after = replace(before, points=points, value=value, value_axis=Axis(before.value_axis.name, FLUX_DENSITY))
        known = {"continuum_scale": scale * u.Unit(FLUX_DENSITY), "middle": middle * u.AA}
        sentence = f"median {level:.4g} x {FLUX_DENSITY} about {middle:.0f} Angstrom; {self.flux_error:.3g} of it added to the errors"
        resolved = {"flux_error": self.flux_error, "continuum_scale": scale}
        return finished(prepared, with_known(after, known), (self.title, sentence), {}, resolved)


def _factor(observation: Observation) -> float:
    """1e-17 erg/s/cm2/A of the observation's unit."""
    text = observation.value_axis.unit
    unit, wanted = (unit_of(text) if text else u.one), u.Unit(FLUX_DENSITY)
    if not unit.is_equivalent(wanted):
        what = f"in {text}, which does not convert" if text else "without a unit that converts"
        raise ObservationError(f"its flux is {what} to erg/s/cm2/Angstrom; give the unit (read.value_unit='{FLUX_DENSITY}')")
    return float(unit.to(wanted))
