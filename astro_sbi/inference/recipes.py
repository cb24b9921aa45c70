"""Recipes: networks that compete for a set of simulations, and what a training of one gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from threading import Event, Lock
from typing import Any

import jax
import numpy as np

from astro_sbi.inference.box import Box
from astro_sbi.inference.cores import on_processor, side_by_side
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.posterior import InferenceError, ShouldStop
from astro_sbi.inference.scaling import Scaling, can_guess, is_flat
from astro_sbi.inference.settings import NetworkSettings
from astro_sbi.inference.training import OnStep, Trained, Trainer

#: A generous network and a frugal one: which of them generalises is a question for the held-out simulations.
GENEROUS = NetworkSettings(flow="triangular_spline", layers=3, width=96, knots=10, embedding="gated", embedding_width=128, context=16)
FRUGAL = NetworkSettings(flow="triangular_spline", layers=1, width=48, knots=8, embedding="identity")
#: Held-out loss above the best one [nats] up to which a competitor is as good as another member.
_NEAR = 0.2


@dataclass(frozen=True)
class Recipe:
    """A network and what suits it.

    Args:
        network: kind and size.
        decay: of the weights.
        guess: whether the flow models what a linear guess leaves of the parameters, instead of the parameters themselves; for
            embeddings that see the observation as a plain list of values, and left out where the simulations are too few for it.

    Raises:
        InferenceError: if the embedding needs the shape that a guess beside the values would take from it.
    """

    network: NetworkSettings
    decay: float
    guess: bool = False

    def __post_init__(self) -> None:
        if self.guess and not is_flat(self.network.embedding):
            raise InferenceError(f"the {self.network.embedding} embedding sees grids or tokens, not a guess beside them: set guess=False")

    @property
    def kind(self) -> Recipe:
        """What recipes have in common that one compiled program trains: a guess only changes the numbers."""
        return replace(self, guess=False)


def usable(recipes: Sequence[Recipe], simulations: int, shape: Sequence[int]) -> tuple[Recipe, ...]:
    """The recipes for so many simulations of that shape: without guesses, and without what is then there twice, if they are too few."""
    enough = can_guess(simulations, math.prod(shape))
    return tuple(dict.fromkeys(replace(recipe, guess=recipe.guess and enough) for recipe in recipes))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network with what it needs to be used; scaling and weights of its members on a leading axis."""

    network: Any
    standard: Scaling
    trained: Trained

    def joined(self, other: Fitted) -> Fitted:
        """One ensemble of the members of both."""
        mine, others = (self.standard, self.trained.parameters), (other.standard, other.trained.parameters)
        standard, parameters = jax.tree.map(lambda *leaves: jax.device_put(np.concatenate(leaves)), mine, others)
        held_out = np.concatenate([self.trained.held_out, other.trained.held_out])
        return Fitted(self.network, standard, self.trained._replace(parameters=parameters, held_out=held_out))

    def estimator(self, box: Box, shape: Sequence[int]) -> PosteriorEstimator:
        """Its density over latent coordinates."""
        return PosteriorEstimator(self.network, self.trained.parameters, self.standard, box, shape=tuple(shape))


class Trainings:
    """Several trainings told of as one and stopped as one, on a processor side by side.

    Args:
        planned: how many there are to be, all of as many steps.
        on_step: told steps done and in all, of all trainings together, and the losses of one.
        should_stop: asked between chunks of steps.
    """

    def __init__(self, planned: int, on_step: OnStep, should_stop: ShouldStop) -> None:
        self._planned, self._on_step, self._should_stop = planned, on_step, should_stop
        self._halted, self._lock, self._total, self._done = Event(), Lock(), 0, dict[int, int]()

    def on_step(self, number: int, done: int, total: int, losses: tuple[float, float]) -> None:
        """Tell that one of them has come so far."""
        with self._lock:
            self._total, self._done[number] = total, done
            self._on_step(sum(self._done.values()), self._planned * total, losses)

    def should_stop(self) -> bool:
        """Whether to stop; also where another has failed."""
        return self._halted.is_set() or self._should_stop()

    def each(self, trained: Callable[[int], Fitted], numbers: Sequence[int]) -> list[Fitted]:
        """Those of these numbers."""

        def finished(number: int) -> Fitted:
            fitted = trained(number)
            with self._lock:
                # One that had nothing left to gain ended before its last step.
                self._done[number] = self._total
            return fitted

        return side_by_side(finished, numbers, self._halted.set)


class Trainers:
    """Compiled programs by the kind of recipe; safe to ask for from several threads."""

    def __init__(self) -> None:
        self._lock, self._made = Lock(), dict[Recipe, Trainer]()

    def of(self, recipe: Recipe, make: Callable[[], Trainer]) -> Trainer:
        """The programs for a recipe, made if there are none for its kind."""
        with self._lock:
            if recipe.kind not in self._made:
                self._made[recipe.kind] = make()
            return self._made[recipe.kind]


Train = Callable[[Recipe, int, int, Trainings], Fitted]


def best_of(
    recipes: Sequence[Recipe], ensemble: int, trained: Train, *, on_step: OnStep, should_stop: ShouldStop
) -> tuple[Recipe, Fitted, float]:
    """Let recipes compete with one member each; the other members of the ensemble are of the one with the best held-out loss.

    Competitors that its compiled programs can use join them if they came near: they are there already, and differ more from the
    others than members of one recipe do. An ensemble of one stays alone.

    Args:
        recipes: that compete.
        ensemble: members of the best, the one that competed among them.
        trained: trains so many members of a recipe; the number tells trainings apart.
        on_step: told steps done and in all, of all trainings together, and the losses of one.
        should_stop: asked between chunks of steps.

    Returns:
        The best recipe, the members, and the seconds that the competition spent on compiling.
    """
    # An accelerator trains the other members as one batch, a processor side by side with the program that is there.
    batches = [1] * (ensemble - 1) if on_processor() else [ensemble - 1] * (ensemble > 1)
    trainings = Trainings(len(recipes) + len(batches), on_step, should_stop)
    tried = trainings.each(lambda number: trained(recipes[number], 1, number, trainings), range(len(recipes)))
    losses = [one.trained.held_out[0] for one in tried]
    best = int(np.argmin(losses))
    near = [
        one
        for one, recipe, loss in zip(tried, recipes, losses, strict=True)
        if batches and recipe.kind == recipes[best].kind and one is not tried[best] and loss < losses[best] + _NEAR
    ]
    others = trainings.each(
        lambda number: trained(recipes[best], batches[number - len(tried)], number, trainings),
        range(len(tried), len(tried) + len(batches)),
    )
    return recipes[best], reduce(Fitted.joined, [*others, *near], tried[best]), sum(one.trained.compile_seconds for one in tried)
