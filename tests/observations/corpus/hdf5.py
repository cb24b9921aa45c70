"""HDF5 files that point outside themselves, claim more than they hold, or are nested without end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import h5py
import numpy as np

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_N = 60
_Fill = Callable[[h5py.File], object]
_Case = tuple[str, Content, Expected, str]
_LINK = "link"


def hdf5(fill: _Fill | None = None, *, without: tuple[str, ...] = (), **settings: object) -> bytes:
    """A file of times, fluxes and errors, less some, with whatever else is filled in."""
    usual = {"time": time(_N), "flux": flux(_N), "flux_err": np.full(_N, 1e-3)}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **settings) as file:
        for name, values in usual.items():
            if name not in without:
                file[name] = values
        if "time" not in without:
            file["time"].attrs["units"] = "d"
        if fill is not None:
            fill(file)
    return buffer.getvalue()


def _outside(bait: Bait) -> Iterator[tuple[str, _Fill, str]]:
    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape=(_N,), dtype="f8")
        layout[:] = h5py.VirtualSource(str(bait.table), "flux", shape=(_N,))
        file.create_virtual_dataset("flux", layout)

    def region(file: h5py.File) -> None:
        file["flux"] = np.array([file["time"].regionref[:5]], dtype=h5py.regionref_dtype)

    def loop(file: h5py.File) -> None:
        file["flux"] = h5py.SoftLink("/flux")

    raw = [(str(bait.text), 0, 8 * _N)]
    yield "link-outside", lambda file: file.__setitem__("flux", h5py.ExternalLink(str(bait.table), "flux")), f"{_LINK}|outside|another file"
    yield "link-outside-missing", lambda file: file.__setitem__("flux", h5py.ExternalLink("nowhere.h5", "flux")), f"{_LINK}|another file"
    yield "link-soft-loop", loop, _LINK
    yield "link-soft-nowhere", lambda file: file.__setitem__("flux", h5py.SoftLink("/nothing/here")), _LINK
    yield "storage-outside", lambda file: file.create_dataset("flux", (_N,), "f8", external=raw), "external|another file|outside"
    yield "virtual", virtual, "virtual|another file|outside"
    yield "references", lambda file: file.__setitem__("flux", np.array([file["time"].ref] * _N, dtype=h5py.ref_dtype)), "flux|reference"
    yield "references-to-regions", region, "flux|reference"


def _beside(bait: Bait) -> Iterator[tuple[str, _Fill]]:
    """Things beside a whole table that must not be followed, and may be left out with a warning or refused."""
    yield "beside-link-outside", lambda file: file.__setitem__("more", h5py.ExternalLink(str(bait.table), "flux"))
    yield "beside-group-outside", lambda file: file.__setitem__("more", h5py.ExternalLink(str(bait.table), "/"))
    yield "beside-storage-outside", lambda file: file.create_dataset("more", (9,), "S8", external=[(str(bait.text), 0, 72)])


def _claims() -> Iterator[tuple[str, _Fill, str]]:
    size = "memory|rows|large|more than"
    chunks = {"chunks": (1000,), "compression": "gzip"}
    yield "claim-8-tb", lambda file: file.create_dataset("flux", (10**12,), "f8", chunks=(10**6,)), size
    yield "claim-8-tb-contiguous", lambda file: file.create_dataset("flux", (10**12,), "f8"), size
    yield "claim-matrix", lambda file: file.create_dataset("flux", (10**6, 10**6), "f8", chunks=(1000, 1000)), size
    yield "claim-hundreds", lambda file: [file.create_dataset(f"x{i}", (4_000_000,), "f8", chunks=(1000,)) for i in range(200)], size
    yield "claim-64-bits", lambda file: file.create_dataset("flux", (2**62,), "i1", chunks=(1000,)), size
    yield "claim-wide-text", lambda file: file.create_dataset("names", (_N,), "S100000000", chunks=(1,)), size
    yield "bomb-of-zeros", lambda file: file.create_dataset("flux", data=np.zeros(3_000_000), **chunks), size
    yield "dimensions-32", lambda file: file.create_dataset("flux", (2,) * 32, "i1", chunks=(1,) * 32), f"{size}|dimensions|flux|axes"


def _contents() -> Iterator[tuple[str, _Fill, Expected, str]]:
    compound = np.zeros(_N, [("a", "f8"), ("b", [("c", "f8", (3,))])])
    yield "type-complex", lambda file: file.__setitem__("flux", flux(_N) + 1j), "refused", "flux|complex"
    yield "type-text", lambda file: file.__setitem__("flux", np.array(["high"] * _N, dtype="S4")), "refused", "flux"
    yield "type-opaque", lambda file: file.__setitem__("flux", np.array([b"x"] * _N, dtype="V8")), "refused", "flux|records|numbers"
    yield "type-nested", lambda file: file.__setitem__("flux", compound), "refused", "flux|records|column"
    yield "type-lists", lambda file: file.create_dataset("flux", (_N,), h5py.vlen_dtype("f8")), "refused", "flux|lists|column"
    yield "type-empty", lambda file: file.__setitem__("flux", h5py.Empty("f8")), "refused", "flux|column"
    yield "lengths-differ", lambda file: file.__setitem__("flux", flux(7)), "refused", "length|flux|rows|column"
    yield "scalar", lambda file: file.__setitem__("flux", 1.0), "refused", "flux|column"
    yield "rows-none", lambda file: file.create_dataset("flux", (0,), "f8"), "refused", "flux|rows|length|column"


def _odd() -> Iterator[tuple[str, _Fill, Expected, str]]:
    def deep(file: h5py.File) -> None:
        group = file
        for _ in range(2000):
            group = group.create_group("g")

    def cycle(file: h5py.File) -> None:
        file.create_group("more")["again"] = file["/"]

    def many(file: h5py.File) -> None:
        for number in range(12_000):
            file.create_group(f"g{number}")

    def attributes(file: h5py.File) -> None:
        for number in range(1200):
            file.attrs[f"key{number}"] = "x" * 40

    yield "units-bomb", lambda file: file["time"].attrs.modify("units", "10**(99999999) d"), "refused", "unit"
    yield "units-number", lambda file: file["time"].attrs.create("units", [1, 2, 3]), "warned", "unit|days"
    yield "units-of-mass", lambda file: file["time"].attrs.modify("units", "kg"), "refused", "convert"
    yield "deep", deep, "refused", "deep|nested"
    yield "cycle", cycle, "read", ""
    yield "groups-12-thousand", many, "refused", "objects|groups|more than"
    yield "attributes-1200", attributes, "read", ""
    yield "attribute-object", lambda file: file.attrs.__setitem__("object", "<script>alert(1)</script>\n\x1b[31m"), "read", ""
    yield "attribute-bytes", lambda file: file.attrs.__setitem__("object", np.bytes_(b"\xff\xfe\x01")), "read", ""
    yield "name-odd", lambda file: file.__setitem__("../../etc/passwd", flux(_N)), "read", ""
    yield "name-of-html", lambda file: file.__setitem__("<img src=x>", flux(_N)), "read", ""


def _filtered(number: int) -> Callable[[], bytes]:
    """A file whose fluxes went through a filter of which only the number is known."""

    def fill(file: h5py.File) -> None:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((_N,))
        properties.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3))
        space = h5py.h5s.create_simple((_N,))
        made = h5py.h5d.create(file.id, b"flux", h5py.h5t.NATIVE_DOUBLE, space, properties)
        made.write_direct_chunk((0,), b"\x01\x02\x03\x04")

    return lambda: hdf5(fill, without=("flux",))


def _bytes() -> Iterator[_Case]:
    words = "HDF5|damaged|cut|open"
    yield "cut-in-half.h5", lambda: hdf5()[: len(hdf5()) // 2], "refused", words
    yield "cut-to-signature.h5", lambda: hdf5()[:8], "refused", words
    yield "cut-by-100.h5", lambda: hdf5()[:-100], "refused", words
    yield "superblock-version.h5", lambda: hdf5()[:8] + b"\xff" + hdf5()[9:], "refused", words
    yield "superblock-noise.h5", lambda: hdf5()[:8] + np.random.default_rng(7).bytes(88) + hdf5()[96:], "refused", words
    yield "signature-and-noise.h5", lambda: hdf5()[:8] + np.random.default_rng(8).bytes(5000), "refused", words
    yield "tree-noise.h5", lambda: hdf5()[:100] + np.random.default_rng(9).bytes(900) + hdf5()[1000:], "refused", words + "|table|column"
    yield "newest-layout.h5", lambda: hdf5(libver="latest"), "read", ""
    yield "filter-unknown.h5", _filtered(32_999), "refused", "filter|flux|damaged|compress"
    yield "filter-bytes-wrong.h5", _filtered(1), "refused", "filter|flux|damaged|compress"
    yield "named-csv.csv", hdf5, "read", ""
    yield "named-fits.fits", hdf5, "read", ""


def cases(bait: Bait) -> Iterator[Case]:
    """Every HDF5 file that is not a plain table."""
    yield Case("good.h5", "hdf5", hdf5, "read", points=_N)
    for name, fill, words in (*_outside(bait), *_claims()):
        yield Case(f"{name}.h5", "hdf5", lambda fill=fill: hdf5(fill, without=("flux",)), "refused", words)
    for name, fill in _beside(bait):
        yield Case(f"{name}.h5", "hdf5", lambda fill=fill: hdf5(fill), "refused", "link|external|another file|outside")
    for name, fill, expected, words in _contents():
        yield Case(f"{name}.h5", "hdf5", lambda fill=fill: hdf5(fill, without=("flux",)), expected, words)
    for name, fill, expected, words in _odd():
        yield Case(f"{name}.h5", "hdf5", lambda fill=fill: hdf5(fill), expected, words)
    for name, content, expected, words in _bytes():
        yield Case(name, "hdf5", content, expected, words)
