"""One finished inference, whole."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs.keys import shortened
from astro_sbi.runs.result import Result
from astro_sbi.runs.text import lent_text
from astro_sbi.ui import (
    brushing_view,
    checks_view,
    download_view,
    marks,
    navigation,
    posterior_view,
    predictive_view,
    provenance_view,
    training_view,
)
from astro_sbi.ui.repair_view import repair_view
from astro_sbi.ui.verdict_view import verdict_banner
from astro_sbi.ui.words import count, date, escaped, number, sentence, with_error

REASONS_SHOWN = 3
TABS = ("Posterior", "Data and model", "Explore draws", "Training", "Checks", "Preparation", "Priors", "Provenance")


def result_view(key: str, result: Result) -> None:
    """Verdict, numbers, figures, provenance and downloads of a result."""
    summary = result.summary
    _header(summary)
    verdict_banner(summary["verdict"], summary["reasons"], most=REASONS_SHOWN)
    repair_view(key, result)
    measures(summary)
    if lent_text(summary):
        st.caption(f":material/recycling: {escaped(sentence(lent_text(summary)))}")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Share", icon=":material/link:"):
            download_view.share_view(key)
        with st.popover("Download", icon=":material/download:"):
            download_view.download_view(result)
        if st.button("Compare", key="go_compare", icon=":material/compare_arrows:", help="Set other runs beside this one."):
            st.switch_page(navigation.COMPARE, query_params={"runs": shortened(key)})
        marks.marks_form(result)
        st.page_link(navigation.TRUST, label="Can it be trusted?", icon=":material/verified_user:", query_params={"run": key})
    tabs = st.tabs(list(TABS), key="result_tab", on_change="rerun")
    bodies = (
        _posterior,
        _data,
        brushing_view.brushing_view,
        training_view.training_view,
        checks_view.checks_view,
        provenance_view.preparation_view,
        _priors,
        _provenance,
    )
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body(key, result)


def _header(summary: dict) -> None:
    st.title(escaped(summary["title"]), anchor=False)
    facts = [
        count(summary["observation"]["points"], "point"),
        f"seed {summary['seed']}",
        count(summary["draws"], "draw"),
        date(summary["created"]),
    ]
    st.caption(" · ".join(facts))


def measures(summary: dict) -> None:
    """How well the importance weights carry the posterior, and the evidence."""
    importance = summary["importance"]
    if importance is None:
        st.info("This simulator has no likelihood: the flow's own draws are shown, judged by the checks alone.", icon=":material/info:")
        return
    with st.grid(4, min_column_width=150):
        st.metric(
            "Effective samples",
            f"{importance['ess']:,.0f}",
            help="Independent draws that the weighted ones are worth; at least 1,000 are wanted.",
        )
        st.metric(
            "Efficiency",
            f"{100 * importance['efficiency']:.3g} %",
            help="Effective share of the draws: how closely the flow matches the posterior.",
        )
        st.metric("Pareto k", number(importance["khat"], 2), help="Shape of the tail of the weights; below 0.7 the weights can be trusted.")
        st.metric(
            "ln evidence",
            with_error(importance["log_evidence"], importance.get("log_evidence_error")),
            help="Natural logarithm, under the full prior, for comparing models of the same data.",
        )


def _posterior(key: str, result: Result) -> None:
    if result.summary["importance"] is not None:
        st.markdown(
            "The posterior shown is **neural importance sampling**: the flow proposes, and the likelihood decides how much "
            "each draw counts. Every median and interval below uses these weights."
        )
    marked = marks.marked(result)
    posterior_view.corner_view(key, result, marked)
    posterior_view.table_view(result, marked)


def _data(key: str, result: Result) -> None:
    predictive_view.predictive_view(key, result)
    predictive_view.predictive_numbers(result)


def _priors(key: str, result: Result) -> None:
    provenance_view.priors_view(result)


def _provenance(key: str, result: Result) -> None:
    provenance_view.origin_view(result)
