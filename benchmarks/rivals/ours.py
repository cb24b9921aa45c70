"""astro_sbi as it ships: `train_npe` with its defaults; --ensemble and --epochs change those two."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, compiled_seconds, run, spent

BLOCK = 100


def train(simulated: Simulated, options: argparse.Namespace) -> Estimator:
    """Train under the clock."""
    import jax

    compiling = compiled_seconds()
    from astro_sbi.inference.npe import NPESettings, train_npe
    from benchmarks.tasks import TASKS

    prior, settings = TASKS[options.task]().prior, NPESettings()
    settings = replace(settings, ensemble=options.ensemble or settings.ensemble, epochs=options.epochs or settings.epochs)
    curve: list[tuple[float | None, float, float]] = []

    def on_progress(phase: str, done: int, total: int, loss: Any) -> None:
        curve.append((*spent(), -float(loss[1])))

    trained = train_npe(prior, simulated.theta, simulated.x, settings=settings, seed=options.seed, on_progress=on_progress)
    jax.block_until_ready(trained.estimator.parameters)
    count = sum(leaf.size for leaf in jax.tree.leaves(trained.estimator.parameters))
    return Estimator(
        parameters=count,
        log_prob=lambda theta, x: log_prob(trained, theta, x),
        sample=lambda x, draws, seed: trained.posterior(x).sample(draws, seed),
        sample_many=many(trained),
        curve=curve,
        compile_seconds=compiling(),
        epochs=settings.epochs,
    )


def log_prob(trained: Any, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log density of pairs, in physical units."""
    import jax

    from astro_sbi.inference.importance import log_unit_normal

    estimator, prior = trained.estimator, trained.prior
    latent = prior.latent_array(theta)

    def of_member(parameters: Any) -> Any:
        seen, guess = estimator.standard.see(x)
        residual, log_determinant = estimator.standard.residual(latent.astype(np.float32), guess)
        return estimator.network.log_prob(parameters, residual, seen) + log_determinant

    each = np.asarray(jax.jit(jax.vmap(of_member))(estimator.parameters), np.float64)
    mixture = np.logaddexp.reduce(each, axis=0) - np.log(len(each))
    return mixture + prior.log_prob_array(theta) - log_unit_normal(latent)


def many(trained: Any) -> Any:
    """Draws for many observations, a hundred to a program; each member draws its share."""
    import jax

    estimator, prior = trained.estimator, trained.prior
    members = jax.tree.leaves(estimator.parameters)[0].shape[0]

    def one(parameters: Any, x: Any, key: Any, draws: int) -> Any:
        seen, guess = estimator.standard.see(x)
        return estimator.standard.latent(estimator.network.sample(parameters, key, seen, draws), guess)

    def block(parameters: Any, x: Any, keys: Any, draws: int) -> Any:
        of_members = jax.vmap(one, in_axes=(0, None, 0, None))
        # One observation after the other stays within a processor's cache.
        return jax.lax.map(lambda now: of_members(parameters, *now, draws), (x, keys))

    program = jax.jit(block, static_argnums=3)

    def sample_many(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        keys = jax.random.split(jax.random.key(seed), (len(x), members))
        share = -(-draws // members)
        parts = [np.asarray(program(estimator.parameters, x[i : i + BLOCK], keys[i : i + BLOCK], share)) for i in range(0, len(x), BLOCK)]
        latent = np.concatenate(parts).reshape(len(x), members * share, -1)[:, :draws]
        return prior.physical_array(latent.astype(np.float64))

    return sample_many


if __name__ == "__main__":
    run("astro_sbi", ("astro_sbi", "jax", "flowjax"), train)
