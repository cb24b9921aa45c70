"""The app's caches, all bounded, keyed by content hashes or frozen settings; those of simulators and flows are in `cached_models`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import astuple
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, TypeVar

import plotly.graph_objects as go
import streamlit as st

if TYPE_CHECKING:
    from astro_sbi.observations.observation import Observation
    from astro_sbi.observations.options import ReadOptions
    from astro_sbi.observations.preparation import Preparation, Prepared
    from astro_sbi.observations.preview import Reading
    from astro_sbi.observations.simulations.table import ObservedNumbers, SimulationTable, TableOptions
    from astro_sbi.runs.api import ExampleView
    from astro_sbi.runs.cards import ShippedCard
    from astro_sbi.runs.check_settings import Method
    from astro_sbi.runs.result import Result
    from astro_sbi.runs.store import BundleKind, Store
    from astro_sbi.ui.observation_form import Chosen


Drawn = TypeVar("Drawn")


@st.cache_resource(max_entries=4, show_spinner=False)
def _store(place: str) -> Store:
    from astro_sbi.runs import api

    return api.open_store()


def store() -> Store:
    """The store of this process's environment."""
    return _store(os.environ.get("ASTRO_SBI_STORE", ""))


@st.cache_resource(max_entries=16, show_spinner="Opening the result")
def _result(root: str, key: str, kind: BundleKind) -> Result:
    from astro_sbi.runs import api

    return api.result(store(), key, kind)


def result(key: str, kind: BundleKind = "result") -> Result:
    """A finished inference, or a finished check; immutable, so every session shares it.

    Raises:
        StoreError: if it is not there or damaged.
    """
    return _result(str(store().root), key, kind)


def forget_result(key: str) -> None:
    """Stop serving a result that was deleted."""
    _result.clear(str(store().root), key, "result")


@st.cache_data(max_entries=64, show_spinner=False)
def _usual_sampler(key: str, _kept: Result) -> Method:
    from astro_sbi.runs.on_demand import usual_sampler

    return usual_sampler(_kept)


def usual_sampler(kept: Result) -> Method:
    """The sampler that suits a result's posterior."""
    return _usual_sampler(kept.key, kept)


@st.cache_resource(max_entries=1, show_spinner=False)
def _turns() -> BoundedSemaphore:
    """How many files are read at a time: each child may take 1.5 GB."""
    return BoundedSemaphore(2)


@st.cache_resource(max_entries=16, show_spinner="Reading the file")
def _reading(sha256: str, options: tuple[Any, ...], _name: str, _content: bytes) -> Reading:
    from astro_sbi.observations.options import ReadOptions
    from astro_sbi.observations.reading import inspected

    with _turns():
        return inspected(_name, _content, ReadOptions(*options))


def reading(chosen: Chosen, options: ReadOptions) -> Reading:
    """What a file holds and what was read of it, or the sentence that refuses it."""
    return _reading(chosen.sha256, astuple(options), chosen.name, chosen.content)


@st.cache_resource(max_entries=2, show_spinner="Reading the simulations")
def _simulations(sha256: str, options: tuple[Any, ...], _name: str, _content: bytes) -> SimulationTable:
    from astro_sbi.observations.simulations.table import TableOptions, read_simulations

    with _turns():
        return read_simulations(_name, _content, TableOptions(*options))


def simulations(chosen: Chosen, options: TableOptions) -> SimulationTable:
    """A user's own table of simulations.

    Raises:
        ObservationError: if it was refused.
    """
    return _simulations(chosen.sha256, astuple(options), chosen.name, chosen.content)


@st.cache_resource(max_entries=16, show_spinner="Reading the observation")
def _observed_numbers(sha256: str, table: str, _name: str, _content: bytes, _table: SimulationTable) -> ObservedNumbers:
    from astro_sbi.observations.simulations.table import read_observed

    with _turns():
        return read_observed(_name, _content, _table)


def observed_numbers(chosen: Chosen, table: SimulationTable) -> ObservedNumbers:
    """An observation of the numbers of a table.

    Raises:
        ObservationError: if it was refused.
    """
    return _observed_numbers(chosen.sha256, table.content_hash, chosen.name, chosen.content, table)


@st.cache_resource(max_entries=16, show_spinner="Preparing the observation")
def _prepared(key: tuple[Any, ...], _raw: Observation, _preparation: Preparation) -> Prepared:
    from astro_sbi.observations.preparation import prepare

    return prepare(_raw, _preparation)


def prepared(raw: Observation, preparation: Preparation) -> Prepared:
    """An observation prepared for a simulator, every stage kept.

    Raises:
        ObservationError: if it cannot be prepared like this.
    """
    return _prepared((raw.content_hash, repr(preparation)), raw, preparation)


@st.cache_resource(max_entries=1, show_spinner=False)
def examples() -> tuple[ExampleView, ...]:
    """The results that ship with the package."""
    from astro_sbi.runs import api

    return tuple(api.examples())


@st.cache_resource(max_entries=1, show_spinner=False)
def shipped_cards() -> Mapping[str, ShippedCard]:
    """The calibration cards beside the flows that ship, each tied to its weights by checksum.

    Raises:
        StoreError: if a card is not of the flow beside it.
    """
    from astro_sbi.runs.cards import shipped_cards

    return shipped_cards()


@st.cache_data(max_entries=64, show_spinner=False)
def _figure(key: tuple[Any, ...], _draw: Callable[[], Drawn]) -> Drawn:
    return _draw()


def figure(key: tuple[Any, ...], draw: Callable[[], Drawn]) -> Drawn:
    """A figure, or what a component draws, made once for each key.

    Args:
        key: everything that the figure depends on, arrays by their content hash.
        draw: draws it.
    """
    return _figure(key, draw)


@st.cache_resource(max_entries=1, show_spinner=False)
def _press() -> BoundedSemaphore:
    """One figure is printed at a time: matplotlib's mathematics is made for one thread."""
    return BoundedSemaphore(1)


def printed(figure: go.Figure) -> bytes:
    """A figure as a PDF of vectors."""
    from astro_sbi.figures.printed import printed

    with _press():
        return printed(figure, "pdf")
