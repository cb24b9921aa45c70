"""How good a spectrum is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished

_LEAST = 5
_FACTOR = 1.5


def der_noise(flux: Float64[np.ndarray, " n"]) -> float:
    """Noise of one pixel, ``1.482602/sqrt(6) median|2 f_i - f_(i-2) - f_(i+2)|`` (DER_SNR; Stoehr et al. 2008, ASPC 394, 505)."""
    return float(1.482602 / np.sqrt(6) * np.median(np.abs(2 * flux[2:-2] - flux[:-4] - flux[4:])))


@dataclass(frozen=True)
class SignalToNoise(Step):
    """Estimate the signal-to-noise ratio of a pixel, and compare the errors with it."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Signal-to-noise"

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Resolve the ratio from the flux alone, and that of the errors; the spectrum stays as it is."""
        observation = prepared.observation
        parts = [here for here in channel_masks(observation) if here.sum() >= _LEAST]
        if not parts:
            raise ObservationError(f"its {len(observation)} points are too few to estimate their noise; give a longer spectrum")
        flux, sigma = observation.value, observation.points.noise.sigma
        noise = float(np.median([der_noise(flux[here]) for here in parts]))
        quoted, signal = float(np.median(sigma)), float(np.median(flux))
        resolved = {"signal_to_noise_quoted": signal / quoted, **({"signal_to_noise": signal / noise} if noise > 0 else {})}
        told = f"signal-to-noise {signal / noise:.3g} a pixel (DER_SNR)" if noise > 0 else "the flux has no noise from pixel to pixel"
        sentence = f"{told}; the errors say {signal / quoted:.3g}"
        ratio = noise / quoted
        if not 1 / _FACTOR < ratio < _FACTOR:
            sentence += f": neighbouring pixels scatter by {ratio:.2g} times the errors, which are too {'small' if ratio > 1 else 'large'}"
            sentence += " or belong to resampled, correlated pixels" * (ratio < 1)
        return finished(prepared, observation, (self.title, sentence), {}, resolved)
