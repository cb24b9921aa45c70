"""Answers of archives, taken apart with care: sizes bounded, types checked, unknown fields left alone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.connection import Network
from astro_sbi.runs.download import download

MOST_ANSWER_BYTES = 8 << 20
MOST_ROWS = 5000
LONGEST_TEXT = 100

Row = Mapping[str, Any]


def never() -> bool:
    """Nobody asks to stop."""
    return False


class Asking(NamedTuple):
    """How archives are asked, and whether to go on.

    Args:
        network: how they are reached.
        should_stop: asked several times a second.
    """

    network: Network = Network()
    should_stop: Callable[[], bool] = never

    def text(self, url: str) -> str:
        """An answer as text. Answers to searches are not kept: archives grow.

        Raises:
            ObservationError: if there is none.
        """
        found = download(url, should_stop=self.should_stop, most_bytes=MOST_ANSWER_BYTES, network=self.network)
        return found.content.decode("utf-8", errors="replace")

    def json(self, url: str) -> Any:
        """An answer in JSON.

        Raises:
            ObservationError: if there is none.
        """
        content = self.text(url)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise not_understood(urlsplit(url).hostname or "the archive") from None


def not_understood(host: str) -> ObservationError:
    """What is said about an answer of another form than the archive documents."""
    return ObservationError(f"the answer of {host} was not understood: try again later, or fetch the file with your browser and upload it")


def rows(value: Any, host: str) -> list[Row]:
    """The rows of a table in JSON, not more than are wanted.

    Raises:
        ObservationError: if it is none.
    """
    if not isinstance(value, list):
        raise not_understood(host)
    return [row for row in value[:MOST_ROWS] if isinstance(row, dict)]


def text(row: Row, name: str) -> str:
    """A field as one short printable line, empty where there is none."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    line = " ".join(str(value)[: 4 * LONGEST_TEXT].split())
    return "".join(letter for letter in line if letter.isprintable())[:LONGEST_TEXT]


def number(row: Row, name: str) -> float | None:
    """A field as a finite number, None where there is none; some archives write numbers as text."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(row: Row, name: str) -> int | None:
    """A field as a whole number that is not negative, None where there is none."""
    found = number(row, name)
    return int(found) if found is not None and 0 <= found < 1e18 and found == int(found) else None
