"""The posterior under a prior from a training under a wider one: the same flow proposes, the likelihood and the other prior decide."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from astro_sbi.inference.drawing import SHOWN, adapted, distance_p, leaning_names, peak_outside, weighted_posterior
from astro_sbi.inference.importance import SMOOTHED_BELOW, Density, Draws, UnitNormal, importance_draws, log_unit_normal, normalised
from astro_sbi.inference.posterior import OnProgress, Posterior
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.scores import seen_of
from astro_sbi.inference.search import Peaks
from astro_sbi.inference.sequential import TrainedRounds
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.simulators.prior import Prior

_FARTHEST = 37.0
#: Tails of a prior count this far (sigma), as in the search for peaks; two in a billion lie beyond.
_REACH = 6.0
#: Height of a peak outside the region sampled, over the best one inside, below which it does not matter (nats).
_LOWEST = -10.0


@dataclass(frozen=True, eq=False)
class Narrowing:
    """From the prior of a training to one that has draws only where the first has them.

    Args:
        wide: prior of the training.
        narrow: the prior wanted, of the same free parameters.
        known: scalar known quantities that the priors depend on.
        changed: free parameters whose distribution is another; neither of its two depends on other parameters.
    """

    wide: Prior
    narrow: Prior
    known: Mapping[str, float]
    changed: tuple[str, ...]

    @classmethod
    def between(cls, wide: Prior, narrow: Prior, known: Mapping[str, float]) -> Narrowing | None:
        """The way from one prior to another; None where weights alone do not lead there exactly.

        Parameters must be the same and free in both or fixed in both at one value; a distribution that changes may depend on known
        quantities but not on parameters, before and after, and must keep inside the ends of the one before, tails within six sigma.
        """
        if wide.names != narrow.names or wide.free != narrow.free:
            return None
        before, after, changed = dict(wide.given(known).distributions), dict(narrow.given(known).distributions), []
        for name in (name for name in wide.names if before[name] != after[name]):
            if name not in wide.free or before[name].depends_on or after[name].depends_on:
                return None
            (low, high), (lowest, highest) = after[name].support(_REACH), before[name].support()
            if low < lowest or high > highest:
                return None
            changed.append(name)
        return cls(wide, narrow, known, tuple(changed))

    @property
    def _columns(self) -> list[int]:
        return [self.wide.free.index(name) for name in self.changed]

    def log_ratio(self, theta: Mapping[str, np.ndarray]) -> Float[np.ndarray, " S"]:
        """Log of the narrow prior's density over the wide one's; -inf where either has none."""
        values, total = {**self.known, **theta}, np.zeros(len(theta[self.wide.names[0]]))
        narrow, wide = dict(self.narrow.distributions), dict(self.wide.distributions)
        for name in self.changed:
            above, below = (prior[name].log_prob(theta[name], values) for prior in (narrow, wide))
            total += np.where(np.isfinite(above) & np.isfinite(below), above - np.where(np.isfinite(below), below, 0.0), -np.inf)
        return total

    def to_wide(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "S d"]:
        """Latent coordinates of the narrow prior in those of the wide one."""
        return self._moved(z, self.narrow, self.wide)

    def to_narrow(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "S d"]:
        """Latent coordinates of the wide prior in those of the narrow one, far out where that has none."""
        return self._moved(z, self.wide, self.narrow)

    def _moved(self, z: Float[np.ndarray, "S d"], old: Prior, new: Prior) -> Float[np.ndarray, "S d"]:
        moved, columns = np.array(z, np.float64), self._columns
        with np.errstate(invalid="ignore", divide="ignore"):
            there = new.latent(old.physical(moved, self.known), self.known)[..., columns]
        moved[..., columns] = np.clip(np.nan_to_num(there, nan=_FARTHEST), -_FARTHEST, _FARTHEST)
        return moved

    def log_stretch(self, wide: Float[np.ndarray, "S d"], narrow: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """What the ratio of the priors is short of the stretch of coordinates: their unit normal in wide ones over that in narrow ones."""
        return log_unit_normal(wide[..., self._columns]) - log_unit_normal(narrow[..., self._columns])

    def carried(
        self, z: Float[np.ndarray, "S d"], log_q: Float[np.ndarray, " S"]
    ) -> tuple[Float[np.ndarray, "S d"], Float[np.ndarray, " S"], Float[np.ndarray, " S"]]:
        """Draws of a proposal in wide coordinates as draws in narrow ones.

        Returns:
            Narrow coordinates, the proposal's log density in them, and the log ratio of the priors, -inf outside the narrow one.
        """
        there, ratio = self.to_narrow(z), self.log_ratio(self.wide.physical(z, self.known))
        inside = np.isfinite(ratio)
        return there, log_q - np.where(inside, ratio + self.log_stretch(z, there), 0.0), ratio


@dataclass(frozen=True)
class Widened:
    """A density in the narrow prior's coordinates, as one in the wide prior's; nothing lies outside the narrow prior."""

    density: Density
    narrowing: Narrowing

    def sample(self, rng: np.random.Generator, draws: int) -> Float[np.ndarray, "S d"]:
        """Draws."""
        return self.narrowing.to_wide(self.density.sample(rng, draws))

    def log_prob(self, z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        """Log density; -inf outside the narrow prior."""
        there, outside, ratio = self.narrowing.carried(z, np.zeros(len(z)))
        return np.where(np.isfinite(ratio), self.density.log_prob(there) - outside, -np.inf)


def draw_narrowed(
    problem: Problem, lent: TrainedRounds, narrowing: Narrowing, peaks: Peaks, asked: tuple[int, int], *, on_progress: OnProgress
) -> Posterior:
    """The posterior under the narrow prior by importance sampling in the wide prior's coordinates.

    The flows propose there as they were trained; the narrow prior itself and densities at its own peaks defend against what they lack.
    Draws outside the narrow prior weigh nothing.

    Args:
        problem: under the narrow prior.
        lent: trained under the wide prior, for the same observation.
        narrowing: from one to the other.
        peaks: of the posterior under the narrow prior.
        asked: number of draws, and their seed.
        on_progress: told of the phase.
    """
    (samples, seed), began = asked, time.perf_counter()
    on_progress("sampling", 0, samples, None)
    rng, wide = np.random.default_rng([seed, 3]), problem.under(narrowing.wide)
    seen = seen_of(wide, lent.peaks, problem.value[None])[0]
    last, first = lent.last.given(seen), lent.first.given(seen)
    defences = (Widened(UnitNormal(problem.dimension), narrowing), Widened(peaks.mixture(1.5), narrowing))

    def log_likelihood(z: Float[np.ndarray, "S d"]) -> Float[np.ndarray, " S"]:
        return wide.log_likelihood(z) + narrowing.log_ratio(wide.theta(z))

    mixture = adapted([(0.45, last), (0.05, defences[0]), (0.05, first), (0.45, defences[1])], log_likelihood, rng)
    found = importance_draws(mixture, log_likelihood, rng, samples)
    latent, log_q, ratio = narrowing.carried(found.latent, found.log_q)
    inside = np.isfinite(ratio)
    log_prior = np.where(inside, log_unit_normal(latent), -np.inf)
    draws = Draws(latent, log_q, log_prior, found.log_likelihood - np.where(inside, ratio, 0.0))
    proposed = last.sample(rng, 4 * SHOWN)
    alone, _, log_weight = narrowing.carried(proposed, np.zeros(len(proposed)))
    chosen = rng.choice(len(alone), SHOWN, p=normalised(log_weight)) if np.isfinite(log_weight).any() else slice(SHOWN)
    made = weighted_posterior(problem, draws, rng.permutation(samples), alone[chosen], peaks, rng)
    box, spent = lent.last.box, dict.fromkeys(lent.seconds, 0.0)
    on_progress("sampling", samples, samples, None)
    sampled = time.perf_counter()
    far, members = distance_p(wide, lent, rng), last.by_member(rng)
    return replace(
        made,
        rounds=lent.rounds,
        peak_outside=peak_outside(replace(peaks, latent=narrowing.to_wide(peaks.latent)), box),
        leaning=leaning_names(problem, found, box),
        distance_p=far,
        seconds=spent | {"sample": sampled - began, "check": time.perf_counter() - sampled},
        member_draws=members,
    )


def is_enough(posterior: Posterior, lent: TrainedRounds, settings: SequentialSettings) -> bool:
    """Whether a posterior from a lent training is as good as its rounds had to be: else a training of its own is worth its time.

    Its draws must be as efficient as ends a training, or as the training that is lent ended, with weights that can be trusted and
    nothing of the posterior at or beyond the edges of the region trained on.
    """
    found = posterior.importance
    assert found is not None
    wanted = min(settings.efficiency, max(done.efficiency for done in lent.rounds))
    whole = not posterior.leaning and (posterior.peak_outside is None or posterior.peak_outside < _LOWEST)
    return whole and found.efficiency >= wanted and found.khat < SMOOTHED_BELOW
