"""A library of simple stellar populations: the HDF5 file that DSPS reads, on this computer, checked before it is believed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.containers.content import shown_name
from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators.registry import SSP_LIBRARY as VARIABLE

if TYPE_CHECKING:
    import h5py

#: The file in the folder that `SSP_LIBRARY` names.
FILE = "ssp_data_fsps_v3.2_lgmet_age.h5"
#: Wavelengths at rest that a library has to cover [A].
COVERED = (3150.0, 9850.0)

_MOST_BYTES = 2 * 1024**3
_MOST_NUMBERS = 200_000_000
_WHERE = (
    f"set {VARIABLE} to the HDF5 file, or to the folder that holds {FILE} (from portal.nersc.gov/project/hacc/aphearin/DSPS_data, or made "
    "from python-fsps by dsps.data_loaders.retrieve_ssp_data_from_fsps), or leave model.templates at kcorrect"
)
#: Least and largest numbers of each axis, and what it is.
_AXES = {
    "ssp_lgmet": (-6.0, -0.5, "log10 of the mass fraction of metals, about -1.85 for the Sun"),
    "ssp_lg_age_gyr": (-6.0, 1.6, "log10 of the age in Gyr"),
    "ssp_wave": (1.0, 1e10, "wavelength in Angstrom"),
}
#: Light of old stars at 5500 A that can be [Lsun/Hz per solar mass]: FSPS has about 5e-16 at 10 Gyr.
_OLD_LIGHT, _OLD_LG_AGE, _OPTICAL = (1e-17, 1e-14), 1.0, 5500.0


@dataclass(frozen=True, eq=False)
class SSPLibrary:
    """Spectra of stars that formed together, by metallicity and age.

    Args:
        lgmet: log10 of the mass fraction of metals.
        lg_age: log10 of the age in Gyr.
        wavelength: in vacuum, between the ends of `COVERED` and a little beyond [A].
        flux: luminosity for each solar mass of stars formed [Lsun/Hz].
        sha256: of the file.
    """

    lgmet: Float64[np.ndarray, " z"]
    lg_age: Float64[np.ndarray, " a"]
    wavelength: Float64[np.ndarray, " w"]
    flux: Float64[np.ndarray, "z a w"]
    sha256: str


def library_path() -> Path:
    """The file of this computer.

    Raises:
        ObservationError: if none is named or it is not there.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if not told:
        raise ObservationError(f"stellar populations need a library of their spectra, and the variable {VARIABLE} is not set: {_WHERE}")
    path = Path(told) / FILE if Path(told).is_dir() else Path(told)
    if not path.is_file():
        raise ObservationError(f"the library of stellar populations {shown_name(path.name)} is not where {VARIABLE} points: {_WHERE}")
    return path


def library_lacks() -> str:
    """Why there is no library on this computer, empty where there is a file; it is not read."""
    try:
        library_path()
    except ObservationError as error:
        return str(error)
    return ""


def fingerprint() -> str:
    """sha256 of the library's file, empty where there is none."""
    return "" if library_lacks() else _sha256(*_state(library_path()))


def library() -> SSPLibrary:
    """The library, read once as long as its file does not change.

    Raises:
        ObservationError: if there is none, or it is not what it has to be.
    """
    return _library(*_state(library_path()))


def _state(path: Path) -> tuple[Path, int, int]:
    state = path.stat()
    return path, state.st_size, state.st_mtime_ns


@lru_cache(maxsize=4)
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def _library(path: Path, size: int, changed: int) -> SSPLibrary:
    import h5py

    if size > _MOST_BYTES:
        raise _wrong(path, f"has {size / 1e9:.1f} GB, and at most {_MOST_BYTES / 1e9:.1f} GB are read")
    try:
        with h5py.File(path, "r") as file:
            found = {name: _dataset(path, file, name) for name in (*_AXES, "ssp_flux")}
            _check_shapes(path, {name: dataset.shape for name, dataset in found.items()})
            axes = {name: _axis(path, name, np.asarray(found[name][...], np.float64)) for name in _AXES}
            wavelength = axes["ssp_wave"]
            first, last = np.searchsorted(wavelength, COVERED)
            if first == 0 or last == len(wavelength):
                raise _wrong(path, f"does not cover {COVERED[0]:g} to {COVERED[1]:g} A")
            kept = slice(max(first - 2, 0), last + 2)
            flux = np.stack([_spectra(path, found["ssp_flux"], row)[:, kept] for row in range(len(axes["ssp_lgmet"]))])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, ObservationError):
            raise
        raise _wrong(path, f"is damaged or no HDF5 file ({' '.join(str(error).split())[:80]})") from error
    made = SSPLibrary(axes["ssp_lgmet"], axes["ssp_lg_age_gyr"], wavelength[kept], flux, _sha256(path, size, changed))
    _check_light(path, made)
    return made


def _wrong(path: Path, what: str) -> ObservationError:
    return ObservationError(f"the library of stellar populations {shown_name(path.name)} {what}; {_WHERE}")


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """An array that lies in the file itself as plain numbers."""
    import h5py

    from astro_sbi.observations.containers.hdf5_groups import check_inside

    link = file.get(name, getlink=True)
    if link is None:
        raise _wrong(path, f"has no array {name}")
    dataset: Any = file[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None or dataset.dtype.kind not in "fiu":
        raise _wrong(path, f"has something else than an array of numbers called {name}")
    try:
        check_inside(dataset, name)
    except ObservationError as error:
        raise _wrong(path, f"cannot be read: {error}") from None
    return dataset


def _check_shapes(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse arrays that do not fit together, before any of them is read."""
    lengths = tuple(shapes[name][0] if len(shapes[name]) == 1 else 0 for name in _AXES)
    if shapes["ssp_flux"] != lengths or lengths[1] < 8 or lengths[2] < 1000:
        told = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in shapes.items())
        raise _wrong(path, f"has arrays that do not fit together ({told}); ssp_flux is metallicities x ages x wavelengths")
    if lengths[0] < 2 or np.prod(lengths, dtype=np.float64) > _MOST_NUMBERS:
        raise _wrong(path, f"has {lengths[0]:,} metallicities, {lengths[1]:,} ages and {lengths[2]:,} wavelengths: too few or too many")


def _axis(path: Path, name: str, values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    low, high, meaning = _AXES[name]
    if not np.isfinite(values).all() or not (np.diff(values) > 0).all():
        raise _wrong(path, f"has a {name} that does not increase from number to number")
    if values[0] < low or values[-1] > high:
        raise _wrong(path, f"has a {name} from {values[0]:.4g} to {values[-1]:.4g}, which is not {meaning}")
    return values


def _spectra(path: Path, dataset: h5py.Dataset, row: int) -> Float64[np.ndarray, "a w"]:
    """The spectra of one metallicity."""
    flux = np.asarray(dataset[row], np.float64)
    if not np.isfinite(flux).all() or (flux < 0).any():
        raise _wrong(path, f"has fluxes that are negative or not finite at its metallicity {row + 1}")
    return flux


def _check_light(path: Path, found: SSPLibrary) -> None:
    """Refuse spectra in another unit, or ones that do not fade with age."""
    optical = found.flux[:, :, np.searchsorted(found.wavelength, _OPTICAL)]
    old = float(np.median(optical[:, np.argmin(np.abs(found.lg_age - _OLD_LG_AGE))]))
    if not _OLD_LIGHT[0] < old < _OLD_LIGHT[1]:
        raise _wrong(path, f"has {old:.2g} at 5500 A for old stars, where they give about 5e-16 Lsun/Hz for each solar mass: another unit")
    if not (optical[:, 0] > optical[:, -1]).all() or not (found.flux.max(axis=-1) > 0).all():
        raise _wrong(path, "has young stars that are fainter than old ones, or stars without light")
