"""Malformed and hostile files, each made in memory by code, and what has to come of each."""

from __future__ import annotations

from tests.observations.corpus import (
    archives,
    ecsv,
    fits,
    fits_layouts,
    hdf5,
    laid_out,
    names,
    netcdf,
    numbers,
    parquet,
    text,
    votable,
)
from tests.observations.corpus.case import Bait, Case

PARTS = (fits, fits_layouts, text, ecsv, laid_out, votable, hdf5, netcdf, parquet, archives, numbers, names)


def cases(bait: Bait | None = None) -> dict[str, Case]:
    """Every case by a name of its own."""
    found: dict[str, Case] = {}
    for part in PARTS:
        room = part.__name__.rpartition(".")[2]
        for number, case in enumerate(part.cases(bait or Bait())):
            key = f"{room}-{number}" if part is names else f"{room}/{case.name}"
            if key in found:
                raise ValueError(f"two cases are called {key}")
            found[key] = case
    return found
