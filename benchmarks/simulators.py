"""How well the shipped recipe does on the project's own simulators: importance efficiency on draws of the prior predictive.

python benchmarks/simulators.py [--simulators transit,galaxy_lines] [--observations 20] [--first 1] [--output CSV]
python benchmarks/simulators.py --cost

For each drawn observation: rounds, efficiency of the last flow alone and of the whole proposal, Pareto k and wall seconds of
the sequential default, beside the efficiency of the amortised flow, where one ships. Each row is appended to the CSV as it comes and
not computed again. ``--cost`` prints what one simulation costs in a batch of 4,096 on the default pattern instead, for all simulators.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from astro_sbi.inference.amortised import default_problem, shipped_flow
from astro_sbi.inference.drawing import draw_posterior
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.search import PeakSearch
from astro_sbi.inference.sequential import SequentialTraining
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators import simulator_names

OUTPUT = Path(__file__).resolve().parent / "results" / "simulators.csv"
COLUMNS = ("simulator", "observation", "rounds", "flow_efficiency", "efficiency", "khat", "seconds", "amortised_efficiency")


def simulated(problem: Problem, number: int) -> np.ndarray:
    """One draw of the prior predictive, padded like the pattern."""
    rng = np.random.default_rng([number, 77])
    mean, sigma = problem.simulate(rng.standard_normal((1, problem.dimension)), rng)
    return (mean + sigma * rng.standard_normal(mean.shape)).astype(np.float32)[0]


def row(default: Problem, name: str, number: int) -> dict[str, float | str]:
    """Infer one drawn observation."""
    value = simulated(default, number)
    problem = default.observing(value)
    began = time.perf_counter()
    trained = SequentialTraining(
        problem,
        PeakSearch(problem),
        SequentialSettings(),
        seed=number,
        ensemble=1,
        on_progress=lambda *_: None,
        should_stop=lambda: False,
    ).run()
    posterior = draw_posterior(problem, trained, 20_000, number, on_progress=lambda *_: None)
    seconds = time.perf_counter() - began
    importance = posterior.importance
    assert importance is not None
    try:
        _, amortised = shipped_flow(name).posterior_of(value, number)
    except InferenceError:
        amortised = float("nan")
    later = [done.efficiency for done in trained.rounds[1:]]
    figures = (len(trained.rounds), max(later), importance.efficiency, importance.khat, seconds, amortised)
    return dict(zip(COLUMNS, (name, number, *figures), strict=True))


def rows(output: Path, names: list[str], numbers: range) -> Iterator[dict[str, str]]:
    """Every row asked for, from the CSV or computed now."""
    output.parent.mkdir(parents=True, exist_ok=True)
    found = list(csv.DictReader(output.open())) if output.is_file() else []
    for name in names:
        default = default_problem(simulator_named(name))
        for number in numbers:
            known = [one for one in found if (one["simulator"], int(one["observation"])) == (name, number)]
            if known:
                yield known[0]
                continue
            made = {column: str(value) for column, value in row(default, name, number).items()}
            with output.open("a", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                if not file.tell():
                    writer.writeheader()
                writer.writerow(made)
            yield made


def cost(name: str, batch: int = 4096, repeats: int = 5) -> tuple[int, float]:
    """Points of the default pattern and microseconds for one simulation in a batch, compilation left out."""
    problem, rng = default_problem(simulator_named(name)), np.random.default_rng(1)
    z = rng.standard_normal((batch, problem.dimension))
    problem.simulate(z, rng)
    began = time.perf_counter()
    for _ in range(repeats):
        problem.simulate(z, rng)
    return int(np.sum(problem.pattern.used)), 1e6 * (time.perf_counter() - began) / batch / repeats


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulators", default="transit,galaxy_lines")
    parser.add_argument("--observations", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    if options.cost:
        for name in simulator_names():
            points, microseconds = cost(name)
            print(f"{name:20s} {points:5d} points {microseconds:8.1f} us", flush=True)
        return 0
    names = options.simulators.split(",")
    done: dict[str, list[list[float]]] = {name: [] for name in names}
    for made in rows(options.output, names, range(options.first, options.first + options.observations)):
        figures = [float(made[column]) for column in COLUMNS[2:]]
        done[made["simulator"]].append(figures)
        print(f"{made['simulator']:14s} {made['observation']:>3s}  " + "  ".join(f"{value:8.3f}" for value in figures), flush=True)
    print(f"\n{'median':18s}  " + "  ".join(f"{column[:8]:>8s}" for column in COLUMNS[2:]))
    for name, figures in done.items():
        print(f"{name:18s}  " + "  ".join(f"{value:8.3f}" for value in np.median(figures, axis=0)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
