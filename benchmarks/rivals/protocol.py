"""What every rival does: read the simulations, train under the clock, then be measured; one line of JSON is its answer.

A rival runs as a process of its own, perhaps under another Python: this file imports nothing but NumPy until it is asked to.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

BEGAN = "ASTRO_SBI_PEERS_BEGAN"
DRAWS, MANY_DRAWS = 10_000, 1_000
MANY, FEW, SLOW_SECONDS = 1_000, 100, 4.0
REPEATS = 5


class Simulated(NamedTuple):
    """Simulations to train on, others held out from everybody, and the ends of the prior."""

    theta: Float[np.ndarray, "N d"]
    x: Float[np.ndarray, "N n"]
    held_out_theta: Float[np.ndarray, "H d"]
    held_out_x: Float[np.ndarray, "H n"]
    low: Float[np.ndarray, " d"]
    high: Float[np.ndarray, " d"]


@dataclass(frozen=True)
class Estimator:
    """A trained rival, as it is measured.

    Args:
        parameters: trained numbers.
        log_prob: of pairs of theta [N, d] and x [N, n], in the units of theta.
        sample: draws [S, d] for one x [n], of a number of draws and a seed.
        sample_many: draws [M, S, d] for many x [M, n].
        curve: CPU seconds (None where not known), wall seconds and held-out log density as its own training saw it: on simulations of
            its own choice and in coordinates of its own, so a course to look at and not to compare.
        compile_seconds: spent on compiling until training ended; None where nothing is compiled.
        epochs: passes over the simulations; None where they were not counted.
    """

    parameters: int
    log_prob: Callable[[np.ndarray, np.ndarray], Float[np.ndarray, " N"]]
    sample: Callable[[np.ndarray, int, int], Float[np.ndarray, "S d"]]
    sample_many: Callable[[np.ndarray, int, int], Float[np.ndarray, "M S d"]]
    curve: Sequence[tuple[float | None, float, float]] = ()
    compile_seconds: float | None = None
    epochs: int | None = None


class Spent(NamedTuple):
    """Seconds since the process began, imports included."""

    cpu: float
    wall: float


def spent() -> Spent:
    """CPU seconds of all threads, and wall seconds since the process was asked for."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Spent(used.ru_utime + used.ru_stime, time.time() - float(os.environ[BEGAN]))


def write(path: Path, simulated: Simulated) -> None:
    """Keep simulations where every rival reads them."""
    np.savez(path, **simulated._asdict())


def read(path: Path) -> Simulated:
    """The simulations, in single precision but for the parameters."""
    with np.load(path) as file:
        return Simulated(*(file[name] for name in Simulated._fields))


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line that every rival understands."""
    parser = argparse.ArgumentParser(description="One rival: trains on the simulations of a file and prints its figures as JSON.")
    parser.add_argument("--simulations", type=Path, required=True, metavar="NPZ")
    parser.add_argument("--task", default="slcp")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--estimator", default="", help="kind of estimator, where a rival has several")
    parser.add_argument("--ensemble", type=int, default=0, help="members; 0 is the rival's default")
    parser.add_argument("--epochs", type=int, default=0, help="passes over the simulations; 0 is the rival's default")
    parser.add_argument("--train-only", action="store_true", help="leave out the draws")
    return parser.parse_args(arguments)


def confine(threads: int) -> None:
    """Leave this process that many cores; XLA and torch count what they may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def compiled_seconds() -> Callable[[], float]:
    """Start counting what jax spends on lowering and compiling; returns the count. Traces nest, so they are left out."""
    from jax import monitoring

    seconds: list[float] = []

    def listen(event: str, duration: float, **described: Any) -> None:
        if event.endswith(("backend_compile_duration", "jaxpr_to_mlir_module_duration")):
            seconds.append(duration)

    monitoring.register_event_duration_secs_listener(listen)
    return lambda: sum(seconds)


def median_seconds(work: Callable[[], Any]) -> float:
    """Median wall time of five, after one that does not count."""
    work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def many_measured(estimator: Estimator, x: Float[np.ndarray, "N n"]) -> tuple[np.ndarray, float]:
    """Draws for many observations and the seconds they took, warm: a thousand observations, or a hundred where those are slow."""
    estimator.sample_many(x[:FEW], MANY_DRAWS, 1)
    began = time.perf_counter()
    draws = estimator.sample_many(x[:FEW], MANY_DRAWS, 2)
    seconds = time.perf_counter() - began
    if seconds > SLOW_SECONDS or len(x) < MANY:
        return draws, seconds
    estimator.sample_many(x[:MANY], MANY_DRAWS, 3)
    began = time.perf_counter()
    draws = estimator.sample_many(x[:MANY], MANY_DRAWS, 4)
    return draws, time.perf_counter() - began


def share_inside(draws: Float[np.ndarray, "M S d"], simulated: Simulated) -> Float[np.ndarray, " M"]:
    """Share of each observation's draws between the ends of the prior, at least one draw."""
    inside = ((draws >= simulated.low) & (draws <= simulated.high)).all(axis=-1)
    return np.maximum(inside.mean(axis=1), 1 / draws.shape[1])


def figures(estimator: Estimator, simulated: Simulated, used: Spent, *, train_only: bool) -> dict[str, Any]:
    """Everything that is said of a trained rival."""
    log_prob = np.asarray(estimator.log_prob(simulated.held_out_theta, simulated.held_out_x), np.float64)
    told: dict[str, Any] = {
        "parameters": int(estimator.parameters),
        "cpu_seconds": used.cpu,
        "wall_seconds": used.wall,
        "compile_seconds": estimator.compile_seconds,
        "epochs": estimator.epochs,
        "curve": [list(point) for point in estimator.curve],
        "log_prob": float(log_prob.mean()),
    }
    if train_only:
        return told
    told["draw_ms"] = 1e3 * median_seconds(lambda: estimator.sample(simulated.held_out_x[0], DRAWS, 1))
    draws, seconds = many_measured(estimator, simulated.held_out_x)
    inside = share_inside(np.asarray(draws), simulated)
    told |= {"many_seconds": seconds, "many_observations": len(draws), "outside": float(1 - inside.mean())}
    # Cut off at the ends of the prior, a density grows by the share of it that lay inside.
    told["log_prob_inside"] = float(log_prob.mean() - np.log(inside).mean())
    return told


def run(name: str, packages: Sequence[str], train: Callable[[Simulated, argparse.Namespace], Estimator]) -> None:
    """Train a rival, measure it and print the figures.

    Args:
        name: of the rival.
        packages: whose versions are told.
        train: imports what it needs, trains, and returns when everything is computed.
    """
    options = parsed()
    confine(options.threads)
    simulated = read(options.simulations)
    estimator = train(simulated, options)
    used = spent()
    versions = {package: importlib.metadata.version(package) for package in packages} | {"python": platform.python_version()}
    told = {"name": name, "versions": versions} | figures(estimator, simulated, used, train_only=options.train_only)
    sys.stdout.flush()
    print("\n" + json.dumps(told), flush=True)
