"""Trained rounds as files: safetensors for numbers, JSON for the rest; rebuilt from settings, never unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree
from safetensors.numpy import load, save

from astro_sbi.inference.box import Box
from astro_sbi.inference.estimator import PosteriorEstimator
from astro_sbi.inference.network import Network, build_network
from astro_sbi.inference.posterior import InferenceError, Round
from astro_sbi.inference.search import Peaks
from astro_sbi.inference.sequential import TrainedRounds
from astro_sbi.inference.settings import NetworkSettings
from astro_sbi.inference.standardiser import Standardiser, feature_count

_WEIGHTS, _SETTINGS = "estimator.safetensors", "estimator.json"


def _leaves(tree: PyTree, prefix: str) -> dict[str, np.ndarray]:
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {f"{prefix}{jax.tree_util.keystr(path)}": np.ascontiguousarray(leaf) for path, leaf in paths}


def _estimator_arrays(estimator: PosteriorEstimator, prefix: str) -> dict[str, np.ndarray]:
    arrays = _leaves(estimator.parameters, f"{prefix}/parameters")
    arrays |= {f"{prefix}/standard/{name}": np.asarray(value) for name, value in estimator.shared._asdict().items()}
    return arrays | {f"{prefix}/box": np.stack([estimator.box.lower, estimator.box.upper])}


def trained_files(trained: TrainedRounds, network: NetworkSettings) -> dict[str, bytes]:
    """The files that hold trained rounds."""
    arrays = _estimator_arrays(trained.first, "first") | _estimator_arrays(trained.last, "last")
    arrays |= {f"peaks/{name}": np.ascontiguousarray(getattr(trained.peaks, name)) for name in Peaks.__dataclass_fields__}
    rounds: list[dict[str, Any]] = []
    for number, done in enumerate(trained.rounds):
        arrays |= {f"rounds/{number}/box": done.box, f"rounds/{number}/losses": done.losses}
        rounds.append({name: getattr(done, name) for name in ("efficiency", "log_evidence", "log_prior_mass", "seconds")})
    described = {
        "network": asdict(network),
        "dimension": int(trained.last.box.lower.size),
        "ensemble": trained.last.members,
        "rounds": rounds,
        "seconds": trained.seconds,
    }
    return {_WEIGHTS: save(arrays), _SETTINGS: json.dumps(described, sort_keys=True).encode()}


def trained_rounds(files: Mapping[str, bytes]) -> TrainedRounds:
    """Rebuild trained rounds from their files.

    Raises:
        InferenceError: if the arrays do not fit the network that the settings describe.
    """
    described, arrays = json.loads(files[_SETTINGS]), load(files[_WEIGHTS])
    network, parameters = _built(described)
    first = PosteriorEstimator.alike(network, *_estimator_parts(arrays, "first", parameters))
    last = PosteriorEstimator.alike(network, *_estimator_parts(arrays, "last", parameters)).sharing(first)
    rounds = tuple(
        Round(**done, box=arrays[f"rounds/{number}/box"], losses=arrays[f"rounds/{number}/losses"])
        for number, done in enumerate(described["rounds"])
    )
    peaks = Peaks(**{name: arrays[f"peaks/{name}"] for name in Peaks.__dataclass_fields__})
    return TrainedRounds(first, last, rounds, peaks, described["seconds"])


def estimator_files(estimator: PosteriorEstimator, network: NetworkSettings) -> dict[str, bytes]:
    """The files that hold one estimator."""
    described = {"network": asdict(network), "dimension": int(estimator.box.lower.size), "ensemble": estimator.members}
    return {_WEIGHTS: save(_estimator_arrays(estimator, "only")), _SETTINGS: json.dumps(described, sort_keys=True).encode()}


def single_estimator(files: Mapping[str, bytes]) -> PosteriorEstimator:
    """Rebuild one estimator from its files.

    Raises:
        InferenceError: if the arrays do not fit the network that the settings describe.
    """
    network, parameters = _built(json.loads(files[_SETTINGS]))
    return PosteriorEstimator.alike(network, *_estimator_parts(load(files[_WEIGHTS]), "only", parameters))


def _built(described: Mapping[str, Any]) -> tuple[Network, PyTree]:
    dimension = described["dimension"]
    settings = NetworkSettings(**described["network"])
    return build_network(dimension, (feature_count(dimension),), settings, jax.random.key(0), described["ensemble"])


def _estimator_parts(arrays: Mapping[str, np.ndarray], prefix: str, like: PyTree) -> tuple[PyTree, Standardiser, Box]:
    paths, structure = jax.tree_util.tree_flatten_with_path(like)
    leaves = []
    for path, expected in paths:
        name = f"{prefix}/parameters{jax.tree_util.keystr(path)}"
        found = arrays.get(name)
        if found is None or found.shape != expected.shape or found.dtype != expected.dtype:
            raise InferenceError(f"the stored estimator does not fit its settings (at {name}): train again")
        leaves.append(jnp.asarray(found))
    standard = Standardiser(*(jnp.asarray(arrays[f"{prefix}/standard/{name}"]) for name in Standardiser._fields))
    lower, upper = arrays[f"{prefix}/box"]
    return jax.tree_util.tree_unflatten(structure, leaves), standard, Box(lower, upper)
