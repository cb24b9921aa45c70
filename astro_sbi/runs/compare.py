"""Finished runs side by side: what differs between them, what they say of the quantities they share, and which model the data prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u

from astro_sbi.diagnostics.agreement import Agreement, Interval, Published, Shift, agreement, shift
from astro_sbi.runs.differences import Difference, differences
from astro_sbi.runs.evidence import EvidenceComparison, evidence_comparison
from astro_sbi.runs.picture import quantities
from astro_sbi.runs.published import PublishedLine
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import SettingsError

LETTERS = "ABCDEF"
FEWEST, MOST = 2, len(LETTERS)
#: Numbers of the posterior predictive check, and how a table heads them.
FITS: Mapping[str, str] = {
    "chi2_per_point_quoted": "χ² per point",
    "p_value": "Predictive p",
    "largest_residual": "Largest residual [σ]",
    "noise_ratio": "Noise ratio",
}
_NAME_LENGTH = 44


@dataclass(frozen=True)
class Quantity:
    """One quantity that at least two runs have a distribution of, each entry one run's.

    Args:
        name: of the parameter or derived quantity.
        unit: of all numbers here: the first run's that has it.
        label: symbol and meaning.
        intervals: None where a run has no distribution of it.
        held: the value at which a run held it; None where it did not.
        shifts: from the first run; None for that one, and where one of the two is missing.
        meanings: what it stands for, where the runs differ in that; else empty.
    """

    name: str
    unit: str
    label: Mapping[str, str]
    intervals: tuple[Interval | None, ...]
    held: tuple[float | None, ...]
    shifts: tuple[Shift | None, ...]
    meanings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A published value in the unit of its quantity, and how each run agrees with it."""

    line: PublishedLine
    value: Published
    unit: str
    agreements: tuple[Agreement | None, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Finished runs side by side; entries of tuples are the runs', in their order.

    Args:
        results: the runs, the one that others are compared with first.
        letters: A, B, ...
        names: what each is called in figures.
        differences: settings that differ.
        quantities: that at least two runs have.
        alone: names of quantities that only one run has.
        evidence: which model the data prefer, where that can be said.
    """

    results: tuple[Result, ...]
    letters: tuple[str, ...]
    names: tuple[str, ...]
    differences: tuple[Difference, ...]
    quantities: tuple[Quantity, ...]
    alone: tuple[tuple[str, ...], ...]
    evidence: EvidenceComparison

    def draws(self, number: int, kind: str) -> dict[str, np.ndarray]:
        """Draws of a run by shared quantity, in the units of the comparison; empty where it has none of this kind."""
        found, numbers = self.results[number].draws(kind), quantities(self.results[number])
        shared = [one for one in self.quantities if one.name in found and one.intervals[number] is not None]
        return {one.name: _converted(found[one.name], numbers[one.name].get("unit", ""), one.unit) for one in shared}


def compare(results: Sequence[Result]) -> Comparison:
    """Compare two to six finished runs.

    Raises:
        SettingsError: if there are too few or too many.
    """
    if not FEWEST <= len(results) <= MOST:
        raise SettingsError(f"{FEWEST} to {MOST} runs can be compared, not {len(results)}")
    letters, found = tuple(LETTERS[: len(results)]), differences(results)
    both = tuple(filter(None, (_quantity(name, results) for name in _in_order(results))))
    shared = {one.name for one in both}
    alone = tuple(tuple(name for name in _in_order([result]) if name not in shared) for result in results)
    return Comparison(tuple(results), letters, _called(letters, found), found, both, alone, evidence_comparison(results, letters))


def judged(comparison: Comparison, lines: Sequence[PublishedLine]) -> tuple[Judged, ...]:
    """Published values against each run.

    Raises:
        SettingsError: if a name is not among the shared quantities, or a unit does not convert.
    """
    return tuple(_judged(comparison, line) for line in lines)


def _judged(comparison: Comparison, line: PublishedLine) -> Judged:
    quantity = next((one for one in comparison.quantities if one.name == line.name), None)
    if quantity is None:
        known = ", ".join(one.name for one in comparison.quantities)
        raise SettingsError(f"{line.name} is not among the quantities that these runs share, which are {known}")
    value, agreements = line.in_unit(quantity.unit), []
    for number, interval in enumerate(quantity.intervals):
        draws = comparison.draws(number, "posterior").get(line.name)
        weight = comparison.results[number].arrays["weight"]
        agreements.append(None if interval is None or draws is None else agreement(value, interval, draws, weight))
    return Judged(line, value, quantity.unit, tuple(agreements))


def _in_order(results: Sequence[Result]) -> list[str]:
    """Names of all quantities as the simulators list them, the first run's first."""
    return list(dict.fromkeys(name for result in results for name in quantities(result)))


def _quantity(name: str, results: Sequence[Result]) -> Quantity | None:
    rows = [quantities(result).get(name) for result in results]
    unit = next(row for row in rows if row).get("unit", "")
    intervals = tuple(_interval(row, unit) for row in rows)
    if sum(interval is not None for interval in intervals) < FEWEST:
        return None
    first = intervals[0]
    shifts = tuple(None if not number or one is None or first is None else shift(one, first) for number, one in enumerate(intervals))
    held = tuple((result.summary.get("fixed") or {}).get(name) for result in results)
    labels = [result.summary["labels"].get(name, {}) for result in results]
    meanings = tuple(label.get("meaning", "") for label in labels)
    several = {meaning for meaning, one in zip(meanings, intervals, strict=True) if one is not None}
    label = next(label for label, one in zip(labels, intervals, strict=True) if one is not None)
    return Quantity(name, unit, label, intervals, held, shifts, meanings if len(several) > 1 else ())


def _interval(row: Mapping[str, Any] | None, unit: str) -> Interval | None:
    if row is None or not _convertible(row.get("unit", ""), unit):
        return None
    ends = _converted(np.array([row["lower"], row["median"], row["upper"]], np.float64), row.get("unit", ""), unit)
    return Interval(*(float(end) for end in ends))


def _convertible(unit: str, wanted: str) -> bool:
    if unit == wanted:
        return True
    try:
        return bool(u.Unit(unit).is_equivalent(u.Unit(wanted)))
    except ValueError:
        return False


def _converted(value: np.ndarray, unit: str, wanted: str) -> np.ndarray:
    return value if unit == wanted else np.asarray(u.Unit(unit).to(u.Unit(wanted), value))


def _called(letters: Sequence[str], found: Sequence[Difference]) -> tuple[str, ...]:
    """Each run's letter and what sets it apart: of the differences, in order, those that tell more runs apart than the ones before."""
    told: list[tuple[str, ...]] = [()] * len(letters)
    for one in found:
        more = [(*words, *filter(None, [one.legend_entry(number)])) for number, words in enumerate(told)]
        told = more if len(set(more)) > len(set(told)) else told
    words = [", ".join(entries) for entries in told]
    cut = [text if len(text) <= _NAME_LENGTH else f"{text[: _NAME_LENGTH - 1]}…" for text in words]
    return tuple(f"{letter} · {text}" if text else letter for letter, text in zip(letters, cut, strict=True))
