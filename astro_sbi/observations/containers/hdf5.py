"""HDF5, and NetCDF-4 which is kept in it."""

from __future__ import annotations

import re

from astro_sbi.observations.containers.table import Container, Format
from astro_sbi.observations.observation import ObservationError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_STARTS = (0, 512, 1024, 2048, 4096)


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

    try:
        return container(content)
    except (ObservationError, PermissionError):
        raise
    except MemoryError:
        raise ObservationError("the HDF5 file claims text or arrays too large for the memory: it is damaged; download it again") from None
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        said = re.sub(r"\s+", " ", str(error))[:120]
        raise ObservationError(f"the HDF5 file is damaged or cut short ({said}); download it again") from None


FORMAT = Format("HDF5", matches, opened)
