"""Rows of the comparison with other samplers: kept in a CSV as they come, and told as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Row:
    """One observation; numbers are NaN where there is nothing to compare with.

    Args:
        observation: its name.
        simulator: that was taken.
        points: of the prepared observation.
        parameters: that are free.
        verdict: of the engine.
        efficiency: of the importance weights.
        khat: of the importance weights.
        predictive_p: with the quoted errors.
        checking: seconds of the checks over those of search, simulations, compilation and training.
        cpu: seconds of the engine.
        evidence: log evidence of the engine.
        evidence_error: its standard error.
        nuts_cpu: seconds of NUTS.
        nuts_shift: largest difference of medians, in half widths of the reference.
        nuts_narrow: least ratio of widths, the engine's over the reference's.
        nuts_wide: largest.
        nested_cpu: seconds of nested sampling.
        nested_shift: as of NUTS.
        nested_evidence: log evidence.
        nested_error: its standard error.
        published: largest difference of a median from the published value, in sigma of both.
    """

    observation: str
    simulator: str
    points: int
    parameters: int
    verdict: str
    efficiency: float
    khat: float
    predictive_p: float
    checking: float
    cpu: float
    evidence: float
    evidence_error: float
    nuts_cpu: float = np.nan
    nuts_shift: float = np.nan
    nuts_narrow: float = np.nan
    nuts_wide: float = np.nan
    nested_cpu: float = np.nan
    nested_shift: float = np.nan
    nested_evidence: float = np.nan
    nested_error: float = np.nan
    published: float = np.nan


def read_rows(path: Path) -> dict[str, Row]:
    """Rows of the CSV by observation."""
    kinds: Mapping[str, Any] = {"str": str, "int": int, "float": float}
    made = csv.DictReader(path.open()) if path.is_file() else []
    rows = [Row(**{field.name: kinds[str(field.type)](one[field.name]) for field in fields(Row)}) for one in made]
    return {row.observation: row for row in rows}


def append(path: Path, row: Row) -> None:
    """Keep a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        if not file.tell():
            writer.writeheader()
        writer.writerow(asdict(row))


def told(rows: list[Row]) -> str:
    """The table and what it comes to."""
    head = "| observation | points | parameters | verdict | efficiency | k-hat | predictive p | CPU s | NUTS CPU s | shift | widths "
    head += "| nested CPU s | shift | ln Z | ln Z nested | from published | checks |"
    lines = [head, "| --- | ---: | ---: | --- |" + " ---: |" * 13]
    for row in rows:
        numbers = [f"{100 * row.efficiency:.0f} %", f"{row.khat:.2f}", f"{row.predictive_p:.2g}", f"{row.cpu:.0f}", whole(row.nuts_cpu)]
        numbers += [said(row.nuts_shift), said(row.nuts_narrow, " to ", row.nuts_wide), whole(row.nested_cpu), said(row.nested_shift)]
        numbers += [f"{row.evidence:.2f} ± {row.evidence_error:.2g}", said(row.nested_evidence, " ± ", row.nested_error)]
        numbers += ["" if np.isnan(row.published) else f"{row.published:.1f} sigma", f"{100 * row.checking:.0f} %"]
        lines.append(f"| {row.observation} | {row.points} | {row.parameters} | {row.verdict} | {' | '.join(numbers)} |")
    return "\n".join([*lines, "", *summed(rows)])


def said(value: float, between: str = "", other: float = np.nan) -> str:
    """A number, or two, or a dash."""
    if np.isnan(value):
        return "–"
    return f"{value:.2f}{between}{other:.2f}" if between else f"{value:.2f}"


def whole(value: float) -> str:
    """A number without decimals, or a dash."""
    return "–" if np.isnan(value) else f"{value:.0f}"


def summed(rows: list[Row]) -> list[str]:
    """What the table comes to, in sentences."""
    every = {field.name: np.array([getattr(row, field.name) for row in rows]) for field in fields(Row) if field.type == "float"}
    gap = np.abs(every["evidence"] - every["nested_evidence"]) / np.hypot(every["evidence_error"], every["nested_error"])
    lines = [f"{len(rows)} observation{'s' * (len(rows) > 1)}: {', '.join(f'{count} {grade}' for grade, count in graded(rows).items())}."]
    for sampler in ("nuts", "nested"):
        shift, cpu = every[f"{sampler}_shift"], every[f"{sampler}_cpu"]
        kept = np.isfinite(shift)
        close = f"{(shift[kept] <= 0.2).mean():.0%} of them with every median within 0.2 sigma" if kept.any() else "none"
        ratio = f"{np.median(cpu[kept] / every['cpu'][kept]):.2f}" if kept.any() else "–"
        lines.append(f"{sampler}: a reference for {kept.sum()}, {close}; its CPU seconds over the engine's there {ratio} (median).")
    if np.isfinite(gap).any():
        lines.append(
            f"Log evidence within 3 sigma of nested sampling for {np.mean(gap[np.isfinite(gap)] <= 3):.0%} of {np.isfinite(gap).sum()}."
        )
    share = 100 * every["checking"]
    lines.append(f"The checks add {np.median(share):.0f} % (median) and at most {share.max():.0f} % to the training.")
    return lines


def graded(rows: list[Row]) -> dict[str, int]:
    """How many rows have each verdict."""
    return {grade: sum(row.verdict == grade for row in rows) for grade in ("good", "caution", "do not trust")}
