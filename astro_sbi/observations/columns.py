"""What a column of a text table holds, told by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from astro_sbi.observations.observation import Kind, ObservationError

_TIME = {
    "": "time t times date epoch timed timedays days",
    "BJD": "bjd bjdtdb timebjd bjdtime timebjdtdb",
    "HJD": "hjd hjdutc timehjd",
    "JD": "jd jdutc timejd",
    "MJD": "mjd timemjd",
    "BMJD": "bmjd",
    "JD - 2400000": "rjd",
    "BJD - 2457000": "btjd timebtjd",
    "BJD - 2454833": "bkjd timebkjd",
}
_WAVELENGTH = (
    "wavelength lambda wave lam wl wavelengths loglam loglambda wavelengthvac wavelengthvacuum wavelengthair waveair wavevac lambdaair "
    "obswave wavelengthobs spectralaxis"
)
_FLUX = (
    "pdcsapflux sapflux flux relativeflux relflux normalizedflux normalisedflux normflux fluxnorm fluxdetrended detrendedflux detflux "
    "detrended fluxdensity flambda flam fluxlambda fnu fluxnu intensity counts f rawflux fluxraw"
)
_ERROR = (
    "fluxerr fluxerror error err sigma eflux fluxe fluxsigma sigmaflux uncertainty fluxuncertainty unc fluxunc pdcsapfluxerr sapfluxerr "
    "errflux errorflux stdev std relativefluxerr relfluxerr normalizedfluxerr yerr noise relativefluxerror fluxnormerr normfluxerr "
    "fluxdensityerr fluxdensityerror ferr dflux uncert sigmaf fluxstd detfluxerr"
)
_IVAR = "ivar inversevariance fluxivar invvar"
_QUALITY = "quality sapquality flag flags dq mask qualityflag"
_RESOLUTION = "wdisp resolution lsf lsfsigma sigmalsf instrumentaldispersion"
_MAGNITUDE = "mag magnitude imag vmag rmag gmag bmag zmag kmag tmag kpmag tessmag relmag delmag dmag diffmag magi magv magr magg"
MAGNITUDES = "it holds magnitudes and a flux is needed; convert them with flux = 10**(-0.4*(mag - mag0)) and call the column flux"
_BRACKETS = re.compile(r"^(.*?)\s*[\[(](.*)[\])]\s*$")


@dataclass(frozen=True)
class Column:
    """A column's name in the file and its unit as text (None where nothing was said)."""

    name: str
    unit: str | None


@dataclass(frozen=True)
class Roles:
    """Which column is what.

    Args:
        kind: light curve or spectrum.
        columns: index of the column of each role: coordinate, value and, where there are any, error, ivar, quality, resolution.
        zero_point: of the times.
    """

    kind: Kind
    columns: dict[str, int]
    zero_point: str = ""


def split_unit(name: str) -> Column:
    """``time [d]`` taken apart."""
    match = _BRACKETS.match(name.strip())
    return Column(match[1].strip(), match[2].strip()) if match and match[1].strip() else Column(name.strip(), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _first(names: list[str], aliases: str) -> int | None:
    return next((names.index(alias) for alias in aliases.split() if alias in names), None)


def _zero_point(column: Column, default: str) -> str:
    """``BJD - 2457000`` out of the column's name or the text that stands for its unit."""
    text = f"{column.name} {column.unit or ''}"
    match = re.search(r"\b(BJD|HJD|JD|MJD|BMJD)(?:_?TDB)?\s*-\s*(\d{4,7}(?:\.\d+)?)", text, re.IGNORECASE)
    return f"{match[1].upper()} - {match[2]}" if match else default


def roles(columns: list[Column]) -> Roles:
    """Find time or wavelength, flux and what goes with them.

    Raises:
        ObservationError: if the coordinate or the flux is missing.
    """
    names = [_plain(column.name) for column in columns]
    zero_points = {alias: zero_point for zero_point, aliases in _TIME.items() for alias in aliases.split()}
    time = next((i for i, name in enumerate(names) if name in zero_points or re.match(r"^(bjd|hjd|jd|mjd)(tdb)?\d+$", name)), None)
    wavelength = _first(names, _WAVELENGTH)
    shown = ", ".join(column.name[:30] for column in columns[:12]) + (", ..." if len(columns) > 12 else "")
    if time is None and wavelength is None:
        raise ObservationError(f"no column is called time or wavelength (there are: {shown}); name them such as time,flux,flux_err")
    kind: Kind = "light_curve" if wavelength is None else "spectrum"
    coordinate = time if wavelength is None else wavelength
    value = _first(names, _FLUX)
    if value is None and _first(names, _MAGNITUDE) is not None:
        raise ObservationError(MAGNITUDES)
    if value is None:
        wanted = "time" if wavelength is None else "wavelength"
        raise ObservationError(f"no column is called flux (there are: {shown}); name the columns {wanted},flux,flux_err")
    found = {"coordinate": coordinate, "value": value, "error": _first(names, f"{names[value]}err {_ERROR}")}
    found |= {"ivar": _first(names, _IVAR), "quality": _first(names, _QUALITY)}
    found |= {"resolution": _first(names, _RESOLUTION) if kind == "spectrum" else None}
    chosen = {role: index for role, index in found.items() if index is not None}
    zero_point = "" if time is None else _zero_point(columns[time], zero_points.get(names[time], ""))
    return Roles(kind, chosen, zero_point)


def roles_without_header(count: int, coordinate: np.ndarray) -> Roles:
    """Two or three unnamed columns: coordinate, flux and perhaps its error.

    A regular grid between 2,500 and 60,000 counts as wavelengths in Angstrom, anything else as times.
    """
    if count not in (2, 3):
        raise ObservationError(f"it has no line of column names and {count} columns; add a first line such as time,flux,flux_err")
    steps = np.diff(np.sort(coordinate[np.isfinite(coordinate)]))
    regular = len(steps) > 100 and steps.max() < 10 * np.median(steps) and np.median(steps) > 0.01
    wavelength = regular and np.nanmin(coordinate) >= 2500 and np.nanmax(coordinate) <= 60_000 and np.ptp(coordinate) > 300
    columns = {"coordinate": 0, "value": 1} | ({"error": 2} if count == 3 else {})
    return Roles("spectrum" if wavelength else "light_curve", columns)
