"""Parts of a spectrum that are left out: lines, the night sky, the Earth's absorption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.steps.frames import FRAMES, wavelength_in
from astro_sbi.observations.steps.ranges import Ranges, ranges, within
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting

# Vacuum wavelengths as observed [Angstrom]: bands of O2 (B, A and a) and of water, up to the K band.
_TELLURIC: Ranges = (
    (6275.0, 6320.0),
    (6865.0, 6970.0),
    (7160.0, 7340.0),
    (7590.0, 7720.0),
    (8125.0, 8350.0),
    (8940.0, 9850.0),
    (11050.0, 12150.0),
    (12600.0, 12800.0),
    (13400.0, 14900.0),
    (17900.0, 19800.0),
    (19950.0, 20850.0),
)
# [O I] 5579, 6302, 6366, Na D and Hg I 4359, 5462 of street lamps, bright in the night sky.
_SKY: Ranges = ((4354.0, 4365.0), (5455.0, 5468.0), (5570.0, 5588.0), (5885.0, 5902.0), (6295.0, 6309.0), (6360.0, 6372.0))
_NAMED = {"none": (), "telluric": ("telluric",), "sky lines": ("sky",), "both": ("telluric", "sky")}


@dataclass(frozen=True)
class Mask(Step):
    """Leave out ranges of wavelength, and named bands of the Earth's atmosphere."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Mask"

    mask: str = setting("", "ranges left out [Angstrom], such as 5570-5585, 6295-6305; none if empty", text=True)
    mask_frame: str = setting("observed", "whether these ranges are wavelengths as observed or at rest", choices=FRAMES)
    atmosphere: str = setting("none", "absorption bands and emission lines of the Earth's atmosphere left out", choices=tuple(_NAMED))

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges(self.mask, "mask")

    @property
    def idle(self) -> bool:
        """Whether nothing is to be masked."""
        return not ranges(self.mask, "mask") and not _NAMED[self.atmosphere]

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The points outside the ranges."""
        observation, asked = prepared.observation, ranges(self.mask, "mask")
        resolved = {"mask": self.mask, "mask_frame": self.mask_frame, "atmosphere": self.atmosphere}
        observed, free = observation.points.coordinate, np.ones(len(observation), bool)
        named = {"telluric": ("in a telluric band", _TELLURIC), "sky": ("at a sky line", _SKY)}
        parts = [(observed, *named[name]) for name in _NAMED[self.atmosphere]]
        if asked:
            parts.insert(0, (wavelength_in(prepared, self.mask_frame), "in a masked range", asked))
        dropped = {}
        for wavelength, reason, pairs in parts:
            inside = within(wavelength, pairs) & free
            dropped[reason], free = int(inside.sum()), free & ~inside
        if not free.any():
            raise ObservationError("the mask leaves nothing of it; change prepare.mask or prepare.atmosphere")
        counted = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
        sentence = f"left out of {len(observation):,} points: {counted}"
        return finished(prepared, selected(observation, free), (self.title, sentence), dropped, resolved)
