"""Inference from a table of simulations alone: what is held back judges the flow, and its own rows stand for new simulations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from astro_sbi.inference.implicit import Draws, flow_posterior
from astro_sbi.inference.importance import log_unit_normal
from astro_sbi.inference.npe import NPESettings, TrainedNPE, train_npe
from astro_sbi.inference.posterior import OnProgress, Posterior, ShouldStop
from astro_sbi.simulators.prior import Prior

#: Share of the simulations held back from training, and the most of them.
_HELD_BACK, _MOST_HELD_BACK = 0.1, 1000
_CURVES, _FOLDS = 1000, 10
_MOST_FEATURES, _NUMBERS = 64, 2_000_000
#: Fewer effective rows cannot make a p-value small enough to warn.
FEWEST_EFFECTIVE = 100


class Tests(NamedTuple):
    """Simulations that training does not see.

    Attributes:
        latent: their parameters [K, d].
        x: what was simulated [K, k].
    """

    latent: Float[np.ndarray, "K d"]
    x: Float[np.ndarray, "K k"]


class Replicates(NamedTuple):
    """Simulations of the table, drawn as often as the posterior is there for the prior.

    Attributes:
        x: simulated observations [S, k].
        effective: number of rows that they are worth.
        p_value: share of them at least as far from their mean as the observation; None where they are too few to tell.
    """

    x: Float[np.ndarray, "S k"]
    effective: float
    p_value: float | None


@dataclass(frozen=True, eq=False)
class SimulatedProblem:
    """A table of simulations and one observation of the same numbers.

    Args:
        prior: that the parameters were drawn from.
        theta: parameters [N, d].
        x: what was simulated, numbers of one size [N, k].
        observed: the observation [k].
        seed: of the split, the weights and the draws.
    """

    prior: Prior
    theta: Float[np.ndarray, "N d"]
    x: Float[np.ndarray, "N k"]
    observed: Float[np.ndarray, " k"]
    seed: int

    @cached_property
    def held_back(self) -> Int[np.ndarray, " K"]:
        """Rows that training does not see."""
        count = min(int(_HELD_BACK * len(self.theta)), _MOST_HELD_BACK)
        return np.random.default_rng([self.seed, 20]).permutation(len(self.theta))[:count]

    @cached_property
    def trained_on(self) -> Int[np.ndarray, " T"]:
        """The other rows."""
        return np.setdiff1d(np.arange(len(self.theta)), self.held_back)

    def train(self, settings: NPESettings, *, on_progress: OnProgress, should_stop: ShouldStop) -> TrainedNPE:
        """Fit a flow to all rows but those held back.

        Args:
            settings: of networks and training.
            on_progress: told phase, amount done, amount in all and (training, held-out) loss.
            should_stop: asked between chunks of training.
        """
        on_progress("compiling", 0, 1, None)
        rows = self.trained_on
        told = {"seed": self.seed, "on_progress": on_progress, "should_stop": should_stop}
        trained = train_npe(self.prior, self.theta[rows], self.x[rows], settings=settings, **told)
        # Recipes are compiled side by side: their seconds may add up to more than the clock's.
        compiling = min(trained.seconds["compile"], trained.seconds["all"])
        return replace(trained, seconds={"simulate": 0.0, "compile": compiling, "train": trained.seconds["all"] - compiling})

    def tests(self) -> Tests:
        """The rows held back, those outside the prior left out."""
        z = self.prior.latent_array(self.theta[self.held_back])
        inside = np.isfinite(z).all(axis=1)
        return Tests(z[inside], self.x[self.held_back][inside].astype(np.float32))

    def posterior(self, trained: TrainedNPE, samples: int, *, on_progress: OnProgress) -> Posterior:
        """Draws of the flow at the observation; nothing corrects them."""

        def theta_of(z: Float[np.ndarray, "S d"]) -> dict[str, np.ndarray]:
            return self.prior.physical(np.asarray(z, np.float64), {})

        wanted = Draws(samples, self.seed)
        return flow_posterior(trained, self.observed, theta_of, lambda prior: self.distance_p(), wanted, on_progress=on_progress)

    def distance_p(self) -> float:
        """Share of the rows at least as far from the centre of the others as the observation.

        The distance is Mahalanobis's in the leading principal components, with what these leave out as one more. Mean and covariance
        are those of nine tenths of the rows, and the distances compared those of the last tenth and of the observation, each in turn.
        """
        axes = _Axes.of(self.x, min(_MOST_FEATURES, len(self.x) // 20))
        features, observed = axes.features(self.x), axes.features(self.observed[None])
        farther, fold = 0, np.random.default_rng([self.seed, 22]).integers(_FOLDS, size=len(features))
        for number in range(_FOLDS):
            known, mine = features[fold != number], features[fold == number]
            centre, root = known.mean(axis=0), _root(np.cov(known.T))
            away = np.sum(np.linalg.solve(root, (np.vstack([mine, observed]) - centre).T) ** 2, axis=0)
            farther += int(np.sum(away[:-1] >= away[-1]))
        return (1 + farther) / (len(features) + 1)

    def replicates(self, trained: TrainedNPE) -> Replicates:
        r"""Rows of the table with the weights :math:`q(\theta_i | x_o) / p(\theta_i)`, under which they follow the posterior predictive.

        References: Gelman, Meng & Stern 1996, Statistica Sinica 6, 733 (the check).
        """
        z = self.prior.latent_array(self.theta)
        inside = np.flatnonzero(np.isfinite(z).all(axis=1))
        log_weight = trained.posterior(self.observed).density.log_prob(z[inside]) - log_unit_normal(z[inside])
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        effective = float(1 / np.sum(weight**2))
        chosen = inside[np.random.default_rng([self.seed, 21]).choice(len(weight), _CURVES, p=weight)]
        enough = effective >= FEWEST_EFFECTIVE
        return Replicates(self.x[chosen], effective, self._pooled_p(inside, weight, effective) if enough else None)

    def _pooled_p(self, rows: Int[np.ndarray, " R"], weight: Float[np.ndarray, " R"], effective: float) -> float:
        """Share of weighted rows at least as far out as the observation, which counts as one of them.

        With the observation in mean and covariance like any other it is one of equals where the model is right, however few they are.
        """
        axes = _Axes.of(self.x, int(np.clip(effective / 20, 1, _MOST_FEATURES)))
        features = np.vstack([axes.features(self.x[rows]), axes.features(self.observed[None])])
        shares = np.append(weight * effective, 1.0) / (effective + 1)
        centred = features - shares @ features
        away = np.sum(np.linalg.solve(_root((centred * shares[:, None]).T @ centred), centred.T) ** 2, axis=0)
        return float(shares[away >= away[-1]].sum())


class _Axes(NamedTuple):
    """Leading principal components of simulations: their mean [k] and directions [k, c]; ``rest`` says that there are more."""

    mean: Float[np.ndarray, " k"]
    directions: Float[np.ndarray, "k c"]
    rest: bool

    @classmethod
    def of(cls, x: Float[np.ndarray, "N k"], most: int) -> _Axes:
        mean = x.mean(axis=0)
        size = max(1, min(most, x.shape[1]))
        # Components of the numbers clipped: a few wild ones would take all directions.
        directions = np.linalg.svd(
            np.clip(x[: int(np.clip(_NUMBERS / x.shape[1], 2000, 20_000))] - mean, -10.0, 10.0), full_matrices=False
        )[2][:size].T
        return cls(mean, directions, size < x.shape[1])

    def features(self, x: Float[np.ndarray, "N k"]) -> Float[np.ndarray, "N c"]:
        """Components, and the logarithm of what they leave out."""
        centred = x - self.mean
        inside = centred @ self.directions
        if not self.rest:
            return inside
        left = np.sum(centred**2, axis=1) - np.sum(inside**2, axis=1)
        return np.column_stack([inside, 0.5 * np.log(np.maximum(left, 0.0) + 1e-12)])


def _root(covariance: Float[np.ndarray, "*c"]) -> Float[np.ndarray, "c c"]:
    covariance = np.atleast_2d(covariance)
    return np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
