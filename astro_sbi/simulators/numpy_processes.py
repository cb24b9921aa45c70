"""Processes that call a user's model: ``python -m astro_sbi.simulators.numpy_processes NAME IDENTITY``.

Arrays go through pipes as NumPy writes them, without pickles; a process ends with its pipe.
"""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Float, Int

from astro_sbi.simulators.registry import SimulatorError, brought

#: Bytes that tell the length of a message.
_LENGTH = 8


class Processes:
    """As many processes as there are cores, started when they are first needed.

    Args:
        name: of the simulator.
        identity: checksum of its source, which must not have changed.
        count: of processes.
    """

    def __init__(self, name: str, identity: str, count: int) -> None:
        self.name, self.identity, self.count = name, identity, count
        self._started: list[subprocess.Popen[bytes]] = []

    def evaluated(self, x: Float[np.ndarray, " n"], rows: Float[np.ndarray, "B k"], seeds: Int[np.ndarray, " B"]) -> np.ndarray:
        """Values of the model at each row of arguments [B, n].

        Raises:
            SimulatorError: if a process ended.
        """
        if not self._started:
            self._started = [_start(self.name, self.identity) for _ in range(self.count)]
        parts = [(rows[number :: self.count], seeds[number :: self.count]) for number in range(self.count)]
        busy = [(process, number) for number, process in enumerate(self._started) if len(parts[number][0])]
        found = np.empty((len(rows), len(x)))
        try:
            for process, number in busy:
                _write(process.stdin, x, *parts[number])
            for process, number in busy:
                found[number :: self.count] = _read(process.stdout)[0]
        except (OSError, ValueError, EOFError) as error:
            self.close()
            raise SimulatorError(
                f"a process that ran the model of {self.name} ended before its time; its words stand in the log"
            ) from error
        return found

    def close(self) -> None:
        """End all processes."""
        for process in self._started:
            process.kill()
            process.communicate()
        self._started = []

    def __del__(self) -> None:
        self.close()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(name: str, identity: str) -> subprocess.Popen[bytes]:
    above = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [above, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "astro_sbi.simulators.numpy_processes", name, identity]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _write(stream: IO[bytes] | None, *arrays: np.ndarray) -> None:
    """Write arrays as one message, its length first."""
    assert stream is not None
    message = BytesIO()
    for array in arrays:
        np.lib.format.write_array(message, np.ascontiguousarray(array), allow_pickle=False)
    stream.write(message.tell().to_bytes(_LENGTH, "big"))
    stream.write(message.getbuffer())
    stream.flush()


def _read(stream: IO[bytes] | None, count: int = 1) -> list[np.ndarray]:
    """The arrays of a message.

    Raises:
        EOFError: if there are no more.
    """
    assert stream is not None
    length = stream.read(_LENGTH)
    if len(length) < _LENGTH:
        raise EOFError
    message = BytesIO(stream.read(int.from_bytes(length, "big")))
    return [np.lib.format.read_array(message, allow_pickle=False) for _ in range(count)]


def serve(name: str, identity: str, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    from astro_sbi.simulators.numpy_model import evaluated
    from astro_sbi.simulators.own import OwnSimulator

    found = brought().brought.get(name)
    if found is None or found.identity != identity or not isinstance(found.simulator, OwnSimulator):
        raise SimulatorError(f"the simulator {name} is no longer what it was when the run began: start it again")
    simulator = found.simulator
    while True:
        try:
            x, rows, seeds = _read(requests, 3)
        except EOFError:
            return
        _write(answers, evaluated(simulator.model, simulator.arguments, x, rows, seeds if simulator.implicit else None))


def main(arguments: list[str]) -> int:
    """Serve on standard input and output; what the model prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(arguments[0], arguments[1], sys.stdin.buffer, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
