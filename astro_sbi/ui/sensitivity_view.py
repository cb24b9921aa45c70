"""What no check can detect: the user's own data with a calibration error put in, and how posterior and checks move."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from astro_sbi.diagnostics.calibration_sections import signed_number
from astro_sbi.diagnostics.sensitivity import Perturbed, Sensitivity
from astro_sbi.figures.sensitivity import NAMED, most_moved, moved
from astro_sbi.observations.perturbation import Perturbation, in_magnitudes, is_relative
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached_models, charts
from astro_sbi.ui.tables import table
from astro_sbi.ui.verdict_view import look_of
from astro_sbi.ui.words import escaped, number, unit_text

DISAGREES_AT = 0.3
#: Where the slider begins, as a share of the largest perturbation: a gain of 3 % of 5.
FIRST = 0.6


class Error(NamedTuple):
    """A calibration error in words.

    Attributes:
        label: of the choice.
        title: at the axis, with its unit.
        noun: before a number of it.
        about: what it stands for.
        unit: of a number of it.
        scale: from what is computed to that unit.
    """

    label: str
    title: str
    noun: str
    about: str
    unit: str
    scale: float


def errors_of(summary: dict) -> dict[Perturbation, Error]:
    """The calibration errors that the data of a run can have."""
    coordinate, value = summary["axes"]["coordinate"], summary["axes"]["value"]
    unit, name = unit_text(coordinate["unit"]), coordinate["name"]
    gain = "All values and their errors are multiplied, as a wrong calibration of their scale does."
    if in_magnitudes(value["unit"]):
        gain = "All fluxes are multiplied: the magnitudes get another zero point."
    elif is_relative(summary["kind"], value["unit"]):
        gain = "Every departure from the median is multiplied, as the light of another star in the aperture does (below 0)."
    offered: dict[Perturbation, Error] = {
        "gain": Error("Gain", "gain error [%]", "a gain error of", gain, "%", 100.0),
        "errors": Error(
            "Error bars", "error bars changed by [%]", "error bars changed by", "All quoted errors are multiplied.", "%", 100.0
        ),
    }
    if summary["kind"] != "photometry":  # bands have no zero point that could be off
        title = f"{name} shifted by [{unit}]" if unit else f"{name} shifted by"
        about = f"The same is added to every {name.lower()}."
        offered["shift"] = Error("Zero point", title, f"the {name.lower()} shifted by", about, unit, 1.0)
    return offered


def sensitivity_view(key: str, result: Result) -> None:
    """Choice of the error, and what it does."""
    offered = errors_of(result.summary)
    st.markdown(
        "Every check asks whether model and data fit together. An error of calibration that the model can follow leaves them fitting, "
        "and moves the answer. Put one into your own prepared data and see."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.toggle("Perturb my data", key="perturb", bind="query-params", help="Takes some seconds the first time.")
        what = st.segmented_control(
            "Error of", list(offered), default="gain", required=True, format_func=lambda one: offered[one].label, key="perturbation"
        )
    if not wanted:
        return
    error: Error = offered[what]
    st.caption(error.about)
    found = cached_models.perturbed(key, what)
    if len(found.found) < 2:
        st.info(
            "The posterior has a shape that this quick answer cannot follow (too few effective draws). Change the numbers in the file "
            "and run it: that always works.",
            icon=":material/info:",
        )
        return
    _followed(result, found, error)


def _followed(result: Result, found: Sensitivity, error: Error) -> None:
    places = {one.by: one for one in found.found}
    first = min(places, key=lambda by: abs(by - FIRST * max(places)))
    chosen = st.select_slider(error.title, list(places), value=first, format_func=lambda by: _amount(by, error), key=f"by_{error.label}")
    symbols = {name: label["html"] for name, label in result.summary["labels"].items()}
    _said(places[chosen], found, error)
    charts.chart(moved(found, symbols, error.title, chosen, scale=error.scale), key="sensitivity")
    st.caption(
        "Above: medians, in units of the error bar that the run gave; dotted lines at one. Below: the posterior predictive p of the "
        "perturbed data, coloured by what all checks of the data say; dotted line at 0.01. "
        f"Exact likelihood, {places[chosen].effective:,.0f} effective draws here."
    )
    table(_rows(result, places[chosen], found), alt="Median and error bar of each parameter with the error put in")
    _limits(result, found, error)


def _said(here: Perturbed, found: Sensitivity, error: Error) -> None:
    """What the chosen error does, and what no check sees of it."""
    index = [one.by for one in found.found].index(here.by)
    moves = {name: float(found.shifts(name)[index]) for name in most_moved(found)}
    most = max(moves, key=lambda name: abs(moves[name]))
    st.markdown(
        f"With {escaped(error.noun)} **{_amount(here.by, error)}**, {escaped(most)} moves by **{_sigma(moves[most])}**. The checks of the "
        f"data then say **{look_of(here.verdict.grade).label.lower()}**: χ² per point {number(here.check.chi2_per_point_quoted)}, "
        f"predictive p {number(here.check.p_value, 2)}."
    )
    st.warning(escaped(unseen(found, error)), icon=":material/visibility_off:")


def unseen(found: Sensitivity, error: Error) -> str:
    """The range in which no check sees an error, and how far the answer moves within it."""
    ends = [found.first_seen(sign) for sign in (-1, 1)]
    hidden = [one.by for one in found.found if (ends[0] is None or one.by > ends[0]) and (ends[1] is None or one.by < ends[1])]
    moves = {name: max(abs(found.shifts(name)[[one.by in hidden for one in found.found]])) for name in most_moved(found)}
    name = max(moves, key=moves.__getitem__)
    inside = f"between {_amount(min(hidden), error)} and {_amount(max(hidden), error)}"
    moved_by = f"within that {name} moves by up to {moves[name]:.1f} σ"
    if found.unperturbed.verdict.grade == "good":
        return f"No check of the data sees an error of this kind {inside}, and {moved_by}."
    already = look_of(found.unperturbed.verdict.grade).label.lower()
    return f"The checks of the data say {already} without it, and nothing worse of an error of this kind {inside}; {moved_by}."


def _rows(result: Result, here: Perturbed, found: Sensitivity) -> list[dict[str, str]]:
    index = [one.by for one in found.found].index(here.by)
    rows = []
    for name in most_moved(found):
        label, before, now = result.summary["labels"].get(name, {}), found.unperturbed.quantiles[name], here.quantiles[name]
        wider = (now[2] - now[0]) / (before[2] - before[0]) if before[2] > before[0] else 1.0
        rows.append(
            {
                "Parameter": f"${label.get('latex', name)}$ {escaped(name)}",
                "Median moves by": _sigma(float(found.shifts(name)[index])),
                "Error bar": f"× {wider:.2f}",
            }
        )
    return rows


def _limits(result: Result, found: Sensitivity, error: Error) -> None:
    """What the quick answer cannot say."""
    if found.lost:
        reached = f"from {_amount(found.found[0].by, error)} to {_amount(found.found[-1].by, error)}"
        st.caption(f":material/info: Followed {reached}: beyond, too few effective draws are left. For more, change the file and run it.")
    off = {name: _from_the_run(result, found, name) for name in found.unperturbed.quantiles}
    name = max(off, key=off.__getitem__)
    if off[name] > DISAGREES_AT:
        st.caption(
            f":material/warning: Without any error this quick answer is {off[name]:.1f} σ off the run's in {escaped(name)}: read the "
            "picture as a rough guide."
        )
    if len(off) > NAMED:
        st.caption(f"The {NAMED} parameters that move most have a colour; the others are grey.")


def _from_the_run(result: Result, found: Sensitivity, name: str) -> float:
    low, middle, high = found.unperturbed.quantiles[name]
    stored = result.summary["parameters"][name]["median"]
    return abs(stored - middle) / (0.5 * (high - low)) if high > low else 0.0


def _amount(by: float, error: Error) -> str:
    """A perturbation with its sign and unit."""
    text = f"{error.scale * by:+.3g}" if by else "0"
    return f"{text} {error.unit}".replace("-", "−").strip()


def _sigma(shift: float) -> str:
    return f"{signed_number(shift)} σ"
