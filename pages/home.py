"""What this is, and a finished example opened with no click."""

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.ui import cached, gallery, navigation
from astro_sbi.ui.run_list import recent_runs
from astro_sbi.ui.spoken import said

RECENT = 5

navigation.guard()
examples = sorted(cached.examples(), key=lambda one: (one.summary["verdict"] != "good", one.summary["kind"] != "light_curve"))
runs = []
with said():
    runs = [run for run in api.jobs(cached.store()) if not run.of]

intro, example = st.columns([2, 3], gap="large")
with intro:
    st.title("From an observation to a posterior you can trust", anchor=False)
    st.markdown(
        "astro_sbi infers the parameters of an astrophysical model from a light curve, a spectrum, velocities, photometry or a Hubble "
        "diagram, by training a neural network on simulations of your observation. Every posterior is checked against the likelihood "
        "and comes with a verdict in plain words."
    )
    with st.container(horizontal=True):
        if st.button("Infer from an observation", type="primary", icon=":material/insights:", key="go_infer"):
            st.switch_page(navigation.INFER)
        if st.button("Explore a simulator", icon=":material/tune:", key="go_explore"):
            st.switch_page(navigation.EXPLORE)
    st.space("small")
    gallery.steps()
with example, said():
    opened = examples[0].key if examples else next((job.result_key for job in runs if job.result_key), None)
    if opened:
        gallery.opened_example(opened, cached.result(opened))
    else:
        st.info(
            "This installation ships no finished example. Start with Infer: a sample observation is one click away.", icon=":material/info:"
        )

if runs:
    st.header("Recent runs", anchor=False)
    recent_runs(runs[:RECENT])

st.header("Problems", anchor=False)
st.caption("Each simulator is a model of what may have made an observation, with cited physics and priors that can be changed.")
gallery.problems()
st.page_link(navigation.SIMULATIONS, label="Not among them? Bring simulations of your own", icon=":material/upload_file:")

if len(examples) > 1:
    st.header("Finished examples", anchor=False)
    gallery.examples(examples)
