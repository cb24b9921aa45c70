"""Columns that are bands: pairs of a value and its error such as ``f_F606W`` and ``e_F606W``, ``psfMag_u`` and ``psfMagErr_u``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from astro_sbi.observations.containers.table import Table
from astro_sbi.observations.kinds.bands import nominal_wavelength

Measure = Literal["flux", "mag", ""]
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: What the words of a name may be made of: a way to measure, what was measured, and whether this is its error.
_WORD = re.compile(
    r"(?P<way>psf|model|cmodel|petro|fiber2?|dev|exp|auto|kron|aper|ap|gaap|iso|isocor|total|tot|best|fit|hsm|sersic|app|mean|stack|meanpsf)?"
    r"(?P<measure>fluxes|flux|fnu|mag|mpro|mags|abmag)?(?P<error>errors|error|err|uncertainty|unc|sigma|sig|std|rms|ivar|invvar)?",
    re.IGNORECASE,
)
#: Words for errors with what was measured in another order: of the CDS, WISE and 2MASS.
_ERROR_FIRST = {"emag": "mag", "eflux": "flux", "errmag": "mag", "errflux": "flux", "dmag": "mag", "sigmpro": "mag", "msigcom": "mag",
                "cmsig": "mag", "msig": "mag", "ferr": "flux", "merr": "mag", "sigflux": "flux", "sigmag": "mag"}  # fmt: skip
#: Letters before or behind a band that say what was measured.
_AT_AN_END = {"f": "flux", "m": "mag"}
#: What is glued to a band without a mark between them: what was measured, and whether it is an error; the longer before the shorter.
_AROUND: dict[str, tuple[Measure, str]] = {
    "magerr": ("mag", "error"), "fluxerr": ("flux", "error"), "errmag": ("mag", "error"), "sigmpro": ("mag", "error"),
    "msigcom": ("mag", "error"), "cmsig": ("mag", "error"), "emag": ("mag", "error"), "mpro": ("mag", ""), "mag": ("mag", ""),
    "flux": ("flux", ""), "err": ("", "error"), "sigma": ("", "error"), "sig": ("", "error"), "unc": ("", "error"), "e": ("", "error"),
    "f": ("flux", ""),
}  # fmt: skip
#: Words of columns that are about a band and not its brightness.
_OTHER = re.compile(
    r"^(?:w|wht|weight|ra|dec|x|y|flags?|mask|snr|sn|chi|chi2|rchisq|nobs|radius|extinction|a|ext|mw|transmission|depth|psfsize|fwhm|class"
    r"|star|photoz|ebv|kcorr|abs|rest|corr|offset|zp|id|n|valid|fracflux|fracmasked|fracin|anymask|allmask|rank|type|rad|ellip)$"
)


@dataclass(frozen=True)
class Band:
    """A band of a catalogue.

    Args:
        name: as in the file.
        value: index of the column of values.
        error: of their errors, None if there are none.
        inverse_variance: whether the errors are inverse variances.
        measure: flux or magnitude, empty where the name does not say.
        way: how it was measured, such as psf or model.
    """

    name: str
    value: int
    error: int | None
    inverse_variance: bool
    measure: Measure
    way: str


@dataclass(frozen=True)
class _Parsed:
    """What a column's name says: the band, how it was measured and as what, and whether this is its ``error`` or ``ivar``."""

    band: str
    way: str
    measure: Measure
    error: str


def _parsed(name: str) -> _Parsed | None:
    """A name taken apart; None if it is that of no band."""
    parts = re.findall(r"[A-Za-z0-9]+", _CAMEL.sub(" ", name[:60]))
    band, ways, measure, error = [], [], "", ""
    for place, part in enumerate(parts):
        lower, ends = part.lower(), len(parts) > 1 and place in (0, len(parts) - 1)
        found = _WORD.fullmatch(lower)
        # A whole name such as ``x`` is that of a band if anything; behind another word some of these letters are a band's own mark.
        if _OTHER.match(lower) and not (len(parts) == 1 or (lower in ("a", "n", "x", "y") and place > 0)):
            return None
        if lower in _ERROR_FIRST:
            measure, error = _ERROR_FIRST[lower], "error"
        elif ends and lower in _AT_AN_END and (place == 0 or not measure):
            measure = _AT_AN_END[lower]
        elif lower in ("e", "d", "s") and len(parts) > 1 and place == 0:
            error = "error"
        elif found and found[0] and not (found["way"] and not found["measure"] and nominal_wavelength(lower)):
            ways += [found["way"]] * bool(found["way"])
            measure = _measure(found["measure"]) or measure
            error = found["error"] or error
        else:
            band.append(part)
    if not band:
        return None
    taken = _glued(band[-1]) if nominal_wavelength("".join(band)) is None else None
    if taken:
        band[-1], measure, error = taken[0], taken[1] or measure, taken[2] or error
    return _Parsed("_".join(band), "".join(ways), measure, "ivar" if error in ("ivar", "invvar") else error and "error")


def _measure(word: str | None) -> Measure:
    return "" if not word else "flux" if word.startswith("f") else "mag"


def _glued(word: str) -> tuple[str, Measure, str] | None:
    """A band with a word before or behind it, such as ``gmag``, ``w1sigmpro`` or ``err_u`` without its mark."""
    lower = word.lower()
    for mark, (measure, error) in _AROUND.items():
        for rest, at in ((word[: -len(mark)], lower.endswith(mark)), (word[len(mark) :], lower.startswith(mark))):
            if at and rest and nominal_wavelength(rest) is not None:
                return rest, measure, error
    return None


def bands_of(table: Table, value: str | None = None) -> tuple[Band, ...]:
    """The bands of a table, measured in one way: the one that most bands have, fluxes before magnitudes.

    Args:
        table: whose columns are looked through.
        value: name of a column whose way of measuring is wanted.
    """
    numeric = [i for i, values in enumerate(table.values) if values.dtype.kind in "if" and values.ndim == 1]
    parsed = {index: found for index in numeric if table.named and (found := _parsed(table.columns[index].name))}
    errors = {(found.band.lower(), found.way, found.measure): index for index, found in parsed.items() if found.error}
    bands = []
    for index, found in parsed.items():
        if not found.error:
            error = _error_of(found, errors)
            known = nominal_wavelength(found.band) is not None
            if known or (error is not None and found.measure):
                ivar = error is not None and parsed[error].error == "ivar"
                bands.append(Band(found.band, index, error, ivar, found.measure, found.way))
    return _of_one_way(table, bands, value)


def _error_of(band: _Parsed, errors: Mapping[tuple[str, str, str], int]) -> int | None:
    """Index of a band's errors; those of fluxes before those of magnitudes where its name leaves open what was measured."""
    measures = (band.measure, "") if band.measure else ("", "flux", "mag")
    return next((errors[key] for measure in measures if (key := (band.band.lower(), band.way, measure)) in errors), None)


def _of_one_way(table: Table, bands: list[Band], value: str | None) -> tuple[Band, ...]:
    """Bands that were measured in the same way, each once."""
    wanted = next(((band.way, band.measure) for band in bands if table.columns[band.value].name == value), None)
    complete = [band for band in bands if band.error is not None] or bands
    counts = Counter((band.way, band.measure) for band in complete)
    if not counts:
        return ()
    way = wanted or max(counts, key=lambda each: (counts[each], each[1] == "flux", each[0] in ("total", "tot", "model", "auto"), each[0]))
    chosen = [band for band in (bands if wanted else complete) if (band.way, band.measure) == way]
    names = [band.name.lower() for band in chosen]
    return tuple(band for place, band in enumerate(chosen) if names.index(band.name.lower()) == place)
