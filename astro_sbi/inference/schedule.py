"""Which simulations each step sees and how the learning rate falls; plain NumPy, a function of seed and chunk alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from astro_sbi.inference.settings import TrainingSettings


class Split:
    """Each member's own held-out simulations and the order in which it sees the others."""

    def __init__(self, count: int, members: int, settings: TrainingSettings, seed: int) -> None:
        """Prepare the permutations.

        Args:
            count: number of simulations.
            members: size of the ensemble; member m holds out the m-th block of a common permutation.
            settings: batch, chunk and number held out.
            seed: of permutations.
        """
        self._settings, self._seed = settings, seed
        self.held_out_size = min(settings.held_out, count // 8)
        order = np.random.default_rng([seed, 11]).permutation(count).astype(np.int32)
        rolled = [np.roll(order, -member * self.held_out_size) for member in range(members)]
        # Always as many as the settings say, if need be some twice: shapes that change would compile anew.
        self.held_out: Int[np.ndarray, "M H"] = np.stack([np.resize(part[: self.held_out_size], settings.held_out) for part in rolled])
        self._training = [part[self.held_out_size :] for part in rolled]
        self._epochs: list[tuple[int, np.ndarray]] = [(-1, order)] * members

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every training simulation is seen once."""
        return max(len(self._training[0]) // self._settings.batch, 1)

    def chunk(self, number: int) -> Int[np.ndarray, "M steps B"]:
        """Numbers of the simulations of one chunk of steps; every epoch is a new permutation, whole batches only."""
        steps = range(number * self._settings.chunk, (number + 1) * self._settings.chunk)
        return np.stack([np.stack([self._batch(member, step) for step in steps]) for member in range(len(self._training))])

    def _batch(self, member: int, step: int) -> Int[np.ndarray, " B"]:
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._epochs[member][0] != epoch:
            rng = np.random.default_rng([self._seed, 12, member, epoch])
            self._epochs[member] = (epoch, rng.permutation(self._training[member]))
        size = self._settings.batch
        return np.resize(self._epochs[member][1][place * size : (place + 1) * size], size)


@dataclass
class Watch:
    """Each member's best held-out loss and where its learning rate stands.

    With the ``plateau`` schedule a member whose held-out loss has not improved for ``patience`` chunks goes back to its
    best weights and on with a third of its rate, ``drops`` times; with ``cosine`` the rate falls over a fixed number of
    steps and training ends early when no member has improved for ``patience`` chunks.
    """

    settings: TrainingSettings
    steps: int
    best: Float[np.ndarray, " M"]
    rate: Float[np.ndarray, " M"]
    waited: Int[np.ndarray, " M"]
    drops: Int[np.ndarray, " M"]

    @classmethod
    def start(cls, settings: TrainingSettings, steps: int, members: int) -> Watch:
        """Before the first step."""
        nothing = np.zeros(members, np.int32)
        return cls(settings, steps, np.full(members, np.inf, np.float32), np.full(members, settings.rate, np.float32), nothing, nothing)

    @property
    def finished(self) -> bool:
        """Whether no member has anything left to gain."""
        if self.settings.schedule == "plateau":
            return bool((self.drops > self.settings.drops).all())
        return bool((self.waited >= self.settings.patience).all())

    def rates(self, chunk: int) -> Float[np.ndarray, "M steps"]:
        """Learning rates of one chunk; none for a member that has finished."""
        steps, settings = self.settings.chunk, self.settings
        done = np.arange(chunk * steps, (chunk + 1) * steps) + 0.5
        warmup = settings.warmup * self.steps
        rising = np.minimum(done / max(warmup, 1.0), 1.0)
        if settings.schedule == "plateau":
            return (np.where(self.drops > settings.drops, 0.0, self.rate)[:, None] * rising).astype(np.float32)
        falling = 0.5 * (1 + np.cos(np.pi * np.clip((done - warmup) / max(self.steps - warmup, 1.0), 0, 1)))
        return np.broadcast_to(settings.rate * rising * falling, (len(self.rate), steps)).astype(np.float32)

    def better(self, held_out: Float[np.ndarray, " M"]) -> Bool[np.ndarray, " M"]:
        """Note the held-out losses after a chunk; which members are better than ever before."""
        better = held_out < self.best
        clearly = held_out < self.best - self.settings.least_gain
        self.best = np.where(better, held_out, self.best).astype(np.float32)
        self.waited = np.where(clearly, 0, self.waited + 1).astype(np.int32)
        return better

    def stuck(self) -> Bool[np.ndarray, " M"]:
        """Which members go back to their best weights and on at a lower rate."""
        if self.settings.schedule == "cosine":
            return np.zeros(len(self.best), bool)
        stuck = self.waited >= self.settings.patience
        self.rate = np.where(stuck, 0.3 * self.rate, self.rate).astype(np.float32)
        self.drops = (self.drops + stuck).astype(np.int32)
        self.waited = np.where(stuck, 0, self.waited).astype(np.int32)
        return stuck
