"""Catalogues of photometry: a row is an object, a pair of columns a band; one object is chosen by its identifier."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import IDENTIFIER
from astro_sbi.observations.kinds.bands import nominal_wavelength
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.light_curve import MAGNITUDE_UNITS
from astro_sbi.observations.kinds.roles import first, plain, plain_names, tables_of, time_column, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_FEWEST_BANDS = 3
#: AB magnitude of one microjansky.
MICROJANSKY = 23.9
_MARK = r"(?:_|-|\b|\.)"
_ERROR_NAMES = re.compile(
    r"^(?:(?:e|err|error|sig|sigma|unc|d|s|emag|magerr|fluxerr|e_?flux|e_?mag|err_?flux|err_?mag|flux_?err|mag_?err)[_\-. ]+(?P<a>.+)"
    r"|(?P<b>.+?)[_\-. ]*(?:err|error|unc|sigma|uncertainty|e)(?:_?(?:flux|mag))?)$",
    re.IGNORECASE,
)
_VALUE_NAMES = re.compile(
    r"^(?:f|flux|mag|m|modelmag|psfmag|cmodelmag|magauto|mag_auto|fnu)[_\-. ]+(.+)$|^(.+?)[_\-. ]+(?:flux|mag|f|fnu)$", re.IGNORECASE
)
_TRUTH = "zspec zsp zspectroscopic specz"


@dataclass(frozen=True)
class Band:
    """A band of a catalogue: its name and the columns of value and error."""

    name: str
    value: int
    error: int


def bands_of(table: Table) -> tuple[Band, ...]:
    """Pairs of columns that are a band and its error, such as ``f_F606W`` and ``e_F606W``, or ``g`` and ``g_err``."""
    numeric = [i for i, values in enumerate(table.values) if values.dtype.kind in "if" and values.ndim == 1]
    stems = {plain(_stem(table.columns[i].name)): i for i in reversed(numeric)}
    found: dict[int, Band] = {}
    for index in numeric:
        match = _ERROR_NAMES.match(table.columns[index].name)
        stem = plain(_stem(match["a"] or match["b"])) if match else ""
        value = stems.get(stem)
        if value is not None and value != index and value not in found:
            name = _stem(table.columns[value].name)
            if nominal_wavelength(name) is not None or _VALUE_NAMES.match(table.columns[value].name):
                found[value] = Band(name, value, index)
    return tuple(found[value] for value in sorted(found))


def _stem(name: str) -> str:
    match = _VALUE_NAMES.match(name)
    return (match[1] or match[2]) if match else name


def _table(container: Container, options: ReadOptions) -> Table | None:
    for table in tables_of(container, options):
        if table.named and (options.kind is not None or time_column(plain_names(table)) is None) and len(bands_of(table)) >= _FEWEST_BANDS:
            return table
    return None


def _row(table: Table, wanted: str | None) -> tuple[int, str, tuple[str, ...]]:
    """Index of the object, its identifier, and a sentence where it was taken because it is the first."""
    column = first(plain_names(table), IDENTIFIER)
    identifiers = table.text(column) if column is not None else [str(number + 1) for number in range(len(table))]
    if wanted is None:
        more = len(table) > 1
        sentence = (
            f"the catalogue has {len(table):,} objects: the first, {identifiers[0][:30]}, was taken; choose another by its identifier"
        )
        return 0, identifiers[0], (sentence,) if more else ()
    if wanted.strip() not in identifiers:
        shown = f"{identifiers[0][:20]} to {identifiers[-1][:20]}"
        raise ObservationError(f"there is no object '{wanted[:30]}' in the catalogue of {len(table):,} ({shown}); give an identifier of it")
    return identifiers.index(wanted.strip()), wanted.strip(), ()


def _fluxes(table: Table, bands: tuple[Band, ...], row: int, options: ReadOptions) -> tuple[np.ndarray, np.ndarray, str, tuple[str, ...]]:
    """Fluxes, errors, their unit and sentences on what was guessed."""
    value = np.array([table.numbers(band.value)[row] for band in bands])
    error = np.array([table.numbers(band.error)[row] for band in bands])
    column = table.columns[bands[0].value]
    unit = options.value_unit or unit_text(column)
    if (unit or "").lower() in MAGNITUDE_UNITS or (unit is None and _magnitudes(table, bands)):
        flux = magnitudes.fluxes(value, MICROJANSKY)
        return flux, magnitudes.flux_errors(flux, error), "uJy", ("magnitudes were taken as AB and converted to microjansky",)
    error = np.where(value == error, np.where(value < 0, np.nan, error), error)
    if options.magnitude is not None:
        scale = 10 ** (-0.4 * (options.magnitude - MICROJANSKY))
        return value * scale, error * scale, "uJy", ()
    if unit is None:
        return value, error, "", ("the fluxes have no unit: give the AB magnitude whose flux is 1 to have them in microjansky",)
    parsed = unit_of(unit)
    if not parsed.is_equivalent(u.uJy):
        return value, error, parsed.to_string(), ()
    return converted(value, parsed, u.uJy, "flux"), converted(error, parsed, u.uJy, "error"), "uJy", ()


def _magnitudes(table: Table, bands: tuple[Band, ...]) -> bool:
    """Whether names say magnitudes, or all numbers of the catalogue are of their size."""
    if any("mag" in table.columns[band.value].name.lower() for band in bands):
        return True
    if any(re.match(r"f|flux", table.columns[band.value].name, re.IGNORECASE) for band in bands):
        return False
    return all(magnitudes.are_magnitudes(table.numbers(band.value), table.numbers(band.error)) for band in bands)


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    table = _table(container, options)
    if table is None:
        raise ObservationError("it has no pairs of columns of a band and its error; name them such as g,g_err,r,r_err")
    if not len(table):
        raise ObservationError("it has no rows; give a file with measurements")
    bands = bands_of(table)
    row, identifier, sentences = _row(table, options.row)
    value, error, unit, guesses = _fluxes(table, bands, row, options)
    places = [nominal_wavelength(band.name) for band in bands]
    placed = None not in places
    coordinate = np.array(places if placed else range(len(bands)), dtype=np.float64)
    if not placed:
        unknown = ", ".join(band.name[:20] for band, place in zip(bands, places, strict=True) if place is None)
        sentences = (*sentences, f"the wavelengths of these bands are not known: {unknown}; the bands are numbered instead")
    rows = Rows(coordinate, value, error, {"channel": np.arange(len(bands), dtype=np.int32)}, warnings=sentences, guesses=guesses)
    rows = with_errors(cleaned(rows, noun="band"), options.error, unit, options.signal_to_noise)
    known: dict[str, u.Quantity] = {}
    truth = first(plain_names(table), _TRUTH)
    if truth is not None and table.values[truth].dtype.kind in "if" and table.numbers(truth)[row] > 0:
        known["spectroscopic_redshift"] = table.numbers(truth)[row] * u.dimensionless_unscaled
    columns = {"value": printable(table.columns[bands[0].value].name, 60), "error": printable(table.columns[bands[0].error].name, 60)}
    names = tuple(printable(bands[number].name, 40) for number in rows.channel)
    rows = Rows(
        rows.coordinate, rows.value, rows.sigma, {"channel": np.arange(len(rows))}, rows.dropped, rows.warnings, rows.guesses, rows.source
    )
    origin = source.origin(IMPORTER.name, rows, columns, objects=len(table))
    axes = Axis("wavelength", "Angstrom") if placed else Axis("band", ""), Axis("flux density", unit)
    return Observation("photometry", printable(identifier, 60), points_of(rows, known), rows.value, *axes, names, origin)


IMPORTER = Importer("photometric catalogue", "photometry", lambda container, options: _table(container, options) is not None, _read)
