"""Light curves of Kepler, K2 and TESS in the missions' own FITS format.

Quality bits: Kepler Archive Manual (KDMC-10008-006) table 2-3 and TESS Science Data Products Description Document
(EXP-TESS-ARC-ICD-0014) table 32; the masks keep corrected cosmic rays and scattered light, as is the field's habit.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from astropy import units as u

from astro_sbi.observations.container import stem
from astro_sbi.observations.fits_layout import column_names, fits_headers, is_fits, numbers, opened, table_position
from astro_sbi.observations.observation import Axis, Observation, ObservationError, Origin
from astro_sbi.observations.reader import Reader, ReadOptions
from astro_sbi.observations.rows import Rows, cadence, cleaned, points_of, with_errors

# Attitude tweak, safe mode, coarse or Earth point, desaturation, manual exclude, impulsive outlier, detector anomaly, no data, thrusters.
_KEPLER_BAD = 1 | 2 | 4 | 8 | 32 | 256 | 2048 | 16384 | 65536 | 1048576
# Attitude tweak, safe mode, coarse point, Earth point, Argabrightening, desaturation, manual exclude, impulsive outlier, bad calibration.
_TESS_BAD = 1 | 2 | 4 | 8 | 16 | 32 | 128 | 512 | 16384
_ZERO = {"KEPLER": 2454833, "TESS": 2457000}


def _matches(name: str, content: bytes) -> bool:
    if not is_fits(content):
        return False
    try:
        headers = fits_headers(content)
    except ObservationError:
        start = content[: 4 * 2880]
        return b"TELESCOP= 'Kepler" in start or b"TELESCOP= 'TESS" in start
    position = table_position(headers, ["TIME"])
    return position is not None and bool({"SAP_FLUX", "PDCSAP_FLUX"} & column_names(headers[position]))


def _flux_column(names: set[str], table: Any, wanted: str) -> tuple[str, str, tuple[str, ...]]:
    """Flux column, error column and warnings."""
    order = ["PDCSAP_FLUX", "KSPSAP_FLUX", "DET_FLUX", "SAP_FLUX"]
    order = order if wanted == "pdcsap" else order[::-1]
    for position, column in enumerate(order):
        if column in names and np.isfinite(numbers(table, column)).any():
            warning = f"it has no {order[0]}: {column} was taken" if position else ""
            return column, f"{column}_ERR", (warning,) if warning else ()
    raise ObservationError("neither PDCSAP_FLUX nor SAP_FLUX holds a number; give another light curve of this star")


def _exposure(header: Any, coordinate: np.ndarray) -> float:
    """Time from the first to the last photon of a cadence [d].

    The keyword EXPOSURE is the time on source of the whole file, and INT_TIME * NUM_FRM leaves out the readouts that smear all the same.
    """
    frames = [header.get(key) for key in ("INT_TIME", "READTIME", "NUM_FRM")]
    if all(isinstance(value, int | float) and value > 0 for value in frames):
        seconds = frames[2] * (frames[0] + frames[1]) - frames[1]
        if 0.5 < seconds / 86400 / cadence(coordinate) < 2:
            return seconds / 86400
    step = header.get("TIMEDEL")
    return float(step) if isinstance(step, int | float) and 0 < step < 1 else cadence(coordinate)


def _zero_point(header: Any) -> str:
    mission = str(header.get("TELESCOP", "")).strip().upper()
    whole, fraction = header.get("BJDREFI", _ZERO.get(mission, 0)), header.get("BJDREFF", 0.0)
    reference = float(whole) + float(fraction)
    return f"BJD - {reference:.10g}" if reference else "BJD"


def _flux_axis(header: Any, column: str) -> Axis:
    """Electrons per second in the missions' files, relative flux in those of pipelines that normalise."""
    index = next((i for i in range(1, 1000) if str(header.get(f"TTYPE{i}", "")).strip().upper() == column), 0)
    return Axis("flux", "electron / s") if str(header.get(f"TUNIT{index}", "e-/s")).strip().startswith("e") else Axis("relative flux", "")


def _rows(table: Any, names: set[str], header: Any, options: ReadOptions) -> tuple[Rows, dict[str, str]]:
    flux, error, warnings = _flux_column(names, table, options.flux)
    columns = {"coordinate": "TIME", "value": flux}
    sigma = None
    if error in names:
        columns["error"], sigma = error, numbers(table, error)
    quality = next((name for name in ("SAP_QUALITY", "QUALITY") if name in names), None)
    flagged = None
    if quality:
        columns["quality"] = quality
        bad = _TESS_BAD if str(header.get("TELESCOP", "")).strip().upper() == "TESS" else _KEPLER_BAD
        flagged = (np.asarray(table[quality]).astype(np.int64) & bad) != 0
    rows = Rows(numbers(table, "TIME"), numbers(table, flux), sigma, warnings=warnings)
    return with_errors(cleaned(rows, flagged=flagged), options.error, _flux_axis(header, flux).unit), columns


def _read(name: str, content: bytes, options: ReadOptions) -> Observation:
    headers = fits_headers(content)
    position = table_position(headers, ["TIME"])
    if position is None:
        raise ObservationError("it has no table with a TIME column")
    with opened(content) as units:
        header, primary = units[position].header, units[0].header
        rows, columns = _rows(units[position].data, column_names(headers[position]), header, options)
        target = str(header.get("OBJECT") or primary.get("OBJECT") or stem(name)).strip()[:60]
        crowding = header.get("CROWDSAP")
        exposure = _exposure(header, rows.coordinate)
        axes = Axis("time", "d", _zero_point(header)), _flux_axis(header, columns["value"])
    diluted = columns["value"] == "SAP_FLUX" and isinstance(crowding, int | float) and 0 < crowding <= 1
    if columns["value"] == "SAP_FLUX" and not diluted:
        rows = rows.warned("it does not say how much light of other stars is in SAP_FLUX: none was assumed")
    known = {"exposure_time": exposure * u.d, "dilution": (float(crowding) if diluted else 1.0) * u.dimensionless_unscaled}
    origin = Origin(name, hashlib.sha256(content).hexdigest(), READER.name, rows.dropped, rows.warnings, columns)
    return Observation("light_curve", target, points_of(rows, known), rows.value, *axes, (columns["value"],), origin)


READER = Reader("Kepler/TESS light curve", _matches, _read)
