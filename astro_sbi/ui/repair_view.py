"""Repairs of a result, one click each, and what came of one: before and after side by side."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.runs.repair import Repair, missing_file, repairs
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings
from astro_sbi.ui import cached, navigation, state
from astro_sbi.ui.compare_choice import address_of
from astro_sbi.ui.progress_view import ACTIVE, ended_view, progress_view
from astro_sbi.ui.spoken import said
from astro_sbi.ui.tables import table
from astro_sbi.ui.verdict_view import verdict_cell
from astro_sbi.ui.words import escaped

#: The page's address carries the run of a repair, so that it is found again.
REPAIR = "repair"
ROWS = (
    ("Effective draws", "importance", "ess", "{:,.0f}"),
    ("Efficiency", "importance", "efficiency", "{:.1%}"),
    ("Pareto k", "importance", "khat", "{:.2f}"),
    ("Predictive p", "predictive", "p_value", "{:.2g}"),
    ("χ² per point", "predictive", "chi2_per_point_quoted", "{:.2f}"),
)


def repair_view(key: str, result: Result) -> None:
    """What to try where the checks ask for it; a repair that is under way or done stands in its place."""
    running = state.from_url(REPAIR)
    with said():
        job = api.job(cached.store(), running) if running else None
        if job is not None:
            _followed(key, result, job)
        elif result.summary["verdict"] != "good":
            _offered(result)


def _offered(result: Result) -> None:
    settings = Settings.from_json(result.settings)
    found = repairs(result.summary, settings)
    if not found:
        st.caption("The reasons above ask for nothing that more training, more draws or a wider prior would mend.")
        return
    missing, reason = missing_file(cached.store(), result.summary, settings), ""
    with st.container(border=True, key="repairs"):
        st.markdown("**What may mend it**")
        if missing:
            st.caption(
                f"{escaped(missing)} is not in this server's store, so nothing can be run on it from here: bring it on the page Infer."
            )
        for one in found:
            if one.reason != reason:
                st.markdown(escaped(one.reason))
            reason = one.reason
            _row(one, str(result.summary["origin"]["sha256"]), can_run=not missing)


def _row(one: Repair, upload: str, *, can_run: bool) -> None:
    store = cached.store()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(one.label, key=f"repair_{one.name}", icon=":material/build:", width=190, disabled=not can_run):
            job = api.submit(store, *store.upload(upload), one.settings)
            state.to_url(**{REPAIR: job.key})
            st.rerun()
        st.caption(escaped(one.change), width="stretch")


def _followed(key: str, result: Result, job: api.JobView) -> None:
    """A repair: its progress, then before and after, or why there is none."""
    with st.container(border=True, key="repair"):
        if job.state in ACTIVE:
            progress_view(job.key)
            return
        if job.state == "done" and job.result_key:
            _before_and_after(key, result, job.result_key)
        else:
            ended_view(job)
        if st.button("Close", key="close_repair", icon=":material/close:", type="tertiary"):
            state.to_url(**{REPAIR: ""})
            st.rerun()


def _before_and_after(key: str, result: Result, repaired: str) -> None:
    st.markdown("**Before and after**")
    both = (result, cached.result(repaired))
    rows = [{"": "Verdict"} | dict(zip(("Before", "After"), (verdict_cell(one.summary["verdict"]) for one in both), strict=True))]
    for words, part, name, form in ROWS:
        numbers = [(one.summary.get(part) or {}).get(name) for one in both]
        if any(found is not None for found in numbers):
            before, after = ("–" if found is None else form.format(found) for found in numbers)
            rows.append({"": words, "Before": before, "After": after})
    table(rows, alt="Verdict and checks before and after the repair")
    with st.container(horizontal=True):
        runs = {"runs": address_of((key, repaired))}
        st.page_link(navigation.COMPARE, label="Compare both posteriors", icon=":material/compare_arrows:", query_params=runs)
        st.page_link(navigation.RESULT, label="Open the new result", icon=":material/open_in_new:", query_params={"run": repaired})
