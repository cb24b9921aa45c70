"""Which physics a file holds, and what is said where it holds none."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations import made
from tests.observations.layouts import file, hdu, image, read, scattered, text

N = 30
T, F = np.arange(N) * 0.9, scattered(N)


def table(names, *columns):
    return text(names, list(zip(*(np.broadcast_to(column, N).tolist() for column in columns), strict=True)))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (table("time,flux", T, F), "light_curve"),
        (table("time,rv,rv_err", T, F, 0.1), "velocities"),
        (table("wavelength,flux", 4000 + T, F), "spectrum"),
        (table("z,mu,mu_err", 0.01 + 0.01 * T, 40 + T, 0.1), "hubble_diagram"),
        (table("id,g,g_err,r,r_err,i,i_err", T.astype(int), 20.0, 0.1, 19.0, 0.1, 19.0, 0.1), "photometry"),
        (table("id,ra,dec,mjd,z,u,g,r,err_u,err_g,err_r", T.astype(int), 1, 2, 55000, 0.1, 20.0, 19.0, 19.0, 0.1, 0.1, 0.1), "photometry"),
        (made.kepler(), "light_curve"),
        (made.sdss(), "spectrum"),
    ],
)
def test_kinds(content, kind):
    assert read(content, "a.fits" if isinstance(content, bytes) else "a.csv").kind == kind


def test_the_user_says_the_kind():
    content = table("time,flux,rv,rv_err", T, F, 5 * F, 0.1)
    assert read(content).kind == "velocities"
    assert read(content, kind="light_curve").kind == "light_curve"
    with pytest.raises(ObservationError, match=r"does not look like a spectrum|wavelength"):
        read(content, kind="spectrum")


def test_tables_without_names_are_what_the_user_says():
    content = table("", T, 5 * F, 0.1)[1:]
    assert read(content, kind="velocities").kind == "velocities"
    assert read(content, kind="spectrum", coordinate_unit="nm").kind == "spectrum"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (table("when,what", T, F), r"no column is called time or wavelength \(there are: when, what\)"),
        (table("time,what", T, F), "no column is called flux"),
        (table("what,flux", T, F), "no column is called time or wavelength"),
        (text("", [tuple(range(20))] * 30)[1:], "no line of column names"),
        (file(), "no table"),
        (file(image(np.zeros((40, 40)))), "an image without a grid of wavelengths"),
        (
            file(
                hdu({"TIME": T, "RAW_CNTS": np.ones((N, 4)), "FLUX": np.ones((N, 4))}, None, {"EXTNAME": "PIXELS"}),
                header={"TELESCOP": "TESS"},
            ),
            "pixels of a target",
        ),
    ],
)
def test_refusals_say_what_to_do(content, words):
    with pytest.raises(ObservationError, match=words):
        read(content, "a.fits" if isinstance(content, bytes) else "a.csv")
