"""What a simulator is: parameters, prior, noise-free prediction, noise; everything else follows here once."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from jaxtyping import Float

from astro_sbi.observations.observation import Kind, Observation, ObservationError, Points
from astro_sbi.simulators.declared import KnownQuantity, ModelOption, Parameter, Pattern, Theta
from astro_sbi.simulators.decorrelation import decorrelation_of
from astro_sbi.simulators.patterns import random_pattern
from astro_sbi.simulators.prior import Prior

if TYPE_CHECKING:
    from jaxtyping import Array

    from astro_sbi.observations.preparation import Preparation

__all__ = [
    "KnownQuantity",
    "ModelOption",
    "Parameter",
    "Pattern",
    "Simulator",
    "Theta",
    "configured",
    "known_values",
    "log_likelihood",
    "padded_value",
    "pattern_of",
    "scalar_known",
    "simulate",
]


class Simulator(abc.ABC):
    """What might have made an observation.

    A subclass gives the attributes, `predict` and, unless quoted errors and nothing else are the noise, `noise`. One whose
    parameters depend on the observation's channels (bands, instruments) or on options makes them in `adapted`. A Gaussian
    process gives `process` and `one_step` too; nothing else is needed for its exact likelihood.
    ``theta`` maps parameter names to scalars; shapes are unbatched, vmap does the rest.

    Attributes:
        implicit: whether no likelihood can be computed: it draws in `process` and names its `summaries`.
        takes_covariance: whether errors may be correlated: its noise is the quoted one and nothing else.
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
    takes_covariance: bool = False
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

    def lacks(self, option: str, choice: str) -> str:
        """What this computer lacks for a choice of an option, as a sentence; empty where it lacks nothing."""
        return ""

    @abc.abstractmethod
    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Noise-free value at each point (jax)."""

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Standard deviation of the noise at each point (jax)."""
        return pattern.sigma

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Values before independent noise is added (jax): those of `predict`, decorrelated, unless the model itself is random."""
        return pattern.decorrelated(self.predict(theta, pattern))

    def one_step(self, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Mean and standard deviation of each value given all values before it (jax), whose product is the likelihood.

        Independent noise, and so that of decorrelated values, forgets what came before; a Gaussian process does not.
        """
        return pattern.decorrelated(self.predict(theta, pattern)), self.noise(theta, pattern)

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

    Raises:
        ObservationError: if the errors are correlated and the simulator takes independent ones alone.
    """
    if points.noise.covariance is not None and not simulator.takes_covariance:
        what = f"the simulator {simulator.name}, as it was chosen, adds noise of its own to independent errors"
        raise ObservationError(f"{what}, and this observation has a covariance matrix: leave its noise as quoted, or the matrix out")
    size = len(points)
    index = np.minimum(np.arange(_padded(size)), size - 1)
    known = {
        name: value[index].astype(np.float32) if value.ndim else np.float32(value)
        for name, value in known_values(simulator, points).items()
    }
    decorrelation, sigma = decorrelation_of(points)
    return Pattern(
        coordinate=points.coordinate[index].astype(np.float32),
        sigma=sigma[index].astype(np.float32),
        channel=points.channel[index].astype(np.int32),
        used=points.used[index] & (np.arange(len(index)) < size),
        known=known,
        decorrelation=None if decorrelation is None else np.pad(decorrelation[index], ((0, 0), (0, len(index) - size))).astype(np.float32),
    )


def _padded(size: int) -> int:
    return next((n for n in (64, 128, 192, 256, 384, 512, 768, 1024) if n >= size), -(-size // 512) * 512)


def padded_value(observation: Observation, pattern: Pattern) -> Float[np.ndarray, " n"]:
    """The observed values, padded like their pattern and decorrelated."""
    value = observation.value[np.minimum(np.arange(len(pattern.used)), len(observation) - 1)]
    # In double precision by the very matrix that predictions meet in single precision, whose rounding then cancels.
    return np.asarray(value if pattern.decorrelation is None else pattern.decorrelation.astype(np.float64) @ value, np.float32)


def scalar_known(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The known quantities that a prior may depend on: the scalar ones."""
    return {name: float(value) for name, value in values.items() if np.ndim(value) == 0}


def log_likelihood(simulator: Simulator, theta: Theta, value: Float[Array, " n"], pattern: Pattern) -> Float[Array, ""]:
    """Gaussian log likelihood of the used points, ``-sum((y - m)^2 / s^2 + log(2 pi s^2)) / 2`` of the one-step predictions (jax).

    Values are decorrelated like those of `padded_value`, which does not change the likelihood.
    """
    import jax.numpy as jnp

    mean, sigma = simulator.one_step(theta, value, pattern)
    terms = -0.5 * ((value - mean) / sigma) ** 2 - jnp.log(sigma) - 0.5 * jnp.log(2 * jnp.pi)
    return jnp.sum(jnp.where(pattern.used, terms, 0.0))


def simulate(simulator: Simulator, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
    """Noisy values at each point, decorrelated where the errors of the pattern are correlated (jax)."""
    import jax

    drawn = simulator.process(jax.random.fold_in(key, 1), theta, pattern)
    return drawn + simulator.noise(theta, pattern) * jax.random.normal(key, drawn.shape, drawn.dtype)
