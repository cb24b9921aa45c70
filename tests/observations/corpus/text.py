"""Text tables: too wide, too long, ragged, unclosed, in the wrong language, or no table at all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from tests.observations.corpus.case import Bait, Case, Content, Expected, flux, time

_Case = tuple[str, Content, Expected, str]
_ROWS = 60


def rows(template: str = "{time:.4f},{flux:.6f},0.001", count: int = _ROWS, end: str = "\n") -> str:
    """Lines of a table of times and fluxes."""
    pairs = zip(time(count), flux(count), strict=True)
    return "".join(template.format(time=t, flux=f) + end for t, f in pairs)


def csv(*lines: str, head: str = "time,flux,flux_err", more: str = "") -> str:
    """A table with further lines in its middle and at its end."""
    body = rows().splitlines(keepends=True)
    return "".join([head + "\n", *body[:30], *(line + "\n" for line in lines), *body[30:], more])


def _shapes() -> Iterator[_Case]:
    wide = "columns"
    yield (
        "columns-a-million.csv",
        lambda: (",".join(f"c{i}" for i in range(1_000_000)) + "\n").encode() + b"1," * 999_999 + b"1\n",
        "refused",
        wide,
    )
    yield "columns-100-thousand.csv", "time" + ",flux" * 99_999 + "\n1" + ",1" * 99_999 + "\n", "refused", wide
    yield "columns-100-thousand-blanks.txt", lambda: (" ".join(["1"] * 100_000) + "\n").encode() * 3, "refused", wide
    yield "columns-600.csv", ",".join(f"c{i}" for i in range(600)) + "\n" + "1," * 599 + "1\n", "refused", wide
    yield "columns-in-second-line.csv", lambda: b"time,flux\n" + b"1," * 2_000_000 + b"1\n", "refused", wide + "|fields"
    yield "line-of-50-mb.csv", lambda: b"time,flux\n" + b"7" * 50_000_000, "refused", "characters"
    yield "line-of-50-mb-of-commas.csv", lambda: b"," * 50_000_000, "refused", wide
    yield "line-of-50-mb-quoted.csv", lambda: b'time,flux\n1,"' + b"a" * 50_000_000 + b'"\n', "refused", "characters"
    yield "rows-three-million.csv", lambda: b"time,flux\n" + b"1,2\n" * 3_000_000, "refused", "lines|rows"
    yield "lines-empty-20-million.csv", lambda: b"\n" * 20_000_000, "refused", "lines|empty"
    yield "comments-a-million.csv", lambda: b"# nothing\n" * 1_000_000, "refused", "no rows"
    yield "quotes-a-million.csv", lambda: b'time,flux\n1,"' + b'""' * 400_000 + b'"\n', "refused", "flux|number|quotation"
    yield "brackets-deep.csv", lambda: b"time " + b"(" * 100_000 + b",flux\n1,2\n2,3\n", "refused", "column|fields|errors"
    yield "larger-than-64-mb.csv", lambda: b"1,2,3\n" * 12_000_000, "refused", "MB"


def _faults() -> Iterator[_Case]:
    yield "row-short.csv", csv("1500.7,1.0"), "refused", "line 32.*fields"
    yield "row-long.csv", csv("1500.7,1.0,0.1,0.1"), "refused", "line 32.*fields"
    yield "row-cut.csv", csv(more="1501.3,1.0"), "refused", "line 62.*fields"
    yield "head-long.csv", csv(head="time,flux,flux_err,quality,x"), "refused", "3 fields.*5"
    yield "head-short.csv", csv(head="time"), "refused", "fields|columns"
    yield "quote-unclosed.csv", csv('1500.7,"1.0,0.1'), "refused", "line 32.*quotation"
    yield "quote-unclosed-in-head.csv", csv(head='"time,flux,flux_err'), "refused", "quotation|column"
    yield "quote-then-text.csv", csv('1500.7,"1.0"x,0.1'), "refused", "quotation"
    yield "delimiters-mixed.csv", csv("1500.7;1.0;0.1"), "refused", "fields"
    yield "text-in-flux.csv", csv("1500.7,high,0.1"), "refused", "flux.*'high'"
    yield "text-in-time.csv", csv("noon,1.0,0.1"), "refused", "time.*'noon'"
    yield "text-in-errors.csv", csv("1500.7,1.0,+-0.1"), "refused", r"flux_err.*'\+-0.1'"
    yield "hexadecimal.csv", csv("1500.7,0x10,0.1"), "refused", "hexadecimal"
    yield "underscore.csv", csv("1500.7,1_000,0.1"), "refused", "'1_000'"
    yield "thousands.csv", csv('1500.7,"1,234.5",0.1'), "refused", "'1,234.5'"
    yield "percent.csv", csv("1500.7,99%,0.1"), "refused", "'99%'"
    yield "clock.csv", csv("12:30:00,1.0,0.1"), "refused", "'12:30:00'"
    yield "points-two.csv", csv("1500.7,1.2.3,0.1"), "refused", "'1.2.3'"
    yield "exponent-empty.csv", csv("1500.7,1e,0.1"), "refused", "'1e'"
    yield "complex.csv", csv("1500.7,1+2j,0.1"), "refused", r"'1\+2j'"
    yield "excel-error.csv", csv("1500.7,#DIV/0!,0.1"), "refused", "'#DIV/0!'"
    yield "formula-in-flux.csv", csv('1500.7,"=HYPERLINK(""http://127.0.0.1/"",""x"")",0.1'), "refused", "flux.*HYPERLINK"
    yield "formula-command.csv", csv("1500.7,=cmd|'/C calc'!A0,0.1"), "refused", "flux.*cmd"
    yield "dates-mixed.csv", csv(head="time,flux,flux_err").replace("1500.0000", "2024-01-01"), "refused", "time|dates"
    yield "dates-wrong.csv", f"time,flux,flux_err\n{rows('2024-13-45,{flux:.6f},0.001')}", "refused", "dates"
    yield "units-bomb.csv", csv(head="time [10**(99999999) d],flux,flux_err"), "refused", "unit"
    yield "units-of-mass.csv", csv(head="time [kg],flux,flux_err"), "refused", "convert|unit"
    yield "names-strange.csv", csv(head="a,b,c"), "refused", "a, b, c"
    yield "names-of-html.csv", csv(head="<b>time</b>,<script>x</script>,<i>e</i>"), "refused", "column|HTML"
    yield "names-very-long.csv", csv(head=f"time{'x' * 5000},flux{'y' * 5000},z"), "refused", "column"
    yield "names-numbered.csv", csv(head="1,2,3"), "warned", "no line of column names|names of the columns"
    yield "column-single.csv", "flux\n" + rows("{flux:.6f}"), "refused", "column"
    yield "separator-line.csv", "sep=;\ntime;flux;flux_err\n" + rows("{time};{flux};0.001"), "read", ""


def _languages() -> Iterator[_Case]:
    plain = csv()
    yield "mark.csv", lambda: codecs.BOM_UTF8 + plain.encode(), "read", ""
    yield "wide.csv", lambda: plain.encode("utf-16"), "read", ""
    yield "wide-big.csv", lambda: codecs.BOM_UTF16_BE + plain.encode("utf-16-be"), "read", ""
    yield "wide-no-mark.csv", lambda: plain.encode("utf-16-le"), "refused", "text"
    yield "wide-cut.csv", lambda: plain.encode("utf-16")[:-1], "refused", "text|fields|flux_err"
    yield "very-wide.csv", lambda: plain.encode("utf-32"), "refused", "text"
    yield "latin.csv", lambda: csv(head="# Größe\ntime,flux,flux_err").encode("latin-1"), "warned", "UTF-8"
    yield (
        "utf8-broken.csv",
        csv(head="# X\ntime,flux,flux_err").encode().replace(b"X", b"\xc3\x28\x81"),
        "refused",
        "text",
    )
    yield "nul.csv", csv("1500.7,1.0\x00,0.1"), "refused", "text"
    yield "escape.csv", csv("1500.7,\x1b[31m1.0,0.1"), "refused", "text"
    yield "all-bytes.csv", lambda: bytes(range(256)) * 50, "refused", "text"
    yield "comma-decimal.csv", "time;flux;flux_err\n" + rows("{time:.4f};{flux:.6f};0.001").replace(".", ","), "warned", "decimal"
    yield "comma-decimal-and-delimiter.csv", "time,flux,flux_err\n" + rows().replace(".", ","), "refused", "fields"
    yield "minus-typographic.csv", csv("1500.7,\u22120.5,0.1"), "read", ""
    yield "space-no-break.csv", csv("1500.7,\u00a01.0\u00a0,0.1"), "read", ""
    yield "space-zero-width.csv", csv("1500.7,1.0\u200b,0.1"), "refused", "flux"
    yield "direction-override.csv", csv(head="time,flux,flux_err,\u202egnp").replace("0.001\n", "0.001,x\n"), "read", ""
    yield "line-ends-mac.csv", plain.replace("\n", "\r"), "read", ""
    yield "line-ends-mixed.csv", plain.replace("\n", "\r\n", 9), "read", ""
    yield "end-of-file-mark.csv", lambda: plain.encode() + b"\x1a", "read", ""


def _others() -> Iterator[_Case]:
    yield "empty.csv", b"", "refused", "empty"
    yield "blank.csv", b" \n\t\n\n", "refused", "empty"
    yield "names-only.csv", b"time,flux,flux_err\n", "refused", "no rows"
    yield "page.csv", b"<!DOCTYPE html><html><body><table><tr><td>1,2</td></tr></table></body></html>", "refused", "HTML"
    yield "page-part.csv", b"<table><tr><td>1</td><td>2</td></tr></table>\n" * 9, "refused", "HTML"
    yield "page-of-login.fits", b"\n\n<html><head><title>Sign in</title></head></html>", "refused", "HTML"
    yield "object.csv", b'{"time": [1, 2, 3], "flux": [1, 1, 1]}', "refused", "JSON"
    yield "objects.csv", b'[{"time": 1, "flux": 2}]', "refused", "JSON"
    yield "prose.csv", b"Dear colleague,\nplease find attached the light curve.\nBest wishes\n", "refused", "fields|column"
    yield "program.csv", b"import os\nos.system('touch canary')\n", "refused", "fields|column"
    yield "script.csv", b"#!/bin/sh\ntouch canary\n", "refused", "column|no rows|rows|names"
    yield (
        "latex.csv",
        rb"\documentclass{article}\input{/etc/passwd}\begin{tabular}{cc}1 & 2\\ \end{tabular}",
        "refused",
        "rows|column",
    )
    yield "rtf.csv", rb"{\rtf1\ansi 1,2}", "refused", "JSON|column|table"
    yield (
        "noise.csv",
        lambda: "".join(chr(33 + (7 * i * i + i) % 90) for i in range(20_000)).encode(),
        "refused",
        "column|fields|rows|quotation",
    )


def cases(bait: Bait) -> Iterator[Case]:
    """Every text table that is out of order."""
    yield Case("good.csv", "text", csv(), "read", points=_ROWS)
    for part, category in ((_shapes, "text size"), (_faults, "text fault"), (_languages, "text language"), (_others, "no table")):
        for name, content, expected, words in part():
            yield Case(name, category, content, expected, words)
