"""FITS files whose headers lie: about sizes, columns, scales and heaps; and files that end too early."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from tests.observations.corpus.case import Bait, Case, Expected
from tests.observations.corpus.fits_file import (
    BLOCK,
    PRIMARY,
    ROWS,
    Value,
    ascii_table,
    card,
    cards_of,
    header,
    heap_table,
    padded,
    rows_of,
    table,
)

_Made = Callable[[], bytes]
_CUT = "cut short|more than there|claims"


def _sizes() -> Iterator[tuple[str, dict[str, Value], str]]:
    """Changed cards of the table's header that must be refused, and the words for it."""
    yield "rows-too-many", {"NAXIS2": 20_000_000_000}, f"NAXIS2|{_CUT}"
    yield "rows-one-too-many", {"NAXIS2": 3 * ROWS}, _CUT
    yield "row-too-wide", {"NAXIS1": 2**39}, f"NAXIS1|{_CUT}"
    yield "row-narrower-than-its-columns", {"NAXIS1": 20}, "NAXIS1|TFORM|columns"
    yield "rows-negative", {"NAXIS2": -5}, "NAXIS2"
    yield "rows-fraction", {"NAXIS2": 60.5}, "NAXIS2"
    yield "rows-text", {"NAXIS2": "sixty"}, "NAXIS2"
    yield "rows-logical", {"NAXIS2": True}, "NAXIS2"
    yield "rows-beyond-64-bits", {"NAXIS2": 10**25}, "NAXIS2"
    yield "rows-missing", {"NAXIS2": None}, "NAXIS2"
    yield "axes-1000", {"NAXIS": 1000}, "NAXIS"
    yield "axes-negative", {"NAXIS": -1}, "NAXIS"
    yield "axes-text", {"NAXIS": "two"}, "NAXIS"
    yield "axes-product", {"NAXIS": 4, "NAXIS3": 2**40, "NAXIS4": 2**40}, f"NAXIS|{_CUT}"
    yield "fields-100-million", {"TFIELDS": 100_000_000}, "TFIELDS"
    yield "fields-negative", {"TFIELDS": -3}, "TFIELDS"
    yield "fields-text", {"TFIELDS": "many"}, "TFIELDS"
    yield "fields-999", {"TFIELDS": 999}, "TFIELDS|TFORM"
    yield "fields-none", {"TFIELDS": 0, "NAXIS1": 0}, "no table|no columns|no rows"
    yield "rows-none", {"NAXIS2": 0}, "no rows"
    yield "bits-7", {"BITPIX": 7}, "BITPIX"
    yield "bits-0", {"BITPIX": 0}, "BITPIX"
    yield "bits-huge", {"BITPIX": 2**31}, "BITPIX"
    yield "heap-100-gb", {"PCOUNT": 10**11}, f"PCOUNT|{_CUT}"
    yield "heap-negative", {"PCOUNT": -100}, "PCOUNT"
    yield "groups-a-billion", {"GCOUNT": 10**9}, f"GCOUNT|{_CUT}"
    yield (
        "compressed-image-40-gb",
        {"ZIMAGE": True, "ZBITPIX": -64, "ZNAXIS": 2, "ZNAXIS1": 100_000, "ZNAXIS2": 50_000},
        "compressed|ZNAXIS",
    )
    yield "compressed-image-no-size", {"ZIMAGE": True, "ZNAXIS": "two"}, "compressed|ZNAXIS"


def _columns() -> Iterator[tuple[str, dict[str, Value], Expected, str]]:
    refused: Expected = "refused"
    for number, form in enumerate(("9999E", "1Z", "", "-1D", "99999999999E", "0D", "D D", "PD", "12345", "A" * 60)):
        yield f"form-{number}", {"TFORM2": form}, refused, "TFORM|not read"
    yield "form-number", {"TFORM2": 8}, refused, "TFORM2"
    yield "form-missing", {"TFORM2": None}, refused, "TFORM2"
    yield "form-complex", {"TFORM2": "M", "NAXIS1": 32, "NAXIS2": 45}, refused, "complex"
    yield "form-bits", {"TFORM2": "64X"}, refused, "bits"
    yield "form-text", {"TFORM2": "8A"}, refused, "FLUX"
    yield "dimensions-lie", {"TDIM2": "(1000000,1000000)"}, "read", ""
    yield "dimensions-nonsense", {"TDIM2": "(many)"}, "read", ""
    yield "dimensions-number", {"TDIM2": 1.5}, "read", ""
    yield "scale-zero", {"TSCAL2": 0.0}, "warned", "TSCAL2|same|equal"
    yield "scale-text", {"TSCAL2": "two"}, refused, "TSCAL2"
    yield "scale-nan", {"TSCAL2": "raw:NaN"}, refused, "TSCAL2|FLUX|no value"
    yield "scale-overflow", {"TSCAL2": 1e308, "TZERO2": 1e308}, refused, "TSCAL2|FLUX|no value|absurd"
    yield "zero-text", {"TZERO2": "raw:zero"}, refused, "TZERO2"
    yield "null-text", {"TNULL2": "none"}, "read", ""
    yield "unit-bomb", {"TUNIT2": "10**(99999999) m"}, refused, "unit"
    yield "unit-bomb-of-times", {"TUNIT1": "d**(9**(9**9))"}, refused, "unit"
    yield "unit-tower", {"TUNIT2": "((m**99)**99)**99"}, refused, "unit"
    yield "unit-nonsense", {"TUNIT2": "furlongs per fortnight"}, refused, "unit"
    yield "unit-of-mass", {"TUNIT1": "kg"}, refused, "convert|unit"
    yield "unit-number", {"TUNIT2": 12}, "read", ""
    yield "name-missing", {"TTYPE2": None}, refused, "column"
    yield "name-number", {"TTYPE2": 7}, refused, "column"
    yield "names-duplicated", {"TTYPE3": "FLUX"}, "warned", "called FLUX"
    yield "names-duplicated-by-case", {"TTYPE3": "flux"}, "warned", "called flux"
    yield "name-of-html", {"TTYPE3": "<img src=x onerror=alert(1)>"}, "warned", "no errors"
    yield "name-of-controls", {"TTYPE3": "a\x1b[31m\x00b"}, refused, "damaged"
    yield "name-not-ascii", {"TTYPE3": "\xff\xfe\xe9"}, "warned", "no errors"


def _heaps() -> Iterator[tuple[str, _Made, Expected, str]]:
    for form in ("1PD(60)", "1QD(60)"):
        kind = form[1].lower()
        yield f"heap-{kind}-outside", lambda form=form: heap_table(ROWS, 10**8, form=form), "refused", "variable length|heap"
        yield f"heap-{kind}-count", lambda form=form: heap_table(2_000_000_000, 0, form=form), "refused", "variable length|heap"
        yield f"heap-{kind}-negative", lambda form=form: heap_table(-5, -8, form=form), "refused", "variable length|heap"
        yield f"heap-{kind}-beside", lambda form=form: heap_table(2_000_000_000, 0, form=form, column=4), "warned", "variable length"
    yield "heap-gap-huge", lambda: table(THEAP=10**11), "read", ""


def _cut() -> Iterator[tuple[str, _Made, Expected, str]]:
    whole = len(table())
    for name, end in {
        "first-card": 80,
        "first-header": 2000,
        "second-header": BLOCK + 900,
        "before-rows": 2 * BLOCK,
        "rows": 2 * BLOCK + 700,
    }.items():
        yield f"cut-in-{name}", lambda end=end: table()[:end], "refused", "cut short|ends in the middle|no table|no rows|claims"
    yield "cut-one-byte-of-rows", lambda: table()[: 2 * BLOCK + 24 * ROWS - 1], "refused", "cut short"
    yield "cut-filling", lambda: table()[: whole - 100], "read", ""
    yield "no-end", lambda: header(PRIMARY, *[b"COMMENT " + b"x" * 70] * 40_000, end=b""), "refused", "END|header"
    yield "no-end-20-mb", lambda: header(PRIMARY, end=b"") + b" " * (20 * 1024**2), "refused", "END|header"
    yield "header-of-1200-blocks", lambda: table(*[b"COMMENT " + b"x" * 70] * 43_200), "refused", "header"
    yield "only-first-card", lambda: card("SIMPLE", True), "refused", "header|cut"
    yield "only-primary", lambda: header(PRIMARY), "refused", "no table"
    yield "text-after-first-card", lambda: b"SIMPLE  = this is not FITS\n1,2\n3,4\n", "refused", "header|cut"
    yield "first-card-and-noise", lambda: card("SIMPLE", True) + np.random.default_rng(3).bytes(4 * BLOCK), "refused", "NAXIS|header|END"
    yield "no-simple", lambda: table()[80:], "refused", "says FITS"
    yield "extension-unknown", lambda: table(XTENSION="SPOON"), "refused", "no table"
    yield "extension-noise", lambda: table() + np.random.default_rng(5).bytes(2 * BLOCK), "read", ""
    yield "units-150", lambda: table() + (header(cards_of(NAXIS2=1)) + padded(rows_of()[:24])) * 150, "warned", "100|first"
    yield (
        "units-endless",
        lambda: header(PRIMARY) + header({"XTENSION": "IMAGE", "BITPIX": 8, "NAXIS": 0}) * 5000,
        "refused",
        "no table|units",
    )
    yield (
        "random-groups",
        lambda: (
            header(
                {"SIMPLE": True, "BITPIX": -32, "NAXIS": 3, "NAXIS1": 0, "NAXIS2": 4, "NAXIS3": 8, "GROUPS": True, "PCOUNT": 2, "GCOUNT": 5}
            )
            + padded(bytes(4 * 5 * 34))
        ),
        "refused",
        "no table|groups",
    )
    yield (
        "keywords-odd",
        lambda: table(
            b"HIERARCH ESO = = 'x",
            b"HIERARCH  = 3",
            b"CONTINUE  'lost &'",
            b"        = 5",
            b"\xff\xfe\x00bad= 1",
            b"LONG    = 'a&'",
            *[b"CONTINUE  'b&'"] * 3000,
        ),
        "read",
        "",
    )
    yield (
        "keywords-unquoted",
        lambda: table(OBJECT="raw:'never closed", TELESCOP="raw:1..2", EXPOSURE="raw:(1,2)", DATE="raw:1E"),
        "read",
        "",
    )
    yield "object-of-html", lambda: table(OBJECT="<script>alert(1)</script>"), "read", ""


def _ascii() -> Iterator[tuple[str, _Made, Expected, str]]:
    words = "TBCOL|TFORM|FLUX|damaged"
    yield "ascii", ascii_table, "read", ""
    yield "ascii-column-outside", lambda: ascii_table(TBCOL2=4000), "refused", words
    yield "ascii-column-negative", lambda: ascii_table(TBCOL2=-3), "refused", words
    yield "ascii-column-text", lambda: ascii_table(TBCOL2="two"), "refused", words
    yield "ascii-column-missing", lambda: ascii_table(TBCOL2=None), "refused", words
    yield "ascii-form-nonsense", lambda: ascii_table(TFORM2="Z9.9"), "refused", words
    yield "ascii-form-wide", lambda: ascii_table(TFORM2="F999999999.6"), "refused", words
    yield "ascii-words", lambda: ascii_table(*["    1500.000       hello    0.001000"] * 30), "refused", "FLUX|damaged|number"
    yield "ascii-of-noise", lambda: ascii_table("\x00\x01é~" * 300), "refused", "FLUX|TIME|damaged|number"


def cases(bait: Bait) -> Iterator[Case]:
    """Every FITS table that is not what it says."""
    yield Case("good.fits", "fits", table, "read", points=ROWS)
    for name, changed, words in _sizes():
        yield Case(f"{name}.fits", "fits size", lambda changed=changed: table(**changed), "refused", words)
    for name, changed, expected, words in _columns():
        yield Case(f"{name}.fits", "fits column", lambda changed=changed: table(**changed), expected, words)
    for name, made, expected, words in itertools.chain(_heaps(), _cut(), _ascii()):
        yield Case(f"{name}.fits", "fits", made, expected, words)
