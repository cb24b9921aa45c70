"""A table of simulations and an observation in, a checked posterior out."""

import streamlit as st

from astro_sbi.runs import api
from astro_sbi.runs.settings import Settings
from astro_sbi.simulators.registry import SIMULATIONS
from astro_sbi.ui import cached, navigation, settings_form, simulations_form
from astro_sbi.ui.spoken import said

navigation.guard()


def ask() -> None:
    """The form, from the table to the button."""
    st.title("My simulations", anchor=False)
    st.markdown(
        "For a model that is not among the problems here: bring a table of simulations, parameters beside what your simulator made of "
        "them. A flow is trained on it once, judged on simulations it did not see, and applied to as many observations as you like."
    )
    st.subheader("1 · Simulations", anchor=False)
    table_file = simulations_form.choose(
        simulations_form.TABLE,
        "Table of simulations",
        "NPZ or HDF5 with arrays theta [N, d] and x [N, ...], or a table (Parquet, CSV, ECSV, FITS) with a column for each parameter "
        "and each number. At least 200 rows, better some thousands.",
    )
    if table_file is None:
        st.info("Choose a table of simulations to go on.", icon=":material/arrow_upward:")
        return
    reading = simulations_form.reading_changes()
    table = simulations_form.read(table_file, reading)
    simulations_form.what_was_read(table_file, table)
    st.subheader("2 · Priors", anchor=False)
    priors = simulations_form.priors_form(table)
    st.subheader("3 · Observation", anchor=False)
    observation = simulations_form.choose_observed(table_file, table)
    if observation is None:
        st.info("Choose an observation of the same numbers to go on.", icon=":material/arrow_upward:")
        return
    simulations_form.observed_view(observation, table)
    st.subheader("4 · Inference", anchor=False)
    seed, samples, ensemble, further = settings_form.effort_form()
    changes = (("table.file", table_file.sha256), *reading, *priors, *further)
    if st.button("Infer", type="primary", icon=":material/insights:", key="infer_button"):
        asked = Settings(SIMULATIONS, seed, samples, ensemble, changes)
        job = api.submit(cached.store(), observation.name, observation.content, asked)
        st.switch_page(navigation.INFER, query_params={"job": job.key})


with said():
    ask()
