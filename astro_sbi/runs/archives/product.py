"""What an archive offers, and where on the sky it was looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ArchiveName = Literal["mast", "sdss"]


@dataclass(frozen=True)
class Position:
    """A place on the sky (ICRS).

    Args:
        ra: right ascension in degrees, 0 to 360.
        dec: declination in degrees, -90 to 90.
        name: what the user called it.
    """

    ra: float
    dec: float
    name: str


@dataclass(frozen=True)
class Product:
    """A file in an archive. Its texts come from outside: shorn of what cannot be printed, but not escaped.

    Args:
        archive: that holds it.
        title: the archive's name for the target.
        meaning: mission, sector, cadence and pipeline, or plate, fibre and redshift.
        kind: of the observation in it.
        url: where it is fetched from; on the list of hosts.
        name: of the file.
        bytes: its size, as the archive says; None if it does not.
    """

    archive: ArchiveName
    title: str
    meaning: str
    kind: Literal["light_curve", "spectrum"]
    url: str
    name: str
    bytes: int | None = None
