"""Training: whole chunks of steps as one compiled program, for all members of an ensemble side by side."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, PyTree

from astro_sbi.inference.checkpoint import load_checkpoint, save_checkpoint
from astro_sbi.inference.compiling import compiler_options
from astro_sbi.inference.losses import Loss, negative_log_prob
from astro_sbi.inference.network import Network
from astro_sbi.inference.posterior import Cancelled, InferenceError, ShouldStop
from astro_sbi.inference.schedule import Split, Watch
from astro_sbi.inference.settings import TrainingSettings
from astro_sbi.inference.simulations import Simulations

OnStep = Callable[[int, int, tuple[float, float]], None]

_CLIP = 5.0


class _State(NamedTuple):
    """Of one member: its parameters as one vector, their moving average, the optimiser's state and a random key."""

    parameters: Float[Array, " P"]
    average: Float[Array, " P"]
    optimiser: Any
    key: Array


@dataclass(frozen=True, eq=False)
class Trainer:
    """The compiled programs that train one network; reused from round to round.

    Args:
        network: the static half.
        settings: of the training.
        run_chunk: steps of every member, of (state, rates [M, steps], index [M, steps, B], simulations, standardiser).
        held_out_loss: of every member, of (parameters [M, P], index [M, H], simulations, standardiser).
        optimiser: of a vector of parameters.
        compiling: held by a training that may be compiling, so that another of the same network waits instead of compiling too.
    """

    network: Network
    settings: TrainingSettings
    run_chunk: Callable[..., Any]
    held_out_loss: Callable[..., Any]
    optimiser: optax.GradientTransformation
    compiling: Lock = field(default_factory=Lock)

    def start(self, parameters: PyTree, keys: Array) -> _State:
        """The state of every member before the first step."""
        vectors = jax.device_put(self.network.ravelled(parameters))
        return _State(vectors, vectors, jax.vmap(self.optimiser.init)(vectors), keys)


def build_trainer(network: Network, settings: TrainingSettings, loss: Loss | None = None) -> Trainer:
    """Compile-ready programs for a network; every array they need is an argument.

    Args:
        network: the static half.
        settings: of the training.
        loss: of (parameters, standardiser, (latent, x), key); `negative_log_prob` if None.
    """
    optimiser = optax.chain(optax.clip_by_global_norm(_CLIP), optax.scale_by_adam(), optax.add_decayed_weights(settings.decay))
    loss_of = loss or negative_log_prob(network)

    def loss_of_vector(vector: Array, *given: Any) -> Array:
        return loss_of(network.unravelled(vector), *given)

    def step(state: _State, rate: Array, index: Array, simulations: Simulations, standard: Any) -> tuple[_State, Array]:
        key, noise_key, loss_key = jax.random.split(state.key, 3)
        batch = simulations.batch(index, noise_key)
        loss, gradient = jax.value_and_grad(loss_of_vector)(state.parameters, standard, batch, loss_key)
        update, next_optimiser = optimiser.update(gradient, state.optimiser, state.parameters)
        parameters = state.parameters - rate * update
        average = parameters + settings.average * (state.average - parameters)
        sound = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradient))
        before = (state.parameters, state.average, state.optimiser)
        after = jax.tree.map(partial(jnp.where, sound), (parameters, average, next_optimiser), before)
        return _State(after[0], after[1], after[2], key), loss

    def chunk(state: _State, rates: Array, index: Array, simulations: Any, standard: Any) -> tuple[_State, Array]:
        state, losses = jax.lax.scan(lambda s, now: step(s, *now, simulations, standard), state, (rates, index))
        return state, jnp.nanmean(losses)

    def held_out(vector: Array, index: Array, simulations: Any, standard: Any) -> Array:
        key = jax.random.key(1)
        return loss_of_vector(vector, standard, simulations.batch(index, key), key)

    members = partial(jax.vmap, in_axes=(0, 0, 0, None, None))
    return Trainer(
        network,
        settings,
        run_chunk=jax.jit(members(chunk), compiler_options=compiler_options()),
        held_out_loss=jax.jit(jax.vmap(held_out, in_axes=(0, 0, None, None)), compiler_options=compiler_options(seldom=True)),
        optimiser=optimiser,
    )


class Trained(NamedTuple):
    """Best parameters of every member with their held-out losses [M], losses [2, k] (training, held out) and seconds spent."""

    parameters: PyTree
    held_out: Float[np.ndarray, " M"]
    losses: Float[np.ndarray, "2 k"]
    compile_seconds: float
    train_seconds: float


class _Run:
    """One training under way: everything a checkpoint holds, and how a chunk changes it."""

    def __init__(
        self, trainer: Trainer, parameters: PyTree, simulations: Any, steps: int, key: Array, *, checkpoint: Path | None, devices: int
    ) -> None:
        members = jax.tree.leaves(parameters)[0].shape[0]
        self.trainer, settings = trainer, trainer.settings
        self.whole, self.shared = _shardings(devices, settings.batch)
        self.state = jax.device_put(trainer.start(parameters, jax.random.split(key, members)), self.whole)
        self.best = self.state.parameters
        self.watch = Watch.start(settings, steps, members)
        self.history: list[tuple[float, float]] = []
        self.chunks = -(-steps // settings.chunk)
        seed = int(jax.random.key_data(key).reshape(-1)[-1])
        self.split = Split(simulations.count, members, settings, seed)
        self.belongs = {"settings": repr(settings), "steps": steps, "seed": seed, "simulations": _fingerprint(simulations)}
        size = sum(getattr(part, "nbytes", 0) for part in jax.tree.leaves(simulations))
        self.streamed = size > settings.streamed_above
        self.simulations = simulations if self.streamed else jax.device_put(simulations, self.whole)
        self.held_out_simulations, self.held_out_index = self._seen(self.split.held_out)
        self.checkpoint, self.saved = checkpoint, time.perf_counter()
        if checkpoint:
            self._resume(checkpoint)

    def _seen(self, index: np.ndarray) -> tuple[Any, np.ndarray]:
        """The simulations on the device that an index needs, and the index into them."""
        if not self.streamed:
            return self.simulations, index
        local = np.arange(index.size, dtype=np.int32).reshape(index.shape)
        return jax.device_put(self.simulations.rows(index.reshape(-1)), self.whole), local

    def advance(self, standard: Any) -> None:
        """Train for one chunk and look at the held-out loss."""
        number = len(self.history)
        simulations, index = self._seen(self.split.chunk(number))
        index = jax.device_put(index, self.shared)
        state, loss = self.trainer.run_chunk(self.state, self.watch.rates(number), index, simulations, standard)
        # The compiler may leave weights on some devices only; the next chunk would then compile anew.
        self.state = jax.device_put(state, self.whole)
        held_out = np.asarray(
            self.trainer.held_out_loss(self.state.average, self.held_out_index, self.held_out_simulations, standard), np.float32
        )
        self.best = _chosen(self.watch.better(held_out), self.state.average, self.best)
        stuck = self.watch.stuck()
        if stuck.any():
            weights = _chosen(stuck, self.best, self.state.parameters)
            self.state = self.state._replace(parameters=weights, average=_chosen(stuck, self.best, self.state.average))
        self.history.append((float(np.asarray(loss).mean()), float(held_out.mean())))

    @property
    def finished(self) -> bool:
        """Whether the steps are used up or nothing more is to be gained."""
        return len(self.history) >= self.chunks or self.watch.finished

    def result(self) -> Trained:
        """The best weights and the losses; times are not known here.

        Raises:
            InferenceError: if no held-out loss was ever finite.
        """
        if not np.all(np.isfinite(self.watch.best)):
            raise InferenceError("training gave no finite loss: the simulations or their noise are not finite; check priors and data")
        best = jax.device_put(self.trainer.network.unravelled(np.asarray(self.best)))
        return Trained(best, self.watch.best, np.asarray(self.history, np.float32).T, 0.0, 0.0)

    def tree(self) -> dict[str, Any]:
        """All arrays of a checkpoint."""
        watch = {name: np.asarray(getattr(self.watch, name)) for name in ("best", "rate", "waited", "drops")}
        return {"state": self.state, "best": self.best, "watch": watch}

    def save(self, *, always: bool) -> None:
        """Write a checkpoint if there is to be one, and if the last one was not only just written."""
        now = time.perf_counter()
        if self.checkpoint and (always or now - self.saved >= self.trainer.settings.checkpoint_seconds):
            save_checkpoint(self.checkpoint, self.tree(), {"history": self.history, **self.belongs})
            self.saved = now

    def _resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one.

        Raises:
            InferenceError: if it is of another training or damaged.
        """
        found = load_checkpoint(path, self.tree())
        if found is None:
            return
        tree, described = found
        if odd := [name for name, value in self.belongs.items() if described.get(name) != value]:
            raise InferenceError(f"{path} is the checkpoint of a training with other {', '.join(odd)}: delete it or name another file")
        self.state, self.best = jax.device_put((tree["state"], tree["best"]), self.whole)
        for name, value in tree["watch"].items():
            setattr(self.watch, name, np.asarray(value))
        self.history = [(float(first), float(second)) for first, second in described["history"]]


def train(
    trainer: Trainer,
    parameters: PyTree,
    simulations: Simulations,
    standard: Any,
    steps: int,
    key: Array,
    *,
    on_step: OnStep,
    should_stop: ShouldStop,
    checkpoint: Path | None = None,
    devices: int = 1,
) -> Trained:
    """Train all members for at most ``steps`` steps; the weights with the best held-out loss are kept.

    Args:
        trainer: compiled programs.
        parameters: of the members, on a leading axis.
        simulations: a bank, a table or fresh ones.
        standard: standardiser fitted to them.
        steps: at most.
        key: of noise, order and splits.
        on_step: told steps done, steps in all, and (training, held-out) loss.
        should_stop: asked between chunks.
        checkpoint: file written every few chunks and gone on from if it exists; removed by nobody.
        devices: share each batch between this many devices.

    Raises:
        Cancelled: if asked to stop.
        InferenceError: if no held-out loss was ever finite, or the checkpoint is of another training.
    """
    settings, began = trainer.settings, time.perf_counter()
    run = _Run(trainer, parameters, simulations, steps, key, checkpoint=checkpoint, devices=devices)
    resumed, compiled = len(run.history), began
    while not run.finished:
        if should_stop():
            run.save(always=True)
            raise Cancelled
        with trainer.compiling if len(run.history) == resumed else nullcontext():
            run.advance(standard)
        if len(run.history) == resumed + 1:
            compiled = time.perf_counter()
        run.save(always=run.finished)
        on_step(min(len(run.history) * settings.chunk, steps), steps, run.history[-1])
    ended = time.perf_counter()
    per_chunk = (ended - compiled) / max(len(run.history) - resumed - 1, 1)
    compile_seconds = max(compiled - began - per_chunk, 0.0)
    return run.result()._replace(compile_seconds=compile_seconds, train_seconds=ended - began - compile_seconds)


def _chosen(which: Bool[np.ndarray, " M"], new: Float[Array, "M P"], old: Float[Array, "M P"]) -> Float[Array, "M P"]:
    """Members' parameters from one or the other."""
    if which.all():
        return new
    return jnp.where(which[:, None], new, old) if which.any() else old


def _fingerprint(simulations: Any) -> str:
    """How many simulations there are, and a checksum of the first few."""
    few = jax.tree.leaves(simulations.rows(np.arange(min(16, simulations.count))))
    return f"{simulations.count}, {zlib.crc32(b''.join(np.asarray(part).tobytes() for part in few)):08x}"


def _shardings(devices: int, batch: int) -> tuple[Any, Any]:
    """Where arrays lie that every device needs whole, and the index [M, steps, B] whose batches are shared; None for one device.

    Raises:
        InferenceError: if the batch cannot be shared evenly.
    """
    if devices == 1:
        return None, None
    if devices > len(jax.devices()) or batch % devices:
        raise InferenceError(f"a batch of {batch} cannot be shared between {devices} of the {len(jax.devices())} devices here")
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()[:devices]), ("batch",))
    parts = (jax.sharding.PartitionSpec(), jax.sharding.PartitionSpec(None, None, "batch"))
    whole, shared = (jax.sharding.NamedSharding(mesh, part) for part in parts)
    return whole, shared
