"""Caches of what computes in this process: simulators, shipped flows and what is asked of them; bounded, keyed like the others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from astro_sbi.ui import cached

if TYPE_CHECKING:
    from astro_sbi.diagnostics.sensitivity import Sensitivity
    from astro_sbi.figures.effects import Effect
    from astro_sbi.inference.amortised import AmortisedFlow
    from astro_sbi.observations.observation import Observation
    from astro_sbi.observations.perturbation import Perturbation
    from astro_sbi.runs.subject import Subject
    from astro_sbi.simulators.prior import Prior
    from astro_sbi.ui.prior_predictive import Predictor
    from astro_sbi.ui.simulated import Explorer


def _compile_on_the_cpu() -> None:
    """Keep this process off accelerators, which are the workers', and keep what it compiles in the store."""
    import jax

    jax.config.update("jax_platforms", "cpu")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(cached.store().folder("xla")))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@st.cache_resource(max_entries=16, show_spinner="Compiling the simulator")
def _explorer(name: str, options: tuple[tuple[str, str], ...], number: int | None) -> Explorer:
    from astro_sbi.ui.simulated import make_explorer

    _compile_on_the_cpu()
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

    _compile_on_the_cpu()
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

    _compile_on_the_cpu()
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

    _compile_on_the_cpu()
    return posed_again(cached.store(), key)


@st.cache_resource(max_entries=32, show_spinner="Following the posterior of perturbed data")
def _perturbed(root: str, key: str, what: Perturbation) -> Sensitivity:
    from astro_sbi.runs.again import perturbed_posteriors

    return perturbed_posteriors(_posed_again(root, key), what)


def perturbed(key: str, what: Perturbation) -> Sensitivity:
    """What the data of a run would have given with an error of calibration.

    Raises:
        StoreError: if the file of the run is not in this store.
    """
    return _perturbed(str(cached.store().root), key, what)
