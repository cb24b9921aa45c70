"""Keys of what is kept: sha256 of canonical JSON."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

#: Raised when a change of the code changes what an inference answers, so that no stale answer is served.
RECIPE = 5

_KEY = re.compile(r"[0-9a-f]{64}")


def canonical_json(value: Any) -> bytes:
    """The one way to write a JSON value: sorted names, no spaces, UTF-8, no NaN.

    Raises:
        ValueError: if the value holds a number that is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def key_of(value: Any) -> str:
    """sha256 (64 hexadecimal digits) of a JSON value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def sha256_of(content: bytes) -> str:
    """sha256 (64 hexadecimal digits) of bytes."""
    return hashlib.sha256(content).hexdigest()


def is_key(text: str) -> bool:
    """Whether a text, such as a parameter of a URL, can be a key (and is therefore safe as a file name)."""
    return _KEY.fullmatch(text) is not None


def shortened(key: str) -> str:
    """The first twelve digits: enough to tell keys apart by eye."""
    return key[:12]
