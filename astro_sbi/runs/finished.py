"""Finished inferences: those in the store, and the examples that ship with the package; needs no catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import astro_sbi
from astro_sbi.runs.bundle import StoreError, read_bundle
from astro_sbi.runs.keys import is_key, shortened
from astro_sbi.runs.store import BundleKind, Store

if TYPE_CHECKING:
    from astro_sbi.runs.result import Result

#: Digits of a key that are enough to look for it.
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class ExampleView:
    """A finished inference that ships with the package."""

    key: str
    title: str
    simulator: str
    summary: dict[str, Any]


def result(store: Store, result_key: str, kind: BundleKind = "result") -> Result:
    """A finished inference, from the store or from the examples that ship with the package; or a finished check, by its own key.

    Raises:
        StoreError: if it is nowhere, or damaged.
    """
    from astro_sbi.runs.result import from_files

    if store.has(kind, result_key):
        return from_files(store.load(kind, result_key))
    folder = examples_folder() / result_key
    if not is_key(result_key) or not folder.is_dir():
        raise StoreError(f"there is no {kind} {shortened(result_key)} here: it was deleted, or made in another store")
    files, damage = read_bundle(folder, "result", result_key)
    if damage:
        raise StoreError(f"the example {shortened(result_key)} is damaged ({damage}): install the package again")
    return from_files(files)


def key_beginning(store: Store, beginning: str) -> str:
    """The key of the one finished inference, in the store or shipped, whose key begins so.

    Raises:
        StoreError: if there is none, or several.
    """
    shown = shortened(beginning)
    if len(beginning) < FEWEST_DIGITS or not set(beginning) <= set("0123456789abcdef"):
        raise StoreError(f"'{shown}' is not the beginning of a run's key, which is at least {FEWEST_DIGITS} of the digits 0-9 and a-f")
    found = keys_beginning(store, beginning)
    if not found:
        raise StoreError(f"there is no finished run {shown} here: it was deleted, or made in another store")
    if len(found) > 1:
        raise StoreError(f"{len(found)} runs begin with {shown}: give more digits of the key")
    return found[0]


def keys_beginning(store: Store, beginning: str) -> list[str]:
    """Keys of finished inferences, in the store or shipped, that begin so; none for too few digits."""
    keys = dict.fromkeys([*store.keys("result"), *(example.key for example in examples())])
    return [key for key in keys if len(beginning) >= FEWEST_DIGITS and key.startswith(beginning)]


def examples() -> list[ExampleView]:
    """The finished inferences that ship with the package, ordered by simulator and title."""
    folder = examples_folder()
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        summary = _summary(path) if is_key(path.name) else None
        if summary:
            found.append(ExampleView(path.name, str(summary.get("title", "")), str(summary.get("simulator", "")), summary))
    return sorted(found, key=lambda example: (example.simulator, example.title))


def examples_folder() -> Path:
    """Where the shipped examples are."""
    return Path(astro_sbi.__file__).parent / "pretrained" / "examples"


def _summary(folder: Path) -> dict[str, Any] | None:
    try:
        return json.loads((folder / "summary.json").read_bytes())
    except (OSError, ValueError):
        return None
