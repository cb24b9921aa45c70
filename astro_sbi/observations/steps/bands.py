"""The step that chooses bands of a light curve and says which filters they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting

_BAND = re.compile(r"([^=]{1,40})(?:=\s*([A-Za-z0-9][A-Za-z0-9_' -]{0,39}))?")


def _pairs(text: str) -> dict[str, str]:
    """Names in the file and the bands that they are, from ``B, F=bessell-R``.

    Raises:
        ObservationError: if it is no such list.
    """
    pairs = {}
    for part in (part.strip() for part in re.split(r"[,;]", text)):
        match = _BAND.fullmatch(part)
        if part and match is None:
            raise ObservationError(f"prepare.bands is a list of bands such as B, V, F=bessell-R, not '{part[:40]}'")
        if match:
            name = match[1].strip()
            pairs[name] = (match[2] or name).strip()
    return pairs


@dataclass(frozen=True)
class Bands(Step):
    """Keep the bands that are named; those that are one and the same band become one."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Bands"

    bands: str = setting(
        "", "bands to keep, each with the filter that it is where its name does not say, such as B, V, F=bessell-R; all if empty", text=True
    )

    def __post_init__(self) -> None:
        """Check the list."""
        _pairs(self.bands)

    @property
    def idle(self) -> bool:
        """Whether no band is named."""
        return not _pairs(self.bands)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The points of these bands."""
        observation, meaning = prepared.observation, _pairs(self.bands)
        unknown = [name for name in meaning if name not in observation.channels]
        if unknown:
            there_are = ", ".join(channel or "one without a name" for channel in observation.channels)
            raise ObservationError(f"there is no band '{unknown[0]}' to keep; there are {there_are[:200]}: change prepare.bands")
        names = tuple(dict.fromkeys(meaning[channel] for channel in observation.channels if channel in meaning))
        index = np.array([names.index(meaning[name]) if name in meaning else -1 for name in observation.channels], np.int32)
        channel = index[observation.points.channel]
        numbered = replace(observation, points=replace(observation.points, channel=channel), channels=names)
        after = selected(numbered, channel >= 0)
        left_out = int((channel < 0).sum())
        sentence = f"bands kept: {', '.join(f'{name} as {band}' if name != band else name for name, band in meaning.items())}"
        return finished(prepared, after, (self.title, sentence), {"another band": left_out}, {"bands": self.bands})
