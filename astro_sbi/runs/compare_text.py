"""A comparison of runs for a terminal: as plain text, or ready for JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from astro_sbi.diagnostics.agreement import Agreement, Interval, Shift
from astro_sbi.diagnostics.evidence import SCALE_SOURCE, BayesFactor, Evidence
from astro_sbi.runs.compare import FITS, Comparison, Judged, Quantity, compare, judged
from astro_sbi.runs.finished import key_beginning, result
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.published import published_values
from astro_sbi.runs.store import Store
from astro_sbi.runs.text import WIDTH, interval, table


def compared_here(store: Store, names: Sequence[str], published: Sequence[str], *, as_json: bool) -> str:
    """What `compare` prints of runs that are named by their keys or the beginnings of these.

    Raises:
        StoreError: if there is no such run.
        SettingsError: if there are too few or too many, or a published value cannot be judged.
    """
    found = compare([result(store, key_beginning(store, name)) for name in names])
    values = judged(found, published_values("\n".join(published)))
    return json.dumps(comparison_json(found, values), ensure_ascii=False) if as_json else compare_text(found, values)


def compare_text(comparison: Comparison, published: Sequence[Judged] = ()) -> str:
    """Tables of what differs, of medians and shifts, of published values, of evidence and of fits."""
    letters = comparison.letters
    runs = [
        (letter, shortened(one.key), one.summary["title"], one.summary["verdict"])
        for letter, one in zip(letters, comparison.results, strict=True)
    ]
    different = [(one.what, *one.entries) for one in comparison.differences]
    parts = [table(("run", "key", "result", "verdict"), runs)]
    parts.append(table(("what is different", *letters), different) if different else "nothing differs between the settings of these runs")
    parts.append(_quantities(comparison))
    if published:
        parts.append(_published(comparison, published))
    parts += [_evidence(comparison), _fits(comparison)]
    return "\n\n".join(filter(None, parts))


def _quantities(comparison: Comparison) -> str:
    if not comparison.quantities:
        return "these runs have no parameter in common"
    heads = [f"{letter} [sigma, width]" if place else letter for place, letter in enumerate(comparison.letters)]
    rows = [(one.name, *(_cell(one, place) for place in range(len(heads))), one.unit) for one in comparison.quantities]
    first = comparison.letters[0]
    alone = [f"only in {letter}: {', '.join(names)}" for letter, names in zip(comparison.letters, comparison.alone, strict=True) if names]
    note = f"in brackets: shift from {first} over both half widths in quadrature, and width over that of {first}"
    return "\n".join([table(("median and 68 %", *heads, "unit"), rows), *(_filled(line) for line in (note, *alone))])


def _cell(one: Quantity, place: int) -> str:
    found, moved, held = one.intervals[place], one.shifts[place], one.held[place]
    if found is None:
        return "" if held is None else f"{held:.6g} (held)"
    text = " ".join(filter(None, interval(found.median, found.lower, found.upper)))
    return text if moved is None else f"{text} [{moved.sigma:+.2f}, {moved.width:.2f}]"


def _published(comparison: Comparison, published: Sequence[Judged]) -> str:
    rows = []
    for one in published:
        signs = {"upper": f"< {one.value.value:.6g}", "lower": f"> {one.value.value:.6g}"}
        text = signs.get(one.value.limit, f"{one.value.value:.8g} -{one.value.minus:.2g} +{one.value.plus:.2g}")
        cells = ("" if found is None else f"{found.sigma:.2f} {found.words}" for found in one.agreements)
        rows.append((one.line.name, text, *cells, one.unit, one.line.source))
    return table(("published", "value", *(f"{letter} [sigma]" for letter in comparison.letters), "unit", "source"), rows)


def _evidence(comparison: Comparison) -> str:
    found, rows = comparison.evidence, []
    for name, evidence, factor in zip(comparison.names, found.evidences, found.factors, strict=True):
        if evidence is not None and factor is not None:
            against = "" if factor.words == "best" else f"{factor.log_bayes:.2f} +- {factor.error:.2g}"
            row = (name, f"{evidence.log_evidence:.2f} +- {evidence.error:.2g}", against, f"{factor.probability:.3g}", factor.words)
            rows.append(row)
    lines = []
    if rows:
        lines = [table(("evidence", "ln Z", "ln B of the best over it", "probability", "in words"), rows)]
        lines.append(_filled(f"equal prior odds; words of {SCALE_SOURCE}"))
    return "\n".join([*lines, *(_filled(sentence, "  - ") for sentence in (*found.refusals, *found.warnings))])


def _fits(comparison: Comparison) -> str:
    rows = []
    for name, one in zip(comparison.names, comparison.results, strict=True):
        check = one.summary["predictive"] or {}
        numbers = ("" if check.get(part) is None else f"{check[part]:.3g}" for part in FITS)
        rows.append((name, str(one.summary["observation"]["points"]), *numbers))
    return table(("fit", "points", *FITS.values()), rows)


def _filled(sentence: str, mark: str = "") -> str:
    return textwrap.fill(sentence, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))


def comparison_json(comparison: Comparison, published: Sequence[Judged] = ()) -> dict[str, Any]:
    """The same, ready for JSON; entries of lists are the runs', in their order."""
    evidence = comparison.evidence
    return {
        "runs": [
            {"letter": letter, "key": one.key, "name": name, "title": one.summary["title"], "verdict": one.summary["verdict"]}
            for letter, name, one in zip(comparison.letters, comparison.names, comparison.results, strict=True)
        ],
        "different": {one.what: list(one.entries) for one in comparison.differences},
        "quantities": {
            one.name: {
                "unit": one.unit,
                "intervals": _listed(one.intervals),
                "held": list(one.held),
                "shifts": _listed(one.shifts),
            }
            for one in comparison.quantities
        },
        "only_in": {letter: list(names) for letter, names in zip(comparison.letters, comparison.alone, strict=True)},
        "published": [
            {"name": one.line.name, "unit": one.unit, "source": one.line.source, **asdict(one.value), "agreements": _listed(one.agreements)}
            for one in published
        ],
        "evidence": {
            "evidences": _listed(evidence.evidences),
            "factors": _listed(evidence.factors),
            "refusals": list(evidence.refusals),
            "warnings": list(evidence.warnings),
        },
        "fits": [{part: (one.summary["predictive"] or {}).get(part) for part in FITS} for one in comparison.results],
    }


def _listed(found: Sequence[Interval | Shift | Agreement | Evidence | BayesFactor | None]) -> list[dict[str, Any] | None]:
    return [None if one is None else {name: _finite(value) for name, value in asdict(one).items()} for one in found]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
