"""The calibration card as a report that is read from top to bottom, and what stands in its place for a run of rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.diagnostics.calibration_sections import BLIND, Section, sections, signed_number
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.ranks import DRAWS
from astro_sbi.figures.calibration import pictures
from astro_sbi.figures.training import rounds
from astro_sbi.runs import api
from astro_sbi.runs.calibration_report import Judged, parameter_rows, report_html, report_json
from astro_sbi.runs.card_jobs import largest_card
from astro_sbi.runs.cards import ShippedCard, card_of
from astro_sbi.runs.keys import shortened
from astro_sbi.runs.result import Result
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.ui import cached, charts, predictive_view, state
from astro_sbi.ui.more_simulations import more_simulations
from astro_sbi.ui.result_view import measures
from astro_sbi.ui.tables import table
from astro_sbi.ui.verdict_view import verdict_banner
from astro_sbi.ui.words import escaped, plain_stem

MEANINGS = {
    "good": "Regions hold the truth as often as they say, over the prior.",
    "caution": "Usable with care: read where it is off.",
    "do not trust": "Not calibrated: do not quote its error bars.",
}
FRESH = "Parameters drawn from the prior, data simulated from them on the observing pattern that the flow was trained for"
HELD_BACK = "Rows of the table that were held back from training; more cannot be made"


class Subject(NamedTuple):
    """What the page is about: a flow that ships, by its simulator, or a finished run, by its result's key."""

    kind: Literal["flow", "run"]
    name: str


def choose() -> Subject | None:
    """The choice of a flow or run, which stays in the page's address."""
    offered = _offered()
    asked = [Subject(kind, state.from_url(kind)) for kind in ("run", "flow") if state.from_url(kind)]
    if asked and asked[0] not in offered:
        offered = {asked[0]: f"Run {shortened(asked[0].name)}" if asked[0].kind == "run" else asked[0].name, **offered}
    if not offered:
        return None
    options = list(offered)
    chosen = st.selectbox(
        "Flow or run",
        options,
        index=options.index(asked[0]) if asked else 0,
        format_func=offered.__getitem__,
        key="trust_subject",
        width=560,
    )
    state.to_url(**({"flow": "", "run": ""} | {chosen.kind: chosen.name}))
    return chosen


def _offered() -> dict[Subject, str]:
    """Flows that ship, finished runs and examples, with their names."""
    flows = {Subject("flow", name): f"Shipped flow: {simulator_named(name).title}" for name in cached.shipped_cards()}
    done = [job for job in api.jobs(cached.store(), wake=False) if job.state == "done" and job.result_key]
    runs = {Subject("run", str(job.result_key)): f"{job.observation}: {job.simulator}, {shortened(str(job.result_key))}" for job in done}
    return flows | runs | {Subject("run", one.key): f"Example: {one.title}" for one in cached.examples()}


def shipped_judged(found: ShippedCard) -> Judged:
    """The card of a flow that ships: its own, or one of more simulations that was asked for."""
    simulator = simulator_named(found.simulator)
    note = f"{FRESH}; {DRAWS} draws of each posterior. The flow was trained on {found.trained['simulations']:,} simulations."
    symbols = {parameter.name: parameter.html for parameter in simulator.parameters}
    return Judged(f"the shipped flow of {simulator.title}", note, symbols, largest_card(cached.store(), found) or found.card)


def run_judged(result: Result) -> Judged | None:
    """The card of a finished run, likewise; None where it has none."""
    card, summary = largest_card(cached.store(), result) or card_of(result), result.summary
    if card is None:
        return None
    made = HELD_BACK if summary.get("table") else FRESH
    symbols = {name: label["html"] for name, label in summary["labels"].items()}
    return Judged(summary["title"], f"{made}; {DRAWS} draws of each posterior.", symbols, card)


def card_view(of: ShippedCard | Result, judged: Judged) -> None:
    """Verdict, what was tested, each test with its picture, and what none of them sees."""
    card, found = judged.card, calibration_verdict(judged.card)
    verdict_banner(found.grade, found.reasons, meaning=MEANINGS[found.grade])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.metric("Simulations tested", f"{card.tests:,}", width="content")
        st.metric("Joint coverage, worst", f"{signed_number(100 * card.joint.worst, 1)} points", width="content")
        _downloads(judged)
    st.caption(escaped(judged.note))
    drawn = pictures(card, judged.symbols, across=1 if charts.is_phone() else 3)
    for section in sections(card):
        st.subheader(section.title, anchor=False)
        _section(section, drawn.get(section.test, ()))
    st.subheader("All parameters", anchor=False)
    table([{"Parameter": escaped(name), **cells} for name, cells in parameter_rows(card)], alt="Tests of each parameter in numbers")
    more_simulations(of, card.tests)


def _section(section: Section, figures: Sequence[go.Figure]) -> None:
    """A test: its picture, and beside it what was found, what it sees and what it does not."""
    if not figures:
        _found(section)
        return
    picture, told = st.columns([3, 2], gap="large", vertical_alignment="center")
    with picture:
        for number, figure in enumerate(figures):
            charts.chart(figure, key=f"{section.test}_{number}")
    with told:
        _found(section)


def _found(section: Section) -> None:
    st.markdown(escaped(section.found))
    _seen(section.sees, section.blind)


def _seen(sees: str, blind: str) -> None:
    """What a test finds and what it does not."""
    st.caption(f":material/visibility: **Sees:** {escaped(sees)}")
    st.caption(f":material/visibility_off: **Does not see:** {escaped(blind)}")


def blind_view() -> None:
    """What no calibration sees."""
    st.subheader("What none of these tests sees", anchor=False)
    st.markdown("\n".join(f"- {escaped(one)}" for one in BLIND))


def _downloads(judged: Judged) -> None:
    stem = f"calibration_{plain_stem(judged.title)}"
    offers = (("Report (HTML)", report_html, "html", "text/html"), ("Card (JSON)", report_json, "json", "application/json"))
    for label, make, ending, mime in offers:
        st.download_button(
            label,
            lambda make=make: make(judged),
            f"{stem}.{ending}",
            mime,
            key=f"card_{ending}",
            on_click="ignore",
            icon=":material/download:",
        )


def rounds_view(key: str, result: Result) -> None:
    """Why there is no card of a run of rounds, and what is valid for it."""
    summary = result.summary
    verdict_banner(summary["verdict"], summary["reasons"])
    st.subheader("Why there is no calibration card", anchor=False)
    st.markdown(
        "The rounds of this run were trained for this one observation, on the part of the prior where its posterior lies. Ranks of "
        "parameters drawn from the whole prior say nothing of such a flow, so none are shown. Instead **every draw was weighed with the "
        "exact likelihood**, and the following says how well that worked."
    )
    st.subheader("Do the weights carry the posterior?", anchor=False)
    measures(summary)
    _seen(
        "A flow that misses parts of the posterior where it drew at all, and how noisy the result is.",
        "A peak where nothing was drawn. A search of the whole prior looks for those.",
    )
    st.subheader("Did the evidence settle over the rounds?", anchor=False)
    charts.chart(cached.figure(("rounds", key), lambda: rounds(summary["rounds"])), key="rounds")
    st.caption("Efficiency is the effective share of a round's draws. The evidence is under the full prior and should settle.")
    st.subheader("Could the model have made these data?", anchor=False)
    predictive_view.predictive_numbers(result)
    _seen(
        "Points and trends that the model cannot make, and errors that are too small or too large.",
        "Whatever another value of the parameters makes up for: see below.",
    )
