"""Text tables whose headers lay out their columns: machine-readable tables, IPAC tables and SNANA's text, with layouts that lie."""

from __future__ import annotations

from collections.abc import Iterator

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_Case = tuple[str, Content, Expected, str]
_N = 60
_RULER = "-" * 80 + "\n"
_MRT_COLUMNS = (
    "   1- 10 F10.4  d      Time     Barycentric Julian date\n"
    "  12- 20 F9.6   ---    Flux     Relative flux\n"
    "  22- 27 F6.4   ---    e_Flux   Error of Flux\n"
)


def mrt(columns: str = _MRT_COLUMNS, body: str | None = None, title: str = "table1.dat") -> bytes:
    """A machine-readable table with another description or other rows."""
    rows = "".join(f"{t:10.4f} {f:9.6f} {1e-3:6.4f}\n" for t, f in zip(time(_N), flux(_N), strict=True))
    heads = "   Bytes Format Units  Label    Explanations\n"
    start = f"Title: Made\nAuthors: Nobody\nTable: 1\n{'=' * 80}\nByte-by-byte Description of file: {title}\n"
    return f"{start}{_RULER}{heads}{_RULER}{columns}{_RULER}{rows if body is None else body}".encode()


def _mrt() -> Iterator[_Case]:
    changed = _MRT_COLUMNS.replace
    yield "good.mrt", mrt, "read", ""
    yield "bytes-overlap.mrt", lambda: mrt(changed("12- 20", " 5- 20")), "refused", "overlap"
    yield "bytes-reversed.mrt", lambda: mrt(changed("12- 20", "20- 12")), "refused", "bytes|overlap"
    yield "bytes-outside.mrt", lambda: mrt(changed("22- 27", "900000-999999")), "refused", "Flux|keep to the columns"
    yield "bytes-shifted.mrt", lambda: mrt(changed("12- 20", "14- 20")), "refused", "keep to the columns"
    yield "bytes-none.mrt", lambda: mrt(""), "refused", "no columns"
    yield "bytes-zero.mrt", lambda: mrt(changed("   1- 10", "   0- 10")), "refused", "bytes|overlap"
    yield "unit-bomb.mrt", lambda: mrt(changed("F10.4  d ", "F10.4  10**(99999999)s ")), "refused", "unit"
    yield "columns-5000.mrt", lambda: mrt("".join(f"{i + 1:6d} I1 --- c{i} x\n" for i in range(5000))), "refused", "columns|description"
    yield "rows-none.mrt", lambda: mrt(body=""), "refused", "rows"
    yield "rows-tabs.mrt", lambda: mrt(body="1\t2\t3\n"), "refused", "keep to the columns"
    yield "rows-text.mrt", lambda: mrt(body=" 1500.0000 ----hi--- 0.0010\n" * 9), "refused", "Flux"
    yield "rulers-none.mrt", lambda: mrt().replace(_RULER.encode(), b""), "refused", "rulers"
    yield "description-only.mrt", lambda: b"Byte-by-byte Description of file: x\n", "refused", "rulers|description"
    yield "explanation-long.mrt", lambda: mrt(_MRT_COLUMNS + "         " + "x " * 400_000 + "\n"), "read", ""
    yield "limits-bomb.mrt", lambda: mrt(changed("Relative flux", "[" * 5000)), "read", ""


_BARS = "|      time|     flux|  err|\n|    double|   double|  dbl|\n|         d|         |     |\n|      null|     null| null|\n"


def ipac(head: str = _BARS, notes: str = "", more: str = "") -> bytes:
    """An IPAC table with another header or more rows."""
    rows = "".join(f" {t:10.4f} {f:9.6f} {1e-3:5.3f}\n" for t, f in zip(time(_N), flux(_N), strict=True))
    return f"{notes}{head.replace('dbl', '  d')}{rows}{more}".encode()


def _ipac() -> Iterator[_Case]:
    yield "good.tbl", ipac, "read", ""
    yield "bars-shifted.tbl", lambda: ipac(_BARS.replace("|   double|", "|  double|")), "refused", "bars"
    yield "bars-many.tbl", lambda: ipac("|a" * 5000 + "|\n" + "|d" * 5000 + "|\n"), "refused", "columns"
    yield "lines-nine.tbl", lambda: ipac(_BARS + _BARS + _BARS.splitlines()[0] + "\n"), "refused", "header|bars|fields"
    yield (
        "type-unknown.tbl",
        lambda: ipac(_BARS.replace("   double|", "   object|", 1).replace("    object|", "    object|")),
        "refused",
        "type|fields|columns",
    )
    yield "unit-bomb.tbl", lambda: ipac(_BARS.replace("|         d|", "|10**9**9 d|")), "refused", "unit"
    yield "rows-off.tbl", lambda: ipac(more=" 1700.0000xxxx1.0 0.001\n"), "refused", "keep to the columns|flux|time"
    yield "rows-none.tbl", lambda: _BARS.replace("dbl", "  d").encode(), "refused", "no rows|rows"
    yield "notes-100-thousand.tbl", lambda: ipac(notes="\\note = x\n" * 100_000), "refused", "header|columns are named"
    yield "notes-long.tbl", lambda: ipac(notes="\\char x = '" + "y" * 500_000 + "'\n"), "refused", "header|columns are named"


def snana(head: str = "", *, names: str = "MJD FLT FLUXCAL FLUXCALERR", row: str = "OBS: {t:.3f} r {f:.4f} 0.5\n") -> bytes:
    """A light curve in SNANA's text with another header, other names or other rows."""
    rows = "".join(row.format(t=57000 + t, f=100 * f) for t, f in zip(time(_N), flux(_N), strict=True))
    return f"SURVEY: MADE\nSNID: made1\n{head}NOBS: {_N}\nNVAR: {len(names.split())}\nVARLIST: {names}\n{rows}END:\n".encode()


def _snana() -> Iterator[_Case]:
    yield "good.dat", snana, "read", ""
    yield "rows-promised.dat", lambda: snana().replace(b"NOBS: 60", b"NOBS: 99999999999"), "warned", "NOBS"
    yield "columns-promised.dat", lambda: snana().replace(b"NVAR: 4", b"NVAR: 999999999"), "warned", "NVAR"
    yield "rows-above-names.dat", lambda: snana().replace(b"VARLIST", b"OBS: 1 2 3 4\nVARLIST"), "refused", "VARLIST"
    yield "rows-short.dat", lambda: snana(row="OBS: {t:.3f} r {f:.4f}\n"), "refused", "fields"
    yield "rows-none.dat", lambda: snana(row=""), "refused", "no rows"
    yield "names-none.dat", lambda: snana(names=""), "refused", "names|rows|column"
    yield "names-other.dat", lambda: snana(names="A B C D"), "refused", "MJD|column"
    yield "names-twice.dat", lambda: snana().replace(b"END:", b"VARLIST: A B\nOBS: 1 2\nEND:"), "refused", "second table"
    yield "names-10-thousand.dat", lambda: snana(names=" ".join(f"c{i}" for i in range(10_000))), "refused", "columns"
    yield "redshift-text.dat", lambda: snana("REDSHIFT_HELIO: far +- away\n"), "read", ""
    yield "redshift-infinite.dat", lambda: snana("REDSHIFT_FINAL: inf +- nan\n"), "read", ""
    yield "flux-text.dat", lambda: snana(row="OBS: {t:.3f} r high 0.5\n"), "refused", "FLUXCAL.*'high'"
    yield "bands-thousands.dat", lambda: snana(row="OBS: {t:.3f} b{t:.3f} {f:.4f} 0.5\n"), "read", ""


def cases(bait: Bait) -> Iterator[Case]:
    """Every laid-out table that does not keep to its layout."""
    for part, category in ((_mrt, "machine-readable table"), (_ipac, "IPAC table"), (_snana, "SNANA text")):
        for name, content, expected, words in part():
            yield Case(name, category, content, expected, words)
