"""Compressed files, archives and files of other programs, under the names of tables."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from tests.observations.corpus import fits_file, text
from tests.observations.corpus.case import Bait, Case, Content, Expected

_Case = tuple[str, Content, Expected, str]
_NO_TEXT = "neither FITS nor text|not text"


def _csv() -> bytes:
    return text.csv().encode()


def _bomb(megabytes: int) -> bytes:
    """Zeros that decompress to so many megabytes."""
    packed = zlib.compressobj(9, wbits=31)
    chunk = bytes(1024**2)
    return b"".join([*(packed.compress(chunk) for _ in range(megabytes)), packed.flush()])


def _gzip() -> Iterator[_Case]:
    good = gzip.compress(_csv(), mtime=0)
    yield "good.csv.gz", lambda: good, "read", ""
    yield "good.fits.gz", lambda: gzip.compress(fits_file.table()), "read", ""
    yield "named-plainly.csv", lambda: good, "read", ""
    yield "members.csv.gz", lambda: gzip.compress(_csv()[:700]) + gzip.compress(_csv()[700:]), "read", ""
    yield "checksum.csv.gz", lambda: good[:-8] + bytes(4) + good[-4:], "refused", "gzip.*damaged"
    yield "length.csv.gz", lambda: good[:-4] + bytes(4), "refused", "gzip.*damaged"
    yield "checksum.fits.gz", lambda: gzip.compress(fits_file.table())[:-8] + bytes(8), "refused", "gzip.*damaged"
    yield "flipped.csv.gz", lambda: good[:300] + bytes([good[300] ^ 0x55]) + good[301:], "refused", "gzip.*damaged"
    yield "cut.csv.gz", lambda: good[: len(good) // 2], "refused", "gzip.*too early"
    yield "cut-in-head.csv.gz", lambda: good[:6], "refused", "gzip"
    yield "magic-only.csv.gz", lambda: b"\x1f\x8b", "refused", "gzip"
    yield "method.csv.gz", lambda: b"\x1f\x8b\x09" + good[3:], "refused", "gzip"
    yield "trailing-noise.csv.gz", lambda: good + b"noise after the end" * 9, "read", ""
    yield "second-member-damaged.csv.gz", lambda: good + good[:-8] + bytes(8), "refused", "gzip.*damaged"
    yield "empty.csv.gz", lambda: gzip.compress(b""), "refused", "empty"
    yield "bomb-150-mb.csv.gz", lambda: _bomb(150), "refused", "decompresses to more"
    yield "bomb-150-mb.fits.gz", lambda: gzip.compress(fits_file.header(fits_file.PRIMARY)) + _bomb(150), "refused", "decompresses to more"
    yield "members-100-thousand.csv.gz", lambda: gzip.compress(b"") * 100_000, "refused", "gzip|empty"
    yield "members-a-million-and-rows.csv.gz", lambda: gzip.compress(b"") * 1_000_000 + good, "refused", "gzip"
    yield "twice.csv.gz", lambda: gzip.compress(good), "refused", "gzip"
    yield "thrice.csv.gz", lambda: gzip.compress(gzip.compress(good)), "refused", "gzip"
    yield "quine-like.csv.gz", lambda: gzip.compress(_bomb(60)), "refused", "gzip"
    yield "zlib.csv", lambda: zlib.compress(_csv()), "refused", _NO_TEXT


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("../../etc/cron.d/x")
        member.size = len(_csv())
        archive.addfile(member, io.BytesIO(_csv()))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def _zip(name: str = "../../light_curve.csv", content: bytes | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, _csv() if content is None else content)
    return buffer.getvalue()


#: Opcodes that would run a command; written out, because nothing here may load or save such files.
_PICKLE = b"cos\nsystem\n(S'touch canary'\ntR."
_PICKLES = {"0": _PICKLE, "2": b"\x80\x02" + _PICKLE, "4": b"\x80\x04\x95\x25" + bytes(7) + _PICKLE, "5": b"\x80\x05" + _PICKLE}


def _array(description: str, body: bytes) -> bytes:
    """A NumPy array file."""
    head = description.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body


def _archives() -> Iterator[_Case]:
    for suffix in ("fits", "csv"):
        yield f"tar.{suffix}", _tar, "refused", f"tar|{_NO_TEXT}"
        yield f"zip.{suffix}", _zip, "refused", "ZIP"
        yield f"bzip2.{suffix}", lambda: bz2.compress(_csv()), "refused", "bzip2"
        yield f"xz.{suffix}", lambda: lzma.compress(_csv()), "refused", "xz"
        yield (
            f"zstandard.{suffix}",
            lambda: b"\x28\xb5\x2f\xfd\x24\x05\x29\x00\x00hello\x91\x1c\x5d\x0e",
            "refused",
            f"Zstandard|{_NO_TEXT}",
        )
        yield f"lzma.{suffix}", lambda: lzma.compress(_csv(), lzma.FORMAT_ALONE), "refused", _NO_TEXT
        yield f"seven-zip.{suffix}", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(200), "refused", f"7z|{_NO_TEXT}"
        yield f"numpy.{suffix}", lambda: _array("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }", bytes(72)), "refused", "NumPy"
        yield (
            f"numpy-objects.{suffix}",
            lambda: _array("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", _PICKLES["4"]),
            "refused",
            "NumPy",
        )
        for protocol, content in _PICKLES.items():
            words = "pickle" if protocol != "0" else "pickle|field|column|rows"
            yield f"pickle-{protocol}.{suffix}", lambda content=content: content, "refused", words
    yield "numpy-100-gb.csv", lambda: _array("{'descr': '<f8', 'fortran_order': False, 'shape': (12500000000,), }", b""), "refused", "NumPy"
    yield "numpy-head-4-gb.csv", lambda: b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'", "refused", "NumPy"
    yield (
        "arrays.npz",
        lambda: _zip("flux.npy", _array("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", _PICKLES["2"])),
        "refused",
        "ZIP",
    )
    yield "arrays-bomb.npz", lambda: _zip("flux.npy", bytes(50_000_000)), "refused", "ZIP"
    yield "joblib.csv", lambda: b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n" + _PICKLE, "refused", f"pickle|{_NO_TEXT}"
    yield "joblib-zlib.csv", lambda: zlib.compress(_PICKLES["2"]), "refused", _NO_TEXT
    yield "spreadsheet.xlsx", lambda: _zip("xl/workbook.xml", b"<workbook/>"), "refused", "ZIP|spreadsheet|Excel"
    yield "spreadsheet.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "refused", f"Excel|Office|{_NO_TEXT}"


def _programs() -> Iterator[_Case]:
    starts = {
        "picture-png": (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        "picture-jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200), "JPEG"),
        "picture-gif": (b"GIF89a" + bytes(200), "GIF"),
        "picture-svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "XML|HTML|column|picture"),
        "paper": (b"%PDF-1.7\n1 0 obj\n<< /S /JavaScript >>\nendobj\n", "PDF"),
        "program-windows": (b"MZ\x90\x00\x03" + bytes(300), f"program|{_NO_TEXT}"),
        "program-linux": (b"\x7fELF\x02\x01\x01" + bytes(300), f"program|{_NO_TEXT}"),
        "database": (b"SQLite format 3\x00" + bytes(300), f"SQLite|{_NO_TEXT}"),
        "wasm": (b"\x00asm\x01\x00\x00\x00", _NO_TEXT),
        "zeros": (bytes(10_000), _NO_TEXT),
    }
    for suffix in ("fits", "csv"):
        for name, (content, words) in starts.items():
            yield f"{name}.{suffix}", lambda content=content: content, "refused", words


def cases(bait: Bait) -> Iterator[Case]:
    """Every compressed file and file of another program."""
    for part, category in ((_gzip, "gzip"), (_archives, "archive"), (_programs, "other program")):
        for name, content, expected, words in part():
            yield Case(name, category, content, expected, words)
