"""Flows trained once over the whole prior of a simulator, for its default observing pattern; they answer new data at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files

import jax
import numpy as np
from jaxtyping import Float

from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.estimator_file import estimator_files, single_estimator
from astro_sbi.inference.importance import effective_size, importance_draws, normalised
from astro_sbi.inference.network import build_network
from astro_sbi.inference.posterior import InferenceError, OnProgress
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.sequential import draw_bank
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.inference.standardiser import feature_count, fit_standardiser
from astro_sbi.inference.training import build_trainer, train
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators.base import Simulator, known_values, pattern_of, scalar_known

_CARD = "card.json"
_NETWORK = NetworkSettings(layers=3, width=96, embedding_width=128)
_HELD_OUT = 4096
_DRAWS = 4096


@dataclass(frozen=True, eq=False)
class AmortisedFlow:
    """A flow for the default pattern of a simulator.

    Args:
        problem: simulator, prior and pattern; its observed value is replaced at each call.
        estimator: trained over the whole prior.
        card: what was measured of it: ``median_efficiency`` over ``observations`` draws of the prior predictive.
    """

    problem: Problem
    estimator: PosteriorEstimator
    card: Mapping[str, float]

    def posterior_of(self, value: Float[np.ndarray, " n"], seed: int = 1) -> tuple[dict[str, np.ndarray], float]:
        """Draws of the flow by parameter [S] for values on the default pattern, and their importance efficiency."""
        size = len(self.problem.pattern.used)
        padded = np.asarray(value, np.float32)[np.minimum(np.arange(size), len(value) - 1)]
        problem, density = self.problem.observing(padded), self.estimator.given(padded)
        drawn = importance_draws([(1.0, density)], problem.log_likelihood, np.random.default_rng(seed), _DRAWS)
        return problem.theta(drawn.latent), effective_size(normalised(drawn.log_weight)) / _DRAWS


def default_problem(simulator: Simulator) -> Problem:
    """Simulator, prior and default pattern, with nothing observed yet."""
    points = simulator.default_points()
    pattern = pattern_of(simulator, points)
    return Problem(
        simulator, simulator.prior, pattern, scalar_known(known_values(simulator, points)), np.zeros(len(pattern.used), np.float32)
    )


def train_amortised(name: str, *, simulations: int, steps: int, seed: int, on_progress: OnProgress) -> dict[str, bytes]:
    """Train the flow of a simulator's default pattern and measure it; returns the files that ship.

    Args:
        name: of the simulator.
        simulations: in the bank.
        steps: of training.
        seed: of all random numbers.
        on_progress: told phase, amount done, amount in all and losses.
    """
    problem, rng = default_problem(simulator_named(name)), np.random.default_rng(seed)
    box = Box.whole(problem.dimension)
    bank, _ = draw_bank(problem, box, simulations, rng)
    standard = fit_standardiser(bank.latent, bank.mean, bank.sigma, problem.pattern.used, rng)
    network, parameters = build_network(problem.dimension, (feature_count(problem.dimension),), _NETWORK, jax.random.key(seed), 1)

    def on_step(done: int, total: int, losses: tuple[float, float]) -> None:
        on_progress("training", done, total, losses)

    # The rate falls to nothing at the last step, and a loss that stands still before that falls again: nothing stops it early.
    trainer = build_trainer(network, TrainingSettings(held_out=_HELD_OUT, patience=steps))
    trained = train(trainer, parameters, bank, standard, steps, jax.random.key(seed + 1), on_step=on_step, should_stop=lambda: False)
    estimator = PosteriorEstimator.alike(network, trained.parameters, standard, box)
    card = {"simulations": simulations, "steps": steps, "seed": seed, "simulator_version": problem.simulator.version}
    card |= _measured(AmortisedFlow(problem, estimator, {}), rng)
    return estimator_files(estimator, _NETWORK) | {_CARD: json.dumps(card, sort_keys=True, indent=1).encode()}


def _measured(flow: AmortisedFlow, rng: np.random.Generator, observations: int = 100) -> dict[str, float]:
    """Importance efficiency over observations drawn from the prior predictive."""
    drawn = flow.problem.observations(rng.standard_normal((observations, flow.problem.dimension)), rng)
    found = [flow.posterior_of(value)[1] for value in drawn]
    low, middle, high = np.quantile(found, [0.16, 0.5, 0.84])
    return {"observations": observations, "median_efficiency": float(middle), "low_efficiency": float(low), "high_efficiency": float(high)}


def shipped_flow(name: str) -> AmortisedFlow:
    """The flow that ships for a simulator.

    Raises:
        InferenceError: if none ships, or it was trained for another version of the simulator.
    """
    folder = package_files("astro_sbi") / "pretrained" / "flows" / name
    problem = default_problem(simulator_named(name))
    if not folder.is_dir():
        raise InferenceError(f"no trained flow ships for {name}: run an inference instead")
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    card = json.loads(contents[_CARD])
    if card["simulator_version"] != problem.simulator.version:
        raise InferenceError(f"the flow that ships for {name} was trained for another version of it: run an inference instead")
    return AmortisedFlow(problem, single_estimator(contents), card)
