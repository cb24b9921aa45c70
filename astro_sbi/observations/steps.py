"""What a step of a preparation is, and what it leaves behind."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.observation import Axis, Kind, Noise, Observation, ObservationError, Points

Curve = tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]
_SHOWN_POINTS = 4000


class PreparationStopped(Exception):
    """The user asked to stop."""


@dataclass(frozen=True, eq=False)
class Stage:
    """What one step did, to be shown.

    Args:
        name: of the step.
        sentence: what it did, with numbers.
        dropped: points it dropped for each reason.
        before: coordinate and value that came in, thinned.
        after: coordinate and value that went out, thinned.
        before_axes: what the numbers that came in mean.
        after_axes: what the numbers that went out mean.
    """

    name: str
    sentence: str
    dropped: Mapping[str, int]
    before: Curve
    after: Curve
    before_axes: tuple[Axis, Axis]
    after_axes: tuple[Axis, Axis]


@dataclass(frozen=True, eq=False)
class Prepared:
    """An observation ready for a simulator, and how it came to be.

    Args:
        observation: what is fitted.
        resolved: values that the steps found or took, by the name of the setting.
        stages: what each step did.
        unfolded: a light curve, flattened, before it was folded.
        odd: folded transits with odd numbers alone.
        even: folded transits with even numbers alone.
        periodogram: trial periods [d] and their power.
    """

    observation: Observation
    resolved: Mapping[str, float | str] = dataclasses.field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    unfolded: Observation | None = None
    odd: Observation | None = None
    even: Observation | None = None
    periodogram: Curve | None = None

    def number(self, name: str) -> float:
        """A resolved value that is a number.

        Raises:
            ObservationError: if no step before has found it.
        """
        value = self.resolved.get(name)
        if not isinstance(value, int | float):
            raise ObservationError(
                f"{name} is needed by a step of the preparation and no step before finds it; keep the default order of steps"
            )
        return float(value)


@dataclass(frozen=True)
class Report:
    """Where a step tells how far it is: ``on_progress(phase, done, total, None)`` and ``should_stop()``."""

    on_progress: Callable[[str, float, float, float | None], None] | None = None
    should_stop: Callable[[], bool] | None = None

    def __call__(self, phase: str, done: float, total: float) -> None:
        """Report progress.

        Raises:
            PreparationStopped: if the user asked to stop.
        """
        if self.should_stop is not None and self.should_stop():
            raise PreparationStopped
        if self.on_progress is not None:
            self.on_progress(phase, done, total, None)


@dataclass(frozen=True)
class Step(abc.ABC):
    """One step; its fields are the settings that a user can change, and no two steps share a field's name."""

    kind: ClassVar[Kind]
    title: ClassVar[str]

    @abc.abstractmethod
    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The observation after this step, with a stage and the resolved values added."""


def setting(
    default: Any, meaning: str, unit: str = "", *, low: float | None = None, high: float | None = None, choices: tuple[str, ...] = ()
) -> Any:
    """A field of a step: its default, meaning, unit and range. None means that the step finds the value itself."""
    return dataclasses.field(default=default, metadata={"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices})


def thinned(coordinate: np.ndarray, value: np.ndarray) -> Curve:
    """At most 4,000 points of a curve, evenly picked."""
    every = max(1, -(-len(value) // _SHOWN_POINTS))
    return np.asarray(coordinate[::every], np.float64), np.asarray(value[::every], np.float64)


def curve_of(observation: Observation) -> Curve:
    """An observation as it is shown in a stage."""
    return thinned(observation.points.coordinate, observation.value)


def selected(observation: Observation, keep: np.ndarray) -> Observation:
    """The points of an observation under a mask or index."""
    points, size = observation.points, len(observation)
    known = {name: quantity[keep] if quantity.shape == (size,) else quantity for name, quantity in points.known.items()}
    noise = Noise(points.noise.sigma[keep], points.noise.source)
    picked = Points(points.coordinate[keep], points.channel[keep], points.used[keep], noise, known)
    return replace(observation, points=picked, value=observation.value[keep])


def with_values(observation: Observation, value: np.ndarray, sigma: np.ndarray) -> Observation:
    """The observation with other values and errors at the same points."""
    return replace(observation, value=value, points=replace(observation.points, noise=Noise(sigma, observation.points.noise.source)))


def with_known(observation: Observation, known: Mapping[str, u.Quantity]) -> Observation:
    """The observation with further known quantities."""
    return replace(observation, points=replace(observation.points, known={**observation.points.known, **known}))


def finished(
    before: Prepared, after: Observation, stage: tuple[str, str], dropped: Mapping[str, int], resolved: Mapping[str, Any]
) -> Prepared:
    """A step's result with its stage (name and sentence) added."""
    kept = {reason: count for reason, count in dropped.items() if count}
    axes = [(one.coordinate_axis, one.value_axis) for one in (before.observation, after)]
    record = Stage(*stage, kept, curve_of(before.observation), curve_of(after), *axes)
    return replace(before, observation=after, stages=(*before.stages, record), resolved={**before.resolved, **resolved})
