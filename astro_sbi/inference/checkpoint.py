"""Checkpoints of a training: one safetensors file, whole or not there at all, never unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from astro_sbi.inference.posterior import InferenceError

_FORMAT = "astro_sbi checkpoint 2"


def save_checkpoint(path: Path, state: PyTree, described: Mapping[str, Any]) -> None:
    """Write a checkpoint in place of the last one; whoever reads meanwhile, or after a crash, finds one of the two whole.

    Args:
        path: the file, in a folder that exists.
        state: arrays and typed random keys.
        described: what JSON can hold.

    Raises:
        InferenceError: if it cannot be written.
    """
    path = Path(path)
    arrays, keys = {}, {}
    for name, leaf in _named(state).items():
        if _is_key(leaf):
            keys[name] = _kind_of_key(leaf)
        # ascontiguousarray would give an array without dimensions one.
        arrays[name] = np.asarray(jax.random.key_data(leaf) if name in keys else leaf, order="C")
    text = json.dumps({"keys": keys, "described": dict(described)}, sort_keys=True)
    content = save(arrays, {"format": _FORMAT, "state": text, "sha256": _checksum(arrays, text)})
    try:
        _replace_durably(path, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InferenceError(f"the checkpoint {path} cannot be written ({reason}): name a file in a folder that has space") from error


def load_checkpoint(path: Path, like: PyTree) -> tuple[PyTree, dict[str, Any]] | None:
    """Read a checkpoint.

    Args:
        path: the file.
        like: a state of the same structure; its arrays, or their ``jax.ShapeDtypeStruct``, say which shape and type each
            stored array must have, its random keys of which kind each is. Where it holds a NumPy array, one is returned.

    Returns:
        The state and what describes it; None if there is no such file.

    Raises:
        InferenceError: if the file is damaged or holds the state of another training.
    """
    path = Path(path)
    if not path.exists():
        return None
    arrays, stored = _read(path)
    expected = _named(like)
    if odd := sorted(set(expected) ^ set(arrays)):
        where = "holds no" if odd[0] in expected else "holds an unexpected"
        raise _misfit(path, f"it {where} {odd[0]}, one of {len(odd)} differences")
    leaves = [_restored(path, name, leaf, arrays[name], stored["keys"].get(name)) for name, leaf in expected.items()]
    return jax.tree.unflatten(jax.tree.structure(like), leaves), stored["described"]


def _named(tree: PyTree) -> dict[str, Any]:
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): leaf for path, leaf in paths}


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(getattr(leaf, "dtype", np.float32), jax.dtypes.prng_key)


def _kind_of_key(leaf: Any) -> str:
    return str(jax.random.key_impl(leaf))


def _checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    """SHA-256 of names, types, shapes and values: safetensors itself only knows the lengths."""
    total = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by name and what JSON holds, once the checksum is right."""
    damaged = InferenceError(f"the checkpoint {path} is damaged and cannot be read: delete it and train from the start")
    try:
        with safe_open(path, framework="numpy") as opened:
            about = opened.metadata() or {}
            arrays = {name: np.asarray(opened.get_tensor(name)) for name in opened.keys()}  # noqa: SIM118 it is no mapping
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise damaged from error
    if about.get("format") != _FORMAT:
        raise InferenceError(f"{path} is no checkpoint that this version can read: delete it, or name another file")
    if about.get("sha256") != _checksum(arrays, about.get("state", "")):
        raise damaged
    return arrays, json.loads(about["state"])


def _restored(path: Path, name: str, expected: Any, found: np.ndarray, kind: str | None) -> Any:
    """One leaf, if it is what is expected."""
    if _is_key(expected):
        data = jax.eval_shape(jax.random.key_data, expected)
        if kind != _kind_of_key(expected):
            raise _misfit(path, f"{name} is {'a random key of ' + kind if kind else 'no random key'}, not of {_kind_of_key(expected)}")
        _check(path, name, data, found)
        return jax.random.wrap_key_data(jnp.asarray(found), impl=kind)
    if kind is not None:
        raise _misfit(path, f"{name} is a random key, not an array")
    _check(path, name, expected, found)
    return jnp.asarray(found) if isinstance(expected, jax.Array | jax.ShapeDtypeStruct) else found


def _check(path: Path, name: str, expected: Any, found: np.ndarray) -> None:
    wanted = (tuple(np.shape(expected)), np.dtype(getattr(expected, "dtype", np.asarray(expected).dtype)))
    if (found.shape, found.dtype) != wanted:
        raise _misfit(path, f"{name} is {found.dtype}{list(found.shape)}, not {wanted[1]}{list(wanted[0])}")


def _misfit(path: Path, reason: str) -> InferenceError:
    return InferenceError(f"the checkpoint {path} is of another training ({reason}): use the same settings, delete it or name another file")


def _replace_durably(path: Path, content: bytes) -> None:
    """Write beside the file, wait for the disk, then take the file's name."""
    # One name, so that a killed training leaves no more than one such file.
    temporary = path.with_name(f".{path.name}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError:
        os.remove(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
