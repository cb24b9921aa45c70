"""Bands and instruments: names of channels in an order of their own, whatever the order of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Int32

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kinds.names import plain, plain_names
from astro_sbi.observations.kinds.rows import Rows
from astro_sbi.observations.observation import ObservationError

MAX_CHANNELS = 64
#: Bands from blue to red; surveys write them in small letters, Johnson's and Cousins's are in capitals.
_ORDER = ("u", "U", "B", "g", "c", "V", "G", "r", "R", "o", "i", "I", "z", "Z", "y", "Y", "J", "H", "K", "Ks")
#: What the Zwicky Transient Facility numbers its filters.
_ZTF = {"1": "ZTF g", "2": "ZTF r", "3": "ZTF i"}
#: And the Pan-STARRS archive.
_PANSTARRS = {"1": "g", "2": "r", "3": "i", "4": "z", "5": "y"}


def channels_of(table: Table, index: int | None, alone: str) -> tuple[Int32[np.ndarray, " n"], tuple[str, ...]]:
    """Index of the channel of every row, and the channels' names: bands from blue to red where all are known, others by name.

    Args:
        table: that holds the column.
        index: of the column; None for a single channel.
        alone: name of that one.

    Raises:
        ObservationError: if there are too many for them to be bands or instruments.
    """
    if index is None or table.values[index].dtype.kind == "f":
        return np.zeros(len(table), np.int32), (alone,)
    cells = table.text(index)
    numbered = _numbered(table, index)
    cells = [numbered.get(cell, cell) for cell in cells]
    found = sorted(set(cells), key=_ORDER.index) if set(cells) <= set(_ORDER) else sorted(set(cells))
    if len(found) > MAX_CHANNELS:
        raise ObservationError(
            f"the column {table.columns[index].name[:30]} has {len(found):,} different values: too many bands or instruments; "
            "choose another column for the channel"
        )
    numbers = {name: number for number, name in enumerate(found)}
    return np.array([numbers[cell] for cell in cells], np.int32), tuple(printable(name, 40) or "unnamed" for name in found)


def _numbered(table: Table, index: int) -> Mapping[str, str]:
    """Names of filters that a survey numbers."""
    name = plain(table.columns[index].name)
    if name in ("fid", "ztffid"):
        return _ZTF
    return _PANSTARRS if name == "filterid" and "psfflux" in plain_names(table) else {}


def present(channel: Int32[np.ndarray, " n"], names: tuple[str, ...]) -> tuple[Int32[np.ndarray, " n"], tuple[str, ...]]:
    """Channels that still have rows, numbered anew."""
    left = np.unique(channel)
    return np.searchsorted(left, channel).astype(np.int32), tuple(names[number] for number in left)


def with_present(rows: Rows, names: tuple[str, ...]) -> tuple[Rows, tuple[str, ...]]:
    """Rows whose channels are those that are left, and their names."""
    channel, left = present(rows.channel, names)
    return replace(rows, extra={**rows.extra, "channel": channel}), left
