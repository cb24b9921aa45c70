"""Recipes: networks that compete for a set of simulations, and what a training of one gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.scaling import Scaling, can_guess, is_flat
from astro_sbi.inference.settings import NetworkSettings
from astro_sbi.inference.training import Trained

#: A generous network and a frugal one: which of them generalises is a question for the held-out simulations.
GENEROUS = NetworkSettings(flow="triangular_spline", layers=3, width=96, knots=10, embedding="gated", embedding_width=128, context=16)
FRUGAL = NetworkSettings(flow="triangular_spline", layers=1, width=48, knots=8, embedding="identity")


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
    """A trained network with what it needs to be used."""

    network: Any
    standard: Scaling
    trained: Trained

    def joined(self, other: Fitted) -> Fitted:
        """One ensemble of the members of both."""
        parameters = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), self.trained.parameters, other.trained.parameters)
        held_out = np.concatenate([self.trained.held_out, other.trained.held_out])
        return Fitted(self.network, self.standard, self.trained._replace(parameters=parameters, held_out=held_out))

    def estimator(self, box: Box, shape: Sequence[int]) -> PosteriorEstimator:
        """Its density over latent coordinates."""
        return PosteriorEstimator(self.network, self.trained.parameters, self.standard, box, shape=tuple(shape))


def best_of(recipes: Sequence[Recipe], ensemble: int, trained: Callable[[Recipe, int, int], Fitted]) -> tuple[Recipe, Fitted, float]:
    """Let recipes compete with one member each; the other members of the ensemble are of the one with the best held-out loss.

    Args:
        recipes: that compete.
        ensemble: members of the best, the one that competed among them.
        trained: trains so many members of a recipe; the last number tells trainings apart.

    Returns:
        The recipe, its members, and the seconds that the competition spent on compiling.
    """
    tried = [trained(recipe, 1, number) for number, recipe in enumerate(recipes)]
    best = int(np.argmin([one.trained.held_out[0] for one in tried]))
    fitted = tried[best]
    if ensemble > 1:
        fitted = fitted.joined(trained(recipes[best], ensemble - 1, len(tried)))
    return recipes[best], fitted, sum(one.trained.compile_seconds for one in tried)
