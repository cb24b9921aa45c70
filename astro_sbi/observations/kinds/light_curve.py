"""Light curves in tables of any format: fluxes or magnitudes in one band or several."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import FLUX, LIMIT, MAGNITUDE
from astro_sbi.observations.kinds.channels import channels_of, present
from astro_sbi.observations.kinds.importer import Importer, Source, columns_of, header_warning, number_fact
from astro_sbi.observations.kinds.roles import (
    Roles,
    completed,
    errors_of,
    first,
    flagged,
    plain,
    plain_names,
    tables_of,
    time_column,
    told,
    unit_text,
)
from astro_sbi.observations.kinds.rows import Rows, cadence, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.times import times_of
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

#: Longest step between neighbouring points [d] that may be one exposure.
_LONGEST_EXPOSURE = 0.1
MAGNITUDE_UNITS = ("mag", "mags", "magnitude", "magnitudes", "abmag", "mag(ab)", "vegamag", "mmag")


def light_curve_roles(table: Table, options: ReadOptions) -> Roles | None:
    """Times with fluxes or magnitudes; None where the columns are not called so and the user told nothing."""
    if not table.named:
        return unnamed_roles(table, "light_curve", options)
    names, mine = plain_names(table), told(table, options)
    coordinate = mine.get("coordinate", time_column(names))
    value = mine.get("value", first(names, FLUX))
    value = first(names, MAGNITUDE) if value is None else value
    if coordinate is None or value is None:
        return None
    return completed(table, {"coordinate": coordinate, "value": value}, options)


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


def _holds_magnitudes(table: Table, roles: Roles, options: ReadOptions) -> tuple[bool, tuple[str, ...]]:
    """Whether the value is a magnitude, and a sentence if only the size of the numbers says so."""
    column = table.columns[roles["value"]]
    unit = (options.value_unit or unit_text(column) or "").lower()
    if unit:
        return unit in MAGNITUDE_UNITS, ()
    if table.named:
        return plain(column.name) in MAGNITUDE.split(), ()
    error = table.numbers(roles["uncertainty"]) if "uncertainty" in roles.columns else None
    seems = magnitudes.are_magnitudes(table.numbers(roles["value"]), error)
    return seems, ("the values were taken for magnitudes from their size",) if seems else ()


def _of_fluxes(table: Table, roles: Roles, options: ReadOptions) -> Brightness:
    column = table.columns[roles["value"]]
    text = options.value_unit or unit_text(column)
    unit = unit_of(text) if text is not None else None
    sigma, warnings = errors_of(table, roles)
    error_text = unit_text(table.columns[roles["uncertainty"]]) if "uncertainty" in roles.columns else None
    shown = unit or u.dimensionless_unscaled
    target = u.dimensionless_unscaled if shown.is_equivalent(u.dimensionless_unscaled) else shown
    value = converted(table.numbers(roles["value"]), shown, target, "flux")
    if sigma is not None:
        own = unit_of(error_text) if error_text is not None and options.value_unit is None else shown
        sigma = converted(sigma, shown if own == u.dimensionless_unscaled else own, target, "error")
    name = target.to_string()
    return Brightness(value, sigma, Axis("flux" if name else "relative flux", name), warnings)


def _of_magnitudes(table: Table, roles: Roles, options: ReadOptions, guesses: tuple[str, ...]) -> Brightness:
    column = table.columns[roles["value"]]
    scale = 1e-3 if (options.value_unit or unit_text(column) or "").lower() == "mmag" else 1.0
    measured = scale * _numbers_or_limits(table, roles["value"])
    zero = options.magnitude if options.magnitude is not None else magnitudes.zero_magnitude_of(measured)
    value = magnitudes.fluxes(measured, zero)
    sigma, warnings = errors_of(table, roles)
    if sigma is not None:
        sigma = magnitudes.flux_errors(value, scale * sigma)
    limit = first(plain_names(table), LIMIT)
    if limit is not None and table.values[limit].dtype.kind in "if":
        value, sigma, used = magnitudes.with_limits(value, sigma, table.numbers(limit), zero)
        if used.any():
            spoken = (
                f"{int(used.sum()):,} rows are upper limits: kept as no flux with a fifth of the limit ({magnitudes.LIMIT_SIGMA:g} sigma)"
            )
            guesses = (*guesses, f"{spoken} as their error")
    if options.magnitude is None:
        guesses = (*guesses, f"magnitudes were converted to fluxes, magnitude {zero:g} being 1")
    return Brightness(value, sigma, Axis(f"flux relative to magnitude {zero:g}", ""), warnings, guesses, zero)


def _numbers_or_limits(table: Table, index: int) -> np.ndarray:
    """Magnitudes; those written as limits (``>17.3``) are none."""
    if table.values[index].dtype.kind != "U":
        return table.numbers(index)
    cells = ["" if cell.startswith((">", "<")) else cell for cell in table.text(index)]
    values = (*table.values[:index], np.array(cells), *table.values[index + 1 :])
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return replace(table, values=values).numbers(index)


def brightness_of(table: Table, roles: Roles, options: ReadOptions) -> Brightness:
    """Fluxes, converted from magnitudes where those were measured."""
    holds, guesses = _holds_magnitudes(table, roles, options)
    return _of_magnitudes(table, roles, options, guesses) if holds else _of_fluxes(table, roles, options)


def exposure_of(table: Table, container: Container, rows: Rows) -> tuple[dict[str, u.Quantity], tuple[str, ...]]:
    """The exposure time where header or cadence tell, and the sentence that says which."""
    stated = number_fact(table, container, "exptime", "exposure", "exposure_time")
    # Bands take turns: the time between two of them is no exposure.
    step = min(cadence(rows.coordinate[rows.channel == channel]) for channel in np.unique(rows.channel))
    if stated is not None and 0 < stated < 86400 * _LONGEST_EXPOSURE and stated / 86400 < 2 * step:
        return {"exposure_time": (stated * u.s).to(u.d)}, ()
    if step < _LONGEST_EXPOSURE:
        return {"exposure_time": step * u.d}, (f"the exposure time was taken as the cadence, {step * 1440:.3g} min",)
    return {}, ()


def _table(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    found = ((table, light_curve_roles(table, options)) for table in tables_of(container, options))
    return next(((table, roles) for table, roles in found if roles is not None), None)


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    found = _table(container, options)
    if found is None:
        raise ObservationError("it has no columns of times and fluxes")
    table, roles = found
    bright = brightness_of(table, roles, options)
    times = times_of(table, roles["coordinate"], options, "light_curve", magnitudes=bright.zero_magnitude is not None)
    channel, names = channels_of(table, roles.get("channel"), bright.axis.name if bright.zero_magnitude is None else "magnitudes")
    rows = Rows(times.values, bright.value, bright.sigma, {"channel": channel}, warnings=bright.warnings)
    rows = rows.guessed(*roles.guesses, *times.guesses, *bright.guesses)
    rows = with_errors(cleaned(rows, flagged=flagged(table, roles, container)), options.error, bright.axis.unit, options.signal_to_noise)
    exposure, sentences = exposure_of(table, container, rows)
    rows = rows.guessed(*sentences).warned(*header_warning(table, roles))
    known: dict[str, u.Quantity] = {**exposure, "dilution": 1.0 * u.dimensionless_unscaled}
    if bright.zero_magnitude is not None:
        known["zero_magnitude"] = bright.zero_magnitude * u.mag
    kept, names = present(rows.channel, names)
    rows = replace(rows, extra={**rows.extra, "channel": kept})
    origin = source.origin(IMPORTER.name, rows, columns_of(table, roles))
    axes = Axis("time", "d", times.zero_point), bright.axis
    return Observation("light_curve", source.target(table, container), points_of(rows, known), rows.value, *axes, names, origin)


IMPORTER = Importer("light curve", "light_curve", lambda container, options: _table(container, options) is not None, _read)
