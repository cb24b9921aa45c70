"""Files that hold a secret and a listener on this computer, for hostile files to reach for, and what a reading must not show."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from astro_sbi.observations.preview import Reading
from tests.observations.corpus.case import SECRET, SECRET_NUMBER, Bait


@dataclass(frozen=True)
class Trap:
    """The bait, and the socket that notices who takes it."""

    bait: Bait
    listener: socket.socket

    def connections(self) -> int:
        """How many have connected since the last time."""
        count = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def shows(self, reading: Reading) -> list[str]:
        """What of the secret, or of this computer, is in a reading."""
        secrets = (SECRET, f"{SECRET_NUMBER:.10g}", str(self.bait.folder), "Traceback", "site-packages", ".py")
        found = [text for text in secrets if any(text in written for written in texts(reading))]
        made = reading.observation
        return found + [str(SECRET_NUMBER)] * (made is not None and bool(np.isin(made.value, SECRET_NUMBER).any()))


def texts(reading: Reading) -> Iterator[str]:
    """Every text of a reading that a page may show."""
    yield from (reading.format, reading.refusal)
    for table in reading.tables:
        yield table.name
        for column in table.columns:
            yield from (column.name, column.unit, column.meaning, *column.cells)
    made = reading.observation
    if made is None:
        return
    origin = made.origin
    yield from (made.kind, made.name, *made.channels, origin.file, origin.reader, *origin.dropped, *origin.warnings, *origin.guesses)
    yield from origin.columns.values()
    for axis in (made.coordinate_axis, made.value_axis):
        yield from (axis.name, axis.unit, axis.zero_point)


def trap_in(folder: Path) -> Trap:
    """A trap whose files lie in a folder."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.setblocking(False)
    bait = Bait(folder, listener.getsockname()[1])
    bait.text.write_text(f"{SECRET}\n" * 100)
    secret = np.full(60, SECRET_NUMBER)
    with h5py.File(bait.table, "w") as file:
        file["flux"] = secret
    parquet.write_table(pa.table({"time": np.arange(60.0), "flux": secret}), bait.parquet)
    return Trap(bait, listener)
