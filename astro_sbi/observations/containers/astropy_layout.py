"""How astropy lays a table out in HDF5 and Parquet: columns described in YAML, masks and two-part times in columns of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import yaml
from jaxtyping import Shaped

from astro_sbi.observations.containers.arrays import MJD_MEANING
from astro_sbi.observations.containers.table import MAX_COLUMNS, Column
from astro_sbi.observations.observation import ObservationError

_MAX_HEADER = 100_000

Found = tuple[Column, Shaped[np.ndarray, "n ..."]]


class _ColumnLoader(yaml.SafeLoader):
    """YAML without aliases, a few of which can stand for millions of values."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def described(header: str) -> dict[str, tuple[str | None, str]]:
    """Unit and description of each column; empty if the YAML is not as astropy writes it.

    Only the list of columns is read: what follows it names Python classes.
    """
    lines = header.split("\n")
    end = next((number for number, line in enumerate(lines) if line.startswith("meta:")), len(lines))
    text = "\n".join(lines[:end])
    if len(text) > _MAX_HEADER or any(line.count("[") + line.count("{") > 10 for line in lines[:end]):
        return {}
    try:
        entries = yaml.load(text, Loader=_ColumnLoader)["datatype"][:MAX_COLUMNS]
        return {str(entry["name"]): (_word(entry.get("unit")), _word(entry.get("description")) or "") for entry in entries}
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError, RecursionError):
        return {}


def _word(value: Any) -> str | None:
    return None if value is None else " ".join(str(value)[:1000].split())[:200]


def restored(columns: Sequence[Found], said: dict[str, tuple[str | None, str]]) -> list[Found]:
    """Columns with their units, masked values missing, and each time in two parts joined to one MJD.

    Args:
        columns: as they are stored.
        said: what `described` found; nothing is joined where the file is not astropy's.
    """
    if not said:
        return list(columns)
    by_name = {column.name: (column, values) for column, values in columns}
    found = []
    for name, (column, values) in by_name.items():
        stem, _, part = name.rpartition(".")
        if part == "mask" and stem in by_name and values.dtype.kind == "b":
            continue
        if part in ("jd1", "jd2") and {f"{stem}.jd1", f"{stem}.jd2"} <= by_name.keys():
            if part == "jd1":
                found.append(_time(stem, values, by_name[f"{stem}.jd2"][1]))
            continue
        unit, meaning = said.get(name, (None, ""))
        mask = by_name.get(f"{name}.mask", (None, None))[1]
        found.append((Column(name, unit or column.unit, meaning or column.meaning), values if mask is None else _masked(values, mask)))
    return found


def _time(name: str, first: Shaped[np.ndarray, " n"], second: Shaped[np.ndarray, " n"]) -> Found:
    if first.dtype.kind not in "if" or second.dtype.kind not in "if":
        raise ObservationError(f"its time {name[:30]} holds no numbers; save the table again")
    return Column(name, "d", MJD_MEANING), (first - 2400000.5) + second


def _masked(values: Shaped[np.ndarray, "n ..."], mask: Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "n ..."]:
    if mask.dtype.kind != "b" or mask.shape != values.shape or not mask.any():
        return values
    return np.where(mask, "" if values.dtype.kind == "U" else np.nan, values)
