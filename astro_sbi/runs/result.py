"""The result of an inference as it is kept: a summary, its settings and arrays; readable without jax."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import canonical_json

_SUMMARY, _SETTINGS, _ARRAYS = "summary.json", "settings.json", "arrays.safetensors"


@dataclass(frozen=True, eq=False)
class Result:
    """A finished inference.

    Args:
        summary: what ``infer --json`` prints, and what a page needs to explain it.
        settings: what was asked for, with everything that was resolved.
        arrays: draws, data, predictive curves and losses by name, such as ``posterior/radius_ratio``.
    """

    summary: dict[str, Any]
    settings: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def key(self) -> str:
        """The result's key: permalink and bundle name."""
        return str(self.summary["key"])

    def draws(self, kind: str) -> dict[str, np.ndarray]:
        """Draws by parameter: ``posterior``, ``flow`` or ``prior``."""
        start = f"{kind}/"
        return {name.removeprefix(start): value for name, value in self.arrays.items() if name.startswith(start)}


def to_files(result: Result) -> dict[str, bytes]:
    """The files of a result's bundle."""
    arrays = {name: np.ascontiguousarray(value) for name, value in result.arrays.items()}
    # The summary keeps its order: parameters stand as the simulator names them.
    summary = json.dumps(result.summary, ensure_ascii=False, allow_nan=False).encode()
    return {_SUMMARY: summary, _SETTINGS: canonical_json(result.settings), _ARRAYS: save(arrays)}


def from_files(files: Mapping[str, bytes]) -> Result:
    """A result from its bundle's files.

    Raises:
        StoreError: if one is missing or not what `to_files` writes.
    """
    try:
        return Result(json.loads(files[_SUMMARY]), json.loads(files[_SETTINGS]), load(files[_ARRAYS]))
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(f"this result was not written by this program ({error}): run the inference again") from None
