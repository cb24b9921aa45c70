"""Light curves of Kepler, K2 and TESS as the missions and the pipelines after them (QLP, TASOC, K2SFF, EVEREST, eleanor) write them.

Quality bits: Kepler Archive Manual (KDMC-10008-006) table 2-3 and TESS Science Data Products Description Document
(EXP-TESS-ARC-ICD-0014) table 32; the masks keep corrected cosmic rays and scattered light, as is the field's habit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import stem
from astro_sbi.observations.containers.table import Container, Fact, Table
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.rows import Rows, cadence, cleaned, points_of, with_errors
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions

# Attitude tweak, safe mode, coarse or Earth point, desaturation, manual exclude, impulsive outlier, detector anomaly, no data, thrusters.
_KEPLER_BAD = 1 | 2 | 4 | 8 | 32 | 256 | 2048 | 16384 | 65536 | 1048576
# Attitude tweak, safe mode, coarse point, Earth point, Argabrightening, desaturation, manual exclude, impulsive outlier, bad calibration.
_TESS_BAD = 1 | 2 | 4 | 8 | 16 | 32 | 128 | 512 | 16384
#: No Julian date of an observation is above this.
_LATEST = 5e6
_ZERO = {"KEPLER": 2454833, "K2": 2454833, "TESS": 2457000}
#: Fluxes, best first, each with the names that its errors may have.
FLUXES: Mapping[str, tuple[str, ...]] = {
    "PDCSAP_FLUX": ("PDCSAP_FLUX_ERR",),
    "KSPSAP_FLUX": ("KSPSAP_FLUX_ERR",),
    "FLUX_CORR": ("FLUX_CORR_ERR", "FLUX_RAW_ERR"),
    "PCA_FLUX": ("FLUX_ERR",),
    "CORR_FLUX": ("FLUX_ERR",),
    "FCOR": (),
    "DET_FLUX": ("DET_FLUX_ERR",),
    "SAP_FLUX": ("SAP_FLUX_ERR",),
    "FLUX_RAW": ("FLUX_RAW_ERR",),
    "RAW_FLUX": ("FLUX_ERR",),
    "FRAW": ("FRAW_ERR",),
}
_TIMES = ("TIME", "T")
_RAW = ("SAP_FLUX", "FLUX_RAW", "RAW_FLUX", "FRAW")


def _names(table: Table) -> dict[str, int]:
    return {column.name.upper(): index for index, column in enumerate(table.columns)}


def _table(container: Container) -> Table | None:
    if container.format != "FITS":
        return None
    for table in container.tables:
        names = set(_names(table))
        # EVEREST's FLUX is its corrected flux: the raw one beside it tells the layout.
        if names & set(_TIMES) and names & set(FLUXES):
            return table
    return None


def _flux_column(table: Table, options: ReadOptions) -> tuple[str, tuple[str, ...]]:
    """Flux column and warnings.

    Raises:
        ObservationError: if none holds a number, or the user named one that is not there.
    """
    names = _names(table)
    if options.value is not None:
        if options.value.upper() not in names:
            there = ", ".join(name for name in (*FLUXES, "FLUX") if name in names)
            raise ObservationError(f"there is no flux column '{options.value[:30]}' (there are: {there}); choose one of these")
        return options.value.upper(), ()
    order = ["FLUX", *FLUXES] if "FRAW" in names else list(FLUXES)
    present = [name for name in order if name in names]
    if options.flux == "sap":
        present = [name for name in _RAW if name in present] + [name for name in present if name not in _RAW]
    wanted = "PDCSAP_FLUX" if options.flux == "pdcsap" else "SAP_FLUX"
    for column in present:
        if np.isfinite(table.numbers(names[column])).any():
            missing = column != wanted and bool({"PDCSAP_FLUX", "SAP_FLUX"} & set(names))
            return column, (f"it has no {wanted}: {column} was taken",) if missing else ()
    raise ObservationError("none of its columns of flux (such as PDCSAP_FLUX) holds a number; give another light curve of this star")


def _error_column(names: Mapping[str, int], flux: str) -> str | None:
    wanted = (*FLUXES.get(flux, ()), f"{flux}_ERR", "FLUX_ERR", "FRAW_ERR")
    return next((name for name in wanted if name in names), None)


def _exposure(facts: Mapping[str, Fact], coordinate: np.ndarray) -> float:
    """Time from the first to the last photon of a cadence [d].

    The keyword EXPOSURE is the time on source of the whole file, and INT_TIME * NUM_FRM leaves out the readouts that smear all the same.
    """
    integration, readout, number = (facts.get(key) for key in ("int_time", "readtime", "num_frm"))
    if isinstance(integration, int | float) and isinstance(readout, int | float) and isinstance(number, int | float):
        seconds = number * (integration + readout) - readout
        if min(integration, readout, number) > 0 and 0.5 < seconds / 86400 / cadence(coordinate) < 2:
            return seconds / 86400
    step = facts.get("timedel")
    return float(step) if isinstance(step, int | float) and 0 < step < 1 else cadence(coordinate)


def _mission(facts: Mapping[str, Fact]) -> str:
    return str(facts.get("telescop", facts.get("mission", ""))).strip().upper()


def _zero_point(facts: Mapping[str, Fact]) -> str:
    whole, fraction = facts.get("bjdrefi", _ZERO.get(_mission(facts), 0)), facts.get("bjdreff", 0.0)
    try:
        reference = float(whole) + float(fraction)
        if not 0 <= reference < _LATEST:
            raise ValueError
    except ValueError:
        raise ObservationError(
            f"its BJDREFI = {str(whole)[:20]} and BJDREFF = {str(fraction)[:20]} are no Julian date; repair the header"
        ) from None
    return f"BJD - {reference:.10g}" if reference else "BJD"


def _flux_axis(table: Table, column: str) -> Axis:
    """Electrons per second in the missions' files, relative flux in those of pipelines that normalise."""
    unit = table.columns[_names(table)[column]].unit
    return Axis("flux", "electron / s") if (unit or "e-/s").strip().lower().startswith("e") else Axis("relative flux", "")


def _rows(table: Table, facts: Mapping[str, Fact], options: ReadOptions) -> tuple[Rows, dict[str, str]]:
    names = _names(table)
    time = next(name for name in _TIMES if name in names)
    flux, warnings = _flux_column(table, options)
    columns = {"coordinate": time, "value": flux}
    sigma, error = None, _error_column(names, flux)
    if error is not None:
        columns["error"], sigma = error, table.numbers(names[error])
    quality = next((name for name in ("SAP_QUALITY", "QUALITY") if name in names), None)
    flagged = None
    if quality is not None and table.values[names[quality]].dtype.kind in "iub":
        columns["quality"] = quality
        bad = _TESS_BAD if _mission(facts) == "TESS" else _KEPLER_BAD
        flagged = (table.values[names[quality]].astype(np.int64) & bad) != 0
    rows = Rows(table.numbers(names[time]), table.numbers(names[flux]), sigma, warnings=warnings)
    unit = _flux_axis(table, flux).unit
    return with_errors(cleaned(rows, flagged=flagged), options.error, unit, options.signal_to_noise), columns


def _read(container: Container, source: Source, options: ReadOptions) -> Observation:
    table = _table(container)
    if table is None:
        raise ObservationError("it has no table with columns of time and flux")
    facts = {**container.facts, **table.facts}
    rows, columns = _rows(table, facts, options)
    target = str(facts.get("object") or stem(source.name)).strip()[:60]
    crowding, flux = facts.get("crowdsap"), columns["value"]
    exposure = _exposure(facts, rows.coordinate)
    known = {"exposure_time": exposure * u.d} if np.isfinite(exposure) else {}
    diluted = flux in _RAW and isinstance(crowding, int | float) and 0 < crowding <= 1
    if flux in _RAW and not diluted:
        rows = rows.warned(f"it does not say how much light of other stars is in {flux}: none was assumed")
    known["dilution"] = (float(crowding) if diluted and isinstance(crowding, int | float) else 1.0) * u.dimensionless_unscaled
    axes = Axis("time", "d", _zero_point(facts)), _flux_axis(table, flux)
    origin = source.origin(IMPORTER.name, rows, columns)
    return Observation("light_curve", target, points_of(rows, known), rows.value, *axes, (flux,), origin)


IMPORTER = Importer("Kepler/TESS light curve", "light_curve", lambda container, options: _table(container) is not None, _read)
