"""Spectra that FITS keeps as images: wavelengths in the header, a row or an extension; errors and masks in further ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Column, Container, Fact, Image, Table
from astro_sbi.observations.kinds.flags import spoilt
from astro_sbi.observations.kinds.grids import Order, grid_of, iraf_orders, iraf_unit
from astro_sbi.observations.kinds.image_rows import Rows2D, labelled
from astro_sbi.observations.kinds.importer import Importer, Source, number_fact
from astro_sbi.observations.kinds.spectrum import Measured, observed
from astro_sbi.observations.kinds.wavelengths import medium_of
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import unit_of

_ROLES = {
    "value": "flux sci data spectrum spec coadd primary sciflux image signal spectrumvr",
    "error": "err error errs sigma uncert noise std errors stdev uncertainty rms errspec",
    "variance": "stat var variance",
    "ivar": "ivar invvar inversevariance weight",
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
    """An image that holds a spectrum: its rows [rows, n], its header, and the wavelengths of its pixels or orders."""

    image: Image
    rows: np.ndarray
    facts: Mapping[str, Fact]
    grid: np.ndarray | None
    orders: tuple[Order, ...] = ()


def _rows(image: Image) -> tuple[np.ndarray, int]:
    """An image as rows of pixels, and the FITS axis along which they lie: the last, or the only long one."""
    values = image.values
    if not values.ndim:
        return values.reshape(0, 0), 1
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
    orders = iraf_orders(facts, rows.shape[1])
    grid = None if orders else _listed(container, image, rows.shape[1])
    grid = grid_of(facts, rows.shape[1], axis) if grid is None and not orders else grid
    return _Found(image, rows, facts, grid, orders) if orders or grid is not None or "wavelength" in labelled(rows, facts).roles else None


def _listed(container: Container, image: Image, length: int) -> np.ndarray | None:
    """Wavelengths in an extension of their own."""
    others = (other for other in container.images if other is not image and role_of(other) == "wavelength")
    found = next((other for other in others if other.values.size == length or other.values.shape == image.values.shape), None)
    if found is None:
        return None
    grid = found.values.ravel() if found.values.size == length else found.values
    return 10.0**grid if np.nanmax(grid) < 6 and "log" in found.name.lower() else grid


def _spectral(container: Container) -> _Found | None:
    """The image that is a spectrum; one that is called flux comes first."""
    order = sorted(container.images, key=lambda image: {"value": 0, "": 1}.get(role_of(image), 2))
    found = (_spectrum_in(image, container) for image in order if role_of(image) in ("value", ""))
    return next((each for each in found if each is not None), None)


def _beside(container: Container, image: Image, *roles: str) -> tuple[str, np.ndarray] | None:
    """Role and rows of the first image of the same shape that plays one of some roles."""
    for other in container.images:
        if other is not image and role_of(other) in roles and other.values.shape == image.values.shape:
            return role_of(other), _rows(other)[0]
    return None


def _sigma(role: str, values: np.ndarray) -> np.ndarray:
    """Standard deviations of errors, variances or inverse variances."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if role == "variance":
            return np.sqrt(values)
        return np.where(values > 0, 1 / np.sqrt(values), np.nan) if role == "ivar" else values


def _parts(found: _Found, rows: Rows2D, options: ReadOptions) -> tuple[slice | list[int], np.ndarray, int, tuple[str, ...]]:
    """Rows to take, their wavelengths end to end, how many spectra there are, and sentences."""
    if not found.orders:
        count = rows.spectra
        wanted = (options.row or "1").strip()
        place = int(wanted) - 1 if wanted.isdigit() else -1
        if not 0 <= place < count:
            raise ObservationError(f"there is no spectrum '{wanted[:30]}' in the image of {count}; give a number from 1 to {count}")
        many = f"the image has {count} spectra: the first was taken; choose another by its number"
        grid = (
            np.array([])
            if found.grid is None
            else found.grid
            if found.grid.ndim == 1
            else found.grid.reshape(-1, found.rows.shape[1])[place]
        )
        return [place], grid, count, (many,) if count > 1 and options.row is None else ()
    orders = found.orders[: found.rows.shape[0]]
    grids = [order.wavelength for order in orders]
    middles = np.sort([np.nanmedian(grid) for grid in grids])
    apart = len(grids) > 1 and np.diff(middles).min() > 0.1 * np.ptp(grids[0][np.isfinite(grids[0])])
    numbers = [str(order.number) for order in orders]
    if apart and options.row is None:
        return (
            list(range(len(orders))),
            np.concatenate(grids),
            1,
            (f"its {len(orders)} orders were joined; where they overlap both are kept",),
        )
    if options.row is not None and options.row.strip() not in numbers:
        raise ObservationError(f"there is no aperture '{options.row[:30]}' (there are: {', '.join(numbers[:12])}); choose one of these")
    place = 0 if options.row is None else numbers.index(options.row.strip())
    many = f"the image has {len(orders)} spectra: the first was taken; choose another by the number of its aperture"
    return [place], grids[place], len(orders), (many,) if len(orders) > 1 and options.row is None else ()


def _noise(container: Container, found: _Found, rows: Rows2D, taken: slice | list[int]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Standard deviations and flagged pixels of the rows that were taken."""
    own = next(((role, found.rows[rows.roles[role]][None]) for role in ("error", "variance", "ivar") if role in rows.roles), None)
    noise = own or _beside(container, found.image, "error", "variance", "ivar")
    mask = ("mask", found.rows[rows.roles["mask"]][None]) if "mask" in rows.roles else _beside(container, found.image, "mask")
    sigma = None if noise is None else _sigma(noise[0], noise[1][[0] if own else taken].ravel())
    bad = None if mask is None else spoilt(np.nan_to_num(mask[1][[0] if "mask" in rows.roles else taken].ravel()), dict(found.facts))
    return sigma, None if bad is None or bad.all() else bad


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    found = _spectral(container)
    if found is None:
        raise ObservationError("it has no image with a grid of wavelengths")
    rows = labelled(found.rows, found.facts)
    taken, coordinate, objects, sentences = _parts(found, rows, options)
    value = found.rows[taken].ravel()
    coordinate = found.rows[rows.roles["wavelength"]] if "wavelength" in rows.roles else coordinate
    sigma, bad = _noise(container, found, rows, taken)
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
        warnings=sentences,
        guesses=rows.guesses,
    )
    table = Table((), (), facts=found.facts)
    redshift = number_fact(table, container, "redshift", "z")
    known = {"redshift": redshift * u.dimensionless_unscaled} if redshift is not None and -0.01 < redshift < 20 else {}
    columns = {"coordinate": "image axis", "value": found.image.name or "image"}
    made = observed(measured, source, IMPORTER.name, source.target(table, container), options, columns=columns, known=known)
    return replace(made, origin=replace(made.origin, objects=objects))


def _wavelength_unit(found: _Found, coordinate: np.ndarray) -> u.UnitBase | None:
    axis = _rows(found.image)[1]
    said = unit_said(found.facts.get(f"cunit{axis}")) or unit_said(iraf_unit(found.facts))
    return said or (u.Angstrom if np.isfinite(coordinate).any() and np.nanmedian(coordinate) > 1000 else None)


IMPORTER = Importer("FITS spectrum on a grid", "spectrum", lambda container, options: _spectral(container) is not None, _read)
