"""Models that are made of NumPy, called from compiled jax programs: in this process where they are fast, in several where not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from astro_sbi.simulators.numpy_processes import Processes

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

#: Processes are started where the calls would take longer than this [s].
_PATIENCE_S = 0.5
#: Steps of the differences that stand for slopes, in parts of a parameter's value and of its prior's width.
_STEP = 1e-5


def curve_of(model: Callable[..., Any], x: np.ndarray, values: Mapping[str, float], seed: int | None) -> np.ndarray:
    """One call of a model [n]: not a number where it raises an error, since a simulation may fail."""
    try:
        with np.errstate(all="ignore"):
            return called(model, x, values, seed)
    except Exception:  # it is a stranger's function
        return np.full(len(x), np.nan)


def called(model: Callable[..., Any], x: np.ndarray, values: Mapping[str, float], seed: int | None) -> np.ndarray:
    """One call of a model [n]; a random one gets a generator of this seed first."""
    random = () if seed is None else (np.random.default_rng(seed),)
    found = np.asarray(model(*random, x, **values), np.float64)
    if found.shape != x.shape:
        raise ValueError(f"it returned values of shape {found.shape} for {len(x)} values of x")
    return found


@dataclass(eq=False)
class NumpyModel:
    """A function of NumPy as a function of jax, with slopes.

    Args:
        model: ``model(x, name=value, ...)``; with ``random``, ``model(generator, x, name=value, ...)``.
        names: of its arguments, those to differentiate by first.
        widths: of the priors of the arguments to differentiate by [p].
        random: whether it draws random numbers.
        processes: more of them, where it can be found by name in another process.
    """

    model: Callable[..., Any]
    names: tuple[str, ...]
    widths: Float[np.ndarray, " p"]
    random: bool
    processes: Processes | None
    _seconds: float = 0.0
    _lock: Any = field(default_factory=threading.Lock)

    def __call__(self, x: Float[Array, " n"], used: Bool[Array, " n"], values: Sequence[Any], bits: Int[Array, ""]) -> Float[Array, " n"]:
        """Values of the model (jax); ``bits`` seed a random one."""
        import jax
        import jax.numpy as jnp

        @jax.custom_jvp
        def curve(x: Any, used: Any, bits: Any, vector: Any) -> Any:
            shape = jax.ShapeDtypeStruct(jnp.shape(x), jnp.float32)
            return jax.pure_callback(self._curves, shape, x, used, bits, vector, vmap_method="expand_dims")

        @curve.defjvp
        def slope(primals: Any, tangents: Any) -> tuple[Any, Any]:
            x, _, _, _ = primals
            shape = jax.ShapeDtypeStruct((*jnp.shape(x), len(self.widths)), jnp.float32)
            jacobian = jax.pure_callback(self._slopes, shape, *primals, vmap_method="expand_dims")
            return curve(*primals), jacobian @ tangents[-1][: len(self.widths)]

        return curve(x, used, bits, jnp.stack([jnp.asarray(value, jnp.float32) for value in values]))

    def _curves(self, x: Any, used: Any, bits: Any, vector: Any) -> Float[np.ndarray, "*batch n"]:
        where, size = _used_part(x, used)
        batch, rows, seeds = _rows(vector, bits)
        found = np.full((len(rows), np.asarray(x).shape[-1]), np.nan)
        found[:, :size] = self._evaluated(where, rows, seeds)
        found[:, size:] = found[:, size - 1 : size]
        return found.reshape(*batch, -1).astype(np.float32)

    def _slopes(self, x: Any, used: Any, bits: Any, vector: Any) -> Float[np.ndarray, "*batch n p"]:
        where, size = _used_part(x, used)
        batch, rows, seeds = _rows(vector, bits)
        count, steps = len(self.widths), _STEP * (np.abs(rows[:, : len(self.widths)]) + self.widths)
        ahead, behind = np.repeat(rows[:, None], count, axis=1), np.repeat(rows[:, None], count, axis=1)
        index = np.arange(count)
        ahead[:, index, index] += steps
        behind[:, index, index] -= steps
        both = np.concatenate([ahead, behind]).reshape(-1, rows.shape[1])
        curves = self._evaluated(where, both, np.tile(np.repeat(seeds, count), 2)).reshape(2, len(rows), count, size)
        found = np.zeros((len(rows), np.asarray(x).shape[-1], count))
        found[:, :size] = np.moveaxis((curves[0] - curves[1]) / (2 * steps[..., None]), 1, 2)
        found[:, size:] = found[:, size - 1 : size]
        return found.reshape(*batch, *found.shape[1:]).astype(np.float32)

    def _evaluated(self, x: Float[np.ndarray, " n"], rows: Float[np.ndarray, "B k"], seeds: Int[np.ndarray, " B"]) -> np.ndarray:
        with self._lock:
            if self.processes is not None and self._seconds * len(rows) > _PATIENCE_S:
                return self.processes.evaluated(x, rows, seeds)
            began = time.perf_counter()
            found = evaluated(self.model, self.names, x, rows, seeds if self.random else None)
            self._seconds = (time.perf_counter() - began) / len(rows)
            return found


def evaluated(
    model: Callable[..., Any],
    names: Sequence[str],
    x: Float[np.ndarray, " n"],
    rows: Float[np.ndarray, "B k"],
    seeds: Int[np.ndarray, " B"] | None,
) -> Float[np.ndarray, "B n"]:
    """Values of a model at each row of arguments."""
    each = [None] * len(rows) if seeds is None else [int(seed) for seed in seeds]
    arguments = (dict(zip(names, map(float, row), strict=True)) for row in rows)
    return np.stack([curve_of(model, x, values, seed) for values, seed in zip(arguments, each, strict=True)])


def _used_part(x: Any, used: Any) -> tuple[Float[np.ndarray, " m"], int]:
    """The coordinate up to the last point that is used: a function of neighbours must not see the padding."""
    flat, mask = np.asarray(x, np.float64), np.asarray(used)
    flat, mask = flat.reshape(-1, flat.shape[-1])[0], mask.reshape(-1, mask.shape[-1])[0]
    size = int(np.flatnonzero(mask)[-1]) + 1 if mask.any() else len(flat)
    return flat[:size], size


def _rows(vector: Any, bits: Any) -> tuple[tuple[int, ...], Float[np.ndarray, "B k"], Int[np.ndarray, " B"]]:
    """The shape of a batch, and one row of arguments and one seed for each of its members; either may be the same for all."""
    arguments, seeds = np.asarray(vector, np.float64), np.asarray(bits, np.int64)
    batch = np.broadcast_shapes(arguments.shape[:-1], seeds.shape)
    rows = np.broadcast_to(arguments, (*batch, arguments.shape[-1])).reshape(-1, arguments.shape[-1]).copy()
    return batch, rows, np.broadcast_to(seeds, batch).reshape(-1).copy()
