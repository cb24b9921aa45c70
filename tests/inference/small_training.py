"""A training of seconds on a linear Gaussian simulator; run as a program it is one that can be killed or shared between devices."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from astro_sbi.inference.network import build_network
from astro_sbi.inference.scaling import fit_scaled_values
from astro_sbi.inference.settings import NetworkSettings, TrainingSettings
from astro_sbi.inference.simulations import Bank, Table
from astro_sbi.inference.training import Trained, Trainer, build_trainer, train

NETWORK = NetworkSettings(flow="affine_coupling", conditioner="mlp", layers=2, width=16, embedding="mlp", embedding_width=16, context=4)
TRAINING = TrainingSettings(batch=32, chunk=5, held_out=64, patience=100, rate=5e-3, average=0.9, checkpoint_seconds=0.0)
DESIGN = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, -1.0]])
SIGMA = 0.5


def bank(count: int = 640, seed: int = 1) -> Bank:
    """Noise-free simulations of ``x = DESIGN z + noise``."""
    latent = np.random.default_rng(seed).standard_normal((count, 2)).astype(np.float32)
    mean = (latent @ DESIGN.T).astype(np.float32)
    return Bank(latent, mean, np.full_like(mean, SIGMA))


def table(count: int = 640, seed: int = 1) -> Table:
    """Simulations with their noise."""
    latent, mean, sigma = bank(count, seed)
    return Table(latent, mean + sigma * np.random.default_rng([seed, 2]).standard_normal(mean.shape).astype(np.float32))


def network_of(members: int, key: int = 3) -> tuple[Any, Any]:
    """The small network and initial parameters of its members."""
    return build_network(2, (3,), NETWORK, jax.random.key(key), members)


def trained(trainer: Trainer, parameters: Any, simulations: Any, **changes: Any) -> Trained:
    """Eight chunks of five steps, unless told otherwise."""
    told = {"steps": 40, "key": jax.random.key(4), "on_step": lambda done, total, loss: None, "should_stop": lambda: False} | changes
    standard = fit_scaled_values(table().x, "mlp")
    return train(trainer, parameters, simulations, standard, told.pop("steps"), told.pop("key"), **told)


def flat(tree: Any) -> np.ndarray:
    """All weights of all members in one vector."""
    return np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(tree)])


def main() -> None:
    """Train and write weights and losses; print a line after every chunk."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--chunks", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--devices", type=int, default=1)
    asked = parser.parse_args()

    def on_step(done: int, total: int, loss: tuple[float, float]) -> None:
        print(done, flush=True)
        time.sleep(asked.pause)

    network, parameters = network_of(2)
    trainer = build_trainer(network, TRAINING)
    fitted = trained(
        trainer,
        parameters,
        jax.tree.map(jnp.asarray, bank()),
        steps=5 * asked.chunks,
        on_step=on_step,
        checkpoint=asked.checkpoint,
        devices=asked.devices,
    )
    compiled = trainer.run_chunk._cache_size() + trainer.held_out_loss._cache_size()
    np.savez(asked.out, weights=flat(fitted.parameters), losses=fitted.losses, held_out=fitted.held_out, compiled=compiled)


if __name__ == "__main__":
    main()
