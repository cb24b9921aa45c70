"""What is read does not depend on the order of rows, the unit of time, byte order or compression."""

import gzip
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.layouts import file, hdu, read, scattered, text

N = 40
TIME = 1600 + np.cumsum(np.random.default_rng(7).uniform(0.01, 0.4, N))
FLUX = scattered(N)
FEW = settings(max_examples=15, deadline=None)
BANDS = np.array(["g", "r"])[np.arange(N) % 2]
TABLES = {
    "light curve": ("btjd,flux,flux_err,band", (TIME, FLUX, 1e-3 + 0 * TIME, BANDS)),
    "magnitudes": ("mjd,mag,magerr,filter", (57000 + TIME, 16 + FLUX, 0.02 + 0 * TIME, BANDS)),
    "velocities": ("bjd,rv,rv_err,inst", (2457000 + TIME, 30 * (FLUX - 1), 1 + 0 * TIME, BANDS)),
    "spectrum": ("wavelength,flux,err", (TIME * 3, FLUX, 1e-3 + 0 * TIME)),
    "hubble diagram": ("zhd,mu,muerr", (TIME / 1e4, 40 * FLUX, 0.1 + 0 * TIME)),
    "without errors": ("btjd,flux", (TIME, FLUX)),
    "with limits": ("mjd,mag,magerr,limit", (57000 + TIME, np.where(np.arange(N) % 9, 16 + FLUX, 99.0), 0.02 + 0 * TIME, 20 + 0 * TIME)),
}


def content(names, columns, order=slice(None)):
    rows = zip(*(np.asarray(column)[order].tolist() for column in columns), strict=True)
    return text(names, list(rows))


@FEW
@given(name=st.sampled_from(sorted(TABLES)), seed=st.integers(0, 1000))
def test_order_of_rows(name, seed):
    names, columns = TABLES[name]
    order = np.random.default_rng(seed).permutation(N)
    assert read(content(names, columns, order)).content_hash == read(content(names, columns)).content_hash


@FEW
@given(name=st.sampled_from(sorted(TABLES)), seed=st.integers(0, 1000))
def test_order_of_columns(name, seed):
    names, columns = TABLES[name]
    order = np.random.default_rng(seed).permutation(len(columns))
    mixed = content(",".join(names.split(",")[place] for place in order), [columns[place] for place in order])
    assert read(mixed).content_hash == read(content(names, columns)).content_hash


@pytest.mark.parametrize("name", TABLES)
def test_compression(name):
    plain = content(*TABLES[name]).encode()
    assert read(gzip.compress(plain), "a.csv.gz").content_hash == read(plain).content_hash


@pytest.mark.parametrize(("unit", "scale"), [("h", 24), ("min", 1440), ("s", 86400)])
def test_unit_of_time(unit, scale):
    days = read(file(hdu({"TIME": TIME, "FLUX": FLUX, "ERR": 1e-3 + 0 * TIME}, {"TIME": "d"})), "a.fits")
    other = read(file(hdu({"TIME": TIME * scale, "FLUX": FLUX, "ERR": 1e-3 + 0 * TIME}, {"TIME": unit})), "a.fits")
    np.testing.assert_allclose(other.points.coordinate, days.points.coordinate, rtol=1e-12)
    np.testing.assert_array_equal(other.value, days.value)
    assert other.coordinate_axis == days.coordinate_axis


def swapped(table, order):
    """The same table, its numbers kept in memory in one byte order; FITS writes them in its own."""
    return {name: values.astype(values.dtype.newbyteorder(order)) if values.dtype.kind != "U" else values for name, values in table.items()}


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_order(order):
    table = {"TIME": TIME, "FLUX": FLUX, "ERR": 1e-3 + 0 * TIME, "QUALITY": np.zeros(N, np.int32)}
    observation = read(file(hdu(swapped(table, order))), "a.fits")
    assert observation.content_hash == read(file(hdu(table)), "a.fits").content_hash
    assert all(array.dtype.isnative for array in (observation.value, observation.points.coordinate, observation.points.noise.sigma))


def test_single_and_double_precision_give_the_same_points():
    double = {"TIME": TIME, "FLUX": FLUX.astype(np.float32).astype(float), "ERR": np.full(N, 0.5)}
    columns = [fits.Column(name, "D" if name == "TIME" else "E", array=array) for name, array in double.items()]
    buffer = BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(buffer)
    assert read(buffer.getvalue(), "a.fits").content_hash == read(file(hdu(double)), "a.fits").content_hash


@pytest.mark.parametrize("delimiter", [" ", "\t", ";", "|"])
def test_delimiters(delimiter):
    names, columns = TABLES["light curve"]
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert read(text(names.replace(",", delimiter), rows, delimiter)).content_hash == read(content(names, columns)).content_hash
