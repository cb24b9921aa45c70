"""The calibration card as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from astro_sbi.diagnostics.card import LEVELS, CalibrationCard
from astro_sbi.runs.text import WIDTH, importance_text, table


def check_text(told: Mapping[str, Any]) -> str:
    """A calibration card, or what is valid in its place, with verdict and reasons."""
    parts = [f"check of {told['name']}", textwrap.fill(told["note"], WIDTH)]
    if told["calibration"]:
        parts += _card(CalibrationCard.from_json(told["calibration"]))
    else:
        predictive = told.get("predictive")
        p_value = f"posterior predictive p {predictive['p_value']:.3g}" if predictive else ""
        parts.append("\n".join(filter(None, [importance_text(told), p_value])))
    parts.append(f"verdict: {told['verdict']}")
    parts[-1] += "".join(
        f"\n{textwrap.fill(reason, WIDTH, initial_indent='  - ', subsequent_indent='    ')}" for reason in told.get("reasons", [])
    )
    return "\n\n".join(parts)


def _card(card: CalibrationCard) -> list[str]:
    shares = [f"in {level:.0%}" for level in LEVELS]
    rows = [
        (name, f"{one.p_value:.2g}", f"{one.bias:+.2f}", f"{one.dispersion:.2f}", *(f"{share:.1%}" for share in card.coverage[name]))
        for name, one in card.marginals.items()
    ]
    rows.append(("jointly", f"{card.joint.p_value:.2g}", "", "", *(f"{share:.1%}" for share in card.coverage["jointly"])))
    lines = [
        f"{card.tests:,} simulations; uniform ranks in all columns: p {card.p_value:.2g}",
        f"joint coverage, worst: {100 * card.joint.worst:+.1f} points at {card.joint.worst_at:.0%} "
        f"(a perfect flow: up to {100 * card.joint.expected:.1f})",
        f"TARP: p {card.tarp_p:.2g}; correlations: p {card.correlation_p:.2g}, largest {card.correlation:.2f}",
    ]
    if card.members:
        lines.append(f"members by themselves, worst: {', '.join(f'{100 * worst:+.1f}' for worst in card.members)} points")
    parts = [table(("parameter", "p", "bias/sigma", "error factor", *shares), rows), "\n".join(lines)]
    if card.parts:
        thirds = [
            (
                part.covariate,
                f"{part.low:.3g} to {part.high:.3g}",
                str(part.tests),
                f"{part.p_value:.2g}",
                part.worst,
                f"{100 * part.joint.worst:+.1f} at {part.joint.worst_at:.0%} ({100 * part.joint.expected:.1f})",
            )
            for part in card.parts
        ]
        parts.append(table(("third by", "between", "tests", "p", "least uniform", "joint coverage, worst (perfect)"), thirds))
    return parts
