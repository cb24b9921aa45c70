"""What the child does with a stranger's bytes: parse them, and answer with what was read or the sentence that refuses."""

from __future__ import annotations

from astro_sbi.observations.encoding import asked, encoded
from astro_sbi.observations.parsing import parsed


def answer(request: bytes) -> bytes:
    """The reading of the file in a request."""
    return encoded(parsed(*asked(request)))
