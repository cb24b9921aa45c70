"""FlowJAX's own `fit_to_data`: a coupling flow of five spline layers over z-scored parameters and observations."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, compiled_seconds, run

BLOCK = 100
LAYERS, WIDTH, KNOTS, INTERVAL = 5, 50, 10, 4


def build_flow(key: Any, dimension: int, condition: int) -> Any:
    """The flow that is trained."""
    import jax.numpy as jnp
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow

    return coupling_flow(
        key,
        base_dist=Normal(jnp.zeros(dimension)),
        transformer=RationalQuadraticSpline(knots=KNOTS, interval=INTERVAL),
        cond_dim=condition,
        flow_layers=LAYERS,
        nn_width=WIDTH,
    )


def train(simulated: Simulated, options: argparse.Namespace) -> Estimator:
    """Train under the clock; a tenth is held out, and training stops five epochs after the best one, at most 100."""
    compiling = compiled_seconds()
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import paramax
    from flowjax.train import fit_to_data

    key, flow_key = jax.random.split(jax.random.key(options.seed))
    centre, scale = simulated.theta.mean(axis=0), simulated.theta.std(axis=0)
    x_centre, x_scale = simulated.x.mean(axis=0), simulated.x.std(axis=0)
    scored = jnp.asarray((simulated.theta - centre) / scale), jnp.asarray((simulated.x - x_centre) / x_scale)
    limit = {"max_epochs": options.epochs} if options.epochs else {}
    flow = build_flow(flow_key, simulated.theta.shape[1], simulated.x.shape[1])
    flow, losses = fit_to_data(key, flow, scored, show_progress=False, **limit)
    trainable = eqx.filter(flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
    jax.block_until_ready(jax.tree.leaves(trainable))
    draw = eqx.filter_jit(lambda flow, key, draws, x: flow.sample(key, (draws,), condition=x))
    density = eqx.filter_jit(lambda flow, theta, x: flow.log_prob(theta, x))

    def drawn(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        found = draw(flow, jax.random.key(seed), draws, jnp.asarray((x - x_centre) / x_scale))
        return np.asarray(found) * scale + centre

    def sample_many(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        parts = [drawn(x[i : i + BLOCK], draws, seed + i) for i in range(0, len(x), BLOCK)]
        return np.concatenate(parts, axis=1).swapaxes(0, 1)

    return Estimator(
        parameters=sum(leaf.size for leaf in jax.tree.leaves(trainable) if eqx.is_inexact_array(leaf)),
        log_prob=lambda theta, x: np.asarray(density(flow, (theta - centre) / scale, (x - x_centre) / x_scale)) - np.log(scale).sum(),
        sample=drawn,
        sample_many=sample_many,
        compile_seconds=compiling(),
        epochs=len(losses["val"]),
    )


if __name__ == "__main__":
    run("flowjax", ("flowjax", "jax"), train)
