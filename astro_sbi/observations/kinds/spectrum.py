"""Spectra in tables of any format: wavelengths, frequencies or energies with flux densities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import FLUX, RESOLUTION, WAVELENGTH
from astro_sbi.observations.kinds.errors import errors_in
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.importer import Importer, Source, header_warning, number_fact
from astro_sbi.observations.kinds.names import first, is_magnitude, plain, plain_names, time_column
from astro_sbi.observations.kinds.roles import Roles, completed, origin_columns, tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.kinds.vectors import Unrolled, unrolled
from astro_sbi.observations.kinds.wavelengths import FLUX_UNIT, air_note, medium_of, per_angstrom, vacuum_angstrom
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_C_KM_S = constants.c.to_value("km/s")
_ENERGY_NAMES = {"frequency": u.Hz, "freq": u.Hz, "nu": u.Hz, "energy": u.keV}
_LOGARITHM = re.compile(r"(log10|log|dex)\s*(?:[(\[]\s*([^()\[\]]*)\s*[)\]]|\s([A-Za-z]+))?", re.IGNORECASE)
#: Units at the end of names such as ``wavelength_nm``, and what they stand for.
_UNITS_IN_NAMES = {
    "nm": "nm",
    "um": "um",
    "microns": "um",
    "micron": "um",
    "angstrom": "Angstrom",
    "angstroms": "Angstrom",
    "aa": "Angstrom",
}
#: Units that the names of fluxes imply.
_FLUX_NAMES = {"fluxjy": "Jy", "fluxmjy": "mJy", "fluxujy": "uJy", "fluxnjy": "nJy", "ujy": "uJy", "fluxcgs": "erg / (Angstrom s cm2)"}
_MAGNITUDES = "abmag mab magab abmagnitude mag magnitude"
#: AB magnitude of a jansky.
_ZERO_JANSKY = 8.9


@dataclass(frozen=True, eq=False)
class Measured:
    """A spectrum before it is cleaned: what every layout comes down to.

    Args:
        coordinate: wavelengths, frequencies or energies.
        value: fluxes.
        sigma: their errors in the same unit, None where there are none.
        coordinate_unit: None where the file does not say.
        value_unit: None where the file does not say.
        medium: ``air`` or ``vacuum`` where the file says so.
        flagged: pixels that the file calls bad.
        resolution: standard deviation of the line spread function [km/s], a number a pixel.
        warnings: sentences for the user.
        guesses: sentences on what was guessed.
    """

    coordinate: np.ndarray
    value: np.ndarray
    sigma: np.ndarray | None
    coordinate_unit: u.UnitBase | None = None
    value_unit: u.UnitBase | None = None
    medium: str | None = None
    flagged: np.ndarray | None = None
    resolution: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


def _told_units(measured: Measured, options: ReadOptions) -> Measured:
    """The units that the user gave in place of the file's."""
    coordinate = unit_of(options.coordinate_unit) if options.coordinate_unit else measured.coordinate_unit
    told = options.value_unit and options.value_unit.lower() not in magnitudes.UNITS
    value = unit_of(options.value_unit) if told and options.value_unit else measured.value_unit
    return replace(measured, coordinate_unit=coordinate, value_unit=value)


def observed(
    measured: Measured,
    source: Source,
    reader: str,
    target: str,
    options: ReadOptions,
    *,
    columns: Mapping[str, str],
    known: Mapping[str, u.Quantity],
) -> Observation:
    """The observation of a measured spectrum.

    Args:
        measured: pixels as in the file.
        source: the file.
        reader: name of the layout.
        target: name of the object.
        options: what the user says.
        columns: the file's own names by role.
        known: what comes with the observation.
    """
    measured = _told_units(measured, options)
    wavelength, guesses = vacuum_angstrom(measured.coordinate, measured.coordinate_unit, measured.medium, options)
    value, sigma, unit, more = per_angstrom(measured.value, measured.sigma, measured.value_unit, wavelength)
    known_width = measured.resolution is not None and 2 * _sound(measured.resolution).sum() > len(measured.resolution)
    extra = {"resolution": measured.resolution} if known_width and measured.resolution is not None else {}
    rows = Rows(wavelength, value, sigma, extra, warnings=(*measured.warnings, *air_note(measured.medium, options)))
    rows = cleaned(rows.guessed(*measured.guesses, *guesses, *more), noun="wavelength", flagged=measured.flagged)
    if "resolution" in rows.extra:
        rows = rows.without(~_sound(rows.extra["resolution"]), "no resolution")
    rows = with_errors(rows, options.error, unit, options.signal_to_noise)
    known = dict(known)
    if options.redshift is not None:
        known["redshift"] = options.redshift * u.dimensionless_unscaled
    if "resolution" in rows.extra:
        known["resolution"] = rows.extra["resolution"] * (u.km / u.s)
    origin = source.origin(reader, rows, dict(columns))
    axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density" if unit == FLUX_UNIT else "flux", unit)
    return Observation("spectrum", target, points_of(rows, known), rows.value, *axes, (axes[1].name,), origin)


def redshift_known(redshift: float | None) -> dict[str, u.Quantity]:
    """A redshift as what comes with an observation, if it is one; catalogues write -1 and the like for none."""
    return {"redshift": redshift * u.dimensionless_unscaled} if redshift is not None and -0.01 < redshift < 20 else {}


def _sound(resolution: np.ndarray) -> np.ndarray:
    return np.isfinite(resolution) & (resolution > 0)


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    """Wavelengths with fluxes; None where the columns are not called so and the user told nothing."""
    if not table.named:
        return unnamed_roles(table, "spectrum", options)
    names, mine = plain_names(table), told(table, options)
    coordinate, value = mine.get("coordinate", first(names, WAVELENGTH)), mine.get("value", first(names, f"{FLUX} {_MAGNITUDES}"))
    if coordinate is None or value is None or coordinate == value:
        return None
    if options.kind is None and "coordinate" not in mine and names[coordinate] in _ENERGY_NAMES and time_column(table) is not None:
        return None
    roles = completed(table, {"coordinate": coordinate, "value": value}, options)
    resolution = first(names, RESOLUTION)
    return roles if resolution is None else replace(roles, columns={**roles.columns, "resolution": resolution})


def _find(container: Container, options: ReadOptions) -> tuple[Unrolled, Roles] | None:
    """The pixels of the table that holds the spectrum, and their roles."""
    wide = [table for table in tables_of(container, options) if _roles(table, options) is not None]
    chosen, sentences = (wide[0], ()) if len(wide) == 1 else _one_of(wide, options)
    if chosen is None:
        return None
    pixels = unrolled(chosen, options.row if len(wide) == 1 else None)
    roles = _roles(pixels.table, options)
    objects = pixels.objects * len(wide) if sentences else pixels.objects
    return None if roles is None else (replace(pixels, objects=objects, warnings=(*sentences, *pixels.warnings)), roles)


def _one_of(tables: list[Table], options: ReadOptions) -> tuple[Table | None, tuple[str, ...]]:
    """One of several tables of the same name, as Webb writes them: the one that was asked for, or the first."""
    alike = [table for table in tables if table.name == tables[0].name] if tables else []
    if len(alike) < 2:
        return (tables[0] if tables else None), ()
    wanted = (options.row or "1").strip()
    sources = [str(table.facts.get("sourceid", table.facts.get("slitid", ""))) for table in alike]
    place = sources.index(wanted) if wanted in sources and options.row else int(wanted) - 1 if wanted.isdigit() else -1
    if not 0 <= place < len(alike):
        raise ObservationError(f"there is no spectrum '{wanted[:30]}' among its {len(alike)}; give a number from 1 to {len(alike)}")
    sentence = f"the file has {len(alike)} spectra: the first was taken; choose another by its number"
    return alike[place], (sentence,) if options.row is None else ()


def _coordinate(table: Table, index: int, options: ReadOptions) -> tuple[np.ndarray, u.UnitBase | None]:
    """Values, a logarithm undone, and their unit: the user's, the file's, or the one that the name implies."""
    mine = unit_of(options.coordinate_unit) if options.coordinate_unit else None
    column, values = table.columns[index], table.numbers(index)
    name, text = plain(column.name), unit_text(column)
    logarithm = _LOGARITHM.fullmatch(text or "")
    if "log" in name or logarithm:
        inside = (logarithm[2] or logarithm[3] or "") if logarithm else ""
        with np.errstate(over="ignore"):
            return 10.0**values, mine or (unit_of(inside) if inside else u.Angstrom)
    text = text or next((unit for end, unit in _UNITS_IN_NAMES.items() if name.endswith(end) and name != end), None)
    return values, mine or (unit_of(text) if text else _ENERGY_NAMES.get(name))


def _resolution(table: Table, roles: Roles, wavelength: np.ndarray) -> np.ndarray | None:
    """Standard deviation of the line spread function [km/s], if the file has it in a unit that says so."""
    index = roles.get("resolution")
    text = None if index is None else unit_text(table.columns[index])
    if index is None or text is None:
        return None
    unit, width = unit_of(text), table.numbers(index)
    if unit.is_equivalent(u.km / u.s):
        return converted(width, unit, u.km / u.s, "resolution")
    return converted(width, unit, u.Angstrom, "resolution") / wavelength * _C_KM_S if unit.is_equivalent(u.Angstrom) else None


def _flux(
    table: Table, roles: Roles, options: ReadOptions, wavelength: u.Quantity
) -> tuple[np.ndarray, np.ndarray | None, u.UnitBase | None, tuple[str, ...]]:
    """Values, errors, their unit, and what was made of them; AB magnitudes become flux densities."""
    column, raw = table.columns[roles["value"]], table.numbers(roles["value"])
    sigma, sentences = errors_in(table, roles.columns, raw)
    text = options.value_unit or unit_text(column)
    if (text or "").lower() in magnitudes.UNITS or (text is None and table.named and is_magnitude(column.name)):
        flux = magnitudes.fluxes(raw, _ZERO_JANSKY)
        sigma = None if sigma is None else magnitudes.flux_errors(flux, sigma)
        sentences = (*sentences, "the values were taken as AB magnitudes and converted to flux densities")
        return flux, sigma, u.Jy, sentences
    text = text or _FLUX_NAMES.get(plain(column.name))
    unit = unit_of(text) if text else None
    own = unit_text(table.columns[roles["uncertainty"]]) if "uncertainty" in roles.columns and options.value_unit is None else None
    if sigma is not None and unit is not None and own is not None:
        sigma = _in_unit_of_values(sigma, unit_of(own), unit, wavelength)
    return raw, sigma, unit, sentences


def _in_unit_of_values(sigma: np.ndarray, own: u.UnitBase, unit: u.UnitBase, wavelength: u.Quantity) -> np.ndarray:
    """Errors in the unit of the values; those without one have it already."""
    if own in (unit, u.dimensionless_unscaled):
        return sigma
    return converted(sigma, own, unit, "error", u.spectral_density(wavelength))


def _read(found: tuple[Unrolled, Roles], source: Source, options: ReadOptions) -> Observation:
    pixels, roles = found
    table = pixels.table
    coordinate, unit = _coordinate(table, roles["coordinate"], options)
    medium = medium_of(table.columns[roles["coordinate"]], table.facts)
    wavelength, _ = vacuum_angstrom(coordinate, unit, medium, options)
    value, sigma, value_unit, guesses = _flux(table, roles, options, wavelength * u.Angstrom)
    bad, sentences = flagged(table, roles.get("quality"))
    measured = Measured(
        coordinate,
        value,
        sigma,
        unit,
        value_unit,
        medium,
        bad,
        _resolution(table, roles, wavelength),
        warnings=(*pixels.warnings, *sentences, *header_warning(table, roles)),
        guesses=(*roles.guesses, *guesses),
    )
    columns, target = origin_columns(table, roles), source.target(table.facts)
    known = redshift_known(number_fact(table.facts, "redshift", "z", "z_spec", "zspec"))
    made = observed(measured, source, IMPORTER.name, target, options, columns=columns, known=known)
    return replace(made, origin=replace(made.origin, objects=pixels.objects))


IMPORTER = Importer("spectrum", "spectrum", _find, _read)
