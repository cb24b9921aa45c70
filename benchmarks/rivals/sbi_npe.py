"""sbi's NPE with its default training; --estimator maf (its default) or nsf."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, run

BLOCK = 100


def train(simulated: Simulated, options: argparse.Namespace) -> Estimator:
    """Train under the clock; sbi holds out a tenth of the simulations and stops 20 epochs after the best one."""
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    from sbi.inference import NPE

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.asarray(values, np.float32))

    trainer = NPE(density_estimator=options.estimator or "maf", show_progress_bars=False)
    limit = {"max_num_epochs": options.epochs} if options.epochs else {}
    network = trainer.append_simulations(tensor(simulated.theta), tensor(simulated.x)).train(**limit)
    wall = np.cumsum(trainer.summary["epoch_durations_sec"])
    losses = trainer.summary["validation_loss"]

    @torch.no_grad()
    def log_prob(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        return network.log_prob(tensor(theta)[None], condition=tensor(x))[0].numpy()

    @torch.no_grad()
    def sample_many(x: np.ndarray, draws: int, seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        parts = [network.sample((draws,), condition=tensor(x[i : i + BLOCK])).numpy() for i in range(0, len(x), BLOCK)]
        return np.concatenate(parts, axis=1).swapaxes(0, 1)

    return Estimator(
        parameters=sum(part.numel() for part in network.parameters() if part.requires_grad),
        log_prob=log_prob,
        sample=lambda x, draws, seed: sample_many(x[None], draws, seed)[0],
        sample_many=sample_many,
        curve=[(None, float(second), -float(loss)) for second, loss in zip(wall, losses, strict=False)],
        epochs=len(losses),
    )


if __name__ == "__main__":
    run("sbi", ("sbi", "torch"), train)
