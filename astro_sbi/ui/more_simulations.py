"""A flow tested with more simulations: asked for, followed, cancelled."""

from __future__ import annotations

import streamlit as st

from astro_sbi.runs import api, card_jobs
from astro_sbi.runs.cards import ShippedCard
from astro_sbi.runs.check_settings import CARD_SIZES
from astro_sbi.runs.result import Result
from astro_sbi.ui import cached
from astro_sbi.ui.progress_view import ACTIVE, check_progress
from astro_sbi.ui.words import escaped, sentence

PHASES = {"simulating": "Simulating data from the prior", "checking": "Drawing posteriors and ranking the true values"}


def more_simulations(of: ShippedCard | Result, tests: int) -> None:
    """What more simulations bring, and the way to them.

    Args:
        of: the flow or run.
        tests: simulations of the card that is shown.
    """
    store = cached.store()
    sizes = [size for size in CARD_SIZES if size > tests]
    jobs = {size: api.job(store, card_jobs.card_settings(of, size).key) for size in sizes}
    active = next((job for job in jobs.values() if job is not None and job.state in ACTIVE), None)
    if active is not None:
        goes_on = "the test goes on, and its card appears here"
        check_progress(active.key, PHASES, cancel="cancel_card", goes_on=goes_on, title="More simulations")
        return
    if not sizes:
        return
    why = card_jobs.why_not(store, of)
    with st.expander("More simulations", icon=":material/add_chart:"):
        st.markdown("The more simulations, the smaller the fault that is seen: the grey band shrinks with the root of their number.")
        if why:
            st.caption(f":material/info: Not possible here: {escaped(why)}.")
            return
        size = st.segmented_control("Simulations", sizes, default=sizes[0], required=True, format_func="{:,}".format, key="card_size")
        failed = jobs[size]
        if failed is not None and failed.state == "failed":
            st.error(escaped(sentence(failed.error or "the test failed without saying why")), icon=":material/error:")
        if st.button("Test with more", icon=":material/play_arrow:", key="ask_card"):
            card_jobs.ask_card(store, of, size)
            st.rerun()
