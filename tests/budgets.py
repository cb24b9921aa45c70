"""Inferences on real files with a small budget: importance weights keep the posterior right, only fewer draws count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import astro_sbi

_TRAINING = {"train.simulations": "4096", "train.steps": "400", "train.later_steps": "300", "train.rounds": "2"}


def small_inference(simulator: str, path: Path, **changes: str) -> dict[str, Any]:
    """Summary of an inference with few simulations, steps and draws; dots in names of settings are written as ``__``."""
    told = {name.replace("__", "."): text for name, text in changes.items()}
    return astro_sbi.infer(simulator, path, seed=1, samples=4_000, changes=_TRAINING | told).summary
