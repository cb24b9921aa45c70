import io

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.mrt import FORMAT
from astro_sbi.observations.observation import ObservationError

RULER = "-" * 80
COLUMNS = """\
   1-  3 A3     ---        Name   Star
   5- 10 F6.2   0.1nm      lam    [1/20]?=-9.99 Wavelength,
                                    in vacuum (1)
  12- 13 I2     [mJy]      n      ?=--- Logarithm
      15 A1     10-7W/m2   f      ? Flag
  17- 20 F4.1   ---        r      ]0/9]? Ratio
"""
ROWS = "007   1.50 12 a  1.5\n008  -9.99 -- b\n\n009   2.5\n"


def made(columns: str = COLUMNS, rows: str = ROWS) -> bytes:
    head = f"Title: Some stars\nAuthors: A. Author\nTable: The stars\n{'=' * 80}\nByte-by-byte Description of file: stars.txt\n"
    titles = f"{RULER}\n   Bytes Format Units   Label  Explanations\n{RULER}\n"
    return f"{head}{titles}{columns}{RULER}\nNote (1): 12 is\n  not 13.\n{RULER}\n{rows}".encode()


def read(content: bytes):
    assert FORMAT.matches(content)
    (table,) = FORMAT.opened(content).tables
    return table


def test_columns_and_values():
    table = read(made())
    assert [(column.name, column.unit, column.meaning) for column in table.columns] == [
        ("Name", None, "Star"),
        ("lam", "0.1nm", "Wavelength, in vacuum (1)"),
        ("n", "[mJy]", "Logarithm"),
        ("f", "10-7W/m2", "Flag"),
        ("r", "", "Ratio"),
    ]
    assert table.text(0) == ["007", "008", "009"]
    np.testing.assert_array_equal(table.values[1], [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(table.values[2], [12, np.nan, np.nan])
    assert table.text(3) == ["a", "b", ""]
    np.testing.assert_array_equal(table.values[4], [1.5, np.nan, np.nan])


def test_facts_name_and_first_row():
    table = read(made())
    assert table.facts == {"title": "Some stars", "authors": "A. Author", "table": "The stars"}
    assert (table.name, table.first_row) == ("stars.txt", 19)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(-(10**12), 10**12), st.text("abcdXYZ", min_size=1, max_size=9), st.booleans()), min_size=1, max_size=8)
)
@settings(max_examples=60, deadline=None)
def test_written_by_astropy_is_read_back(rows):
    integers, words, masked = zip(*rows, strict=True)
    buffer = io.StringIO()
    Table({"n": integers, "w": words, "m": MaskedColumn([len(word) for word in words], mask=masked)}).write(buffer, format="ascii.mrt")
    table = read(buffer.getvalue().encode())
    assert [column.name for column in table.columns] == ["n", "w", "m"]
    assert table.values[0].tolist() == list(integers)
    assert table.text(1) == list(words)
    missing = np.isnan(table.numbers(2))
    np.testing.assert_array_equal(missing, masked)
    assert table.numbers(2)[~missing].tolist() == [len(word) for word, gone in zip(words, masked, strict=True) if not gone]


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(allow_infinity=False, allow_nan=False), st.integers(0, 99)), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_floats_are_exact(rows):
    columns = "  1- 24 E24.16 d      t      Time\n 26- 27 I2     ---    n      Number\n"
    table = read(made(columns, "".join(f"{number!r:>24} {whole:>2}\n" for number, whole in rows)))
    assert [values.tolist() for values in table.values] == [list(part) for part in zip(*rows, strict=True)]


WRONG = {
    "wider than its column": (made(rows="007   1.50 12 a\n008 12345.67 12 b\n"), "line 20 does not keep to the columns"),
    "beyond the last column": (made(rows=f"007   1.50 12 a  1.5 {'9' * 20}\n"), "line 19 does not keep to the columns"),
    "tabs": (made(rows="007\t1.50\t12\ta\n"), "line 19 does not keep to the columns"),
    "description alone": (made(rows=""), "no rows follow"),
    "cut short": (made()[:300], "no rulers"),
    "overlap": (made().replace(b"  5- 10", b"  2- 10"), "column lam overlap"),
    "backwards": (made().replace(b"  5- 10", b" 10-  5"), "column lam overlap"),
    "no columns": (made(columns="nothing\n"), "names no columns"),
    "wide": (made(columns="".join(f"{i:>5} A1 --- c{i} Column\n" for i in range(1, 600))), "599 columns"),
    "endless description": (made(columns=COLUMNS + "more\n" * 500_000, rows="\x01"), "neither FITS nor text"),
    "hexadecimal": (made(rows="007   0x10 12 a\n"), "line 19 holds the hexadecimal"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    with pytest.raises(ObservationError, match=pattern) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.slow
def test_a_long_explanation_is_cut():
    table = read(made(columns="  1-  3 A3     ---        Name   Star\n" + "more words\n" * 200_000, rows="007\n"))
    assert table.columns[0].meaning.startswith("Star more words")
    assert len(table.columns[0].meaning) <= 200


def test_other_text_is_no_such_table():
    assert not any(FORMAT.matches(content) for content in (b"", b"a,b\n1,2\n", b"\x00" * 9, b"# a Byte-by-byte Description\n1\n"))


@given(st.text(st.sampled_from("12- \nAF.dx[]?="), max_size=200), st.text(st.sampled_from("12 \n-."), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_description(columns, rows):
    try:
        table = read(made(columns, rows))
    except ObservationError:
        return
    assert len(table.columns) == len(table.values)
