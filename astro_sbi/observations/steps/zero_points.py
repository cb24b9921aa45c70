"""The step that settles which AB magnitude a flux of 1 has in each band of a light curve."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.kinds.bands import AB_MINUS_VEGA
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known

#: Bands whose magnitudes are Vega's by custom: Johnson's and Cousins's in capitals, and those of the infrared.
_CUSTOM = ("U", "B", "V", "R", "I", "J", "H", "K", "Ks")


@dataclass(frozen=True)
class ZeroPoints(Step):
    """Settle the AB magnitude of flux 1; ``zero_1``, ``zero_2``, .. become known in the order of the channels."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Zero points"

    magnitudes: str = setting(
        "by custom",
        "system of the magnitudes that fluxes are relative to: by custom Vega's for U, B, V, R, I, J, H and K in capitals, else AB",
        choices=("by custom", "AB", "Vega"),
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The zero points become known; the observation stays as it is."""
        observation = prepared.observation
        zero, system = _zero_magnitude(observation), self.magnitudes
        physical = observation.points.known.get("zero_magnitude") is None
        shifts = [0.0 if physical else _ab_minus_vega(channel, system) for channel in observation.channels]
        known = {f"zero_{number}": (zero + shift) * u.mag for number, shift in enumerate(shifts, 1)}
        vega = ", ".join(channel for channel, shift in zip(observation.channels, shifts, strict=True) if shift)
        sentence = f"flux 1 is magnitude {zero:.4g}, AB" + (f" but in {vega}, where it is Vega's" if vega else "")
        return finished(prepared, with_known(observation, known), (self.title, sentence), {}, {"magnitudes": system})


def _zero_magnitude(observation: Observation) -> float:
    """Magnitude of flux 1: told by the reader, or AB of a spectral flux density.

    Raises:
        ObservationError: if neither is there.
    """
    told = observation.points.known.get("zero_magnitude")
    if told is not None:
        return float(told.to_value(u.mag))
    unit = u.Unit(observation.value_axis.unit)
    if not unit.is_equivalent(u.Jy):
        what = f"are in {unit}, which is no flux density per frequency" if observation.value_axis.unit else "have no unit"
        raise ObservationError(
            f"the fluxes {what}, so that nothing tells how bright it is: give magnitudes, or fluxes in uJy (read.value_unit)"
        )
    return float((1 * unit).to_value(u.ABmag))


def _ab_minus_vega(channel: str, system: str) -> float:
    """AB minus Vega magnitude of a band where its magnitudes are Vega's, else 0."""
    letter = (re.split(r"[^A-Za-z0-9]+", channel.strip(" '")) or [""])[-1]
    if system == "AB" or (system == "by custom" and letter not in _CUSTOM):
        return 0.0
    if letter.lower() not in AB_MINUS_VEGA:
        raise ObservationError(
            f"what Vega's magnitude is in the band '{channel[:30]}' is not known; give AB magnitudes (prepare.magnitudes=AB)"
        )
    return AB_MINUS_VEGA[letter.lower()]
