"""What is fuzzed: each container format from files in order, and what must hold of every reading."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from astro_sbi.observations.containers import delimited, ecsv, fits_file, hdf5, ipac, mrt, netcdf, parquet, snana, votable, zipped
from astro_sbi.observations.containers.table import Format
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.parsing import parsed
from astro_sbi.observations.preview import Reading
from astro_sbi.observations.reading import inspected
from tests.observations import made
from tests.observations.corpus import ecsv as ecsv_made
from tests.observations.corpus import fits_file as fits_made
from tests.observations.corpus import hdf5 as hdf5_made
from tests.observations.corpus import laid_out, text
from tests.observations.corpus import netcdf as netcdf_made
from tests.observations.corpus import parquet as parquet_made
from tests.observations.corpus import votable as votable_made

#: No reading may take longer [s].
LONGEST = 5.0

_NUMBERS = (b"0", b"-1", b"1e400", b"nan", b"99999999999999999999", b"4294967295", b"2147483647", b"1_000", b"0x10")
_BYTES = (b"\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x00")


@dataclass(frozen=True)
class Target:
    """One format.

    Args:
        name: on the command line.
        format: that opens it; None for the whole chain.
        seeds: makes files in order.
        tokens: pieces worth putting in.
        start: bytes that a file has to begin with to be taken for this format.
    """

    name: str
    format: Format | None
    seeds: Callable[[], tuple[bytes, ...]]
    tokens: tuple[bytes, ...] = ()
    start: bytes = b""

    def fitted(self, content: bytes) -> bytes:
        """The content with a start that this format claims, where it lost its own."""
        if self.format is None or self.format.matches(content):
            return content
        return self.start + content[len(self.start) :]


@dataclass
class Tally:
    """What came of the runs so far."""

    runs: int = 0
    read: int = 0
    slowest: float = 0.0
    leaked: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)


def _fits() -> tuple[bytes, ...]:
    heap = fits_made.heap_table(fits_made.ROWS, 0, column=4)
    return fits_made.table(), fits_made.image(), fits_made.ascii_table(), heap, made.kepler(30), made.sdss(rows=30)


def _texts() -> tuple[bytes, ...]:
    spectrum = "\n".join(f"{4000 + 2 * i} {1 + 0.01 * (i % 7)}" for i in range(120))
    velocities = "# HD 1\n" + "\n".join(f"{2459000.5 + 3 * i}\t{10 * (-1) ** i}\t1.5\tHARPS" for i in range(30))
    return text.csv().encode(), text.rows("{time};{flux};0,001").encode(), spectrum.encode(), velocities.encode()


def _zip() -> tuple[bytes, ...]:
    """Hubble diagrams with their covariance matrices."""
    table = "z,mu,mu_err\n" + "".join(f"{0.1 * (row + 1):.1f},{38 + row},0.1\n" for row in range(12))
    matrix = "\n".join(["12", *(str(0.01 if row == column else 0.001) for row in range(12) for column in range(12))])
    packed = zipped.table_with_covariance(("sn.csv", table.encode()), ("sn.cov", matrix.encode()))[1]
    return packed, zipped.table_with_covariance(("sn.csv", table.encode()), ("sn.cov.gz", gzip.compress(matrix.encode(), mtime=0)))[1]


def targets() -> dict[str, Target]:
    """Every target by its name."""
    keys = tuple(f"{key:<8}= ".encode() for key in ("NAXIS1", "NAXIS2", "TFIELDS", "PCOUNT", "TFORM2", "TDIM2", "TNULL2", "THEAP", "END"))
    marks = (b"<TD>", b"</TR>", b'href="', b"<!DOCTYPE", b"<![CDATA[", b"&#x0;", b'arraysize="*"', b'nrows="9"', b"<BINARY2>", b"<STREAM>")
    yaml = (b"&a ", b"*a", b"!!python/name:os", b"- {name: ", b"[[[", b"<<: ", b"__serialized_columns__", b"subtype: ", b"? ", b"|\n")
    known = (
        Target("fits", fits_file.FORMAT, _fits, (*keys, *_NUMBERS, b"'1PD(9)  '", b"'9999E   '"), b"SIMPLE  = "),
        Target("votable", votable.FORMAT, lambda: (votable_made.votable(), votable_made.binary(bytes(96))), (*marks, *_NUMBERS), b"<?xml "),
        Target(
            "hdf5",
            hdf5.FORMAT,
            lambda: (hdf5_made.hdf5(), hdf5_made.hdf5(libver="latest"), netcdf_made.modern()),
            _BYTES,
            b"\x89HDF\r\n\x1a\n",
        ),
        Target("netcdf", netcdf.FORMAT, lambda: (netcdf_made.classic(), netcdf_made.classic(2)), _BYTES, b"CDF\x01"),
        Target("parquet", parquet.FORMAT, lambda: (parquet_made.parquet(),), _BYTES, b"PAR1"),
        Target("ecsv", ecsv.FORMAT, lambda: (ecsv_made.ecsv(),), (*yaml, *_NUMBERS), b"# %ECSV 1.0\n"),
        Target("delimited", delimited.FORMAT, _texts, (*_NUMBERS, b",", b";", b"\t", b'"', b"\r", b"|", b"#", b"\xef\xbb\xbf", b"--")),
        Target("mrt", mrt.FORMAT, lambda: (laid_out.mrt(),), (*_NUMBERS, b"F9.6", b"?=", b"[0/9]", b"-----"), b"Byte-by-byte Description"),
        Target("ipac", ipac.FORMAT, lambda: (laid_out.ipac(),), (*_NUMBERS, b"|", b"\\char a = 'b'\n", b"|double|"), b"|a|\n|d|\n"),
        Target("snana", snana.FORMAT, lambda: (laid_out.snana(),), (*_NUMBERS, b"OBS:", b"END:", b"VARLIST:", b"+-"), b"VARLIST: "),
        Target("zip", zipped.FORMAT, _zip, (*_BYTES, *_NUMBERS, b"PK\x01\x02", b"PK\x05\x06"), b"PK\x03\x04"),
    )
    several = tuple(seed for target in known for seed in target.seeds()[:2])
    whole = Target("whole", None, lambda: (*several, *map(gzip.compress, several[:3])), (*_NUMBERS, *_BYTES, b"\x1f\x8b\x08"))
    return {target.name: target for target in (*known, whole)}


def fault(target: Target, content: bytes, tally: Tally) -> str:
    """What is wrong with the reading of a content; empty if nothing is. What its format raised by itself is only counted."""
    content = target.fitted(content)
    if target.format is not None:
        try:
            target.format.opened(content)
        except ObservationError:
            tally.leaked["ObservationError"] += 1
        except Exception as error:
            tally.leaked[type(error).__name__] += 1
    start = time.perf_counter()
    try:
        reading = parsed("file", content)
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    tally.runs += 1
    tally.slowest = max(tally.slowest, seconds)
    if seconds > LONGEST:
        return f"took {seconds:.1f} s"
    return _fault_of(reading, tally)


def fault_of(content: bytes) -> str:
    """What is wrong with the reading of a content in the reader's own sandbox; empty if nothing is."""
    start = time.perf_counter()
    try:
        reading = inspected("file", content)
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    return f"took {seconds:.1f} s" if seconds > 2 * LONGEST else _fault_of(reading, Tally())


def _fault_of(reading: Reading, tally: Tally) -> str:
    observation = reading.observation
    if observation is None:
        sentence = reading.refusal
        tally.sentences["".join(character for character in sentence if not character.isdigit())[:80]] += 1
        if not sentence.startswith("file: ") or not sentence.isprintable() or len(sentence) > 400:
            return f"was refused with {sentence!r}"
        return ""
    tally.read += 1
    points = observation.points
    numbers = (points.coordinate, observation.value, points.noise.sigma)
    if not all(np.isfinite(values).all() for values in numbers) or not (points.noise.sigma > 0).all():
        return "was read with numbers that are not finite, or errors that are not above zero"
    if not observation.name.isprintable() or not all(name.isprintable() for name in observation.channels):
        return f"was read with the name {observation.name!r} and channels {observation.channels!r}"
    return ""
