"""Sequential neural posterior estimation with truncated priors: a broad round, then rounds where the posterior lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, PyTree

from astro_sbi.inference.box import Box
from astro_sbi.inference.components import broad_moments, joined
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.importance import (
    Density,
    Draws,
    UnitNormal,
    effective_size,
    importance_draws,
    importance_of,
    log_weights,
    normalised,
    tempered,
)
from astro_sbi.inference.network import build_network
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, Round, ShouldStop
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.scores import seen_bank, seen_of
from astro_sbi.inference.search import Peaks, PeakSearch
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.inference.simulations import Bank
from astro_sbi.inference.standardiser import feature_count, fit_standardiser
from astro_sbi.inference.training import Trainer, build_trainer, train

_BROAD = 0.2


@dataclass(frozen=True, eq=False)
class TrainedRounds:
    """What sequential training leaves behind; draws of the posterior need nothing else.

    Args:
        first: estimator of the broad first round.
        last: estimator of the best later round.
        rounds: all rounds.
        peaks: what the multi-start search found.
        seconds: wall seconds by phase.
    """

    first: PosteriorEstimator
    last: PosteriorEstimator
    rounds: tuple[Round, ...]
    peaks: Peaks
    seconds: dict[str, float]


class _Clock:
    """Adds up wall seconds by phase."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("search", "simulate", "compile", "train", "sample", "check"), 0.0)
        self._last = time.perf_counter()

    def book(self, phase: str) -> None:
        """Book the time since the last booking."""
        now = time.perf_counter()
        self.seconds[phase] += now - self._last
        self._last = now

    def shift(self, seconds: float, source: str, target: str) -> None:
        """Move booked time from one phase to another."""
        self.seconds[source] -= seconds
        self.seconds[target] += seconds


def proposals(
    first: PosteriorEstimator, last: PosteriorEstimator, peaks: Peaks, value: Float[np.ndarray, " n"]
) -> list[tuple[float, Density]]:
    """The defensive mixture: a share of the last flow first, the first flow, the prior, and broad densities at the peaks.

    Args:
        first: estimator of the broad first round.
        last: estimator of the current round.
        peaks: peaks of the posterior density.
        value: what the flows see of the observation.
    """
    return [
        (0.45, last.given(value)),
        (0.05, UnitNormal(last.box.lower.size)),
        (0.05, first.given(value)),
        (0.45, peaks.mixture(1.5)),
    ]


def next_box(draws: Draws, peaks: Peaks, settings: SequentialSettings, rng: np.random.Generator) -> Box:
    """Where the tempered weights put the posterior, padded, with all peaks inside and no draw's mode cut off."""
    weight = tempered(draws.log_weight, settings.effective)
    chosen = draws.latent[rng.choice(len(weight), 4 * settings.effective, p=weight)]
    low, high = np.quantile(chosen, [0.0005, 0.9995], axis=0)
    pad = settings.padding * (high - low)
    found = Box.around(low - pad, high + pad)
    return found.union(peaks.box(4.0))


def draw_bank(problem: Problem, box: Box, simulations: int, rng: np.random.Generator) -> tuple[Bank, Float[np.ndarray, "N d"]]:
    """Simulate noise-free values at draws of the truncated prior; the few that are not finite are replaced by others.

    Args:
        problem: simulator, prior and observing pattern.
        box: the truncation.
        simulations: how many.
        rng: of the draws.

    Returns:
        The bank, its parameters in coordinates of the truncated prior, and the same in coordinates of the full prior.

    Raises:
        InferenceError: if more than one in ten is not finite.
    """
    inner = rng.standard_normal((simulations, problem.dimension))
    latent = box.outer(inner)
    mean, sigma = problem.simulate(latent, rng)
    sound = np.isfinite(mean).all(axis=1) & np.isfinite(sigma).all(axis=1) & (sigma > 0).all(axis=1)
    if sound.mean() < 0.9:
        raise InferenceError(
            f"{1 - sound.mean():.0%} of the simulations are not finite: check the priors of {', '.join(problem.prior.free)}"
        )
    if not sound.all():
        index = np.where(sound, np.arange(len(sound)), rng.choice(np.flatnonzero(sound), len(sound)))
        inner, latent, mean, sigma = inner[index], latent[index], mean[index], sigma[index]
    return Bank(inner.astype(np.float32), mean, sigma), latent


def leaning_edges(draws: Draws, box: Box, share: float = 0.002) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edges of a truncated box at which more than a share of the posterior lies, more than a Gaussian tail would leave."""
    weight, margin = draws.weight, 0.03 * box.width
    near_low = (draws.latent < box.lower + margin) & np.isfinite(box.lower)
    near_high = (draws.latent > box.upper - margin) & np.isfinite(box.upper)
    return weight @ near_low > share, weight @ near_high > share


def widened(box: Box, low: np.ndarray, high: np.ndarray) -> Box:
    """The box with the named edges moved out by half its width."""
    return Box.around(np.where(low, box.lower - 0.5 * box.width, box.lower), np.where(high, box.upper + 0.5 * box.width, box.upper))


class SequentialTraining:
    """Runs the rounds of one problem."""

    def __init__(
        self,
        problem: Problem,
        search: PeakSearch,
        settings: SequentialSettings,
        *,
        seed: int,
        ensemble: int,
        on_progress: OnProgress,
        should_stop: ShouldStop,
        on_round: Callable[[int, Round], None] | None = None,
    ) -> None:
        """Prepare to train.

        Args:
            problem: the observation, its simulator and prior.
            search: finds the peaks of its posterior.
            settings: of rounds, network and training.
            seed: of simulations, weights and noise.
            ensemble: members trained side by side.
            on_progress: told phase, amount done, amount in all and (training, held-out) loss.
            should_stop: asked between chunks of training.
            on_round: told number and summary of each finished round.
        """
        self.problem, self.search, self.settings, self.ensemble = problem, search, settings, ensemble
        self.on_progress, self.should_stop, self.on_round = on_progress, should_stop, on_round
        self.rng, self.key = np.random.default_rng([seed, 2]), jax.random.key(seed)
        self.clock = _Clock()

    def run(self) -> TrainedRounds:
        """Train until the efficiency is enough, the rounds are used up or a round brings nothing."""
        settings, problem, box = self.settings, self.problem, Box.whole(self.problem.dimension)
        bank, latent = self._bank(box)
        peaks = self._search(latent)
        self.on_progress("compiling", 0, 1, None)
        self.key, network_key = jax.random.split(self.key)
        network, parameters = build_network(
            problem.dimension, (feature_count(problem.dimension),), settings.network, network_key, self.ensemble
        )
        trainer = build_trainer(network, settings.training)
        self.clock.book("compile")
        first = last = best = None
        best_efficiency, rounds = -1.0, []
        for number in range(settings.rounds):
            began = time.perf_counter()
            if number:
                bank, _ = self._bank(box)
            last, losses = self._train(trainer, parameters, seen_bank(problem, peaks, bank, self.rng), box, last)
            parameters = last.parameters
            first = first or last
            judged, draws = self._judge(first, last, peaks)
            rounds.append(Round(*judged, box.log_mass, time.perf_counter() - began, np.stack([box.lower, box.upper]), losses))
            if self.on_round:
                self.on_round(number, rounds[-1])
            # Stricter than the check of the result, so that fresh draws do not find what these just missed.
            leaning = leaning_edges(draws, box, 0.001)
            if number and judged[0] > best_efficiency and not np.any(leaning):
                best, best_efficiency = last, judged[0]
            if number and self._enough(rounds, leaning):
                break
            box = widened(box, *leaning) if np.any(leaning) else next_box(draws, peaks, settings, self.rng)
        return TrainedRounds(first, best or last, tuple(rounds), peaks, self.clock.seconds)

    def _bank(self, box: Box) -> tuple[Bank, Float[np.ndarray, "N d"]]:
        simulations = self.settings.simulations
        self.on_progress("simulating", 0, simulations, None)
        made = draw_bank(self.problem, box, simulations, self.rng)
        self.on_progress("simulating", simulations, simulations, None)
        self.clock.book("simulate")
        return made

    def _search(self, latent: Float[np.ndarray, "N d"]) -> Peaks:
        self._pause("searching")
        peaks = self.search.peaks(latent, self.problem.log_likelihood(latent), self.rng)
        self.clock.book("search")
        return peaks

    def _train(
        self, trainer: Trainer, parameters: PyTree, bank: Bank, box: Box, previous: PosteriorEstimator | None
    ) -> tuple[PosteriorEstimator, Float[np.ndarray, "2 k"]]:
        """Train one round, starting from the weights of the one before."""
        used = np.ones(bank.mean.shape[1], bool) if self.problem.simulator.random else self.problem.pattern.used
        standard = fit_standardiser(bank.latent, bank.mean, bank.sigma, used, self.rng)
        steps = self.settings.later_steps if previous else self.settings.steps
        self.key, key = jax.random.split(self.key)
        trained = train(
            trainer,
            parameters,
            bank,
            standard,
            steps,
            key,
            on_step=lambda done, total, loss: self.on_progress("training", done, total, loss),
            should_stop=self.should_stop,
        )
        self.clock.book("train")
        self.clock.shift(trained.compile_seconds, "train", "compile")
        made = PosteriorEstimator.alike(trainer.network, trained.parameters, standard, box)
        return made.sharing(previous) if previous else made, trained.losses

    def _judge(self, first: PosteriorEstimator, last: PosteriorEstimator, peaks: Peaks) -> tuple[tuple[float, float], Draws]:
        """Efficiency of the last flow alone and evidence of the whole mixture."""
        self._pause("sampling")
        draws = self.settings.draws
        mixture = proposals(first, last, peaks, seen_of(self.problem, peaks, self.problem.value[None])[0])
        drawn = importance_draws(mixture, self.problem.log_likelihood, self.rng, draws)
        count = round(mixture[0][0] * draws)
        own = log_weights((drawn.log_likelihood + drawn.log_prior)[:count], mixture[0][1].log_prob(drawn.latent[:count]))
        efficiency = effective_size(normalised(own)) / count if np.isfinite(own).any() else 0.0
        # Once more with a broad density of the posterior's own moments: tails beyond the box would else go unseen.
        wide = joined(mixture, _BROAD, broad_moments(drawn))
        drawn = importance_draws(wide, self.problem.log_likelihood, self.rng, draws)
        self.clock.book("sample")
        return (efficiency, importance_of(drawn).log_evidence), drawn

    def _enough(self, rounds: list[Round], leaning: tuple[np.ndarray, np.ndarray]) -> bool:
        stable = abs(rounds[-1].log_evidence - rounds[-2].log_evidence) < 0.3
        return rounds[-1].efficiency >= self.settings.efficiency and stable and not np.any(leaning)

    def _pause(self, phase: str) -> None:
        if self.should_stop():
            raise Cancelled
        self.on_progress(phase, 0, 1, None)
