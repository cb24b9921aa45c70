"""Which physics a container holds: the registry of importers, the particular before the general."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from astro_sbi.observations.containers.content import printable
from astro_sbi.observations.containers.table import Container
from astro_sbi.observations.kind import SPOKEN
from astro_sbi.observations.kinds import (
    curve,
    desi_spectrum,
    hubble_diagram,
    image_spectrum,
    kepler_tess,
    light_curve,
    photometry,
    sdss_spectrum,
    snana,
    spectrum,
    velocities,
)
from astro_sbi.observations.kinds.aliases import WAVELENGTH
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import first, listed, plain_names, time_column
from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

IMPORTERS: tuple[Importer[Any], ...] = (
    kepler_tess.IMPORTER,
    sdss_spectrum.IMPORTER,
    snana.IMPORTER,
    desi_spectrum.IMPORTER,
    velocities.IMPORTER,
    hubble_diagram.IMPORTER,
    spectrum.IMPORTER,
    light_curve.IMPORTER,
    photometry.IMPORTER,
    image_spectrum.IMPORTER,
    curve.IMPORTER,
)
#: What the columns of each kind hold, and an example of their names.
_COLUMNS: dict[Kind, tuple[str, str]] = {
    "light_curve": ("times and fluxes or magnitudes", "time,flux,flux_err"),
    "spectrum": ("wavelengths and fluxes", "wavelength,flux,flux_err"),
    "velocities": ("times and velocities", "time,rv,rv_err"),
    "photometry": ("at least three bands and their errors", "id,g,g_err,r,r_err,i,i_err"),
    "hubble_diagram": ("redshifts and distance moduli", "z,mu,mu_err"),
    "curve": ("two numbers a row", "x,y,y_err"),
}
#: Extensions of target pixel files, of the missions and of the TASOC pipeline.
_PIXELS = ("PIXELS", "TARGETTABLES")


def observation_in(container: Container, source: Source, options: ReadOptions) -> Observation:
    """The observation that a container holds.

    Raises:
        ObservationError: if it holds none, or not the kind that the user says.
    """
    offered = (importer for importer in IMPORTERS if options.kind in (None, importer.kind))
    finds = ((importer.read, importer.find(container, options)) for importer in offered)
    read, found = next(((read, found) for read, found in finds if found is not None), (None, None))
    if read is None:
        raise ObservationError(_refusal(container, options))
    try:
        made = read(found, source, options)
    except ObservationError as error:
        raise ObservationError(f"{error}{_noted(container)}") from error
    warnings = (*container.warnings, *made.origin.warnings)
    return replace(made, origin=replace(made.origin, warnings=warnings)) if container.warnings else made


def _noted(container: Container) -> str:
    """What the container says of itself, to stand behind a refusal."""
    return f" (note: {printable('; '.join(container.warnings), 120)})" if container.warnings else ""


def _refusal(container: Container, options: ReadOptions) -> str:
    """Why nothing was recognised, and what to name the columns."""
    spoken, (needed, example) = (SPOKEN[options.kind], _COLUMNS[options.kind]) if options.kind else ("", ("", "time,flux,flux_err"))
    if not container.tables:
        wanted = f"it does not look like {spoken}" if spoken else "it holds no measurements that are recognised"
        what = "an image without a grid of wavelengths" if container.images else "no table"
        return f"{wanted}: there is {what}{_noted(container)}; give a table with named columns such as {example}"
    if any(table.name.upper() in _PIXELS for table in container.tables):
        return "it holds the pixels of a target and no light curve; give the light curve file of this target (its name ends in lc.fits)"
    table = max(container.tables, key=lambda table: len(table.columns))
    if not table.named:
        return f"it has no line of column names and {len(table.columns)} columns; add a first line such as {example}"
    coordinate = "time" if time_column(table) is not None else "wavelength" if first(plain_names(table), WAVELENGTH) is not None else ""
    if spoken:
        missing, header = f"it does not look like {spoken}: no columns of {needed} were found", example
    else:
        missing = "no column is called flux, magnitude or velocity" if coordinate else "no column is called time or wavelength"
        header = f"{coordinate or 'time'},flux,flux_err"
    return f"{missing} (there are: {listed(table)}){_noted(container)}; name them such as {header}, or say which column is which"
