"""One immutable folder of files with a manifest of their checksums."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from astro_sbi.runs.keys import canonical_json, sha256_of

MANIFEST = "manifest.json"
STALE_S = 3600.0

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class StoreError(RuntimeError):
    """Something that cannot be kept or found; the message is the sentence a user reads."""


def write_bundle(final: Path, kind: str, key: str, files: Mapping[str, bytes]) -> bool:
    """Write a bundle: all of it or nothing, durable when this returns.

    The files go to a temporary folder beside the final one, which is renamed when everything is on the disk.

    Returns:
        True if this call wrote it, False if another had written it before.

    Raises:
        StoreError: if it cannot be written.
    """
    for name in files:
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise StoreError(f"'{name[:40]}' cannot be the name of a file in a bundle")
    with said_plainly():
        final.parent.mkdir(parents=True, exist_ok=True)
        sweep(final.parent)
        with temporary_folder(final.parent) as temporary:
            for name, content in {**files, MANIFEST: manifest_of(kind, key, files)}.items():
                write_durably(temporary / name, content)
            _sync_folder(temporary)
            won = _rename_once(temporary, final)
        _sync_folder(final.parent)
    return won


def manifest_of(kind: str, key: str, files: Mapping[str, bytes]) -> bytes:
    """The manifest of a bundle: sizes and checksums of its files."""
    return canonical_json(
        {
            "format": 1,
            "kind": kind,
            "key": key,
            "files": {name: {"sha256": sha256_of(content), "bytes": len(content)} for name, content in files.items()},
        }
    )


def read_bundle(path: Path, kind: str, key: str) -> tuple[dict[str, bytes], str]:
    """Files of a bundle's folder and what is damaged ("" if nothing is)."""
    try:
        raw = (path / MANIFEST).read_bytes()
        names = list(json.loads(raw)["files"])
        if not all(_FILE_NAME.fullmatch(name) for name in names):
            return {}, "its manifest names a file that no bundle has"
        files = {name: (path / name).read_bytes() for name in names}
    except FileNotFoundError as error:
        return {}, f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, KeyError, TypeError):
        return {}, "its manifest or a file cannot be read"
    if raw != manifest_of(kind, key, files):
        return {}, "its content does not match its checksums"
    return files, ""


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn an error of the operating system into a sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(
            f"the store cannot be written ({reason}): free some space, or set ASTRO_SBI_STORE to a folder that can be written"
        ) from error


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A new folder that is gone in the end, unless it was renamed."""
    temporary = parent / f".tmp-{secrets.token_hex(8)}"
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename_once(source: Path, target: Path) -> bool:
    """Rename a folder unless the target is there; True if this call did it."""
    try:
        os.rename(source, target)
    except OSError:
        if target.is_dir():
            return False
        raise
    return True


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def changed(path: Path) -> float:
    """When a path last changed, in seconds since 1970; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def sweep(folder: Path) -> None:
    """Remove what writers that died left behind an hour ago or longer."""
    for stray in folder.glob(".tmp-*"):
        if time.time() - changed(stray) > STALE_S:
            shutil.rmtree(stray, ignore_errors=True)
