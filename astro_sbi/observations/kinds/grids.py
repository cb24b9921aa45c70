"""Wavelengths that a FITS header gives instead of listing: linear and logarithmic grids, and IRAF's strings for single orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.polynomial import chebyshev, legendre

from astro_sbi.observations.containers.table import Fact
from astro_sbi.observations.observation import ObservationError

_ORDER = re.compile(r'spec(\d+)\s*=\s*"([^"]*)"')
_CARD = 68
_MOST_COEFFICIENTS = 40


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value) else None


def grid_of(facts: Mapping[str, Fact], length: int, axis: int = 1) -> Float64[np.ndarray, " n"] | None:
    """Coordinates of the pixels along an axis of an image; None where the header gives no grid.

    ``CRVAL + (i - CRPIX) CDELT``, or a power of ten (DC-FLAG 1) or of e of that;
    ``WAVE-LOG`` as in Greisen et al. (2006, A&A 446, 747) eq. 5.

    Args:
        facts: the header.
        length: number of pixels.
        axis: of the FITS image, counted from 1.
    """
    start = _number(facts.get(f"crval{axis}"))
    step = _number(facts.get(f"cd{axis}_{axis}", facts.get(f"cdelt{axis}")))
    step = step or _number(facts.get(f"cdelt{axis}"))
    kind, unit = str(facts.get(f"ctype{axis}", "")).strip().upper(), str(facts.get(f"cunit{axis}", "")).strip()
    if (start is None or not step) and axis == 1 and _number(facts.get("coeff0")) is not None:
        start, step, kind = _number(facts.get("coeff0")), _number(facts.get("coeff1")), "LOG10"
    if start is None or not step:
        return None
    reference = _number(facts.get(f"crpix{axis}", 1.0))
    with np.errstate(over="ignore", invalid="ignore"):
        grid = start + (np.arange(1, length + 1) - (1.0 if reference is None else reference)) * step
        if kind.endswith("-LOG") and start:
            return start * np.exp((grid - start) / start)
        told = facts.get("dc-flag") == 1 or "LOG" in kind
        return _unlogged(grid, told=told, unit=unit)


def _unlogged(grid: np.ndarray, *, told: bool, unit: str) -> np.ndarray:
    """Wavelengths of a grid that may be their logarithm to base ten (3 to 5) or e (7 to 12), if the header says so or nothing else fits."""
    low, high = float(grid.min()), float(grid.max())
    lengths = unit.lower() in ("um", "micron", "microns", "m", "nm")
    if low > 2.5 and high < 5.2 and (told or not lengths):
        return 10.0**grid
    natural = low > 6 and high < 12
    if natural and (told or not lengths):
        return np.exp(grid)
    return np.full(len(grid), np.nan) if told and high > 12 else grid


@dataclass(frozen=True, eq=False)
class Order:
    """Wavelengths of one aperture of an IRAF image: its number and a wavelength a pixel."""

    number: int
    wavelength: Float64[np.ndarray, " n"]


def iraf_text(facts: Mapping[str, Fact], axis: int) -> str:
    """The string that IRAF spreads over cards ``WAT2_001``, ``WAT2_002`` and so on."""
    keys = sorted(key for key in facts if re.fullmatch(rf"wat{axis}_\d\d\d", key))
    return "".join(str(facts[key]).ljust(_CARD) for key in keys)


def iraf_unit(facts: Mapping[str, Fact]) -> str:
    """The unit of the wavelengths that IRAF noted, empty if it did not."""
    match = re.search(r"\bunits=([A-Za-z]+)", iraf_text(facts, 1))
    return match[1] if match else ""


def iraf_orders(facts: Mapping[str, Fact], length: int) -> tuple[Order, ...]:
    """Wavelengths of the apertures in a multispec image (IRAF, "specwcs"); none where the header has no such strings.

    Raises:
        ObservationError: if they are given in a way that is not understood.
    """
    found = _ORDER.findall(iraf_text(facts, 2)) if str(facts.get("ctype1", "MULTISPE")).upper().startswith("MULTI") else []
    return tuple(Order(int(text.split()[0]), _dispersed(text.split(), length)) for _, text in found[:1000] if text.split()[:1])


def _dispersed(fields: list[str], length: int) -> np.ndarray:
    """Wavelengths of ``ap beam dtype w1 dw nw z aplow aphigh [function ...]``."""
    try:
        kind, first, step, count, redshift = (
            int(float(fields[2])),
            float(fields[3]),
            float(fields[4]),
            int(float(fields[5])),
            float(fields[6]),
        )
        with np.errstate(over="ignore", invalid="ignore"):
            if kind in (0, 1):
                grid = first + step * np.arange(length)
                wavelength = grid if kind == 0 else 10.0**grid
            elif kind == 2:
                wavelength = _polynomial([float(field) for field in fields[9:]], length)
            else:
                raise ObservationError("its spectra have no wavelengths yet (IRAF dispersion type -1); calibrate them first")
    except ObservationError:
        raise
    except (ValueError, IndexError):
        raise ObservationError("the wavelengths in its header (WAT2) cannot be understood; save the spectrum with a linear grid") from None
    return np.where(np.arange(length) < count, wavelength / (1 + redshift), np.nan)


def _polynomial(numbers: list[float], length: int) -> np.ndarray:
    """``w_j (w0_j + f_j(p))`` summed, with Chebyshev or Legendre polynomials of the pixel p counted from 1."""
    total, place, pixel = np.zeros(length), 0, np.arange(1, length + 1, dtype=np.float64)
    while place < len(numbers):
        weight, shift, family, order, low, high = numbers[place : place + 6]
        if family not in (1, 2):
            raise ObservationError(
                "its wavelengths are splines or tables (IRAF), which are not read; resample it to a linear grid (dispcor)"
            )
        if not 0 < order <= _MOST_COEFFICIENTS or high == low:
            raise ValueError
        terms = numbers[place + 6 : place + 6 + int(order)]
        if len(terms) < int(order):
            raise ValueError
        scaled = (2 * pixel - (high + low)) / (high - low)
        total += weight * (shift + (chebyshev.chebval if family == 1 else legendre.legval)(scaled, terms))
        place += 6 + int(order)
    return total
