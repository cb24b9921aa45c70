"""Step one of an inference: which observation, and how its file is read."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from astro_sbi.observations.containers.zipped import table_with_covariance
from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import Observation, ObservationError, Origin
from astro_sbi.observations.preview import Reading
from astro_sbi.runs import samples
from astro_sbi.ui import cached, state
from astro_sbi.ui.archive_view import choose_from_archive
from astro_sbi.ui.observation_view import download_observation
from astro_sbi.ui.reading_form import KINDS
from astro_sbi.ui.words import escaped, number, unit_text

OBSERVATION = "observation"
SUFFIXES = (
    *("fits", "fit", "fts", "csv", "tsv", "ecsv", "txt", "dat", "tbl", "mrt", "ipac", "rv", "vels", "cat", "phot", "lc", "ascii", "asc"),
    *("vot", "votable", "xml", "h5", "hdf5", "hdf", "nc", "parquet", "snana", "gz", "zip"),
)
#: Roles of columns in the order in which they are listed; others follow by name.
ORDER = ("coordinate", "value", "error", "lower error", "ivar", "variance", "channel", "quality", "resolution")
SOURCES = ("A sample", "My own file", "From an archive")


class Chosen(NamedTuple):
    """The file at hand: its checksum in the store, its name as the user knows it, and its content."""

    sha256: str
    name: str
    content: bytes


def choose() -> Chosen | None:
    """Offer samples and an upload; the file at hand is in the page's address and in the store."""
    source = st.segmented_control(
        "Where from", SOURCES, default=SOURCES[0], required=True, key="source", label_visibility="collapsed", persist_state="session"
    )
    if source == SOURCES[1]:
        _upload()
    elif source == SOURCES[2]:
        found = choose_from_archive()
        if found is not None:
            _take(found.name, found.content)
    else:
        _sample()
    key = state.from_url(OBSERVATION) or state.value(OBSERVATION)
    if not key:
        return None
    state.to_url(**{OBSERVATION: key})
    name, content = cached.store().upload(key)
    return Chosen(key, name, content)


def _take(name: str, content: bytes) -> None:
    """Keep a file at once and make it the one at hand."""
    state.forget("prepare_")
    state.forget("read_")
    key = cached.store().put_upload(name, content)
    state.put(OBSERVATION, key)
    state.to_url(**{OBSERVATION: key, "job": ""})


def _upload() -> None:
    file = st.file_uploader(
        "Light curve, spectrum, velocities, photometry or Hubble diagram",
        type=list(SUFFIXES),
        max_upload_size=MAX_BYTES >> 20,
        key="upload",
        on_change=state.note,
        args=("upload",),
        help="FITS, VOTable, HDF5, NetCDF, Parquet, ECSV, CSV and other text tables, MRT, IPAC, SNANA, each also gzipped. "
        "It is shown before anything is done with it.",
    )
    if state.take_note("upload") and file is not None:
        _take(file.name, file.getvalue())


def offer_covariance(chosen: Chosen, observation: Observation) -> None:
    """Take the covariance matrix of a Hubble diagram where it is a file of its own; the two become one file."""
    if observation.kind != "hubble_diagram" or observation.points.noise.covariance is not None:
        return
    file = st.file_uploader(
        "Covariance matrix of these supernovae",
        type=["cov", "txt", "dat", "gz"],
        max_upload_size=MAX_BYTES >> 20,
        key="covariance",
        on_change=state.note,
        args=("covariance",),
        help="A text of N and then N x N numbers in the order of the table's rows, such as surveys publish beside their table.",
    )
    if state.take_note("covariance") and file is not None:
        _take(*table_with_covariance((chosen.name, chosen.content), (file.name, file.getvalue())))
        st.rerun()


def _sample() -> None:
    offered = {sample.file: sample for sample in samples.offered(state.from_url("simulator"))}
    name = st.selectbox(
        "Sample observation",
        list(offered),
        index=None,
        format_func=lambda file: f"{KINDS[offered[file].kind]} · {offered[file].title}",
        placeholder="Choose a real observation",
        key="sample",
        on_change=state.note,
        args=("sample",),
        persist_state="session",
        help="Fetched from its archive once, checked by checksum and kept.",
    )
    if state.take_note("sample") and name:
        with st.spinner("Fetching the sample"):
            content = samples.fetch(offered[name], cached.store())
        _take(name, content)
    if name:
        st.caption(escaped(offered[name].citation))


def observation_of(reading: Reading) -> Observation:
    """What was read.

    Raises:
        ObservationError: if the file was refused; the form above may mend it.
    """
    if reading.observation is None:
        raise ObservationError(reading.refusal)
    return reading.observation


def columns_in_words(origin: Origin) -> str:
    """Which role was read from which column."""
    roles = [role for role in ORDER if role in origin.columns]
    others = sorted(set(origin.columns) - set(roles))
    return ", ".join(f"{role} from {origin.columns[role]}" for role in (*roles, *others))


def what_was_read(observation: Observation) -> None:
    """Name, rows, units, what was dropped and why, and warnings."""
    origin = observation.origin
    st.markdown("**What was read**")
    st.text(f"{observation.name}  ({origin.file})")
    dropped = sum(origin.dropped.values())
    with st.grid(4, min_column_width=150):
        st.metric("Points", f"{len(observation):,}")
        st.metric("Coordinate", unit_text(observation.coordinate_axis.unit) or "no unit", help=escaped(observation.coordinate_axis.label))
        st.metric("Value", unit_text(observation.value_axis.unit) or "no unit", help=escaped(observation.value_axis.label))
        st.metric("Rows dropped", f"{dropped:,}")
    reasons = "; ".join(f"{reason}: {n:,}" for reason, n in origin.dropped.items() if n)
    columns = columns_in_words(origin)
    lines = [f"Reader: {escaped(origin.reader)}."]
    lines += [f"Columns: {escaped(columns)}."] * bool(columns)
    lines += [f"Dropped: {escaped(reasons)}."] * bool(reasons)
    lines += [f"Channels: {escaped(', '.join(observation.channels))}."] * (len(observation.channels) > 1)
    lines += [f"One of {origin.objects:,} objects in the file."] * (origin.objects > 1)
    st.caption(" ".join(lines))
    known = {name: quantity for name, quantity in observation.points.known.items() if quantity.isscalar}
    if known:
        listed = ", ".join(
            f"{name.replace('_', ' ')} {number(quantity.value, 6)} {unit_text(str(quantity.unit))}".strip()
            for name, quantity in known.items()
        )
        st.caption(f"Known from the file: {escaped(listed)}.")
    if origin.guesses:
        guesses = "\n".join(f"- {escaped(guess)}" for guess in origin.guesses)
        st.info(f"Guessed, as the file does not say; change it under *How the file is read*:\n\n{guesses}", icon=":material/help:")
    for warning in origin.warnings:
        st.warning(escaped(warning), icon=":material/warning:")
    if observation.points.noise.source == "estimated":
        st.info(
            "The file has no errors; they were estimated from the scatter of neighbouring points. "
            "To give them, open *How the file is read*.",
            icon=":material/info:",
        )
    download_observation(observation, "Download what was read (ECSV)", "read")
