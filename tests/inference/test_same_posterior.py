"""The posterior does not depend on the order of rows, byte order, compression, or the unit and zero point of time of the file."""

import gzip
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits

from astro_sbi.inference.amortised import shipped_flow
from astro_sbi.observations.preparation import light_curve_preparation, prepare
from astro_sbi.observations.reading import read
from tests.observations import made

TRUTH = {"period": 3.4567, "epoch": 1601.25, "duration": 0.12, "depth": 0.01}
# Jittered, so that no point lies on the edge of a bin.
TIME = 1600 + np.arange(0, 15, 1 / 144) + np.random.default_rng(2).uniform(0, 4e-3, 2160)
FLUX = made.transit(TIME, **TRUTH) + 5e-4 * np.random.default_rng(3).normal(size=len(TIME))
ORDER = np.random.default_rng(4).permutation(len(TIME))


def csv(name: str = "btjd", zero_point: float = 0.0, order=slice(None)) -> bytes:
    rows = zip((TIME[order] + zero_point).tolist(), FLUX[order].tolist(), strict=True)
    return (f"{name},flux,flux_err\n" + "".join(f"{t!r},{f!r},0.0005\n" for t, f in rows)).encode()


def table(unit: str = "d", scale: float = 1.0, order=slice(None), end: str = ">") -> bytes:
    columns = {"TIME": TIME[order] * scale, "FLUX": FLUX[order], "FLUX_ERR": np.full(len(TIME), 5e-4)}
    units = {"TIME": unit}
    made_columns = [fits.Column(name, "D", unit=units.get(name), array=array.astype(f"{end}f8")) for name, array in columns.items()]
    buffer = BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(made_columns)]).writeto(buffer)
    return buffer.getvalue()


# Exact where the prepared points are the same to the last bit.
VARIANTS = {
    "shuffled.csv": (csv(order=ORDER), "a.csv", True),
    "csv.gz": (gzip.compress(csv()), "a.csv", True),
    "bjd.csv": (csv("bjd", 2457000.0), "a.csv", False),
    "shuffled.fits": (table(order=ORDER), "a.fits", True),
    "little.fits": (table(end="<"), "a.fits", True),
    "fits.gz": (gzip.compress(table()), "a.fits", True),
    "hours.fits": (table("h", 24.0), "a.fits", False),
    "minutes.fits": (table("min", 1440.0), "a.fits", False),
}


@pytest.fixture(scope="module")
def posterior():
    """Draws of the shipped flow for a prepared file, brought to the points for which it was trained."""
    flow = shipped_flow("transit")
    points = flow.problem.simulator.default_points()

    def posterior(name: str, content: bytes):
        found = prepare(read(name, content), light_curve_preparation().with_changes({"period": "3.4567"})).observation
        value = np.interp(points.coordinate, found.points.coordinate, found.value)
        return found.content_hash, *flow.posterior_of(value, seed=5)

    return posterior


@pytest.fixture(scope="module")
def plain(posterior):
    """Of the plain files."""
    return {"a.csv": posterior("a.csv", csv()), "a.fits": posterior("a.fits", table())}


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_same_posterior(plain, posterior, variant):
    content, name, exact = VARIANTS[variant]
    (first_hash, first, _), (second_hash, second, _) = plain[name], posterior(variant, content)
    assert list(first) == list(second)
    if exact:
        assert first_hash == second_hash
    for parameter, draws in first.items():
        if exact:
            np.testing.assert_array_equal(second[parameter], draws)
        else:
            np.testing.assert_allclose(second[parameter], draws, rtol=0, atol=1e-3 * np.std(draws), err_msg=parameter)
