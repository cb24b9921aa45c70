"""Wavelengths in vacuum and flux densities per Angstrom, whatever a file gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Column, Fact
from astro_sbi.observations.kinds.names import plain, words
from astro_sbi.observations.kinds.rows import finite_median
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted

FLUX_UNIT = "1e-17 erg / (Angstrom s cm2)"
_PLAIN = u.dimensionless_unscaled
#: How far apart the middles of two spectra have to be, in widths of one, to be parts of a longer one.
_APART = 0.1


def medium_of(column: Column, facts: Mapping[str, Fact]) -> str | None:
    """Where wavelengths were measured, told by their column's name or meaning or by the header; None where nothing tells."""
    for key in ("airorvac", "wavelength_frame", "vacuum", "wavetype", "ctype1", "medium"):
        text = str(facts.get(key, "")).lower()
        if text.startswith(("air", "awav")) or (key == "vacuum" and text in ("false", "0", "f")):
            return "air"
        if text.startswith("vac") or (key == "vacuum" and text in ("true", "1", "t")):
            return "vacuum"
    if str(facts.get("telescop", "")).strip().upper() in ("JWST", "HST"):
        return "vacuum"
    name, meaning = plain(column.name), words(column.meaning)
    # The ESO's science data products say it in the column's UCD.
    if "air" in name or name == "awav" or "air" in meaning or "awav" in meaning or "em.wl;obs.atmos" in column.meaning.lower():
        return "air"
    return "vacuum" if "vac" in name or {"vac", "vacuum"} & set(meaning) else None


def vacuum_wavelength(air: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Vacuum wavelengths [Angstrom] of air wavelengths, Morton (2000, ApJS 130, 403) eq. 8 at the air wavelength."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        s2 = (1e4 / air) ** 2
        return air * (1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2))


def assumed_unit(values: Float64[np.ndarray, " n"]) -> u.UnitBase:
    """Of wavelengths without one, from their size: micrometres below 30, nanometres below 2,000, else Angstrom."""
    middle = finite_median(values)
    return u.um if middle < 30 else u.nm if middle < 2000 else u.Angstrom


def are_parts(grids: Iterable[Float64[np.ndarray, " n"]]) -> bool:
    """Whether two or more spectra cover different wavelengths: segments of a detector or orders, not spectra of several objects."""
    sound = [grid[np.isfinite(grid) & (grid > 0)] for grid in grids]
    if not all(map(len, sound)):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        middles = np.sort([np.median(grid) for grid in sound])
        return bool(np.diff(middles).min() > _APART * np.median([np.ptp(grid) for grid in sound]))


def vacuum_angstrom(
    values: Float64[np.ndarray, " n"], unit: u.UnitBase | None, medium: str | None, options: ReadOptions
) -> tuple[Float64[np.ndarray, " n"], tuple[str, ...]]:
    """Vacuum wavelengths [Angstrom] of wavelengths, frequencies or photon energies, and sentences on what was guessed.

    Args:
        values: as in the file.
        unit: as the file says, None if it does not.
        medium: ``air`` or ``vacuum`` where the file says so.
        options: what the user says takes precedence.
    """
    known = assumed_unit(values) if unit is None else unit
    guesses = (f"the wavelengths have no unit: {known} was assumed from their size",) if unit is None else ()
    spectral = not known.is_equivalent(u.m)
    wavelength = converted(values, known, u.Angstrom, "wavelength", u.spectral())
    wavelength = np.where(wavelength > 0, wavelength, np.nan)
    medium = options.medium or medium
    if medium is None and not spectral:
        guesses = (*guesses, "the wavelengths were taken as vacuum wavelengths; say so if they are in air")
    return (vacuum_wavelength(wavelength) if medium == "air" else wavelength), guesses


def air_note(medium: str | None, options: ReadOptions) -> tuple[str, ...]:
    """The sentence that tells of a conversion from air to vacuum."""
    return ("the wavelengths are in air and were converted to vacuum",) if (options.medium or medium) == "air" else ()


def per_angstrom(
    value: Float64[np.ndarray, " n"],
    sigma: Float64[np.ndarray, " n"] | None,
    unit: u.UnitBase | None,
    wavelength: Float64[np.ndarray, " n"],
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"] | None, str, tuple[str, ...]]:
    """Flux densities and errors in 1e-17 erg / (s cm2 Angstrom) where they are flux densities, else as they are, and guesses."""
    guesses: tuple[str, ...] = ()
    if unit is None or unit.is_equivalent(_PLAIN):
        small = unit is None and 0 < finite_median(np.abs(value)) < 1e-10
        known = u.Unit("erg / (Angstrom s cm2)" if small else FLUX_UNIT)
        guesses = (f"the flux has no unit: {known} was assumed",)
    else:
        known = unit
    density, target = u.spectral_density(wavelength * u.Angstrom), u.Unit(FLUX_UNIT)
    if not known.is_equivalent(target, equivalencies=u.spectral_density(5000 * u.Angstrom)):
        return value, sigma, known.to_string(), (f"the flux is in {known}, no flux density: it was left as it is",)
    factor = converted(np.ones(len(wavelength)), known, target, "flux", density)
    with np.errstate(over="ignore", invalid="ignore"):
        return value * factor, None if sigma is None else sigma * factor, FLUX_UNIT, guesses
