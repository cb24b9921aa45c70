"""Every run and result: find, open, cancel, delete."""

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.ui import cached, compare_choice, navigation
from astro_sbi.ui.progress_view import ACTIVE
from astro_sbi.ui.run_list import STATES, runs_table
from astro_sbi.ui.spoken import said

ROWS_PER_PAGE = 12
SECONDS_BETWEEN_LOOKS = 3

navigation.guard()
st.title("Library", anchor=False)
st.caption("Every run on this server, the newest first. A finished run has an address of its own that can be sent to a colleague.")


def shown(jobs: list[api.JobView]) -> list[api.JobView]:
    """The runs that the filters let through."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find", placeholder="observation or simulator", icon=":material/search:", key="find", bind="query-params", width=320
        )
        state = st.segmented_control(
            "State", list(STATES), format_func=lambda name: STATES[name][2], key="state", bind="query-params", wrap=True
        )
    wanted = (words or "").casefold()
    return [job for job in jobs if wanted in f"{job.observation} {job.simulator}".casefold() and state in (None, job.state)]


def library(jobs: list[api.JobView]) -> None:
    """Filters, rows and pages."""
    found = shown(jobs)
    if not found:
        st.info("No run matches. Clear the filters to see all.", icon=":material/filter_alt_off:")
        return
    compare_choice.ticked_runs(jobs)
    pages = -(-len(found) // ROWS_PER_PAGE)
    page = 1
    rows = st.container()
    if pages > 1:
        page = st.pagination(pages, key="library_page")
    with rows:
        runs_table(found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE])


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(before: list[tuple[str, str]]) -> None:
    """Run the page again when a run changed its state."""
    if [(job.key, job.state) for job in api.jobs(cached.store())] != before:
        st.rerun()


with said():
    runs = api.jobs(cached.store())
    if runs:
        library(runs)
    else:
        st.info("No runs yet. Infer from an observation, and it appears here.", icon=":material/inventory_2:")
        st.page_link(navigation.INFER, label="Infer from an observation", icon=":material/insights:")
    if any(run.state in ACTIVE for run in runs):
        watch([(run.key, run.state) for run in runs])
