"""A linear model whose posterior is known exactly, with ways to be wrong that are known too."""

from dataclasses import dataclass

import numpy as np

from astro_sbi.diagnostics.predictive import predictive_check
from astro_sbi.diagnostics.verdict import Checks
from astro_sbi.inference.pareto import khat
from astro_sbi.inference.posterior import Importance

LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True)
class Linear:
    """``value = basis @ z + noise`` with unit-normal z: a dip, a level and slopes on n points.

    Args:
        points: n.
        sigma: quoted error.
        seed: of truth and noise.
    """

    points: int = 120
    sigma: float = 0.1
    seed: int = 1

    @property
    def coordinate(self) -> np.ndarray:
        return np.linspace(-1, 1, self.points)

    @property
    def basis(self) -> np.ndarray:
        t = self.coordinate
        return np.stack([np.exp(-0.5 * (t / 0.2) ** 2), np.ones_like(t), t, t**2, np.sin(4 * t)], axis=1)

    def white(self) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        truth = rng.standard_normal(self.basis.shape[1])
        return self.basis @ truth + self.sigma * rng.standard_normal(self.points)

    def posterior(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of z."""
        covariance = np.linalg.inv(self.basis.T @ self.basis / self.sigma**2 + np.eye(self.basis.shape[1]))
        return covariance @ self.basis.T @ value / self.sigma**2, covariance

    def checks(
        self,
        value: np.ndarray,
        *,
        width: float = 1.1,
        shift: float = 0.0,
        noise: float = 1.0,
        distance_p: float = 0.5,
        draws: int = 4000,
    ) -> Checks:
        """Checks of an estimator ``width`` times as wide as the posterior and ``shift`` sigma off; ``noise`` is fitted over quoted."""
        rng = np.random.default_rng(self.seed + 1000)
        mean, covariance = self.posterior(value)
        root = np.linalg.cholesky(covariance)
        unit = width * rng.standard_normal((draws, len(mean))) + shift
        z = mean + unit @ root.T
        log_weight = -0.5 * np.sum(unit**2, axis=1) + 0.5 * np.sum(((unit - shift) / width) ** 2, axis=1)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        ess = 1 / np.sum(weight**2)
        importance = Importance(ess / draws, ess, khat(log_weight), 0.0, 0.0)
        few = rng.choice(draws, 300, p=weight)
        sigma = np.full(self.points, self.sigma)
        model = z[few] @ self.basis.T
        predictive = predictive_check(
            value, model, sigma, np.broadcast_to(noise * sigma, model.shape), coordinate=self.coordinate, seed=self.seed
        )
        return Checks(importance, None, predictive, (), distance_p)


def red(points: int, *, memory: float, seed: int) -> np.ndarray:
    """Unit-variance noise whose neighbours correlate by ``memory``."""
    white = np.random.default_rng(seed).standard_normal(points)
    out = white.copy()
    for index in range(1, points):
        out[index] = memory * out[index - 1] + np.sqrt(1 - memory**2) * white[index]
    return out
