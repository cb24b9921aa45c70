"""A request with everything resolved: observation read and prepared, prior and keys settled; imports no jax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from astro_sbi import __version__
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.preparation import PreparationStopped, Prepared, prepare
from astro_sbi.observations.reading import ReadOptions, read
from astro_sbi.runs.keys import RECIPE, key_of
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators.base import Simulator, known_values, scalar_known
from astro_sbi.simulators.prior import Prior, parse_distribution


@dataclass(frozen=True, eq=False)
class Request:
    """A request with everything resolved: what is fitted, by what, under which prior."""

    settings: Settings
    simulator: Simulator
    prior: Prior
    raw: Observation
    prepared: Prepared
    training_key: str
    result_key: str


def resolve(
    name: str, content: bytes, settings: Settings, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> Request:
    """Read and prepare the observation and settle prior and keys; imports no jax.

    Raises:
        ObservationError: if the file or its preparation cannot be used for this simulator.
        PriorError: if a changed prior makes no sense.
        SettingsError: if a training setting does not exist.
    """
    simulator = simulator_named(settings.simulator)
    if on_progress:
        on_progress("reading", 0, 1, None)
    raw = read(name, content, read_options(settings.section("read")))
    if on_progress:
        on_progress("preparing", 0, 1, None)
    try:
        prepared = prepare(raw, simulator.preparation.with_changes(settings.section("prepare")), on_progress, should_stop)
    except PreparationStopped:
        raise Cancelled from None
    changes = {parameter: parse_distribution(text) for parameter, text in settings.section("prior").items()}
    prior = simulator.prior.replace(changes)
    known = scalar_known(known_values(simulator, prepared.observation.points))
    if not prior.free:
        raise SettingsError("every parameter is fixed: leave at least one to infer")
    prior.physical(np.zeros((1, len(prior.free))), known)
    trained_on = {
        "recipe": RECIPE,
        "version": __version__,
        "simulator": [simulator.name, simulator.version],
        "prior": [[parameter, str(distribution)] for parameter, distribution in prior.distributions],
        "train": settings.section("train"),
        "seed": settings.seed,
        "ensemble": settings.ensemble,
        "observation": prepared.observation.content_hash,
    }
    training_key = key_of(trained_on)
    return Request(settings, simulator, prior, raw, prepared, training_key, key_of({"training": training_key, "samples": settings.samples}))


def read_options(changes: Mapping[str, str]) -> ReadOptions:
    """Options of the reader from ``read.`` settings.

    Raises:
        SettingsError: if an option does not exist or is not a number.
    """
    unknown = set(changes) - {"flux", "error", "redshift"}
    if unknown:
        raise SettingsError(f"read.{unknown.pop()} does not exist; there are read.flux, read.error and read.redshift")
    if changes.get("flux", "pdcsap") not in ("pdcsap", "sap"):
        raise SettingsError("read.flux is pdcsap or sap")
    try:
        numbers = {name: float(changes[name]) for name in ("error", "redshift") if name in changes}
    except ValueError:
        raise SettingsError("read.error and read.redshift are numbers") from None
    return replace(ReadOptions(), **numbers, **({"flux": changes["flux"]} if "flux" in changes else {}))
