"""A user's own simulator: a function, its parameters and their priors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import Axis, Noise, Points
from astro_sbi.simulators.base import KnownQuantity, Parameter, Pattern, Simulator, Theta
from astro_sbi.simulators.numpy_model import NumpyModel, called
from astro_sbi.simulators.numpy_processes import Processes, cores
from astro_sbi.simulators.prior import Prior
from astro_sbi.simulators.registry import SimulatorError, identity_of

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

__all__ = ["Axis", "KnownQuantity", "OwnSimulator", "Parameter", "SimulatorError", "parameter"]


def parameter(name: str, unit: str = "", meaning: str = "", symbol: str = "") -> Parameter:
    """A parameter to infer or to derive.

    Args:
        name: as an argument of the model.
        unit: as astropy writes it, such as ``km / s``; empty for a pure number.
        meaning: one line for whoever reads the posterior.
        symbol: LaTeX; the name in upright letters if empty.
    """
    words = name.replace("_", " ")
    return Parameter(name, symbol or rf"\mathrm{{{words.replace(' ', '~')}}}", words, unit, meaning or words)


@dataclass(frozen=True, eq=False, kw_only=True)
class OwnSimulator(Simulator):
    """What a user's function makes of parameters drawn from a prior.

    Args:
        name: small letters, digits and underscores.
        x: what is varied, and its unit.
        y: what is measured, and its unit.
        parameters: of the model.
        priors: of each parameter by name, such as ``uniform(0, 10)``; a bound may depend on parameters before it.
        model: values of ``y`` [n] at ``x`` [n]: ``model(x, name=value, ...)`` with every parameter and known quantity by name. With
            ``implicit`` it is random and first takes what draws its random numbers, ``model(random, x, ...)``: a
            `numpy.random.Generator` with ``numpy``, else a jax key.
        example_x: where Explore shows the model.
        example_error: standard deviation of ``y`` there.
        numpy: whether the model is made of NumPy (or anything else but jax): it runs in processes of its own where it is slow, and slopes
            are differences. A simulation that raises an error or is not finite counts as failed.
        implicit: whether the model is random, so that no likelihood can be computed. The quoted errors are added to what it draws.
        summary_statistics: what the flow sees of an implicit simulation (jax), ``summary_statistics(x, y, error)``; ``y`` if None.
        jitter: name of the parameter that is noise beyond the quoted errors, in the unit of ``y``, which the model does not take; none
            if empty.
        derived_parameters: what ``derive`` returns.
        derive: arrays by name from arrays of parameters by name, ``derive(name=array, ...)`` (NumPy).
        known: quantities that come with the observation, each with a default.
        kind: of observation; ``curve`` takes any table of x and y.
        steps: what is done to an observation first; None for what its kind needs at least.
        version: raised when the model changes in a file that its own file imports.
        title: for whoever uses it, like ``summary`` (what the parameters do), ``reference`` and ``caveats`` (what is left out).
    """

    name: str
    x: Axis
    y: Axis
    parameters: tuple[Parameter, ...]
    priors: Mapping[str, str]
    model: Callable[..., Any]
    example_x: Any
    example_error: float
    numpy: bool = False
    implicit: bool = False
    summary_statistics: Callable[..., Any] | None = None
    jitter: str = ""
    derived_parameters: tuple[Parameter, ...] = ()
    derive: Callable[..., Mapping[str, np.ndarray]] | None = None
    known: tuple[KnownQuantity, ...] = ()
    kind: Kind = "curve"
    steps: Preparation | None = None
    version: int = 1
    title: str = ""
    summary: str = ""
    reference: str = "A simulator of your own."
    caveats: tuple[str, ...] = ()
    prior: Prior = field(init=False)

    def __post_init__(self) -> None:
        """Fill in what was left out."""
        filled = {name: tuple(getattr(self, name)) for name in ("parameters", "derived_parameters", "known", "caveats")}
        filled |= {"prior": Prior.of(**self.priors), "title": self.title or self.name.replace("_", " ").capitalize()}
        filled |= {"coordinate_name": self.x.name, "coordinate_unit": self.x.unit, "value_name": self.y.name, "value_unit": self.y.unit}
        filled |= {"summary": self.summary or f"{self.y.name} against {self.x.name}."}
        for name, value in filled.items():
            object.__setattr__(self, name, value)
        if self.jitter and self.jitter not in self.priors:
            raise SimulatorError(f"its jitter is to be the parameter {self.jitter}, which has no prior")
        without = [quantity.name for quantity in self.known if quantity.default is None]
        if without:
            raise SimulatorError(f"the known quantity {without[0]} has no default: give one, which is used where an observation has none")

    @property
    def random(self) -> bool:
        """Whether the model draws random numbers."""
        return self.implicit

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of what the model takes: parameters but for the jitter, then known quantities."""
        parameters = (parameter.name for parameter in self.parameters if parameter.name != self.jitter)
        return (*parameters, *(quantity.name for quantity in self.known))

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """The model; one draw of it where it is random."""
        import jax

        return self._drawn(jax.random.key(0), theta, pattern)

    def process(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """The model; a draw of it where it is random."""
        return self._drawn(key, theta, pattern)

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors, and the jitter where there is one."""
        import jax.numpy as jnp

        return jnp.hypot(pattern.sigma, theta[self.jitter]) if self.jitter else pattern.sigma

    def summaries(self, value: Float[Array, " n"], pattern: Pattern) -> Float[Array, " k"]:
        """The user's own, or the values."""
        import jax.numpy as jnp

        if self.summary_statistics is None:
            return super().summaries(value, pattern)
        return jnp.atleast_1d(self.summary_statistics(pattern.coordinate, value, pattern.sigma))

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the user's function derives, in float64."""
        if self.derive is None:
            return {}
        made = self.derive(**{name: np.asarray(values, np.float64) for name, values in theta.items()})
        return {parameter.name: np.asarray(made[parameter.name], np.float64) for parameter in self.derived_parameters}

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> OwnSimulator:
        """Itself, for one series of values.

        Raises:
            SimulatorError: if there are several.
        """
        if len(channels) > 1:
            raise SimulatorError(
                f"the simulator {self.name} explains one series and the observation has {len(channels)} ({', '.join(channels[:6])}): "
                "give a file of one"
            )
        return self

    def check_model(self, points: Points, theta: Mapping[str, float], known: Mapping[str, float]) -> None:
        """Call the model once.

        Raises:
            SimulatorError: if it fails, or returns other than one finite value a point.
        """
        at = ", ".join(f"{name}={theta[name]:.4g}" for name in self.prior.names if name != self.jitter)
        try:
            found = self._tried(points.coordinate, {name: float({**theta, **known}[name]) for name in self.arguments})
        except Exception as error:  # it is a stranger's function
            raise SimulatorError(f"the model of {self.name} fails at {at}: {_why(error)}") from error
        if not np.isfinite(found).all():
            count = int((~np.isfinite(found)).sum())
            raise SimulatorError(f"the model of {self.name} has {count} of {len(found)} values that are not finite at {at}: mend it")

    def default_points(self) -> Points:
        """The example, with known quantities at their defaults."""
        x = np.asarray(self.example_x, np.float64)
        noise = Noise(np.full(len(x), float(self.example_error)))
        known = {quantity.name: quantity.default * u.Unit(quantity.unit) for quantity in self.known}
        return Points(x, np.zeros(len(x), np.int32), np.ones(len(x), bool), noise, known)

    @property
    def preparation(self) -> Preparation:
        """The user's own steps, or what the kind needs at least."""
        return self.steps or least_preparation(self.kind, self.x, self.y)

    @cached_property
    def _numpy_model(self) -> NumpyModel:
        known = {quantity.name: float(quantity.default or 0.0) for quantity in self.known}
        draws = self.prior.physical(np.random.default_rng(0).standard_normal((512, len(self.prior.free))), known)
        inferred = [name for name in self.arguments if name in draws]
        widths = np.array([np.subtract(*np.quantile(draws[name], [0.84, 0.16])) for name in inferred])
        identity = identity_of(self.name)
        processes = Processes(self.name, identity, cores()) if identity and cores() > 1 else None
        return NumpyModel(self.model, self.arguments, widths, self.implicit, processes)

    def _drawn(self, key: Array, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        import jax

        values = {name: theta[name] if name in theta else pattern.known[name] for name in self.arguments}
        if self.numpy:
            bits = jax.random.bits(key) if self.implicit else np.uint32(0)
            return self._numpy_model(pattern.coordinate, pattern.used, list(values.values()), bits)
        random = (key,) if self.implicit else ()
        return self.model(*random, pattern.coordinate, **values)

    def _tried(self, x: Float[np.ndarray, " n"], values: Mapping[str, float]) -> np.ndarray:
        """Values at these arguments; of a model made of jax as it will be compiled."""
        if self.numpy:
            return called(self.model, x, values, 0 if self.implicit else None)
        import jax

        random = (jax.random.key(0),) if self.implicit else ()
        arguments = {name: np.float32(value) for name, value in values.items()}
        found = np.asarray(jax.jit(lambda x, given: self.model(*random, x, **given))(x.astype(np.float32), arguments))
        if found.shape != x.shape:
            raise ValueError(f"it returned values of shape {found.shape} for {len(x)} values of x")
        return found


def _why(error: Exception) -> str:
    """An error in one line, with what to do where NumPy was given what jax compiles."""
    if type(error).__name__ in ("TracerArrayConversionError", "TracerBoolConversionError", "ConcretizationTypeError"):
        return "it is not made of jax.numpy alone, so that it cannot be compiled; write it so, or say numpy=True"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(": ")


def least_preparation(kind: Kind, x: Axis, y: Axis) -> Preparation:
    """What an observation of a kind needs at least before a model sees it: cuts, and numbers that single precision resolves."""
    from astro_sbi.observations.preparation import Preparation, preparation_of, whole_spectrum_preparation
    from astro_sbi.observations.steps.curve_units import CurveUnits
    from astro_sbi.observations.steps.cut import Cut
    from astro_sbi.observations.steps.outliers import OFF, Outliers
    from astro_sbi.observations.steps.reference_time import FromReferenceTime

    if kind in ("light_curve", "velocities"):
        return Preparation((Cut(), Outliers(outliers=OFF), FromReferenceTime()))
    if kind == "spectrum":
        return whole_spectrum_preparation()
    if kind == "curve":
        return Preparation((Cut(), Outliers(outliers=OFF), CurveUnits(x, y)))
    return preparation_of(kind)
