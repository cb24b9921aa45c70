"""Preparation: explicit, recorded steps from an observation as read to one that a simulator can explain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from astro_sbi.observations.binning import Bin
from astro_sbi.observations.clip import Clip
from astro_sbi.observations.ephemeris import FindTransits
from astro_sbi.observations.flatten import Flatten
from astro_sbi.observations.fold import Fold
from astro_sbi.observations.line_windows import LineWindows
from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.redshift import Redshift
from astro_sbi.observations.steps import PreparationStopped, Prepared, Report, Stage, Step

__all__ = [
    "Preparation",
    "PreparationStopped",
    "Prepared",
    "Setting",
    "Stage",
    "light_curve_preparation",
    "preparation_of",
    "prepare",
    "spectrum_preparation",
    "to_json",
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


@dataclass(frozen=True)
class Preparation:
    """The steps that are asked for, in order."""

    steps: tuple[Step, ...]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every field of every step."""
        return tuple(
            Setting(field.name, step.title, getattr(step, field.name), automatic=field.default is None, **field.metadata)
            for step in self.steps
            for field in dataclasses.fields(step)
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
    """Apply the steps in order.

    Raises:
        ObservationError: if the observation is of another kind, or a step cannot do its work.
        PreparationStopped: if ``should_stop`` says so.
    """
    report, prepared = Report(on_progress, should_stop), Prepared(observation)
    for done, step in enumerate(preparation.steps):
        _check_kind(observation, step.kind)
        report("preparing", done, len(preparation.steps))
        try:
            prepared = step.apply(prepared, report)
        except ObservationError as error:
            raise ObservationError(f"{observation.origin.file}: {error}") from None
        except (ArithmeticError, IndexError, ValueError) as error:
            sentence = f"the step '{step.title}' cannot work on these numbers; look at the observation, or change the step's settings"
            raise ObservationError(f"{observation.origin.file}: {sentence}") from error
    report("preparing", len(preparation.steps), len(preparation.steps))
    return prepared


def _check_kind(observation: Observation, kind: Kind) -> None:
    if observation.kind == kind:
        return
    is_, needs, choose = {
        "light_curve": ("a spectrum", "the transit simulator needs a light curve", "galaxy_lines"),
        "spectrum": ("a light curve", "the galaxy_lines simulator needs a spectrum", "transit"),
    }[kind]
    raise ObservationError(f"{observation.origin.file} is {is_}; {needs}: choose {choose}")


def light_curve_preparation() -> Preparation:
    """A folded, binned transit: what the simulator ``transit`` wants."""
    return Preparation((Clip(), FindTransits(), Flatten(), Fold(), Bin()))


def spectrum_preparation() -> Preparation:
    """Two windows around H beta and H alpha: what the simulator ``galaxy_lines`` wants."""
    return Preparation((Redshift(), LineWindows()))


def preparation_of(kind: Kind) -> Preparation:
    """The default preparation for a kind of observation."""
    return light_curve_preparation() if kind == "light_curve" else spectrum_preparation()
