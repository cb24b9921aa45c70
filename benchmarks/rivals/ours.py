"""astro_sbi as it ships: `train_npe` with its defaults; --ensemble and --epochs change those two."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.rivals.protocol import Estimator, Simulated, compiled_seconds, run, spent


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
        log_prob=trained.log_prob,
        sample=lambda x, draws, seed: trained.posterior(x).sample(draws, seed),
        sample_many=trained.sample,
        curve=curve,
        compile_seconds=compiling(),
        epochs=settings.epochs,
    )


if __name__ == "__main__":
    run("astro_sbi", ("astro_sbi", "jax", "flowjax"), train)
