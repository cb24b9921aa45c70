"""Hubble diagrams: redshifts and distance moduli, or standardised magnitudes, of supernovae."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container, Table
from astro_sbi.observations.kinds.aliases import DISTANCE, FLUX, REDSHIFT, WAVELENGTH
from astro_sbi.observations.kinds.band_columns import bands_of
from astro_sbi.observations.kinds.covariance import Covariance, check_definite, check_size, checked, covariance_beside
from astro_sbi.observations.kinds.errors import errors_in
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import first, plain, plain_names
from astro_sbi.observations.kinds.roles import Roles, completed, origin_columns, table_with, tables_of, told
from astro_sbi.observations.kinds.rows import Rows, cleaned, finite_median, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation, ObservationError, Points
from astro_sbi.observations.options import ReadOptions

DIAGONAL = "its errors are those of single supernovae: without their covariance matrix, cosmology comes out too certain and shifted"
_HIGHEST_REDSHIFT, _LARGEST_MODULUS = 20.0, 60.0
_TIMES = "bjd hjd jd mjd time t date"
_STRETCH = "x1 s stretch dm15 st x1err"
_COLOUR = "c color colour ebv csalt"
_UNSTANDARDISED = (
    "it has fitted magnitudes, stretches and colours of supernovae and no distance moduli; standardise them first and give a column mu, "
    "or say that its magnitudes are standardised by choosing them as the values"
)


def _distance(table: Table) -> int | None:
    """The best column of distances; a magnitude beside stretch and colour is none, as it is not standardised yet."""
    names = plain_names(table)
    raw = first(names, _STRETCH) is not None and first(names, _COLOUR) is not None
    wanted = " ".join(alias for alias in DISTANCE.split() if not (raw and alias in ("mb", "dm")))
    return first(names, wanted)


def _is_raw(table: Table) -> bool:
    """Whether a table has what SALT fitted and nothing else."""
    names = plain_names(table)
    columns = (first(names, wanted) for wanted in (REDSHIFT, "mb mbobs bmag", _STRETCH, _COLOUR))
    return None not in tuple(columns) and _distance(table) is None


def _is_plausible(table: Table, value: int) -> bool:
    """Whether numbers may be distance moduli or magnitudes; dispersion measures, which are called ``dm`` too, are larger."""
    values = table.values[value]
    return values.dtype.kind in "if" and values.ndim == 1 and abs(finite_median(table.numbers(value))) < _LARGEST_MODULUS


def _roles(table: Table, options: ReadOptions) -> Roles | None:
    if not table.named:
        return None
    names, mine = plain_names(table), told(table, options)
    coordinate, value = mine.get("coordinate", first(names, REDSHIFT)), mine.get("value", _distance(table))
    if coordinate is None or value is None:
        return None
    if options.kind is None and "value" not in mine and not _is_plausible(table, value):
        return None
    other = first(names, _TIMES) is not None or first(names, WAVELENGTH) is not None or first(names, FLUX) is not None
    if options.kind is None and (("coordinate" not in mine and other) or names[value] not in DISTANCE.split() or len(bands_of(table)) > 2):
        return None
    roles = completed(table, {"coordinate": coordinate, "value": value}, options)
    # All supernovae are one series, whatever surveys they come from.
    return replace(roles, columns={role: index for role, index in roles.columns.items() if role != "channel"})


@dataclass(frozen=True, eq=False)
class _Found:
    """A table, its roles (none where its magnitudes are not standardised yet), and its covariance matrix if there is one."""

    table: Table
    roles: Roles | None
    covariance: Covariance | None


def _find(container: Container, options: ReadOptions) -> _Found | None:
    tables = tables_of(container, options)
    raw = ((table, None) for table in tables if _is_raw(table))
    found = table_with(tables, lambda table: _roles(table, options)) or next(raw, None)
    return None if found is None else _Found(*found, covariance_beside(found[0], container))


def _extra(table: Table, names: list[str]) -> dict:
    """Per supernova: heliocentric redshift and whether its host has a Cepheid distance, where the table tells."""
    wanted = {"heliocentric_redshift": "zhel zhelio", "calibrator": "iscalibrator"}
    found = {role: first(names, aliases) for role, aliases in wanted.items()}
    given = {role: table.numbers(index) for role, index in found.items() if index is not None and table.values[index].dtype.kind in "bif"}
    return {role: values for role, values in given.items() if np.isfinite(values).all()}


def _with_covariance(found: _Found, sigma: np.ndarray | None, options: ReadOptions) -> np.ndarray | None:
    """The covariance of all rows, None where there is none or the user gives errors in its place."""
    if found.covariance is None or options.error is not None or options.signal_to_noise is not None:
        return None
    check_size(found.covariance, len(found.table))
    return checked(found.covariance, sigma, options.covariance)


def _correlated(points: Points, covariance: np.ndarray | None, row: np.ndarray) -> Points:
    """Points with the covariance of the rows that they were made from."""
    if covariance is None:
        return points
    kept = covariance[row][:, row]
    check_definite(kept)
    return replace(points, noise=replace(points.noise, covariance=kept))


def _read(found: _Found, source: Source, options: ReadOptions) -> Observation:
    table, roles = found.table, found.roles
    if roles is None:
        raise ObservationError(_UNSTANDARDISED)
    raw = table.numbers(roles["value"])
    sigma, warnings = errors_in(table, roles.columns, raw)
    covariance = _with_covariance(found, sigma, options)
    sigma = sigma if covariance is None else np.sqrt(np.diagonal(covariance))
    redshift = table.numbers(roles["coordinate"])
    bad, sentences = flagged(table, roles.get("quality"))
    known = _extra(table, plain_names(table))
    rows = Rows(redshift, raw, sigma, {**known, "row": np.arange(len(table))}, warnings=(*warnings, *sentences))
    nothing = (redshift <= -0.01) | (redshift > _HIGHEST_REDSHIFT)
    rows = rows.without(nothing, "redshift that stands for nothing")
    rows = cleaned(rows, flagged=None if bad is None else bad[~nothing], noun="redshift")
    rows = with_errors(rows, options.error, "mag", options.signal_to_noise)
    rows = rows.warned(DIAGONAL) if covariance is None else rows
    known = {name: rows.extra[name] * u.dimensionless_unscaled for name in known}
    modulus = plain(table.columns[roles["value"]].name).startswith(("mu", "dist", "dm"))
    axes = Axis("redshift", ""), Axis("distance modulus" if modulus else "standardised magnitude", "mag")
    columns = origin_columns(table, roles) | (
        {} if covariance is None or found.covariance is None else {"covariance": printable(found.covariance.name, 60)}
    )
    origin = source.origin(IMPORTER.name, rows, columns)
    target, points = source.target(table.facts), _correlated(points_of(rows, known), covariance, rows.extra["row"])
    return Observation("hubble_diagram", target, points, rows.value, *axes, (axes[1].name,), origin)


IMPORTER = Importer("Hubble diagram", "hubble_diagram", _find, _read)
