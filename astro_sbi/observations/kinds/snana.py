"""Supernova light curves in SNANA's text format: FLUXCAL in several bands, zero point 27.5.

Format: Kessler et al. (2009, PASP 121, 1028), SNANA manual, section on data files. Negative fluxes are measurements and are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from astropy import units as u

from astro_sbi.observations.containers.table import Container, Fact, Table
from astro_sbi.observations.kinds.channels import channels_of, with_present
from astro_sbi.observations.kinds.importer import Importer, Source, number_fact
from astro_sbi.observations.kinds.names import first, plain_names
from astro_sbi.observations.kinds.roles import Roles, origin_columns, table_with
from astro_sbi.observations.kinds.rows import Rows, cleaned, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.options import ReadOptions

ZERO_MAGNITUDE = 27.5


def _roles(table: Table) -> Roles | None:
    names = plain_names(table)
    found = {
        "coordinate": first(names, "mjd"),
        "value": first(names, "fluxcal"),
        "uncertainty": first(names, "fluxcalerr"),
        "channel": first(names, "flt band filter"),
    }
    chosen = {role: index for role, index in found.items() if index is not None}
    return Roles(chosen) if {"coordinate", "value", "uncertainty"} <= set(chosen) else None


def _find(container: Container, options: ReadOptions) -> tuple[Table, Roles] | None:
    return table_with(container.tables, _roles) if container.format.startswith("SNANA") else None


def _known(facts: Mapping[str, Fact]) -> dict[str, u.Quantity]:
    """Redshift, dust of the Milky Way and a first guess of the peak, where the header has them."""
    wanted = {
        "redshift": (("redshift_cmb", "redshift_final", "redshift_helio"), u.dimensionless_unscaled),
        "heliocentric_redshift": (("redshift_helio",), u.dimensionless_unscaled),
        "milky_way_e_bv": (("mwebv",), u.mag),
        "peak_time": (("search_peakmjd", "peakmjd"), u.d),
    }
    values = {name: (number_fact(facts, *keys), unit) for name, (keys, unit) in wanted.items()}
    return {name: value * unit for name, (value, unit) in values.items() if value is not None and value > -9}


def _read(found: tuple[Table, Roles], source: Source, options: ReadOptions) -> Observation:
    table, roles = found
    zero = options.magnitude if options.magnitude is not None else ZERO_MAGNITUDE
    scale = 10 ** (-0.4 * (ZERO_MAGNITUDE - zero))
    channel, names = channels_of(table, roles.get("channel"), "FLUXCAL")
    rows = Rows(table.numbers(roles["coordinate"]), table.numbers(roles["value"]) * scale, table.numbers(roles["uncertainty"]) * scale)
    rows = with_errors(cleaned(replace(rows, extra={"channel": channel})), options.error, "", options.signal_to_noise)
    rows, names = with_present(rows, names)
    known = {**_known(table.facts), "zero_magnitude": zero * u.mag}
    origin = source.origin(IMPORTER.name, rows, origin_columns(table, roles))
    axes = Axis("time", "d", "MJD"), Axis(f"flux relative to magnitude {zero:g}", "")
    return Observation("light_curve", source.target(table.facts), points_of(rows, known), rows.value, *axes, names, origin)


IMPORTER = Importer("SNANA light curve", "light_curve", _find, _read)
