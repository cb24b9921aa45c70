"""Finished checks of a result, and the draws of its references."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs import on_demand
from astro_sbi.runs.check_settings import SAMPLERS, TITLES, Method
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached
from astro_sbi.ui.verdict_view import look_of

_AGREES = {"good": "Agrees", "caution": "Differs somewhat", "do not trust": "Disagrees", "": "No reference"}
_PASSES = {"good": "Passes", "caution": "Doubtful", "do not trust": "Fails"}


def check_badge(check: str, grade: str | None) -> None:
    """What a check of this title found, in a word or two; it is no verdict on the posterior."""
    look, labels = look_of(grade or ""), _PASSES if check == TITLES["local"] else _AGREES
    st.badge(labels[grade or ""], icon=look.icon, color=look.colour)


def finished_check(kept: Result, method: Method) -> Result | None:
    """A finished check of a result; None if there is none.

    Raises:
        StoreError: if it is damaged.
    """
    asked = on_demand.check_settings(kept, method)
    return cached.result(asked.key, asked.task) if cached.store().has(asked.task, asked.key) else None


def with_references(kept: Result) -> Result:
    """A result with the draws of its finished references beside its own."""
    return on_demand.with_references(kept, [one for method in SAMPLERS if (one := finished_check(kept, method))])
