"""Step one of an inference: which observation, and how its file is read."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from astro_sbi.observations.observation import Observation
from astro_sbi.observations.reader import ReadOptions
from astro_sbi.runs import samples
from astro_sbi.ui import cached, state
from astro_sbi.ui.words import escaped, number, unit_text

OBSERVATION = "observation"
SUFFIXES = ("fits", "fit", "fts", "csv", "ecsv", "txt", "dat", "tbl", "gz")
MEGABYTES = 64
SOURCES = ("A sample", "My own file")
FLUXES = {"pdcsap": "PDCSAP: corrected for instrumental trends", "sap": "SAP: as summed in the aperture"}


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
        "Light curve or spectrum",
        type=list(SUFFIXES),
        max_upload_size=MEGABYTES,
        key="upload",
        on_change=state.note,
        args=("upload",),
        help="Kepler and TESS light curves (FITS), SDSS spectra (FITS), and CSV or ECSV tables with named columns such as "
        "time, flux, flux_err.",
    )
    if state.take_note("upload") and file is not None:
        _take(file.name, file.getvalue())


def _sample() -> None:
    offered = {sample.file: sample for sample in samples.SAMPLES}
    name = st.selectbox(
        "Sample observation",
        list(offered),
        index=None,
        format_func=lambda file: offered[file].title,
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


def read_options(chosen: Chosen) -> ReadOptions:
    """What the user may say about the file, asked for where the file leaves it open."""
    with st.expander("How the file is read", icon=":material/description:", key="read_options"):
        flux = st.selectbox(
            "Flux column of Kepler and TESS files",
            list(FLUXES),
            format_func=FLUXES.__getitem__,
            key="read_flux",
            persist_state="session",
            help="SAP flux holds light of neighbouring stars; the simulator then dilutes its transits by the header's CROWDSAP.",
        )
        error = st.number_input(
            "Error of every value, in the file's unit",
            min_value=0.0,
            value=None,
            format="%g",
            key="read_error",
            persist_state="session",
            placeholder="from the file",
            help="Takes the place of the file's errors. Without either, the errors are estimated from the scatter.",
        )
    return ReadOptions(flux=flux, error=error or None)


def read_changes(options: ReadOptions) -> list[tuple[str, str]]:
    """The options as settings, where they differ from what is done unasked."""
    plain = ReadOptions()
    return [(f"read.{name}", str(getattr(options, name))) for name in ("flux", "error") if getattr(options, name) != getattr(plain, name)]


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
    columns = ", ".join(f"{role} from {name}" for role, name in origin.columns.items())
    lines = [f"Reader: {escaped(origin.reader)}."]
    lines += [f"Columns: {escaped(columns)}."] * bool(columns)
    lines += [f"Dropped: {escaped(reasons)}."] * bool(reasons)
    st.caption(" ".join(lines))
    known = {name: quantity for name, quantity in observation.points.known.items() if quantity.isscalar}
    if known:
        listed = ", ".join(
            f"{name.replace('_', ' ')} {number(quantity.value, 6)} {unit_text(str(quantity.unit))}".strip()
            for name, quantity in known.items()
        )
        st.caption(f"Known from the file: {escaped(listed)}.")
    for warning in origin.warnings:
        st.warning(escaped(warning), icon=":material/warning:")
    if observation.points.noise.source == "estimated":
        st.info(
            "The file has no errors; they were estimated from the scatter of neighbouring points. "
            "To give them, open *How the file is read*.",
            icon=":material/info:",
        )
