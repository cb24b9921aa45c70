"""What can be done about a result that its checks do not pass: the same request with other settings, each for a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from astro_sbi import simulators
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.thresholds import threshold
from astro_sbi.diagnostics.verdict import PRESSED
from astro_sbi.inference.posterior import Grade
from astro_sbi.runs.cards import card_in
from astro_sbi.runs.request import HIGHEST, sequential_settings
from astro_sbi.runs.settings import SAMPLES_RANGE, Settings
from astro_sbi.runs.simulations import EPOCHS, EPOCHS_RANGE
from astro_sbi.runs.store import Store
from astro_sbi.simulators.base import Parameter, configured
from astro_sbi.simulators.distribution import Distribution, Linear, PriorError, parse_distribution
from astro_sbi.simulators.registry import SIMULATIONS

MORE_DRAWS, LONGER = 5, 2
_ENSEMBLES = (3, 5)
#: A bound of a loguniform prior moves by this factor.
_DECADE = 10.0


@dataclass(frozen=True)
class Repair:
    """One thing to try.

    Args:
        name: for keys.
        label: what a button says.
        reason: what the checks found, as a sentence.
        change: what is done about it, as a sentence.
        settings: what to run.
    """

    name: str
    label: str
    reason: str
    change: str
    settings: Settings


@dataclass(frozen=True)
class _Found:
    """What the checks of a result say, as far as other settings can mend it.

    Args:
        settings: of the result.
        summary: of the result.
        ess: grade of the effective draws.
        khat: grade of the weights' tail.
        peak: grade of rival peaks outside the region sampled.
        calibration: grade of the calibration card.
        leaning: whether the posterior leans on an edge of the last region trained on.
    """

    settings: Settings
    summary: Mapping[str, Any]
    ess: Grade
    khat: Grade
    peak: Grade
    calibration: Grade
    leaning: bool

    @property
    def few(self) -> str:
        """That there are too few effective draws, as a sentence; empty where there are enough."""
        wanted = threshold("ess").good
        return (
            "" if self.ess == "good" else f"Only {self.summary['importance']['ess']:,.0f} effective draws, where {wanted:,.0f} are wanted."
        )

    @property
    def flow(self) -> str:
        """What is wrong with the flow, as a sentence; empty where nothing is."""
        importance = self.summary["importance"] or {}
        if self.khat != "good":
            return f"Pareto k is {importance['khat']:.2f}, above {threshold('khat').good:g}."
        if self.few:
            return self.few
        if self.leaning:
            return "The posterior leans on an edge of the region last trained on."
        return "The flow is not calibrated." if self.calibration != "good" else ""


def repairs(summary: Mapping[str, Any], settings: Settings) -> tuple[Repair, ...]:
    """What is to the point for a result, the cheapest first; nothing where its checks ask for nothing that settings can do.

    Args:
        summary: of the result.
        settings: of the result.
    """
    found = _found(summary, settings)
    return (*_draws(found), *_rounds(found), *_longer(found), *_ensemble(found), *_seed(found), *_priors(found))


def missing_file(store: Store, summary: Mapping[str, Any], settings: Settings) -> str:
    """Name of the first file of a result that is not in this store, so that nothing can be run on it here; empty where all are."""
    needed = {str(summary["origin"]["sha256"]): str(summary["origin"]["file"])}
    table = settings.section("table").get("file")
    needed |= {table: str((summary.get("table") or {}).get("file", "the table of simulations"))} if table else {}
    return next((name for key, name in needed.items() if not store.has("upload", key)), "")


def _found(summary: Mapping[str, Any], settings: Settings) -> _Found:
    importance, card = summary["importance"], card_in(summary)
    peak = summary.get("peak_outside")
    return _Found(
        settings,
        summary,
        "good" if importance is None else threshold("ess").grade(importance["ess"]),
        "good" if importance is None else threshold("khat").grade(importance["khat"]),
        "good" if peak is None else threshold("peak_outside").grade(peak),
        calibration_verdict(card).grade if card else "good",
        any(one["name"] == "leaning" for one in summary.get("judgements") or ()),
    )


def _changed(settings: Settings, **training: float) -> Settings:
    """The same with other training settings."""
    told = dict(settings.changes) | {f"train.{name}": f"{number:g}" for name, number in training.items()}
    return settings.with_changes(told.items())


def _draws(found: _Found) -> Iterator[Repair]:
    samples = min(MORE_DRAWS * found.settings.samples, SAMPLES_RANGE[1])
    if found.few and found.khat != "do not trust" and samples > found.settings.samples:
        change = f"{samples:,} draws in place of {found.settings.samples:,}; needs no new training."
        yield Repair("draws", "More draws", found.few, change, replace(found.settings, samples=samples))


def _seed(found: _Found) -> Iterator[Repair]:
    if found.peak != "good":
        reason, change = "A rival peak lies outside the region sampled.", "Searches the prior anew."
        yield Repair("seed", "Another seed", reason, change, replace(found.settings, seed=found.settings.seed + 1))


def _rounds(found: _Found) -> Iterator[Repair]:
    """One more round than were trained; they end early where the flow is efficient, so that is asked not to be enough."""
    done = len(found.summary.get("rounds") or ())
    if found.flow and found.summary["importance"] is not None and 0 < done < HIGHEST["rounds"]:
        change = f"Round {done + 1} trains on simulations nearer to the posterior."
        yield Repair("round", "One more round", found.flow, change, _changed(found.settings, rounds=done + 1, efficiency=1))


def _longer(found: _Found) -> Iterator[Repair]:
    if not found.flow:
        return
    settings = found.settings
    if settings.simulator == SIMULATIONS:
        epochs = int(settings.section("train").get("epochs", EPOCHS))
        longer, words = {"epochs": min(LONGER * epochs, EPOCHS_RANGE[1])}, f"Twice the {epochs} epochs over the table."
    else:
        told = sequential_settings(settings.section("train"))
        simulations = min(LONGER * told.simulations, HIGHEST["simulations"])
        longer, words = {"simulations": simulations}, f"{simulations:,} simulations in place of {told.simulations:,}."
        if found.summary["importance"] is not None:
            longer = {name: min(LONGER * getattr(told, name), HIGHEST[name]) for name in ("steps", "later_steps")}
            last = "later_steps" if len(found.summary.get("rounds") or ()) > 1 else "steps"
            words = f"{longer[last]:,} training steps a round in place of {getattr(told, last):,}."
    changed = _changed(settings, **longer)
    if changed != settings:
        yield Repair("longer", "Train longer", found.flow, words, changed)


def _ensemble(found: _Found) -> Iterator[Repair]:
    size = next((size for size in _ENSEMBLES if size > found.settings.ensemble), None)
    if found.flow and size:
        change = f"{size} flows in place of {found.settings.ensemble} average out the luck of one training."
        yield Repair("ensemble", "Larger ensemble", found.flow, change, replace(found.settings, ensemble=size))


def _priors(found: _Found) -> Iterator[Repair]:
    """A wider prior for each parameter that is pressed against an end of its own."""
    parameters = _parameters(found)
    for edge in found.summary.get("edges") or ():
        name, parameter = edge["name"], parameters.get(edge["name"])
        wider = widened(found.summary["priors"].get(name, ""), edge["side"], parameter) if parameter else None
        if edge["mass"] > PRESSED and wider is not None:
            told = dict(found.settings.changes) | {f"prior.{name}": wider}
            unit = f" {parameter.unit}" if parameter and parameter.unit else ""
            reason = f"{name} is pressed against the {edge['side']} end of its prior ({edge['mass']:.0%} in the outermost 1 %)."
            change = f"{wider}{unit} in place of {found.summary['priors'][name]}{unit}."
            yield Repair(f"prior_{name}_{edge['side']}", "Wider prior", reason, change, found.settings.with_changes(told.items()))


def _parameters(found: _Found) -> dict[str, Parameter]:
    """Parameters whose priors are one's own to choose; a table's prior is what the table was drawn from."""
    settings = found.settings
    if settings.simulator == SIMULATIONS or settings.simulator not in simulators.simulator_names():
        return {}
    channels = tuple(found.summary.get("channels") or ())
    simulator = configured(simulators.simulator(settings.simulator), channels, settings.section("model"))
    return {parameter.name: parameter for parameter in simulator.parameters}


def widened(prior: str, side: str, parameter: Parameter) -> str | None:
    """A bounded prior with one end moved out, by its width or by a decade; None where that end cannot move.

    Args:
        prior: such as ``uniform(0,1)``.
        side: ``lower`` or ``upper``.
        parameter: no prior may leave its range.
    """
    try:
        found = parse_distribution(prior)
    except PriorError:
        return None
    end = found.first if side == "lower" else found.second
    if not found.bounded or found.depends_on:
        return None
    moved = min(max(_moved(found, side), parameter.low), parameter.high)
    if moved == end.constant or (found.kind == "loguniform" and moved <= 0):
        return None
    bound = Linear(float(f"{moved:.6g}"))
    return str(replace(found, first=bound) if side == "lower" else replace(found, second=bound))


def _moved(prior: Distribution, side: str) -> float:
    low, high = prior.first.constant, prior.second.constant
    if prior.kind == "loguniform":
        return low / _DECADE if side == "lower" else high * _DECADE
    return low - (high - low) if side == "lower" else high + (high - low)
