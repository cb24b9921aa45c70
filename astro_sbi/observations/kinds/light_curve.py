"""Light curves in tables of any format: fluxes or magnitudes in one band or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Column, Container, Fact, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.aliases import CHANNEL, FLUX, IDENTIFIER, MAGNITUDE
from astro_sbi.observations.kinds.band_columns import Band, bands_of
from astro_sbi.observations.kinds.bands import nominal_wavelength
from astro_sbi.observations.kinds.brightness import brightness_of
from astro_sbi.observations.kinds.channels import channels_of, with_present
from astro_sbi.observations.kinds.errors import error_columns
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.importer import Importer, Source, header_warning, number_fact
from astro_sbi.observations.kinds.names import first, plain_names, time_column, worded
from astro_sbi.observations.kinds.roles import Roles, completed, origin_columns, tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cadence, cleaned, points_of, with_errors
from astro_sbi.observations.kinds.times import times_of
from astro_sbi.observations.kinds.unnamed import unnamed_roles
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.options import ReadOptions

#: Longest step between neighbouring points [d] that may be one exposure.
_LONGEST_EXPOSURE = 0.1
#: Names of fluxes that may as well be something else, so that a magnitude beside them counts more.
_VAGUE = "spectrum spec fun i0 intensity counts rate countrate cps f"


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    """Times with fluxes or magnitudes; None where the columns are not called so and the user told nothing."""
    if not table.named:
        return unnamed_roles(table, "light_curve", options)
    mine = told(table, options)
    coordinate = mine.get("coordinate", time_column(table))
    value = mine["value"] if "value" in mine else _value(table)
    if coordinate is None or value is None or (options.kind is None and "value" not in mine and value == coordinate):
        return None
    return completed(table, {"coordinate": coordinate, "value": value}, options)


def _value(table: Table) -> int | None:
    """The best column of fluxes or magnitudes that holds a number at all."""
    names = plain_names(table)
    sure = [alias for alias in FLUX.split() if alias not in _VAGUE.split()]
    ordered = [names.index(alias) for alias in (*sure, *MAGNITUDE.split(), *_VAGUE.split()) if alias in names]
    ordered += [*worded(table, "flux"), *worded(table, "mag", "magnitude"), *_lone_band(table)]
    ordered = [index for index in ordered if table.values[index].ndim == 1]
    filled = (index for index in ordered if _holds_numbers(table, index))
    return next(filled, ordered[0] if ordered else None)


def _lone_band(table: Table) -> list[int]:
    """The column that is called after a band, such as ``I``, if there is one and errors stand beside it."""
    bands = bands_of(table)
    return [bands[0].value] if len(bands) == 1 and error_columns(table, bands[0].value) else []


def _holds_numbers(table: Table, index: int) -> bool:
    values = table.values[index]
    if values.dtype.kind == "U":
        # Magnitudes with limits such as >17.3 are text.
        return any(cell[-1:].isdigit() for cell in table.text(index)[:1000])
    return bool(np.isfinite(values.astype(np.float64)).any())


def _many_bands(table: Table, options: ReadOptions) -> tuple[Band, ...]:
    """Bands that stand side by side in the columns of a table of times; none where it is something else."""
    mine, time = {"value", "channel", "uncertainty"} & set(told(table, options)), time_column(table)
    if not table.named or mine or time is None or len(table) < 2:
        return ()
    names = plain_names(table)
    identifier = first(names, IDENTIFIER)
    if first(names, CHANNEL) is not None or (identifier is not None and not _counts_rows(table, identifier, time)):
        return ()
    bands = tuple(band for band in bands_of(table) if nominal_wavelength(band.name) is not None)
    return bands if len(bands) > 1 and all(band.error is not None and not band.inverse_variance for band in bands) else ()


def _counts_rows(table: Table, index: int, time: int) -> bool:
    """Whether a column names one object, or counts rows that are in order of time, so that they are no objects."""
    if len(set(table.text(index))) == 1:
        return True
    numbers, times = table.values[index], table.values[time]
    if any(array.dtype.kind not in "if" or array.ndim != 1 for array in (numbers, times)):
        return False
    with np.errstate(invalid="ignore"):
        return bool((np.diff(numbers) == 1).all() and (np.diff(times) > 0).all())


def _long(table: Table, bands: tuple[Band, ...], coordinate: int) -> tuple[Table, Roles]:
    """A table with a column a band as one with a row a measurement; what was not measured is left out."""
    parts, errors = [], [band.error for band in bands if band.error is not None]
    for band, place in zip(bands, errors, strict=True):
        value, error = table.numbers(band.value), table.numbers(place)
        kept = np.isfinite(value)
        parts.append((table.values[coordinate][kept], value[kept], error[kept], np.full(int(kept.sum()), band.name)))
    values = tuple(np.concatenate(part) for part in zip(*parts, strict=True))
    shown = table.columns[bands[0].value]
    seems = bands[0].measure == "mag" or (not bands[0].measure and magnitudes.are_magnitudes(values[1], values[2]))
    brightness = Column(shown.name, unit_text(shown) or ("mag" if seems else None), shown.meaning)
    columns = (table.columns[coordinate], brightness, table.columns[errors[0]], Column("band"))
    roles = Roles({"coordinate": 0, "value": 1, "uncertainty": 2, "channel": 3})
    return replace(table, columns=columns, values=values), roles


def _find(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    for table in tables_of(container, options):
        coordinate = told(table, options).get("coordinate", time_column(table))
        bands = _many_bands(table, options)
        if bands and coordinate is not None:
            return _long(table, bands, coordinate)
        roles = _roles(table, options)
        if roles is not None:
            return table, roles
    return None


def _exposure(facts: Mapping[str, Fact], rows: Rows) -> tuple[dict[str, u.Quantity], tuple[str, ...]]:
    """The exposure time where header or cadence tell, and the sentence that says which."""
    stated = number_fact(facts, "texptime", "exptime", "exposure", "exposure_time")
    # Bands take turns: the time between two of them is no exposure.
    steps = [cadence(rows.coordinate[rows.channel == channel]) for channel in np.unique(rows.channel)]
    step = min((step for step in steps if np.isfinite(step)), default=float("nan"))
    if stated is not None and 0 < stated < 86400 * _LONGEST_EXPOSURE and stated / 86400 < 2 * step:
        return {"exposure_time": (stated * u.s).to(u.d)}, ()
    if step < _LONGEST_EXPOSURE:
        return {"exposure_time": step * u.d}, (f"the exposure time was taken as the cadence, {step * 1440:.3g} min",)
    return {}, ()


def _read(found: tuple[Table, Roles], source: Source, options: ReadOptions) -> Observation:
    table, roles = found
    bright = brightness_of(table, roles, options)
    times = times_of(table, roles["coordinate"], options, "light_curve", magnitudes=bright.zero_magnitude is not None)
    channel, names = channels_of(table, roles.get("channel"), bright.axis.name if bright.zero_magnitude is None else "magnitudes")
    bad, sentences = flagged(table, roles.get("quality"))
    rows = Rows(times.values, bright.value, bright.sigma, {"channel": channel}, warnings=(*bright.warnings, *sentences))
    rows = rows.guessed(*roles.guesses, *times.guesses, *bright.guesses)
    rows = with_errors(cleaned(rows, flagged=bad), options.error, bright.axis.unit, options.signal_to_noise)
    exposure, sentences = _exposure(table.facts, rows)
    rows = rows.guessed(*sentences).warned(*header_warning(table, roles))
    known: dict[str, u.Quantity] = {**exposure, "dilution": 1.0 * u.dimensionless_unscaled}
    if bright.zero_magnitude is not None:
        known["zero_magnitude"] = bright.zero_magnitude * u.mag
    rows, names = with_present(rows, names)
    origin = source.origin(IMPORTER.name, rows, origin_columns(table, roles))
    axes = Axis("time", "d", times.zero_point), bright.axis
    return Observation("light_curve", source.target(table.facts), points_of(rows, known), rows.value, *axes, names, origin)


IMPORTER = Importer("light curve", "light_curve", _find, _read)
