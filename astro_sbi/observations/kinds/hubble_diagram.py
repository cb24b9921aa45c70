"""Hubble diagrams: redshifts and distance moduli, or standardised magnitudes, of supernovae."""

from __future__ import annotations

from astropy import units as u

from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.aliases import DISTANCE, FLUX, REDSHIFT, WAVELENGTH
from astro_sbi.observations.kinds.importer import Importer, Source, columns_of
from astro_sbi.observations.kinds.roles import Roles, completed, errors_of, first, flagged, plain, plain_names, tables_of, time_column, told
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

DIAGONAL = "its errors are those of single supernovae: without their covariance matrix, cosmology comes out too certain and shifted"
_HIGHEST_REDSHIFT = 20.0


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    if not table.named:
        return None
    names, mine = plain_names(table), told(table, options)
    coordinate, value = mine.get("coordinate", first(names, REDSHIFT)), mine.get("value", first(names, DISTANCE))
    if coordinate is None or value is None:
        return None
    other = time_column(names) is not None or first(names, WAVELENGTH) is not None or first(names, FLUX) is not None
    if options.kind is None and "coordinate" not in mine and other:
        return None
    return completed(table, {"coordinate": coordinate, "value": value}, options)


def _table(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    found = ((table, _roles(table, options)) for table in tables_of(container, options))
    return next(((table, roles) for table, roles in found if roles is not None), None)


def _extra(table: Table, names: list[str]) -> dict:
    """Per supernova: heliocentric redshift and whether its host has a Cepheid distance, where the table tells."""
    wanted = {"heliocentric_redshift": "zhel zhelio", "calibrator": "iscalibrator"}
    found = {role: first(names, aliases) for role, aliases in wanted.items()}
    return {role: table.numbers(index) for role, index in found.items() if index is not None and table.values[index].dtype.kind in "bif"}


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    found = _table(container, options)
    if found is None:
        raise ObservationError("it has no columns of redshifts and distance moduli")
    table, roles = found
    names = plain_names(table)
    sigma, warnings = errors_of(table, roles)
    roles.columns.pop("channel", None)
    redshift = table.numbers(roles["coordinate"])
    rows = Rows(redshift, table.numbers(roles["value"]), sigma, _extra(table, names), warnings=warnings)
    bad = (redshift <= -0.01) | (redshift > _HIGHEST_REDSHIFT)
    quality = flagged(table, roles, container)
    rows = cleaned(
        rows.without(bad, "redshift that stands for nothing"), flagged=None if quality is None else quality[~bad], noun="redshift"
    )
    rows = with_errors(rows, options.error, "mag", options.signal_to_noise).warned(DIAGONAL)
    known = {name: rows.extra[name] * u.dimensionless_unscaled for name in rows.extra}
    modulus = plain(table.columns[roles["value"]].name).startswith(("mu", "dist", "dm"))
    axes = Axis("redshift", ""), Axis("distance modulus" if modulus else "standardised magnitude", "mag")
    origin = source.origin(IMPORTER.name, rows, columns_of(table, roles))
    return Observation(
        "hubble_diagram", source.target(table, container), points_of(rows, known), rows.value, *axes, (axes[1].name,), origin
    )


IMPORTER = Importer("Hubble diagram", "hubble_diagram", lambda container, options: _table(container, options) is not None, _read)
