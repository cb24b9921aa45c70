"""Bytes as they were uploaded: bounded decompression and a first look at what they are."""

from __future__ import annotations

import zlib

from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import ObservationError

_GZIP = b"\x1f\x8b"
_MAX_MEMBERS = 4096
_CHUNK = 1 << 16

_SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (_GZIP, "a gzip file in another one"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"\x93NUMPY", "a NumPy array file"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"CDF\x01", "a NetCDF file"),
    (b"CDF\x02", "a NetCDF file"),
)


def signature(content: bytes) -> str | None:
    """What a file of another kind is called in words, or None if its first bytes tell nothing."""
    start = content.lstrip()[:200].lower()
    if start.startswith((b"<?xml", b"<votable", b"<!doctype", b"<html")):
        return "an HTML page" if b"html" in start else "an XML file"
    return next((words for magic, words in _SIGNATURES if content.startswith(magic)), None)


def uncompressed(content: bytes) -> bytes:
    """The content, gunzipped if it is gzip (all members, checksums verified, at most 64 MB).

    Raises:
        ObservationError: if it is too large, cut short or damaged.
    """
    if len(content) > MAX_BYTES:
        raise ObservationError(
            f"the file has {len(content) / 1e6:.0f} MB and at most {MAX_BYTES / 1e6:.0f} MB are read; cut it to the part that matters"
        )
    if not content.startswith(_GZIP):
        return content
    parts, size, position = [], 0, 0
    while content.startswith(_GZIP, position):
        if len(parts) == _MAX_MEMBERS:
            raise ObservationError(f"its gzip compression is in more than {_MAX_MEMBERS:,} pieces; compress the file again")
        part, position = _member(content, position, MAX_BYTES - size + 1)
        size += len(part)
        if size > MAX_BYTES:
            raise ObservationError(f"it decompresses to more than {MAX_BYTES / 1e6:.0f} MB; cut it to the part that matters")
        parts.append(part)
    return b"".join(parts)


def _member(content: bytes, start: int, most: int) -> tuple[bytes, int]:
    """At most so many bytes of the gzip member that starts there, and where the next one starts.

    It is fed in chunks, because what lies behind a member is copied with every one.
    """
    inflate, parts, size = zlib.decompressobj(wbits=31), [], 0
    for place in range(start, len(content), _CHUNK):
        chunk = content[place : place + _CHUNK]
        try:
            parts.append(inflate.decompress(chunk, most - size))
        except zlib.error:
            raise ObservationError(
                "the gzip compression is damaged (its checksum or its stream is wrong); download or compress the file again"
            ) from None
        size += len(parts[-1])
        if inflate.eof or size >= most:
            return b"".join(parts), place + len(chunk) - len(inflate.unused_data)
    raise ObservationError("the gzip compression ends too early; download the file again")


def shown_name(name: str) -> str:
    """A file's name as text: no folders, no control characters, at most 100 characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in base if character.isprintable()).strip()
    return (printable[:97] + "..." if len(printable) > 100 else printable) or "unnamed file"


def printable(text: str, longest: int) -> str:
    """Text of a stranger on one line, without control characters and not too long."""
    plain = "".join(character if character.isprintable() else " " for character in text[: 4 * longest])
    return " ".join(plain.split())[:longest]


def stem(name: str) -> str:
    """A file's name without folders, compression and format suffix: the object's name where the file gives none."""
    base = shown_name(name).removesuffix(".gz")
    return base.rsplit(".", 1)[0] or base
