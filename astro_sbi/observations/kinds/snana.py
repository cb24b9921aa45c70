"""Supernova light curves in SNANA's text format: FLUXCAL in several bands, zero point 27.5.

Format: Kessler et al. (2009, PASP 121, 1028), SNANA manual, section on data files. Negative fluxes are measurements and are kept.
Surveys that number telescopes and bands by letters: files of the Pantheon+ release (Scolnic et al. 2022, ApJ 938, 113), whose letters its
calibration explains (Brout et al. 2022, ApJ 938, 111, files SNANA_kcor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
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
#: Letters that stand for bands, and the bands, by survey.
_LETTERS = {
    "KAIT": ("ABCDEFGHIJKLMNOPabcdefgh", "BVRI" * 6),
    "PS1_LOWZ_COMBINED": ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJK", "UBVRI" + "UBVri" * 2 + "BVri" + "uBVVVgri" + "UBVRI" * 2),
}


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


def _with_bands(table: Table, index: int | None) -> tuple[Table, tuple[str, ...]]:
    """The table with bands in place of letters, and a sentence that says so."""
    survey = str(table.facts.get("survey", "")).partition("(")[0].strip()
    if index is None or survey not in _LETTERS:
        return table, ()
    meaning, cells = dict(zip(*_LETTERS[survey], strict=True)), table.text(index)
    values = list(table.values)
    values[index] = np.array([meaning.get(cell, cell) for cell in cells])
    spoken = ", ".join(f"{cell} is {meaning[cell]}" for cell in sorted(set(cells) & set(meaning)))
    return replace(table, values=tuple(values)), (f"letters of the survey {survey} stand for bands: {spoken}",)


def _read(found: tuple[Table, Roles], source: Source, options: ReadOptions) -> Observation:
    table, roles = found
    zero = options.magnitude if options.magnitude is not None else ZERO_MAGNITUDE
    scale = 10 ** (-0.4 * (ZERO_MAGNITUDE - zero))
    table, guesses = _with_bands(table, roles.get("channel"))
    channel, names = channels_of(table, roles.get("channel"), "FLUXCAL")
    rows = Rows(table.numbers(roles["coordinate"]), table.numbers(roles["value"]) * scale, table.numbers(roles["uncertainty"]) * scale)
    rows = with_errors(cleaned(replace(rows, extra={"channel": channel})), options.error, "", options.signal_to_noise).guessed(*guesses)
    rows, names = with_present(rows, names)
    known = {**_known(table.facts), "zero_magnitude": zero * u.mag}
    origin = source.origin(IMPORTER.name, rows, origin_columns(table, roles))
    axes = Axis("time", "d", "MJD"), Axis(f"flux relative to magnitude {zero:g}", "")
    return Observation("light_curve", source.target(table.facts), points_of(rows, known), rows.value, *axes, names, origin)


IMPORTER = Importer("SNANA light curve", "light_curve", _find, _read)
