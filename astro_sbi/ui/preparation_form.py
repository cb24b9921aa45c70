"""Between the file and the fit: each step's settings, and what each step does."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from astro_sbi.figures.observation import periodogram, stage
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.preparation import Prepared
from astro_sbi.simulators.base import Simulator
from astro_sbi.ui import cached, charts
from astro_sbi.ui.tables import pairs_table
from astro_sbi.ui.words import count, escaped, unit_text

FOUND = "found in the data"
UNCHANGED = "as it is"


def preparation_form(raw: Observation, simulator: Simulator) -> list[tuple[str, str]]:
    """The settings of every step and, when wanted, its effect; returns what was changed.

    Raises:
        ObservationError: if the observation cannot be prepared like this.
    """
    steps = simulator.preparation.steps
    st.caption("Steps from the file to what is fitted: " + ", ".join(escaped(step.title.lower()) for step in steps) + ".")
    with st.expander("Settings of the preparation", icon=":material/tune:", key="preparation_settings"):
        changes = [change for step in steps for change in _step(step)]
    if st.toggle("Show what each step does", key="prepare_shown", help="Prepares the observation now; Infer does it in any case."):
        prepared = cached.prepared(raw, simulator.preparation.with_changes(dict(changes)))
        stages_view(prepared)
    return [(f"prepare.{name}", text) for name, text in changes]


def _step(step: Any) -> list[tuple[str, str]]:
    fields = dataclasses.fields(step)
    if not fields:
        return []
    st.markdown(f"**{escaped(step.title)}**")
    changes = []
    with st.grid(3, min_column_width=220):
        for field in fields:
            text = _field(field, getattr(step, field.name))
            if text:
                changes.append((field.name, text))
    return changes


def _field(field: dataclasses.Field, current: Any) -> str:
    """One setting; empty while it stays as it is."""
    meaning, unit, choices = (field.metadata.get(name, "") for name in ("meaning", "unit", "choices"))
    label = escaped(f"{field.name.replace('_', ' ')} [{unit_text(unit)}]" if unit else field.name.replace("_", " "))
    shown = FOUND if current is None else f"{current:g}" if isinstance(current, float) else str(current)
    key, words = f"prepare_{field.name}", f"{escaped(meaning)}. Setting: `prepare.{field.name}`."
    if isinstance(current, bool) or choices:
        options = [UNCHANGED, *(choices or ("true", "false"))]
        chosen = st.selectbox(
            label, options, key=key, help=words, format_func=lambda option: f"{option} ({shown})" if option == UNCHANGED else option
        )
        return "" if chosen == UNCHANGED else str(chosen)
    return (st.text_input(label, key=key, help=words, placeholder=shown, max_chars=60) or "").strip()


def stages_view(prepared: Prepared) -> None:
    """Every step with its sentence, and its figure where it is opened."""
    observation = prepared.observation
    st.markdown(f"**{count(len(observation), 'point')}** remain to be fitted.")
    if prepared.resolved:
        pairs_table(prepared.resolved, names=("Found or taken", "Value"), alt="Values of the preparation")
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
                labels = {"x_label": observation.coordinate_axis.label, "y_label": observation.value_axis.label}
                charts.chart(stage(*done.before, *done.after, **labels), key=f"prepared_figure_{index}")
