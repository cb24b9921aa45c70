"""ZIP archives of a table and its covariance matrix: two files that are one observation."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

from astro_sbi.observations.containers.content import shown_name, stem, uncompressed
from astro_sbi.observations.containers.matrix import matrix_of
from astro_sbi.observations.containers.table import Container, Format, Image
from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import ObservationError

#: What the matrix is called among the images of the container.
COVARIANCE = "covariance"

_MAGIC = b"PK\x03\x04"
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_EPOCH = (1980, 1, 1, 0, 0, 0)
_WANTED = "of ZIP archives only those of a table and its covariance matrix are read; unpack it and give the table"


def table_with_covariance(table: tuple[str, bytes], covariance: tuple[str, bytes]) -> tuple[str, bytes]:
    """Name and content of a file that holds both; nothing is parsed, and the same files give the same bytes.

    Args:
        table: name and content.
        covariance: name and content of the matrix.

    Raises:
        ObservationError: if the two have the same name.
    """
    files = {shown_name(name): content for name, content in (table, covariance)}
    if len(files) < 2:
        raise ObservationError(f"{shown_name(table[0])}: the table and its covariance matrix have the same name; give two files")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 1)
    return f"{stem(table[0])}.zip", buffer.getvalue()


def _files(content: bytes) -> Mapping[str, bytes]:
    """Its files but those that systems leave behind, by name.

    Raises:
        ObservationError: if they are not two, or are encrypted, packed in a rare way or too large.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _left_behind(entry.filename)]
        if len(entries) != 2 or len({shown_name(entry.filename) for entry in entries}) != 2:
            raise ObservationError(f"it is a ZIP archive of {len(entries)} file{'s' * (len(entries) != 1)}, and {_WANTED}")
        if any(entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKINGS for entry in entries):
            raise ObservationError("its ZIP archive is encrypted or packed in a rare way; pack its files again without a password")
        if sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise ObservationError(f"its ZIP archive unpacks to more than {MAX_BYTES / 1e6:.0f} MB; pack its files compressed by gzip")
        return {shown_name(entry.filename): archive.read(entry) for entry in entries}


def _left_behind(name: str) -> bool:
    return name.startswith("__MACOSX/") or shown_name(name).startswith(".")


def _opened(content: bytes) -> Container:
    # The registry of formats holds this one.
    from astro_sbi.observations.containers.opening import container_of

    try:
        files = {name: uncompressed(packed) for name, packed in _files(content).items()}
    except ObservationError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, IndexError, struct.error):
        raise ObservationError("its ZIP archive is damaged; download or pack it again") from None
    matrices = {name: matrix_of(name, plain) for name, plain in files.items()}
    found = {name: matrix for name, matrix in matrices.items() if matrix is not None}
    tables = [name for name, plain in files.items() if name not in found and not matches(plain)]
    if len(found) != 1 or len(tables) != 1:
        raise ObservationError(f"it is a ZIP archive, and {_WANTED}; a matrix is a text of N and then N x N numbers")
    (name, matrix), table = next(iter(found.items())), container_of(tables[0], files[tables[0]])
    image = Image(COVARIANCE, matrix, {"file": name})
    return replace(table, format=f"{table.format} and a covariance matrix", images=(*table.images, image))


def matches(content: bytes) -> bool:
    """Whether the content is a ZIP archive."""
    return content.startswith(_MAGIC)


FORMAT = Format("ZIP", matches, _opened)
