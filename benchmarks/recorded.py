"""Figures of the benchmark kept in a CSV, one row each as it comes, and the published ones to set beside them."""

from __future__ import annotations

import csv
import dataclasses
import importlib.metadata
import io
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

PUBLISHED_NAMES = {"npe": "NPE", "tsnpe": "SNPE", "snpe_c": "SNPE"}
PACKAGES = ("astro_sbi", "jax", "flowjax", "scikit-learn")


class Key(NamedTuple):
    """What a figure is of; a row with this key is computed once."""

    task: str
    method: str
    corrected: bool
    simulations: int
    observation: int
    seed: int


@dataclass(frozen=True)
class Row:
    """One C2ST.

    Args:
        task: name of the task.
        method: how the posterior was inferred.
        corrected: whether importance sampling followed.
        simulations: budget, all rounds together.
        observation: number of the observation.
        seed: of simulations, network, training and draws.
        c2st: accuracy of the classifier; 0.5 is perfect.
        training_seconds: wall time of simulation and training, compilation included; of one training that serves all
            observations where the method is amortised.
        c2st_seconds: wall time of the classifier.
        outside: share of the draws outside the prior.
        versions: packages and Python.
    """

    task: str
    method: str
    corrected: bool
    simulations: int
    observation: int
    seed: int
    c2st: float
    training_seconds: float
    c2st_seconds: float
    outside: float
    versions: str

    @property
    def key(self) -> Key:
        """What this figure is of."""
        return Key(self.task, self.method, self.corrected, self.simulations, self.observation, self.seed)


def versions() -> str:
    """Versions that produced a figure, as one text."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return "; ".join([*found, f"Python {platform.python_version()}"])


def rows(path: Path) -> dict[Key, Row]:
    """The figures of a file, without a line that a killed run left unfinished."""
    read = [_row(fields) for fields in csv.DictReader(io.StringIO(_finished(path), newline=""))]
    return {row.key: row for row in read}


def _finished(path: Path) -> str:
    text = path.read_bytes().decode("utf-8") if path.exists() else ""
    return text[: text.rfind("\n") + 1]


def _row(text: dict[str, str]) -> Row:
    counts = {name: int(text[name]) for name in ("simulations", "observation", "seed")}
    numbers = {name: float(text[name]) for name in ("c2st", "training_seconds", "c2st_seconds", "outside")}
    return Row(text["task"], text["method"], text["corrected"] == "yes", **counts, **numbers, versions=text["versions"])


def append(path: Path, row: Row) -> None:
    """Add a figure to the end of a file, which is made where there is none; an unfinished line gives way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = dataclasses.asdict(row) | {"corrected": "yes" if row.corrected else "no"}
    line, before = io.StringIO(newline=""), _finished(path)
    writer = csv.DictWriter(line, list(fields), lineterminator="\n")
    if not before:
        writer.writeheader()
    writer.writerow(fields)
    with path.open("ab") as file:
        file.truncate(len(before.encode("utf-8")))
        file.write(line.getvalue().encode("utf-8"))


def published(folder: Path) -> dict[tuple[str, str, int], float]:
    """Published mean C2ST over ten observations by task, algorithm and simulations; of sbibm's own runs only."""
    path = folder / "published_c2st.csv"
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        read = [line for line in csv.DictReader(file) if line["source"].startswith("sbibm")]
    return {(line["task"], line["algorithm"], int(line["num_simulations"])): float(line["mean_c2st"]) for line in read}


def table(figures: Iterable[Row], known: dict[tuple[str, str, int], float]) -> list[str]:
    """Lines of the means over observations and seeds, beside what was published (without a likelihood)."""
    groups: dict[tuple[str, str, bool, int], list[Row]] = {}
    for row in figures:
        groups.setdefault((row.task, row.method, row.corrected, row.simulations), []).append(row)
    head = f"{'task':24s}{'method':>18s}{'simulations':>12s}{'C2ST':>8s}{'lowest':>8s}{'highest':>8s}{'published':>11s}"
    lines = [head + f"{'obs x seeds':>13s}{'training s':>12s}{'outside':>9s}"]
    for (task, method, corrected, simulations), group in groups.items():
        figure = [row.c2st for row in group]
        name = method + (" + correction" if corrected else "")
        value = None if corrected else known.get((task, PUBLISHED_NAMES[method], simulations))
        beside = f"{value:11.3f}" if value is not None else f"{'-':>11s}"
        counts = f"{len({row.observation for row in group})} x {len({row.seed for row in group})}"
        numbers = f"{fmean(figure):8.3f}{min(figure):8.3f}{max(figure):8.3f}{beside}{counts:>13s}"
        seconds, outside = fmean(row.training_seconds for row in group), max(row.outside for row in group)
        lines.append(f"{task:24s}{name:>18s}{simulations:12d}{numbers}{seconds:12.1f}{outside:9.2%}")
    return lines
