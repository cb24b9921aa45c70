"""Where a table keeps the errors of a column, and what they are."""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kinds.aliases import ERROR, IVAR, SNR, VARIANCE
from astro_sbi.observations.kinds.names import first, is_magnitude, plain_names, words

#: Words that tell an upper error from a lower one, and marks that do so behind a particular name.
_SIDES = (
    *(("up", "low"), ("upper", "lower"), ("plus", "minus"), ("pos", "neg"), ("high", "low"), ("hi", "lo"), ("up", "down"), ("up", "dn")),
    *(("up", "lo"), ("upp", "low"), ("max", "min")),
)
_MARKS = (("1", "2"), ("p", "m"), ("u", "l"), ("h", "l"))
_ERRORS = frozenset(
    ("err", "error", "errs", "errors", "unc", "uncert", "uncertainty", "uncertainties", "sigma", "sig", "std", "stdev", "stddev", "rms")
)
_MEASURES = frozenset(("flux", "mag", "magnitude"))
_PAIRED = ("err", "error", "magerr", "fluxerr")


def _stems(name: str) -> list[str]:
    """What the error of a column may be called; the most particular first."""
    behind = ("errfinal", "err", "error", "uncertainty", "unc", "sigma", "std", "errdiag", "e", "serr")
    before = ("e", "err", "s", "sig", "sigma", "u", "unc", "d", "error")
    numbered = re.fullmatch(r"([a-z]+)(\d)", name)
    inside = [f"{numbered[1]}err{numbered[2]}", f"err{numbered[2]}"] if numbered else []
    inside += [f"{name.removesuffix('mpro')}sigmpro"] * name.endswith("mpro")
    return [*(f"{name}{word}" for word in behind), *(f"{word}{name}" for word in before), *inside]


def _pair(names: list[str], name: str) -> dict[str, int]:
    """An upper and a lower error."""
    own = [stem for stem in _stems(name) if len(stem) > 2]
    pairs = [(f"{stem}{up}", f"{stem}{low}") for stem in own for up, low in (*_SIDES, *_MARKS)]
    pairs += [(f"{up}{stem}", f"{low}{stem}") for stem in own for up, low in _SIDES]
    pairs += [(f"e{up}{name}", f"e{low}{name}") for up, low in _SIDES]
    pairs += [(f"{stem}{up}", f"{stem}{low}") for stem in _PAIRED for up, low in _SIDES]
    found = next(((upper, lower) for upper, lower in pairs if upper in names and lower in names), None)
    return {"uncertainty": names.index(found[0]), "lower": names.index(found[1])} if found else {}


def _worded(table: Table, value: int) -> int | None:
    """A column whose name is that of the value and a word for errors: ``rel_flux_err_T1`` is that of ``rel_flux_T1``."""
    wanted = words(table.columns[value].name)
    short = tuple(word for word in wanted if word not in _MEASURES)
    found: dict[bool, int] = {}
    for index, column in enumerate(table.columns):
        parts = words(column.name)
        rest = tuple(word for word in parts if word not in _ERRORS)
        rest = rest[1:] if rest == parts and parts[:1] in (("e",), ("d",), ("s",), ("u",)) else rest
        if rest == parts or index == value or not rest:
            continue
        if rest == wanted or (short and tuple(word for word in rest if word not in _MEASURES) == short):
            found.setdefault(rest == wanted, index)
    return found.get(True, found.get(False))


def _fits(name: str, *, magnitudes: bool) -> bool:
    """Whether a general name for errors can be that of a flux or of a magnitude."""
    return "flux" not in name if magnitudes else "mag" not in name


def error_columns(table: Table, value: int) -> dict[str, int]:
    """Where the errors of a value stand: in a column, an upper and a lower one, an inverse variance, a variance or a ratio."""
    names = plain_names(table)
    name = names[value]
    pair = _pair(names, name)
    if pair:
        return pair
    found = first(names, " ".join(_stems(name)))
    if found is None and name.startswith("m") and f"sigma{name[1:]}" in names:
        found = names.index(f"sigma{name[1:]}")
    found = _worded(table, value) if found in (None, value) and table.named else found
    if found in (None, value):
        general = [alias for alias in ERROR.split() if _fits(alias, magnitudes=is_magnitude(table.columns[value].name))]
        found = first([each if index != value else "" for index, each in enumerate(names)], " ".join(general))
    if found is not None:
        return {"uncertainty": found}
    for role, aliases in (("ivar", f"{name}ivar ivar{name} {IVAR}"), ("variance", f"{name}var {VARIANCE}"), ("snr", SNR)):
        index = first(names, aliases)
        if index is not None and index != value:
            return {role: index}
    return {}


def errors_of_weights(ivar: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    """Standard deviations of inverse variances, NaN where one is not above zero: nothing was measured there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ivar > 0, 1 / np.sqrt(ivar), np.nan)


def errors_in(table: Table, columns: dict[str, int], value: np.ndarray) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Standard deviations in the unit of their column, NaN where there is none, and sentences on how they came about.

    Args:
        table: that holds them.
        columns: index of the column of each role.
        value: what they belong to, in the file's unit.
    """
    index, lower = columns.get("uncertainty"), columns.get("lower")
    if index is not None and lower is not None:
        sentence = "its upper and lower errors were averaged: the likelihoods here are Gaussian"
        return 0.5 * (np.abs(table.numbers(index)) + np.abs(table.numbers(lower))), (sentence,)
    if index is not None:
        return table.numbers(index), ()
    if (ivar := columns.get("ivar")) is not None:
        return errors_of_weights(table.numbers(ivar)), ()
    with np.errstate(divide="ignore", invalid="ignore"):
        if (variance := columns.get("variance")) is not None:
            return np.sqrt(table.numbers(variance)), ()
        if (ratio := columns.get("snr")) is not None:
            found = np.abs(value / table.numbers(ratio))
            return np.where(np.isfinite(found), found, np.nan), ("its errors were computed from its ratios of value to error",)
    return None, ()
