"""Names that are paths, commands, addresses, markup or no names at all; the file behind each is in order or empty."""

from __future__ import annotations

from collections.abc import Iterator

from tests.observations.corpus import text
from tests.observations.corpus.case import Bait, Case

NAMES = (
    "../../../etc/passwd.csv",
    "/etc/shadow",
    "..",
    "./",
    "",
    " ",
    "a\x00b.csv",
    "a\nb\r.csv",
    "\x1b[31mred.csv",
    "C:\\Windows\\System32\\config.csv",
    "\\\\server\\share\\file.csv",
    "CON",
    "<img src=x onerror=alert(1)>.csv",
    "<script>alert(1)</script>.fits",
    "![x](http://127.0.0.1/beacon.png).csv",
    "[click](javascript:alert(1)).csv",
    "$\\href{javascript:alert(1)}{x}$.csv",
    "\u202egnp.exe.csv",
    "\u200b\u2028\u2029.csv",
    "\ud800lone.csv",
    "\ufffe\uffff.csv",
    "e\u0301" * 80 + ".csv",
    "x" * 10_000 + ".csv",
    "a" + "." * 5000 + "csv",
    "😀.csv",
    "-rf *.csv",
    "$(touch canary).csv",
    "`touch canary`.csv",
    "a;touch canary;.csv",
    "%s%n%n%x.csv",
    "{0.__class__}.csv",
    "file:///etc/passwd",
    "|touch canary",
)


def cases(bait: Bait) -> Iterator[Case]:
    """A good and an empty file for each name."""
    for name in (*NAMES, bait.url, str(bait.text)):
        yield Case(name, "name", lambda: text.csv().encode(), "read")
        yield Case(name, "name of nothing", lambda: b"", "refused", "empty")
