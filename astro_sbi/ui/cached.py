"""Every cache of the app, all bounded, keyed by content hashes or frozen settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import astuple
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from astro_sbi.ui.compiling import compile_on_the_cpu

if TYPE_CHECKING:
    from astro_sbi.diagnostics.sensitivity import Sensitivity
    from astro_sbi.figures.effects import Effect
    from astro_sbi.inference.amortised import AmortisedFlow
    from astro_sbi.observations.observation import Observation
    from astro_sbi.observations.options import ReadOptions
    from astro_sbi.observations.perturbation import Perturbation
    from astro_sbi.observations.preparation import Preparation, Prepared
    from astro_sbi.observations.preview import Reading
    from astro_sbi.observations.simulations.table import ObservedNumbers, SimulationTable, TableOptions
    from astro_sbi.runs.api import ExampleView
    from astro_sbi.runs.check_settings import Method
    from astro_sbi.runs.result import Result
    from astro_sbi.runs.store import BundleKind, Store
    from astro_sbi.runs.subject import Subject
    from astro_sbi.simulators.prior import Prior
    from astro_sbi.ui.observation_form import Chosen
    from astro_sbi.ui.prior_predictive import Predictor
    from astro_sbi.ui.simulated import Explorer


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


@st.cache_resource(max_entries=16, show_spinner="Compiling the simulator")
def _explorer(name: str, options: tuple[tuple[str, str], ...], number: int | None) -> Explorer:
    from astro_sbi.ui.simulated import make_explorer

    compile_on_the_cpu(store().folder("xla"))
    return make_explorer(name, dict(options), number)


def explorer(name: str, options: Mapping[str, str] | None = None, number: int | None = None) -> Explorer:
    """A simulator made ready to be moved by hand.

    Args:
        name: of the simulator.
        options: those that are not at their defaults.
        number: of a random observing pattern; the default one if None.
    """
    return _explorer(name, tuple(sorted((options or {}).items())), number)


@st.cache_resource(max_entries=16, show_spinner="Computing what each parameter does")
def _effects(key: tuple[str, ...], _explorer: Explorer) -> tuple[Effect, ...]:
    from astro_sbi.ui.simulated import effects

    return effects(_explorer)


def effects(explorer: Explorer) -> tuple[Effect, ...]:
    """What each free parameter does to the model."""
    return _effects(explorer.key, explorer)


@st.cache_resource(max_entries=8, show_spinner="Loading the trained flow")
def shipped_flow(name: str) -> AmortisedFlow:
    """The flow that ships for a simulator.

    Raises:
        InferenceError: if none ships, or it is of another version.
    """
    from astro_sbi.inference.amortised import shipped_flow

    compile_on_the_cpu(store().folder("xla"))
    return shipped_flow(name)


@st.cache_data(max_entries=64, show_spinner=False)
def _told(key: tuple[str, ...], what: str, _explorer: Explorer) -> Any:
    from astro_sbi.ui import simulated

    return getattr(simulated, what)(_explorer)


def slider_ranges(explorer: Explorer) -> dict[str, tuple[float, float, float]]:
    """Lowest, first and highest value of each parameter's slider."""
    return _told(explorer.key, "ranges", explorer)


def many_cycles(explorer: Explorer) -> bool:
    """Whether the pattern spans so many periods that the model is seen only folded."""
    return _told(explorer.key, "many_cycles", explorer)


@st.cache_resource(max_entries=8, show_spinner="Compiling the simulator")
def _predictor(name: str, options: tuple[tuple[str, str], ...], content_hash: str, _observation: Observation) -> Predictor:
    from astro_sbi.ui.prior_predictive import make_predictor

    compile_on_the_cpu(store().folder("xla"))
    return make_predictor(name, dict(options), _observation)


def predictor(name: str, options: Mapping[str, str], observation: Observation) -> Predictor:
    """A simulator made ready to simulate a prepared observation again.

    Args:
        name: of the simulator.
        options: those that are not at their defaults.
        observation: prepared.
    """
    return _predictor(name, tuple(sorted(options.items())), observation.content_hash, observation)


@st.cache_data(max_entries=64, show_spinner="Simulating draws of the prior")
def _predicted_bands(key: tuple[str, ...], _predictor: Predictor, _prior: Prior) -> dict[str, np.ndarray]:
    from astro_sbi.ui.prior_predictive import predicted_bands

    return predicted_bands(_predictor, _prior)


def predicted_bands(predictor: Predictor, prior: Prior) -> dict[str, np.ndarray]:
    """Quantiles of simulated data under a prior.

    Raises:
        PriorError: if a parameter leaves the range for which the simulator is made, or hardly any simulation is finite.
    """
    texts = [f"{name} {distribution}" for name, distribution in prior.distributions]
    key = (predictor.simulator.name, *predictor.options, predictor.observation.content_hash, *texts)
    return _predicted_bands(key, predictor, prior)


@st.cache_resource(max_entries=8, show_spinner="Preparing the data again")
def _posed_again(root: str, key: str) -> Subject:
    from astro_sbi.runs.again import posed_again

    compile_on_the_cpu(store().folder("xla"))
    return posed_again(store(), key)


@st.cache_resource(max_entries=32, show_spinner="Following the posterior of perturbed data")
def _perturbed(root: str, key: str, what: Perturbation) -> Sensitivity:
    from astro_sbi.runs.again import perturbed_posteriors

    return perturbed_posteriors(_posed_again(root, key), what)


def perturbed(key: str, what: Perturbation) -> Sensitivity:
    """What the data of a run would have given with an error of calibration.

    Raises:
        StoreError: if the file of the run is not in this store.
    """
    return _perturbed(str(store().root), key, what)


@st.cache_data(max_entries=64, show_spinner=False)
def _figure(key: tuple[Any, ...], _draw: Callable[[], go.Figure]) -> go.Figure:
    return _draw()


def figure(key: tuple[Any, ...], draw: Callable[[], go.Figure]) -> go.Figure:
    """A figure, drawn once for each key.

    Args:
        key: everything that the figure depends on, arrays by their content hash.
        draw: draws it.
    """
    return _figure(key, draw)
