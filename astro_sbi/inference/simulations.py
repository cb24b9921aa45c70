"""What a network is trained on: banks of noise-free simulations, tables of simulations, or fresh ones at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from astro_sbi.inference.posterior import InferenceError
from astro_sbi.observations.simulations.table import LARGEST_DROPPED

Latent = Float[Array, "B d"]


class Simulations(Protocol):
    """Simulations by their number, as a pytree of arrays."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def batch(self, index: Int[Array, " B"], key: Array) -> tuple[Latent, Float[Array, " B *x"]]:
        """Latent parameters and simulated observations; ``key`` is of whatever is drawn anew each time."""
        ...

    def rows(self, index: Int[np.ndarray, " R"]) -> Simulations:
        """Some of them, by number."""
        ...


class Bank(NamedTuple):
    """Noise-free simulations: latent parameters [N, d], values [N, n] and standard deviations of their noise [N, n]."""

    latent: Float[Array, "N d"]
    mean: Float[Array, "N n"]
    sigma: Float[Array, "N n"]

    @property
    def count(self) -> int:
        """How many there are."""
        return self.latent.shape[0]

    def batch(self, index: Int[Array, " B"], key: Array) -> tuple[Latent, Float[Array, "B n"]]:
        """Fresh noise on the simulations of these numbers."""
        mean = self.mean[index]
        return self.latent[index], mean + self.sigma[index] * jax.random.normal(key, mean.shape, mean.dtype)

    def rows(self, index: Int[np.ndarray, " R"]) -> Bank:
        """Some of them, by number."""
        return Bank(*(part[index] for part in self))


class Table(NamedTuple):
    """Simulated observations as they are: latent parameters [N, d] and observations [N, ...]; never changed."""

    latent: Float[Array, "N d"]
    x: Float[Array, " N *x"]

    @property
    def count(self) -> int:
        """How many there are."""
        return self.latent.shape[0]

    def batch(self, index: Int[Array, " B"], key: Array) -> tuple[Latent, Float[Array, " B *x"]]:
        """The simulations of these numbers; ``key`` is not used."""
        return self.latent[index], self.x[index]

    def rows(self, index: Int[np.ndarray, " R"]) -> Table:
        """Some of them, by number."""
        return Table(self.latent[index], self.x[index])


@partial(jax.tree_util.register_dataclass, data_fields=["key"], meta_fields=["simulate", "dimension", "count"])
@dataclass(frozen=True)
class Fresh:
    """Simulations made where they are needed, inside the compiled step: nothing is stored and nothing is seen twice.

    Args:
        key: of parameters and noise; the number of a simulation is folded in.
        simulate: maps a latent point [d] and a key to an observation (jax, unbatched).
        dimension: number of latent coordinates.
        count: how many there are to be; the same number gives the same simulation.
    """

    key: Array
    simulate: Callable[[Float[Array, " d"], Array], Float[Array, " *x"]]
    dimension: int
    count: int

    def batch(self, index: Int[Array, " B"], key: Array) -> tuple[Latent, Float[Array, " B *x"]]:
        """Draw from the prior and simulate; ``key`` is not used."""

        def one(number: Int[Array, ""]) -> tuple[Array, Array]:
            prior_key, noise_key = jax.random.split(jax.random.fold_in(self.key, number))
            latent = jax.random.normal(prior_key, (self.dimension,))
            return latent, self.simulate(latent, noise_key)

        return jax.vmap(one)(index)

    def rows(self, index: Int[np.ndarray, " R"]) -> Table:
        """Some of them, made and kept."""
        return Table(*self.batch(jnp.asarray(index), self.key))


@dataclass(frozen=True)
class Dropped:
    """How many simulations were left out because they are not finite."""

    dropped: int
    total: int

    def __str__(self) -> str:
        return f"{self.dropped} of {self.total} simulations are not finite and were left out" if self.dropped else ""


def finite_rows(latent: Float[np.ndarray, "N d"], x: Float[np.ndarray, " N *x"]) -> Bool[np.ndarray, " N"]:
    """Which simulations are finite, parameters and observations."""
    return np.logical_and(np.isfinite(latent).all(axis=1), np.isfinite(x.reshape(len(x), -1)).all(axis=1))


def finite_table(latent: Float[np.ndarray, "N d"], x: Float[np.ndarray, " N *x"]) -> tuple[Table, Dropped]:
    """A table without the simulations that are not finite, and their count.

    Leaving simulations out trains on the prior *given that the simulator succeeds*; a few do no harm, many would.

    Raises:
        InferenceError: if numbers of rows differ, fewer than 100 are left, or more than one in five is not finite.
    """
    latent, x = np.asarray(latent, np.float32), np.asarray(x, np.float32)
    if latent.ndim != 2 or x.ndim < 2 or len(latent) != len(x):
        raise InferenceError(
            f"expected parameters [N, d] and simulated observations [N, ...] with as many rows, got shapes {latent.shape} and {x.shape}"
        )
    sound = finite_rows(latent, x)
    dropped = Dropped(int((~sound).sum()), len(x))
    if dropped.dropped > LARGEST_DROPPED * len(x):
        raise InferenceError(
            f"{dropped}, more than {LARGEST_DROPPED:.0%}: the rest no longer follows the prior; mend the simulator or narrow the prior, "
            "and check that no parameter lies outside it"
        )
    if sound.sum() < 100:
        raise InferenceError(f"{sound.sum()} usable simulations are too few to train on: give at least 100, better 1,000 or more")
    return (Table(latent, x) if sound.all() else Table(latent[sound], x[sound])), dropped


def on_device(simulations: Any) -> Any:
    """The same simulations as jax arrays."""
    return jax.device_put(simulations)
