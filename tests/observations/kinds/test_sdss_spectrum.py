"""Spectra of SDSS, BOSS, eBOSS and SDSS-V, full and lite."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations import made
from tests.observations.layouts import file, hdu, read


def lite(upper: bool, z_table: str = "SPECOBJ", warning: int = 0) -> bytes:
    """A spectrum of BOSS (small letters) or SDSS-V (capitals)."""
    n = 300
    values = {"flux": np.full(n, 3.0) + np.sin(np.arange(n)), "loglam": 3.6 + 1e-4 * np.arange(n), "ivar": np.full(n, 25.0)}
    values |= {"and_mask": np.zeros(n, int), "or_mask": np.ones(n, int), "wdisp": np.full(n, 1.1), "sky": np.ones(n), "model": np.ones(n)}
    columns = {name.upper() if upper else name: array for name, array in values.items()}
    header = {"PLATEID": 3586, "MJD": 55181, "FIBERID": 16, "PLUG_RA": 150.0, "PLUG_DEC": 2.0, "TELESCOP": "SDSS 2.5-M"}
    results = hdu({"Z": [0.25], "ZWARNING": [warning], "CLASS": ["GALAXY"]}, None, {"EXTNAME": z_table})
    lines = hdu({"LINENAME": ["Halpha  ", "Hbeta   "], "LINEZ": [0.25, 0.25]}, None, {"EXTNAME": "SPZLINE"})
    return file(hdu(columns, None, {"EXTNAME": "COADD"}), results, lines, header=header)


@pytest.mark.parametrize("upper", [False, True])
def test_lite(upper):
    observation = read(lite(upper), "spec-3586-55181-0016.fits")
    assert (observation.kind, observation.name, observation.origin.reader) == ("spectrum", "SDSS 3586-55181-0016", "SDSS spectrum")
    assert (len(observation), observation.points.noise.sigma[0]) == (300, 0.2)
    assert float(observation.points.known["redshift"]) == 0.25
    assert observation.points.known["resolution"].to_value("km/s")[0] == pytest.approx(1.1 * 69.03, rel=1e-3)
    assert observation.points.known["right_ascension"].to_value("deg") == 150
    assert observation.origin.warnings == ()


def test_a_doubtful_redshift_is_said():
    assert any("ZWARNING = 4" in sentence for sentence in read(lite(upper=False, warning=4), "a.fits").origin.warnings)
    assert float(read(lite(upper=True), "a.fits", redshift=0.3).points.known["redshift"]) == 0.3


def test_pixels_without_weight_and_bad_ones_are_counted():
    observation = read(made.sdss(), "a.fits")
    assert observation.origin.dropped == {"inverse variance not above zero": 3, "and_mask set (bright sky, bad pixel)": 1}


def test_errors_of_the_user():
    assert (read(made.sdss(), "a.fits", error=0.7).points.noise.sigma == 0.7).all()


def test_without_weights_it_is_refused():
    columns = {"flux": np.ones(50), "loglam": 3.6 + 1e-4 * np.arange(50), "ivar": np.zeros(50)}
    with pytest.raises(ObservationError, match="inverse variance"):
        read(file(hdu(columns)), "a.fits")


def test_without_results_there_is_no_redshift():
    assert "redshift" not in read(made.sdss(z=None), "a.fits").points.known


def test_another_column_can_be_chosen():
    observation = read(lite(upper=False), "a.fits", value="model")
    assert (observation.origin.columns["value"], observation.value[5]) == ("model", 1)
    assert observation.points.noise.sigma[0] == 0.2
    same = {"value": "flux", "coordinate": "loglam", "uncertainty": "ivar", "quality": "and_mask"}
    assert read(lite(upper=False), "a.fits", **same).content_hash == read(lite(upper=False), "a.fits").content_hash
