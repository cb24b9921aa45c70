"""What a case of the corpus is, and the bait that hostile files reach for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

#: Stands in every file outside that a hostile one reaches for, and nowhere else.
SECRET = "canary-7c1f93"
SECRET_NUMBER = 730193.0625

Expected = Literal["refused", "warned", "read"]
Content = str | bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Bait:
    """What no file may touch.

    Args:
        folder: of files that hold the secret.
        port: of a listener on this computer.
    """

    folder: Path = Path("nowhere")
    port: int = 9

    @property
    def text(self) -> Path:
        """A text file of lines with the secret."""
        return self.folder / "canary.txt"

    @property
    def table(self) -> Path:
        """An HDF5 file whose dataset ``flux`` holds the secret number."""
        return self.folder / "canary.h5"

    @property
    def parquet(self) -> Path:
        """A Parquet file whose column ``flux`` holds the secret number."""
        return self.folder / "canary.parquet"

    @property
    def url(self) -> str:
        """Where the listener answers."""
        return f"http://127.0.0.1:{self.port}/canary.csv"


@dataclass(frozen=True)
class Case:
    """A file made by code, and what has to come of it.

    Args:
        name: of the file.
        category: what it is about.
        content: its text, its bytes, or what makes them.
        expected: refused with a sentence, read with a warning or a guess, or read.
        words: regular expression that the sentence, or one of the warnings, guesses or reasons for dropping, has to match.
        points: how many points are read; None where that does not matter.
    """

    name: str
    category: str
    content: Content
    expected: Expected
    words: str = ""
    points: int | None = None

    def made(self) -> bytes:
        """The file's bytes."""
        content = self.content() if callable(self.content) else self.content
        return content.encode() if isinstance(content, str) else content


def time(rows: int) -> np.ndarray:
    """Times of a light curve [d]."""
    return 1500.0 + 0.02 * np.arange(rows)


def flux(rows: int) -> np.ndarray:
    """Relative fluxes with a scatter that nothing is drawn for."""
    return 1 + 1e-3 * np.sin(97.0 * np.arange(rows))
