"""NumPy's archives: plain arrays in a ZIP, never a pickled object."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Collection
from io import BytesIO
from typing import Any

import numpy as np

from astro_sbi.observations.containers.arrays import check_memory
from astro_sbi.observations.observation import ObservationError

_MOST_MEMBERS = 100
_ENCRYPTED = 0x1


def matches(content: bytes) -> bool:
    """Whether the content starts as a ZIP does."""
    return content.startswith(b"PK\x03\x04")


def arrays(content: bytes, names: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file that have these names; no other member is looked into.

    Raises:
        ObservationError: if it is damaged, is some other archive, claims too much or holds pickled objects.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise ObservationError(f"it holds more than {_MOST_MEMBERS} arrays; save theta and x alone")
            members = {one.filename.removesuffix(".npy"): one for one in archive.infolist() if one.filename.endswith(".npy")}
            if not members:
                raise ObservationError("it is a ZIP archive without NumPy arrays; save theta and x by numpy.savez")
            wanted = {name: member for name, member in members.items() if name in names}
            check_memory(sum(member.file_size for member in wanted.values()), "its arrays")
            return {name: _array(archive, name, member) for name, member in wanted.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError) as error:
        if isinstance(error, ObservationError):
            raise
        raise ObservationError(f"the NPZ file is damaged ({' '.join(str(error).split())[:100]}); save it again") from None


def _array(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> np.ndarray:
    """One array, its shape held against the member's size before anything is unpacked."""
    if member.flag_bits & _ENCRYPTED or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ObservationError(
            f"its array {name[:40]} is encrypted or compressed in a way that NumPy does not know; save it by numpy.savez"
        )
    with archive.open(member) as stream:
        shape, column_major, kind = _header(stream)
        if kind.hasobject:
            raise ObservationError(f"its array {name[:40]} holds Python objects, which are pickled and never read; save plain numbers")
        size, start = math.prod(shape) * kind.itemsize, stream.tell()
        check_memory(math.prod(shape) * max(kind.itemsize, 8), f"its array {name[:40]}")
        if size != member.file_size - start:
            raise ObservationError(
                f"its array {name[:40]} has {member.file_size - start} bytes where its shape asks for {size}; save it again"
            )
        found = np.frombuffer(stream.read(size), kind)
    return found.reshape(shape, order="F" if column_major else "C")


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type that an array's header claims."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read(stream)
