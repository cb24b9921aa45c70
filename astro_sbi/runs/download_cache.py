"""Downloaded files, kept by URL: written whole, checked by checksum when read, the oldest removed when there are too many."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from astro_sbi.runs.bundle import StoreError, changed, sweep, temporary_folder, write_durably
from astro_sbi.runs.keys import canonical_json, is_key, sha256_of

MOST_KEPT_BYTES = 1 << 30
LONGEST_KEPT_S = 30 * 86400.0
_LONGEST_HEADER = 16384


class Downloaded(NamedTuple):
    """A file that was fetched: its name, its content, the URL that was asked for, and the content's checksum."""

    name: str
    content: bytes
    url: str
    sha256: str


def kept_download(folder: Path, url: str, most_bytes: int) -> Downloaded | None:
    """A file that was fetched before, if it is still there, whole, not too large and not too old."""
    path = folder / sha256_of(url.encode())
    try:
        state = path.stat()
        if state.st_size > most_bytes + _LONGEST_HEADER or time.time() - state.st_mtime > LONGEST_KEPT_S:
            return None
        header, _, content = path.read_bytes().partition(b"\n")
        entry = json.loads(header)
        whole = entry["url"] == url and entry["sha256"] == sha256_of(content) and len(content) <= most_bytes
        return Downloaded(str(entry["name"]), content, url, entry["sha256"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep_download(folder: Path, download: Downloaded, most_kept: int = MOST_KEPT_BYTES) -> None:
    """Keep a file and make room for it; a store that cannot be written keeps nothing, and nobody need know."""
    header: Mapping[str, str] = {"name": download.name, "sha256": download.sha256, "url": download.url}
    key = sha256_of(download.url.encode())
    with suppress(OSError, StoreError):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        with temporary_folder(folder) as temporary:
            write_durably(temporary / key, canonical_json(header) + b"\n" + download.content)
            os.replace(temporary / key, folder / key)
        _make_room(folder, most_kept)


def _make_room(folder: Path, most_kept: int) -> None:
    """Remove the oldest files until the rest is small enough."""
    newest_first = sorted((path for path in folder.iterdir() if is_key(path.name)), key=changed, reverse=True)
    total = 0
    for path in newest_first:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
            if total > most_kept:
                path.unlink()
