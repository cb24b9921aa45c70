"""Spectra that FITS keeps as images: wavelengths in the header, a row or an extension; errors and masks in further ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.containers.table import Column, Container, Fact, Image
from astro_sbi.observations.kinds.errors import errors_of_weights
from astro_sbi.observations.kinds.flags import spoilt
from astro_sbi.observations.kinds.grids import Order, grid_of, iraf_orders, iraf_unit
from astro_sbi.observations.kinds.image_rows import Rows2D, labelled
from astro_sbi.observations.kinds.importer import Importer, Source, number_fact
from astro_sbi.observations.kinds.orders import Taken, joined, one_of
from astro_sbi.observations.kinds.rows import finite_median
from astro_sbi.observations.kinds.spectrum import Measured, observed, redshift_known
from astro_sbi.observations.kinds.wavelengths import medium_of
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import unit_of

_ROLES = {
    "value": "flux sci data spectrum spec coadd primary sciflux image signal spectrumvr",
    "error": "err error errs sigma uncert noise std errors stdev uncertainty rms errspec",
    "variance": "stat var variance",
    "ivar": "ivar invvar inversevariance",
    "mask": "mask dq quality bpm badpix pixelmask",
    "wavelength": "wave wavelength wavelengths lambda loglam wav",
}
_MOST_ROWS, _FEWEST_PIXELS = 100, 16
_WORDED_UNIT = re.compile(r"[A-Za-z ]+[(\[](.*)[)\]]")
_OF_ONE_IMAGE = ("crval", "cdelt", "cd", "crpix", "ctype", "cunit", "wat", "array", "row", "bandid", "bunit", "dc-flag", "coeff")
_SKY = ("RA", "DEC", "GLON", "GLAT", "PIXEL", "ELON")


def role_of(image: Image) -> str:
    """What an image holds, by its name or by the first word of its unit, as APOGEE writes it; empty where neither tells."""
    said = re.match(r"[A-Za-z]*", str(image.facts.get("bunit", "")))
    for word in (re.sub(r"[^a-z]", "", image.name.lower()), (said[0] if said and " " in str(image.facts.get("bunit", "")) else "").lower()):
        found = next((role for role, names in _ROLES.items() if word in names.split()), "")
        if found:
            return found
    return ""


def unit_said(text: object) -> u.UnitBase | None:
    """A unit out of a header; None where nothing is said or understood."""
    shown = str(text or "").strip()
    worded = _WORDED_UNIT.fullmatch(shown)
    try:
        return unit_of(worded[1] if worded else shown) if shown else None
    except ObservationError:
        return None


@dataclass(frozen=True, eq=False)
class _Found:
    """An image that holds a spectrum.

    Args:
        image: as in the file.
        axis: along which the pixels lie, as FITS counts.
        others: the file's other images, which may hold errors and masks.
        rows: of the image.
        meaning: what its rows are.
        facts: its header, over that of the file.
        grid: wavelengths of the pixels; None where the orders or a row of the image have them.
        orders: wavelengths of each of its spectra, where they have their own.
    """

    image: Image
    axis: int
    others: tuple[Image, ...]
    rows: Float64[np.ndarray, "rows n"]
    meaning: Rows2D
    facts: Mapping[str, Fact]
    grid: Float64[np.ndarray, " n"] | None
    orders: tuple[Order, ...]


def _rows(image: Image) -> tuple[np.ndarray, int]:
    """An image as rows of pixels, and the FITS axis along which they lie: the last, or the only long one."""
    values = image.values
    if not values.size or not values.ndim:
        return np.zeros((0, 0)), 1
    long = [axis for axis, size in enumerate(values.shape) if size >= _FEWEST_PIXELS]
    axis = long[0] if len(long) == 1 else values.ndim - 1
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis]), values.ndim - axis


def _facts(image: Image, container: Container, axis: int) -> dict[str, Fact]:
    """Header of an image over that of the file, whose own grid does not count where the image has one."""
    own = f"crval{axis}" in image.facts
    return {key: value for key, value in container.facts.items() if not (own and key.startswith(_OF_ONE_IMAGE))} | dict(image.facts)


def _spectrum_in(image: Image, container: Container) -> _Found | None:
    rows, axis = _rows(image)
    if image.values.ndim > 3 or not 1 <= rows.shape[0] <= _MOST_ROWS or rows.shape[1] < max(_FEWEST_PIXELS, 2 * rows.shape[0]):
        return None
    facts = _facts(image, container, axis)
    if str(facts.get(f"ctype{axis}", "")).strip().upper().startswith(_SKY):
        return None
    others = tuple(other for other in container.images if other is not image)
    grid, orders = _listed(others, image, rows.shape[1]), iraf_orders(facts, rows.shape[1])
    if grid is not None and grid.ndim > 1:
        orders, grid = tuple(Order(number + 1, wavelength) for number, wavelength in enumerate(grid)), None
    if grid is None and not orders:
        grid = grid_of(facts, rows.shape[1], axis)
    meaning = labelled(rows, facts)
    if not orders and grid is None and "wavelength" not in meaning.roles:
        return None
    return _Found(image, axis, others, rows, meaning, facts, grid, orders[: _apertures(image)])


def _apertures(image: Image) -> int:
    """How many spectra an image has: IRAF's third axis counts what was measured of each (``BANDID``)."""
    return image.values.shape[-2] if image.values.ndim > 1 else 1


def _listed(others: tuple[Image, ...], image: Image, length: int) -> np.ndarray | None:
    """Wavelengths in an extension of their own [n], or a row of them for each of the image [rows, n]."""
    listed = (other for other in others if role_of(other) == "wavelength")
    found = next((other for other in listed if other.values.size == length or other.values.shape == image.values.shape), None)
    if found is None:
        return None
    grid = found.values.ravel() if found.values.size == length else found.values.reshape(-1, length)
    with np.errstate(over="ignore"):
        return 10.0**grid if "log" in found.name.lower() and not (grid > 6).any() else grid


def _find(container: Container, options: ReadOptions) -> _Found | None:
    """The image that is a spectrum; one that is called flux comes first."""
    order = sorted(container.images, key=lambda image: {"value": 0, "": 1}.get(role_of(image), 2))
    found = (_spectrum_in(image, container) for image in order if role_of(image) in ("value", ""))
    return next((each for each in found if each is not None), None)


def _beside(found: _Found, *roles: str) -> tuple[str, np.ndarray] | None:
    """Role and rows of the first other image of the same shape that plays one of some roles."""
    for other in found.others:
        if role_of(other) in roles and other.values.shape == found.image.values.shape:
            return role_of(other), _rows(other)[0]
    return None


def _sigma(role: str, values: np.ndarray) -> np.ndarray:
    """Standard deviations of errors, variances or inverse variances."""
    if role == "ivar":
        return errors_of_weights(values)
    with np.errstate(invalid="ignore"):
        return np.sqrt(values) if role == "variance" else values


def _noise(found: _Found, taken: Taken) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Standard deviations and flagged pixels of the rows that were taken."""
    # A cube of IRAF's has a row for each aperture in each of its bands; the errors in a flat image belong to one spectrum.
    apertures = _apertures(found.image) if found.image.values.ndim > 2 else 1
    places = taken.rows if apertures > 1 else (0,) if len(taken.rows) == 1 else ()
    own = {role: found.rows[[apertures * row + place for place in places]] for role, row in found.meaning.roles.items() if places}
    beside = _beside(found, "error", "variance", "ivar")
    noise = next(((role, own[role]) for role in ("error", "variance", "ivar") if role in own), None)
    if noise is None and beside is not None:
        noise = beside[0], beside[1][list(taken.rows)]
    masked = _beside(found, "mask")
    mask = own.get("mask", None if masked is None else masked[1][list(taken.rows)])
    bad = None if mask is None else spoilt(np.nan_to_num(mask.ravel()), found.facts)
    return None if noise is None else _sigma(noise[0], noise[1].ravel()), None if bad is None or bad.all() else bad


def _read(found: _Found, source: Source, options: ReadOptions) -> Observation:
    meaning = found.meaning
    grid = found.grid if found.grid is not None or found.orders else found.rows[meaning.roles["wavelength"]]
    taken = one_of(meaning.spectra, grid, options.row) if grid is not None else joined(found.orders, options.row)
    value, coordinate = found.rows[list(taken.rows)].ravel(), taken.wavelength
    sigma, bad = _noise(found, taken)
    # Pixels that were never exposed hold exactly nothing, at the ends.
    empty = value == 0 if np.mean(value == 0) < 0.5 else np.zeros(len(value), bool)
    axis = Column(str(found.facts.get("ctype1", "")), None)
    measured = Measured(
        coordinate,
        value,
        sigma,
        _wavelength_unit(found, coordinate),
        unit_said(found.facts.get("bunit")),
        medium_of(axis, found.facts),
        empty if bad is None else empty | bad,
        warnings=taken.warnings,
        guesses=meaning.guesses,
    )
    known = redshift_known(number_fact(found.facts, "redshift", "z"))
    columns = {"coordinate": "image axis", "value": found.image.name or "image"}
    made = observed(measured, source, IMPORTER.name, source.target(found.facts), options, columns=columns, known=known)
    return replace(made, origin=replace(made.origin, objects=taken.objects))


def _wavelength_unit(found: _Found, coordinate: np.ndarray) -> u.UnitBase | None:
    said = unit_said(found.facts.get(f"cunit{found.axis}")) or unit_said(iraf_unit(found.facts))
    return said or (u.Angstrom if finite_median(coordinate) > 1000 else None)


IMPORTER = Importer("FITS spectrum on a grid", "spectrum", _find, _read)
