"""A file in, an observation out; the parsing is done in a child process that can reach nothing."""

from __future__ import annotations

from typing import Any

from astro_sbi.observations.containers.content import shown_name
from astro_sbi.observations.encoding import decoded, request_of
from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.preview import Reading
from astro_sbi.observations.sandbox import answer_of

_WORKER = "astro_sbi.observations.worker"


def inspected(name: str, content: bytes, options: ReadOptions | None = None) -> Reading:
    """What a file holds and what was read of it; why it was refused is in the answer.

    Args:
        name: the file's name, used in messages, never as a path.
        content: its bytes, perhaps gzipped.
        options: what the user says about it.
    """
    shown = shown_name(name)
    if len(content) > MAX_BYTES:
        most = f"at most {MAX_BYTES / 1e6:.0f} MB are read; cut it to the part that matters"
        return Reading("", (), None, f"{shown}: the file has {len(content) / 1e6:.0f} MB and {most}")
    try:
        return decoded(answer_of(_WORKER, request_of(name, content, options or ReadOptions())))
    except ObservationError as error:
        return Reading("", (), None, f"{shown}: {error}")


def read(name: str, content: bytes, options: ReadOptions | None = None) -> Observation:
    """The observation in a file.

    Raises:
        ObservationError: one sentence that names the file, what is wrong and what to do.
    """
    reading = inspected(name, content, options)
    if reading.observation is None:
        raise ObservationError(reading.refusal)
    return reading.observation


def describe(observation: Observation) -> dict[str, Any]:
    """What was read, ready for JSON."""
    origin = observation.origin
    return {
        "kind": observation.kind,
        "name": observation.name,
        "points": len(observation),
        "objects": origin.objects,
        "units": {"coordinate": observation.coordinate_axis.label, "value": observation.value_axis.unit},
        "axes": {"coordinate": observation.coordinate_axis.name, "value": observation.value_axis.name},
        "zero_point": observation.coordinate_axis.zero_point,
        "first": {"coordinate": float(observation.points.coordinate[0]), "value": float(observation.value[0])},
        "channels": {name: int((observation.points.channel == number).sum()) for number, name in enumerate(observation.channels)},
        "errors": observation.points.noise.source,
        "covariance": observation.points.noise.covariance is not None,
        "known": {name: f"{quantity:.10g}" for name, quantity in observation.points.known.items() if quantity.isscalar},
        "dropped": dict(origin.dropped),
        "warnings": list(origin.warnings),
        "guesses": list(origin.guesses),
        "columns": dict(origin.columns),
        "reader": origin.reader,
    }
