"""What differs between the settings of finished runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astro_sbi.runs.result import Result

#: What is said of a setting that a run leaves alone, by its section; and of what a run does not have.
UNSET: Mapping[str, str] = {"model": "default", "train": "default", "prepare": "not set", "read": "not set", "table": "not set"}
NONE = "–"


@dataclass(frozen=True)
class Difference:
    """One setting that is not the same in all runs.

    Args:
        what: the setting.
        entries: what it is in each run.
        in_legend: how an entry is said where a run is named by it, such as ``seed {}``; empty where it is not.
    """

    what: str
    entries: tuple[str, ...]
    in_legend: str = ""

    def legend_entry(self, number: int) -> str:
        """What names this run; empty where it is the default."""
        entry = self.entries[number]
        return "" if entry in (NONE, *UNSET.values()) else self.in_legend.format(entry)


def differences(results: Sequence[Result]) -> tuple[Difference, ...]:
    """Only what differs: observation, simulator, priors, preparation, effort and seed."""
    rows = [*_rows_of_model(results), *_rows_of_changes(results), *_rows_of_effort(results)]
    return (*(row for row in rows if len(set(row.entries)) > 1), *_rows_of_priors(results))


def _row(what: str, entries: Sequence[Any], in_legend: str = "") -> Difference:
    return Difference(what, tuple(str(entry) for entry in entries), in_legend)


def _rows_of_model(results: Sequence[Result]) -> list[Difference]:
    told = [result.summary for result in results]
    files = [f"{one['origin']['file']} (sha256 {one['origin']['sha256'][:8]})" for one in told]
    steps = [", ".join(step["name"] for step in one.get("stages") or ()) or NONE for one in told]
    return [
        _row("Object", [one["observation"]["name"] for one in told], "{}"),
        _row("Simulator", [one["simulator_title"] for one in told], "{}"),
        _row("File", files),
        _row("Points fitted", [f"{one['observation']['points']:,}" for one in told]),
        _row("Preparation", steps),
        *_found_values(told),
    ]


def _found_values(told: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Values that the preparation found in the data, of those that every run has."""
    resolved = [one.get("resolved") or {} for one in told]
    shared = [name for name in resolved[0] if all(name in one for one in resolved)]
    return [_row(f"Found: {name.replace('_', ' ')}", [_text(one[name]) for one in resolved]) for name in shared]


def _text(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)


def _rows_of_changes(results: Sequence[Result]) -> list[Difference]:
    """Dotted settings other than priors, which are told as they came out."""
    changes = [dict(map(tuple, result.settings.get("changes") or ())) for result in results]
    # What one simulator has by default another may not have at all.
    alike = len({result.summary["simulator"] for result in results}) == 1
    keys = sorted({key for one in changes for key in one if not key.startswith("prior.")})
    rows = []
    for key in keys:
        section, _, name = key.partition(".")
        unset = UNSET[section] if alike else NONE
        rows.append(_row(key, [one.get(key, unset) for one in changes], f"{name} {{}}" if section in ("model", "train") else ""))
    return rows


def _rows_of_priors(results: Sequence[Result]) -> list[Difference]:
    """Priors of which the runs that have the parameter say different things."""
    priors, rows = [result.summary["priors"] for result in results], []
    for name in dict.fromkeys(name for one in priors for name in one):
        texts = [_prior(result, name) for result in results]
        if len({text for text in texts if text != NONE}) > 1:
            rows.append(_row(f"Prior of {name}", texts, f"{name} {{}}"))
    return rows


def _prior(result: Result, name: str) -> str:
    """A prior with its unit."""
    unit = result.summary["labels"].get(name, {}).get("unit", "")
    return f"{result.summary['priors'][name]} {unit}".strip() if name in result.summary["priors"] else NONE


def _rows_of_effort(results: Sequence[Result]) -> list[Difference]:
    told = [result.summary for result in results]
    lent = [f"lent, trained under {', '.join(f'{n} {p}' for n, p in (one.get('trained_under') or {}).items())}" for one in told]
    flows = [words if one.get("trained_under") else "trained for this run" for one, words in zip(told, lent, strict=True)]
    return [
        _row("seed", [one["seed"] for one in told], "seed {}"),
        _row("samples", [f"{one['draws']:,}" for one in told], "{} samples"),
        _row("ensemble", [one.get("ensemble", 1) for one in told], "ensemble of {}"),
        _row("rounds trained", [len(one.get("rounds") or ()) for one in told], "{} rounds"),
        _row("Flow", flows),
        _row("version", [(one.get("versions") or {}).get("astro_sbi", NONE) for one in told]),
    ]
