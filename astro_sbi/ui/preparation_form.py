"""Between the file and the fit: each step's settings, and what each step does."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from astro_sbi.figures.observation import periodogram, stage
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.preparation import Preparation, Prepared, Setting, Stage
from astro_sbi.simulators.base import Simulator
from astro_sbi.ui import cached, charts
from astro_sbi.ui.observation_view import download_observation
from astro_sbi.ui.tables import pairs_table
from astro_sbi.ui.words import count, escaped, unit_text

FOUND = "found in the data"


def preparation_form(raw: Observation, simulator: Simulator) -> list[tuple[str, str]]:
    """The settings of every step and, when wanted, its effect; returns what was changed.

    Raises:
        ObservationError: if the observation cannot be prepared like this.
    """
    preparation = simulator.preparation
    titles = list(dict.fromkeys(step.title for step in preparation.steps))
    st.caption("Steps from the file to what is fitted: " + ", ".join(escaped(title) for title in titles) + ".")
    with st.expander("Settings of the preparation", icon=":material/tune:", key="preparation_settings"):
        changes = [(f"prepare.{name}", text) for title in titles for name, text in _step(title, preparation)]
    if st.toggle("Show what each step does", key="prepare_shown", help="Prepares the observation now; Infer does it in any case."):
        stages_view(prepared(raw, simulator, changes))
    return changes


def prepared(raw: Observation, simulator: Simulator, changes: Sequence[tuple[str, str]]) -> Prepared:
    """The observation prepared as the form says.

    Args:
        raw: as it was read.
        simulator: for the observation's channels.
        changes: what `preparation_form` returned.

    Raises:
        ObservationError: if it cannot be prepared like this.
    """
    told = {key.removeprefix("prepare."): text for key, text in changes}
    return cached.prepared(raw, simulator.preparation.with_changes(told))


def _step(title: str, preparation: Preparation) -> list[tuple[str, str]]:
    settings = [setting for setting in preparation.settings if setting.step == title]
    if not settings:
        return []
    st.markdown(f"**{escaped(title)}**")
    with st.grid(3, min_column_width=220):
        return [(setting.name, text) for setting in settings if (text := _field(setting))]


def _field(setting: Setting) -> str:
    """One setting; empty while it stays as it is."""
    name, unit = setting.name.replace("_", " "), unit_text(setting.unit)
    label = escaped(f"{name} [{unit}]" if unit else name)
    shown = FOUND if setting.value is None else f"{setting.value:g}" if isinstance(setting.value, float) else str(setting.value)
    between = f" Between {setting.low:g} and {setting.high:g}." if setting.low is not None and setting.high is not None else ""
    key, words = f"prepare_{setting.name}", f"{escaped(setting.meaning)}.{between} Setting: `prepare.{setting.name}`."
    if setting.choices:
        chosen = st.selectbox(
            label, list(setting.choices), index=setting.choices.index(setting.value), key=key, help=words, persist_state="session"
        )
        return "" if chosen == setting.value else str(chosen)
    return (
        st.text_input(label, key=key, help=words, placeholder=shown, max_chars=200 if setting.text else 60, persist_state="session") or ""
    ).strip()


def stages_view(prepared: Prepared) -> None:
    """Every step with its sentence, and its figure where it is opened."""
    st.markdown(f"**{count(len(prepared.observation), 'point')}** remain to be fitted.")
    if prepared.periodogram is not None:
        period, power = prepared.periodogram
        best = float(prepared.resolved.get("period", period[power.argmax()]))
        charts.chart(periodogram(period, power, best), key="prepared_periodogram")
    for index, done in enumerate(prepared.stages):
        dropped = sum(done.dropped.values())
        ending = f" ({count(dropped, 'point')} dropped)" if dropped else ""
        place = st.expander(f"{index + 1}. {escaped(done.name)}{ending}", key=f"prepared_{index}", on_change="rerun")
        with place:
            st.markdown(escaped(done.sentence))
            if place.open:
                charts.chart(_figure(done), key=f"prepared_figure_{index}")
    download_observation(prepared.observation, "Download what is fitted (ECSV)", "prepared")
    if prepared.resolved:
        with st.expander("Values found or taken", icon=":material/data_object:"):
            pairs_table(prepared.resolved, names=("Setting", "Value"), alt="Values of the preparation")


def _figure(done: Stage) -> go.Figure:
    (x_label, y_label), (x_after, y_after) = ([axis.label for axis in axes] for axes in (done.before_axes, done.after_axes))
    return stage(done.before, done.after, x_label=x_label, y_label=y_label, x_label_after=x_after, y_label_after=y_after)
