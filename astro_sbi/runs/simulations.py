"""Where a request meets a user's own table of simulations: read, trained once, calibrated, applied to an observation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from astro_sbi import __version__
from astro_sbi.inference.posterior import OnProgress, ShouldStop
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.observations.containers.content import shown_name, stem
from astro_sbi.observations.observation import Origin
from astro_sbi.observations.simulations.table import SimulationTable, TableOptions, read_observed, read_simulations
from astro_sbi.runs.keys import RECIPE, key_of, sha256_of
from astro_sbi.runs.request import Request
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import Settings, SettingsError
from astro_sbi.runs.store import Store
from astro_sbi.simulators.guessed_prior import check_told_prior, guessed_prior, prior_remarks
from astro_sbi.simulators.prior import Prior, parse_distribution
from astro_sbi.simulators.simulation_table import TableSimulator, in_spreads, observed_of

if TYPE_CHECKING:
    from astro_sbi.diagnostics.card import CalibrationCard
    from astro_sbi.inference.npe import TrainedNPE
    from astro_sbi.inference.simulated import SimulatedProblem
    from astro_sbi.runs.engine import Checked

#: What can be set for a table, beside the priors.
SETTABLE = ("table.file", "table.parameters", "table.components", "train.epochs")
EPOCHS, EPOCHS_RANGE = 100, (1, 1000)

_TOO_FEW = (
    "Only {effective:.0f} of the table's simulations lie where the posterior does, too few to say whether data made there look like the "
    "observation. Bring a larger table, or one drawn from a narrower prior."
)


def table_options(settings: Settings) -> TableOptions:
    """What the settings say about how the table is read.

    Raises:
        SettingsError: if something is set that a table has not.
    """
    unknown = [name for name, _ in settings.changes if name not in SETTABLE and not name.startswith("prior.")]
    if unknown:
        raise SettingsError(f"{unknown[0]} cannot be set for a table of simulations; there are {', '.join(SETTABLE[1:])} and prior.NAME")
    said = settings.section("table")
    named = [tuple(said[part].split(",")) if part in said else None for part in ("parameters", "components")]
    if any(names and (not all(names) or len(set(names)) < len(names)) for names in named):
        raise SettingsError("table.parameters and table.components are names with commas between them, each once")
    return TableOptions(*named)


def table_prior(table: SimulationTable, told: Mapping[str, str]) -> tuple[Prior, tuple[str, ...]]:
    """The prior that a table was drawn from, guessed where the user does not say, and what was guessed.

    Raises:
        PriorError: if what the user says does not fit the table.
    """
    guess = guessed_prior(table.parameters, table.theta)
    prior = guess.replace({name: parse_distribution(text) for name, text in told.items()})
    check_told_prior(prior, table.theta)
    guesses = [f"{name} was drawn from {distribution}" for name, distribution in prior.distributions if name not in told]
    return prior, (f"the prior, from the table: {'; '.join(guesses)}",) if guesses else ()


def infer_from_table(
    table: tuple[str, bytes],
    observation: tuple[str, bytes],
    settings: Settings,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    store: Store | None = None,
) -> Result:
    """Train on a table of simulations, or find what was trained on it, and apply it to an observation.

    Args:
        table: name and content of the file of simulations.
        observation: name and content of the file of the observation, which may be the same.
        settings: of the simulator ``simulations``.
        on_progress: told phase, amount done, amount in all and (training, held-out) loss.
        should_stop: asked often; the run ends with `Cancelled` once it says True.
        store: where the trained flow is kept and found; none is without one.

    Raises:
        ObservationError, PriorError, SettingsError, InferenceError: with a sentence for the user.
    """
    began = time.perf_counter()
    on_progress("reading", 0, 1, None)
    simulations = read_simulations(*table, table_options(settings))
    prior, guesses = table_prior(simulations, settings.section("prior"))
    request = _resolved(simulations, table[0], observation, settings, prior, guesses)
    epochs = _epochs(settings)
    from astro_sbi.inference.simulated import SimulatedProblem  # imports jax, which a request that is refused need not wait for
    from astro_sbi.runs.summary import result_of, snippet

    x = in_spreads(simulations, simulations.x)
    problem = SimulatedProblem(prior, simulations.theta, x, request.prepared.observation.value, settings.seed)
    prepared = time.perf_counter() - began
    trained, judged = _trained(problem, request, epochs, on_progress=on_progress, should_stop=should_stop, store=store)
    remarks = tuple(prior_remarks(prior, simulations.theta))
    checked = _checked(problem, request, trained, (judged, remarks, simulations.components), on_progress)
    seconds = {**checked.posterior.seconds, "prepare": prepared}
    result = result_of(request, checked, seconds={**seconds, "total": time.perf_counter() - began})
    told = {"file": shown_name(table[0]), "sha256": sha256_of(table[1]), "rows": simulations.total, "used": len(simulations)}
    result.summary["snippet"] = snippet(request, shown_name(table[0]))
    result.summary["table"] = told | {"held_back": judged.tests, "components": list(simulations.components), "format": simulations.format}
    return result


def infer_from_stored_table(
    observation: tuple[str, bytes], settings: Settings, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None
) -> Result:
    """The same with the table that the settings name by its checksum in the store.

    Raises:
        SettingsError: if they name none, or there is no store.
    """
    key = settings.section("table").get("file", "")
    if store is None or not store.has("upload", key):
        raise SettingsError(
            "the table of simulations is not in this store: bring it again, by python -m astro_sbi simulations or on the page"
        )
    table = store.upload(key)
    return infer_from_table(table, observation, settings, on_progress=on_progress, should_stop=should_stop, store=store)


def _epochs(settings: Settings) -> int:
    text = settings.section("train").get("epochs", str(EPOCHS))
    low, high = EPOCHS_RANGE
    if not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f"train.epochs is a whole number between {low} and {high}, not {text}")
    return int(text)


def _resolved(
    table: SimulationTable, name: str, observation: tuple[str, bytes], settings: Settings, prior: Prior, guesses: tuple[str, ...]
) -> Request:
    """The request with observation read and keys settled; the training's key knows nothing of the observation."""
    observed = read_observed(*observation, table)
    dropped = table.total - len(table)
    warnings = (f"{dropped:,} of {table.total:,} simulations are not finite and were left out",) if dropped else ()
    origin = Origin(
        shown_name(observation[0]),
        sha256_of(observation[1]),
        f"{observed.format}, with the simulations of {shown_name(name)}",
        warnings=warnings,
        guesses=(*table.guesses, *observed.guesses, *guesses),
    )
    raw, prepared = observed_of(stem(observation[0]), origin, observed.value, table)
    trained_on = {
        "recipe": RECIPE,
        "version": __version__,
        "table": table.content_hash,
        "prior": [[parameter, str(distribution)] for parameter, distribution in prior.distributions],
        "epochs": _epochs(settings),
        "seed": settings.seed,
        "ensemble": settings.ensemble,
    }
    training_key = key_of(trained_on)
    result_key = key_of({"training": training_key, "samples": settings.samples, "observation": prepared.observation.content_hash})
    simulator = TableSimulator(table, prior)
    return Request(settings, simulator, prior, SequentialSettings(), raw, prepared, training_key, training_key, result_key)


def _trained(
    problem: SimulatedProblem, request: Request, epochs: int, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store | None
) -> tuple[TrainedNPE, CalibrationCard]:
    """The flow of this table and its calibration: from the store if it has them, else made and kept."""
    from astro_sbi.inference.npe import NPESettings
    from astro_sbi.runs.implicit import flow_with_card

    settings = NPESettings(ensemble=request.settings.ensemble, epochs=epochs)
    return flow_with_card(
        store,
        request.training_key,
        lambda: problem.train(settings, on_progress=on_progress, should_stop=should_stop),
        lambda trained: _calibrated(problem, trained, on_progress, should_stop),
    )


def _calibrated(problem: SimulatedProblem, trained: TrainedNPE, on_progress: OnProgress, should_stop: ShouldStop) -> CalibrationCard:
    from astro_sbi.diagnostics.calibration import calibration_card
    from astro_sbi.diagnostics.ranks import ranks_of_flow

    told = {"seed": problem.seed, "on_progress": on_progress, "should_stop": should_stop}
    return calibration_card(problem.prior.free, ranks_of_flow(trained.estimator, *problem.tests(), **told))


def _checked(
    problem: SimulatedProblem,
    request: Request,
    trained: TrainedNPE,
    found: tuple[CalibrationCard, tuple[str, ...], tuple[str, ...]],
    on_progress: OnProgress,
) -> Checked:
    """Draws and their checks; the table's own rows stand for data that the posterior makes."""
    from astro_sbi.diagnostics.ranges import range_check
    from astro_sbi.diagnostics.verdict import verdict
    from astro_sbi.runs.engine import Checked, checks_of

    posterior = problem.posterior(trained, request.settings.samples, on_progress=on_progress)
    began = time.perf_counter()
    on_progress("checking", 0, 1, None)
    made, (judged, remarks, components) = problem.replicates(trained), found
    few = () if made.p_value is not None else (_TOO_FEW.format(effective=made.effective),)
    reach = range_check(problem.observed, problem.x, lambda index: f"component {components[index]}")
    told = {"summaries_p": made.p_value, "calibration": judged, "prior_range": reach, "warnings": (*remarks, *few)}
    checks = replace(checks_of(request, posterior), **told)
    posterior.seconds["check"] += time.perf_counter() - began
    on_progress("checking", 1, 1, None)
    curves = made.x.astype(np.float32)
    return Checked(posterior, curves, np.zeros_like(curves), np.zeros(curves.shape[1]), None, checks, verdict(checks))
