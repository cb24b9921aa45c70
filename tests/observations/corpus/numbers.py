"""Tables in order whose numbers are not: missing, infinite, equal, absurd, or standing for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time
from tests.observations.corpus.fits_file import PRIMARY, Value, cards_of, header, padded

_N = 60
_EVERY = np.arange(_N)


def _table(**replaced: object) -> str:
    """A table of times, fluxes and errors with other columns, None leaving one out; cells are written as they are."""
    usual: dict[str, object] = {"time": time(_N), "flux": flux(_N), "flux_err": np.full(_N, 1e-3)}
    columns = {name: values for name, values in (usual | replaced).items() if values is not None}
    cells = [[cell if isinstance(cell, str) else repr(float(cell)) for cell in values] for values in columns.values()]  # type: ignore[union-attr]
    lines = [",".join(columns), *map(",".join, zip(*cells, strict=False))]
    return "\n".join(lines) + "\n"


def _at(where: np.ndarray, cell: object, otherwise: np.ndarray | None = None) -> list[object]:
    usual = flux(_N) if otherwise is None else otherwise
    return [cell if chosen else value for chosen, value in zip(where, usual, strict=True)]


def _values() -> Iterator[tuple[str, Content, Expected, str, int | None]]:
    few, most = _EVERY % 7 == 3, _EVERY % 5 != 0
    yield "nan-few", _table(flux=_at(few, "nan")), "warned", "no value", _N - few.sum()
    yield "infinite-few", _table(flux=_at(few, "inf")), "warned", "no value", _N - few.sum()
    yield "infinite-negative", _table(flux=_at(few, "-Infinity")), "warned", "no value", _N - few.sum()
    yield "beyond-double", _table(flux=_at(few, "1e400")), "warned", "no value", _N - few.sum()
    yield "empty-few", _table(flux=_at(few, "")), "warned", "no value", _N - few.sum()
    yield "masked-few", _table(flux=_at(few, "--")), "warned", "no value", _N - few.sum()
    yield "nan-most", _table(flux=_at(most, "nan")), "refused", "more than half", None
    yield "nan-all", _table(flux=["nan"] * _N), "refused", "none of its 60|no numbers|flux", None
    yield "nan-times", _table(time=_at(few, "nan", time(_N))), "warned", "no time", _N - few.sum()
    yield "nan-times-most", _table(time=_at(most, "nan", time(_N))), "refused", "more than half.*no time", None
    yield "sentinel-negative", _table(flux=_at(few, -999.0)), "warned", "stands for nothing", _N - few.sum()
    yield "sentinel-99", _table(flux=_at(few, 99.99)), "warned", "stands for nothing", _N - few.sum()
    yield "sentinel-huge", _table(flux=_at(few, 9.99e99)), "warned", "stands for nothing", _N - few.sum()
    yield "sentinel-most", _table(flux=_at(most, -99.0)), "refused", "more than half.*stands for nothing", None
    yield (
        "magnitude-sentinel",
        _table(flux=None, mag=_at(few, 99.99, 15 + flux(_N))),
        "warned",
        "no value|stands for nothing",
        _N - few.sum(),
    )
    yield (
        "magnitude-errors-99",
        _table(flux=None, flux_err=None, mag=15 + flux(_N), mag_err=_at(few, 99.0, np.full(_N, 0.01))),
        "warned",
        "error",
        _N - few.sum(),
    )
    yield "flux-negative-kept", _table(flux=flux(_N) - 1.0), "read", "", _N
    yield "flux-constant", _table(flux=np.ones(_N)), "warned", "same|equal", _N
    yield "flux-constant-no-errors", _table(flux=np.ones(_N), flux_err=None), "refused", "errors", None
    yield "flux-1e39", _table(flux=1e39 * flux(_N), flux_err=np.full(_N, 1e36)), "read", "", _N
    yield "flux-1e300", _table(flux=1e300 * flux(_N), flux_err=np.full(_N, 1e297)), "refused", "absurdly large", None
    yield "flux-1e-40", _table(flux=1e-40 * flux(_N), flux_err=np.full(_N, 1e-43)), "read", "", _N


def _errors() -> Iterator[tuple[str, Content, Expected, str, int | None]]:
    few, most, usual = _EVERY % 7 == 3, _EVERY % 5 != 0, np.full(_N, 1e-3)
    yield "errors-none", _table(flux_err=None), "warned", "no errors", _N
    yield "errors-zero", _table(flux_err=np.zeros(_N)), "refused", "no error is above zero", None
    yield "errors-negative", _table(flux_err=-usual), "refused", "no error is above zero", None
    yield "errors-zero-few", _table(flux_err=_at(few, 0.0, usual)), "warned", "error not above zero", _N - few.sum()
    yield "errors-negative-few", _table(flux_err=_at(few, -0.5, usual)), "warned", "error not above zero", _N - few.sum()
    yield "errors-zero-most", _table(flux_err=_at(most, 0.0, usual)), "refused", "more than half.*error", None
    yield "errors-nan-few", _table(flux_err=_at(few, "nan", usual)), "warned", "no error", _N - few.sum()
    yield "errors-nan-all", _table(flux_err=["nan"] * _N), "warned", "error column is empty", _N
    yield "errors-infinite", _table(flux_err=["inf"] * _N), "warned", "error", None
    yield "errors-denormal", _table(flux_err=np.full(_N, 5e-324)), "refused", "small", None
    yield "errors-denormal-few", _table(flux_err=_at(few, 1e-310, usual)), "warned", "absurdly", _N - few.sum()
    yield "errors-huge-few", _table(flux_err=_at(few, 1e30, usual)), "warned", "absurdly", _N - few.sum()
    yield "errors-1e200", _table(flux_err=np.full(_N, 1e200)), "refused", "absurdly large", None
    yield "errors-text", _table(flux_err=["good"] * _N), "refused", "flux_err.*'good'", None
    yield "errors-99", _table(flux_err=_at(few, 99.0, usual)), "warned", "error", _N - few.sum()


def _rows() -> Iterator[tuple[str, Content, Expected, str, int | None]]:
    order, twice = (7 * _EVERY) % _N, _EVERY // 2
    whole = np.stack([time(_N), flux(_N)])
    yield "row-single", _table(time=time(1), flux=flux(1)), "warned", "only 1 point", 1
    yield "rows-two", _table(time=time(2), flux=flux(2)), "warned", "only 2 points", 2
    yield "rows-unsorted", _table(time=whole[0][order], flux=whole[1][order]), "warned", "sorted", _N
    yield "rows-reversed", _table(time=whole[0][::-1], flux=whole[1][::-1]), "warned", "sorted", _N
    yield "rows-repeated", _table(time=whole[0][twice], flux=whole[1][twice]), "warned", "repeated row", _N // 2
    yield "times-repeated", _table(time=whole[0][twice]), "warned", "repeat the time", _N
    yield "times-equal", _table(time=np.full(_N, 2459000.5)), "refused", "times are the same", None
    yield "times-julian", _table(time=2459000.5 + time(_N)), "warned", "JD", _N
    yield "times-single-precision", _table(time=(2459000.5 + time(_N)).astype(np.float32)), "warned", "repeat|rounded|precision", None
    yield "times-1e39", _table(time=1e39 * time(_N)), "refused", "time", None
    yield "times-1e300", _table(time=1e300 * time(_N)), "refused", "time", None
    yield "times-negative", _table(time=-time(_N)), "warned", "sorted", _N
    yield "times-one-far", _table(time=[*time(_N - 1), 1e18]), "warned", "no time", _N - 1
    yield "times-zero-first", _table(time=[0.0, *(2459000.5 + time(_N - 1))]), "warned", "no time", _N - 1


def _typed(form: str, dtype: str, null: int | None = None) -> Callable[[], bytes]:
    """The table in FITS, its fluxes in another type, some standing for nothing."""
    row = np.dtype([("TIME", ">f8"), ("FLUX", dtype), ("FLUX_ERR", ">f8")])
    rows = np.zeros(_N, row)
    rows["TIME"], rows["FLUX"], rows["FLUX_ERR"] = time(_N), (1000 * flux(_N)).astype(dtype), 1.0
    changed: dict[str, Value] = {"TFORM2": form, "NAXIS1": row.itemsize}
    if null is not None:
        rows["FLUX"][::7] = null
        changed["TNULL2"] = null
    return lambda: header(PRIMARY) + header(cards_of(**changed)) + padded(rows.tobytes())


def _types() -> Iterator[tuple[str, Content, Expected, str, int | None]]:
    yield "type-single", _typed("E", ">f4"), "read", "", _N
    yield "type-integer", _typed("J", ">i4"), "read", "", _N
    yield "type-short", _typed("I", ">i2"), "read", "", _N
    yield "type-integer-masked", _typed("J", ">i4", -999_999), "warned", "no value", _N - len(range(0, _N, 7))
    yield "type-integer-least", _typed("K", ">i8", -(2**63)), "warned", "no value", _N - len(range(0, _N, 7))


def cases(bait: Bait) -> Iterator[Case]:
    """Every table whose numbers are odd."""
    for part, suffix in ((_values, "csv"), (_errors, "csv"), (_rows, "csv"), (_types, "fits")):
        for name, content, expected, words, points in part():
            yield Case(f"{name}.{suffix}", "numeric", content, expected, words, None if points is None else int(points))
