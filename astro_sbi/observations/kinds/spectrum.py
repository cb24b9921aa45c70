"""Spectra in tables of any format: wavelengths, frequencies or energies with flux densities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.aliases import FLUX, RESOLUTION, WAVELENGTH
from astro_sbi.observations.kinds.importer import Importer, Source, columns_of, header_warning, number_fact
from astro_sbi.observations.kinds.roles import Roles, completed, errors_of, first, flagged, plain, plain_names, tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.kinds.wavelengths import FLUX_UNIT, air_note, per_angstrom, vacuum_angstrom
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_C_KM_S = constants.c.to_value("km/s")
_ENERGY_NAMES = {"frequency": u.Hz, "freq": u.Hz, "nu": u.Hz, "energy": u.keV}


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


def told_units(measured: Measured, options: ReadOptions) -> Measured:
    """The units that the user gave in place of the file's."""
    coordinate = unit_of(options.coordinate_unit) if options.coordinate_unit else measured.coordinate_unit
    value = unit_of(options.value_unit) if options.value_unit else measured.value_unit
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
    measured = told_units(measured, options)
    wavelength, guesses = vacuum_angstrom(measured.coordinate, measured.coordinate_unit, measured.medium, options)
    value, sigma, unit, more = per_angstrom(measured.value, measured.sigma, measured.value_unit, wavelength)
    extra = {} if measured.resolution is None else {"resolution": measured.resolution}
    rows = Rows(wavelength, value, sigma, extra, warnings=(*measured.warnings, *air_note(measured.medium, options)))
    rows = cleaned(rows.guessed(*measured.guesses, *guesses, *more), noun="wavelength", flagged=measured.flagged)
    rows = with_errors(rows, options.error, unit, options.signal_to_noise)
    known = dict(known)
    if options.redshift is not None:
        known["redshift"] = options.redshift * u.dimensionless_unscaled
    if "resolution" in rows.extra:
        known["resolution"] = rows.extra["resolution"] * (u.km / u.s)
    origin = source.origin(reader, rows, dict(columns))
    axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density" if unit == FLUX_UNIT else "flux", unit)
    return Observation("spectrum", target, points_of(rows, known), rows.value, *axes, (axes[1].name,), origin)


def spectrum_roles(table: Table, options: ReadOptions) -> Roles | None:
    """Wavelengths with fluxes; None where the columns are not called so and the user told nothing."""
    if not table.named:
        return unnamed_roles(table, "spectrum", options)
    names, mine = plain_names(table), told(table, options)
    coordinate, value = mine.get("coordinate", first(names, WAVELENGTH)), mine.get("value", first(names, FLUX))
    if coordinate is None or value is None or coordinate == value:
        return None
    roles = completed(table, {"coordinate": coordinate, "value": value}, options)
    resolution = first(names, RESOLUTION)
    return roles if resolution is None else replace(roles, columns={**roles.columns, "resolution": resolution})


def unrolled(table: Table) -> Table:
    """A table whose only row holds a whole spectrum, as one whose rows are pixels."""
    if len(table) != 1 or not any(values.ndim == 2 and values.shape[1] > 1 for values in table.values):
        return table
    length = max(values.shape[1] for values in table.values if values.ndim == 2)
    kept = [i for i, values in enumerate(table.values) if values.ndim == 2 and values.shape[1] == length]
    scalars = {
        table.columns[i].name.lower(): values.ravel()[0].item()
        for i, values in enumerate(table.values)
        if i not in kept and values.size == 1
    }
    columns = tuple(table.columns[i] for i in kept)
    return replace(table, columns=columns, values=tuple(table.values[i][0] for i in kept), facts={**scalars, **table.facts})


def _table(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    found = ((table, spectrum_roles(table, options)) for table in map(unrolled, tables_of(container, options)))
    return next(((table, roles) for table, roles in found if roles is not None), None)


def medium_of(table: Table, container: Container, index: int) -> str | None:
    """Where the wavelengths were measured, told by the column's name or meaning or by the header."""
    column = table.columns[index]
    said = f"{column.name} {column.meaning}".lower()
    for facts in (table.facts, container.facts):
        for key in ("airorvac", "wavelength_frame", "vacuum", "wavetype", "ctype1"):
            text = str(facts.get(key, "")).lower()
            if text.startswith(("air", "awav")) or (key == "vacuum" and text in ("false", "0")):
                return "air"
            if text.startswith("vac") or (key == "vacuum" and text in ("true", "1")):
                return "vacuum"
    if str(container.facts.get("telescop", "")).strip().upper() in ("JWST", "HST"):
        return "vacuum"
    # The ESO's science data products say it in the column's UCD.
    if "air" in said or "em.wl;obs.atmos" in said:
        return "air"
    return "vacuum" if "vac" in said else None


def _coordinate(table: Table, index: int) -> tuple[np.ndarray, u.UnitBase | None]:
    """Values and unit; a logarithm is undone."""
    column, values = table.columns[index], table.numbers(index)
    name, text = plain(column.name), unit_text(column)
    if "log" in name or (text or "").lower().startswith(("log", "dex")):
        with np.errstate(over="ignore"):
            return 10.0**values, u.Angstrom
    return values, unit_of(text) if text else _ENERGY_NAMES.get(name)


def _angstrom(coordinate: np.ndarray, unit: u.UnitBase | None) -> u.Quantity:
    return vacuum_angstrom(coordinate, unit, None, ReadOptions())[0] * u.Angstrom


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


def _redshift(table: Table, container: Container) -> dict[str, u.Quantity]:
    value = number_fact(table, container, "redshift", "z", "z_spec", "zspec")
    return {"redshift": value * u.dimensionless_unscaled} if value is not None and -0.01 < value < 20 else {}


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    found = _table(container, options)
    if found is None:
        raise ObservationError("it has no columns of wavelengths and fluxes")
    table, roles = found
    sigma, warnings = errors_of(table, roles)
    coordinate, unit = _coordinate(table, roles["coordinate"])
    text = unit_text(table.columns[roles["value"]])
    own = unit_text(table.columns[roles["uncertainty"]]) if "uncertainty" in roles.columns else None
    if sigma is not None and text and own and own != text and options.value_unit is None:
        sigma = converted(sigma, unit_of(own), unit_of(text), "error", u.spectral_density(_angstrom(coordinate, unit)))
    measured = Measured(
        coordinate,
        table.numbers(roles["value"]),
        sigma,
        unit,
        unit_of(text) if text else None,
        medium_of(table, container, roles["coordinate"]),
        flagged(table, roles, container),
        warnings=(*warnings, *header_warning(table, roles)),
        guesses=roles.guesses,
    )
    if "resolution" in roles.columns:
        wavelength, _ = vacuum_angstrom(coordinate, told_units(measured, options).coordinate_unit, measured.medium, options)
        measured = replace(measured, resolution=_resolution(table, roles, wavelength))
    columns, known, target = columns_of(table, roles), _redshift(table, container), source.target(table, container)
    return observed(measured, source, IMPORTER.name, target, options, columns=columns, known=known)


IMPORTER = Importer("spectrum", "spectrum", lambda container, options: _table(container, options) is not None, _read)
