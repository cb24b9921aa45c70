"""C2ST against the reference posteriors of sbibm, by its own definition, beside the figures published for it.

python benchmarks/sbibm.py --data DIR --tasks slcp,two_moons --simulations 10000 --observations 1,2,3,4,5 --method npe --seed 1

DIR holds TASK/NUMBER/observation.csv and reference_posterior_samples.csv.bz2, and published_c2st.csv. Each C2ST (a minute or
two; --jobs 2 halves it and changes no digit) is appended to a CSV as it comes; what the CSV holds is not computed again, so
use another --output for another recipe. `--method npe` sees the simulation budget only, all drawn before training, and trains
once for all observations; tsnpe and snpe_c train for each. `--correct` also records the posterior corrected by importance
sampling with the task's likelihood, apart. `--quick` takes a compiled copy of the C2ST, for looking only.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from astro_sbi.simulators.prior import Prior
from benchmarks import recorded
from benchmarks.c2st import c2st
from benchmarks.c2st_jax import c2st_compiled
from benchmarks.tasks import TASKS, Task

OUTPUT = Path(__file__).resolve().parent / "results" / "sbibm.csv"
CORRECTION_DRAWS = 1_000_000


class Inferred(NamedTuple):
    """A posterior and the wall time of the training behind it."""

    posterior: Any
    seconds: float


Infer = Callable[[np.ndarray], Inferred]
Method = Callable[[Task, int, int], Infer]


def npe(task: Task, simulations: int, seed: int) -> Infer:
    """Train once on simulations of the prior; every observation is then read off."""
    from astro_sbi.inference.npe import simulate_all, train_npe

    began = time.perf_counter()
    theta = task.prior.sample(simulations, seed=seed)
    estimator = train_npe(task.prior, theta, simulate_all(task.simulate, theta, seed=seed), seed=seed)
    seconds = time.perf_counter() - began
    return lambda x: Inferred(estimator.posterior(x), seconds)


def sequential(name: str) -> Method:
    """Train in rounds, for each observation anew."""

    def method(task: Task, simulations: int, seed: int) -> Infer:
        from astro_sbi.inference.rounds import sequential_npe

        def infer(x: np.ndarray) -> Inferred:
            began = time.perf_counter()
            posterior = sequential_npe(task.prior, task.simulate, x, simulations=simulations, method=name, seed=seed)
            return Inferred(posterior, time.perf_counter() - began)

        return infer

    return method


METHODS: Mapping[str, Method] = {"npe": npe, "tsnpe": sequential("tsnpe"), "snpe_c": sequential("snpe_c")}


def observation(folder: Path, task: str, number: int) -> Float[np.ndarray, " n"]:
    """The observed numbers."""
    return pd.read_csv(folder / task / str(number) / "observation.csv").to_numpy(np.float32).ravel()


def reference_draws(folder: Path, task: str, number: int) -> Float[np.ndarray, "draws d"]:
    """Draws of the reference posterior."""
    return pd.read_csv(folder / task / str(number) / "reference_posterior_samples.csv.bz2").to_numpy(np.float32)


def share_outside(prior: Prior, theta: Float[np.ndarray, "draws d"]) -> float:
    """Share of the draws beyond an end of the prior."""
    outside = np.zeros(len(theta), bool)
    for column, name in enumerate(prior.free):
        distribution, values = dict(prior.distributions)[name], theta[:, column]
        if distribution.bounded:
            outside |= (values < distribution.first.constant) | (values > distribution.second.constant)
        elif distribution.kind == "lognormal":
            outside |= values <= 0
    return float(outside.mean())


def drawn(task: Task, posterior: Any, x: np.ndarray, key: recorded.Key, count: int) -> Float[np.ndarray, "draws d"]:
    """Equally weighted draws in the coordinates of inference, of the posterior as it is or of the corrected one."""
    if not key.corrected:
        return np.asarray(posterior.sample(count, seed=key.seed))
    import jax

    log_likelihood = jax.jit(functools.partial(task.log_likelihood, x=x))
    corrected = posterior.corrected(lambda theta: np.asarray(log_likelihood(theta)), draws=CORRECTION_DRAWS, seed=key.seed)
    return np.asarray(corrected.equal(count, key.seed))


def figure(task: Task, inferred: Inferred, key: recorded.Key, options: argparse.Namespace) -> recorded.Row:
    """Draw as many as the reference holds and compare."""
    x, reference = observation(options.data, task.name, key.observation), reference_draws(options.data, task.name, key.observation)
    theta = drawn(task, inferred.posterior, x, key, len(reference))
    began = time.perf_counter()
    metric = c2st_compiled if options.quick else c2st
    value = metric(reference, np.asarray(task.to_parameters(theta)), jobs=options.jobs)
    seconds = time.perf_counter() - began
    return recorded.Row(*key, value, inferred.seconds, seconds, share_outside(task.prior, theta), recorded.versions())


def wanted(options: argparse.Namespace, task: str, simulations: int, seed: int) -> list[recorded.Key]:
    """Keys of one training; the corrected posterior follows the plain one of the same observation."""
    apart = (False, True) if options.correct else (False,)
    return [
        recorded.Key(task, options.method, corrected, simulations, number, seed) for number in options.observations for corrected in apart
    ]


def computed(task: Task, missing: list[recorded.Key], method: Method, options: argparse.Namespace) -> Iterator[recorded.Row]:
    """The figures of one budget and seed: an amortised method trains once, a sequential one for each observation."""
    infer = method(task, missing[0].simulations, missing[0].seed)
    for number in dict.fromkeys(key.observation for key in missing):
        inferred = infer(observation(options.data, task.name, number))
        yield from (figure(task, inferred, key, options) for key in missing if key.observation == number)


def run(options: argparse.Namespace, methods: Mapping[str, Method]) -> list[recorded.Row]:
    """Every figure that was asked for, from the CSV or computed now."""
    found, asked = recorded.rows(options.output), []
    for name, simulations, seed in ((t, n, s) for t in options.tasks for n in options.simulations for s in options.seeds):
        task, keys = TASKS[name](), wanted(options, name, simulations, seed)
        missing = [key for key in keys if key not in found]
        for row in computed(task, missing, methods[options.method], options) if missing else ():
            found[row.key] = row
            recorded.append(options.output, row)
            print(f"{name} {row.method}{' corrected' * row.corrected} {simulations} observation {row.observation} seed {seed}: ", end="")
            print(f"{row.c2st:.4f} ({row.training_seconds:.0f} s + {row.c2st_seconds:.0f} s)", flush=True)
        asked += [found[key] for key in keys]
    return asked


def _numbers(text: str) -> list[int]:
    values = [int(part) for part in text.split(",")]
    if min(values) < 1:
        raise ValueError
    return list(dict.fromkeys(values))


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; what cannot be done is refused here, with a sentence and exit status 2."""
    parser = argparse.ArgumentParser(description="C2ST against the reference posteriors of sbibm, by its own definition.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of reference posteriors")
    parser.add_argument("--tasks", required=True, type=lambda text: list(dict.fromkeys(text.split(","))), metavar="T,..")
    parser.add_argument("--simulations", required=True, metavar="N,..", help="budgets, all rounds together")
    parser.add_argument("--observations", default="1,2,3,4,5", metavar="1,2,..")
    parser.add_argument("--method", required=True, choices=tuple(METHODS))
    parser.add_argument("--correct", action="store_true", help="also record the posterior corrected with the likelihood")
    parser.add_argument("--seed", "--seeds", dest="seeds", default="1", metavar="S,..", help="one seed, or several")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="CSV")
    parser.add_argument("--jobs", type=int, default=1, help="processes of the C2ST, which has five parts")
    parser.add_argument("--quick", action="store_true", help="the compiled C2ST, in a CSV of its own: to look, not to record")
    options = parser.parse_args(arguments)
    options.output = options.output.with_suffix(".quick.csv") if options.quick else options.output
    for name in ("simulations", "observations", "seeds"):
        try:
            setattr(options, name, _numbers(getattr(options, name)))
        except ValueError:
            parser.error(f"--{name} takes whole numbers from 1, separated by commas; it was given '{getattr(options, name)}'")
    refusal = refused(options)
    if refusal:
        parser.error(refusal)
    return options


def refused(options: argparse.Namespace) -> str | None:
    """Why this cannot run, or None."""
    unknown = [name for name in options.tasks if name not in TASKS]
    if unknown:
        return f"there is no task {', '.join(unknown)}; there are {', '.join(TASKS)}"
    for task, number in ((task, number) for task in options.tasks for number in options.observations):
        for name in ("observation.csv", "reference_posterior_samples.csv.bz2"):
            if not (options.data / task / str(number) / name).is_file():
                return f"{options.data} holds no {task}/{number}/{name}; give the folder of reference posteriors with --data"
    if options.correct and any(TASKS[name]().log_likelihood is None for name in options.tasks):
        return "--correct needs a likelihood, which one of these tasks has not"
    return None


def main(arguments: list[str] | None = None, methods: Mapping[str, Method] = METHODS) -> int:
    """Compute what is missing, print the table."""
    options = parsed(arguments)
    figures = run(options, methods)
    print()
    print("\n".join(recorded.table(figures, recorded.published(options.data))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
