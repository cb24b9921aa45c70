"""CPU seconds and bytes of the corner plot: six parameters, two posteriors of 50,000 draws, a wall, a ridge, two modes.

python benchmarks/corner.py [--parameters 6] [--draws 50000] [--repeats 7]

Warm: the median of several figures after one that does not count.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from astro_sbi.figures.corner import Label, Layer, corner
from astro_sbi.figures.theme import NEUTRAL

SECONDS, MEGABYTES = 0.5, 0.25


def draws(rng: np.random.Generator, parameters: int, size: int) -> dict[str, np.ndarray]:
    """A ridge, a wall at zero, two narrow modes, and Gaussians for the rest."""
    first = rng.normal(0.1, 0.002, size)
    shapes = [first, np.abs(rng.normal(0.0, 0.3, size)), 0.16 + 0.3 * (first - 0.1) + 4e-4 * rng.normal(size=size)]
    shapes.append(np.where(rng.random(size) < 0.3, 1.6, 9.1) + 0.02 * rng.normal(size=size))
    shapes += [rng.normal(number, 1.0, size) for number in range(len(shapes), parameters)]
    return {f"p{number}": values for number, values in enumerate(shapes[:parameters])}


def cpu_seconds(draw: Callable[[], object], repeats: int) -> float:
    """Median of several, after one that does not count."""
    draw()
    times = []
    for _ in range(repeats):
        began = time.process_time()
        draw()
        times.append(time.process_time() - began)
    return statistics.median(times)


def main() -> int:
    """Print seconds and bytes; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", type=int, default=6)
    parser.add_argument("--draws", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    weight = rng.gamma(2.0, 1.0, asked.draws)
    layers = [
        Layer("posterior", draws(rng, asked.parameters, asked.draws), weight, NEUTRAL.posterior),
        Layer("flow", draws(rng, asked.parameters, asked.draws), None, NEUTRAL.flow),
    ]
    names = list(layers[0].draws)
    labels, limits = {name: Label(name) for name in names}, {"p1": (0.0, None)}

    def json() -> str:
        return corner(layers, labels, names=names, limits=limits).to_json()

    seconds, megabytes = cpu_seconds(json, asked.repeats), len(json()) / 1e6
    print(f"{asked.parameters} parameters, 2 x {asked.draws:,} draws: {seconds:.2f} s of CPU (aim {SECONDS}), ", end="")
    print(f"{megabytes:.3f} MB of JSON (aim {MEGABYTES})")
    return int(seconds > SECONDS or megabytes > MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
