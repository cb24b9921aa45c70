"""A file of simulations in, parameters and simulated numbers out; the parsing is done in a child process that can reach nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.containers.content import shown_name
from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.sandbox import Limits, answer_of

#: Above this share of simulations that are not finite, what is left may no longer follow the prior.
LARGEST_DROPPED = 0.2
#: Fewer simulations leave too few to train on once some are held back.
FEWEST_ROWS = 200
MAX_PARAMETERS, MAX_COMPONENTS = 32, 4096

_WORKER = "astro_sbi.observations.simulations.worker"
_SECONDS = 30.0


@dataclass(frozen=True)
class TableOptions:
    """What the user says of a table; None leaves it to the reader.

    Args:
        parameters: names of the columns that are parameters, or names for the columns of ``theta`` where the file gives none.
        components: names of the columns that are the simulated observation.
    """

    parameters: tuple[str, ...] | None = None
    components: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class SimulationTable:
    """Simulations as a table: one row each.

    Args:
        parameters: names of the parameters, as settings write them.
        columns: what the file calls each.
        components: names of the numbers of an observation.
        theta: parameters.
        x: what was simulated, flattened.
        shape: of one simulated observation in the file.
        format: of the file, in words.
        total: rows of the file; those that are not finite are left out above.
        guesses: sentences on what the file does not say.
    """

    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    components: tuple[str, ...]
    theta: Float64[np.ndarray, "N d"]
    x: Float64[np.ndarray, "N k"]
    shape: tuple[int, ...]
    format: str
    total: int
    guesses: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.theta)

    @property
    def content_hash(self) -> str:
        """sha256 over every name and number that a training sees; the file's format does not count."""
        digest = hashlib.sha256(json.dumps([self.parameters, self.components, self.theta.shape]).encode())
        for array in (self.theta, self.x):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class ObservedNumbers:
    """One observation, as many numbers as a simulation has.

    Args:
        value: the numbers, in the order of the table's components.
        format: of the file, in words.
        guesses: sentences on what the file does not say.
    """

    value: Float64[np.ndarray, " k"]
    format: str
    guesses: tuple[str, ...] = ()


def read_simulations(name: str, content: bytes, options: TableOptions | None = None) -> SimulationTable:
    """The simulations in a file, those that are not finite left out.

    Args:
        name: the file's name, used in messages, never as a path.
        content: NPZ or HDF5 with arrays ``theta`` [N, d] and ``x`` [N, ...], or any table that is read, perhaps gzipped.
        options: what the user says about it.

    Raises:
        ObservationError: one sentence that names the file, what is wrong and what to do.
    """
    options = options or TableOptions()
    asked = {"task": "table", "name": name, "parameters": options.parameters, "components": options.components}
    told, arrays = _answered(name, asked, content)
    try:
        return _finite(_table(told, arrays))
    except ObservationError as error:
        raise ObservationError(f"{shown_name(name)}: {error}") from None


def read_observed(name: str, content: bytes, table: SimulationTable) -> ObservedNumbers:
    """The observation in a file: as many numbers as each simulation of the table has.

    Raises:
        ObservationError: one sentence that names the file, what is wrong and what to do.
    """
    asked = {"task": "observed", "name": name, "components": table.components, "shape": table.shape}
    told, arrays = _answered(name, asked, content)
    value = arrays["value"]
    if value.shape != (len(table.components),) or not np.isfinite(value).all():
        missing = np.flatnonzero(~np.isfinite(value))[:1]
        which = table.components[int(missing[0])] if len(missing) else "its length"
        raise ObservationError(f"{shown_name(name)}: the observation has no finite number for {which}; give all {len(table.components)}")
    return ObservedNumbers(value, told["format"], tuple(told["guesses"]))


def _answered(name: str, asked: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    shown = shown_name(name)
    if len(content) > MAX_BYTES:
        raise ObservationError(
            f"{shown}: the file has {len(content) / 1e6:.0f} MB and at most {MAX_BYTES / 1e6:.0f} MB are read; save fewer"
        )
    try:
        answer = answer_of(_WORKER, json.dumps(asked).encode() + b"\n" + content, limits=Limits(seconds=_SECONDS))
        return decoded(answer)
    except ObservationError as error:
        raise ObservationError(f"{shown}: {error}") from None


def encoded(told: Mapping[str, Any], arrays: Mapping[str, Float64[np.ndarray, ...]]) -> bytes:
    """What the child answers: a line of JSON, then the arrays in float64."""
    shapes = [[name, list(array.shape)] for name, array in arrays.items()]
    return (
        json.dumps({**told, "arrays": shapes}).encode()
        + b"\n"
        + b"".join(np.ascontiguousarray(a, "<f8").tobytes() for a in arrays.values())
    )


def decoded(answer: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a child answered; it is not believed.

    Raises:
        ObservationError: if it is not what a child writes.
    """
    try:
        head, _, body = answer.partition(b"\n")
        told, arrays, start = json.loads(head), dict[str, np.ndarray](), 0
        for name, shape in told.pop("arrays"):
            size = 8 * int(np.prod(shape, dtype=np.int64))
            arrays[str(name)] = np.frombuffer(body[start : start + size], "<f8").reshape(shape).astype(np.float64)
            start += size
        if not all(isinstance(text, str) for text in (told["format"], *told["guesses"])):
            raise TypeError
        return told, arrays
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ObservationError("what was read of it makes no sense; save theta and x by numpy.savez") from None


def _table(told: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> SimulationTable:
    parameters, columns, components = (tuple(map(str, told[part])) for part in ("parameters", "columns", "components"))
    theta, x = arrays["theta"], arrays["x"]
    if theta.shape[1:] != (len(parameters),) or x.shape[1:] != (len(components),) or len(theta) != len(x):
        raise ObservationError("what was read of it makes no sense; save theta and x by numpy.savez")
    shape = tuple(int(size) for size in told["shape"])
    return SimulationTable(parameters, columns, components, theta, x, shape, told["format"], len(theta), tuple(told["guesses"]))


def _finite(table: SimulationTable) -> SimulationTable:
    """The table without the rows that are not finite.

    Raises:
        ObservationError: if these are many or few are left, or a parameter is the same in every row.
    """
    sound = np.isfinite(table.theta).all(axis=1) & np.isfinite(table.x).all(axis=1)
    dropped, left = int((~sound).sum()), int(sound.sum())
    if dropped > LARGEST_DROPPED * table.total:
        raise ObservationError(
            f"{dropped:,} of {table.total:,} simulations are not finite, more than {LARGEST_DROPPED:.0%}: the rest no longer follows the "
            "prior; mend the simulator, or leave out the columns that are empty"
        )
    if left < FEWEST_ROWS:
        raise ObservationError(
            f"it holds {left:,} usable simulations, too few to train on: give at least {FEWEST_ROWS}, better 2,000 or more"
        )
    found = replace(table, theta=table.theta[sound], x=table.x[sound])
    same = _named(table.columns, np.ptp(found.theta, axis=0) == 0)
    if same:
        raise ObservationError(f"the parameter {same} is the same in every row, so that nothing can be learned of it; leave its column out")
    return found


def _named(names: Sequence[str], which: np.ndarray) -> str:
    return ", ".join(name for name, wanted in zip(names, which, strict=True) if wanted)
