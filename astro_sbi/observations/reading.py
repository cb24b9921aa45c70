"""A file in, an observation out: the registry of readers."""

from __future__ import annotations

from typing import Any

from astro_sbi.observations import kepler_tess, sdss_spectrum, text_table
from astro_sbi.observations.container import shown_name, uncompressed
from astro_sbi.observations.fits_layout import fits_headers, is_fits
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.reader import Reader, ReadOptions

READERS: tuple[Reader, ...] = (
    kepler_tess.READER,
    sdss_spectrum.READER,
    text_table.READER,
)


def _reader_of(name: str, content: bytes) -> Reader:
    if not content:
        raise ObservationError("it is empty; give a file with measurements")
    reader = next((reader for reader in READERS if reader.matches(name, content)), None)
    if reader is not None:
        return reader
    if is_fits(content):
        fits_headers(content)
        raise ObservationError(
            "it is neither a Kepler or TESS light curve nor an SDSS spectrum; save its columns as CSV or ECSV (time,flux,flux_err)"
        )
    raise ObservationError("its format is not known; give a FITS, CSV or ECSV file")


def _suffix_hint(name: str, content: bytes, sentence: str) -> str:
    """What is wrong, with a word on a file whose name promises FITS."""
    promised = name.lower().removesuffix(".gz").endswith((".fits", ".fit", ".fts"))
    return f"the name says FITS and the content is not: {sentence}" if promised and not is_fits(content) else sentence


def read(name: str, content: bytes, options: ReadOptions | None = None) -> Observation:
    """The observation in a file.

    Args:
        name: the file's name, used for its suffix and in messages, never as a path.
        content: its bytes, perhaps gzipped.
        options: what the user says about it.

    Raises:
        ObservationError: one sentence that names the file, what is wrong and what to do.
    """
    shown, options = shown_name(name), options or ReadOptions()
    sentence = "its content is damaged or not what its format promises; save it again, or give it as CSV with named columns"
    if options.redshift is not None and not -0.01 < options.redshift < 20:
        raise ObservationError(f"{shown}: the redshift {options.redshift:g} is not between -0.01 and 20; give another")
    try:
        plain = uncompressed(content)
    except ObservationError as error:
        raise ObservationError(f"{shown}: {error}") from None
    try:
        return _reader_of(name, plain).read(shown, plain, options)
    except ObservationError as error:
        raise ObservationError(f"{shown}: {_suffix_hint(name, plain, str(error))}") from None
    except Exception as error:  # a stranger's file may make a parser raise anything
        raise ObservationError(f"{shown}: {_suffix_hint(name, plain, sentence)}") from error


def describe(observation: Observation) -> dict[str, Any]:
    """What was read, ready for JSON."""
    return {
        "kind": observation.kind,
        "name": observation.name,
        "points": len(observation),
        "units": {"coordinate": observation.coordinate_axis.label, "value": observation.value_axis.unit},
        "dropped": dict(observation.origin.dropped),
        "warnings": list(observation.origin.warnings),
        "columns": dict(observation.origin.columns),
        "reader": observation.origin.reader,
    }
