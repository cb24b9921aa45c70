"""The step that keeps the supernovae whose redshifts tell of the expansion of the universe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting, with_known


@dataclass(frozen=True)
class HubbleFlow(Step):
    """Leave out supernovae that are too near, and those whose hosts calibrate the others."""

    kinds: ClassVar[tuple[Kind, ...]] = ("hubble_diagram",)
    title: ClassVar[str] = "Hubble flow"

    min_redshift: float = setting(0.01, "lowest redshift; nearer ones tell of their own motion more than of expansion", low=1e-3, high=10.0)
    max_redshift: float | None = setting(None, "highest redshift; no limit if not given", low=1e-3, high=20.0)
    calibrators: str = setting(
        "leave out", "supernovae in hosts with a distance of their own, whose moduli may be that distance", choices=("leave out", "keep")
    )

    def __post_init__(self) -> None:
        """Check the limits."""
        if self.max_redshift is not None and self.max_redshift <= self.min_redshift:
            raise ObservationError(f"prepare.max_redshift is above prepare.min_redshift ({self.min_redshift:g}), not {self.max_redshift:g}")

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Select; where no heliocentric redshift is known, the one of the diagram stands for it."""
        observation, known = prepared.observation, prepared.observation.points.known
        redshift, size = observation.points.coordinate, len(observation)
        near = redshift < self.min_redshift
        far = np.zeros(size, bool) if self.max_redshift is None else redshift > self.max_redshift
        calibrates = known["calibrator"].value > 0.5 if "calibrator" in known and self.calibrators == "leave out" else np.zeros(size, bool)
        dropped = {"too near": near, "too far": far & ~near, "calibrator": calibrates & ~near & ~far}
        keep = ~(near | far | calibrates)
        if not keep.any():
            between = f"its redshifts lie between {redshift.min():.4g} and {redshift.max():.4g}"
            raise ObservationError(f"no supernova is left: {between}; change prepare.min_redshift, max_redshift or calibrators")
        after, given = selected(observation, keep), "heliocentric_redshift" in known
        if not given:
            after = with_known(after, {"heliocentric_redshift": after.points.coordinate * u.dimensionless_unscaled})
        sentence = f"{keep.sum():,} of {size:,} supernovae were kept"
        sentence += "" if given else "; no heliocentric redshifts are given: those of the diagram stand for them"
        counts = {reason: int(mask.sum()) for reason, mask in dropped.items()}
        resolved = {"min_redshift": self.min_redshift, "calibrators": self.calibrators}
        return finished(prepared, after, (self.title, sentence), counts, resolved)
