"""What of a result can be drawn, and its corner plot as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astro_sbi.figures.labels import Label
from astro_sbi.figures.printed import Form
from astro_sbi.runs.check_settings import SAMPLERS, TITLES
from astro_sbi.runs.result import Result
from astro_sbi.simulators.prior import PriorError, parse_distribution

#: What can be overlaid of a run, by the name of its draws in the result.
KINDS: Mapping[str, str] = {
    "posterior": "Posterior",
    "flow": "Flow alone",
    **{sampler: f"Reference ({TITLES[sampler]})" for sampler in SAMPLERS},
}
MOST = 6


def in_order(result: Result, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in the order of their simulator, which lists them by interest; results from before it was kept stay as they are."""
    order = result.summary.get("order") or []
    return {name: numbers[name] for name in sorted(numbers, key=lambda name: order.index(name) if name in order else len(order))}


def quantities(result: Result) -> dict[str, dict]:
    """Parameters and derived quantities that have a distribution, with their quantiles."""
    both = {**in_order(result, result.summary["parameters"]), **in_order(result, result.summary["derived"])}
    return {name: numbers for name, numbers in both.items() if f"posterior/{name}" in result.arrays and numbers["median"] is not None}


def key_names(result: Result, most: int = MOST) -> list[str]:
    """The first free parameters."""
    return list(in_order(result, result.summary["parameters"]))[:most]


def labels_of(result: Result) -> dict[str, Label]:
    """Symbol and unit of every quantity."""
    return {name: Label(label["html"], label["unit"]) for name, label in result.summary["labels"].items()}


def limits(result: Result) -> dict[str, tuple[float | None, float | None]]:
    """Constant edges of the priors, where densities stop."""
    edges: dict[str, tuple[float | None, float | None]] = {}
    for name, text in (result.summary.get("priors") or {}).items():
        try:
            prior = parse_distribution(text)
        except PriorError:
            continue
        if prior.bounded:
            edges[name] = tuple(None if bound.terms else bound.constant for bound in (prior.first, prior.second))
    return edges


def picture(result: Result, form: Form) -> bytes:
    """The corner plot of the first free parameters, posterior over prior, as the bytes of a file."""
    from astro_sbi.figures.corner import Layer, corner
    from astro_sbi.figures.printed import printed
    from astro_sbi.figures.theme import NEUTRAL

    layers = [
        Layer("posterior", result.draws("posterior"), result.arrays["weight"], NEUTRAL.posterior),
        Layer("prior", result.draws("prior"), None, NEUTRAL.prior, dashed=True),
    ]
    markers = result.summary.get("least_squares") or {}
    return printed(corner(layers, labels_of(result), names=key_names(result), limits=limits(result), markers=markers), form)
