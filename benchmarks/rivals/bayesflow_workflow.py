"""BayesFlow's `BasicWorkflow` with a spline coupling flow, trained offline for 60 epochs; the rest as it comes, over jax."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, compiled_seconds, run

BLOCK = 100
EPOCHS = 60


def train(simulated: Simulated, options: argparse.Namespace) -> Estimator:
    """Train under the clock."""
    os.environ["KERAS_BACKEND"] = "jax"
    compiling = compiled_seconds()
    import bayesflow
    import keras

    keras.utils.set_random_seed(options.seed)
    workflow = bayesflow.BasicWorkflow(
        inference_network=bayesflow.networks.CouplingFlow(transform="spline"),
        inference_variables=["theta"],
        inference_conditions=["x"],
        standardize="all",
    )
    epochs = options.epochs or EPOCHS
    seen = {"theta": simulated.theta.astype(np.float32), "x": simulated.x.astype(np.float32)}
    workflow.fit_offline(seen, epochs=epochs, verbose=0)

    def log_prob(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.asarray(workflow.log_prob({"theta": theta.astype(np.float32), "x": x.astype(np.float32)})).reshape(len(theta))

    def sample_many(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        conditions = [{"x": x[i : i + BLOCK].astype(np.float32)} for i in range(0, len(x), BLOCK)]
        return np.concatenate([workflow.sample(num_samples=draws, conditions=part)["theta"] for part in conditions])

    return Estimator(
        parameters=sum(int(np.prod(weight.shape)) for weight in workflow.approximator.trainable_weights),
        log_prob=log_prob,
        sample=lambda x, draws, seed: sample_many(x[None], draws, seed)[0],
        sample_many=sample_many,
        compile_seconds=compiling(),
        epochs=epochs,
    )


if __name__ == "__main__":
    run("bayesflow", ("bayesflow", "keras", "jax"), train)
