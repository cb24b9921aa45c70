"""Every wrong file ends in one sentence that names it, says what is wrong and what to do."""

import contextlib
import gzip
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.parsing import observation_of
from tests.observations import made

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(200)
ROWS = "".join(f"{i * 0.02},{1 + (i % 7) * 1e-3}\n" for i in range(100))
KEPLER = made.kepler()


def card(content: bytes, keyword: str, value: str) -> bytes:
    """The file with the last header card of a keyword replaced."""
    start = content.rindex(f"{keyword:<8}= ".encode())
    return content[:start] + f"{keyword:<8}= {value:>20}".encode().ljust(80) + content[start + 80 :]


def ecsv(unit: str = "d", more: str = "") -> bytes:
    columns = f"# - {{name: time, unit: {unit}, datatype: float64}}\n# - {{name: flux, datatype: float64}}\n"
    return f"# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n{columns}{more}time,flux\n{ROWS}".encode()


WRONG = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b" \n\n", "empty"),
    "header.csv": (b"time,flux,flux_err\n", "no rows"),
    "picture.fits": (PNG, "says FITS.*PNG"),
    "picture.csv": (PNG, "PNG"),
    "page.csv": (b"<!DOCTYPE html><html><body>1,2</body></html>", "HTML"),
    "short.fits": (KEPLER[: len(KEPLER) // 2], "cut short|ends in the middle"),
    "shorter.fits": (KEPLER[:2000], "ends in the middle"),
    "fields.fits": (card(KEPLER, "TFIELDS", "100000000"), "TFIELDS"),
    "rows.fits": (card(KEPLER, "NAXIS2", "20000000000"), "cut short|NAXIS2"),
    "negative.fits": (card(KEPLER, "NAXIS2", "-5"), "NAXIS2"),
    "format.fits": (card(KEPLER, "TFORM1", "'9999E   '"), "TFORM"),
    "nothing.fits": (made.kepler(PDCSAP_FLUX=np.full(200, np.nan), SAP_FLUX=np.full(200, np.nan)), "none of its columns of flux"),
    "flagged.fits": (made.kepler(SAP_QUALITY=np.ones(200, int)), "none of its 200 rows"),
    "noerror.fits": (made.kepler(PDCSAP_FLUX_ERR=np.zeros(200)), "no error is above zero"),
    "nan.fits": (made.kepler(PDCSAP_FLUX=np.where(np.arange(200) < 150, np.nan, 1000.0 + np.arange(200) % 3)), "more than half"),
    "words.csv": (b"the quick brown fox\njumps over the lazy dog\n", "5 fields and 4 columns"),
    "garbage.csv": (bytes(range(1, 256)) * 20, "neither FITS nor text"),
    "garbage.fits": (np.random.default_rng(0).bytes(5000), "neither FITS nor text"),
    "nul.csv": (b"time,flux\n1,2\x00\n", "neither FITS nor text"),
    "text.csv": (f"time,flux\n{ROWS}2.5,high\n".encode(), "'high' in row 101"),
    "underscore.csv": (f"time,flux\n{ROWS}2.5,1_000\n".encode(), "'1_000'"),
    "hex.csv": (f"time,flux\n{ROWS}2.5,0x10\n".encode(), "hexadecimal"),
    "ragged.csv": (f"time,flux\n{ROWS}2.5\n".encode(), "does not have 2 fields"),
    "wide.csv": (",".join(f"c{i}" for i in range(20000)).encode() + b"\n", "columns"),
    "names.csv": (b"a,b\n1,2\n3,4\n", "no column is called time or wavelength"),
    "noflux.csv": (b"time,speed\n1,2\n3,4\n", "no column is called flux"),
    "constant.csv": (b"time,flux\n" + b"".join(b"%d,1\n" % i for i in range(50)), "no errors"),
    "half.csv": (b"time,flux\n" + b"".join(b"%d,%s\n" % (i, b"nan" if i % 3 else b"1.5") for i in range(60)), "more than half"),
    "bomb.ecsv": (ecsv("10**(99999999) m"), "not understood as a unit"),
    "tower.ecsv": (ecsv("((10**99)**99)**99"), "not understood as a unit"),
    "length.ecsv": (ecsv("kg"), "does not convert to d"),
    "nonsense.ecsv": (ecsv("fortnights"), "not understood as a unit"),
    "alias.ecsv": (ecsv("d", "# meta: {a: &a [1, 2], b: *a}\n"), "YAML aliases"),
    "yaml.ecsv": (b"# %ECSV 1.0\n# ---\n# datatype: [[[\ntime flux\n1 2\n", "cannot be understood"),
    "cut.csv.gz": (gzip.compress(ROWS.encode())[:-20], "gzip"),
    "crc.csv.gz": (gzip.compress(ROWS.encode())[:-8] + bytes(8), "gzip"),
    "bomb.csv.gz": (gzip.compress(bytes(80 * 1024**2)), "decompresses to more"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(name):
    content, pattern = WRONG[name]
    started = time.perf_counter()
    with pytest.raises(ObservationError, match=pattern) as caught:
        observation_of(name, content)
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: ")
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert time.perf_counter() - started < 5


def test_name_is_shown_as_text():
    with pytest.raises(ObservationError) as caught:
        observation_of("../../etc/\n<b>passwd</b>\x00.csv", b"")
    assert str(caught.value).startswith("passwd") or "etc" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes(content):
    for name, start in (("a.fits", b"SIMPLE  ="), ("a.csv", b"time,flux\n"), ("a.ecsv", b"# %ECSV 1.0\n# ---\n"), ("a.gz", b"\x1f\x8b")):
        with contextlib.suppress(ObservationError):
            observation_of(name, start + content)


@pytest.mark.slow
@given(st.integers(0, len(KEPLER) - 1), st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_any_flipped_byte_of_a_light_curve(position, value):
    try:
        observation = observation_of("k.fits", KEPLER[:position] + bytes([value]) + KEPLER[position + 1 :])
    except ObservationError:
        return
    assert np.isfinite(observation.value).all()
    assert (observation.points.noise.sigma > 0).all()


def test_members_of_a_gzip_file_are_joined():
    whole = b"time,flux\n" + ROWS.encode()
    content = gzip.compress(whole[:500]) + gzip.compress(whole[500:])
    assert len(observation_of("a.csv.gz", content)) == 100


def test_zlib_is_not_gzip():
    with pytest.raises(ObservationError):
        observation_of("a.csv", zlib.compress(ROWS.encode()))
