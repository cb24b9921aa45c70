"""The part of a spectrum that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.frames import FRAMES, wavelength_in
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting


@dataclass(frozen=True)
class Trim(Step):
    """Keep one range of wavelength."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Trim"

    trim_low: float | None = setting(None, "shortest wavelength kept; all if not given", "Angstrom", low=1.0, high=1e8)
    trim_high: float | None = setting(None, "longest wavelength kept; all if not given", "Angstrom", low=1.0, high=1e8)
    trim_frame: str = setting("observed", "whether the ends are wavelengths as observed or at rest", choices=FRAMES)

    def __post_init__(self) -> None:
        """Check the order of the ends."""
        if self.trim_low is not None and self.trim_high is not None and not self.trim_low < self.trim_high:
            raise ObservationError(f"prepare.trim_low ({self.trim_low:g}) must be below prepare.trim_high ({self.trim_high:g})")

    @property
    def idle(self) -> bool:
        """Whether neither end is given."""
        return self.trim_low is None and self.trim_high is None

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The points between the ends."""
        observation = prepared.observation
        wavelength = wavelength_in(prepared, self.trim_frame)
        low, high = self.trim_low or 0.0, self.trim_high or float("inf")
        inside = (wavelength >= low) & (wavelength <= high)
        if not inside.any():
            covered = f"{wavelength.min():.0f} to {wavelength.max():.0f} Angstrom ({self.trim_frame})"
            raise ObservationError(f"nothing of its {covered} lies in the range to keep; change prepare.trim_low and trim_high")
        after, dropped = selected(observation, inside), {"outside the range": int((~inside).sum())}
        first, last = wavelength[inside].min(), wavelength[inside].max()
        sentence = f"{len(after):,} of {len(observation):,} points from {first:.1f} to {last:.1f} Angstrom ({self.trim_frame}) kept"
        resolved = {"trim_low": float(first), "trim_high": float(last), "trim_frame": self.trim_frame}
        return finished(prepared, after, (self.title, sentence), dropped, resolved)
