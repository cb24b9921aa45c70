"""Rows of a file between its columns and an observation: dropping with a reason, sorting, estimating errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from astro_sbi.observations.observation import Noise, ObservationError, Points

FLAGGED = "quality flag set"
#: Errors that differ from the typical one by more than this factor stand for nothing.
_ABSURD = 1e6
#: No time in days, wavelength in Angstrom or redshift is beyond this, and no value beyond that.
_FARTHEST, _LARGEST = 1e15, 1e100
#: Longest series of observations that is believed [d].
_LONGEST_SPAN = 100 * 365.25
#: Numbers that stand for nothing in one catalogue or another.
_SENTINELS = (99.0, 99.9, 99.99, 99.999, 99.9999, 999.0, 999.9, 999.99, 999.999, 9999.0, 9999.99, 99999.0, 9.99e99, 1e20, 1e30)


@dataclass(frozen=True, eq=False)
class Rows:
    """Columns of equal length with what was dropped from them so far.

    Args:
        coordinate: time, wavelength or redshift.
        value: what was measured.
        sigma: errors of the value; None where the file has none.
        extra: further numbers of each row, such as the channel (whole numbers) or the resolution.
        dropped: number of rows dropped for each reason.
        warnings: sentences for the user.
        guesses: sentences on what was guessed.
        source: whether the errors were quoted or estimated.
    """

    coordinate: Float64[np.ndarray, " n"]
    value: Float64[np.ndarray, " n"]
    sigma: Float64[np.ndarray, " n"] | None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    source: Literal["quoted", "estimated"] = "quoted"

    def __len__(self) -> int:
        return len(self.value)

    @property
    def channel(self) -> np.ndarray:
        """Index of the channel of every row."""
        return np.asarray(self.extra.get("channel", np.zeros(len(self))), dtype=np.int32)

    def taken(self, index: np.ndarray) -> Rows:
        """These rows at an index or a mask."""
        sigma = None if self.sigma is None else self.sigma[index]
        extra = {name: values[index] for name, values in self.extra.items()}
        return replace(self, coordinate=self.coordinate[index], value=self.value[index], sigma=sigma, extra=extra)

    def without(self, bad: Bool[np.ndarray, " n"], reason: str) -> Rows:
        """These rows less the bad ones, which are counted."""
        count = int(bad.sum())
        if not count:
            return self
        return replace(self.taken(~bad), dropped={**self.dropped, reason: self.dropped.get(reason, 0) + count})

    def warned(self, *sentences: str) -> Rows:
        """These rows with more warnings."""
        return replace(self, warnings=self.warnings + sentences)

    def guessed(self, *sentences: str) -> Rows:
        """These rows with more guesses."""
        return replace(self, guesses=self.guesses + sentences)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sentinels(values: Float64[np.ndarray, " n"], *, zero: bool = False) -> Bool[np.ndarray, " n"]:
    """Where one of the numbers stands that catalogues write for nothing, of either sign, far from all others; perhaps 0 is one too."""
    suspect = np.isin(np.abs(values), (0.0, *_SENTINELS) if zero else _SENTINELS)
    others = values[~suspect & np.isfinite(values)]
    if not suspect.any() or not len(others):
        return suspect
    low, high = np.quantile(others, [0.01, 0.99])
    width = max(high - low, 0.05 * abs(low + high) / 2)
    return suspect & ((values < low - 3 * width) | (values > high + 3 * width))


def cleaned(rows: Rows, *, flagged: Bool[np.ndarray, " n"] | None = None, noun: str = "time") -> Rows:
    """Rows that can be used, sorted by coordinate; everything dropped is counted.

    Args:
        rows: as read.
        flagged: rows that the file itself calls bad.
        noun: what the coordinate is called.

    Raises:
        ObservationError: if nothing is left, or more than half was unusable for other reasons than the file's own flags.
    """
    total = len(rows)
    if not total:
        raise ObservationError("it has no rows; give a file with measurements")
    missing = ~(np.abs(rows.coordinate) < _FARTHEST)
    rows = rows.without(missing, f"no {noun}")
    if flagged is not None:
        rows = rows.without(flagged[~missing], FLAGGED)
    if noun == "time":
        rows = rows.without(sentinels(rows.coordinate, zero=True), "no time")
    rows = rows.without(~np.isfinite(rows.value), "no value")
    rows = rows.without(np.abs(rows.value) > _LARGEST, "absurdly large value")
    rows = _with_usable_errors(rows.without(sentinels(rows.value), "value that stands for nothing (such as -99)"), noun)
    usable = total - rows.dropped.get(FLAGGED, 0)
    if not len(rows):
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in rows.dropped.items())
        raise ObservationError(f"none of its {_counted(total, 'row')} can be used ({reasons}); check the columns")
    if usable - len(rows) > 0.5 * usable and noun != "band":
        lost = ", ".join(f"{reason}: {count:,}" for reason, count in rows.dropped.items() if reason != FLAGGED)
        raise ObservationError(
            f"more than half of its {_counted(total, 'row')} cannot be used ({lost}); repair the file or give the part that is whole"
        )
    rows = _in_order(rows, noun)
    if len(rows) > 2 and rows.value.min() == rows.value.max():
        rows = rows.warned(f"all its values are the same, {rows.value[0]:.6g}")
    few = len(rows) < 10 and noun != "band"
    return rows.warned(f"there {'is only 1 point' if len(rows) == 1 else f'are only {len(rows)} points'}") if few else rows


def _with_usable_errors(rows: Rows, noun: str) -> Rows:
    if rows.sigma is None or not len(rows):
        return rows
    if not np.isfinite(rows.sigma).any():
        return replace(rows, sigma=None).warned("the error column is empty")
    if not (rows.sigma > 0).any():
        raise ObservationError(
            "no error is above zero; give errors (standard deviations), or leave the column out to have the scatter estimated"
        )
    missing, negative = ~np.isfinite(rows.sigma), rows.sigma <= 0
    if 2 * missing.sum() > len(rows) and noun != "band":
        few = f"only {len(rows) - int(missing.sum()):,} of {_counted(len(rows), 'row')} have an error: the errors were left aside"
        return replace(rows, sigma=None).warned(few)
    rows = rows.without(missing, "no error").without(negative[~missing], "error not above zero")
    if not len(rows):
        return rows
    sigma = np.asarray(rows.sigma)
    typical = np.median(sigma)
    if typical < 1e-12 * np.median(np.abs(rows.value)):
        raise ObservationError(f"its errors are absurdly small (median {typical:.1e}); check the column and its unit")
    if typical > 1e12 * np.max(np.abs(rows.value)) > 0:
        raise ObservationError(f"its errors are absurdly large (median {typical:.1e}); check the column and its unit")
    absurd = (sigma > _ABSURD * typical) | (sigma < typical / _ABSURD) | sentinels(sigma)
    return rows.without(absurd, "error absurdly large or small")


def _in_order(rows: Rows, noun: str) -> Rows:
    keys = [rows.value, rows.channel, rows.coordinate] if rows.sigma is None else [rows.sigma, rows.value, rows.channel, rows.coordinate]
    if len(rows) > 1 and rows.coordinate.min() == rows.coordinate.max():
        raise ObservationError(f"all its {noun}s are the same; check the column of {noun}s")
    if noun == "time" and len(rows) and np.ptp(rows.coordinate) > _LONGEST_SPAN:
        years = np.ptp(rows.coordinate) / 365.25
        rows = rows.warned(f"its times span {years:,.0f} years: some of them may count from another day than the others")
    unsorted = bool((np.diff(rows.coordinate) < 0).any())
    rows = rows.taken(np.lexsort(keys))
    if unsorted:
        rows = rows.warned(f"the rows were not in order of {noun} and were sorted")
    same = np.append(False, (np.diff(rows.coordinate) == 0) & (np.diff(rows.channel) == 0))
    identical = same & np.append(False, np.diff(rows.value) == 0)
    if rows.sigma is not None:
        identical &= np.append(False, np.diff(rows.sigma) == 0)
    other = same & ~identical
    if other.any():
        first = rows.coordinate[other][0]
        repeated = f"{_counted(int(other.sum()), 'row')} repeat the {noun} of another with another value (first at {first:.10g})"
        several = "; the file may hold several series" if noun == "time" and 4 * other.sum() > len(rows) else ""
        rows = rows.warned(f"{repeated}; all were kept{several}")
    return rows.without(identical, "repeated row")


def scatter(value: Float64[np.ndarray, " n"]) -> float:
    """Robust standard deviation of point-to-point noise: ``1.4826 median|e|/sqrt(1.5)``, ``e_i = y_i - (y_{i-1} + y_{i+1})/2``.

    Trends longer than three points do not count.
    """
    if len(value) < 3:
        return float("nan")
    step = value[1:-1] - 0.5 * (value[:-2] + value[2:])
    return float(1.4826 * np.median(np.abs(step - np.median(step))) / np.sqrt(1.5))


def finite_median(values: Float64[np.ndarray, " n"]) -> float:
    """Median of those that are finite, NaN where none is; that of numbers too large to be added is infinite."""
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        return float(np.median(finite)) if len(finite) else float("nan")


def with_errors(rows: Rows, error: float | None, unit: str, signal_to_noise: float | None = None) -> Rows:
    """Rows that have errors: the user's, the file's, or their own scatter, channel by channel.

    Raises:
        ObservationError: if there is nothing to estimate them from.
    """
    for name, number in (("error", error), ("signal-to-noise", signal_to_noise)):
        if number is not None and not (np.isfinite(number) and number > 0):
            raise ObservationError(f"the {name} must be a number above zero, not {number:g}")
    if error is not None:
        return replace(rows, sigma=np.full(len(rows), float(error)))
    if signal_to_noise is not None:
        typical = float(np.median(np.abs(rows.value))) or float(np.mean(np.abs(rows.value)))
        if not typical:
            raise ObservationError("all its values are zero, so that a signal-to-noise ratio gives no errors; give an error instead")
        return replace(rows, sigma=np.maximum(np.abs(rows.value), 0.1 * typical) / signal_to_noise)
    if rows.sigma is not None:
        return rows
    channels, sigma = np.unique(rows.channel), np.empty(len(rows))
    for channel in channels:
        sigma[rows.channel == channel] = scatter(rows.value[rows.channel == channel])
    if not (sigma > 0).all():
        raise ObservationError(
            "it has no errors, and they cannot be estimated from the scatter of so few or so equal values; add a column of errors"
        )
    shown = f"{np.median(sigma):.3g} {'x ' if unit[:1].isdigit() else ''}{unit}".strip()
    sentence = f"the file has no errors: {shown} was estimated from the scatter of neighbouring points and stands for all"
    return replace(rows, sigma=sigma, source="estimated").warned(sentence)


def points_of(rows: Rows, known: Mapping) -> Points:
    """Rows as an observing pattern."""
    noise = Noise(np.ascontiguousarray(rows.sigma, dtype=np.float64), rows.source)
    coordinate = np.ascontiguousarray(rows.coordinate, dtype=np.float64)
    return Points(coordinate, rows.channel, np.ones(len(rows), bool), noise, dict(known))


def cadence(coordinate: Float64[np.ndarray, " n"]) -> float:
    """Median step between neighbouring points that differ; NaN for fewer than two."""
    steps = np.diff(coordinate)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else float("nan")
