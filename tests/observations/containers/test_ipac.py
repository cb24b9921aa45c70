import io

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.ipac import FORMAT
from astro_sbi.observations.observation import ObservationError

MADE = b"""\
\\object = 'HD 1'
\\float z = 0.5
\\ a remark = with a sign
|       time|  flux|  name|flag|
|     double|  real|  char|   i|
|          d|   mJy|      |    |
|       null| -99.9|  none|  -1|
 2450000.125  12.50  007     3
 2450001.125 -99.9   none   -1
 2450002.125
"""


def read(content: bytes):
    assert FORMAT.matches(content)
    container = FORMAT.opened(content)
    return container.tables[0], container.warnings


def test_columns_and_values():
    table, warnings = read(MADE)
    assert [(column.name, column.unit) for column in table.columns] == [("time", "d"), ("flux", "mJy"), ("name", None), ("flag", None)]
    assert table.values[0].tolist() == [2450000.125, 2450001.125, 2450002.125]
    np.testing.assert_array_equal(table.values[1], [12.5, np.nan, np.nan])
    assert table.text(2) == ["007", "", ""]
    np.testing.assert_array_equal(table.values[3], [3, np.nan, np.nan])
    assert table.facts == {"object": "HD 1", "z": 0.5}
    assert table.first_row == 8
    assert warnings == ()


def test_names_alone():
    table, _ = read(b"|a   |b   |\n 1.5  2.5 \n 3    4 \n")
    assert [values.tolist() for values in table.values] == [[1.5, 3], [2.5, 4]]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.floats(allow_infinity=False, allow_nan=False), st.integers(-(2**63), 2**63 - 1), st.text("abc 12", max_size=9), st.booleans()
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_written_by_astropy_is_read_back(rows):
    numbers, integers, words, masked = zip(*rows, strict=True)
    words = [f"q{word}".strip() for word in words]
    buffer = io.StringIO()
    source = Table({"t": np.array(numbers), "n": np.array(integers), "w": words, "m": MaskedColumn(np.array(numbers), mask=masked)})
    source["t"].unit = "d"
    source.write(buffer, format="ascii.ipac")
    table, _ = read(buffer.getvalue().encode())
    assert [(column.name, column.unit) for column in table.columns] == [("t", "d"), ("n", None), ("w", None), ("m", None)]
    assert table.values[0].tolist() == list(numbers)
    assert table.values[1].tolist() == list(integers)
    assert table.text(2) == words
    np.testing.assert_array_equal(np.isnan(table.numbers(3)), masked)


WRONG = {
    "under a bar": (b"| a | b |\n 1234 2 \n", "line 2 does not keep to the columns"),
    "behind the last bar": (b"| a | b |\n  1    22222\n", "line 2 does not keep to the columns"),
    "tab": (b"| a | b |\n  1 \t 2\n", "line 2 does not keep to the columns"),
    "no rows": (b"| a | b |\n|int|int|\n", "no rows"),
    "bars": (b"| a | b |\n|int |int|\n  1   2\n", "below each other"),
    "type": (b"| a  |  b |\n|int |quad|\n  1    2\n", "type 'quad'"),
    "long header": (b"|a |\n|i |\n|d |\n|n |\n|x |\n 1\n", "header has 5 lines"),
    "wide": (b"|a" * 600 + b"|\n" + b" 1" * 600 + b"\n", "600 columns"),
    "nul": (b"|a  |\n 1\x00\n", "neither FITS nor text"),
    "hexadecimal": (b"|a    |\n 0x10\n", "line 2 holds the hexadecimal"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    with pytest.raises(ObservationError, match=pattern) as caught:
        FORMAT.opened(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_other_tables_with_bars_are_not_ipac():
    others = (b"", b"| a | b |\n|---|---|\n| 1 | 2 |\n", b"a|b\n1|2\n", b"|a|b|\n|1|2|\n", b"| 1 | 2 |\n", b"\x00")
    assert not any(FORMAT.matches(content) for content in others)


@pytest.mark.slow
@given(st.text(st.sampled_from("|a1 \n\\=-dic"), max_size=150))
@settings(max_examples=200, deadline=None)
def test_any_text(text):
    content = f"|a |b |\n{text}".encode()
    FORMAT.matches(content)
    try:
        FORMAT.opened(content)
    except ObservationError:
        return
