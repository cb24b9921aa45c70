"""How a file is read: what was understood, shown, and every answer that can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pandas as pd
import streamlit as st

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.options import ROLES, ReadOptions
from astro_sbi.observations.preview import Reading, TablePreview
from astro_sbi.ui import state
from astro_sbi.ui.words import count

PREFIX = "read_"
FLUXES = {"pdcsap": "PDCSAP: corrected for instrumental trends", "sap": "SAP: as summed in the aperture"}
KINDS = {
    "light_curve": "Light curve",
    "spectrum": "Spectrum",
    "velocities": "Radial velocities",
    "photometry": "Photometry in several bands",
    "hubble_diagram": "Hubble diagram",
    "curve": "Curve of y against x",
}
MEDIA = {"vacuum": "Vacuum", "air": "Air"}
COVARIANCES = {"total": "All errors", "systematic": "Systematic errors alone: the squares of the others are added"}
FROM_FILE = "as in the file"


def told_options(wanted: Kind | None = None) -> ReadOptions:
    """What the form below holds already: it is drawn after the file was read.

    Args:
        wanted: kind of observation that the simulator at hand explains; curves are read only where they are asked for.
    """
    told: dict[str, Any] = {}
    for field in fields(ReadOptions):
        answer = state.value(f"{PREFIX}{field.name}")
        if isinstance(answer, str):
            answer = answer.strip()
        if answer not in (None, "") and not (field.name in ("error", "signal_to_noise") and not answer):
            told[field.name] = answer
    return ReadOptions(**({"kind": "curve"} if wanted == "curve" else {}) | told)


def read_changes(options: ReadOptions) -> list[tuple[str, str]]:
    """The options as settings, where they differ from what is done unasked."""
    plain = ReadOptions()
    names = [field.name for field in fields(ReadOptions)]
    return [(f"read.{name}", str(getattr(options, name))) for name in names if getattr(options, name) != getattr(plain, name)]


def reading_form(reading: Reading, options: ReadOptions) -> None:
    """The file's first rows and the answers that can be changed; open at once where the file was refused."""
    refused = reading.observation is None
    with st.expander("How the file is read", icon=":material/description:", key="read_form", expanded=refused and bool(reading.tables)):
        table = _table_choice(reading.tables)
        if table is not None:
            _first_rows(table)
        with st.grid(3, min_column_width=200):
            _kind_choice(reading.observation)
            if table is not None and _kind(reading.observation) != "photometry":
                _column_choices(table, reading.observation)
            _answers(reading.observation)


def _table_choice(tables: tuple[TablePreview, ...]) -> TablePreview | None:
    """The table at hand; asked for where there are several with names."""
    named = [table for table in tables if table.name]
    if len(tables) > 1 and named:
        _choice("table", "Table of the file", {table.name: f"{table.name} ({count(table.rows, 'row')})" for table in named})
    wanted = state.value(f"{PREFIX}table")
    return next((table for table in tables if table.name == wanted), max(tables, key=lambda table: table.rows, default=None))


def _first_rows(table: TablePreview) -> None:
    """Names, units and first rows, as they stand in the file."""
    shown = [(column.name if not column.unit else f"{column.name} [{column.unit}]", column.cells) for column in table.columns]
    length = max((len(cells) for _, cells in shown), default=0)
    frame = pd.DataFrame({f"{name}": [*cells, *[""] * (length - len(cells))] for name, cells in shown})
    st.caption(f"First rows of {count(table.rows, 'row')}, as they stand in the file.")
    st.dataframe(frame, hide_index=True, height="content", key="read_rows")


def _choice(name: str, label: str, offered: Mapping[str, str], shown: str = FROM_FILE) -> None:
    st.selectbox(
        label,
        list(offered),
        index=None,
        format_func=offered.__getitem__,
        key=f"{PREFIX}{name}",
        persist_state="session",
        placeholder=shown,
        help=f"Setting: `read.{name}`.",
    )


def _kind(observation: Observation | None) -> str | None:
    return observation.kind if observation is not None else state.value(f"{PREFIX}kind")


def _kind_choice(observation: Observation | None) -> None:
    _choice("kind", "What it holds", KINDS, KINDS[observation.kind] if observation is not None else "not recognised")


def _column_choices(table: TablePreview, observation: Observation | None) -> None:
    """The column of each role; where nothing is chosen, the one that was taken shows."""
    names = {column.name: f"{column.name} [{column.unit}]" if column.unit else column.name for column in table.columns}
    taken = observation.origin.columns if observation is not None else {}
    for role, meaning in ROLES.items():
        shown = taken.get("error" if role == "uncertainty" else role, "none" if observation is not None else "not recognised")
        _choice(role, f"Column of {meaning}", names, shown)


def _text(name: str, label: str, placeholder: str, words: str) -> None:
    said = f"{words} Setting: `read.{name}`."
    st.text_input(label, key=f"{PREFIX}{name}", placeholder=placeholder, max_chars=60, persist_state="session", help=said)


def _number(name: str, label: str, placeholder: str, words: str) -> None:
    st.number_input(
        label,
        value=None,
        format="%g",
        key=f"{PREFIX}{name}",
        persist_state="session",
        placeholder=placeholder,
        help=f"{words} Setting: `read.{name}`.",
    )


def _answers(observation: Observation | None) -> None:
    """Units, frames and errors: those that the kind at hand has."""
    kind = _kind(observation)
    coordinate = observation.coordinate_axis.unit if observation is not None else FROM_FILE
    value = observation.value_axis.unit or "none" if observation is not None else FROM_FILE
    if kind in (None, "light_curve", "velocities"):
        zero = observation.coordinate_axis.zero_point or "not known" if observation is not None else FROM_FILE
        _text("zero_point", "Times count from", zero, "For example BJD - 2457000, JD, MJD, BTJD.")
    if kind == "light_curve":
        _choice("flux", "Flux of Kepler and TESS files", FLUXES)
    if kind == "spectrum":
        _choice("medium", "Wavelengths measured in", MEDIA)
        _number("redshift", "Redshift guess", FROM_FILE, "In place of the file's.")
    if kind == "hubble_diagram":
        _choice("covariance", "What a covariance matrix holds", COVARIANCES, COVARIANCES["total"])
    if kind == "photometry":
        _text("row", "Object of the catalogue", "the first", "Its identifier in the catalogue.")
    _text("coordinate_unit", "Unit of times or wavelengths", coordinate, "In place of the file's; the observation is then converted.")
    _text("value_unit", "Unit of the values", value, "In place of the file's, such as mag, mJy or km/s.")
    if kind in ("light_curve", "photometry"):
        _number("magnitude", "Magnitude whose flux is 1", FROM_FILE, "Zero point between magnitudes and fluxes.")
    _number("error", "Error of every value, in its unit", FROM_FILE, "Takes the place of the file's errors.")
    _number("signal_to_noise", "Signal-to-noise of every value", FROM_FILE, "In place of errors.")
