import pytest

from astro_sbi.observations.containers.delimited import FORMAT
from astro_sbi.observations.containers.lines import split_unit
from astro_sbi.observations.observation import ObservationError

ROWS = "".join(f"{i * 0.02},{1 + (i % 7) * 1e-3}\n" for i in range(100))


def read(text: str | bytes):
    container = FORMAT.opened(text.encode() if isinstance(text, str) else text)
    return container.tables[0], container.warnings


def names(table) -> list[str]:
    return [column.name for column in table.columns]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbft,f\n1,2\n",
        "t,f\n1,2\n".encode("utf-16"),
        b"t,f\r1,2\r",
        b"t,f\r\n1,2\r\n\x1a",
        "t,f\n1,2\n".replace("1", "1.0D+00").encode(),
    ],
)
def test_encodings_and_line_ends(content):
    table, warnings = read(content)
    assert names(table) == ["t", "f"]
    assert [float(values[0]) for values in table.values] == [1, 2]
    assert warnings == ()


def test_latin_letters_and_printed_minus_signs():
    table, warnings = read(b"t,f [\xb5Jy]\n1,2\n")
    assert table.columns[1].unit == "µJy"
    assert "not in UTF-8" in warnings[0]
    assert read("t,f\n1,−2.5\n")[0].values[1][0] == -2.5


WRONG = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n", "empty"),
    "comments": (b"# a\n# b\n", "no rows"),
    "header": (b"time,flux,flux_err\n", "no rows"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "PNG"),
    "page": (b"<!DOCTYPE html><html><body>1,2</body></html>", "HTML"),
    "part of a page": (b"<!-- found -->\n<table><tr><td>1</td></tr></table>", "HTML"),
    "json": (b'[\n  {"t": 1}]', "JSON"),
    "garbage": (bytes(range(1, 256)) * 20, "neither FITS nor text"),
    "more garbage": (b"time,flux\n1,\xff\x81\n", "neither FITS nor text"),
    "nul": (b"time,flux\n1,2\x00\n", "neither FITS nor text"),
    "words": (b"the quick brown fox\njumps over the lazy dog\n", "5 fields and 4 columns"),
    "hexadecimal": (f"time,flux\n{ROWS}2.5,0x10\n".encode(), "line 102 holds the hexadecimal number 0x10"),
    "ragged": (f"time,flux\n{ROWS}2.5\n".encode(), "line 102 does not have 2 fields"),
    "missing last cell": (b"1 2 3\n4 5\n6 7 8\n", "line 2 does not have 3 fields"),
    "missing after comments": (b"# a\n\nt,f,e\n1,2\n1,2,3\n3,4,5\n", "line 4 does not have 3 fields"),
    "mixed": (b"time,flux\n1,2\n3 4\n5;6\n", "field"),
    "open quote": (b'a,b\n"1,2\n3,4\n', "line 2 has a quotation mark"),
    "wide": (",".join(f"c{i}" for i in range(20_000)).encode() + b"\n", "20,000 columns and at most 512"),
    "very wide": (",".join(["1.5"] * 1_000_000).encode(), "1,000,000 columns and at most 512"),
    "one line": (b"1" * (1 << 26), "67,108,864 characters"),
    "long": (b"1\n" * 2_000_001, "2,000,001 rows and at most 2,000,000"),
    "many cells": (b"1,2,3,4,5,6,7,8,9\n" * 900_000, "at most 8,000,000 cells"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    with pytest.raises(ObservationError, match=pattern) as caught:
        read(content)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 300
    assert not sentence.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [(b"#" * 900_000 + b"\n") * 20, (b"# " + b"(a " * 300_000 + b"\n") * 20, (b"# a" + b" " * 900_000 + b"\n") * 20],
)
def test_long_comments_are_passed(content):
    table, _ = read(content + b"1 2\n")
    assert [values.tolist() for values in table.values] == [[1], [2]]


def test_one_long_cell_does_not_widen_a_long_column():
    table, _ = read(b"1.25\n" * 20_000 + b"1." + b"3" * 50 + b"\nhigh" + b"x" * 10_000)
    assert table.values[0].dtype.itemsize <= 4 * 24
    assert float(table.values[0][-2]) == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("time [d]", "time", "d"),
        ("flux (Jy)", "flux", "Jy"),
        ("flux_Jy", "flux_Jy", None),
        ("log(M/Msun) (dex)", "log(M/Msun)", "dex"),
        ("flux [-]", "flux", ""),
        ("flux []", "flux", ""),
        ("(x)", "(x)", None),
        ("f (erg/(s cm2))", "f", "erg/(s cm2)"),
        ("a)", "a)", None),
    ],
)
def test_split_unit(text, name, unit):
    column = split_unit(text)
    assert (column.name, column.unit) == (name, unit)
