"""Simulation-based inference for astronomers: an observation in, a checked posterior out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from astro_sbi.runs.result import Result

__version__ = "0.1.0"


def infer(
    simulator: str,
    path: str | Path,
    *,
    covariance: str | Path | None = None,
    seed: int = 1,
    samples: int = 20_000,
    ensemble: int = 1,
    changes: Mapping[str, str] | None = None,
) -> Result:
    """Infer the parameters of a simulator from an observation in a file.

    Args:
        simulator: name of a simulator, such as ``transit``.
        path: of a light curve, a spectrum or a table.
        covariance: path of the covariance matrix of a table's values, where that is a file of its own.
        seed: seed of every random number.
        samples: number of weighted posterior draws, from 1000.
        ensemble: number of flows trained side by side, from 1 to 10.
        changes: dotted settings, such as ``{"prior.radius_ratio": "uniform(0.05,0.12)"}``.

    Returns:
        The result: its ``summary`` holds medians, intervals, checks and the verdict, its ``arrays`` the draws.

    Raises:
        ObservationError, PriorError, SettingsError, InferenceError: with a sentence that says what to do.
    """
    from astro_sbi.runs.named_files import table_in
    from astro_sbi.runs.settings import Settings
    from astro_sbi.runs.task import run_inference

    settings = Settings(simulator, seed, samples, ensemble, tuple((changes or {}).items()))
    name, content = table_in(str(path), None if covariance is None else str(covariance))
    return run_inference(name, content, settings, on_progress=lambda *_: None, should_stop=lambda: False)


def infer_from_simulations(
    table: str | Path,
    observation: str | Path | None = None,
    *,
    seed: int = 1,
    samples: int = 20_000,
    ensemble: int = 1,
    changes: Mapping[str, str] | None = None,
) -> Result:
    """Infer parameters from a table of simulations of one's own: trained on it, calibrated, applied to an observation.

    Args:
        table: NPZ or HDF5 with arrays ``theta`` [N, d] and ``x`` [N, ...], or a table with a column for each parameter and number.
        observation: file with one observation of the same numbers; None where the table's own ``x_observed`` is it.
        seed: seed of every random number.
        samples: number of posterior draws, from 1000.
        ensemble: number of flows trained side by side, from 1 to 10.
        changes: dotted settings, such as ``{"table.parameters": "mass,age", "prior.mass": "uniform(0,10)"}``.

    Returns:
        The result: its ``summary`` holds medians, intervals, checks and the verdict, its ``arrays`` the draws.

    Raises:
        ObservationError, PriorError, SettingsError, InferenceError: with a sentence that says what to do.
    """
    from astro_sbi.runs.named_files import table_in
    from astro_sbi.runs.settings import Settings
    from astro_sbi.runs.simulations import infer_from_table
    from astro_sbi.simulators.registry import SIMULATIONS

    settings = Settings(SIMULATIONS, seed, samples, ensemble, tuple((changes or {}).items()))
    simulations, observed = (table_in(str(file), None) for file in (table, observation or table))
    return infer_from_table(simulations, observed, settings, on_progress=lambda *_: None, should_stop=lambda: False)
