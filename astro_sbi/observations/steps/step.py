"""What a step of a preparation is, and what it leaves behind."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
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
    """One step; its fields are the settings that a user can change, and no two steps of a preparation share a field's name.

    ``kinds`` are the kinds of observation that it works on. ``__post_init__`` refuses settings that contradict each other.
    """

    kinds: ClassVar[tuple[Kind, ...]]
    title: ClassVar[str]

    @property
    def idle(self) -> bool:
        """Whether its settings ask for nothing, so that it is left out."""
        return False

    @abc.abstractmethod
    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The observation after this step, with a stage and the resolved values added."""


def setting(
    default: Any,
    meaning: str,
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    text: bool = False,
) -> Any:
    """A field of a step: its default, meaning, unit and range. None means that the step finds the value itself.

    Args:
        default: of the field.
        meaning: for the user.
        unit: of the number.
        low: least number.
        high: largest number.
        choices: the words to choose from, where it is no number.
        text: free words that the step checks when it is made, where it is no number.
    """
    metadata = {"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices, "text": text}
    return dataclasses.field(default=default, metadata=metadata)


def thinned(coordinate: np.ndarray, value: np.ndarray) -> Curve:
    """At most 4,000 points of a curve, evenly picked."""
    every = max(1, -(-len(value) // _SHOWN_POINTS))
    return np.asarray(coordinate[::every], np.float64), np.asarray(value[::every], np.float64)


def envelope(coordinate: np.ndarray, value: np.ndarray) -> Curve:
    """At most 4,000 points of a curve, the highest of each group of neighbours, so that no peak is lost."""
    size = -(-len(value) // _SHOWN_POINTS)
    starts = np.arange(0, len(value), max(size, 1))
    best = [start + int(np.argmax(value[start : start + size])) for start in starts]
    return np.asarray(coordinate[best], np.float64), np.asarray(value[best], np.float64)


def curve_of(observation: Observation) -> Curve:
    """An observation as it is shown in a stage."""
    return thinned(observation.points.coordinate, observation.value)


def selected(observation: Observation, keep: np.ndarray) -> Observation:
    """The points of an observation under a mask or index."""
    points, size = observation.points, len(observation)
    known = {name: quantity[keep] if quantity.shape == (size,) else quantity for name, quantity in points.known.items()}
    picked = Points(points.coordinate[keep], points.channel[keep], points.used[keep], points.noise.at(keep), known)
    return replace(observation, points=picked, value=observation.value[keep])


def in_order(observation: Observation) -> Observation:
    """The observation sorted by coordinate, then channel, value and error, so that the order of its rows does not count."""
    points = observation.points
    order = np.lexsort([points.noise.sigma, observation.value, points.channel, points.coordinate])
    return observation if (np.diff(order) == 1).all() else selected(observation, order)


def channel_masks(observation: Observation) -> list[np.ndarray]:
    """The points of each channel that has any, in the order of the channels."""
    channel = observation.points.channel
    return [channel == index for index in np.unique(channel)]


def joined(parts: Sequence[Observation]) -> Observation:
    """Parts of one observation, such as its channels, in one again; the same quantities are known of each."""
    first = parts[0]
    arrays = [[part.points.coordinate, part.points.channel, part.points.used, part.points.noise.sigma, part.value] for part in parts]
    coordinate, channel, used, sigma, value = (np.concatenate(column) for column in zip(*arrays, strict=True))
    known = {name: quantity for name, quantity in first.points.known.items() if quantity.isscalar}
    for name in set(first.points.known) - set(known):
        known[name] = np.concatenate([part.points.known[name] for part in parts])
    points = Points(coordinate, channel, used, Noise(sigma, first.points.noise.source), known)
    return replace(first, points=points, value=value)


def with_values(observation: Observation, value: np.ndarray, sigma: np.ndarray) -> Observation:
    """The observation with other values and errors at the same points."""
    return replace(observation, value=value, points=replace(observation.points, noise=Noise(sigma, observation.points.noise.source)))


def with_known(observation: Observation, known: Mapping[str, u.Quantity]) -> Observation:
    """The observation with further known quantities."""
    return replace(observation, points=replace(observation.points, known={**observation.points.known, **known}))


def finished(
    before: Prepared,
    after: Observation,
    stage: tuple[str, str],
    dropped: Mapping[str, int],
    resolved: Mapping[str, Any],
    shown: tuple[Curve, tuple[Axis, Axis]] | None = None,
) -> Prepared:
    """A step's result with its stage (name and sentence) added.

    Args:
        before: what came in.
        after: what goes out.
        stage: name and sentence.
        dropped: points dropped for each reason.
        resolved: values that the step found or took.
        shown: what is drawn for what goes out, where that is another curve than the observation.
    """
    kept = {reason: count for reason, count in dropped.items() if count}
    before_axes, after_axes = ((one.coordinate_axis, one.value_axis) for one in (before.observation, after))
    curve, after_axes = shown or (curve_of(after), after_axes)
    record = Stage(*stage, kept, curve_of(before.observation), curve, before_axes, after_axes)
    return replace(before, observation=after, stages=(*before.stages, record), resolved={**before.resolved, **resolved})
