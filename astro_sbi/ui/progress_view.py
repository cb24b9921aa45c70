"""A job on its way: phases, time left, loss, rounds, and Cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from astro_sbi.runs import api
from astro_sbi.ui import cached
from astro_sbi.ui.spoken import said
from astro_sbi.ui.training_view import rounds_table
from astro_sbi.ui.words import count, duration, escaped, moment

ACTIVE = ("queued", "running")
SECONDS_BETWEEN_LOOKS = 0.7
PHASES = {
    "reading": "Reading the file",
    "preparing": "Preparing the observation",
    "searching": "Searching the prior for peaks",
    "simulating": "Simulating data from the prior",
    "compiling": "Compiling the training program",
    "training": "Training the flow",
    "sampling": "Drawing and weighting samples",
    "checking": "Checking the posterior",
}


def progress_view(key: str) -> None:
    """Follow an inference until it ends, then run the page again."""
    _followed(key, _look)


def check_progress(key: str, phases: Mapping[str, str], *, cancel: str, goes_on: str, title: str = "") -> None:
    """Follow a check until it ends, then run the page again.

    Args:
        key: of its job.
        phases: of the check, in words.
        cancel: key of the button that stops it.
        goes_on: what happens when the tab is closed.
        title: above the bar.
    """

    def look(job: api.JobView) -> None:
        if title:
            st.markdown(f"**{title}**")
        progress_bar(job, phases)
        if job.note:
            st.caption(f":material/info: {escaped(job.note)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            cancel_button(job, key=cancel)
            st.caption(f"You can close this tab: {goes_on}.")

    _followed(key, look)


def _followed(key: str, look: Callable[[api.JobView], None]) -> None:
    @st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
    def follow() -> None:
        job = api.job(cached.store(), key)
        if job is None or job.state not in ACTIVE:
            st.rerun()
        look(job)

    follow()


def _look(job: api.JobView) -> None:
    progress = job.progress
    st.subheader(f"Inferring from {escaped(job.observation)}", anchor=False)
    progress_bar(job, PHASES)
    if job.state != "queued" and progress is not None:
        steps, curves = st.columns([2, 3], gap="large")
        with steps:
            _steps(job, progress)
        with curves:
            _curves(progress)
    if job.note:
        st.caption(f":material/info: {escaped(job.note)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        cancel_button(job, key="cancel_job")
        st.caption("You can close this tab: the run goes on, and this address finds it again.")


def cancel_button(job: api.JobView, *, key: str) -> None:
    """The way to stop a job, or that it stops."""
    if job.cancelling:
        st.caption("Stopping…")
    elif st.button("Cancel", icon=":material/cancel:", key=key, help="The run stops within a few seconds; nothing else is affected."):
        with said():
            api.cancel(cached.store(), job.key)


def progress_bar(job: api.JobView, phases: Mapping[str, str]) -> None:
    """How far a job is, in its phases' words, or how long it waits."""
    progress = job.progress
    if job.state == "queued" or progress is None:
        before = queue_position(job)
        words = f"Waiting: {count(before, 'run')} before this one." if before else "Starting a worker; the first steps take a few seconds."
        st.progress(0.0, text=words)
        return
    name = phases.get(progress.phase, progress.phase.capitalize())
    left = f", {duration(progress.seconds_left)} left in this phase" if (progress.seconds_left or 0) >= 1 else ""
    st.progress(min(1.0, max(0.0, progress.fraction)), text=f"{name}{left}")


def queue_position(job: api.JobView) -> int:
    """Number of jobs that run or wait before this one."""
    created = moment(job.created)
    others = [other for other in api.jobs(cached.store()) if other.state in ACTIVE and other.key != job.key]
    return sum(other.state == "running" or (created is not None and (moment(other.created) or created) < created) for other in others)


def _steps(job: api.JobView, progress: api.Progress) -> None:
    rows = []
    for phase, name in PHASES.items():
        seconds = progress.phases.get(phase)
        if phase == progress.phase:
            rows.append(f":material/play_circle: **{name}** · {duration(seconds)}")
        elif seconds is not None:
            rows.append(f":material/check_circle: {name} · {duration(seconds)}")
        else:
            rows.append(f":gray[:material/circle: {name}]")
    st.markdown("  \n".join(rows))
    started = moment(job.started)
    if started is not None:
        st.caption(f"Elapsed: {duration(sum(progress.phases.values()))}. The phases repeat in each round.")


def _curves(progress: api.Progress) -> None:
    if progress.losses:
        points = pd.DataFrame(progress.losses, columns=["step", "training", "held out"]).set_index("step")
        st.line_chart(
            points,
            x_label="training step",
            y_label="loss [nats]",
            height=220,
            color=["#0072B2", "#E69F00"],
            alt="Training and held-out loss so far",
        )
    else:
        st.caption("The loss curve appears here when training starts.")
    rounds_table(progress.rounds)


def ended_view(job: api.JobView) -> None:
    """What is said about a job that ended without a result."""
    if job.state == "cancelled":
        st.info("This run was cancelled. Nothing of it was kept; press Infer to run it again.", icon=":material/cancel:")
        return
    st.error(
        escaped(job.error or "The run failed without saying why.") + "\n\nChange the settings or the preparation and run it again.",
        icon=":material/error:",
    )
    with st.expander("Log of the run", icon=":material/article:"):
        st.code(job.log_tail or "The log is empty.", language=None, wrap_lines=True)
