"""The trained estimator of one round: standardiser, network and box; a density over the prior's latent coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from astro_sbi.inference.box import Box
from astro_sbi.inference.network import Network
from astro_sbi.inference.scaling import ScaledValues
from astro_sbi.inference.standardiser import Standardiser

_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class PosteriorEstimator:
    """``p(z | x)`` as an equal mixture of ensemble members, truncated to a box of the prior.

    Args:
        network: the static half.
        parameters: members' parameters on a leading axis.
        standard: the standardiser fitted with them.
        box: where the training parameters were drawn.
        shape: of an observation; empty where an observing pattern says it.
    """

    network: Network
    parameters: PyTree
    standard: Standardiser | ScaledValues
    box: Box
    shape: tuple[int, ...] = ()

    def given(self, value: Float[np.ndarray, "*x"]) -> ConditionalDensity:
        """The density of latent parameters given one observation."""
        return ConditionalDensity(self, np.asarray(value, np.float32))

    @cached_property
    def programs(self) -> tuple[Any, Any]:
        """Compiled ``log_prob(parameters, standard, z [C, d], x)`` and ``sample(parameters, standard, key, x)``, members first."""

        def density(parameters: PyTree, standard: Any, inner: Any, x: Any) -> Any:
            seen, guess = standard.see(x)
            residual, log_determinant = standard.residual(inner, guess)
            context = self.network.context(parameters, seen)
            context = jnp.broadcast_to(context, (inner.shape[0], *context.shape))
            return self.network.log_prob_given(parameters, residual, context) + log_determinant

        def draw(parameters: PyTree, standard: Any, key: Any, x: Any) -> Any:
            seen, guess = standard.see(x)
            return standard.latent(self.network.sample(parameters, key, seen, _CHUNK), guess)

        return jax.jit(jax.vmap(density, in_axes=(0, None, None, None))), jax.jit(jax.vmap(draw, in_axes=(0, None, 0, None)))

    def retrained(self, parameters: PyTree, standard: Any, box: Box) -> PosteriorEstimator:
        """The same network with other weights, sharing its compiled programs."""
        other = replace(self, parameters=parameters, standard=standard, box=box)
        other.__dict__["programs"] = self.programs
        return other


@dataclass(frozen=True, eq=False)
class ConditionalDensity:
    """An estimator at one observation: draws and log density in the prior's latent coordinates."""

    estimator: PosteriorEstimator
    value: Float[np.ndarray, "*x"]

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws from the equal mixture of the members; none leaves the box."""
        estimator, parts, drawn = self.estimator, [], 0
        _, draw = estimator.programs
        members = jax.tree.leaves(estimator.parameters)[0].shape[0]
        while drawn < draws:
            keys = jax.random.split(jax.random.key(int(rng.integers(2**31))), members)
            inner = np.asarray(draw(estimator.parameters, estimator.standard, keys, self.value), np.float64)
            inner = inner.transpose(1, 0, 2).reshape(-1, inner.shape[-1])
            parts.append(inner[np.isfinite(inner).all(axis=-1)])
            drawn += len(parts[-1])
            if not len(parts[-1]):
                raise FloatingPointError("the flow gave no finite draw")
        return estimator.box.outer(np.concatenate(parts)[:draws])

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density; -inf outside the box."""
        estimator, out = self.estimator, np.full(len(z), -np.inf)
        inside = estimator.box.contains(z)
        if inside.any():
            inner = estimator.box.inner(z[inside])
            # Densities change by the ratio of the truncated prior to the unit normal.
            change = -0.5 * np.sum(z[inside] ** 2 - inner**2, axis=-1) - estimator.box.log_mass
            out[inside] = self._inner_log_prob(inner) + change
        return np.where(np.isnan(out), -np.inf, out)

    def _inner_log_prob(self, inner: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        density, _ = self.estimator.programs
        parts = []
        for start in range(0, len(inner), _CHUNK):
            index = np.minimum(np.arange(start, start + _CHUNK), len(inner) - 1)
            members = np.asarray(
                density(self.estimator.parameters, self.estimator.standard, inner[index].astype(np.float32), self.value), np.float64
            )
            parts.append(np.logaddexp.reduce(members, axis=0) - np.log(len(members)))
        return np.concatenate(parts)[: len(inner)]
