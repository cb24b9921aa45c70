"""The classifier two-sample test of `benchmarks.c2st`, compiled: for looking while one works, never for a recorded figure.

The same folds, first weights, batches, Adam steps and stop rule as scikit-learn's, from the same random numbers; it differs by
the rounding of single precision, which training amplifies.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from benchmarks.c2st import standardised

RATE, DECAY, SQUARE_DECAY, EPSILON = 1e-3, 0.9, 0.999, 1e-8
PENALTY = 1e-4
BATCH = 200
TOLERANCE, PATIENCE = 1e-4, 10

Weights = list[tuple[Float[Array, "inputs outputs"], Float[Array, " outputs"]]]


class Training(NamedTuple):
    """Weights, Adam's two moments and the number of steps taken."""

    weights: Weights
    first: Weights
    second: Weights
    steps: Array


def first_weights(generator: np.random.RandomState, sizes: list[int]) -> Weights:
    """Uniform after Glorot, matrix before offsets, layer after layer."""
    weights = []
    for inputs, outputs in itertools.pairwise(sizes):
        bound = np.sqrt(6.0 / (inputs + outputs))
        matrix = generator.uniform(-bound, bound, (inputs, outputs))
        weights.append((matrix.astype(np.float32), generator.uniform(-bound, bound, outputs).astype(np.float32)))
    return weights


def orders(generator: np.random.RandomState, count: int) -> Iterator[Int[np.ndarray, "batches 200"]]:
    """The batches of each epoch: each shuffles what the one before left."""
    order = np.arange(count)
    while True:
        shuffle = np.arange(count)
        generator.shuffle(shuffle)
        order = order[shuffle]
        yield order.reshape(-1, BATCH).astype(np.int32)


def logits(weights: Weights, points: Float[Array, "n d"]) -> Float[Array, " n"]:
    """The classifier before its logistic function."""
    for matrix, offset in weights[:-1]:
        points = jax.nn.relu(points @ matrix + offset)
    return (points @ weights[-1][0] + weights[-1][1])[:, 0]


def cross_entropy(weights: Weights, points: Float[Array, "n d"], origin: Float[Array, " n"]) -> Float[Array, ""]:
    """Mean over a batch, with the penalty on the matrices."""
    logit = logits(weights, points)
    squares = sum(jnp.sum(matrix**2) for matrix, _ in weights)
    return jnp.mean(jax.nn.softplus(logit) - origin * logit) + 0.5 * PENALTY * squares / len(points)


@jax.jit
def epoch(
    training: Training, points: Float[Array, "n d"], origin: Float[Array, " n"], order: Int[Array, "batches 200"]
) -> tuple[Training, Float[Array, ""]]:
    """One pass in batches by Adam, and its mean loss."""

    def step(state: Training, batch: Int[Array, " 200"]) -> tuple[Training, Float[Array, ""]]:
        loss, slope = jax.value_and_grad(cross_entropy)(state.weights, points[batch], origin[batch])
        steps = state.steps + 1
        first = jax.tree.map(lambda moment, g: DECAY * moment + (1 - DECAY) * g, state.first, slope)
        second = jax.tree.map(lambda moment, g: SQUARE_DECAY * moment + (1 - SQUARE_DECAY) * g**2, state.second, slope)
        rate = RATE * jnp.sqrt(1 - SQUARE_DECAY**steps) / (1 - DECAY**steps)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), state.weights, first, second)
        return Training(weights, first, second, steps), loss

    training, losses = jax.lax.scan(step, training, order)
    return training, losses.mean()


def trained(points: Float[np.ndarray, "n d"], origin: Float[np.ndarray, " n"], seed: int, largest_epochs: int) -> Weights:
    """Train until ten epochs in a row have not lowered the loss by 1e-4."""
    generator = np.random.RandomState(seed)
    units = 10 * points.shape[1]
    weights = jax.tree.map(jnp.asarray, first_weights(generator, [points.shape[1], units, units, 1]))
    zeros = jax.tree.map(jnp.zeros_like, weights)
    training = Training(weights, zeros, zeros, jnp.zeros((), jnp.float32))
    inputs, labels = jnp.asarray(points), jnp.asarray(origin)
    best, idle = np.inf, 0
    for _, order in zip(range(largest_epochs), orders(generator, len(points)), strict=False):
        training, loss = epoch(training, inputs, labels, order)
        idle = idle + 1 if float(loss) > best - TOLERANCE else 0
        best = min(best, float(loss))
        if idle > PATIENCE:
            break
    return training.weights


def accuracy(
    points: Float[np.ndarray, "n d"], origin: Float[np.ndarray, " n"], split: tuple[np.ndarray, np.ndarray], seed: int, largest_epochs: int
) -> float:
    """Of the classifier trained on one fold's points, on the others."""
    inside, outside = split
    weights = trained(points[inside], origin[inside], seed, largest_epochs)
    return float(np.mean((np.asarray(logits(weights, jnp.asarray(points[outside]))) > 0) == (origin[outside] > 0)))


def c2st_compiled(
    reference: Float[np.ndarray, "n d"],
    samples: Float[np.ndarray, "m d"],
    *,
    seed: int = 1,
    folds: int = 5,
    largest_epochs: int = 10_000,
    jobs: int = 1,
) -> float:
    """`benchmarks.c2st.c2st`, sooner.

    Args:
        reference: draws of the reference posterior.
        samples: draws of the posterior on trial.
        seed: of folds, weights and batches.
        folds: parts of the cross-validation.
        largest_epochs: limit of the training.
        jobs: folds at a time, each in a thread of its own.

    Raises:
        ValueError: if the samples cannot be compared, or do not make equal folds of whole batches.
    """
    from sklearn.model_selection import KFold

    first, second = standardised(reference, samples)
    count = len(first) + len(second)
    if count % folds or (count - count // folds) % BATCH:
        raise ValueError(f"the compiled C2ST wants folds of whole batches of {BATCH}, which {count} draws do not make; use c2st")
    points = np.concatenate([first, second])
    origin = np.concatenate([np.zeros(len(first), np.float32), np.ones(len(second), np.float32)])
    splits = list(KFold(n_splits=folds, shuffle=True, random_state=seed).split(points))
    with ThreadPoolExecutor(jobs) as pool:
        score = functools.partial(accuracy, points, origin, seed=seed, largest_epochs=largest_epochs)
        return float(np.mean(list(pool.map(score, splits))))
