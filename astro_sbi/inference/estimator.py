"""The trained estimator of one round: standardiser, network and box; a density over the prior's latent coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from astro_sbi.inference.box import Box
from astro_sbi.inference.cores import in_blocks, on_processor, side_by_side
from astro_sbi.inference.losses import log_prob
from astro_sbi.inference.network import Network
from astro_sbi.inference.scaling import Scaling
from astro_sbi.inference.standardiser import Standardiser

# Densities and draws of each member, and observations, that one call of a program takes.
_CHUNK, _DRAWS, _BLOCK = 4096, 1024, 25
_MEMBER_CALLS = 2


@dataclass(frozen=True, eq=False)
class PosteriorEstimator:
    """``p(z | x)`` as an equal mixture of ensemble members, truncated to a box of the prior.

    Args:
        network: the static half.
        parameters: members' parameters on a leading axis.
        standard: the standardiser of each member, likewise.
        box: where the training parameters were drawn.
        shape: of an observation; empty where an observing pattern says it.
    """

    network: Network
    parameters: PyTree
    standard: Standardiser | Scaling
    box: Box
    shape: tuple[int, ...] = ()

    @classmethod
    def alike(cls, network: Network, parameters: PyTree, standard: Standardiser, box: Box) -> PosteriorEstimator:
        """One whose members share a standardiser."""
        return cls(network, parameters, for_each(standard, jax.tree.leaves(parameters)[0].shape[0]), box)

    @property
    def members(self) -> int:
        """Size of the ensemble."""
        return jax.tree.leaves(self.parameters)[0].shape[0]

    @property
    def shared(self) -> Any:
        """The standardiser of members that share one."""
        return jax.tree.map(lambda leaf: leaf[0], self.standard)

    def given(self, value: Float[np.ndarray, "*x"]) -> ConditionalDensity:
        """The density of latent parameters given one observation."""
        return ConditionalDensity(self, np.asarray(value, np.float32))

    def alone(self) -> tuple[PosteriorEstimator, ...]:
        """Each member by itself; they share what is compiled for many observations."""

        def member(tree: PyTree, number: int) -> PyTree:
            return jax.tree.map(lambda leaf: leaf[number : number + 1], tree)

        numbers = range(self.members)
        found = tuple(replace(self, parameters=member(self.parameters, i), standard=member(self.standard, i)) for i in numbers)
        for other in found[1:]:
            other.__dict__.update({name: getattr(found[0], name) for name in ("many_programs", "each_program")})
        return found

    @cached_property
    def programs(self) -> tuple[Any, Any]:
        """Compiled ``log_prob(parameters, standard, z [C, d], x)`` and ``sample(parameters, standard, key, x)``, members first."""

        def draw(parameters: PyTree, standard: Any, key: Any, x: Any) -> Any:
            seen, guess = standard.see(x)
            return standard.latent(self.network.sample(parameters, key, seen, _DRAWS), guess)

        return jax.jit(jax.vmap(self._densities, in_axes=(0, 0, None, None))), jax.jit(jax.vmap(draw, in_axes=(0, 0, 0, None)))

    @cached_property
    def each_program(self) -> Any:
        """Compiled ``log_prob(parameters, standard, z [B, S, d], x [B, ...])`` [B, M, S]."""

        def block(parameters: PyTree, standard: Any, inner: Any, x: Any) -> Any:
            members = jax.vmap(self._densities, in_axes=(0, 0, None, None))
            together = 1 if on_processor() else _BLOCK
            return jax.lax.map(lambda now: members(parameters, standard, now[0], now[1]), (inner, x), batch_size=together)

        return jax.jit(block)

    def _densities(self, parameters: PyTree, standard: Any, inner: Any, x: Any) -> Any:
        """Log densities [S] of one member at points [S, d], given one observation that is embedded once (jax)."""
        seen, guess = standard.see(x)
        residual, log_determinant = standard.residual(inner, guess)
        context = self.network.context(parameters, seen)
        context = jnp.broadcast_to(context, (inner.shape[0], *context.shape))
        return self.network.log_prob_given(parameters, residual, context) + log_determinant

    @cached_property
    def many_programs(self) -> tuple[Any, Any]:
        """Compiled ``log_prob(parameters, standard, z [B, d], x [B, ...])`` [M, B] and ``sample(parameters, standard, x, keys, draws)``."""

        def densities(parameters: PyTree, standard: Any, inner: Any, x: Any) -> Any:
            return log_prob(self.network, parameters, standard, inner, x)

        def draw(parameters: PyTree, standard: Any, key: Any, x: Any, draws: int) -> Any:
            seen, guess = standard.see(x)
            return standard.latent(self.network.sample(parameters, key, seen, draws), guess)

        def block(parameters: PyTree, standard: Any, x: Any, keys: Any, draws: int) -> Any:
            members = jax.vmap(draw, in_axes=(0, 0, 0, None, None))
            # One observation after the other stays within a processor's cache; an accelerator wants them all.
            together = 1 if on_processor() else _BLOCK
            return jax.lax.map(lambda now: members(parameters, standard, now[1], now[0], draws), (x, keys), batch_size=together)

        return jax.jit(jax.vmap(densities, in_axes=(0, 0, None, None))), jax.jit(block, static_argnums=4)

    def sample_many(self, x: Float[np.ndarray, "K ..."], draws: int, seed: int) -> Float[np.ndarray, "K S d"]:
        """Draws for each of several observations, as many from each member, none outside the box."""
        members = self.members
        keys = jax.random.split(jax.random.key(seed), (len(x), members))
        share, program = -(-draws // members), self.many_programs[1]

        def block(index: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B M S d"]:
            return np.asarray(program(self.parameters, self.standard, x[index], keys[index], share), np.float64)

        inner = in_blocks(block, len(x), _BLOCK).transpose(0, 2, 1, 3)
        return self.box.outer(inner.reshape(len(x), share * members, -1)[:, :draws])

    def log_prob_pairs(self, z: Float[np.ndarray, "N d"], x: Float[np.ndarray, "N ..."]) -> Float[np.ndarray, " N"]:
        """Log density of each latent point given its own observation; the points lie inside the box."""
        inner, program = self.box.inner(z), self.many_programs[0]

        def block(index: Int[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
            return _mixed(program(self.parameters, self.standard, inner[index].astype(np.float32), x[index]))

        return in_blocks(block, len(z), _CHUNK) - 0.5 * np.sum(z**2 - inner**2, axis=-1) - self.box.log_mass

    def log_prob_many(self, z: Float[np.ndarray, "K S d"], x: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "K S"]:
        """Log density of several latent points given each observation; the points lie inside the box."""
        inner, program = self.box.inner(z), self.each_program

        def block(index: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B S"]:
            each = np.asarray(program(self.parameters, self.standard, inner[index].astype(np.float32), x[index]), np.float64)
            return np.logaddexp.reduce(each, axis=1) - np.log(self.members)

        return in_blocks(block, len(z), _BLOCK) - 0.5 * np.sum(z**2 - inner**2, axis=-1) - self.box.log_mass

    def sharing(self, other: PosteriorEstimator) -> PosteriorEstimator:
        """The same with the compiled programs of another whose network is alike."""
        copy = replace(self)
        copy.__dict__["programs"] = other.programs
        return copy


@dataclass(frozen=True, eq=False)
class ConditionalDensity:
    """An estimator at one observation: draws and log density in the prior's latent coordinates."""

    estimator: PosteriorEstimator
    value: Float[np.ndarray, "*x"]

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws from the equal mixture of the members; none leaves the box."""
        estimator, parts, drawn = self.estimator, [np.zeros((0, self.estimator.network.dimension))], 0
        members = estimator.members

        def block(seed: int) -> Float[np.ndarray, "C d"]:
            keys = jax.random.split(jax.random.key(seed), members)
            inner = np.asarray(estimator.programs[1](estimator.parameters, estimator.standard, keys, self.value), np.float64)
            inner = inner.transpose(1, 0, 2).reshape(-1, inner.shape[-1])
            return inner[np.isfinite(inner).all(axis=-1)]

        while drawn < draws:
            seeds = rng.integers(2**31, size=-(-(draws - drawn) // (members * _DRAWS)))
            parts += side_by_side(block, [int(seed) for seed in seeds])
            before, drawn = drawn, sum(map(len, parts))
            if drawn == before:
                raise FloatingPointError("the flow gave no finite draw")
        return estimator.box.outer(np.concatenate(parts)[:draws])

    def by_member(self, rng: np.random.Generator) -> Float[np.ndarray, "M S d"] | None:
        """Draws of each member alone, NaN where one is not finite; None where there is one member."""
        estimator = self.estimator
        if estimator.members < 2:
            return None
        seeds = rng.integers(2**31, size=_MEMBER_CALLS)
        keys = [jax.random.split(jax.random.key(int(seed)), estimator.members) for seed in seeds]
        inner = [np.asarray(estimator.programs[1](estimator.parameters, estimator.standard, key, self.value), np.float64) for key in keys]
        together = np.concatenate(inner, axis=1)
        return estimator.box.outer(np.where(np.isfinite(together), together, np.nan))

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
        estimator, program = self.estimator, self.estimator.programs[0]

        def block(index: Int[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
            return _mixed(program(estimator.parameters, estimator.standard, inner[index].astype(np.float32), self.value))

        return in_blocks(block, len(inner), _CHUNK)


def for_each(standard: Any, members: int) -> Any:
    """One standardiser for several members, on a leading axis."""
    return jax.tree.map(lambda leaf: jax.device_put(np.repeat(np.asarray(leaf)[None], members, axis=0)), standard)


def _mixed(members: Float[Array, "M C"]) -> Float[np.ndarray, " C"]:
    """Log density of the equal mixture of the members."""
    each = np.asarray(members, np.float64)
    return np.logaddexp.reduce(each, axis=0) - np.log(len(each))
