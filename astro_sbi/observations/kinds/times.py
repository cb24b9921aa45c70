"""Times: days, and what they count from, told by unit, name, header or size."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.time import Time
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Column, Table
from astro_sbi.observations.kinds.aliases import TIMES
from astro_sbi.observations.kinds.roles import plain, unit_text
from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_SYSTEM = re.compile(r"\b(BJD|HJD|JD|MJD|BMJD)(?:[_ (]*(?:TDB|UTC|TT))?\)?\s*[-_]\s*(\d{4,7}(?:\.\d+)?)", re.IGNORECASE)
_NAMED = re.compile(r"^\s*(BJD|HJD|JD|MJD|BMJD|BTJD|BKJD|RJD)\b", re.IGNORECASE)
_SHORT = {"BTJD": "BJD - 2457000", "BKJD": "BJD - 2454833", "RJD": "JD - 2400000"}
_ISO = re.compile(r"\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$")
_MISSIONS = {"KEPLER": "BJD - 2454833", "K2": "BJD - 2454833", "TESS": "BJD - 2457000"}


@dataclass(frozen=True, eq=False)
class Times:
    """Times in days.

    Args:
        values: as in the file, in days.
        zero_point: what they count from, such as ``BJD - 2457000``; empty where nothing tells.
        guesses: sentences on what was guessed.
    """

    values: Float64[np.ndarray, " n"]
    zero_point: str
    guesses: tuple[str, ...] = ()


def times_of(table: Table, index: int, options: ReadOptions, kind: Kind, *, magnitudes: bool = False) -> Times:
    """The times in a column.

    Args:
        table: that holds it.
        index: of the column.
        options: what the user says about unit and zero point.
        kind: of the observation; the habits of its field settle what the size of the numbers leaves open.
        magnitudes: whether magnitudes were measured, as surveys that count from 2450000 do.

    Raises:
        ObservationError: if they are neither numbers nor dates, or their unit is no time.
    """
    column = table.columns[index]
    if table.values[index].dtype.kind == "U" and _is_dates(table.text(index)):
        return _dates(table.text(index))
    values = table.numbers(index)
    unit = options.coordinate_unit or unit_text(column)
    if unit is not None and not _SYSTEM.search(unit) and not _NAMED.match(unit):
        values = converted(values, unit_of(unit), u.d, "time")
    if options.zero_point is not None:
        return Times(values, _checked(options.zero_point))
    said = _said(table, column)
    zero_point, guess = (said, "") if said else _by_size(values, kind, magnitudes=magnitudes)
    if unit is None and not zero_point:
        guess = "the times have no unit: days were assumed"
    if said in ("JD", "BJD", "HJD", "MJD") and (corrected := _corrected(said, values)) != said:
        zero_point, guess = corrected, f"the times are called {said} and are too small for it: {corrected} was assumed from their size"
    return Times(values, zero_point, (guess,) if guess else ())


def _said(table: Table, column: Column) -> str:
    """The zero point that unit, name or header give; empty if none does."""
    for text in (column.unit or "", column.name if table.named else "", column.meaning):
        match = _SYSTEM.search(text)
        if match:
            return f"{match[1].upper()} - {match[2]}"
    name = plain(column.name) if table.named else ""
    named = next((system for system, aliases in TIMES.items() if system and name in aliases.split()), "")
    numbered = re.match(r"(bjd|hjd|jd|mjd)(?:tdb|utc)?(\d{4,7})$", name)
    if numbered:
        return f"{numbered[1].upper()} - {numbered[2]}"
    match = _NAMED.match(column.unit or "")
    return named or (_SHORT.get(match[1].upper(), match[1].upper()) if match else "") or _header(table)


def _header(table: Table) -> str:
    facts = table.facts
    whole, part = facts.get("bjdrefi"), facts.get("bjdreff", 0.0)
    if isinstance(whole, int | float) and isinstance(part, int | float) and not isinstance(whole, bool):
        return f"BJD - {float(whole) + float(part):.10g}" if whole or part else "BJD"
    mission = str(facts.get("telescop", facts.get("mission", ""))).strip().upper()
    return _MISSIONS.get(mission, "") or str(facts.get("time_zero", ""))[:30]


def _by_size(values: np.ndarray, kind: Kind, *, magnitudes: bool) -> tuple[str, str]:
    """Zero point guessed from the size of the times, and the sentence that says so."""
    finite = values[np.isfinite(values)]
    middle = float(np.median(finite)) if len(finite) else 0.0
    guess = ""
    if 2_400_000 < middle < 2_500_000:
        guess = "JD"
    elif 40_000 < middle < 70_000:
        guess = "JD - 2400000" if kind == "velocities" else "MJD"
    elif magnitudes and 1_000 < middle < 12_000:
        guess = "HJD - 2450000"
    return guess, f"what the times count from is not said: {guess} was assumed from their size" if guess else ""


def _corrected(said: str, values: np.ndarray) -> str:
    """A Julian date that is too small for one lacks its first digits; a modified one that is too large is none."""
    finite = values[np.isfinite(values)]
    middle = float(np.median(finite)) if len(finite) else 0.0
    if said == "MJD":
        return "JD" if 2_400_000 < middle < 2_500_000 else said
    if 40_000 < middle < 70_000:
        return f"{said} - 2400000"
    return f"{said} - 2450000" if 1_000 < middle < 12_000 else said


def _is_dates(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and bool(_ISO.match(filled[0][:40]))


def _dates(cells: list[str]) -> Times:
    """Modified Julian dates of dates in ISO 8601; a missing one is NaN."""
    values = np.full(len(cells), np.nan)
    filled = [index for index, cell in enumerate(cells) if cell]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values[filled] = Time([cells[index].strip().rstrip("Zz").replace("T", " ") for index in filled], format="iso", scale="utc").mjd
    except ValueError:
        raise ObservationError("its dates are not all written as 2024-05-31T23:59:59; write them so, or give Julian dates") from None
    return Times(values, "MJD", ("the times are dates: MJD in UTC was computed from them",))


def _checked(zero_point: str) -> str:
    text = zero_point.strip()
    match = _SYSTEM.fullmatch(text)
    if match:
        return f"{match[1].upper()} - {match[2]}"
    if text.upper() in ("JD", "BJD", "HJD", "MJD", "BMJD", ""):
        return text.upper()
    if text.upper() in _SHORT:
        return _SHORT[text.upper()]
    raise ObservationError(f"'{text[:30]}' is no zero point of times; write it like BJD - 2457000, or JD, BJD, HJD, MJD, BTJD, BKJD")
