"""Results and runs as plain text for a terminal."""

from __future__ import annotations

import math
import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astro_sbi.runs.keys import shortened
from astro_sbi.runs.progress import Progress

if TYPE_CHECKING:
    from astro_sbi.runs.api import JobView
    from astro_sbi.runs.archives import Product

WIDTH = 100
#: Phases of a run before anything is drawn from the posterior.
TRAINING = ("search", "simulate", "compile", "train")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns set under their heads."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
    return "\n".join([lines[0], "-" * max(len(line) for line in lines), *lines[1:]])


def interval(median: float | None, lower: float | None, upper: float | None) -> tuple[str, str]:
    """A median and its errors to two digits of the smaller error, such as ``0.0777`` and ``-0.0005 +0.0004``."""
    if median is None or lower is None or upper is None:
        return "unknown", ""
    below, above = median - lower, upper - median
    smallest = min(abs(below), abs(above)) or max(abs(below), abs(above))
    if not smallest:
        return f"{median:.6g}", ""
    places = 1 - math.floor(math.log10(smallest))
    if not 0 <= places <= 8:
        digits = max(2, 2 + math.floor(math.log10(max(abs(median), smallest) / smallest)))
        return f"{median:.{digits}g}", f"-{below:.2g} +{above:.2g}"
    return f"{median:.{places}f}", f"-{below:.{places}f} +{above:.{places}f}"


def quantities(values: Mapping[str, Mapping[str, Any]], labels: Mapping[str, Mapping[str, str]]) -> list[tuple[str, ...]]:
    """Rows of name, median, errors, unit and meaning."""
    rows = []
    for name, value in values.items():
        median, errors = interval(value["median"], value["lower"], value["upper"])
        unit = str(value.get("unit", ""))
        rows.append((name, median, errors, unit, labels.get(name, {}).get("meaning", "")))
        for mode in value.get("modes") or ():
            rows.append(
                ("", *interval(mode["median"], mode["lower"], mode["upper"]), unit, f"a mode with {mode['share']:.0%} of the probability")
            )
    return rows


def result_text(summary: Mapping[str, Any]) -> str:
    """A result's table of parameters, its verdict and the reasons."""
    observation = summary.get("observation", {})
    head = f"{summary.get('simulator', '')} of {observation.get('name', 'an observation')}, {observation.get('points', '?')} points"
    labels = summary.get("labels", {})
    rows = quantities(summary.get("parameters", {}), labels)
    derived = quantities(summary.get("derived", {}), labels)
    rows += [("", "", "", "", ""), *derived] if derived else []
    parts = [head, table(("parameter", "median", "68 %", "unit", "meaning"), rows), f"verdict: {summary.get('verdict', 'none')}"]
    parts[-1] += "".join(
        f"\n{textwrap.fill(reason, WIDTH, initial_indent='  - ', subsequent_indent='    ')}" for reason in summary.get("reasons", [])
    )
    told = [
        importance_text(summary),
        lent_text(summary),
        _seconds(summary),
        check_seconds_text(summary),
        f"result {summary.get('key', '')}",
    ]
    parts.append("\n".join(filter(None, told)))
    return "\n\n".join(parts)


def importance_text(summary: Mapping[str, Any]) -> str:
    """How well the flow covered the exact posterior, in one line; empty where that is not known."""
    found = summary.get("importance")
    if not found:
        return ""
    words = {"efficiency": "{:.1%}", "ess": "{:.0f}", "khat": "{:.2f}", "log_evidence": "{:.2f}"}
    told = [f"{name} {form.format(found[name])}" for name, form in words.items() if found.get(name) is not None]
    return f"importance sampling: {', '.join(told)}"


def lent_text(summary: Mapping[str, Any]) -> str:
    """Of a posterior whose flow was trained under a wider prior, that it was; else empty."""
    wider = summary.get("trained_under")
    if not wider:
        return ""
    priors = ", ".join(f"{name} {text}" for name, text in wider.items())
    decides = "likelihood and the priors asked for weigh" if summary.get("importance") else "ratio of the priors weighs"
    return f"no new training: the flow was trained under a wider prior ({priors}), and the {decides} its draws, which is exact"


def _seconds(summary: Mapping[str, Any]) -> str:
    if summary.get("cached"):
        return "answered from the store"
    spent = summary.get("seconds", {})
    return f"seconds: {', '.join(f'{name} {value:.1f}' for name, value in spent.items())}" if spent else ""


def check_seconds_text(summary: Mapping[str, Any]) -> str:
    """What the checks cost, and which share of the training that is; empty where it is not known or nothing was computed."""
    spent = summary.get("seconds") or {}
    training, checking = sum(spent.get(phase) or 0.0 for phase in TRAINING), spent.get("check")
    if not checking or summary.get("cached"):
        return ""
    share = f", {checking / training:.0%} of the {training:.1f} s of the training" if training > 0 else ""
    return f"the checks took {checking:.1f} s{share}"


def progress_text(progress: Progress) -> str:
    """One line on how far a run is."""
    parts = [f"round {len(progress.rounds) + 1}" if progress.rounds else "", progress.phase]
    parts.append(f"{progress.fraction:4.0%}" if progress.total > 1 else "")
    parts.append(f"about {progress.seconds_left:.0f} s left in this phase" if progress.seconds_left else "")
    loss = progress.losses[-1][1] if progress.losses and progress.phase == "training" else None
    parts.append(f"loss {loss:.3f}" if loss is not None else "")
    return "  ".join(filter(None, parts))


def runs_text(found: Sequence[JobView]) -> str:
    """A table of runs."""
    if not found:
        return "no runs yet: python -m astro_sbi infer SIMULATOR FILE"
    rows = [
        (shortened(one.result_key or one.key), one.state, age(one.created), _what(one), one.observation, one.verdict or one.error or "")
        for one in found
    ]
    return table(("key", "state", "age", "simulator", "observation", "verdict"), rows)


def _what(one: JobView) -> str:
    return f"{one.simulator}, {one.check} of {shortened(one.of)}" if one.check else one.simulator


def age(since: float) -> str:
    """How long ago, in one word."""
    seconds = max(0.0, time.time() - since)
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def reading_text(told: Mapping[str, Any]) -> str:
    """What was read in a file: kind, points and unit, what was dropped, guesses and warnings."""
    unit = told["units"]["value"] or "dimensionless"
    lines = [f"{told['name']}: {told['kind'].replace('_', ' ')}, {told['points']} points, {told['units']['coordinate']}, {unit}"]
    lines += [f"dropped {count}: {reason}" for reason, count in told["dropped"].items()] or ["no row was dropped"]
    lines += ["errors with their covariance matrix"] * told["covariance"]
    lines += [f"guess: {guess}" for guess in told["guesses"]]
    return "\n".join(lines + [f"note: {warning}" for warning in told["warnings"]])


def products_text(products: Sequence[Product], target: str) -> str:
    """What an archive has of a target, numbered as ``--pick`` wants it."""
    if not products:
        return f"nothing was found for {target}: try a wider --radius, or another --archive"
    sizes = [f"{product.bytes / 1e6:.1f}" if product.bytes else "" for product in products]
    rows = [(str(number + 1), one.title, one.meaning, sizes[number], one.name) for number, one in enumerate(products)]
    return table(("number", "target", "what it is", "MB", "file"), rows)
