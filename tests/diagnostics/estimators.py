"""Estimators that are wrong in a known way: the truth in coordinates where their posterior is a unit normal, ranked as a flow's is."""

from collections.abc import Callable

import numpy as np

from astro_sbi.diagnostics.calibration import calibration_card
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.diagnostics.ranks import Ranks, ranks_of_flow

Truth = Callable[[np.ndarray, np.random.Generator], np.ndarray]
PRIOR = 4.0


def first(change: Callable[[np.ndarray], np.ndarray]) -> Truth:
    """Wrong in the first parameter only."""
    return lambda z, rng: np.column_stack([change(z[:, 0]), z[:, 1:]])


def lost_mode(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One truth in ten lies in a mode, eight sigma away, that the estimator does not have."""
    return np.column_stack([z[:, 0] + 8.0 * (rng.random(len(z)) < 0.1), z[:, 1:]])


def turned(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The first two parameters correlate by one half, the estimator says by nothing."""
    return np.column_stack([z[:, 0], 0.5 * z[:, 0] + np.sqrt(0.75) * z[:, 1], z[:, 2:]])


ESTIMATORS: dict[str, Truth] = {
    "good": lambda z, rng: z,
    "biased by 0.15 sigma": lambda z, rng: z + 0.15,
    "10 % too narrow": lambda z, rng: z / 0.9,
    "20 % too narrow": lambda z, rng: z / 0.8,
    "20 % too wide": lambda z, rng: z / 1.2,
    "20 % too narrow in one": first(lambda z: z / 0.8),
    "a lost mode": lost_mode,
    "wrong correlation": turned,
}


class Gaussian:
    """A flow whose posterior is a unit normal about the data."""

    def sample_many(self, x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        return x[:, None] + np.random.default_rng(seed).standard_normal((len(x), draws, x.shape[1]))

    def log_prob_many(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        return -0.5 * np.sum((z - x[:, None]) ** 2, axis=2)


def ranked(name: str, *, tests: int = 500, draws: int = 100, dimension: int = 2, seed: int = 1) -> tuple[Ranks, np.ndarray]:
    """Ranks of an estimator's truths, and its data."""
    rng = np.random.default_rng([seed, 9])
    x = PRIOR * rng.standard_normal((tests, dimension))
    truth = x + ESTIMATORS[name](rng.standard_normal((tests, dimension)), rng)
    return ranks_of_flow(Gaussian(), truth, x, draws=draws, seed=seed), x


def card(name: str, *, parts: bool = False, **settings: int) -> CalibrationCard:
    """Its calibration card, with thirds by the first number of the data if asked for."""
    found, x = ranked(name, **settings)
    return calibration_card(("mass", "age", "size")[: x.shape[1]], found, {"brightness": x[:, 0]} if parts else None)
