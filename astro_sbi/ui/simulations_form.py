"""A table of simulations of the user's own: brought, shown, its priors told, and an observation of the same numbers."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.figures.components import components
from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import Origin
from astro_sbi.observations.simulations.table import ObservedNumbers, SimulationTable
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.simulations import table_options, table_prior
from astro_sbi.simulators.guessed_prior import guessed_prior, prior_remarks
from astro_sbi.simulators.registry import SIMULATIONS
from astro_sbi.simulators.simulation_table import TableSimulator, observed_of, simulated_bands
from astro_sbi.ui import cached, charts, prior_form, state
from astro_sbi.ui.observation_form import Chosen
from astro_sbi.ui.words import count, escaped

TABLE, OBSERVED = "table", "observed"
SUFFIXES = ("npz", "h5", "hdf5", "hdf", "parquet", "csv", "tsv", "ecsv", "txt", "dat", "fits", "fit", "vot", "gz")
PREFIX = "table_"
SHOWN = 12

Changes = list[tuple[str, str]]


def choose(name: str, label: str, words: str) -> Chosen | None:
    """Offer an upload; the file at hand is in the page's address and in the store.

    Args:
        name: of the parameter of the address.
        label: above the upload.
        words: help.

    Raises:
        StoreError: if the store no longer has the file.
    """
    widget = f"upload_{name}"
    file = st.file_uploader(
        label, type=list(SUFFIXES), max_upload_size=MAX_BYTES >> 20, key=widget, on_change=state.note, args=(widget,), help=words
    )
    if state.take_note(widget) and file is not None:
        if name == TABLE:
            state.forget(PREFIX)
        state.to_url(**{name: cached.store().put_upload(file.name, file.getvalue())})
    key = state.from_url(name)
    return Chosen(key, *cached.store().upload(key)) if key else None


def reading_changes() -> Changes:
    """Which columns are parameters and which are simulated, where the user says so, as settings."""
    with st.expander("How the table is read", icon=":material/description:", key="table_form"):
        st.caption("Names with commas between them; empty leaves it to the file: columns called theta or param are parameters.")
        with st.grid(2, min_column_width=220):
            parameters = st.text_input(
                "Parameters", key=f"{PREFIX}parameters", placeholder="mass, age", help="Setting: `table.parameters`."
            )
            components = st.text_input(
                "Numbers of an observation", key=f"{PREFIX}components", placeholder="all others", help="Setting: `table.components`."
            )
    answers = {"table.parameters": parameters, "table.components": components}
    return [(name, answer.strip()) for name, answer in answers.items() if answer.strip()]


def read(chosen: Chosen, changes: Changes) -> SimulationTable:
    """The simulations of a file.

    Raises:
        ObservationError: if it was refused; the form above may mend it.
        SettingsError: if the form makes no sense.
    """
    return cached.simulations(chosen, table_options(Settings(SIMULATIONS, changes=tuple(changes))))


def what_was_read(chosen: Chosen, table: SimulationTable) -> None:
    """Rows, parameters, numbers, and what was left out or guessed."""
    st.markdown("**What was read**")
    st.text(chosen.name)
    with st.grid(4, min_column_width=150):
        st.metric("Simulations", f"{len(table):,}")
        st.metric("Parameters", f"{len(table.parameters):,}")
        st.metric("Numbers each", f"{len(table.components):,}", help=f"Of one simulated observation, of shape {table.shape} in the file.")
        st.metric("Rows dropped", f"{table.total - len(table):,}", help="Simulations that are not finite.")
    more = len(table.components) - SHOWN
    listed = ", ".join(table.components[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    st.caption(f"Reader: {escaped(table.format)}. Parameters: {escaped(', '.join(table.columns))}. Numbers: {escaped(listed)}.")
    for guess in table.guesses:
        st.info(f"{escaped(guess[:1].upper() + guess[1:])}.", icon=":material/help:")


def priors_form(table: SimulationTable) -> Changes:
    """The priors that the table was drawn from: guessed, to be mended.

    Raises:
        PriorError: if what is told does not fit the table.
    """
    st.caption("The distribution that each parameter was drawn from, guessed from its column; change what you know better.")
    simulator = TableSimulator(table, guessed_prior(table.parameters, table.theta))
    kinds = {kind: word for kind, word in prior_form.KINDS.items() if kind != "fixed"}
    changed = {name: str(prior) for name, prior in prior_form.prior_form(simulator, kinds).items()}
    prior, _ = table_prior(table, changed)
    for remark in prior_remarks(prior, table.theta):
        st.warning(escaped(remark), icon=":material/warning:")
    return [(f"prior.{name}", text) for name, text in changed.items()]


def choose_observed(chosen: Chosen, table: SimulationTable) -> Chosen | None:
    """The file of the observation: one of its own, or the table's ``x_observed``."""
    found = choose(OBSERVED, "Observation", "One row with the columns of the simulations, or one column, or x_observed in NPZ or HDF5.")
    if table.format in ("NPZ", "HDF5") and st.toggle("The table's own x_observed", key="own_observation"):
        return chosen
    return found


def observed_view(file: Chosen, table: SimulationTable) -> None:
    """The observation among the simulations.

    Raises:
        ObservationError: if the file is no observation of the table's numbers.
    """
    numbers: ObservedNumbers = cached.observed_numbers(file, table)
    origin = Origin(file.name, file.sha256, numbers.format)
    _, prepared = observed_of(file.name, origin, numbers.value, table)
    shown = prepared.observation
    axes = {"coordinate": {"label": shown.coordinate_axis.label}, "value": {"label": shown.value_axis.label}}

    def draw() -> go.Figure:
        bands = simulated_bands(table)
        arrays = {f"{part}/{name}": band for part in ("model", "predictive") for name, band in bands.items()}
        return components(arrays | {"observed/coordinate": shown.points.coordinate, "observed/value": shown.value}, axes, table.components)

    charts.chart(cached.figure(("observed_numbers", file.sha256, table.content_hash), draw), key="observed_numbers")
    st.caption(f"{count(len(shown), 'number')} of {escaped(file.name)}; bands hold 68 and 95 % of all simulations.")
    for guess in numbers.guesses:
        st.info(f"{escaped(guess[:1].upper() + guess[1:])}.", icon=":material/help:")
