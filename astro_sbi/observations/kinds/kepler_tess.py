"""Light curves of Kepler, K2 and TESS as the missions and the pipelines after them write them: see `FLUXES`.

Quality bits: Kepler Archive Manual (KDMC-10008-006) table 2-3 and TESS Science Data Products Description Document
(EXP-TESS-ARC-ICD-0014) table 32; the masks keep corrected cosmic rays and scattered light, as is the field's habit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from astro_sbi.observations.containers.content import printable, stem
from astro_sbi.observations.containers.table import Container, Fact, Table
from astro_sbi.observations.kinds import magnitudes
from astro_sbi.observations.kinds.brightness import are_deviations
from astro_sbi.observations.kinds.importer import Importer, Source
from astro_sbi.observations.kinds.names import columns_in_capitals
from astro_sbi.observations.kinds.roles import tables_of, told, unit_text
from astro_sbi.observations.kinds.rows import Rows, cadence, cleaned, finite_median, points_of, with_errors
from astro_sbi.observations.kinds.times import checked_zero_point, in_days, system_in
from astro_sbi.observations.observation import Axis, Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.units import unit_of

# Attitude tweak, safe mode, coarse or Earth point, desaturation, manual exclude, impulsive outlier, detector anomaly, no data, thrusters.
_KEPLER_BAD = 1 | 2 | 4 | 8 | 32 | 256 | 2048 | 16384 | 65536 | 1048576
# Attitude tweak, safe mode, coarse point, Earth point, Argabrightening, desaturation, manual exclude, impulsive outlier, bad calibration.
_TESS_BAD = 1 | 2 | 4 | 8 | 16 | 32 | 128 | 512 | 16384
#: No Julian date of an observation is above this.
_LATEST = 5e6
#: What the missions count from [BJD], where the header does not say.
_ZERO = {"KEPLER": 2454833, "K2": 2454833, "TESS": 2457000}
#: Fluxes, best first, each with the names that its errors may have: SPOC and Kepler, QLP (old and new), TASOC, eleanor, TGLC, PATHOS, CDIPS
#: (magnitudes), K2SFF and EVEREST, K2VARCAT, and the validation time series.
FLUXES: Mapping[str, tuple[str, ...]] = {
    "PDCSAP_FLUX": ("PDCSAP_FLUX_ERR",),
    "KSPSAP_FLUX": ("KSPSAP_FLUX_ERR",),
    "DET_FLUX": ("DET_FLUX_ERR",),
    "SYS_RM_FLUX": ("DET_FLUX_ERR",),
    "FLUX_CORR": ("FLUX_CORR_ERR", "FLUX_RAW_ERR"),
    "CORR_FLUX": ("FLUX_ERR",),
    "PCA_FLUX": ("FLUX_ERR",),
    "CAL_PSF_FLUX": (),
    "CAL_APER_FLUX": (),
    "PSF_FLUX_COR": (),
    "TFA1": ("IRE1",),
    "PCA1": ("IRE1",),
    "IRM1": ("IRE1",),
    "FCOR": (),
    "DETFLUX": ("DETFLUX_ERR",),
    "LC_INIT": ("LC_INIT_ERR",),
    "SAP_FLUX": ("SAP_FLUX_ERR", "KSPSAP_FLUX_ERR", "DET_FLUX_ERR"),
    "FLUX_RAW": ("FLUX_RAW_ERR",),
    "RAW_FLUX": ("FLUX_ERR",),
    "FRAW": ("FRAW_ERR",),
    "APTFLUX": ("APTFLUX_ERR",),
}
_TIMES = ("TIME", "T", "TMID_BJD")
_QUALITIES = ("SAP_QUALITY", "QUALITY", "DQUALITY", "TESS_FLAGS", "MOVING", "IRQ1")
_RAW = ("SAP_FLUX", "FLUX_RAW", "RAW_FLUX", "FRAW", "APTFLUX", "PSF_FLUX_RAW")
#: Columns that only pipelines of one mission write, for headers that do not name it.
_OF_KEPLER = ("FCOR", "FRAW", "APTFLUX")
_OF_TESS = ("CORR_FLUX", "RAW_FLUX", "PSF_FLUX_COR", "CAL_PSF_FLUX", "KSPSAP_FLUX", "DET_FLUX")
_MAGNITUDES = ("TFA", "PCA", "IRM")
#: Flags of CDIPS that leave a row alone; the others are letters too.
_CDIPS_GOOD = ("G", "0", "")


@dataclass(frozen=True, eq=False)
class _Measured:
    """A column of fluxes, its errors, meaning and zero magnitude, and what there is to say."""

    value: np.ndarray
    sigma: np.ndarray | None
    axis: Axis
    zero_magnitude: float | None = None
    guesses: tuple[str, ...] = ()


def _mission(table: Table) -> str:
    said = str(table.facts.get("telescop", table.facts.get("mission", ""))).strip().upper()
    names = set(columns_in_capitals(table))
    return said if said in _ZERO else "KEPLER" if names & set(_OF_KEPLER) else "TESS" if names & set(_OF_TESS) else said


def _find(container: Container, options: ReadOptions) -> Table | None:
    if container.format != "FITS":
        return None
    for table in tables_of(container, options):
        names = set(columns_in_capitals(table))
        fluxes = names & set(FLUXES) or (names & {"FLUX"} if _mission(table) in _ZERO else set())
        if names & set(_TIMES) and fluxes and all(table.values[columns_in_capitals(table)[name]].ndim == 1 for name in fluxes):
            return table
    return None


def _flux_column(table: Table, options: ReadOptions) -> tuple[str, tuple[str, ...]]:
    """Flux column and warnings.

    Raises:
        ObservationError: if none holds a number, or the user named one that is not there.
    """
    names = columns_in_capitals(table)
    if options.value is not None:
        if options.value.upper() not in names:
            there = ", ".join(name for name in (*FLUXES, "FLUX") if name in names)
            raise ObservationError(f"there is no flux column '{options.value[:30]}' (there are: {there}); choose one of these")
        return options.value.upper(), ()
    # EVEREST's FLUX is its corrected flux: the raw one beside it tells the layout.
    order = ["FLUX", *FLUXES] if "FRAW" in names else [*FLUXES, "FLUX"]
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
    cdips = {"IFL": "IFE", "IRM": "IRE", "TFA": "IRE", "PCA": "IRE"}.get(flux[:3])
    wanted = (*FLUXES.get(flux, ()), f"{flux}_ERR", f"{flux}ERR", f"{cdips}{flux[3:]}", "FLUX_ERR", "ERROR", "FRAW_ERR")
    return next((name for name in wanted if name in names and name != flux), None)


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


def _zero_point(table: Table, time: str, options: ReadOptions) -> str:
    if options.zero_point is not None:
        return checked_zero_point(options.zero_point)
    if time == "TMID_BJD":
        return "BJD"
    facts = table.facts
    said = system_in(table.columns[columns_in_capitals(table)[time]].unit or "")
    whole = facts.get("bjdrefi", None if said else _ZERO.get(_mission(table), 0))
    if whole is None:
        return said
    fraction = facts.get("bjdreff", 0.0)
    try:
        reference = float(whole) + float(fraction)
    except ValueError:
        reference = float("nan")
    if not 0 <= reference < _LATEST:
        raise ObservationError(f"its BJDREFI = {str(whole)[:20]} and BJDREFF = {str(fraction)[:20]} are no Julian date; repair the header")
    return f"BJD - {reference:.10g}" if reference else "BJD"


def _measured(table: Table, flux: str, error: int | None, options: ReadOptions) -> _Measured:
    """Electrons per second in the missions' files, relative flux in those of pipelines that normalise, fluxes of magnitudes."""
    value = table.numbers(columns_in_capitals(table)[flux])
    sigma = _errors(table, flux, value) if error is None else table.numbers(error)
    if flux[:3] in _MAGNITUDES and flux[3:].isdigit():
        zero = magnitudes.zero_magnitude_of(value) if options.magnitude is None else options.magnitude
        bright = magnitudes.fluxes(value, zero)
        sigma = None if sigma is None else magnitudes.flux_errors(bright, sigma)
        guesses = (f"magnitudes were converted to fluxes, magnitude {zero:g} being 1",) * (options.magnitude is None)
        return _Measured(bright, sigma, Axis(f"flux relative to magnitude {zero:g}", ""), zero, guesses)
    text = (options.value_unit or table.columns[columns_in_capitals(table)[flux]].unit or "").strip()
    # The missions count electrons; numbers of order one without a unit are some pipeline's relative fluxes.
    if text.lower() == "e-/s" or (not text and abs(finite_median(value)) >= 10):
        return _Measured(value, sigma, Axis("flux", "electron / s"))
    unit = unit_of(text)
    if not unit.is_equivalent(u.dimensionless_unscaled):
        return _Measured(value, sigma, Axis("flux", unit.to_string()))
    scale = unit.to(u.dimensionless_unscaled)
    # As the corrected fluxes of TASOC, of KEPSEISMIC and of the validation time series are.
    mean = 1.0 if are_deviations(scale * value) else 0.0
    return _Measured(mean + scale * value, None if sigma is None else scale * sigma, Axis("relative flux", ""))


def _errors(table: Table, flux: str, value: np.ndarray) -> np.ndarray | None:
    """The one error for all rows that TGLC writes into its header, if there is one."""
    error = table.facts.get({"CAL_PSF_FLUX": "cpsf_err", "CAL_APER_FLUX": "cape_err"}.get(flux, ""))
    return np.full(len(value), float(error)) if isinstance(error, int | float) and 0 < error < 1 else None


def _flagged(table: Table, quality: int | None) -> np.ndarray | None:
    if quality is None:
        return None
    values, name = table.values[quality], table.columns[quality].name.upper()
    if values.dtype.kind == "U":
        return np.array([cell not in _CDIPS_GOOD for cell in table.text(quality)])
    flags = np.clip(np.nan_to_num(table.numbers(quality)), -(2.0**62), 2.0**62).astype(np.int64)
    bad = _TESS_BAD if _mission(table) == "TESS" else _KEPLER_BAD
    return flags != 0 if name == "MOVING" else (flags & bad) != 0


def _rows(table: Table, options: ReadOptions) -> tuple[Rows, dict[str, str], _Measured]:
    names, mine = columns_in_capitals(table), told(table, replace(options, value=None))
    flux, warnings = _flux_column(table, options)
    error, quality = _error_column(names, flux), next((name for name in _QUALITIES if name in names), None)
    found = {"coordinate": next(name for name in _TIMES if name in names), "value": flux, "uncertainty": error, "quality": quality}
    columns = {role: names[name] for role, name in found.items() if name is not None} | mine
    if columns["value"] == columns.get("uncertainty"):
        del columns["uncertainty"]
    measured = _measured(table, flux, columns.get("uncertainty"), options)
    times = in_days(table.numbers(columns["coordinate"]), options.coordinate_unit or unit_text(table.columns[columns["coordinate"]]))
    rows = Rows(times, measured.value, measured.sigma, warnings=warnings, guesses=measured.guesses)
    rows = cleaned(rows, flagged=_flagged(table, columns.get("quality")))
    spoken = {("error" if role == "uncertainty" else role): table.columns[index].name for role, index in columns.items()}
    return with_errors(rows, options.error, measured.axis.unit, options.signal_to_noise), spoken, measured


def _target(facts: Mapping[str, Fact], source: Source) -> str:
    numbers = {"TIC": ("ticid", "tic_id"), "EPIC": ("epicid",), "KIC": ("keplerid",)}
    found = next((f"{name} {facts[key]}" for name, keys in numbers.items() for key in keys if facts.get(key)), "")
    return printable(str(facts.get("object") or found or stem(source.name)), 60)


def _dilution(facts: Mapping[str, Fact], flux: str) -> tuple[float, tuple[str, ...]]:
    """Share of the star in the light, and a sentence where the file does not say it; the pipelines' corrected fluxes are the star's."""
    if flux not in _RAW:
        return 1.0, ()
    crowding = facts.get("crowdsap")
    if isinstance(crowding, int | float) and 0 < crowding <= 1:
        return float(crowding), ()
    return 1.0, (f"it does not say how much light of other stars is in {flux}: none was assumed",)


def _known(facts: Mapping[str, Fact], coordinate: np.ndarray, dilution: float, zero_magnitude: float | None) -> dict[str, u.Quantity]:
    exposure = _exposure(facts, coordinate)
    known: dict[str, u.Quantity] = {"exposure_time": exposure * u.d} if np.isfinite(exposure) else {}
    zero = {} if zero_magnitude is None else {"zero_magnitude": zero_magnitude * u.mag}
    return {**known, "dilution": dilution * u.dimensionless_unscaled, **zero}


def _read(table: Table, source: Source, options: ReadOptions) -> Observation:
    rows, columns, measured = _rows(table, options)
    flux = columns["value"].upper()
    dilution, sentences = _dilution(table.facts, flux)
    rows = rows.warned(*sentences)
    known = _known(table.facts, rows.coordinate, dilution, measured.zero_magnitude)
    axes = Axis("time", "d", _zero_point(table, columns["coordinate"].upper(), options)), measured.axis
    origin = source.origin(IMPORTER.name, rows, columns)
    return Observation("light_curve", _target(table.facts, source), points_of(rows, known), rows.value, *axes, (flux,), origin)


IMPORTER = Importer("Kepler/TESS light curve", "light_curve", _find, _read)
