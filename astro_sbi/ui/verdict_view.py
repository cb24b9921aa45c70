"""The verdict: a colour, an icon and words, the same on every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from astro_sbi.ui.words import escaped


class Look(NamedTuple):
    """How a grade looks and what it means."""

    colour: str
    icon: str
    label: str
    meaning: str


LOOKS = {
    "good": Look("green", ":material/verified:", "Good", "Every check passed: this posterior can be quoted."),
    "caution": Look("orange", ":material/warning:", "Caution", "Usable with care: read the reasons before quoting numbers."),
    "do not trust": Look("red", ":material/block:", "Do not trust", "At least one check failed badly: do not quote these numbers."),
}


def look_of(grade: str) -> Look:
    """The look of a grade."""
    return LOOKS.get(grade, Look("gray", ":material/help:", grade.capitalize() or "No verdict", "This run has no verdict."))


def verdict_badge(grade: str) -> None:
    """The verdict in one word."""
    look = look_of(grade)
    st.badge(look.label, icon=look.icon, color=look.colour, help=look.meaning)


def verdict_cell(grade: str) -> str:
    """The verdict in one word, for a table."""
    look = look_of(grade)
    return f":{look.colour}-badge[{look.icon} {look.label}]"


def verdict_banner(grade: str, reasons: Sequence[str], *, most: int | None = None, meaning: str = "") -> None:
    """The verdict with its reasons.

    Args:
        grade: ``good``, ``caution`` or ``do not trust``.
        reasons: sentences.
        most: number of reasons to show, the others counted; all when None.
        meaning: of the grade, where it is not that of a posterior.
    """
    look = look_of(grade)
    shown = list(reasons)[:most]
    lines = [f"**{look.label}.** {meaning or look.meaning}", *(f"- {escaped(reason)}" for reason in shown)]
    if len(reasons) > len(shown):
        lines.append(f"- and {len(reasons) - len(shown)} more")
    say = {"green": st.success, "orange": st.warning, "red": st.error}.get(look.colour, st.info)
    say("\n".join([lines[0], "", *lines[1:]]), icon=look.icon)
