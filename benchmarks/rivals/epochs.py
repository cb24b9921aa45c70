"""Seconds of one epoch: FlowJAX's `fit_to_data` against chunks of steps as one program, on the same flow, batch and simulations."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.rivals.flowjax_fit import KNOTS, LAYERS, WIDTH, build_flow
from benchmarks.rivals.protocol import Simulated

FEW, MORE, REPEATS = 1, 6, 3
VALIDATION = 0.1
RATE = 5e-4


class EpochSeconds(NamedTuple):
    """Of `fit_to_data`, of the same flow object in our loop, and of our flow of that architecture in our loop."""

    fit_to_data: float
    same_flow: float
    own_flow: float


def per_epoch(train: Callable[[int], Any]) -> float:
    """Seconds of an epoch from the difference between few and more of them, the least of three; the first training compiles."""
    train(FEW)
    seconds: dict[int, list[float]] = {FEW: [], MORE: []}
    for epochs in (FEW, MORE) * REPEATS:
        began = time.perf_counter()
        train(epochs)
        seconds[epochs].append(time.perf_counter() - began)
    return (min(seconds[MORE]) - min(seconds[FEW])) / (MORE - FEW)


def epoch_seconds(simulated: Simulated, batch: int, seed: int) -> EpochSeconds:
    """Time all three; each ends its epochs with a look at a tenth of the simulations."""
    import jax

    from astro_sbi.inference.network import build_network
    from astro_sbi.inference.settings import NetworkSettings

    scored = tuple((part - part.mean(axis=0)) / part.std(axis=0) for part in (simulated.theta, simulated.x))
    dimension, length = scored[0].shape[1], scored[1].shape[1]
    key = jax.random.key(seed)
    settings = NetworkSettings("spline_coupling", "mlp", layers=LAYERS, width=WIDTH, knots=KNOTS, embedding="identity")
    network, parameters = build_network(dimension, (length,), settings, key, 1)
    flow = build_flow(key, dimension, length)
    theirs = with_flow(network, parameters, flow)
    return EpochSeconds(
        per_epoch(fitted(flow, scored, batch, key)),
        per_epoch(looped(*theirs, scored, batch, key)),
        per_epoch(looped(network, parameters, scored, batch, key)),
    )


def with_flow(network: Any, parameters: Any, flow: Any) -> tuple[Any, Any]:
    """A network of one member that holds another flow."""
    import equinox as eqx
    import jax
    import paramax

    trained, static = eqx.partition(flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
    shapes = network.shapes | {"flow": jax.eval_shape(lambda: trained)}
    return replace(network, flow=static, shapes=shapes), parameters | {"flow": jax.tree.map(lambda leaf: leaf[None], trained)}


def fitted(flow: Any, scored: tuple[np.ndarray, ...], batch: int, key: Any) -> Callable[[int], Any]:
    """FlowJAX's loop; optimiser and loss are the same objects each time, so that nothing is compiled again."""
    import jax.numpy as jnp
    import optax
    from flowjax.train import fit_to_data
    from flowjax.train.losses import MaximumLikelihoodLoss

    fit = functools.partial(
        fit_to_data,
        key,
        flow,
        tuple(jnp.asarray(part) for part in scored),
        loss_fn=MaximumLikelihoodLoss(),
        optimizer=optax.adam(RATE),
        batch_size=batch,
        val_prop=VALIDATION,
        max_patience=10**6,
        show_progress=False,
    )
    return lambda epochs: fit(max_epochs=epochs)


def looped(network: Any, parameters: Any, scored: tuple[np.ndarray, ...], batch: int, key: Any) -> Callable[[int], Any]:
    """Our loop, a chunk being an epoch; nothing stops it early."""
    from astro_sbi.inference.scaling import fit_scaled_values
    from astro_sbi.inference.settings import TrainingSettings
    from astro_sbi.inference.simulations import Table
    from astro_sbi.inference.training import build_trainer, train

    table = Table(*(part.astype(np.float32) for part in scored))
    held_out = round(VALIDATION * len(table.latent))
    steps = max((len(table.latent) - held_out) // batch, 1)
    settings = TrainingSettings(batch=batch, rate=RATE, warmup=0.0, chunk=steps, held_out=held_out, patience=10**6)
    trainer, standard = build_trainer(network, settings), fit_scaled_values(table.x, "identity")
    return lambda epochs: train(
        trainer, parameters, table, standard, epochs * steps, key, on_step=lambda *told: None, should_stop=lambda: False
    )
