"""Finished checks of a result, and the draws of its references."""

from __future__ import annotations

from astro_sbi.runs import on_demand
from astro_sbi.runs.check_settings import SAMPLERS, Method
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached


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
