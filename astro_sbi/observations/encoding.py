"""Readings as bytes between a child and its parent: a line of JSON, then the arrays. The parent believes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, get_args

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind, Noise, Observation, ObservationError, Origin, Points
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.preview import ColumnPreview, Reading, TablePreview
from astro_sbi.observations.units import unit_of

_TYPES = {"f": "<f8", "i": "<i4", "b": "|b1"}


def request_of(name: str, content: bytes, options: ReadOptions) -> bytes:
    """What a child is asked."""
    head = json.dumps({"name": name, "options": asdict(options)}).encode()
    return head + b"\n" + content


def asked(request: bytes) -> tuple[str, bytes, ReadOptions]:
    """Name, content and options of a request."""
    head, _, content = request.partition(b"\n")
    told = json.loads(head)
    return told["name"], content, ReadOptions(**told["options"])


def _arrays(observation: Observation) -> dict[str, np.ndarray]:
    points = observation.points
    arrays = {
        "coordinate": points.coordinate,
        "value": observation.value,
        "sigma": points.noise.sigma,
        "channel": points.channel,
        "used": points.used,
    }
    arrays |= {} if points.noise.covariance is None else {"covariance": points.noise.covariance}
    return arrays | {f"known {name}": np.asarray(quantity.value, dtype=np.float64) for name, quantity in points.known.items()}


def encoded(reading: Reading) -> bytes:
    """A reading as bytes."""
    head: dict[str, Any] = {"format": reading.format, "refusal": reading.refusal, "tables": [asdict(table) for table in reading.tables]}
    bodies, observation = [], reading.observation
    if observation is not None:
        arrays = {name: np.ascontiguousarray(array, _TYPES[array.dtype.kind]) for name, array in _arrays(observation).items()}
        bodies = [array.tobytes() for array in arrays.values()]
        head["arrays"] = [[name, array.dtype.kind, list(np.shape(_arrays(observation)[name]))] for name, array in arrays.items()]
        head["observation"] = {
            "kind": observation.kind,
            "name": observation.name,
            "axes": [asdict(observation.coordinate_axis), asdict(observation.value_axis)],
            "channels": list(observation.channels),
            "origin": asdict(observation.origin),
            "source": observation.points.noise.source,
            "units": {name: quantity.unit.to_string() for name, quantity in observation.points.known.items()},
        }
    return b"\n".join([json.dumps(head).encode(), b"".join(bodies)])


def decoded(answer: bytes) -> Reading:
    """A reading out of bytes.

    Raises:
        ObservationError: if they are not what a child writes.
    """
    try:
        head, _, body = answer.partition(b"\n")
        told = json.loads(head)
        tables = tuple(
            TablePreview(_text(table["name"]), int(table["rows"]), tuple(_column(column) for column in table["columns"]))
            for table in told["tables"]
        )
        found = _observation(told, dict(_parted(told["arrays"], body))) if "observation" in told else None
        return Reading(_text(told["format"]), tables, found, _text(told["refusal"]))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise ObservationError("what was read of it makes no sense; give it as CSV with named columns") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _column(told: Mapping[str, Any]) -> ColumnPreview:
    return ColumnPreview(_text(told["name"]), _text(told["unit"]), _text(told["meaning"]), tuple(map(_text, told["cells"])))


def _parted(arrays: list, body: bytes) -> Iterator[tuple[str, np.ndarray]]:
    start = 0
    for name, kind, shape in arrays:
        dtype = np.dtype(_TYPES[kind])
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        yield _text(name), np.frombuffer(body[start : start + size], dtype).reshape(shape).astype(dtype.newbyteorder("="))
        start += size


def _observation(told: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Observation:
    said = told["observation"]
    if said["kind"] not in get_args(Kind) or said["source"] not in ("quoted", "estimated"):
        raise ValueError
    length = len(arrays["value"])
    columns = [arrays[name] for name in ("coordinate", "value", "sigma", "channel", "used")]
    if any(array.shape != (length,) for array in columns):
        raise ValueError
    known = {name: u.Quantity(_scalar(arrays[f"known {name}"]), unit_of(_text(unit))) for name, unit in said["units"].items()}
    covariance = arrays.get("covariance")
    if covariance is not None and covariance.shape != (length, length):
        raise ValueError
    noise = Noise(arrays["sigma"], said["source"], covariance)
    points = Points(arrays["coordinate"], arrays["channel"], arrays["used"], noise, known)
    axes = [Axis(*(_text(axis[field.name]) for field in fields(Axis))) for axis in said["axes"]]
    channels = tuple(map(_text, said["channels"]))
    return Observation(said["kind"], _text(said["name"]), points, arrays["value"], axes[0], axes[1], channels, _origin(said["origin"]))


def _scalar(values: np.ndarray) -> Any:
    return float(values) if values.ndim == 0 else values


def _origin(told: Mapping[str, Any]) -> Origin:
    return Origin(
        _text(told["file"]),
        _text(told["sha256"]),
        _text(told["reader"]),
        {_text(reason): int(count) for reason, count in told["dropped"].items()},
        tuple(map(_text, told["warnings"])),
        {_text(role): _text(name) for role, name in told["columns"].items()},
        tuple(map(_text, told["guesses"])),
        int(told["objects"]),
    )
