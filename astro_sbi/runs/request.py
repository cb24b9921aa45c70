"""A request with everything resolved: observation read and prepared, prior and keys settled; imports no jax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from astro_sbi import __version__
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.observations.observation import Observation
from astro_sbi.observations.options import CHOICES, NUMBERS, ReadOptions
from astro_sbi.observations.preparation import PreparationStopped, Prepared, prepare
from astro_sbi.observations.reading import read
from astro_sbi.runs.keys import RECIPE, key_of
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators.base import Simulator, configured, known_values, scalar_known
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.prior_change import in_own_units, read_prior
from astro_sbi.simulators.prior_checks import check_prior
from astro_sbi.simulators.registry import identity_of

#: Largest numbers that ``train.`` settings may have.
HIGHEST: Mapping[str, float] = {
    "simulations": 1_000_000,
    "rounds": 20,
    "efficiency": 1,
    "draws": 1_000_000,
    "steps": 100_000,
    "later_steps": 100_000,
    "effective": 100_000,
    "padding": 5,
}


@dataclass(frozen=True, eq=False)
class Request:
    """A request with everything resolved: what is fitted, by what, under which prior.

    ``family_key`` is the training key without the prior: trainings that share it differ in nothing else.
    """

    settings: Settings
    simulator: Simulator
    prior: Prior
    training: SequentialSettings
    raw: Observation
    prepared: Prepared
    family_key: str
    training_key: str
    result_key: str


def resolve(
    name: str, content: bytes, settings: Settings, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> Request:
    """Read and prepare the observation and settle prior and keys; imports no jax.

    Raises:
        ObservationError: if the file or its preparation cannot be used for this simulator.
        PriorError: if a changed prior makes no sense.
        SettingsError: if a setting does not exist.
    """
    simulator, chosen = simulator_named(settings.simulator), settings.section("model")
    changes = {parameter: read_prior(text) for parameter, text in settings.section("prior").items()}
    preparation = configured(simulator, simulator.channels, chosen).preparation.with_changes(settings.section("prepare"))
    options, training = _read_options_for(simulator, settings.section("read")), sequential_settings(settings.section("train"))
    if on_progress:
        on_progress("reading", 0, 1, None)
    raw = read(name, content, options)
    if on_progress:
        on_progress("preparing", 0, 1, None)
    try:
        prepared = prepare(raw, preparation, on_progress, should_stop)
    except PreparationStopped:
        raise Cancelled from None
    simulator = configured(simulator, prepared.observation.channels, chosen)
    prior = simulator.prior.replace(in_own_units(simulator, changes))
    if not prior.free:
        raise SettingsError("every parameter is fixed: leave at least one to infer")
    known = scalar_known(known_values(simulator, prepared.observation.points))
    check_prior(simulator, prior, known)
    middle = {name: float(value) for name, value in prior.physical(np.zeros(len(prior.free)), known).items()}
    simulator.check_model(prepared.observation.points, middle, known)
    trained_on = {
        "recipe": RECIPE,
        "version": __version__,
        "simulator": [*_identity(simulator), *(f"{name}={text}" for name, text in sorted(chosen.items()))],
        "train": asdict(training),
        "seed": settings.seed,
        "ensemble": settings.ensemble,
        "observation": prepared.observation.content_hash,
    }
    family_key = key_of(trained_on)
    training_key = key_of(trained_on | {"prior": prior_texts(prior)})
    result_key = key_of({"training": training_key, "samples": settings.samples})
    return Request(settings, simulator, prior, training, raw, prepared, family_key, training_key, result_key)


def prior_texts(prior: Prior) -> list[list[str]]:
    """Parameters and their priors, as JSON keeps them."""
    return [[name, str(distribution)] for name, distribution in prior.distributions]


def _identity(simulator: Simulator) -> list[str | int]:
    """Name and version, and for one that a user brought what it is made of."""
    brought = identity_of(simulator.name)
    return [simulator.name, simulator.version, *([brought] if brought else [])]


def _read_options_for(simulator: Simulator, changes: Mapping[str, str]) -> ReadOptions:
    """Options of the reader; curves are read only where they are asked for, as by a simulator of curves."""
    options = read_options(changes)
    return replace(options, kind="curve") if simulator.kind == "curve" and options.kind is None else options


def sequential_settings(changes: dict[str, str]) -> SequentialSettings:
    """Training settings with ``train.`` changes: whole numbers and shares of `SequentialSettings`.

    Raises:
        SettingsError: if a name does not exist or its value is out of range.
    """
    settings = SequentialSettings()
    allowed = {field.name: type(getattr(settings, field.name)) for field in fields(settings) if field.name not in ("network", "training")}
    for name, text in changes.items():
        if name not in allowed:
            raise SettingsError(f"train.{name} does not exist; there are {', '.join(f'train.{known}' for known in allowed)}")
        try:
            settings = replace(settings, **{name: allowed[name](float(text))})
        except ValueError:
            raise SettingsError(f"train.{name}={text} is not a number") from None
    chunk, held_out = settings.training.chunk, settings.training.held_out
    rounded = {name: max(chunk, getattr(settings, name) // chunk * chunk) for name in ("steps", "later_steps")}
    settings = replace(settings, **rounded)
    lowest = {"simulations": 2 * held_out, "rounds": 1, "efficiency": 0.001, "draws": 4096}
    lowest |= {"steps": chunk, "later_steps": chunk, "effective": 500, "padding": 0.05}
    for name, low in lowest.items():
        if not low <= getattr(settings, name) <= HIGHEST[name]:
            raise SettingsError(f"train.{name} lies between {low:g} and {HIGHEST[name]:g}")
    return settings


def read_options(changes: Mapping[str, str]) -> ReadOptions:
    """Options of the reader from ``read.`` settings.

    Raises:
        SettingsError: if an option does not exist, or is not what it must be.
    """
    names = [field.name for field in fields(ReadOptions)]
    told: dict[str, Any] = {}
    for name, text in changes.items():
        if name not in names:
            raise SettingsError(f"read.{name} does not exist; there are {', '.join(f'read.{known}' for known in names)}")
        if name in CHOICES and text not in CHOICES[name]:
            raise SettingsError(f"read.{name} is {' or '.join(CHOICES[name])}, not '{text[:30]}'")
        try:
            told[name] = float(text) if name in NUMBERS else text
        except ValueError:
            raise SettingsError(f"read.{name} is a number, not '{text[:30]}'") from None
    return ReadOptions(**told)
