"""GenSBI's `ConditionalFlowPipeline` around its `MAFlow`, its defaults for both; batches of 256, a tenth held out, x z-scored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, compiled_seconds, run

BATCH, HELD_OUT = 256, 0.1


def batches(theta: np.ndarray, x: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Passes over shuffled simulations [N, dimension, 1] without end."""
    size = min(BATCH, len(theta))
    while True:
        order = rng.permutation(len(theta))
        for start in range(0, len(theta) - size + 1, size):
            chosen = order[start : start + size]
            yield theta[chosen], x[chosen]


def train(simulated: Simulated, options: argparse.Namespace) -> Estimator:
    """Train under the clock."""
    compiling = compiled_seconds()
    import jax
    from flax import nnx
    from gensbi.models import MAFlow, MAFlowParams
    from gensbi.recipes.flow_pipeline import ConditionalFlowPipeline

    rng, rngs = np.random.default_rng(options.seed), nnx.Rngs(options.seed)
    centre, scale = simulated.x.mean(axis=0), simulated.x.std(axis=0)

    def scored(x: np.ndarray) -> np.ndarray:
        return ((x - centre) / scale).astype(np.float32)[..., None]

    theta, x = simulated.theta.astype(np.float32)[..., None], scored(simulated.x)
    kept = len(theta) - round(HELD_OUT * len(theta))
    model = MAFlow(MAFlowParams(rngs=rngs, dim=theta.shape[1], cond_dim=x.shape[1]))
    # The whole held-out tenth is one batch, looked at again and again.
    held_out = iter(lambda: (theta[kept:], x[kept:]), None)
    pipeline = ConditionalFlowPipeline(model, batches(theta[:kept], x[:kept], rng), held_out, theta.shape[1], x.shape[1])
    pipeline.fit_standardization(theta[:kept, :, 0])
    steps = options.epochs * (kept // BATCH) if options.epochs else None
    pipeline.train(rngs, nsteps=steps, save_model=False)
    flow = pipeline.ema_model
    density = nnx.jit(lambda flow, theta, x: flow.log_prob(theta, x))
    draw = nnx.jit(lambda flow, key, x: flow.sample(key, cond=x))

    def sample_many(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        repeated = np.repeat(scored(x), draws, axis=0)
        return np.asarray(draw(flow, jax.random.key(seed), repeated))[..., 0].reshape(len(x), draws, -1)

    return Estimator(
        parameters=sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(nnx.state(flow, nnx.Param))),
        log_prob=lambda theta, x: np.asarray(density(flow, theta.astype(np.float32)[..., None], scored(x))),
        sample=lambda x, draws, seed: sample_many(x[None], draws, seed)[0],
        sample_many=sample_many,
        compile_seconds=compiling(),
        epochs=options.epochs or None,
    )


if __name__ == "__main__":
    run("gensbi", ("gensbi", "jax", "flax"), train)
