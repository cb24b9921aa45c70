"""Answers of the user about a light curve, and what becomes of those that cannot be."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import file, hdu, read, scattered, text

N = 40
TIME = 0.02 * np.arange(N)
FLUX = scattered(N)


def table(names, *columns):
    """Numbers, or text, a column each; numbers alone are repeated."""
    return text(names, list(zip(*(np.broadcast_to(column, N).tolist() for column in columns), strict=True)))


GENERIC = table("BJD,flux,flux_err", 2459000 + TIME, FLUX, 1e-3)


def test_x_ray_light_curve_counts_from_its_header():
    columns = {"TIME": 1e8 + 10.0 * np.arange(N), "RATE": 5 * FLUX, "ERROR": np.full(N, 0.1)}
    header = {"MJDREFI": 50814, "MJDREFF": 0.5, "TELESCOP": "CHANDRA"}
    observation = read(file(hdu(columns, {"TIME": "s", "RATE": "count/s"}, header)), "a.fits")
    assert observation.coordinate_axis.zero_point == "MJD - 50814.5"
    assert observation.points.coordinate[0] == pytest.approx(1e8 / 86400)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"value": "no"}, "no column 'no' for the value"),
        ({"value": "BJD"}, "something else"),
        ({"uncertainty": "flux"}, "something else"),
        ({"value_unit": "furlong"}, "not understood as a unit"),
        ({"coordinate_unit": "m"}, "does not convert to d"),
        ({"zero_point": "yesterday"}, "no zero point"),
        ({"error": -1.0}, "above zero"),
        ({"signal_to_noise": 0.0}, "above zero"),
        ({"table": "other"}, "no table 'other'"),
        ({"kind": "spectrum"}, "does not look like a spectrum|no column"),
    ],
)
def test_answers_that_cannot_be_are_refused(options, words):
    with pytest.raises(ObservationError, match=words):
        read(GENERIC, **options)


def test_answers_of_the_user():
    content = table("when,how_bright,how_sure,which,bad", 24 * TIME, 1000 * FLUX, 1.0, "a", [1, *[0] * (N - 1)])
    roles = {"coordinate": "when", "value": "how_bright", "uncertainty": "how_sure", "channel": "which", "quality": "bad"}
    observation = read(content, kind="light_curve", coordinate_unit="h", value_unit="mJy", zero_point="BTJD", **roles)
    assert observation.coordinate_axis.zero_point == "BJD - 2457000"
    assert (observation.value_axis.unit, observation.channels) == ("mJy", ("a",))
    assert observation.points.coordinate[-1] == pytest.approx(TIME[-1])
    assert observation.origin.dropped == {"quality flag set": 1}
    assert read(content, kind="light_curve", coordinate="when", value="how_bright", signal_to_noise=100).points.noise.sigma[
        0
    ] == pytest.approx(10, rel=0.01)
