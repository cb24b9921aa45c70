"""What a simulator is: parameters, prior, noise-free prediction, noise; everything else follows here once."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from astropy import units as u
from jaxtyping import Bool, Float, Int

from astro_sbi.observations.observation import Kind, Observation, ObservationError, Points
from astro_sbi.simulators.patterns import random_pattern
from astro_sbi.simulators.prior import Prior, PriorError

if TYPE_CHECKING:
    from jaxtyping import Array

    from astro_sbi.observations.preparation import Preparation

Theta = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A number to infer or to derive: its name in code, its symbol for text and for plots, its unit and meaning.

    ``low`` and ``high`` are where the simulator's formulas end: no prior may go beyond.
    """

    name: str
    latex: str
    html: str
    unit: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class KnownQuantity:
    """A quantity that comes with the observation.

    Args:
        name: key in ``Points.known``.
        unit: unit in which the simulator wants it.
        meaning: one line for the user.
        default: used when the observation has none; None makes it required.
        from_data: whether it was measured on the very data to be fitted, so that a prior made of it is too.
    """

    name: str
    unit: str
    meaning: str
    default: float | None = None
    from_data: bool = False


@dataclass(frozen=True)
class ModelOption:
    """A choice that a user makes about the model itself: the setting ``model.NAME``.

    Args:
        name: in settings.
        choices: what it can be; the first one is the default.
        meaning: one line for the user.
    """

    name: str
    choices: tuple[str, ...]
    meaning: str


class Pattern(NamedTuple):
    """`Points` as a simulator sees them: float32, re-zeroed coordinate, known quantities as plain numbers.

    ``known`` maps each of the simulator's known quantities to a scalar or an array [n] in the unit the simulator names.
    """

    coordinate: Float[Array, " n"]
    sigma: Float[Array, " n"]
    channel: Int[Array, " n"]
    used: Bool[Array, " n"]
    known: dict[str, Any]


class Simulator(abc.ABC):
    """What might have made an observation.

    A subclass gives the attributes, `predict` and, unless quoted errors and nothing else are the noise, `noise`. One whose
    parameters depend on the observation's channels (bands, instruments) or on options makes them in `adapted`. A Gaussian
    process gives `process` and `one_step` too; nothing else is needed for its exact likelihood.
    ``theta`` maps parameter names to scalars; shapes are unbatched, vmap does the rest.

    Attributes:
        implicit: whether no likelihood can be computed: it draws in `process` and names its `summaries`.
        channels: names of the channels that the parameters are for.
        period: name of the parameter that is a period to fold by in figures, if there is one.
        memory: name of the parameter that is the time after which a random process forgets, if there is one; ``baseline`` is known then.
    """

    name: str
    title: str
    version: int = 1
    kind: Kind
    parameters: tuple[Parameter, ...]
    derived_parameters: tuple[Parameter, ...] = ()
    prior: Prior
    known: tuple[KnownQuantity, ...] = ()
    options: tuple[ModelOption, ...] = ()
    channels: tuple[str, ...] = ("",)
    implicit: bool = False
    coordinate_name: str
    coordinate_unit: str
    value_name: str
    value_unit: str
    reference: str
    summary: str
    caveats: tuple[str, ...] = ()
    signal: str = "signal"
    period: str = ""
    memory: str = ""

    @property
    def random(self) -> bool:
        """Whether the model itself is random: a Gaussian process, a population of flares."""
        return type(self).process is not Simulator.process

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> Simulator:
        """The simulator for an observation with these channels, each of `options` chosen; itself where neither matters."""
        return self

    @abc.abstractmethod
    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Noise-free value at each point (jax)."""

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Standard deviation of the noise at each point (jax)."""
        return pattern.sigma

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Values before independent noise is added (jax): those of `predict`, unless the model itself is random."""
        return self.predict(theta, pattern)

    def one_step(self, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Mean and standard deviation of each value given all values before it (jax), whose product is the likelihood.

        Independent noise forgets what came before; a Gaussian process or a covariance does not.
        """
        return self.predict(theta, pattern), self.noise(theta, pattern)

    def summaries(self, value: Float[Array, " n"], pattern: Pattern) -> Float[Array, " k"]:
        """What a flow sees of an observation of an implicit simulator (jax)."""
        import jax.numpy as jnp

        return jnp.where(pattern.used, value, 0.0)

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Derived quantities [S] of parameter draws [S] (NumPy, float64), keyed by `derived_parameters`' names."""
        return {}

    @abc.abstractmethod
    def default_points(self) -> Points:
        """The observing pattern that Explore and the shipped examples use."""

    def random_points(self, rng: np.random.Generator) -> Points:
        """An observing pattern drawn at random about the default one: cadence, gaps, level of the errors, missing channels."""
        return random_pattern(self, rng)

    @property
    @abc.abstractmethod
    def preparation(self) -> Preparation:
        """The preparation asked for when the user asks for nothing else."""

    def check_model(self, points: Points, theta: Mapping[str, float], known: Mapping[str, float]) -> None:  # noqa: B027
        """Refuse a model that fails at these parameters; the package's own are tested instead."""

    def warnings(self, points: Points) -> tuple[str, ...]:
        """Sentences on what this observing pattern lacks for the result to be good, each judged as caution."""
        return ()

    def null(self, theta: Theta) -> dict[str, Any] | None:
        """The parameters with the signal switched off (NumPy or jax), or None where no such model is compared."""
        return None


def configured(simulator: Simulator, channels: tuple[str, ...], changes: Mapping[str, str]) -> Simulator:
    """A simulator for an observation with these channels, its options as chosen or at their defaults.

    Raises:
        ObservationError: if an option does not exist or cannot be what was chosen.
    """
    offered = {option.name: option for option in simulator.options}
    for name, text in changes.items():
        if name not in offered:
            there_are = f"there are {', '.join(f'model.{known}' for known in offered)}" if offered else "it has no options"
            raise ObservationError(f"the simulator {simulator.name} has no model.{name[:40]}; {there_are}")
        if text not in offered[name].choices:
            raise ObservationError(f"model.{name} is {' or '.join(offered[name].choices)}, not '{text[:40]}'")
    return simulator.adapted(channels, {name: option.choices[0] for name, option in offered.items()} | dict(changes))


def known_values(simulator: Simulator, points: Points) -> dict[str, np.ndarray]:
    """The simulator's known quantities of an observing pattern as float64 numbers in the units the simulator names.

    Raises:
        ObservationError: if a required one is missing or has another dimension.
    """
    values: dict[str, np.ndarray] = {}
    for wanted in simulator.known:
        quantity = points.known.get(wanted.name)
        if quantity is None and wanted.default is None:
            raise ObservationError(
                f"the simulator {simulator.name} needs {wanted.name} [{wanted.unit}] ({wanted.meaning}); the observation has none: give it"
            )
        number: Any = wanted.default
        if quantity is not None:
            try:
                number = quantity.to_value(u.Unit(wanted.unit))
            except u.UnitConversionError:
                raise ObservationError(f"{wanted.name} is given in {quantity.unit}, which does not convert to {wanted.unit}") from None
        values[wanted.name] = np.asarray(number, dtype=np.float64)
    return values


def pattern_of(simulator: Simulator, points: Points) -> Pattern:
    """`Points` for jax: units converted, padded to the next of a few sizes so that compilation stays rare.

    Padding repeats the last point with ``used`` False.
    """
    size = len(points)
    padded = next((n for n in (64, 128, 192, 256, 384, 512, 768, 1024) if n >= size), -(-size // 512) * 512)
    index = np.minimum(np.arange(padded), size - 1)
    known = {
        name: value[index].astype(np.float32) if value.ndim else np.float32(value)
        for name, value in known_values(simulator, points).items()
    }
    return Pattern(
        coordinate=points.coordinate[index].astype(np.float32),
        sigma=points.noise.sigma[index].astype(np.float32),
        channel=points.channel[index].astype(np.int32),
        used=points.used[index] & (np.arange(padded) < size),
        known=known,
    )


def padded_value(observation: Observation, pattern: Pattern) -> Float[np.ndarray, " n"]:
    """The observed values padded like their pattern."""
    return observation.value[np.minimum(np.arange(len(pattern.used)), len(observation) - 1)].astype(np.float32)


def scalar_known(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The known quantities that a prior may depend on: the scalar ones."""
    return {name: float(value) for name, value in values.items() if np.ndim(value) == 0}


def check_prior(simulator: Simulator, prior: Prior, known: Mapping[str, float]) -> None:
    """Look at the prior's ends, five sigma out, in all their combinations tried.

    Raises:
        PriorError: if a parameter is not finite there or leaves the range for which the simulator is made.
    """
    corners = 5.0 * np.random.default_rng(0).choice([-1.0, 0.0, 1.0], size=(512, len(prior.free)))
    with np.errstate(all="ignore"):
        theta = prior.physical(corners, known)
    for parameter in simulator.parameters:
        low, high = float(np.min(theta[parameter.name])), float(np.max(theta[parameter.name]))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise PriorError(f"the prior of {parameter.name} is not finite everywhere; check its bounds")
        if low < parameter.low or high > parameter.high:
            between = f"between {parameter.low:g} and {parameter.high:g}"
            raise PriorError(f"{parameter.name} must lie {between}; its prior reaches from {low:.4g} to {high:.4g}: narrow it")


def priors_from_data(simulator: Simulator, prior: Prior) -> tuple[str, ...]:
    """Parameters whose prior was made from the data to be fitted."""
    measured = {quantity.name for quantity in simulator.known if quantity.from_data}
    return tuple(name for name, distribution in prior.distributions if distribution.depends_on & measured)


def log_likelihood(simulator: Simulator, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> Float[Array, ""]:
    """Gaussian log likelihood of the used points, ``-sum((y - m)^2 / s^2 + log(2 pi s^2)) / 2`` of the one-step predictions (jax)."""
    import jax.numpy as jnp

    mean, sigma = simulator.one_step(theta, value, pattern)
    terms = -0.5 * ((value - mean) / sigma) ** 2 - jnp.log(sigma) - 0.5 * jnp.log(2 * jnp.pi)
    return jnp.sum(jnp.where(pattern.used, terms, 0.0))


def simulate(simulator: Simulator, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
    """Noisy values at each point (jax)."""
    import jax

    drawn = simulator.process(jax.random.fold_in(key, 1), theta, pattern)
    return drawn + simulator.noise(theta, pattern) * jax.random.normal(key, drawn.shape, drawn.dtype)
