"""Light curves and spectra in CSV, ECSV and other delimited text with named columns."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.columns import MAGNITUDES, Roles, roles, roles_without_header
from astro_sbi.observations.container import stem
from astro_sbi.observations.fits_layout import is_fits
from astro_sbi.observations.observation import Axis, Observation, ObservationError, Origin
from astro_sbi.observations.reader import Reader, ReadOptions
from astro_sbi.observations.rows import Rows, cadence, cleaned, points_of, with_errors
from astro_sbi.observations.sdss_spectrum import FLUX_UNIT
from astro_sbi.observations.text_file import TextTable, parsed
from astro_sbi.observations.units import unit_of

_C_KM_S = constants.c.to_value("km/s")
_REFERENCE_TIME = ("BJD", "HJD", "JD", "MJD", "BTJD", "BKJD")


def _unit(table: TextTable, index: int) -> u.UnitBase | None:
    """The unit that the file gives for a column, or None."""
    text = table.columns[index].unit if table.columns else None
    return None if text is None else unit_of(text)


def _converted(values: np.ndarray, unit: u.UnitBase, target: u.UnitBase, what: str, equivalencies: Any = ()) -> np.ndarray:
    try:
        return np.asarray((values * unit).to_value(target, equivalencies=list(equivalencies)), dtype=np.float64)
    except u.UnitConversionError:
        raise ObservationError(f"the {what} is in {unit}, which does not convert to {target}; check the unit of its column") from None


def _errors(table: TextTable, found: Roles, value_unit: u.UnitBase | None) -> tuple[np.ndarray | None, u.UnitBase | None]:
    """Errors as in the file and their unit."""
    if "error" in found.columns:
        index = found.columns["error"]
        return table.numbers(index), _unit(table, index) or value_unit
    if "ivar" in found.columns:
        ivar = table.numbers(found.columns["ivar"])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(ivar > 0, 1 / np.sqrt(ivar), np.nan), value_unit
    return None, value_unit


def _flagged(table: TextTable, found: Roles) -> np.ndarray | None:
    if "quality" not in found.columns:
        return None
    try:
        quality = table.numbers(found.columns["quality"])
    except ObservationError:
        return None
    return np.nan_to_num(quality) != 0


def _times(table: TextTable, found: Roles) -> tuple[np.ndarray, tuple[str, ...]]:
    index = found.columns["coordinate"]
    values = table.numbers(index)
    text = table.columns[index].unit if table.columns else None
    if text is None:
        return values, ("the times have no unit: days were assumed",)
    if any(text.upper().startswith(name) for name in _REFERENCE_TIME):
        return values, ()
    return _converted(values, unit_of(text), u.d, "time"), ()


def _light_curve_rows(table: TextTable, found: Roles, options: ReadOptions) -> tuple[Rows, str]:
    """Cleaned rows, times in days, and the unit of the flux."""
    times, warnings = _times(table, found)
    unit = _unit(table, found.columns["value"])
    if unit == u.mag or isinstance(unit, u.MagUnit):
        raise ObservationError(MAGNITUDES)
    value, (sigma, sigma_unit) = table.numbers(found.columns["value"]), _errors(table, found, unit)
    shown = unit or u.dimensionless_unscaled
    target = u.dimensionless_unscaled if shown.is_equivalent(u.dimensionless_unscaled) else shown
    value = _converted(value, shown, target, "flux")
    if sigma is not None:
        sigma = _converted(sigma, sigma_unit or shown, target, "error")
    rows = cleaned(Rows(times, value, sigma, warnings=warnings), flagged=_flagged(table, found))
    name = target.to_string()
    return with_errors(rows, options.error, name), name


def _wavelengths(table: TextTable, found: Roles) -> tuple[np.ndarray, tuple[str, ...]]:
    """Vacuum wavelengths [Angstrom]."""
    index = found.columns["coordinate"]
    values, name = table.numbers(index), (table.columns[index].name.lower() if table.columns else "")
    unit, warnings = _unit(table, index), ()
    if "log" in name:
        with np.errstate(over="ignore"):
            values, unit = 10.0**values, u.Angstrom
    if unit is None:
        middle = np.nanmedian(values) if np.isfinite(values).any() else 0.0
        unit = u.um if middle < 30 else u.nm if middle < 2000 else u.Angstrom
        warnings = (f"the wavelengths have no unit: {unit} was assumed from their size",)
    values = _converted(values, unit, u.Angstrom, "wavelength", u.spectral())
    frame = str(table.facts.get("wavelength_frame", table.facts.get("airorvac", ""))).lower()
    if "air" in name or frame == "air":
        return vacuum_wavelength(values), (*warnings, "the wavelengths are in air and were converted to vacuum")
    stated = "vac" in name or frame.startswith("vac")
    return values, warnings if stated else (
        *warnings,
        "the wavelengths were taken as vacuum wavelengths; call the column wavelength_air if they are not",
    )


def vacuum_wavelength(air: np.ndarray) -> np.ndarray:
    """Vacuum wavelengths [Angstrom] of air wavelengths, Morton (2000, ApJS 130, 403) eq. 8 at the air wavelength."""
    s2 = (1e4 / air) ** 2
    return air * (1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2))


def _flux_unit(values: np.ndarray, unit: u.UnitBase | None) -> tuple[u.UnitBase, tuple[str, ...]]:
    if unit is not None and not unit.is_equivalent(u.dimensionless_unscaled):
        return unit, ()
    small = np.isfinite(values).any() and 0 < np.nanmedian(np.abs(values)) < 1e-10
    assumed = u.Unit("erg / (Angstrom s cm2)") if small else u.Unit(FLUX_UNIT)
    return assumed, (f"the flux has no unit: {assumed} was assumed",)


def _resolution(table: TextTable, found: Roles, wavelength: np.ndarray) -> np.ndarray | None:
    """Standard deviation of the line spread function [km/s], if the file has it in a unit that says so."""
    index = found.columns.get("resolution")
    unit = None if index is None else _unit(table, index)
    if unit is None:
        return None
    width = table.numbers(index)
    if unit.is_equivalent(u.km / u.s):
        return _converted(width, unit, u.km / u.s, "resolution")
    return _converted(width, unit, u.Angstrom, "resolution") / wavelength * _C_KM_S


def _spectrum_rows(table: TextTable, found: Roles, options: ReadOptions) -> Rows:
    """Cleaned rows, vacuum Angstrom and 1e-17 erg / (s cm2 Angstrom)."""
    wavelength, warnings = _wavelengths(table, found)
    raw = table.numbers(found.columns["value"])
    unit, more = _flux_unit(raw, _unit(table, found.columns["value"]))
    sigma, sigma_unit = _errors(table, found, unit)
    target, density = u.Unit(FLUX_UNIT), u.spectral_density(wavelength * u.Angstrom)
    value = _converted(raw, unit, target, "flux", density)
    if sigma is not None:
        plain = sigma_unit is None or sigma_unit.is_equivalent(u.dimensionless_unscaled)
        sigma = _converted(sigma, unit if plain else sigma_unit, target, "error", density)
    resolution = _resolution(table, found, wavelength)
    extra = {} if resolution is None else {"resolution": resolution}
    rows = cleaned(Rows(wavelength, value, sigma, extra, warnings=(*warnings, *more)), flagged=_flagged(table, found), noun="wavelength")
    return with_errors(rows, options.error, FLUX_UNIT)


def _redshift(table: TextTable, options: ReadOptions) -> float | None:
    if options.redshift is not None:
        return options.redshift
    for key in ("redshift", "z"):
        try:
            value = float(table.facts.get(key, np.nan))
        except (TypeError, ValueError):
            continue
        if np.isfinite(value) and -0.01 < value < 20:
            return value
    return None


def _matches(name: str, content: bytes) -> bool:
    return not is_fits(content)


def _read(name: str, content: bytes, options: ReadOptions) -> Observation:
    table = parsed(content)
    found = roles(table.columns) if table.columns else roles_without_header(len(table.values), table.numbers(0))
    known: dict[str, u.Quantity] = {}
    if found.kind == "light_curve":
        rows, unit = _light_curve_rows(table, found, options)
        exposure = cadence(rows.coordinate)
        if not np.isfinite(exposure):
            raise ObservationError("all its times are the same; check the column of times")
        rows = rows.warned(f"the exposure time was taken as the cadence, {exposure * 1440:.3g} min")
        known = {"exposure_time": exposure * u.d, "dilution": 1.0 * u.dimensionless_unscaled}
        axes = Axis("time", "d", found.zero_point), Axis("flux" if unit else "relative flux", unit)
    else:
        rows = _spectrum_rows(table, found, options)
        axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density", FLUX_UNIT)
        redshift = _redshift(table, options)
        if redshift is not None:
            known["redshift"] = redshift * u.dimensionless_unscaled
        if "resolution" in rows.extra:
            known["resolution"] = rows.extra["resolution"] * (u.km / u.s)
    if not table.columns:
        rows = rows.warned(f"there is no line of column names: the columns were taken as {', '.join(_spoken(found))}")
    columns = {role: table.columns[i].name if table.columns else f"column {i + 1}" for role, i in found.columns.items()}
    target = str(table.facts.get("object", table.facts.get("target", stem(name)))).strip()[:60]
    origin = Origin(name, hashlib.sha256(content).hexdigest(), READER.name, rows.dropped, rows.warnings, columns)
    return Observation(found.kind, target, points_of(rows, known), rows.value, *axes, (axes[1].name,), origin)


def _spoken(found: Roles) -> list[str]:
    names = {"coordinate": "time" if found.kind == "light_curve" else "wavelength", "value": "flux", "error": "error"}
    return [names[role] for role in found.columns]


READER = Reader("text table", _matches, _read)
