"""An observation in, a checked posterior out."""

import streamlit as st

from astro_sbi.runs import api, samples
from astro_sbi.ui import cached, navigation, observation_form, preparation_form, reading_form, settings_form, state
from astro_sbi.ui.download_view import share_view
from astro_sbi.ui.observation_view import observation_view
from astro_sbi.ui.progress_view import ACTIVE, ended_view, progress_view
from astro_sbi.ui.result_view import result_view
from astro_sbi.ui.spoken import said

navigation.guard()


def follow(key: str) -> None:
    """A run: its progress while it goes on, then its result or why there is none."""
    job = api.job(cached.store(), key)
    if job is not None and job.state in ACTIVE:
        st.title("Infer", anchor=False)
        progress_view(key)
        return
    if st.button("New inference", icon=":material/add:", key="new_inference"):
        state.to_url(job="")
        st.rerun()
    if job is None:
        st.info("This run is no longer kept. Its result, if it had one, is in the Library.", icon=":material/history:")
    elif job.state == "done" and job.result_key:
        share_view(job.result_key)
        result_view(job.result_key, cached.result(job.result_key))
    else:
        ended_view(job)


def ask() -> None:
    """The form, from the observation to the button."""
    st.title("Infer", anchor=False)
    st.subheader("1 · Observation", anchor=False)
    wanted = settings_form.wanted_simulator()
    chosen = observation_form.choose()
    if chosen is None:
        st.info("Choose an observation to go on: a sample, a file of your own, or one from an archive.", icon=":material/arrow_upward:")
        return
    options = reading_form.told_options(settings_form.kind_of(wanted))
    reading = cached.reading(chosen, options)
    reading_form.reading_form(reading, options)
    raw = observation_form.observation_of(reading)
    observation_form.what_was_read(raw)
    observation_form.offer_covariance(chosen, raw)
    observation_view(chosen.sha256, raw)
    st.subheader("2 · Simulator", anchor=False)
    preferred = samples.simulator_for(chosen.sha256, wanted)
    simulator = settings_form.choose_simulator(raw.kind, chosen.sha256, preferred)
    if simulator is None:
        return
    simulator, options_chosen = settings_form.adapted_simulator(simulator, raw.channels)
    st.subheader("3 · Preparation", anchor=False)
    prepare = preparation_form.preparation_form(raw, simulator)
    st.subheader("4 · Inference", anchor=False)
    settings = settings_form.settings_form(
        simulator,
        [*reading_form.read_changes(options), *options_chosen, *prepare],
        lambda: preparation_form.prepared(raw, simulator, prepare).observation,
    )
    if settings and st.button("Infer", type="primary", icon=":material/insights:", key="infer_button"):
        job = api.submit(cached.store(), chosen.name, chosen.content, settings)
        state.to_url(job=job.key)
        st.rerun()


with said():
    running = state.from_url("job")
    if running:
        follow(running)
    else:
        ask()
