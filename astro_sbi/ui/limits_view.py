"""Limits of checks and their sources as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from astro_sbi.diagnostics.judging import Threshold
from astro_sbi.ui.tables import table
from astro_sbi.ui.words import escaped, number


def limits_table(rows: Sequence[Threshold], about: Mapping[str, str]) -> None:
    """One row a check.

    Args:
        rows: of the table of thresholds.
        about: what each number is, by the check's name.
    """
    table([_row(row, about.get(row.name, row.name)) for row in rows], alt="Limits of every check and their sources")


def plain(value: float) -> str:
    """Counts of thousands in full, all else to three digits."""
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else number(value)


def sign(threshold: Threshold) -> str:
    """How a number has to stand to the limit of what is good."""
    return "≥" if threshold.better == "high" else "≤"


def _row(threshold: Threshold, about: str) -> dict[str, str]:
    beyond = "<" if threshold.better == "high" else ">"
    # Escaped, for Markdown takes a > at the beginning for a quotation.
    return {
        "Check": escaped(about),
        "Good": escaped(f"{sign(threshold)} {plain(threshold.good)}"),
        "Do not trust": escaped(f"{beyond} {plain(threshold.bad)}") if math.isfinite(threshold.bad) else "–",
        "Source": escaped(threshold.source),
    }
