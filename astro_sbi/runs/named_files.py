"""Files that a user names on the command line: read whole within a limit, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.runs.bundle import write_durably


class FileError(RuntimeError):
    """A file that cannot be read or written; the message is the sentence a user reads."""


def content_of(file: str) -> bytes:
    """The bytes of a file.

    Raises:
        FileError: if it cannot be read.
    """
    path = Path(file)
    try:
        if path.is_dir():
            raise FileError(f"{file} is a folder; name a file in it")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FileError(f"{file} has {size / 1e6:.0f} MB and at most {MAX_BYTES / 1e6:.0f} MB are read; cut it to what matters")
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"{file} does not exist; look at its name and folder") from None
    except OSError as error:
        raise FileError(f"{file} cannot be read ({error.strerror}); look at its permissions") from None
    except ValueError:
        raise FileError(f"{file!r} is not the name of a file") from None


def table_in(file: str, covariance: str | None) -> tuple[str, bytes]:
    """Name and bytes of a table, or of a file that holds it with its covariance matrix where that is a file of its own.

    Raises:
        FileError: if one of them cannot be read.
        ObservationError: if both have the same name.
    """
    name, content = Path(file).name, content_of(file)
    if covariance is None:
        return name, content
    from astro_sbi.observations.containers.zipped import table_with_covariance

    return table_with_covariance((name, content), (Path(covariance).name, content_of(covariance)))


def place_for(file: str) -> Path:
    """Where a file is to be written.

    Raises:
        FileError: if its folder does not exist.
    """
    path = Path(file)
    if not path.absolute().parent.is_dir():
        raise FileError(f"{file}: the folder {path.parent} does not exist; make it first")
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or as it was before.

    Raises:
        FileError: if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_durably(temporary, content)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FileError(f"{path} cannot be written ({error.strerror}); choose another place for --out") from None
