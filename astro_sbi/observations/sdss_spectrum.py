"""Coadded spectra of the Sloan Digital Sky Survey, ``spec-PLATE-MJD-FIBER.fits``.

Format: SDSS data model, "spec": HDU COADD with flux, loglam (vacuum), ivar, and_mask, wdisp; the pipeline's results in the next table.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.container import stem
from astro_sbi.observations.fits_layout import Header, column_names, fits_headers, is_fits, numbers, opened, table_position
from astro_sbi.observations.observation import Axis, Observation, ObservationError, Origin
from astro_sbi.observations.reader import Reader, ReadOptions
from astro_sbi.observations.rows import FLAGGED, Rows, cleaned, points_of, with_errors

FLUX_UNIT = "1e-17 erg / (Angstrom s cm2)"
_COLUMNS = ("FLUX", "LOGLAM", "IVAR")
# SPPIXMASK bits that spoil a pixel: fully rejected, no sky, bright sky, no data, bad sky fit, red monster. Others mark fibres or lines.
_BAD_PIXEL = 1 << 18 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 27 | 1 << 28


def _matches(name: str, content: bytes) -> bool:
    if not is_fits(content):
        return False
    try:
        return table_position(fits_headers(content), _COLUMNS) is not None
    except ObservationError:
        return b"TELESCOP= 'SDSS" in content[: 8 * 2880]


def _pixel_velocity(loglam: np.ndarray) -> float:
    """Width of a pixel, ``c ln(10) dloglam`` [km/s]."""
    step = np.ptp(loglam) / (len(loglam) - 1) if len(loglam) > 1 else 1e-4
    return float(constants.c.to_value("km/s") * np.log(10) * step)


def _rows(table: Any, names: set[str], options: ReadOptions) -> Rows:
    ivar, loglam = numbers(table, "ivar"), numbers(table, "loglam")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sigma = np.where(ivar > 0, 1 / np.sqrt(ivar), np.nan)
        wavelength = 10.0**loglam
    extra = {}
    if "WDISP" in names:
        extra["resolution"] = numbers(table, "wdisp") * _pixel_velocity(loglam)
    flagged = (np.asarray(table["and_mask"]).astype(np.int64) & _BAD_PIXEL) != 0 if "AND_MASK" in names else np.zeros(len(ivar), bool)
    without_weight = ~(ivar > 0)
    rows = Rows(wavelength, numbers(table, "flux"), sigma, extra).without(without_weight, "inverse variance not above zero")
    rows = cleaned(rows, noun="wavelength", flagged=flagged[~without_weight])
    if "resolution" in rows.extra:
        rows = rows.without(~(rows.extra["resolution"] > 0), "no resolution")
    return with_errors(rows, options.error, FLUX_UNIT)


def _pipeline_redshift(units: Any, headers: list[Header]) -> tuple[float | None, tuple[str, ...]]:
    """Redshift in the first table with one row and a column Z, and a warning where the pipeline doubts it."""
    for index, header in enumerate(headers):
        if "Z" in column_names(header) and header.get("NAXIS2") == 1:
            row = units[index].data
            redshift = float(numbers(row, "Z")[0])
            doubt = int(numbers(row, "ZWARNING")[0]) if "ZWARNING" in column_names(header) else 0
            sentence = f"the SDSS pipeline flags its redshift {redshift:.5f} (ZWARNING = {doubt})"
            return (redshift if np.isfinite(redshift) else None), (sentence,) if doubt else ()
    return None, ()


def _title(primary: Any, name: str) -> str:
    keys = [primary.get("PLATEID", primary.get("PLATE")), primary.get("MJD"), primary.get("FIBERID", primary.get("FIBER"))]
    if all(isinstance(key, int) for key in keys):
        return f"SDSS {keys[0]:04d}-{keys[1]:05d}-{keys[2]:04d}"
    return stem(name)


def _read(name: str, content: bytes, options: ReadOptions) -> Observation:
    headers = fits_headers(content)
    position = table_position(headers, _COLUMNS)
    if position is None:
        raise ObservationError("it has no table with flux, loglam and ivar")
    with opened(content) as units:
        rows = _rows(units[position].data, column_names(headers[position]), options)
        redshift, doubts = _pipeline_redshift(units, headers)
        primary = units[0].header
        title = _title(primary, name)
        place = [primary.get("PLUG_RA", primary.get("RA")), primary.get("PLUG_DEC", primary.get("DEC"))]
    known: dict[str, u.Quantity] = {}
    if options.redshift is not None:
        known["redshift"] = options.redshift * u.dimensionless_unscaled
    elif redshift is not None:
        known["redshift"], rows = redshift * u.dimensionless_unscaled, rows.warned(*doubts)
    if "resolution" in rows.extra:
        known["resolution"] = rows.extra["resolution"] * (u.km / u.s)
    if all(isinstance(angle, int | float) for angle in place):
        known.update(right_ascension=place[0] * u.deg, declination=place[1] * u.deg)
    columns = {"coordinate": "loglam", "value": "flux", "error": "ivar"}
    dropped = {("and_mask set (bright sky, bad pixel)" if reason == FLAGGED else reason): count for reason, count in rows.dropped.items()}
    origin = Origin(name, hashlib.sha256(content).hexdigest(), READER.name, dropped, rows.warnings, columns)
    axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density", FLUX_UNIT)
    return Observation("spectrum", title, points_of(rows, known), rows.value, *axes, ("spectrum",), origin)


READER = Reader("SDSS spectrum", _matches, _read)
