"""Brightness in tables: fluxes, fluxes with a zero point a row, magnitudes with their limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import IS_LIMIT, LIMIT
from astro_sbi.observations.kinds.bands import nominal_wavelength
from astro_sbi.observations.kinds.errors import errors_in
from astro_sbi.observations.kinds.names import first, is_magnitude, plain, plain_names
from astro_sbi.observations.kinds.roles import Roles, unit_text
from astro_sbi.observations.kinds.rows import finite_median
from astro_sbi.observations.observation import Axis
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

#: AB magnitude of one microjansky.
MICROJANSKY = 23.9
_NONE = u.dimensionless_unscaled
#: Units at the end of names such as ``flux_ujy``, and what they stand for.
_UNITS_IN_NAMES = {"ujy": "uJy", "mjy": "mJy", "njy": "nJy", "jy": "Jy", "ppm": "ppm", "ppt": "ppt", "percent": "percent"}
#: Fluxes whose zero point [mag] stands in another column: of ZTF's forced photometry.
_ZERO_POINTS = {"forcediffimflux": "zpdiff", "forcediffimfluxap": "zpdiff"}


@dataclass(frozen=True, eq=False)
class Brightness:
    """Fluxes with what they mean.

    Args:
        value: fluxes.
        sigma: their errors, None where there are none.
        axis: meaning of the fluxes.
        warnings: sentences for the user.
        guesses: sentences on what was guessed.
        zero_magnitude: magnitude whose flux is 1, None where fluxes were measured.
    """

    value: np.ndarray
    sigma: np.ndarray | None
    axis: Axis
    warnings: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    zero_magnitude: float | None = None


def brightness_of(table: Table, roles: Roles, options: ReadOptions) -> Brightness:
    """Fluxes, converted from magnitudes where those were measured."""
    holds, guesses = _holds_magnitudes(table, roles, options)
    zero_points = _zero_points(table, roles)
    if holds:
        return _of_magnitudes(table, roles, options, guesses)
    return _of_fluxes(table, roles, options) if zero_points is None else _of_counts(table, roles, zero_points)


def _holds_magnitudes(table: Table, roles: Roles, options: ReadOptions) -> tuple[bool, tuple[str, ...]]:
    """Whether the value is a magnitude, and a sentence if only the size of the numbers says so."""
    column = table.columns[roles["value"]]
    unit = (options.value_unit or unit_text(column) or "").lower()
    if unit:
        return unit in magnitudes.UNITS, ()
    if table.named and not _is_band(column.name):
        return is_magnitude(column.name), ()
    error = table.numbers(roles["uncertainty"]) if "uncertainty" in roles.columns else None
    seems = magnitudes.are_magnitudes(table.numbers(roles["value"]), error)
    return seems, ("the values were taken for magnitudes from their size",) if seems else ()


def _is_band(name: str) -> bool:
    """Whether a column is called after a band alone, which leaves open what was measured."""
    return len(name.strip()) <= 2 and nominal_wavelength(name) is not None


def _zero_points(table: Table, roles: Roles) -> np.ndarray | None:
    names = plain_names(table)
    wanted = _ZERO_POINTS.get(names[roles["value"]], "")
    return table.numbers(names.index(wanted)) if wanted and wanted in names else None


def _of_counts(table: Table, roles: Roles, zero_points: np.ndarray) -> Brightness:
    """Fluxes in counts with a zero point a row, in microjansky."""
    counts = table.numbers(roles["value"])
    sigma, warnings = errors_in(table, roles.columns, counts)
    with np.errstate(over="ignore"):
        scale = 10 ** (-0.4 * (np.where(np.abs(zero_points) < 60, zero_points, np.nan) - MICROJANSKY))
    guesses = ("the fluxes were brought to microjansky by the zero point of each row",)
    return Brightness(counts * scale, None if sigma is None else sigma * scale, Axis("flux", "uJy"), warnings, guesses)


def _value_unit(table: Table, index: int, options: ReadOptions) -> u.UnitBase | None:
    """Unit of a column of fluxes: told by the user, by the file, or by the end of its name; None where nothing tells."""
    column = table.columns[index]
    name = plain(column.name) if table.named else ""
    text = options.value_unit or unit_text(column) or next((unit for end, unit in _UNITS_IN_NAMES.items() if name.endswith(end)), None)
    # Pan-STARRS gives its fluxes in janskys without saying so.
    if text is None and plain(column.name) == "psfflux" and "detectid" in plain_names(table):
        text = "Jy"
    return None if text is None else unit_of(text)


def _of_fluxes(table: Table, roles: Roles, options: ReadOptions) -> Brightness:
    shown = _value_unit(table, roles["value"], options) or _NONE
    target = _NONE if shown.is_equivalent(_NONE) else shown
    raw = table.numbers(roles["value"])
    value = converted(raw, shown, target, "flux")
    sigma, warnings = errors_in(table, roles.columns, raw)
    if sigma is not None:
        text = unit_text(table.columns[roles["uncertainty"]]) if "uncertainty" in roles.columns and options.value_unit is None else None
        own = unit_of(text) if text is not None else shown
        sigma = converted(sigma, shown if own == _NONE else own, target, "error")
    guesses: tuple[str, ...] = ()
    if shown != _NONE and target == _NONE and are_deviations(value):
        value, guesses = 1 + value, (f"the fluxes are in {_spoken(shown)} above or below the mean: 1 was added to have relative fluxes",)
    return Brightness(value, sigma, Axis("relative flux" if target == _NONE else "flux", target.to_string()), warnings, guesses)


def are_deviations(value: Float64[np.ndarray, " n"]) -> bool:
    """Whether relative fluxes are deviations from their mean, not multiples of it."""
    return abs(finite_median(value)) < 0.5


def _spoken(unit: u.UnitBase) -> str:
    return {1e-6: "parts per million", 1e-3: "parts per thousand", 0.01: "per cent"}.get(unit.to(_NONE), "parts")


def _of_magnitudes(table: Table, roles: Roles, options: ReadOptions, guesses: tuple[str, ...]) -> Brightness:
    text = (options.value_unit or unit_text(table.columns[roles["value"]]) or "").lower()
    scale = 1e-3 if text == "mmag" else 1.0
    measured, limits = (scale * values for values in magnitudes.measured_and_limits(table, roles["value"]))
    measured, limits = _told_limits(table, measured, limits)
    zero = options.magnitude if options.magnitude is not None else magnitudes.zero_magnitude_of(measured)
    value = magnitudes.fluxes(measured, zero) * _signs(table, roles)
    error, warnings = errors_in(table, roles.columns, measured)
    sigma = None if error is None else magnitudes.flux_errors(value, scale * error)
    value, sigma, used = magnitudes.with_limits(value, sigma, np.where(np.isfinite(limits), limits, _limits(table)), zero)
    if used.any():
        spoken = f"{int(used.sum()):,} rows are upper limits: kept as no flux with a fifth of the limit ({magnitudes.LIMIT_SIGMA:g} sigma)"
        guesses = (*guesses, f"{spoken} as their error")
    if options.magnitude is None:
        guesses = (*guesses, f"magnitudes were converted to fluxes, magnitude {zero:g} being 1")
    return Brightness(value, sigma, Axis(f"flux relative to magnitude {zero:g}", ""), warnings, guesses, zero)


def _limits(table: Table) -> np.ndarray:
    """Limiting magnitudes of a column of their own, NaN where there is none."""
    index = first(plain_names(table), LIMIT)
    return table.numbers(index) if index is not None and table.values[index].dtype.kind in "if" else np.full(len(table), np.nan)


def _told_limits(table: Table, measured: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes and limits, where a column says of each row whether it is a limit."""
    index = first(plain_names(table), IS_LIMIT)
    if index is None or table.values[index].ndim != 1:
        return measured, limits
    told = np.array([cell.lower() in ("t", "true", "1", "1.0", "y", "yes") for cell in table.text(index)])
    return np.where(told, np.nan, measured), np.where(told, measured, limits)


def _signs(table: Table, roles: Roles) -> np.ndarray | float:
    """-1 where a difference image got fainter (ZTF's isdiffpos), whose magnitude is that of the missing flux."""
    names = plain_names(table)
    if not names[roles["value"]].startswith("magpsf") or "isdiffpos" not in names:
        return 1.0
    fainter = [cell.lower() in ("f", "false", "0", "-1", "-1.0") for cell in table.text(names.index("isdiffpos"))]
    return np.where(fainter, -1.0, 1.0)
