"""Preparation: explicit, recorded steps from an observation as read to one that a simulator can explain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from astro_sbi.observations.kind import SPOKEN
from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.binning import Bin
from astro_sbi.observations.steps.clip import Clip
from astro_sbi.observations.steps.continuum import Continuum
from astro_sbi.observations.steps.cut import Cut
from astro_sbi.observations.steps.ephemeris import FindTransits
from astro_sbi.observations.steps.find_period import FindPeriod
from astro_sbi.observations.steps.flatten import Flatten
from astro_sbi.observations.steps.fold import Fold
from astro_sbi.observations.steps.line_windows import LineWindows
from astro_sbi.observations.steps.mask import Mask
from astro_sbi.observations.steps.nights import NightlyBins
from astro_sbi.observations.steps.offsets import InstrumentOffsets
from astro_sbi.observations.steps.outliers import OFF, Outliers
from astro_sbi.observations.steps.phase_fold import FoldInPhase
from astro_sbi.observations.steps.rebin import Rebin
from astro_sbi.observations.steps.redshift import Redshift
from astro_sbi.observations.steps.signal_to_noise import SignalToNoise
from astro_sbi.observations.steps.step import PreparationStopped, Prepared, Report, Stage, Step, in_order
from astro_sbi.observations.steps.time_bins import BinInTime
from astro_sbi.observations.steps.transits_apart import BinApart, LineUp
from astro_sbi.observations.steps.trim import Trim

__all__ = [
    "Preparation",
    "PreparationStopped",
    "Prepared",
    "Setting",
    "Stage",
    "light_curve_preparation",
    "phased_preparation",
    "preparation_of",
    "prepare",
    "spectrum_preparation",
    "table_preparation",
    "to_json",
    "transits_preparation",
    "variable_star_preparation",
    "velocities_preparation",
    "whole_spectrum_preparation",
]

_AUTOMATIC = ("auto", "none", "")


@dataclass(frozen=True)
class Setting:
    """One thing that a user can change: a field of a step."""

    name: str
    step: str
    value: Any
    meaning: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    automatic: bool
    text: bool = False


@dataclass(frozen=True)
class Preparation:
    """The steps that are asked for, in order."""

    steps: tuple[Step, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of observation that every step works on."""
        return tuple(kind for kind in get_args(Kind) if all(kind in step.kinds for step in self.steps))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every field of every step."""
        return tuple(
            Setting(field.name, step.title, getattr(step, field.name), automatic=field.default is None, **field.metadata)
            for step in self.steps
            for field in dataclasses.fields(step)
            if field.metadata
        )

    def with_changes(self, changes: Mapping[str, str]) -> Preparation:
        """This preparation with settings exchanged, as in ``{"period": "2.2047"}``; ``auto`` lets the step find the value.

        Raises:
            ObservationError: if there is no such setting, or the value makes no sense for it.
        """
        known = {setting.name: setting for setting in self.settings}
        unknown = sorted(set(changes) - set(known))
        if unknown:
            raise ObservationError(f"there is no prepare.{unknown[0][:40]}; there are {', '.join(known)}")
        values = {name: _value(known[name], text) for name, text in changes.items()}
        steps = tuple(
            replace(step, **{field.name: values[field.name] for field in dataclasses.fields(step) if field.name in values})
            for step in self.steps
        )
        return Preparation(steps)


def _value(setting: Setting, text: str) -> Any:
    text = str(text).strip()
    if setting.choices:
        if text not in setting.choices:
            raise ObservationError(f"prepare.{setting.name} is one of {', '.join(setting.choices)}, not '{text[:40]}'")
        return text
    if setting.text:
        return "" if text.lower() in _AUTOMATIC else text
    if setting.automatic and text.lower() in _AUTOMATIC:
        return None
    unit = f" in {setting.unit}" if setting.unit else ""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    low, high = -float("inf") if setting.low is None else setting.low, float("inf") if setting.high is None else setting.high
    if not (low <= number <= high and abs(number) < float("inf")):
        between = f" between {setting.low:g} and {setting.high:g}" if setting.low is not None and setting.high is not None else ""
        raise ObservationError(f"prepare.{setting.name} is a number{between}{unit}, not '{text[:40]}'")
    return int(number) if isinstance(setting.value, int) else number


def to_json(preparation: Preparation) -> dict[str, Any]:
    """What is asked for, ready for JSON."""
    return {"steps": [{"step": type(step).__name__, **dataclasses.asdict(step)} for step in preparation.steps]}


def prepare(
    observation: Observation,
    preparation: Preparation,
    on_progress: Callable[[str, float, float, float | None], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Prepared:
    """Apply the steps in order; the order of the observation's rows does not count.

    Raises:
        ObservationError: if the observation is of another kind, or a step cannot do its work.
        PreparationStopped: if ``should_stop`` says so.
    """
    report, prepared = Report(on_progress, should_stop), Prepared(in_order(observation))
    _check_kind(observation, preparation.kinds)
    for done, step in enumerate(preparation.steps):
        if step.idle:
            continue
        report("preparing", done, len(preparation.steps))
        correlated = prepared.observation.points.noise.covariance is not None
        try:
            prepared = step.apply(prepared, report)
        except ObservationError as error:
            raise ObservationError(f"{observation.origin.file}: {error}") from None
        except (ArithmeticError, IndexError, ValueError) as error:
            sentence = f"the step '{step.title}' cannot work on these numbers; look at the observation, or change the step's settings"
            raise ObservationError(f"{observation.origin.file}: {sentence}") from error
        if correlated and prepared.observation.points.noise.covariance is None:
            sentence = f"the step '{step.title}' does not carry a covariance matrix on; leave the step or the matrix out"
            raise ObservationError(f"{observation.origin.file}: {sentence}")
    report("preparing", len(preparation.steps), len(preparation.steps))
    return prepared


def _check_kind(observation: Observation, kinds: tuple[Kind, ...]) -> None:
    if observation.kind in kinds:
        return
    given, needed = SPOKEN[observation.kind], " or ".join(SPOKEN[kind] for kind in kinds)
    what_to_do = f"choose a simulator that works on {given}"
    raise ObservationError(f"{observation.origin.file} is {given}; this preparation needs {needed}: {what_to_do}")


def light_curve_preparation() -> Preparation:
    """A light curve folded about its transits and binned."""
    return Preparation((Cut(), Clip(), FindTransits(), Flatten(), Fold(), Bin()))


def transits_preparation() -> Preparation:
    """A light curve cut to its transits, each kept and binned apart: what a model with the period as a parameter wants."""
    return Preparation((Cut(), Clip(), FindTransits(), Flatten(), LineUp(), BinApart()))


def spectrum_preparation() -> Preparation:
    """Two windows of a spectrum, around H beta and H alpha."""
    return Preparation((Redshift(), Trim(), Mask(), LineWindows()))


def variable_star_preparation() -> Preparation:
    """A light curve in one or several bands and its period, not folded: what a model with the period as a parameter wants."""
    return Preparation((Cut(), Outliers(), BinInTime(), FindPeriod()))


def phased_preparation() -> Preparation:
    """A light curve in one or several bands against phase."""
    return Preparation((Cut(), Outliers(), FindPeriod(), FoldInPhase()))


def whole_spectrum_preparation() -> Preparation:
    """A spectrum trimmed, masked, with or without its continuum, on its own or on a coarser grid."""
    return Preparation((SignalToNoise(), Redshift(), Trim(), Mask(), Continuum(), Rebin()))


def velocities_preparation() -> Preparation:
    """Radial velocities of one or several instruments."""
    return Preparation((Cut(), Outliers(), NightlyBins(), InstrumentOffsets()))


def table_preparation() -> Preparation:
    """A table whose rows stay as they are but for those cut or clipped: a Hubble diagram, photometry, or a curve."""
    return Preparation((Cut(), Outliers(outliers=OFF)))


def preparation_of(kind: Kind) -> Preparation:
    """The default preparation for a kind of observation."""
    return {
        "light_curve": light_curve_preparation,
        "spectrum": spectrum_preparation,
        "velocities": velocities_preparation,
        "photometry": table_preparation,
        "hubble_diagram": table_preparation,
        "curve": table_preparation,
    }[kind]()
