"""Times: days, and what they count from, told by unit, name, header or size."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.time import Time
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Column, Fact, Table
from astro_sbi.observations.kinds.aliases import TIMES
from astro_sbi.observations.kinds.names import plain, plain_names, words
from astro_sbi.observations.kinds.roles import unit_text
from astro_sbi.observations.kinds.rows import finite_median
from astro_sbi.observations.observation import Kind, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import converted, unit_of

_SYSTEM = re.compile(
    r"\b(BJD|HJD|JD|MJD|BMJD)[_ (]*(?:TDB|UTC|TT|TCB)?[\s)(,]*[-_+\N{EN DASH}][\s(]*(\d{4,7}(?:\.\d+)?|\d(?:,\d{3}){1,2})", re.IGNORECASE
)
_BEHIND = re.compile(r"\b(2,?4\d\d,?\d{3}(?:\.\d+)?)\s*\+\s*(BJD|HJD|JD|MJD)\b", re.IGNORECASE)
_DOTTED = re.compile(r"\b([BHM]?)\.?J\.D\.", re.IGNORECASE)
_NAMED = re.compile(r"^\s*(BJD|HJD|JD|MJD|BMJD|BTJD|BKJD|RJD)(?![a-z])", re.IGNORECASE)
_SHORT = {"BTJD": "BJD - 2457000", "BKJD": "BJD - 2454833", "RJD": "JD - 2400000", "TJD": "BJD - 2457000"}
_PLAIN = ("JD", "BJD", "HJD", "MJD", "BMJD")
_ISO = re.compile(r"\s*\d{4}[-/]\d{2}[-/]\d{2}([T ]\d{2}:\d{2}.*)?$")
_MISSIONS = {"KEPLER": "BJD - 2454833", "K2": "BJD - 2454833", "TESS": "BJD - 2457000"}
#: Gaia counts its light curves from here (Gaia archive, table epoch_photometry).
_GAIA = "BJD - 2455197.5"
_UNITS_IN_NAMES = {"sec": "s", "secs": "s", "seconds": "s", "hours": "h", "hrs": "h", "minutes": "min", "mins": "min", "hr": "h"}


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
    unit = options.coordinate_unit or unit_text(column) or _unit_in_name(column, named=table.named)
    values = in_days(values, unit)
    if options.zero_point is not None:
        return Times(values, checked_zero_point(options.zero_point))
    said = _said(table, column)
    zero_point, guess = (said, "") if said else _by_size(values, kind, magnitudes=magnitudes)
    if not said and {"transitid", "fluxovererror"} <= set(plain_names(table)):
        zero_point, guess = _GAIA, f"what the times count from is not said: {_GAIA} was assumed, as in Gaia's archive"
    if unit is None and not zero_point:
        guess = "the times have no unit: days were assumed"
    if said in _PLAIN and (corrected := _corrected(said, values)) != said:
        zero_point, guess = corrected, f"the times are called {said} and their size is not that: {corrected} was assumed from it"
    return Times(values, zero_point, (guess,) if guess else ())


def in_days(values: np.ndarray, unit: str | None) -> np.ndarray:
    """Times in days; a unit that is none but names a system, such as ``BJD - 2457000``, means days too.

    Raises:
        ObservationError: if the unit is no time.
    """
    if unit is None or system_in(unit) or _NAMED.match(unit):
        return values
    return converted(values, unit_of(unit), u.d, "time")


def system_in(text: str) -> str:
    """The system and zero point in a text such as ``BJD_TDB - 2457000`` or ``Time (HJD-2450000)``; empty if there is none."""
    text = _DOTTED.sub(r"\1JD", text[:100].replace("'", ""))
    match, behind = _SYSTEM.search(text), _BEHIND.search(text)
    name, number = (match[1], match[2]) if match else (behind[2], behind[1]) if behind else ("", "")
    number = number.replace(",", "").removesuffix(".0")
    if number == "2400000.5":
        return "BMJD" if name.upper() == "BJD" else "MJD"
    return f"{name.upper()} - {number}" if name else ""


def _unit_in_name(column: Column, *, named: bool) -> str | None:
    """A unit at the end of a name such as ``time_hours``."""
    parts = words(column.name) if named else ()
    return _UNITS_IN_NAMES.get(parts[-1]) if len(parts) > 1 else None


def _said(table: Table, column: Column) -> str:
    """The zero point that unit, name or header give; empty if none does."""
    for text in (column.unit or "", column.name if table.named else "", column.meaning):
        if system := system_in(text):
            return system
    name = plain(column.name) if table.named else ""
    numbered = re.match(r"(bjd|hjd|jd|mjd)(?:tdb|utc|tcb)?(\d{4,7})$", name)
    if numbered:
        return f"{numbered[1].upper()} - {numbered[2]}"
    for text in (column.unit or "", column.name if table.named else ""):
        match = _NAMED.match(text)
        if match and match[1].upper() in _SHORT:
            return _SHORT[match[1].upper()]
    named = next((system for system, aliases in TIMES.items() if system and name in aliases.split()), "")
    match = _NAMED.match(column.unit or "") or re.search(r"\b(bjd|hjd|bmjd|mjd|jd)\b", " ".join(words(column.name)) if table.named else "")
    return named or (match[1].upper() if match else "") or zero_point_in(table.facts)


def zero_point_in(facts: Mapping[str, Fact]) -> str:
    """What the times of a file count from, as its header says; empty if it does not."""
    for system in ("bjd", "mjd", "jd"):
        whole, part = facts.get(f"{system}refi", facts.get(f"{system}ref")), facts.get(f"{system}reff", 0.0)
        if _is_number(whole) and _is_number(part):
            reference = float(whole) + float(part)
            if reference or system == "bjd":
                return f"{system.upper()} - {reference:.10g}" if reference else system.upper()
    mission = str(facts.get("telescop", facts.get("mission", ""))).strip().upper()
    return _MISSIONS.get(mission, "") or _said_outright(facts)


def _said_outright(facts: Mapping[str, Fact]) -> str:
    text = str(facts.get("time_zero", facts.get("time_zero_point", "")))[:30]
    return system_in(text) or (text.strip() if text.strip() in _PLAIN else "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value)) and 0 <= value < 5e6


def _by_size(values: np.ndarray, kind: Kind, *, magnitudes: bool) -> tuple[str, str]:
    """Zero point guessed from the size of the times, and the sentence that says so."""
    middle, guess = finite_median(values), ""
    if 2_400_000 < middle < 2_500_000:
        guess = "JD"
    elif 40_000 < middle < 70_000:
        guess = "JD - 2400000" if kind == "velocities" else "MJD"
    elif magnitudes and 1_000 < middle < 12_000:
        guess = "HJD - 2450000"
    return guess, f"what the times count from is not said: {guess} was assumed from their size" if guess else ""


def _corrected(said: str, values: np.ndarray) -> str:
    """A Julian date that is too small for one lacks its first digits; a modified one that is too large is none."""
    middle = finite_median(values)
    if said in ("MJD", "BMJD"):
        return said.replace("MJD", "JD") if 2_400_000 < middle < 2_500_000 else said
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
    texts = [cells[index].strip()[:40].rstrip("Zz").removesuffix("+00:00").replace("T", " ").replace("/", "-") for index in filled]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values[filled] = Time(texts, format="iso", scale="utc").mjd
    except ValueError:
        raise ObservationError("its dates are not all written as 2024-05-31T23:59:59; write them so, or give Julian dates") from None
    return Times(values, "MJD", ("the times are dates: MJD in UTC was computed from them",))


def checked_zero_point(zero_point: str) -> str:
    """A zero point as the user wrote it, in this package's spelling.

    Raises:
        ObservationError: if it is none.
    """
    text = zero_point.strip()
    if _SYSTEM.fullmatch(text):
        return system_in(text)
    if text.upper() in ("", *_PLAIN):
        return text.upper()
    if text.upper() in _SHORT:
        return _SHORT[text.upper()]
    raise ObservationError(f"'{text[:30]}' is no zero point of times; write it like BJD - 2457000, or JD, BJD, HJD, MJD, BTJD, BKJD")
