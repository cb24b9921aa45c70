"""Earth's motion as microlensing sees it, against frames of astropy."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord, get_body_barycentric
from astropy.time import Time

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.earth import EarthOffsets, angle, sun_offsets
from tests.observations.tables import observed

PLACE = (271.190458, -26.987556)
CHANGES = {"right_ascension": "18:04:45.71", "declination": "-26:59:15.2"}


def light_curve(zero_point="HJD - 2450000", **known):
    time = np.linspace(3400.0, 3900.0, 60) + (50000 - 0.5 if zero_point == "MJD" else 0.0)
    made = observed("light_curve", time, np.ones(60), 0.1, **known)
    return replace(made, coordinate_axis=Axis("time", "d", zero_point))


def offsets(observation, **changes):
    prepared = prepare(observation, Preparation((EarthOffsets(),)).with_changes(changes))
    known = prepared.observation.points.known
    return prepared, known["earth_north"].to_value(u.au), known["earth_east"].to_value(u.au)


def sun_by_frames(days: np.ndarray) -> np.ndarray:
    """North + i east of the barycentre seen from the Earth [au]: a Cartesian rotation by astropy, no vectors of ours."""
    sun = SkyCoord(-get_body_barycentric("earth", Time(days, format="jd", scale="tdb")), frame="icrs")
    seen = sun.transform_to(SkyCoord(*PLACE, unit="deg").skyoffset_frame()).cartesian
    return seen.z.to_value(u.au) + 1j * seen.y.to_value(u.au)


def test_offsets_are_the_suns_place_less_its_uniform_motion():
    days, reference = np.linspace(2453300.0, 2454000.0, 90), 2453628.0
    north, east = sun_offsets(days, PLACE, reference)
    velocity = sun_by_frames(np.array(reference + 0.25)) - sun_by_frames(np.array(reference - 0.25))
    expected = sun_by_frames(days) - sun_by_frames(np.array(reference)) - 2 * velocity * (days - reference)
    np.testing.assert_allclose(north + 1j * east, expected, atol=2e-5)


def test_nothing_is_added_at_the_reference_time_nor_right_beside_it():
    north, east = sun_offsets(np.array([2453627.0, 2453628.0, 2453629.0]), PLACE, 2453628.0)
    assert abs(north[1]) < 1e-9 > abs(east[1])
    assert np.abs([north, east]).max() < 2e-4


def test_the_frame_is_that_of_the_day_nearest_to_the_peak_or_of_the_one_given():
    prepared, north, _ = offsets(light_curve(epoch_guess=2453628.3 * u.d), **CHANGES)
    assert prepared.resolved["parallax_epoch"] == 2453628.0
    expected, _ = sun_offsets(np.linspace(2453400, 2453900, 60), PLACE, 2453628.0)
    np.testing.assert_allclose(north, expected, atol=1e-6)
    for epoch in ("3650", "2453650"):
        assert offsets(light_curve(), parallax_epoch=epoch, **CHANGES)[0].resolved["parallax_epoch"] == 2453650.0
    assert offsets(light_curve(), **CHANGES)[0].resolved["parallax_epoch"] == 2453650.0


def test_modified_julian_dates_give_the_same_and_times_from_nowhere_are_refused():
    _, north, east = offsets(light_curve(), parallax_epoch="3650", **CHANGES)
    _, again, east_again = offsets(light_curve("MJD"), parallax_epoch="53649.5", **CHANGES)
    np.testing.assert_allclose([again, east_again], [north, east], atol=1e-9)
    for text in ("", "HJD"):
        with pytest.raises(ObservationError, match=r"what the times count from: give it, such as read.zero_point"):
            offsets(light_curve(text), **CHANGES)


def test_the_place_is_given_in_hours_or_degrees_or_known_from_the_file():
    assert angle("18:04:45.71", "right_ascension") == pytest.approx(PLACE[0], abs=1e-6)
    assert angle("18h04m45.71s", "right_ascension") == pytest.approx(PLACE[0], abs=1e-6)
    assert angle("18 04 45.71", "right_ascension") == pytest.approx(PLACE[0], abs=1e-6)
    assert angle("271.190458", "right_ascension") == pytest.approx(PLACE[0], abs=1e-6)
    assert angle("-26:59:15.2", "declination") == pytest.approx(PLACE[1], abs=1e-6)
    assert angle("-00:30:00", "declination") == pytest.approx(-0.5, abs=1e-9)
    _, north, _ = offsets(light_curve(right_ascension=PLACE[0] * u.deg, declination=PLACE[1] * u.deg))
    np.testing.assert_allclose(north, offsets(light_curve(), **CHANGES)[1], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"right_ascension": "eighteen", "declination": "-27"}, "is no angle: write prepare.right_ascension=18:04:45.71"),
        ({"right_ascension": "271", "declination": "-97"}, "is no place in the sky"),
        ({"right_ascension": "-91", "declination": "0"}, "is no place in the sky"),
        ({"right_ascension": "nan", "declination": "0"}, "is no angle"),
        ({"right_ascension": "271"}, "a place in the sky takes both"),
    ],
)
def test_what_is_no_place_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(ObservationError, match=sentence):
        offsets(light_curve(), **changes)


def test_without_a_place_nothing_happens():
    prepared = prepare(light_curve(), Preparation((EarthOffsets(),)))
    assert "earth_north" not in prepared.observation.points.known
    assert not prepared.stages
