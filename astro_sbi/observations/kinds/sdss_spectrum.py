"""Coadded spectra of the Sloan Digital Sky Survey, ``spec-PLATE-MJD-FIBER.fits``.

Format: SDSS data model, "spec": HDU COADD with flux, loglam (vacuum), ivar, and_mask, wdisp; the pipeline's results in the next table.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.containers.content import stem
from astro_sbi.observations.containers.table import Container, Fact, Table
from astro_sbi.observations.kinds.errors import errors_of_weights
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import columns_in_capitals
from astro_sbi.observations.kinds.rows import FLAGGED, Rows, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.wavelengths import FLUX_UNIT
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

_COLUMNS = frozenset({"FLUX", "LOGLAM", "IVAR"})
# SPPIXMASK bits that spoil a pixel: fully rejected, no sky, bright sky, no data, bad sky fit, red monster. Others mark fibres or lines.
_BAD_PIXEL = 1 << 18 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 27 | 1 << 28


def _find(container: Container, options: ReadOptions) -> tuple[Table, Container] | None:
    """The table of pixels and the file around it; None too where the user wants other columns or units, as of any spectrum."""
    wanted = {"coordinate": "loglam", "value": "flux", "uncertainty": "ivar", "quality": "and_mask"}
    other = any((getattr(options, role) or name).lower() != name for role, name in wanted.items())
    units = options.coordinate_unit or options.value_unit or options.medium == "air"
    if other or units:
        return None
    return next(((table, container) for table in container.tables if set(columns_in_capitals(table)) >= _COLUMNS), None)


def _pixel_velocity(loglam: np.ndarray) -> float:
    """Width of a pixel, ``c ln(10) dloglam`` [km/s]."""
    step = np.ptp(loglam) / (len(loglam) - 1) if len(loglam) > 1 else 1e-4
    return float(constants.c.to_value("km/s") * np.log(10) * step)


def _rows(table: Table, options: ReadOptions) -> Rows:
    names = columns_in_capitals(table)
    ivar, loglam = table.numbers(names["IVAR"]), table.numbers(names["LOGLAM"])
    with np.errstate(over="ignore"):
        wavelength = 10.0**loglam
    extra = {}
    if "WDISP" in names:
        extra["resolution"] = table.numbers(names["WDISP"]) * _pixel_velocity(loglam)
    flagged = np.zeros(len(ivar), bool)
    if "AND_MASK" in names:
        flagged = (table.values[names["AND_MASK"]].astype(np.int64) & _BAD_PIXEL) != 0
    without_weight = ~(ivar > 0)
    if len(without_weight) and without_weight.all():
        raise ObservationError("none of its pixels has an inverse variance (ivar) above zero; give another spectrum")
    rows = Rows(wavelength, table.numbers(names["FLUX"]), errors_of_weights(ivar), extra)
    rows = rows.without(without_weight, "inverse variance not above zero")
    rows = cleaned(rows, noun="wavelength", flagged=flagged[~without_weight])
    if "resolution" in rows.extra:
        rows = rows.without(~(rows.extra["resolution"] > 0), "no resolution")
    return with_errors(rows, options.error, FLUX_UNIT, options.signal_to_noise)


def _pipeline_redshift(container: Container) -> tuple[float | None, tuple[str, ...]]:
    """Redshift in the first table with one row and a column Z, and a warning where the pipeline doubts it."""
    for table in container.tables:
        names = columns_in_capitals(table)
        if "Z" in names and len(table) == 1:
            redshift = float(table.numbers(names["Z"])[0])
            doubt = int(table.numbers(names["ZWARNING"])[0]) if "ZWARNING" in names else 0
            sentence = f"the SDSS pipeline flags its redshift {redshift:.5f} (ZWARNING = {doubt})"
            return (redshift if np.isfinite(redshift) else None), (sentence,) if doubt else ()
    return None, ()


def _title(facts: Mapping[str, Fact], name: str) -> str:
    keys = [facts.get("plateid", facts.get("plate")), facts.get("mjd"), facts.get("fiberid", facts.get("fiber"))]
    if all(isinstance(key, int) for key in keys):
        return f"SDSS {keys[0]:04d}-{keys[1]:05d}-{keys[2]:04d}"
    return stem(name)


def _read(found: tuple[Table, Container], source: Source, options: ReadOptions) -> Observation:
    table, container = found
    rows, facts = _rows(table, options), container.facts
    redshift, doubts = _pipeline_redshift(container)
    known: dict[str, u.Quantity] = {}
    if options.redshift is not None:
        known["redshift"] = options.redshift * u.dimensionless_unscaled
    elif redshift is not None:
        known["redshift"], rows = redshift * u.dimensionless_unscaled, rows.warned(*doubts)
    if "resolution" in rows.extra:
        known["resolution"] = rows.extra["resolution"] * (u.km / u.s)
    right_ascension, declination = facts.get("plug_ra", facts.get("ra")), facts.get("plug_dec", facts.get("dec"))
    if isinstance(right_ascension, int | float) and isinstance(declination, int | float):
        known.update(right_ascension=right_ascension * u.deg, declination=declination * u.deg)
    dropped = {("and_mask set (bright sky, bad pixel)" if reason == FLAGGED else reason): count for reason, count in rows.dropped.items()}
    origin = source.origin(IMPORTER.name, rows, {"coordinate": "loglam", "value": "flux", "error": "ivar"}, dropped=dropped)
    axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density", FLUX_UNIT)
    return Observation("spectrum", _title(facts, source.name), points_of(rows, known), rows.value, *axes, ("spectrum",), origin)


IMPORTER = Importer("SDSS spectrum", "spectrum", _find, _read)
