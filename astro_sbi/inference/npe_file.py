"""Trained estimators of any simulator as one file: weights, prior and how they came about, never unpickled."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError, safe_open

from astro_sbi.inference.box import Box
from astro_sbi.inference.checkpoint import load_checkpoint, save_checkpoint
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.network import build_network
from astro_sbi.inference.npe import Recipe, TrainedNPE
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.scaling import GuessedValues, ScaledValues, is_flat, seen_shape
from astro_sbi.inference.settings import NetworkSettings
from astro_sbi.inference.simulations import Dropped
from astro_sbi.simulators.prior import Prior

_KIND = "neural posterior estimator 4"


def save_npe(trained: TrainedNPE, path: Path | str) -> None:
    """Write a trained estimator to one safetensors file.

    Raises:
        InferenceError: if the file cannot be written.
    """
    estimator, standard = trained.estimator, trained.estimator.standard
    arrays = {
        "parameters": estimator.parameters,
        **standard._asdict(),
        "held_out": np.asarray(trained.held_out),
        "losses": np.asarray(trained.losses),
    }
    described = {
        "kind": _KIND,
        "prior": [[name, str(distribution)] for name, distribution in trained.prior.distributions],
        "network": asdict(trained.recipe.network),
        "decay": trained.recipe.decay,
        "guess": trained.recipe.guess,
        "members": estimator.members,
        "shape": list(estimator.shape),
        "shapes": {name: list(np.shape(arrays[name])) for name in arrays if name != "parameters"},
        "dropped": asdict(trained.dropped),
        "seconds": trained.seconds,
    }
    save_checkpoint(Path(path), arrays, described)


def load_npe(path: Path | str) -> TrainedNPE:
    """Read an estimator that `save_npe` wrote.

    Raises:
        InferenceError: if there is no such file, or it holds something else or is damaged.
    """
    path = Path(path)
    described = _described(path)
    prior, shape = Prior.of(**dict(described["prior"])), tuple(described["shape"])
    recipe = Recipe(NetworkSettings(**described["network"]), described["decay"], described["guess"])
    like = {name: jax.ShapeDtypeStruct(tuple(size), np.float32) for name, size in described["shapes"].items()}
    kind = GuessedValues if is_flat(recipe.network.embedding) else ScaledValues
    seen = seen_shape(kind(*(jnp.zeros(like[name].shape[1:]) for name in kind._fields)), shape)
    network, parameters = build_network(len(prior.free), seen, recipe.network, jax.random.key(0), described["members"])
    found = load_checkpoint(path, {"parameters": parameters, **like})
    assert found is not None
    arrays = found[0]
    standard = kind(*(arrays[name] for name in kind._fields))
    estimator = PosteriorEstimator(network, arrays["parameters"], standard, Box.whole(len(prior.free)), shape=shape)
    held_out, losses = (np.asarray(arrays[name]) for name in ("held_out", "losses"))
    return TrainedNPE(prior, estimator, recipe, held_out, losses, Dropped(**described["dropped"]), described["seconds"])


def _described(path: Path) -> dict[str, Any]:
    """What the file says of itself, before its arrays are read."""
    if not path.exists():
        raise InferenceError(f"there is no file {path}")
    other = InferenceError(f"{path} holds no trained estimator that this version can read, or it is damaged: train and save again")
    try:
        with safe_open(path, framework="numpy") as opened:
            described = json.loads((opened.metadata() or {})["state"])["described"]
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise other from error
    if not isinstance(described, dict) or described.get("kind") != _KIND:
        raise other
    return described
