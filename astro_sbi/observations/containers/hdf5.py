"""HDF5, and NetCDF-4 which is kept in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from astro_sbi.observations.containers.table import Container, Format
from astro_sbi.observations.observation import ObservationError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_STARTS = (0, 512, 1024, 2048, 4096)

Read = TypeVar("Read")


def matches(content: bytes) -> bool:
    """Whether the content has HDF5's signature, behind a user's block or not."""
    return any(content.startswith(_SIGNATURE, start) for start in _STARTS)


def opened(content: bytes) -> Container:
    """The tables of an HDF5 or NetCDF-4 file.

    Raises:
        ObservationError: if it is damaged, refers to other files, claims too much or holds no table.
    """
    # h5py takes long to import, and few files need it.
    from astro_sbi.observations.containers.hdf5_groups import container

    return _said(lambda: container(content))


def arrays(content: bytes, names: Collection[str]) -> dict[str, Any]:
    """The arrays outside of all groups that have these names.

    Raises:
        ObservationError: if it is damaged, refers to other files or claims too much.
    """
    from astro_sbi.observations.containers.hdf5_groups import arrays as found

    return _said(lambda: found(content, names))


def _said(read: Callable[[], Read]) -> Read:
    """What is read, or why it cannot be, in a sentence."""
    try:
        return read()
    except (ObservationError, PermissionError):
        raise
    except MemoryError:
        raise ObservationError("the HDF5 file claims text or arrays too large for the memory: it is damaged; download it again") from None
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        said = re.sub(r"\s+", " ", str(error))[:120]
        raise ObservationError(f"the HDF5 file is damaged or cut short ({said}); download it again") from None


FORMAT = Format("HDF5", matches, opened)
