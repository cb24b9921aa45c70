"""Training: whole chunks of steps as one compiled program, fresh noise on a bank of simulations at every step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from astro_sbi.inference.network import Network
from astro_sbi.inference.posterior import Cancelled, InferenceError, ShouldStop
from astro_sbi.inference.settings import TrainingSettings
from astro_sbi.inference.standardiser import Standardiser, features

_CLIP = 5.0


class Bank(NamedTuple):
    """Noise-free simulations: latent parameters [N, d], values [N, n] and standard deviations of their noise [N, n]."""

    latent: Float[Array, "N d"]
    mean: Float[Array, "N n"]
    sigma: Float[Array, "N n"]


class _State(NamedTuple):
    parameters: PyTree
    optimiser: Any
    key: Array


@dataclass(frozen=True, eq=False)
class Trainer:
    """The compiled programs that train one network; reused from round to round."""

    network: Network
    settings: TrainingSettings
    run_chunk: Callable[..., Any]
    held_out_loss: Callable[..., Any]
    start: Callable[..., Any]


def log_prob(
    network: Network, parameters: PyTree, standard: Standardiser, latent: Float[Array, "B d"], x: Float[Array, "B n"]
) -> Float[Array, " B"]:
    """Log density of latent parameters given observations, for one member."""
    seen, guess = features(standard, x)
    residual = (latent - guess) @ standard.inverse_root.T
    inside = jax.vmap(network.log_prob, in_axes=(None, 0, 0))(parameters, residual, seen)
    return inside + jnp.sum(jnp.log(jnp.diagonal(standard.inverse_root)))


def build_trainer(network: Network, settings: TrainingSettings) -> Trainer:
    """Compile-ready programs for a network; every array they need is an argument."""
    optimiser = optax.chain(optax.clip_by_global_norm(_CLIP), optax.scale_by_adam())

    def loss_of(parameters: PyTree, bank: Bank, standard: Standardiser, index: Array, key: Array) -> Float[Array, ""]:
        mean, sigma = bank.mean[index], bank.sigma[index]
        x = mean + sigma * jax.random.normal(key, mean.shape, mean.dtype)
        return -jnp.mean(log_prob(network, parameters, standard, bank.latent[index], x))

    def step(state: _State, rate: Array, bank: Bank, standard: Standardiser) -> tuple[_State, Array]:
        key, index_key, noise_key = jax.random.split(state.key, 3)
        index = jax.random.randint(index_key, (settings.batch,), settings.held_out, bank.latent.shape[0])
        loss, gradient = jax.value_and_grad(loss_of)(state.parameters, bank, standard, index, noise_key)
        update, next_optimiser = optimiser.update(gradient, state.optimiser)
        parameters = jax.tree.map(lambda p, u: p - rate * u, state.parameters, update)
        sound = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradient))
        keep = partial(jax.tree.map, partial(jnp.where, sound))
        return _State(keep(parameters, state.parameters), keep(next_optimiser, state.optimiser), key), loss

    def chunk(state: _State, rates: Array, bank: Bank, standard: Standardiser) -> tuple[_State, Array]:
        state, losses = jax.lax.scan(lambda s, rate: step(s, rate, bank, standard), state, rates)
        return state, jnp.nanmean(losses)

    def held_out(parameters: PyTree, bank: Bank, standard: Standardiser) -> Array:
        return loss_of(parameters, bank, standard, jnp.arange(settings.held_out), jax.random.key(1))

    members = partial(jax.vmap, in_axes=(0, None, None, None))
    return Trainer(
        network,
        settings,
        run_chunk=jax.jit(members(chunk)),
        held_out_loss=jax.jit(jax.vmap(held_out, in_axes=(0, None, None))),
        start=jax.jit(jax.vmap(lambda parameters, key: _State(parameters, optimiser.init(parameters), key))),
    )


def learning_rates(steps: int, settings: TrainingSettings) -> Float[np.ndarray, " steps"]:
    """Linear warm-up, then a cosine to zero."""
    done = (np.arange(steps) + 0.5) / steps
    rising = np.minimum(done / settings.warmup, 1.0)
    falling = 0.5 * (1 + np.cos(np.pi * np.clip((done - settings.warmup) / (1 - settings.warmup), 0, 1)))
    return (settings.rate * rising * falling).astype(np.float32)


class Trained(NamedTuple):
    """Best parameters of every member, losses [2, k] (training, held out), and seconds of compilation and of training."""

    parameters: PyTree
    losses: Float[np.ndarray, "2 k"]
    compile_seconds: float
    train_seconds: float


def train(
    trainer: Trainer,
    parameters: PyTree,
    bank: Bank,
    standard: Standardiser,
    steps: int,
    key: Array,
    *,
    on_step: Callable[[int, int, tuple[float, float]], None],
    should_stop: ShouldStop,
) -> Trained:
    """Train all members for at most ``steps`` steps; the weights with the best held-out loss are kept.

    Raises:
        Cancelled: if asked to stop.
        InferenceError: if no held-out loss was ever finite.
    """
    settings, began = trainer.settings, time.perf_counter()
    members = jax.tree.leaves(parameters)[0].shape[0]
    state = trainer.start(parameters, jax.random.split(key, members))
    rates = learning_rates(steps, settings).reshape(-1, settings.chunk)
    best, best_loss, waited = parameters, np.full(members, np.inf), 0
    history: list[tuple[float, float]] = []
    compiled = began
    for number, rate in enumerate(rates):
        if should_stop():
            raise Cancelled
        state, loss = trainer.run_chunk(state, rate, bank, standard)
        held_out = np.asarray(trainer.held_out_loss(state.parameters, bank, standard))
        better = held_out < best_loss
        best = jax.tree.map(lambda new, old, b=better: jnp.where(b.reshape(-1, *[1] * (new.ndim - 1)), new, old), state.parameters, best)
        waited = 0 if better.any() else waited + 1
        best_loss = np.where(better, held_out, best_loss)
        history.append((float(np.mean(loss)), float(np.mean(held_out))))
        if number == 0:
            compiled = time.perf_counter()
        on_step((number + 1) * settings.chunk, steps, history[-1])
        if waited >= settings.patience:
            break
    if not np.all(np.isfinite(best_loss)):
        raise InferenceError("training gave no finite loss: the simulations or their noise are not finite; check priors and data")
    ended = time.perf_counter()
    per_chunk = (ended - compiled) / max(len(history) - 1, 1)
    compile_seconds = max(compiled - began - per_chunk, 0.0)
    return Trained(best, np.asarray(history, np.float32).T, compile_seconds, ended - began - compile_seconds)
