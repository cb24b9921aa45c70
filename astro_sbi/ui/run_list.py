"""Runs as rows: state, what, when, verdict, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.runs.check_settings import CardSettings
from astro_sbi.runs.keys import is_key
from astro_sbi.ui import cached, navigation
from astro_sbi.ui.compare_choice import tick_box
from astro_sbi.ui.kept_checks import check_badge
from astro_sbi.ui.progress_view import ACTIVE
from astro_sbi.ui.spoken import said
from astro_sbi.ui.verdict_view import verdict_badge
from astro_sbi.ui.words import age, escaped

STATES = {
    "queued": ("gray", ":material/hourglass_empty:", "Queued"),
    "running": ("blue", ":material/play_circle:", "Running"),
    "done": ("green", ":material/check_circle:", "Done"),
    "failed": ("red", ":material/error:", "Failed"),
    "cancelled": ("gray", ":material/cancel:", "Cancelled"),
}


def state_badge(job: api.JobView) -> None:
    """The state of a run in one word."""
    colour, icon, label = STATES.get(job.state, ("gray", ":material/help:", job.state.capitalize()))
    st.badge(label, icon=icon, color=colour)


def recent_runs(jobs: Sequence[api.JobView]) -> None:
    """A short list of runs with links."""
    for job in jobs:
        with st.container(horizontal=True, vertical_alignment="center"):
            open_link(job, short=False)
            _badges(job)
            st.caption(f"{escaped(job.simulator)} · {age(job.created)}")


def open_link(job: api.JobView, *, short: bool = True) -> None:
    """The way to a run: its result, or the page that follows it."""
    name = escaped(job.observation)
    if job.of:
        label = f"{name}, {job.check}"
        page = navigation.TRUST if isinstance(job.settings, CardSettings) else navigation.RESULT
        parameter = "run" if is_key(job.of) else "flow"
        st.page_link(page, label="Open" if short else label, icon=":material/open_in_new:", query_params={parameter: job.of})
    elif job.state == "done" and job.result_key:
        st.page_link(
            navigation.RESULT, label="Open" if short else name, icon=":material/open_in_new:", query_params={"run": job.result_key}
        )
    else:
        label = "Follow" if job.state in ACTIVE else "Look"
        st.page_link(navigation.INFER, label=label if short else name, icon=":material/visibility:", query_params={"job": job.key})


def _badges(job: api.JobView) -> None:
    if job.state == "done" and job.verdict:
        verdict_badge(job.verdict)
    else:
        state_badge(job)


def runs_table(jobs: Sequence[api.JobView]) -> None:
    """One row a run, with its actions."""
    for job in jobs:
        with st.container(border=True, key=f"run_{job.key}"):
            what, how, actions = st.columns([4, 5, 4], vertical_alignment="center")
            with what, st.container(gap=None):
                st.markdown(f"**{escaped(job.observation)}**")
                st.caption(f"{escaped(job.simulator)} · checked by {job.check}" if job.check else escaped(job.simulator))
            with how, st.container(horizontal=True, vertical_alignment="center"):
                state_badge(job)
                if job.check and job.state == "done":
                    check_badge(job.check, job.verdict)
                elif job.verdict:
                    verdict_badge(job.verdict)
                st.caption(age(job.created))
            with actions, st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
                _actions(job)


def _actions(job: api.JobView) -> None:
    if job.state == "done" and job.result_key:
        tick_box(job)
    open_link(job)
    if job.cancelling:
        st.caption("Stopping…")
    elif job.state in ACTIVE:
        if st.button("Cancel", key=f"cancel_{job.key}", icon=":material/cancel:", type="tertiary"):
            with said():
                api.cancel(cached.store(), job.key)
                st.rerun()
    elif st.button("Delete", key=f"delete_{job.key}", icon=":material/delete:", type="tertiary"):
        confirm_deletion(job)


@st.dialog("Delete this run?", icon=":material/delete:")
def confirm_deletion(job: api.JobView) -> None:
    """Ask before a run and its result are removed."""
    st.text(f"{job.observation} · {job.simulator}" + f" · {job.check}" * bool(job.check))
    if job.check:
        st.markdown("What this check found goes with it. The run that it is of stays.")
    else:
        st.markdown("Its result goes with it, and links to it stop working. The uploaded file and trained flows stay.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep_run"):
            st.rerun()
        if st.button("Delete", key="confirm_delete", type="primary", icon=":material/delete:"):
            with said():
                api.delete(cached.store(), job.key, with_result=True)
                cached.forget_result(job.result_key or "")
                st.rerun()
