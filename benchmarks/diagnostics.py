"""Power of the calibration card: how often each of its tests finds estimators that are wrong in a known way.

python benchmarks/diagnostics.py [--simulations 500] [--repeats 300] [--draws 100] [--dimension 3]

The true posterior is Gaussian with unit covariance about a mean that the data tell; an estimator's draws are ranked as those of
a flow are, by the package's own functions. Shares of the repeats in which p < 0.05: per test as they are, then those in which the verdict
is worse than good.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from astro_sbi.diagnostics import uniformity
from astro_sbi.diagnostics.calibration import calibration_card
from astro_sbi.diagnostics.calibration_verdict import calibration_verdict
from astro_sbi.diagnostics.ranks import Ranks, ranks

LEVEL, PRIOR = 0.05, 4.0
PLACES = tuple(number / 20 for number in range(1, 20))
COLUMNS = ("KS", "band", "POT-C", "bias", "scatter", "joint", "TARP", "correlation", "p < 0.05", "not good", "do not trust")


@dataclass(frozen=True)
class Wrong:
    """An estimator: what the truth is in coordinates where its own posterior is a unit normal about 0.

    Args:
        name: of the row.
        truth: unit normals [K, d] and a generator in, truths [K, d] out.
    """

    name: str
    truth: Callable[[np.ndarray, np.random.Generator], np.ndarray]


def first(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Wrong in the first parameter only."""
    return lambda z, rng: np.column_stack([change(z[:, 0]), z[:, 1:]])


def lost_mode(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One truth in ten lies in a mode, eight sigma away, that the estimator does not have."""
    return np.column_stack([z[:, 0] + 8.0 * (rng.random(len(z)) < 0.1), z[:, 1:]])


def turned(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The first two parameters correlate by one half, the estimator says by nothing."""
    return np.column_stack([z[:, 0], 0.5 * z[:, 0] + np.sqrt(0.75) * z[:, 1], z[:, 2:]])


CASES = (
    Wrong("good", lambda z, rng: z),
    Wrong("biased by 0.15 sigma, one parameter", first(lambda z: z + 0.15)),
    Wrong("biased by 0.15 sigma, all", lambda z, rng: z + 0.15),
    Wrong("10 % too narrow, one parameter", first(lambda z: z / 0.9)),
    Wrong("10 % too narrow, all", lambda z, rng: z / 0.9),
    Wrong("20 % too narrow, one parameter", first(lambda z: z / 0.8)),
    Wrong("20 % too narrow, all", lambda z, rng: z / 0.8),
    Wrong("20 % too wide, all", lambda z, rng: z / 1.2),
    Wrong("a mode of 10 % lost", lost_mode),
    Wrong("correlation of 0.5 left out", turned),
)


def simulated_ranks(case: Wrong, simulations: int, dimension: int, draws: int, rng: np.random.Generator) -> tuple[Ranks, np.ndarray]:
    """Ranks of an estimator, and a quantity of the data that has nothing to do with what is wrong."""
    centre = PRIOR * rng.standard_normal((simulations, dimension))
    unit = rng.standard_normal((simulations, draws, dimension))
    truth = case.truth(rng.standard_normal((simulations, dimension)), rng)
    density = -0.5 * np.sum(np.concatenate([truth[:, None], unit], axis=1) ** 2, axis=2)
    moved = truth + centre
    return ranks(moved, unit + centre[:, None], density, np.roll(moved, 1, axis=0), rng), centre[:, 0]


def found(names: tuple[str, ...], these: Ranks, covariate: np.ndarray) -> tuple[bool, ...]:
    """Which tests find that something is wrong, in the order of the columns."""
    values = these.below[:, 0]
    score, (low, high) = uniformity.scores(values), uniformity.ecdf_band(len(values), PLACES)
    difference = uniformity.ecdf_difference(values, PLACES)
    card = calibration_card(names, these, {"signal-to-noise": covariate})
    grade = calibration_verdict(card).grade
    p_values = (uniformity.uniformity_p(values), uniformity.bias_p(score), uniformity.dispersion_p(score))
    p_values += (card.joint.p_value, card.tarp_p, card.correlation_p, card.p_value)
    outside = bool(np.any((difference < low) | (difference > high)))
    return (uniformity.ks_p(values) < LEVEL, outside, *(p < LEVEL for p in p_values), grade != "good", grade == "do not trust")


def power(case: Wrong, simulations: int, repeats: int, draws: int, dimension: int) -> np.ndarray:
    """Share of the repeats in which each test finds an estimator wrong."""
    names = tuple(f"theta_{number}" for number in range(1, dimension + 1))
    rows = [
        found(names, *simulated_ranks(case, simulations, dimension, draws, np.random.default_rng([number, 6]))) for number in range(repeats)
    ]
    return np.mean(rows, axis=0)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("simulations", 500), ("repeats", 300), ("draws", 100), ("dimension", 3)):
        options.add_argument(f"--{name}", type=int, default=default)
    asked = options.parse_args()
    print(f"{asked.simulations} simulations, {asked.dimension} parameters, {asked.draws} draws, {asked.repeats} repeats\n")
    print(f"| estimator | {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * len(COLUMNS)}")
    for case in CASES:
        if asked.dimension > 1 or case.truth is not turned:
            # False alarms are few: they need more repeats to be told.
            repeats = (4 if case is CASES[0] else 1) * asked.repeats
            shares = power(case, asked.simulations, repeats, asked.draws, asked.dimension)
            print(f"| {case.name} | {' | '.join(f'{share:.3f}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
