import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.containers.snana import FORMAT
from astro_sbi.observations.observation import ObservationError

HEADER = "SURVEY: X\nSNID: 1999 # of the year\nFILTERS: gr   # two\nREDSHIFT_HELIO: 0.00643 +- 6e-05 \nMWEBV: 0.097 (SFD98)\nRA: 10:20:30\n"
NAMES = "NOBS: {rows}\nNVAR: 3\nVARLIST: MJD FLT FLUXCAL\n"


def made(rows: str, count: int = 2) -> bytes:
    return f"{HEADER}\n# a remark: none\n{NAMES.format(rows=count)}{rows}END:\n".encode()


def read(content: bytes):
    assert FORMAT.matches(content)
    container = FORMAT.opened(content)
    return container.tables[0], container.warnings


@pytest.mark.parametrize(
    ("file", "rows", "redshift", "error", "first"),
    [
        ("CFA3_KEPLERCAM_2005cf.DAT", 110, 0.00643, 6e-05, (53521.246, "f", 44055.486, 571.751)),
        ("LOSS_2011fe.dat", 236, 0.000823, 1.6e-05, (55798.2, "E", 86616.4, 1116.87)),
    ],
)
def test_real_light_curves(shared, file, rows, redshift, error, first):
    table, warnings = read((shared / "observations" / "supernova" / file).read_bytes())
    assert [column.name for column in table.columns] == ["MJD", "FLT", "FIELD", "FLUXCAL", "FLUXCALERR", "MAG", "MAGERR"]
    assert len(table) == rows == table.facts["nobs"]
    assert (table.facts["redshift_helio"], table.facts["redshift_helio_err"]) == (redshift, error)
    assert table.facts["snid"] == file[-10:-4]
    assert tuple(table.values[i][0] for i in (0, 1, 3, 4)) == first
    assert warnings == ()


def test_facts():
    table, _ = read(made("OBS: 1.5 g 2\nOBS: 2.5 r 3\n"))
    expected = {"survey": "X", "snid": "1999", "filters": "gr", "redshift_helio": 0.00643, "redshift_helio_err": 6e-05}
    assert table.facts == {**expected, "mwebv": 0.097, "ra": "10:20:30", "nobs": 2, "nvar": 3}
    assert table.first_row == 12


def test_what_follows_the_end_is_left():
    table, _ = read(made("OBS: 1.5 g 2\nOBS: 2.5 r 3\nEND_PHOTOMETRY:\nOBS: 9 g 9\n"))
    assert table.values[0].tolist() == [1.5, 2.5]


def test_table_of_supernovae():
    table, warnings = read(b"# made by hand\nNVAR: 3\nVARNAMES: CID zHD MU\n\nSN: 2011fe 0.1 30\nSN: 1999aa 0.2 31.5\n")
    assert table.text(0) == ["2011fe", "1999aa"]
    assert table.values[2].tolist() == [30, 31.5]
    assert warnings == ()


def test_promises_are_checked():
    _, warnings = read(made("OBS: 1.5 g 2\n").replace(b"NVAR: 3", b"NVAR: 4"))
    assert "promises 2 rows (NOBS) and 1 are there" in warnings[0]
    assert "promises 4 columns (NVAR) and 3 are named" in warnings[1]


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.floats(allow_infinity=False), st.sampled_from("griz"), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=9)
)
@settings(max_examples=100, deadline=None)
def test_written_by_hand_is_read_back(rows):
    table, warnings = read(made("".join(f"OBS: {time!r}  {band} {flux}\n" for time, band, flux in rows), len(rows)))
    times, bands, fluxes = zip(*rows, strict=True)
    np.testing.assert_array_equal(table.values[0], times)
    assert table.text(1) == list(bands)
    assert table.values[2].tolist() == list(fluxes)
    assert warnings == ()


WRONG = {
    "ragged": (made("OBS: 1.5 g 2\nOBS: 2.5 r\n"), "line 13 does not have 3 fields"),
    "no rows": (made(""), "no rows"),
    "no names": (b"SNID: a\nOBS: 1 2\nVARLIST: a b\n", "line 2 has a row"),
    "two tables": (made("OBS: 1.5 g 2\nVARLIST: MJD FLT\nOBS: 1 g\n"), "line 13 begins a second table"),
    "nul": (made("OBS: 1.5 g \x00\n"), "neither FITS nor text"),
    "hexadecimal": (made("OBS: 1.5 g 0x10\n"), "line 12 holds the hexadecimal"),
    "wide": (f"VARLIST: {'a ' * 600}\nOBS: {'1 ' * 600}\n".encode(), "600 columns"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    with pytest.raises(ObservationError, match=pattern) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_other_text_is_no_snana_file():
    assert not any(FORMAT.matches(content) for content in (b"", b"a,b\n1,2\n", b"# object: a\nt f\n1 2\n", b"\x00" * 9, b"# VARNAMES: a\n"))


@given(st.text(st.sampled_from("OBSNVARLIST: 12\n#+-.g"), max_size=150))
@settings(max_examples=150, deadline=None)
def test_any_text(text):
    content = f"VARLIST: MJD FLT\nOBS: 1 g\n{text}".encode()
    try:
        read(content)
    except ObservationError:
        return
