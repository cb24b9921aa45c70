import csv
import io

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.delimited import FORMAT
from astro_sbi.observations.observation import ObservationError

WORDS = st.text(st.sampled_from("abcz αβ,;'\"|().-_0123"), max_size=12).map(lambda text: f"q{text}".strip())
PLAIN = st.text(st.sampled_from('abcz αβ"().-_0123'), max_size=12).map(lambda text: f"q{text}".strip())
NUMBERS = st.floats(allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def read(text: str | bytes):
    container = FORMAT.opened(text.encode() if isinstance(text, str) else text)
    assert len(container.tables) == 1
    return container.tables[0], container.warnings


def names(table) -> list[str]:
    return [column.name for column in table.columns]


def units(table) -> list[str | None]:
    return [column.unit for column in table.columns]


@pytest.mark.parametrize(
    ("file", "rows", "columns", "first", "first_row"),
    [
        ("agn/mcg08_g.txt", 85, 3, (56639.52, 6.4602, 0.0266), 1),
        ("microlensing/phot_ob08092_O4.dat", 383, 3, (5264.841, 13.939, 0.0068), 1),
        ("microlensing/OB05086_starBLG234.6.I.218982.dat", 640, 3, (2127.52182, 16.318, 0.012), 1),
        ("rv/51Peg.rv", 256, 3, (50002.665695, -52.9, 4.1), 1),
        ("rv/corot7.txt", 177, ["jdb", "vrad", "svrad"], (54775.819119, 32.55, 2.2), 3),
        ("rv/K2-24_epic203771098.csv", 32, ["column 1", "errvel", "t", "vel"], (0, 1.59372460842, 2364.81958, 6.95906630745), 2),
        ("rrlyrae/1013184.csv", 291, ["time", "mag", "magerr", "band"], (51081.346189, 17.236, 0.005, "r"), 2),
        ("rrlyrae/periods.csv", 483, ["Num", "Type", "Per"], (4099, "ab", 0.641754351271), 2),
        ("transit/K2-3_EPIC201367065.csv", 3632, 2, (1977.26244947, 1.00531531), 1),
        ("transit/K2-3_EPIC201367065_detrended.csv", 3632, 2, (1977.26244947, 1.00011745), 1),
    ],
)
def test_real_tables(shared, file, rows, columns, first, first_row):
    table, warnings = read((shared / "observations" / file).read_bytes())
    assert len(table) == rows
    assert names(table) == ([f"column {i + 1}" for i in range(columns)] if isinstance(columns, int) else columns)
    assert table.named == (not isinstance(columns, int))
    assert tuple(values[0] for values in table.values) == first
    assert table.first_row == first_row
    assert warnings == ()


def test_real_hubble_diagram(shared):
    table, _ = read((shared / "observations" / "hubble" / "Pantheon+SH0ES.dat").read_bytes())
    assert (len(table), len(table.columns)) == (1701, 47)
    assert names(table)[:3] == ["CID", "IDSURVEY", "zHD"]
    assert table.text(0)[0] == "2011fe"
    assert table.numbers(names(table).index("zHD"))[-1] == 2.26137


def test_real_catalogue_with_two_lines_of_names(shared):
    table, _ = read((shared / "observations" / "photoz" / "hdfn_fs99_eazy.cat").read_bytes())
    assert (len(table), len(table.columns)) == (1067, 16)
    assert [(column.name, column.meaning) for column in table.columns[1:3]] == [("f_f300w", "F10"), ("e_f300w", "E10")]
    assert (table.numbers(15) > 0).sum() == 114


def test_real_sentences_are_refused(shared):
    for file in ("hubble/README", "microlensing/OB05086_README.txt", "microlensing/OB08092_README.txt"):
        with pytest.raises(ObservationError, match="columns are named"):
            read((shared / "observations" / file).read_bytes())


def same(values: np.ndarray, expected: list) -> bool:
    return np.array_equal(values, np.array(expected), equal_nan=values.dtype.kind == "f")


TABLES = st.lists(st.tuples(NUMBERS, INTEGERS, WORDS), min_size=1, max_size=8)


@pytest.mark.slow
@given(TABLES, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=100, deadline=None)
def test_written_by_python_is_read_back(rows, delimiter, end):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerows([("time [d]", "count", "word"), *rows])
    table, _ = read(buffer.getvalue())
    assert names(table) == ["time", "count", "word"]
    assert table.columns[0].unit == "d"
    assert all(same(values, list(expected)) for values, expected in zip(table.values, zip(*rows, strict=True), strict=True))


@pytest.mark.slow
@given(
    st.lists(st.tuples(NUMBERS, INTEGERS, PLAIN), min_size=1, max_size=8),
    st.sampled_from(["csv", "basic", "commented_header", "tab", "no_header"]),
)
@settings(max_examples=100, deadline=None)
def test_written_by_astropy_is_read_back(rows, form):
    numbers, integers, words = zip(*rows, strict=True)
    buffer = io.StringIO()
    Table({"a": np.array(numbers), "b": np.array(integers), "c": words}).write(buffer, format=f"ascii.{form}")
    table, _ = read(buffer.getvalue())
    assert names(table) == (["column 1", "column 2", "column 3"] if form == "no_header" else ["a", "b", "c"])
    assert same(table.values[0], list(numbers))
    assert same(table.values[1], list(integers))
    assert [" ".join(word.split()) for word in table.text(2)] == [" ".join(word.split()) for word in words]


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("time [d],flux [e / s]\n1.5,2\n", ["time", "flux"], ["d", "e / s"]),
        (
            "time (BJD - 2457000) flux(Jy) log(g) e(mag)\n1 2 3 4\n",
            ["time", "flux", "log(g)", "e(mag)"],
            ["BJD - 2457000", "Jy", None, None],
        ),
        ("t,v,n\nd,m/s,-\n1,2,x\n3,4,y\n", ["t", "v", "n"], ["d", "m/s", ""]),
        ("#VizieR\nBJD\tmag\te_mag\nd\tmag\tmag\n---\t---\t---\n1\t2\t\n2\t \t3\n", ["BJD", "mag", "e_mag"], ["d", "mag", "mag"]),
        ("# made by hand\n# time flux error\n# d Jy Jy\n1 2 3\n4 5 6\n", ["time", "flux", "error"], ["d", "Jy", "Jy"]),
        ("# Kepler light curve\n# BJD mag mag_err\n1 2 3\n", ["BJD", "mag", "mag_err"], [None] * 3),
        ("# wavelength (A)   flux (erg/s/cm2/A)\n4000 1\n", ["wavelength", "flux"], ["A", "erg/s/cm2/A"]),
        ("#   1 NUMBER  Running number\n#   2 MAG  Kron magnitude [mag]\n1 20.5\n", ["NUMBER", "MAG"], [None, "mag"]),
        ("# Column 1: time (JD)\n# Column 2: flux\n1 2\n", ["time", "flux"], ["JD", None]),
        ("###MJD m dm uJy\n1 2 3 4\n", ["MJD", "m", "dm", "uJy"], [None] * 4),
        ("time,flux,error\n1 2 3\n4 5 6\n", ["time", "flux", "error"], [None] * 3),
        ("; made by IDL\n; t f\n1 2\n3 4\n", ["t", "f"], [None] * 2),
        ("% t f\n1 2\n", ["t", "f"], [None] * 2),
        ('"time","flux, raw"\n1,2\n', ["time", "flux, raw"], [None] * 2),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |  |\n", ["a", "b"], [None] * 2),
        ("+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n+---+---+\n", ["a", "b"], [None] * 2),
        ("sep=;\nt;f\n1;2\n", ["t", "f"], [None] * 2),
        ("t,f,\n1,2,\n3,4,\n", ["t", "f"], [None] * 2),
        ("t,f\n1,2,\n3,4,\n", ["t", "f"], [None] * 2),
        (",t,f\n0,1,2\n", ["column 1", "t", "f"], [None] * 3),
    ],
)
def test_names_and_units(text, expected, unit):
    table, warnings = read(text)
    assert (names(table), units(table)) == (expected, unit)
    assert warnings == ()
    assert table.named


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("t;f\n1,5;2,25\n3,1;4\n", "1,5 is 1.5", [[1.5, 3.1], [2.25, 4.0]]),
        ("1,5\t2,25\n3,1\t4,0\n", "1,5 is 1.5", [[1.5, 3.1], [2.25, 4.0]]),
        ("1,5 2,25\n3,1 4,0\n", "1,5 is 1.5", [[1.5, 3.1], [2.25, 4.0]]),
        ("t f\n1 0.5 2\n2 0.6 3\n", "no name: it counts the rows", [[1, 2], [0.5, 0.6], [2, 3]]),
        ("t,f,f\n1,2,3\n", "several columns are called f", [[1], [2], [3]]),
        ("id 3.6 4.5\n1 2 3\n", "line 1 .id, 3.6, 4.5. was taken as the names", [[1], [2], [3]]),
    ],
)
def test_what_is_understood_is_said(text, words, expected):
    table, warnings = read(text)
    assert [values.tolist() for values in table.values] == expected
    assert len(warnings) == 1
    assert words.replace(".id", "(id").replace("4.5.", "4.5)") in warnings[0]


def test_repeated_names_are_distinct():
    table, _ = read("f,f_2,f,f\n1,2,3,4\n")
    assert names(table) == ["f", "f_2", "f_3", "f_4"]


def test_thousands_are_no_decimals():
    table, warnings = read('a,b\n"1,234","5,678"\n')
    assert table.text(0) == ["1,234"]
    assert warnings == ()


def test_facts_of_comments():
    table, _ = read('# object: HD 1\n# Redshift = 0.1 +- 0.02\n# band : "V"\n# n=3\n# exposure = 30 s\ntime,flux\n1,2\n')
    assert table.facts == {"object": "HD 1", "redshift": 0.1, "redshift_err": 0.02, "band": "V", "n": 3, "exposure": "30 s"}


def test_missing_cells():
    table, _ = read("t,f,n\n1,,--\n2,null,7\n3,nan,N/A\n4,5,-\n")
    assert np.isnan(table.values[1]).tolist() == [True, True, True, False]
    assert np.isnan(table.values[2]).tolist() == [True, False, True, True]
    assert table.first_row == 2


def test_long_numbers_keep_their_digits():
    table, _ = read("source,t\n4295806720123456789,2450000.123456789\n")
    assert table.values[0][0] == 4295806720123456789
    assert table.values[1][0] == 2450000.123456789


def test_underscore_is_no_number_in_any_row():
    table, _ = read("t\n" + "1.5\n" * 2000 + "1_000\n")
    with pytest.raises(ObservationError, match="1_000"):
        table.numbers(0)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes(content):
    for start in (b"", b"time,flux\n", b"# a b\n1 2\n"):
        assert FORMAT.matches(start + content)
        try:
            table, _ = read(start + content)
        except ObservationError:
            continue
        assert len({len(values) for values in table.values}) == 1
        assert len(table.columns) == len(table.values) == len(set(names(table)))


@pytest.mark.slow
@given(st.text(st.sampled_from("12 ,;\t|#\"'\nabé[]()-=:.%x"), max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text(text):
    try:
        table, _ = read(text)
    except ObservationError:
        return
    assert all(len(values) == len(table) > 0 for values in table.values)
    assert len(table.columns) == len(table.values) == len(set(names(table)))


def test_numbers_with_exponents_are_no_units():
    table = FORMAT.opened(b"time,flux\n0.0e+00,1.0e+00\n1.0e-01,1.1e+00\n").tables[0]
    assert len(table) == 2
    assert [column.unit for column in table.columns] == [None, None]
