"""What ``check`` prints, and the checks made on demand as plain text for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from astro_sbi.runs import check, on_demand
from astro_sbi.runs.check_settings import TITLES
from astro_sbi.runs.check_text import check_text
from astro_sbi.runs.store import Store
from astro_sbi.runs.text import WIDTH, interval, table

if TYPE_CHECKING:
    from astro_sbi.runs.worker import Task

USUAL_CARD = 500


def checked_text(
    store: Store, name: str, *, reference: str | None, local: bool, simulations: int | None, as_json: bool, task: Task | None
) -> str:
    """The card of a flow or what is valid for a run, or the checks of a run that were asked for.

    Raises:
        RunError: if there is no such flow or run, or a check failed or cannot be made here.
        RunCancelled: if it was cancelled.
        StoreError: if the store cannot be used.
    """
    if reference or local:
        wanted = (simulations or 0) if local else None
        told, write = on_demand.checked_here(store, name, reference=reference, simulations=wanted, task=task), on_demand_text
    else:
        told, write = check.checked_here(store, name, USUAL_CARD if simulations is None else simulations), check_text
    return json.dumps(told, ensure_ascii=False) if as_json else write(told)


def on_demand_text(told: Mapping[str, Any]) -> str:
    """All checks that were asked for."""
    parts = [write(told[kind]) for kind, write in (("reference", reference_text), ("local", local_text)) if kind in told]
    return "\n\n".join([f"check of {told['name']}", *parts])


def reference_text(told: Mapping[str, Any]) -> str:
    """A reference sampler's numbers beside the run's differences from them, and the verdict."""
    sampler = TITLES[told["sampler"]]
    head = f"{sampler}: {told['draws']:,} draws, {told['evaluations']:,} likelihoods, {told['seconds']:.0f} s; {told['reason']}"
    rows = []
    for name, found in told["quantities"].items():
        median, errors = interval(found["median"], found["lower"], found["upper"])
        one = told["differences"].get(name)
        rows.append((name, median, errors, found["unit"], *((f"{one['shift']:+.2f}", f"{one['ratio']:.2f}") if one else ("", ""))))
    parts = [textwrap.fill(head, WIDTH), table(("quantity", sampler, "68 %", "unit", "shift/sigma", "error ratio"), rows)]
    if told["log_evidence"] is not None:
        parts.append(f"ln evidence {told['log_evidence']:.2f} +- {told['log_evidence_error']:.2f}")
    if told["c2st"] is not None:
        parts.append(f"told from the reference (50 % is chance): posterior {told['c2st']:.1%}, flow alone {told['c2st_flow']:.1%}")
    return "\n\n".join([*parts, _verdict(told, "no reference")])


def local_text(told: Mapping[str, Any]) -> str:
    """What L-C2ST found near the observation."""
    found = told["test"]
    rows = [(name, f"{bias:+.2f}", f"{found['dispersion'][name]:.2f}") for name, bias in found["bias"].items()]
    head = (
        f"L-C2ST: {found['simulations']:,} simulations, those near the observation worth {found['effective']:.0f}; "
        f"p {found['p_value']:.2g} (distance {found['distance']:.3g}, a good flow's up to {found['expected']:.3g}); {told['seconds']:.0f} s"
    )
    return "\n\n".join([textwrap.fill(head, WIDTH), table(("parameter", "bias/sigma", "error factor"), rows), _verdict(told, "none")])


def _verdict(told: Mapping[str, Any], without: str) -> str:
    lines = [textwrap.fill(reason, WIDTH, initial_indent="  - ", subsequent_indent="    ") for reason in told["reasons"]]
    return "\n".join([f"verdict: {told['verdict'] or without}", *lines])
