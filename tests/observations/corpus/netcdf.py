"""NetCDF files, classic ones and those inside HDF5, whose headers do not fit their bytes."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator

import h5netcdf
import h5py
import numpy as np
from scipy.io import netcdf_file

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_N = 60
_Case = tuple[str, Content, Expected, str]


def classic(version: int = 1, units: str = "days", **attributes: object) -> bytes:
    """A classic file of times, fluxes and errors."""
    buffer = io.BytesIO()
    with netcdf_file(buffer, "w", version=version) as file:
        file.createDimension("row", _N)
        for name, values in {"time": time(_N), "flux": flux(_N), "flux_err": np.full(_N, 1e-3)}.items():
            variable = file.createVariable(name, "d", ("row",))
            variable[:] = values
        file.variables["time"].units = units
        for key, value in attributes.items():
            setattr(file, key, value)
        file.flush()
        return buffer.getvalue()


def modern(fill: Callable[[h5netcdf.File], object] | None = None, units: str = "days") -> bytes:
    """A file of the same in HDF5."""
    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        file.dimensions = {"row": _N}
        for name, values in {"time": time(_N), "flux": flux(_N), "flux_err": np.full(_N, 1e-3)}.items():
            file.create_variable(name, ("row",), data=values)
        file.variables["time"].attrs["units"] = units
        if fill is not None:
            fill(file)
    return buffer.getvalue()


def _changed(change: Callable[[h5py.File], object]) -> Callable[[], bytes]:
    """The file in HDF5 with something changed behind the back of its format."""

    def content() -> bytes:
        buffer = io.BytesIO(modern())
        with h5py.File(buffer, "r+") as file:
            change(file)
        return buffer.getvalue()

    return content


def _with_length(length: int) -> Callable[[], bytes]:
    """The classic file with another length of its only dimension."""
    return lambda: classic().replace(b"row\x00" + struct.pack(">i", _N), b"row\x00" + struct.pack(">I", length), 1)


def _with_kind(code: int) -> Callable[[], bytes]:
    """The classic file with another type of its fluxes."""

    def content() -> bytes:
        whole = classic()
        place = whole.index(b"flux\x00\x00\x00\x00" if b"flux\x00\x00\x00\x00" in whole else b"flux")
        found = whole.index(struct.pack(">i", 6), place)
        return whole[:found] + struct.pack(">i", code) + whole[found + 4 :]

    return content


def _classics() -> Iterator[_Case]:
    words = "NetCDF|damaged|cut|claims|memory|rows|header"
    yield "good.nc", classic, "read", ""
    yield "offsets-64.nc", lambda: classic(2), "read", ""
    yield "version-unknown.nc", lambda: b"CDF\x09" + classic()[4:], "refused", words + "|not known|text"
    yield "version-5.nc", lambda: b"CDF\x05" + classic()[4:], "refused", words + "|text"
    yield "length-4-billion.nc", _with_length(2**32 - 1), "refused", words
    yield "length-2-billion.nc", _with_length(2**31 - 1), "refused", words
    yield "length-61.nc", _with_length(61), "refused", words
    yield "length-10.nc", _with_length(10), "read", ""
    yield "type-unknown.nc", _with_kind(77), "refused", words
    yield "type-negative.nc", _with_kind(-1), "refused", words
    yield "records-many.nc", lambda: classic()[:4] + struct.pack(">I", 2**31 - 1) + classic()[8:], "read", ""
    yield "records-streaming.nc", lambda: classic()[:4] + b"\xff" * 4 + classic()[8:], "read", ""
    yield "dimensions-billion.nc", lambda: classic()[:12] + struct.pack(">I", 10**9) + classic()[16:], "refused", words
    yield "name-length-billion.nc", lambda: classic()[:16] + struct.pack(">I", 10**9) + classic()[20:], "refused", words
    yield "cut-in-header.nc", lambda: classic()[:40], "refused", words
    yield "cut-in-rows.nc", lambda: classic()[:-50], "refused", words
    yield "magic-only.nc", lambda: b"CDF\x01", "refused", words
    yield "noise.nc", lambda: b"CDF\x01" + np.random.default_rng(4).bytes(3000), "refused", words
    yield "units-bomb.nc", lambda: classic(units="10**(99999999) s"), "refused", "unit"
    yield "units-since-nonsense.nc", lambda: classic(units="days since 99999-99-99"), "refused", "since|days|zero|unit"
    yield "units-since-long-ago.nc", lambda: classic(units="days since -4713-01-01"), "refused", "since|days|zero|unit"
    yield "units-fortnights-since.nc", lambda: classic(units="fortnights since 2000-01-01"), "refused", "unit"
    yield "attribute-of-html.nc", lambda: classic(object="<script>alert(1)</script>"), "read", ""


def _moderns(bait: Bait) -> Iterator[_Case]:
    def link(file: h5py.File) -> None:
        del file["flux"]
        file["flux"] = h5py.ExternalLink(str(bait.table), "flux")

    def storage(file: h5py.File) -> None:
        del file["flux"]
        file.create_dataset("flux", (_N,), "f8", external=[(str(bait.text), 0, 8 * _N)])

    def huge(file: h5netcdf.File) -> None:
        file.dimensions["long"] = 10**12
        file.create_variable("more", ("long",), dtype="f8", chunks=(10**6,))

    yield "good-hdf5.nc", modern, "read", ""
    yield "link-outside.nc", _changed(link), "refused", "link|another file"
    yield "storage-outside.nc", _changed(storage), "refused", "external|another file|outside"
    yield "claim-8-tb.nc", lambda: modern(huge), "refused", "memory|TB"
    yield "scales-missing.nc", _changed(lambda file: file["flux"].attrs.__delitem__("DIMENSION_LIST")), "refused", "flux"
    yield "scales-nonsense.nc", _changed(lambda file: file["flux"].attrs.create("DIMENSION_LIST", np.arange(9))), "refused", "flux"
    yield "cut-hdf5.nc", lambda: modern()[:3000], "refused", "HDF5|NetCDF|damaged|cut"
    yield "units-bomb-hdf5.nc", lambda: modern(units="10**(99999999) s"), "refused", "unit"
    for name, value in {"nan": np.nan, "text": "two", "zero": 0.0, "list": [1.0, 2.0]}.items():
        scaled = _changed(lambda file, value=value: file["flux"].attrs.create("scale_factor", value))
        expected: Expected = "warned" if name == "zero" else "refused"
        yield f"scale-{name}.nc", scaled, expected, "flux|scale|no value|same|equal"


def cases(bait: Bait) -> Iterator[Case]:
    """Every NetCDF file whose header is not to be believed."""
    for name, content, expected, words in (*_classics(), *_moderns(bait)):
        yield Case(name, "netcdf", content, expected, words)
