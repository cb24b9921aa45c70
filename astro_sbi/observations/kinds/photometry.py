"""Catalogues of photometry: a row is an object, a pair of columns a band; one object is chosen by its identifier."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import IDENTIFIER
from astro_sbi.observations.kinds.band_columns import Band, bands_of
from astro_sbi.observations.kinds.bands import AB_MINUS_VEGA, nominal_wavelength
from astro_sbi.observations.kinds.brightness import MICROJANSKY
from astro_sbi.observations.kinds.errors import errors_of_weights
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import first, plain, plain_names
from astro_sbi.observations.kinds.roles import tables_of, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_FEWEST_BANDS = 3
#: Names of spectroscopic redshifts.
_REDSHIFT = "zspec zsp zspectroscopic specz zspecbest"
#: Flux density of AB magnitude 0, a maggy [Jy] (Oke & Gunn 1983).
_MAGGY = 3631.0
#: Magnitudes above this stand for what was not detected.
_NOT_DETECTED = 90.0


@dataclass(frozen=True, eq=False)
class Fluxes:
    """Flux densities of one object in its bands.

    Args:
        value: one a band, NaN where there is none.
        sigma: their errors, None where the catalogue has none.
        unit: of both; empty where the catalogue does not say.
        guesses: sentences on what was guessed.
    """

    value: np.ndarray
    sigma: np.ndarray | None
    unit: str
    guesses: tuple[str, ...] = ()

    def times(self, factor: float, unit: str, *sentences: str) -> Fluxes:
        """The same in another unit."""
        return Fluxes(self.value * factor, None if self.sigma is None else self.sigma * factor, unit, (*self.guesses, *sentences))


def _find(container: Container, options: ReadOptions) -> tuple[Table, tuple[Band, ...]] | None:
    """The first table with enough bands; those without errors only where their names leave no doubt."""
    for table in tables_of(container, options):
        bands = bands_of(table, options.value)
        errors = sum(band.error is not None for band in bands)
        known = sum(nominal_wavelength(band.name) is not None for band in bands)
        sure = options.kind is not None or bool(options.error or options.signal_to_noise) or known == len(bands) > _FEWEST_BANDS
        if len(bands) >= _FEWEST_BANDS and (errors >= _FEWEST_BANDS or sure):
            return table, bands
    return None


def _identifier(cell: str) -> str:
    return cell.strip().removesuffix(".0")


def _row(table: Table, wanted: str | None) -> tuple[int, str, tuple[str, ...]]:
    """Index of the object, its identifier, and a sentence where it was taken because it is the first."""
    column = first(plain_names(table), IDENTIFIER)
    cells = table.text(column) if column is not None else [str(number + 1) for number in range(len(table))]
    identifiers = [_identifier(cell) for cell in cells]
    if wanted is None:
        sentence = (
            f"the catalogue has {len(table):,} objects: the first, {identifiers[0][:30]}, was taken; choose another by its identifier"
        )
        return 0, identifiers[0], (sentence,) if len(table) > 1 else ()
    if _identifier(wanted) not in identifiers:
        shown = f"{identifiers[0][:20]} to {identifiers[-1][:20]}"
        raise ObservationError(f"there is no object '{wanted[:30]}' in the catalogue of {len(table):,} ({shown}); give an identifier of it")
    return identifiers.index(_identifier(wanted)), _identifier(wanted), ()


def _measured(table: Table, bands: tuple[Band, ...], row: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Values and errors of a row; no errors at all where one of the bands has none."""
    value = np.array([table.numbers(band.value)[row] for band in bands])
    if any(band.error is None for band in bands):
        return value, None
    error = np.array([table.numbers(band.error)[row] for band in bands if band.error is not None])
    return value, np.where([band.inverse_variance for band in bands], errors_of_weights(error), error)


def _fluxes(table: Table, bands: tuple[Band, ...], row: int, options: ReadOptions) -> Fluxes:
    value, error = _measured(table, bands, row)
    unit = options.value_unit or unit_text(table.columns[bands[0].value])
    if (unit or "").lower() in magnitudes.UNITS or (unit is None and _are_magnitudes(table, bands)):
        return _of_magnitudes(table, bands, value, error)
    if error is not None:
        # Where a catalogue has nothing it repeats the same negative number.
        error = np.where((value == error) & (value < 0), np.nan, error)
        value = np.where(np.isin(value, (-99.0, -999.0, -9999.0)) & ~(error > 0), np.nan, value)
    found = Fluxes(value, error, "")
    if options.magnitude is not None:
        return found.times(10 ** (-0.4 * (options.magnitude - MICROJANSKY)), "uJy")
    name = plain(table.columns[bands[0].value].name)
    if unit is None and bands[0].inverse_variance:
        return found.times(1e-3 * _MAGGY, "uJy", "the fluxes have no unit: nanomaggies were assumed, as in the Legacy Surveys")
    if unit is None and name.endswith("psfflux"):
        return found.times(1e-3, "uJy", "the fluxes have no unit: nanojansky were assumed, as in Rubin's catalogues")
    if unit is None:
        return found.times(1.0, "", "the fluxes have no unit: give the AB magnitude whose flux is 1 to have them in microjansky")
    return _in_microjansky(found, unit_of(unit))


def _in_microjansky(found: Fluxes, unit: u.UnitBase) -> Fluxes:
    """Fluxes in microjansky where their unit says so much, else as they are."""
    equivalencies = u.zero_point_flux(_MAGGY * u.Jy)
    if not unit.is_equivalent(u.uJy, equivalencies=equivalencies):
        return found.times(1.0, unit.to_string())
    return found.times(float(converted(np.array([1.0]), unit, u.uJy, "flux", equivalencies)[0]), "uJy")


def _are_magnitudes(table: Table, bands: tuple[Band, ...]) -> bool:
    """Whether names say magnitudes, or all numbers of the catalogue are of their size."""
    if bands[0].measure:
        return bands[0].measure == "mag"
    errors = [None if band.error is None else table.numbers(band.error) for band in bands]
    return all(magnitudes.are_magnitudes(table.numbers(band.value), error) for band, error in zip(bands, errors, strict=True))


def _of_magnitudes(table: Table, bands: tuple[Band, ...], value: np.ndarray, error: np.ndarray | None) -> Fluxes:
    """Microjansky of magnitudes; those that were not detected but have a limit (99 with the limit as error) are no flux with that error."""
    shift = np.array([_vega_shift(table, band) for band in bands])
    guesses = ("magnitudes were taken as AB and converted to microjansky",) if not shift.all() else ()
    if shift.any():
        vega = ", ".join(band.name[:12] for band, step in zip(bands, shift, strict=True) if step)
        guesses = (*guesses, f"magnitudes of {vega} were taken as Vega magnitudes and converted to microjansky")
    flux = magnitudes.fluxes(value + shift, MICROJANSKY)
    if error is None:
        return Fluxes(flux, None, "uJy", guesses)
    limits = (np.abs(value) > _NOT_DETECTED) & (value > 0) & (error > 15) & (error < 40)
    sigma = np.where(limits, magnitudes.fluxes(error + shift, MICROJANSKY), magnitudes.flux_errors(flux, error))
    if limits.any():
        guesses = (*guesses, f"{int(limits.sum())} bands are limits (99 with the limit as error): kept as no flux with that error")
    return Fluxes(np.where(limits, 0.0, flux), sigma, "uJy", guesses)


def _vega_shift(table: Table, band: Band) -> float:
    """AB minus Vega where a name is that of WISE, of 2MASS or, as in the CDS's tables, of a Johnson band."""
    name = plain(table.columns[band.value].name)
    upper = band.name[:1].isupper() or band.name.lower() in ("w1", "w2", "w3", "w4")
    vega = name.endswith("mpro") or (name == f"{band.name.lower()}m") or (upper and name == f"{band.name.lower()}mag")
    return AB_MINUS_VEGA.get(band.name.lower(), 0.0) if vega else 0.0


def _placed(bands: tuple[Band, ...]) -> tuple[np.ndarray, bool, tuple[str, ...]]:
    """Wavelengths of the bands, or their numbers and a sentence where one is not known."""
    places = [nominal_wavelength(band.name) for band in bands]
    unknown = ", ".join(printable(band.name, 20) for band, place in zip(bands, places, strict=True) if place is None)
    if unknown:
        sentence = f"the wavelengths of these bands are not known: {unknown[:150]}; the bands are numbered instead"
        return np.arange(len(bands), dtype=np.float64), False, (sentence,)
    return np.array(places, dtype=np.float64), True, ()


def _read(found: tuple[Table, tuple[Band, ...]], source: Source, options: ReadOptions) -> Observation:
    table, bands = found
    if not len(table):
        raise ObservationError("it has no rows; give a file with measurements")
    row, identifier, sentences = _row(table, options.row)
    fluxes, (coordinate, placed, unplaced) = _fluxes(table, bands, row, options), _placed(bands)
    if fluxes.sigma is None and not (options.error or options.signal_to_noise):
        raise ObservationError("its bands have no errors; name their columns such as g_err, or give a signal-to-noise ratio or an error")
    numbers = {"channel": np.arange(len(bands), dtype=np.int32)}
    rows = Rows(coordinate, fluxes.value, fluxes.sigma, numbers, warnings=(*sentences, *unplaced), guesses=fluxes.guesses)
    rows = with_errors(cleaned(rows, noun="band"), options.error, fluxes.unit, options.signal_to_noise)
    names = tuple(printable(bands[number].name, 40) for number in rows.channel)
    rows = replace(rows, extra={"channel": np.arange(len(rows))})
    origin = source.origin(IMPORTER.name, rows, _columns(table, bands), objects=len(table))
    axes = Axis("wavelength", "Angstrom") if placed else Axis("band", ""), Axis("flux density", fluxes.unit)
    return Observation("photometry", printable(identifier, 60), points_of(rows, _known(table, row)), rows.value, *axes, names, origin)


def _known(table: Table, row: int) -> dict[str, u.Quantity]:
    """The spectroscopic redshift, where the catalogue has one."""
    index = first(plain_names(table), _REDSHIFT)
    if index is None or table.values[index].dtype.kind not in "if" or not 0 < table.numbers(index)[row] < 20:
        return {}
    return {"spectroscopic_redshift": table.numbers(index)[row] * u.dimensionless_unscaled}


def _columns(table: Table, bands: tuple[Band, ...]) -> dict[str, str]:
    """The first band's columns stand for all."""
    columns = {"value": printable(table.columns[bands[0].value].name, 60)}
    error = bands[0].error
    return columns if error is None else {**columns, "error": printable(table.columns[error].name, 60)}


IMPORTER = Importer("photometric catalogue", "photometry", _find, _read)
