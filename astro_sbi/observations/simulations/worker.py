"""What the child does with a stranger's file of simulations, or of one observation of the same numbers."""

from __future__ import annotations

import json

from astro_sbi.observations.containers.content import uncompressed
from astro_sbi.observations.simulations.columns import observed_row, simulated_rows
from astro_sbi.observations.simulations.named_arrays import arrays_in, observed_array, simulated_arrays
from astro_sbi.observations.simulations.table import encoded


def answer(request: bytes) -> bytes:
    """The simulations of a file, or the observation in it."""
    head, _, content = request.partition(b"\n")
    asked = json.loads(head)
    content = uncompressed(content)
    found = arrays_in(content)
    if asked["task"] == "table":
        read = simulated_arrays(found, asked) if found else simulated_rows(asked["name"], content, asked)
    else:
        read = observed_array(found, asked) if found else observed_row(asked["name"], content, asked)
    return encoded(*read)
