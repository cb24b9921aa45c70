"""The store: immutable, checksummed bundles of files, each committed once."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs

from astro_sbi.runs.bundle import MANIFEST, StoreError, changed, read_bundle, said_plainly, temporary_folder, write_bundle, write_durably
from astro_sbi.runs.keys import canonical_json, is_key, sha256_of, shortened

if TYPE_CHECKING:
    from astro_sbi.runs.catalogue import Catalogue

BundleKind = Literal["result", "estimator", "upload", "reference", "local", "card"]

FOLDERS: Mapping[str, str] = {
    "result": "results",
    "estimator": "estimators",
    "upload": "uploads",
    "reference": "references",
    "local": "local_tests",
    "card": "cards",
}
#: What a job of each task makes.
MADE_BY: Mapping[str, BundleKind] = {"infer": "result", "reference": "reference", "local": "local", "card": "card"}
NAME_LENGTH = 100


class Store:
    """A folder of bundles, a catalogue of jobs, logs and the compilation cache.

    Nothing is written before it is needed, so a store on a read-only disk can be viewed.

    Args:
        root: the store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue of jobs (``ASTRO_SBI_DATABASE``, or SQLite in the store)."""
        from astro_sbi.runs.catalogue import Catalogue

        url = os.environ.get("ASTRO_SBI_DATABASE", "")
        if not url:
            with said_plainly():
                self.root.mkdir(parents=True, exist_ok=True)
        return Catalogue(url or f"sqlite:///{self.root / 'catalogue.sqlite'}")

    def folder(self, name: Literal["logs", "xla", "samples", "quarantine", "answers", "downloads", "scratch"]) -> Path:
        """One of the store's other folders, made when it is not there.

        Raises:
            StoreError: if the store cannot be written.
        """
        with said_plainly():
            (self.root / name).mkdir(parents=True, exist_ok=True)
        return self.root / name

    def _path(self, kind: BundleKind, key: str) -> Path:
        if not is_key(key):
            raise StoreError(f"'{key[:20]}' is not a key: a key has 64 hexadecimal digits")
        return self.root / FOLDERS[kind] / key

    def has(self, kind: BundleKind, key: str) -> bool:
        """Whether a bundle was committed."""
        return is_key(key) and (self._path(kind, key) / MANIFEST).is_file()

    def keys(self, kind: BundleKind) -> list[str]:
        """Keys of all bundles of a kind, the newest first."""
        folder = self.root / FOLDERS[kind]
        found = [path for path in folder.iterdir() if is_key(path.name)] if folder.is_dir() else []
        return [path.name for path in sorted(found, key=changed, reverse=True)]

    def commit(self, kind: BundleKind, key: str, files: Mapping[str, bytes]) -> bool:
        """Keep a bundle: all of it or nothing, durable when this returns.

        Args:
            kind: what it is.
            key: under which it is found again.
            files: content by file name.

        Returns:
            True if this call committed it, False if it was there already.

        Raises:
            StoreError: if it cannot be written.
        """
        final = self._path(kind, key)
        if final.is_dir():  # looked at first: what another process puts there after this look is whole
            if self.has(kind, key):
                return False
            self._quarantine(final, kind, key)
        return write_bundle(final, kind, key, files)

    def load(self, kind: BundleKind, key: str) -> dict[str, bytes]:
        """Content of a bundle's files by name, every checksum verified.

        Raises:
            StoreError: if it is not there, or is damaged: then it was moved to the quarantine.
        """
        path = self._path(kind, key)
        if not path.is_dir():
            raise StoreError(f"there is no {kind} {shortened(key)} in this store")
        files, damage = read_bundle(path, kind, key)
        if damage:
            moved = self._quarantine(path, kind, key)
            ending = (
                "it was moved to the quarantine; run it again to make it anew" if moved else "run it again in a store that can be written"
            )
            raise StoreError(f"the {kind} {shortened(key)} is damaged ({damage}): {ending}")
        return files

    def glance(self, kind: BundleKind, key: str, name: str) -> bytes:
        """One file of a bundle, unverified, to choose by among many; empty where there is none."""
        try:
            return (self._path(kind, key) / name).read_bytes()
        except OSError:
            return b""

    def _quarantine(self, path: Path, kind: BundleKind, key: str) -> bool:
        try:
            target = self.root / "quarantine" / f"{kind}-{key}-{secrets.token_hex(4)}"
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)
        except OSError:
            return False
        return True

    def delete(self, kind: BundleKind, key: str) -> None:
        """Remove a bundle; nothing happens if it is not there."""
        path = self._path(kind, key)
        with said_plainly():
            if path.is_dir():
                doomed = path.parent / f".tmp-{secrets.token_hex(8)}"
                with suppress(FileNotFoundError):
                    os.rename(path, doomed)
                shutil.rmtree(doomed, ignore_errors=True)

    def put_upload(self, name: str, content: bytes) -> str:
        """Keep an uploaded file under its checksum; the name is only ever shown.

        Returns:
            sha256 of the content.
        """
        key = sha256_of(content)
        self.commit("upload", key, {"content": content, "name.json": canonical_json({"name": shown_name(name)})})
        return key

    def upload(self, key: str) -> tuple[str, bytes]:
        """Name and content of an uploaded file.

        Raises:
            StoreError: if it is not there or damaged.
        """
        files = self.load("upload", key)
        return json.loads(files["name.json"])["name"], files["content"]

    def remember_answer(self, request: str, result: str) -> None:
        """Note which result answers a request; kept without the catalogue and after a job is deleted."""
        with said_plainly(), temporary_folder(self.folder("answers")) as temporary:
            write_durably(temporary / request, result.encode())
            os.replace(temporary / request, self.root / "answers" / request)

    def answer(self, request: str, kind: BundleKind = "result") -> str | None:
        """Key of the result, or of another kind of bundle, that answers a request, if it is still kept."""
        try:
            result = (self.root / "answers" / request).read_text() if is_key(request) else ""
        except (OSError, UnicodeDecodeError):
            return None
        return result if self.has(kind, result) else None


def default_store() -> Store:
    """The store at ``ASTRO_SBI_STORE``, or in the user's cache folder."""
    place = os.environ.get("ASTRO_SBI_STORE", "")
    return Store(Path(place).expanduser() if place else platformdirs.user_cache_path("astro_sbi"))


def shown_name(name: str) -> str:
    """A file's name as it may be shown: without folders and unprintable characters, at most 100 characters."""
    base = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in base if letter.isprintable())[:NAME_LENGTH] or "unnamed"
