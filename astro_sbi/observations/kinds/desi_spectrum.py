"""Coadded spectra of DESI: images of three arms, many targets a file (DESI data model, "coadd")."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Image, Table
from astro_sbi.observations.kinds.image_spectrum import unit_said
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import plain_names
from astro_sbi.observations.kinds.spectrum import Measured, observed
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

_ARMS = ("BRZ", "B", "R", "Z")


def _named(container: Container) -> dict[str, Image]:
    return {image.name.upper(): image for image in container.images}


def _arms(container: Container) -> tuple[list[str], tuple[str, ...]]:
    """The arms that can be used, and a sentence on those whose weights are missing."""
    images = _named(container)
    there = [arm for arm in _ARMS if {f"{arm}_WAVELENGTH", f"{arm}_FLUX"} <= set(images)]
    there = there[:1] if there[:1] == ["BRZ"] else there
    weighted = [arm for arm in there if f"{arm}_IVAR" in images]
    lost = ", ".join(f"{arm}_IVAR" for arm in there if arm not in weighted)
    return weighted, (f"an arm was left out, as its weights are missing: {lost}",) if lost and weighted else ()


def _rows(image: Image) -> np.ndarray:
    return image.values.reshape(-1, image.values.shape[-1]) if image.values.size else np.zeros((0, 0))


def _targets(container: Container, count: int) -> tuple[list[str], Table | None]:
    """Identifiers of the spectra, and the table that has their redshifts, if there is one."""
    tables = [(table, plain_names(table)) for table in container.tables if len(table) == count and "targetid" in plain_names(table)]
    fibres = next((table.text(names.index("targetid")) for table, names in tables if table.name.upper() == "FIBERMAP"), [])
    fibres = fibres or next((table.text(names.index("targetid")) for table, names in tables), [])
    return fibres, next((table for table, names in tables if "z" in names), None)


def _chosen(targets: list[str], count: int, row: str | None) -> tuple[int, tuple[str, ...]]:
    """Which spectrum of many: the target that was asked for, or the first."""
    if row is None:
        first = f", {targets[0]}, was taken; choose another by its TARGETID" if targets else " was taken; choose another by its number"
        return 0, (f"the file has {count:,} spectra: the first{first}",) if count > 1 else ()
    wanted = row.strip()
    if wanted in targets:
        return targets.index(wanted), ()
    if wanted.isdigit() and 1 <= int(wanted) <= count:
        return int(wanted) - 1, ()
    raise ObservationError(f"there is no TARGETID '{row[:30]}' among its {count:,} spectra; give another")


def _arm(images: dict[str, Image], arm: str, row: int) -> tuple[np.ndarray, ...]:
    """Wavelengths, fluxes, inverse variances and flags.

    Raises:
        ObservationError: if they differ in their number of pixels.
    """
    shape = images[f"{arm}_FLUX"].values.shape
    names = ("IVAR", "MASK") if f"{arm}_MASK" in images else ("IVAR",)
    wrong = [name for name in names if images[f"{arm}_{name}"].values.shape != shape]
    wrong += ["WAVELENGTH"] * (images[f"{arm}_WAVELENGTH"].values.size != shape[-1])
    if wrong:
        raise ObservationError(f"its {arm}_{wrong[0]} has another number of pixels than its {arm}_FLUX; download the file again")
    flux = _rows(images[f"{arm}_FLUX"])[row]
    mask = _rows(images[f"{arm}_MASK"])[row] != 0 if f"{arm}_MASK" in images else np.zeros(len(flux), bool)
    return images[f"{arm}_WAVELENGTH"].values.ravel(), flux, _rows(images[f"{arm}_IVAR"])[row], mask


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    images, (arms, lost) = _named(container), _arms(container)
    count = len(_rows(images[f"{arms[0]}_FLUX"]))
    if not count:
        raise ObservationError("its images of fluxes are empty; download the file again")
    targets, redshifts = _targets(container, count)
    row, sentences = _chosen(targets, count, options.row)
    wavelength, flux, ivar, mask = (np.concatenate(part) for part in zip(*(_arm(images, arm, row) for arm in arms), strict=True))
    with np.errstate(divide="ignore"):
        sigma = np.where(ivar > 0, 1 / np.sqrt(np.maximum(ivar, 0)), np.nan)
    unit = unit_said(images[f"{arms[0]}_FLUX"].facts.get("bunit"))
    measured = Measured(wavelength, flux, sigma, u.Angstrom, unit, "vacuum", mask, warnings=(*lost, *sentences))
    table = Table((), (), facts={**container.facts, **({"object": targets[row]} if targets else {})})
    redshift = float("nan") if redshifts is None else redshifts.numbers(plain_names(redshifts).index("z"))[row]
    known = {"redshift": redshift * u.dimensionless_unscaled} if -0.01 < redshift < 20 else {}
    columns = {role: f"{arms[0]}_{name}" for role, name in (("coordinate", "WAVELENGTH"), ("value", "FLUX"), ("error", "IVAR"))}
    made = observed(measured, source, IMPORTER.name, source.target(table, container), options, columns=columns, known=known)
    return replace(made, origin=replace(made.origin, objects=count))


IMPORTER = Importer("DESI spectrum", "spectrum", lambda container, options: bool(_arms(container)[0]), _read)
