"""Bytes in, container out: the registry of formats, told apart by content."""

from __future__ import annotations

from astro_sbi.observations.containers import delimited, ecsv, fits_file, hdf5, ipac, mrt, netcdf, parquet, snana, votable, zipped
from astro_sbi.observations.containers.content import signature
from astro_sbi.observations.containers.fits_layout import is_fits
from astro_sbi.observations.containers.table import Container, Format
from astro_sbi.observations.observation import ObservationError

#: Any text is a delimited table in the end, so that one stands last.
FORMATS: tuple[Format, ...] = (
    fits_file.FORMAT,
    hdf5.FORMAT,
    netcdf.FORMAT,
    parquet.FORMAT,
    zipped.FORMAT,
    votable.FORMAT,
    ecsv.FORMAT,
    ipac.FORMAT,
    mrt.FORMAT,
    snana.FORMAT,
    delimited.FORMAT,
)
_SUFFIXES = {"FITS": (".fits", ".fit", ".fts"), "VOTable": (".vot", ".votable"), "HDF5": (".h5", ".hdf5", ".hdf")}


def container_of(name: str, content: bytes) -> Container:
    """What uncompressed content holds.

    Args:
        name: of the file; its suffix only helps to say what is wrong.
        content: its bytes.

    Raises:
        ObservationError: if the format is none of those that are read, or the content is not what its format promises.
    """
    if not content:
        raise ObservationError("it is empty; give a file with measurements")
    found = next((known for known in FORMATS if known.matches(content)), None)
    if found is None:
        known = signature(content)
        what = f"it is {known}, not a table of measurements" if known else "its format is not known"
        raise ObservationError(f"{what}; give a FITS, VOTable, HDF5, NetCDF, Parquet, ECSV or CSV file")
    return found.opened(content)


def promised_otherwise(name: str, content: bytes) -> str:
    """The format that a file's name promises and its content is not, in words; empty if there is no such contradiction."""
    plain = name.lower().removesuffix(".gz")
    return "FITS" if plain.endswith(_SUFFIXES["FITS"]) and not is_fits(content) else ""
