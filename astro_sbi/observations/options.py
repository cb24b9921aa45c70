"""What a user may tell about a file that the file itself may not say, or says wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from astro_sbi.observations.kind import Kind

#: Roles that a column can play, and what each is.
ROLES = {
    "coordinate": "times, wavelengths or redshifts",
    "value": "values",
    "uncertainty": "errors",
    "channel": "bands or instruments",
    "quality": "quality flags",
}
#: Answers that are numbers, and those that are one of a few words; the others are text as it stands in the file.
NUMBERS = ("magnitude", "error", "signal_to_noise", "redshift")
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "flux": ("pdcsap", "sap"),
    "medium": ("air", "vacuum"),
    "covariance": ("total", "systematic"),
}


@dataclass(frozen=True)
class ReadOptions:
    """Answers that take the place of what the file says or of what is guessed; None leaves that to the reader.

    Args:
        kind: what physics the file holds.
        table: name of the table that holds it, where there are several.
        coordinate: name of the column of times, wavelengths or redshifts.
        value: name of the column that was measured.
        uncertainty: name of the column of standard deviations.
        channel: name of the column of bands or instruments.
        quality: name of the column of flags.
        row: identifier of the object in a catalogue of many.
        flux: which flux of a Kepler or TESS light curve; the other is taken, with a warning, where the first is missing.
        coordinate_unit: unit of the coordinate.
        value_unit: unit of the values, ``mag`` for magnitudes.
        zero_point: what the times count from, such as ``BJD - 2457000``.
        medium: in which the wavelengths were measured.
        magnitude: the magnitude whose flux is 1.
        error: standard deviation of every value, in the unit of the values, in place of the file's errors.
        signal_to_noise: of every value, in place of the file's errors.
        redshift: redshift guess in place of the file's.
        covariance: whether a covariance matrix holds all errors, or the systematic ones alone, which are added to the squared errors.
    """

    kind: Kind | None = None
    table: str | None = None
    coordinate: str | None = None
    value: str | None = None
    uncertainty: str | None = None
    channel: str | None = None
    quality: str | None = None
    row: str | None = None
    flux: Literal["pdcsap", "sap"] = "pdcsap"
    coordinate_unit: str | None = None
    value_unit: str | None = None
    zero_point: str | None = None
    medium: Literal["air", "vacuum"] | None = None
    magnitude: float | None = None
    error: float | None = None
    signal_to_noise: float | None = None
    redshift: float | None = None
    covariance: Literal["total", "systematic"] = "total"
