"""FITS files of the layouts that are known by name, with something wrong inside: grids of wavelengths, Kepler, SDSS, DESI."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from tests.observations import made
from tests.observations.corpus.case import Bait, Case, Expected, flux
from tests.observations.corpus.fits_file import PRIMARY, Value, card, cards_of, header, image, padded

_Made = tuple[str, Callable[[], bytes], Expected, str]
_NO_GRID = "grid of wavelengths|CRVAL1|CDELT1"


def _grids() -> Iterator[tuple[str, dict[str, Value], Expected, str]]:
    yield "grid-none", {"CRVAL1": None, "CDELT1": None}, "refused", _NO_GRID
    yield "grid-text", {"CRVAL1": "blue"}, "refused", _NO_GRID
    yield "grid-step-zero", {"CDELT1": 0.0}, "refused", _NO_GRID
    yield "grid-step-text", {"CDELT1": "two"}, "refused", _NO_GRID
    yield "grid-step-overflow", {"CDELT1": 1e308}, "refused", "wavelength|CDELT1"
    yield "grid-reference-overflow", {"CRPIX1": 1e300}, "refused", "wavelength|CRPIX1|same"
    yield "grid-reference-text", {"CRPIX1": "first"}, "warned", "CRPIX1|no errors|unit"
    yield "grid-negative", {"CRVAL1": -5000.0, "CDELT1": 1.0}, "refused", "wavelength|CRVAL1"
    yield "grid-logarithm-overflow", {"CRVAL1": 400.0, "CDELT1": 1.0, "CTYPE1": "LOGLAM", "CUNIT1": None}, "refused", "wavelength|CRVAL1"
    yield "grid-of-sky", {"CTYPE1": "RA---TAN"}, "refused", _NO_GRID
    yield "grid-unit-bomb", {"CUNIT1": "10**(99999999) m"}, "warned", "unit|assumed|vacuum|no errors"
    yield "grid-flux-unit-bomb", {"BUNIT": "10**(99999999) Jy"}, "warned", "unit"
    yield "grid-distortion", {"A_ORDER": 10**9, "B_ORDER": 10**9, "A_0_2": 1e300, "CTYPE1": "WAVE-SIP"}, "warned", "unit|no errors"
    yield "grid-lookup", {"CTYPE1": "WAVE-TAB", "PS1_0": "NOWHERE", "PS1_1": "NOTHING", "PV1_3": 99}, "warned", "unit|no errors"
    yield "grid-axes-999", {"WCSAXES": 999, "PC999_999": 1.0}, "warned", "unit|no errors"
    yield "grid-three-axes-empty", {"NAXIS": 3, "NAXIS2": 1, "NAXIS3": 0}, "refused", "no table|image|pixels|empty|damaged"
    yield "grid-pixels-too-few", {"NAXIS1": 3}, "refused", "image"
    yield "grid-scale-text", {"BSCALE": "two"}, "refused", "BSCALE|damaged"
    yield "grid-blank-text", {"BLANK": "none"}, "warned", "unit|no errors"


def _images() -> Iterator[_Made]:
    yield "picture", lambda: image(body=bytes(8 * 10_000), NAXIS=2, NAXIS1=100, NAXIS2=100, CRVAL1=None, CDELT1=None), "refused", "image"
    yield "pixels-all-nan", lambda: image(body=np.full(100, np.nan, ">f8").tobytes()), "refused", "none of its 100"
    yield "pixels-all-zero", lambda: image(body=bytes(800)), "refused", "errors|equal|same"
    yield "pixels-infinite", lambda: image(body=np.full(100, np.inf, ">f8").tobytes()), "refused", "none of its 100"
    yield "pixels-64-million", lambda: image(body=b"", NAXIS=2, NAXIS1=8000, NAXIS2=8000), "refused", "cut short|claims"


def _kepler(**replaced: np.ndarray) -> Callable[[], bytes]:
    return lambda: made.kepler(60, **replaced)


def _changed(keyword: str, value: Value) -> Callable[[], bytes]:
    """A Kepler light curve with another card in its table's header."""

    def content() -> bytes:
        whole = made.kepler(60)
        start = whole.rindex(f"{keyword:<8}=".encode())
        return whole[:start] + card(keyword, value) + whole[start + 80 :]

    return content


def _missions() -> Iterator[_Made]:
    nothing = np.full(60, np.nan)
    some = np.where(np.arange(60) < 40, np.nan, 1000.0 + np.arange(60) % 3)
    yield "mission-no-flux", _kepler(PDCSAP_FLUX=nothing, SAP_FLUX=nothing), "refused", "PDCSAP_FLUX"
    yield "mission-other-flux", _kepler(PDCSAP_FLUX=nothing), "warned", "SAP_FLUX was taken"
    yield "mission-no-time", _kepler(TIME=nothing), "refused", "no time"
    yield "mission-mostly-missing", _kepler(PDCSAP_FLUX=some), "refused", "more than half"
    yield "mission-all-flagged", _kepler(SAP_QUALITY=np.ones(60, int)), "refused", "flag"
    yield "mission-errors-zero", _kepler(PDCSAP_FLUX_ERR=np.zeros(60)), "refused", "error"
    yield "mission-errors-negative", _kepler(PDCSAP_FLUX_ERR=-np.ones(60)), "refused", "error"
    yield "mission-times-equal", _kepler(TIME=np.full(60, 130.0)), "refused", "times are the same"
    yield "mission-zero-point-text", _changed("BJDREFI", "long ago"), "refused", "BJDREFI"
    yield "mission-zero-point-nan", _changed("BJDREFF", "raw:NaN"), "refused", "BJDREFF"
    yield "mission-zero-point-huge", _changed("BJDREFI", 10**18), "refused", "BJDREFI"
    yield "mission-cadence-text", _changed("TIMEDEL", "short"), "read", ""
    yield "mission-frames-huge", _changed("NUM_FRM", 10**15), "read", ""
    yield "mission-readout-negative", _changed("READTIME", -1e300), "read", ""
    yield "mission-crowding-absurd", _changed("CROWDSAP", -5.0), "read", ""
    yield "mission-telescope-number", _changed("TELESCOP", 7), "read", ""


def _sdss(**replaced: np.ndarray) -> Callable[[], bytes]:
    usual = {"flux": flux(60), "loglam": 3.65 + 1e-4 * np.arange(60), "ivar": np.full(60, 1e6)} | replaced
    body = np.column_stack([*usual.values()]).astype(">f8").tobytes()
    return lambda: header(PRIMARY) + header(cards_of("flux", "loglam", "ivar", TUNIT1=None)) + padded(body)


def _surveys() -> Iterator[_Made]:
    yield "survey-weights-zero", _sdss(ivar=np.zeros(60)), "refused", "weight|inverse variance"
    yield "survey-weights-negative", _sdss(ivar=np.full(60, -1.0)), "refused", "weight|inverse variance"
    yield "survey-weights-infinite", _sdss(ivar=np.full(60, np.inf)), "refused", "error|weight"
    yield "survey-wavelengths-overflow", _sdss(loglam=np.full(60, 400.0)), "refused", "wavelength"
    yield "survey-wavelengths-equal", _sdss(loglam=np.full(60, 3.7)), "refused", "wavelengths are the same"
    yield "survey-arms-differ", lambda: _arms(B_FLUX=99), "refused", "B_FLUX|B_IVAR|pixels|damaged"
    yield "survey-weights-missing", lambda: _arms(R_IVAR=0), "warned", "R_IVAR"
    yield "survey-arms", _arms, "read", ""


def _arms(**lengths: int) -> bytes:
    """A coadded spectrum in DESI's layout; lengths in pixels of some extensions differ, 0 leaves one out."""
    parts = [header(PRIMARY)]
    for start, arm in ((3600.0, "B"), (5700.0, "R")):
        wavelength = start + 5 * np.arange(60)
        for name, values in (("WAVELENGTH", wavelength), ("FLUX", 5 * flux(60)), ("IVAR", np.full(60, 1e4))):
            length = lengths.get(f"{arm}_{name}", 60)
            kept = np.resize(values, length).astype(">f8").tobytes()
            cards: dict[str, Value] = {"XTENSION": "IMAGE", "BITPIX": -64, "NAXIS": 1, "NAXIS1": length, "PCOUNT": 0, "GCOUNT": 1}
            parts += [header(cards | {"EXTNAME": f"{arm}_{name}"}), padded(kept)] if length else []
    return b"".join(parts)


def cases(bait: Bait) -> Iterator[Case]:
    """Every FITS file of a known layout that is wrong inside."""
    for name, changed, expected, words in _grids():
        yield Case(f"{name}.fits", "fits grid", lambda changed=changed: image(**changed), expected, words)
    for name, content, expected, words in itertools.chain(_images(), _missions(), _surveys()):
        yield Case(f"{name}.fits", "fits layout", content, expected, words)
