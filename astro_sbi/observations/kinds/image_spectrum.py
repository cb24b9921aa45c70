"""Spectra that FITS keeps as images: a grid of wavelengths in the header, errors in a second row or extension; DESI's coadds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Fact, Image, Table
from astro_sbi.observations.kinds.importer import Importer, Source, number_fact
from astro_sbi.observations.kinds.roles import plain_names
from astro_sbi.observations.kinds.spectrum import Measured, observed
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import unit_of

_ERRORS = ("err", "error", "errs", "sigma", "uncert", "noise", "std", "errors")
_VARIANCES = ("stat", "var", "variance")
_IVARS = ("ivar", "invvar")
_MOST_ROWS = 8
_FEWEST_PIXELS = 16


def grid_of(facts: dict[str, Fact], length: int) -> np.ndarray | None:
    """Coordinates of the pixels of the first axis: ``CRVAL1 + (i - CRPIX1) CD1_1``, or ten to that power (DC-FLAG 1)."""
    start, step = facts.get("crval1"), facts.get("cd1_1", facts.get("cdelt1"))
    if not _is_number(start) or not _is_number(step) or not step:
        return None
    reference = facts.get("crpix1", 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        grid = float(start) + (np.arange(1, length + 1) - float(reference if _is_number(reference) else 1.0)) * float(step)
    logarithmic = facts.get("dc-flag") == 1 or "log" in str(facts.get("ctype1", "")).lower() or grid.max() < 10
    with np.errstate(over="ignore"):
        if not logarithmic or str(facts.get("cunit1", "")).strip().lower() in ("um", "micron", "microns", "m"):
            return grid
        natural = str(facts.get("ctype1", "")).upper().endswith("-LOG")
        return float(start) * np.exp((grid - float(start)) / float(start)) if natural else 10.0**grid


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rows(image: Image) -> np.ndarray:
    """An image as rows of pixels [rows, n]."""
    return image.values.reshape(-1, image.values.shape[-1]) if image.values.ndim else image.values.reshape(0, 0)


def _spectral(container: Container) -> Image | None:
    """The first image that is a spectrum: few rows, a grid of wavelengths along them."""
    for image in container.images:
        facts = {**container.facts, **image.facts}
        kind = str(facts.get("ctype1", "")).upper()
        sky = kind.startswith(("RA", "DEC", "GLON", "GLAT", "PIXEL"))
        rows = _rows(image)
        if not sky and rows.shape[0] <= _MOST_ROWS and rows.shape[1] >= _FEWEST_PIXELS and grid_of(facts, rows.shape[1]) is not None:
            return image
    return None


def _role(image: Image) -> str:
    return re.sub(r"[^a-z]", "", image.name.lower())


def _other_errors(container: Container, image: Image) -> np.ndarray | None:
    """Errors in an extension of their own."""
    length = image.values.shape[-1]
    for other in container.images:
        if other is image or other.values.shape != image.values.shape or other.values.shape[-1] != length:
            continue
        values = _rows(other)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            if _role(other) in _ERRORS:
                return values
            if _role(other) in _VARIANCES:
                return np.sqrt(values)
            if _role(other) in _IVARS:
                return np.where(values > 0, 1 / np.sqrt(values), np.nan)
    return None


def _own_errors(image: Image) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Errors in a further row of the same image, as IRAF writes them."""
    rows, facts = _rows(image), image.facts
    said = {number: str(facts.get(f"bandid{number + 1}", facts.get(f"array{number + 1}", ""))).lower() for number in range(len(rows))}
    named = next((number for number, text in said.items() if number and any(word in text for word in ("sigma", "error", "noise"))), None)
    if named is not None:
        return rows[named], ()
    if len(rows) == 2 and np.nanmin(rows[1]) >= 0 and np.nanmedian(rows[1]) < np.nanmedian(np.abs(rows[0])):
        return rows[1], ("the second row was taken as the errors of the first",)
    return None, ()


def _unit(text: object) -> u.UnitBase | None:
    shown = str(text or "").strip()
    try:
        return unit_of(shown) if shown else None
    except ObservationError:
        return None


def _read_grid(container: Container, source: Source, options: ReadOptions) -> Observation:
    image = _spectral(container)
    facts = {} if image is None else {**container.facts, **image.facts}
    coordinate = None if image is None else grid_of(facts, image.values.shape[-1])
    if image is None or coordinate is None:
        raise ObservationError("it has no image with a grid of wavelengths")
    value = _rows(image)[0]
    sigma, guesses = _own_errors(image)
    sigma = _other_errors(container, image) if sigma is None else sigma
    kind = str(facts.get("ctype1", "")).upper()
    medium = "air" if kind.startswith("AWAV") else "vacuum" if kind.startswith("WAVE") else None
    medium = medium or {"air": "air", "vacuum": "vacuum"}.get(str(facts.get("airorvac", "")).lower())
    # Pixels that were never exposed hold exactly nothing, at the ends.
    flagged = value == 0 if np.mean(value == 0) < 0.5 else np.zeros(len(value), bool)
    text = facts.get("cunit1", "")
    unit = _unit(text) or (u.Angstrom if np.nanmedian(coordinate) > 1000 else None)
    measured = Measured(coordinate, value, sigma, unit, _unit(facts.get("bunit")), medium, flagged, guesses=guesses)
    table = Table((), (), facts=facts)
    columns = {"coordinate": "image axis", "value": image.name or "image"}
    redshift = number_fact(table, container, "redshift", "z")
    known = {"redshift": redshift * u.dimensionless_unscaled} if redshift is not None and -0.01 < redshift < 20 else {}
    return observed(measured, source, GRID.name, source.target(table, container), options, columns=columns, known=known)


def _named(container: Container) -> dict[str, Image]:
    return {image.name.upper(): image for image in container.images}


def _is_desi(container: Container, options: ReadOptions) -> bool:
    return {"B_WAVELENGTH", "B_FLUX", "B_IVAR"} <= set(_named(container)) or {"BRZ_WAVELENGTH", "BRZ_FLUX"} <= set(_named(container))


def _fibre(container: Container, count: int, options: ReadOptions) -> tuple[int, str, tuple[str, ...]]:
    """Which spectrum of many: the target that was asked for, or the first."""
    for table in container.tables:
        names = plain_names(table)
        if table.name.upper() == "FIBERMAP" and "targetid" in names and len(table) == count:
            targets = table.text(names.index("targetid"))
            if options.row is None:
                more = f"the file has {count:,} spectra: the first, {targets[0]}, was taken; choose another by its TARGETID"
                return 0, targets[0], (more,) if count > 1 else ()
            if options.row.strip() in targets:
                return targets.index(options.row.strip()), options.row.strip(), ()
            raise ObservationError(f"there is no TARGETID '{options.row[:30]}' among its {count:,} spectra; give another")
    return 0, "", (f"the file has {count:,} spectra: the first was taken",) if count > 1 else ()


def _read_desi(container: Container, source: Source, options: ReadOptions) -> Observation:
    images = _named(container)
    arms = [arm for arm in ("BRZ", "B", "R", "Z") if f"{arm}_WAVELENGTH" in images and f"{arm}_FLUX" in images]
    arms = arms[:1] if arms[0] == "BRZ" else arms
    count = _rows(images[f"{arms[0]}_FLUX"]).shape[0]
    row, target, sentences = _fibre(container, count, options)
    parts = []
    for arm in arms:
        wavelength, flux = images[f"{arm}_WAVELENGTH"].values.ravel(), _rows(images[f"{arm}_FLUX"])[row]
        ivar = _rows(images[f"{arm}_IVAR"])[row]
        mask = _rows(images[f"{arm}_MASK"])[row] != 0 if f"{arm}_MASK" in images else np.zeros(len(flux), bool)
        parts.append((wavelength, flux, ivar, mask))
    wavelength, flux, ivar, mask = (np.concatenate(part) for part in zip(*parts, strict=True))
    with np.errstate(divide="ignore"):
        sigma = np.where(ivar > 0, 1 / np.sqrt(np.maximum(ivar, 0)), np.nan)
    unit = _unit(images[f"{arms[0]}_FLUX"].facts.get("bunit"))
    measured = Measured(wavelength, flux, sigma, u.Angstrom, unit, "vacuum", mask, warnings=sentences)
    table = Table((), (), facts={**container.facts, **({"object": target} if target else {})})
    columns = {"coordinate": f"{arms[0]}_WAVELENGTH", "value": f"{arms[0]}_FLUX", "error": f"{arms[0]}_IVAR"}
    made = observed(measured, source, DESI.name, source.target(table, container), options, columns=columns, known={})
    return replace(made, origin=replace(made.origin, objects=count))


GRID = Importer("FITS spectrum on a grid", "spectrum", lambda container, options: _spectral(container) is not None, _read_grid)
DESI = Importer("DESI spectrum", "spectrum", _is_desi, _read_desi)
