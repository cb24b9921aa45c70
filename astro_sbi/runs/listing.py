"""The simulators that there are, as the command line lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from astro_sbi import simulators
from astro_sbi.runs.text import table


def described() -> list[dict[str, Any]]:
    """Every simulator with its parameters, priors and options, ready for JSON."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "kind": one.kind,
            "summary": one.summary,
            "reference": one.reference,
            "parameters": [
                {**asdict(parameter), "prior": str(dict(one.prior.distributions)[parameter.name])} for parameter in one.parameters
            ],
            "derived": [asdict(parameter) for parameter in one.derived_parameters],
            "options": [{**asdict(option), "setting": f"model.{option.name}"} for option in one.options],
        }
        for one in simulators.simulators()
    ]


def listing_text(found: Sequence[dict[str, Any]]) -> str:
    """Tables of simulators, and of the choices that they offer."""
    rows = [(one["name"], one["kind"].replace("_", " "), str(len(one["parameters"])), one["title"]) for one in found]
    tables = [table(("simulator", "fits a", "parameters", "what it is"), rows)]
    choices = [
        (one["name"], f"{option['setting']}={'|'.join(option['choices'])}", option["meaning"]) for one in found for option in one["options"]
    ]
    if choices:
        tables += ["", "choices of the model, for --set; the first is taken unasked", table(("simulator", "setting", "meaning"), choices)]
    return "\n".join(tables)
