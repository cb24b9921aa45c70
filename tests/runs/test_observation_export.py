"""What was read goes out as ECSV and comes in again."""

import numpy as np
import pytest
from astropy.table import QTable

from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.parsing import observation_of
from astro_sbi.runs.observation_export import to_ecsv
from tests.observations import made

ROWS = np.random.default_rng(5)
TIME = 57000 + np.sort(ROWS.uniform(0, 300, 60))


def bands() -> bytes:
    rows = [f"{time:.6f},{17 + 0.1 * number % 3:.4f},0.02,{'gri'[number % 3]}" for number, time in enumerate(TIME)]
    return ("mjd,mag,magerr,band\n" + "\n".join(rows) + "\n").encode()


def velocities() -> bytes:
    return made.csv({"bjd": 2400000 + TIME, "rv": ROWS.normal(0, 30, 60), "rv_err": np.full(60, 2.0)})


FILES = {"k.fits": made.kepler(), "spec.fits": made.sdss(), "bands.csv": bands(), "star.csv": velocities()}


@pytest.mark.parametrize("name", FILES)
def test_ecsv_gives_the_same_observation(name):
    before = observation_of(name, FILES[name])
    after = observation_of("again.ecsv", to_ecsv(before).encode(), ReadOptions(kind=before.kind))
    assert (after.kind, after.name, after.coordinate_axis.unit) == (before.kind, before.name, before.coordinate_axis.unit)
    assert after.channels == before.channels or len(before.channels) == 1
    np.testing.assert_array_equal(after.points.coordinate, before.points.coordinate)
    np.testing.assert_allclose(after.value, before.value, rtol=1e-12)
    np.testing.assert_allclose(after.points.noise.sigma, before.points.noise.sigma, rtol=1e-12)
    np.testing.assert_array_equal(after.points.channel, before.points.channel)


def test_astropy_reads_units_and_provenance(tmp_path):
    file = tmp_path / "a.ecsv"
    file.write_text(to_ecsv(observation_of("spec.fits", made.sdss())))
    table = QTable.read(file)
    assert str(table["wavelength_vacuum"].unit) == "Angstrom"
    assert table["resolution"].unit.to_string() == "km / s"
    assert table.meta["file"] == "spec.fits"
    assert table.meta["dropped"] == {"inverse variance not above zero": 3, "and_mask set (bright sky, bad pixel)": 1}
