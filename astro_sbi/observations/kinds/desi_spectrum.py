"""Coadded spectra of DESI: images of three arms, many targets a file (DESI data model, "coadd")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.table import Container, Image, Table
from astro_sbi.observations.kinds.errors import errors_of_weights
from astro_sbi.observations.kinds.image_spectrum import unit_said
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import plain_names
from astro_sbi.observations.kinds.spectrum import Measured, observed, redshift_known
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

_ARMS = ("BRZ", "B", "R", "Z")


@dataclass(frozen=True, eq=False)
class _Coadd:
    """A file of coadded spectra.

    Args:
        container: with the tables of targets and redshifts.
        images: by their names in capitals.
        arms: those that can be used.
        warnings: a sentence on the arms whose weights are missing.
    """

    container: Container
    images: Mapping[str, Image]
    arms: tuple[str, ...]
    warnings: tuple[str, ...]


def _find(container: Container, options: ReadOptions) -> _Coadd | None:
    images = {image.name.upper(): image for image in container.images}
    there = [arm for arm in _ARMS if {f"{arm}_WAVELENGTH", f"{arm}_FLUX"} <= set(images)]
    there = there[:1] if there[:1] == ["BRZ"] else there
    weighted = tuple(arm for arm in there if f"{arm}_IVAR" in images)
    lost = ", ".join(f"{arm}_IVAR" for arm in there if arm not in weighted)
    warnings = (f"an arm was left out, as its weights are missing: {lost}",) if lost else ()
    return _Coadd(container, images, weighted, warnings) if weighted else None


def _rows(image: Image) -> np.ndarray:
    return image.values.reshape(-1, image.values.shape[-1]) if image.values.size else np.zeros((0, 0))


def _targets(container: Container, count: int) -> tuple[list[str], Table | None]:
    """Identifiers of the spectra, and the table that has their redshifts, if there is one."""
    tables = [(table, plain_names(table)) for table in container.tables if len(table) == count and "targetid" in plain_names(table)]
    fibremap_first = sorted(tables, key=lambda each: each[0].name.upper() != "FIBERMAP")
    targets = next((table.text(names.index("targetid")) for table, names in fibremap_first), [])
    return targets, next((table for table, names in tables if "z" in names), None)


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


def _arm(images: Mapping[str, Image], arm: str, row: int) -> tuple[np.ndarray, ...]:
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


def _read(found: _Coadd, source: Source, options: ReadOptions) -> Observation:
    container, images, arms = found.container, found.images, found.arms
    count = len(_rows(images[f"{arms[0]}_FLUX"]))
    if not count:
        raise ObservationError("its images of fluxes are empty; download the file again")
    targets, redshifts = _targets(container, count)
    row, sentences = _chosen(targets, count, options.row)
    wavelength, flux, ivar, mask = (np.concatenate(part) for part in zip(*(_arm(images, arm, row) for arm in arms), strict=True))
    unit = unit_said(images[f"{arms[0]}_FLUX"].facts.get("bunit"))
    measured = Measured(wavelength, flux, errors_of_weights(ivar), u.Angstrom, unit, "vacuum", mask, warnings=(*found.warnings, *sentences))
    target = source.target({**container.facts, **({"object": targets[row]} if targets else {})})
    known = {} if redshifts is None else redshift_known(redshifts.numbers(plain_names(redshifts).index("z"))[row])
    columns = {role: f"{arms[0]}_{name}" for role, name in (("coordinate", "WAVELENGTH"), ("value", "FLUX"), ("error", "IVAR"))}
    made = observed(measured, source, IMPORTER.name, target, options, columns=columns, known=known)
    return replace(made, origin=replace(made.origin, objects=count))


IMPORTER = Importer("DESI spectrum", "spectrum", _find, _read)
