"""Apache Parquet."""

from __future__ import annotations

from astro_sbi.observations.containers.table import Container, Format
from astro_sbi.observations.observation import ObservationError

MAX_FOOTER = 8 * 1024**2


def matches(content: bytes) -> bool:
    """Whether the content starts as a Parquet file does."""
    return content[:4] in (b"PAR1", b"PARE")


def opened(content: bytes) -> Container:
    """The table of a Parquet file.

    Raises:
        ObservationError: if it is damaged or encrypted, claims too much or has no column to read.
    """
    _check_ends(content)
    # pyarrow takes long to import, and few files need it.
    from astro_sbi.observations.containers.parquet_columns import container

    try:
        return container(content)
    except (ObservationError, PermissionError):
        raise
    except (OSError, LookupError, ValueError, TypeError, ArithmeticError, NotImplementedError) as error:
        said = " ".join(str(error).split())[:120]
        raise ObservationError(f"the Parquet file is damaged ({said}); download or write it again") from None


def _check_ends(content: bytes) -> None:
    if content[:4] == b"PARE" or content[-4:] == b"PARE":
        raise ObservationError("the Parquet file is encrypted; save it without encryption")
    length = int.from_bytes(content[-8:-4], "little")
    if len(content) < 12 or content[-4:] != b"PAR1" or length + 12 > len(content):
        raise ObservationError("the Parquet file is cut short: its footer is missing; download it again")
    if length > MAX_FOOTER:
        raise ObservationError(f"its footer has {length / 1e6:.0f} MB and at most {MAX_FOOTER / 1e6:.0f} MB are read; save fewer columns")


FORMAT = Format("Parquet", matches, opened)
