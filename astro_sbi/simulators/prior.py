"""Priors as triangular maps from unit normals to parameters: no draw can leave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from astro_sbi.simulators.distribution import (
    Distribution,
    Linear,
    PriorError,
    Values,
    fixed,
    lognormal,
    loguniform,
    normal,
    parse_distribution,
    uniform,
)

if TYPE_CHECKING:
    from jaxtyping import Array

__all__ = [
    "Distribution",
    "Linear",
    "Prior",
    "PriorError",
    "Values",
    "fixed",
    "lognormal",
    "loguniform",
    "normal",
    "parse_distribution",
    "uniform",
]


@dataclass(frozen=True)
class Prior:
    """An ordered set of distributions; each may depend on earlier parameters and on scalar known quantities.

    In latent coordinates every free parameter is a unit normal.
    """

    distributions: tuple[tuple[str, Distribution], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.distributions]
        for position, (name, distribution) in enumerate(self.distributions):
            late = distribution.depends_on & set(names[position:])
            if late:
                raise PriorError(f"the prior of {name} depends on {', '.join(sorted(late))}, which is not drawn before it")

    @classmethod
    def of(cls, **distributions: Distribution | str) -> Prior:
        """A prior written as ``Prior.of(mass="loguniform(0.1, 10)", inclination="uniform(0, 90)")``.

        Raises:
            PriorError: if a text is not a distribution.
        """
        return cls(tuple((name, parse_distribution(d) if isinstance(d, str) else d) for name, d in distributions.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters, in order."""
        return tuple(name for name, _ in self.distributions)

    @property
    def free(self) -> tuple[str, ...]:
        """The parameters that are inferred, in the order of the latent coordinates."""
        return tuple(name for name, distribution in self.distributions if distribution.kind != "fixed")

    def replace(self, changes: Mapping[str, Distribution]) -> Prior:
        """This prior with some distributions exchanged.

        Raises:
            PriorError: if a name is not a parameter.
        """
        unknown = set(changes) - set(self.names)
        if unknown:
            raise PriorError(f"there is no parameter {', '.join(sorted(unknown))}; there are {', '.join(self.names)}")
        return Prior(tuple((name, changes.get(name, distribution)) for name, distribution in self.distributions))

    def physical(self, z: Float[Array, "*batch d"], known: Values, xp: Any = np) -> dict[str, Any]:
        """Map latent ``z`` (free parameters on the last axis) to ``{name: [*batch]}``, fixed ones included."""
        values, column = dict(known), 0
        out: dict[str, Any] = {}
        for name, distribution in self.distributions:
            is_free = distribution.kind != "fixed"
            latent = z[..., column] if is_free else xp.zeros(z.shape[:-1], z.dtype)
            out[name] = values[name] = distribution.physical(latent, values, xp)
            column += is_free
        return out

    def latent(self, theta: Values, known: Values) -> Float[np.ndarray, "*batch d"]:
        """Map ``{name: [*batch]}`` back to latent coordinates of the free parameters (NumPy)."""
        values = {**known, **theta}
        columns = [d.latent(np.asarray(theta[name]), values) for name, d in self.distributions if d.kind != "fixed"]
        return np.stack(columns, axis=-1)

    def log_prob(self, theta: Values, known: Values) -> Float[np.ndarray, "*batch"]:
        """Log density of the free parameters ``{name: [*batch]}``, each given those before it (NumPy); -inf outside the prior."""
        values = {**known, **theta}
        return np.sum([d.log_prob(theta[name], values) for name, d in self.distributions if d.kind != "fixed"], axis=0)

    def given(self, known: Values) -> Prior:
        """The prior with known quantities put in their places, which then depends on nothing known."""
        return Prior(tuple((name, Distribution(d.kind, d.first.given(known), d.second.given(known))) for name, d in self.distributions))

    def sample(self, draws: int, seed: int) -> Float[np.ndarray, "draws d"]:
        """Draws of the free parameters, one column each; for priors that depend on nothing known."""
        return self.physical_array(np.random.default_rng([seed, 0]).standard_normal((draws, len(self.free))))

    def physical_array(self, z: Any, xp: Any = np) -> Any:
        """Map latent ``z`` [*batch, d] to the free parameters [*batch, d], in the order of `free`."""
        values = self.physical(z, {}, xp)
        return xp.stack([values[name] for name in self.free], axis=-1)

    def latent_array(self, theta: Float[np.ndarray, "*batch d"]) -> Float[np.ndarray, "*batch d"]:
        """Map the free parameters back to latent coordinates (NumPy)."""
        return self.latent(self._values(theta), {})

    def log_prob_array(self, theta: Float[np.ndarray, "*batch d"]) -> Float[np.ndarray, "*batch"]:
        """Log density of the free parameters in physical units (NumPy); -inf outside the prior."""
        return self.log_prob(self._values(theta), {})

    def _values(self, theta: Float[np.ndarray, "*batch d"]) -> dict[str, Any]:
        fixed_ones = {name: d.first.constant for name, d in self.distributions if d.kind == "fixed"}
        return fixed_ones | {name: theta[..., column] for column, name in enumerate(self.free)}
