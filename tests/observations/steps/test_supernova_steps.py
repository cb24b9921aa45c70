"""The steps that make a light curve ready for a supernova: bands, zero points, distance and the first detection."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.cosmology import Planck18

from astro_sbi.observations.observation import Axis, ObservationError
from astro_sbi.observations.preparation import Preparation, prepare
from astro_sbi.observations.steps.bands import Bands
from astro_sbi.observations.steps.distance import Distance
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.first_detection import FirstDetection
from astro_sbi.observations.steps.zero_points import ZeroPoints
from tests.observations.tables import observed

TIME = np.arange(-60.0, 180.0, 2.0) + 55000.123456


def supernova(names=("B", "r"), **known):
    """Nothing until day 0, then light that decays; two bands by turns."""
    day = TIME - 55000.123456
    flux = np.where(day >= 0, 50 * np.exp(-day / 40), -0.3)
    masks = {name: np.arange(len(TIME)) % len(names) == index for index, name in enumerate(names)}
    made = observed("light_curve", TIME, flux, 1.0, masks, **{"zero_magnitude": 27.5 * u.mag, **known})
    return replace(made, coordinate_axis=Axis("time", "d", "MJD"), value_axis=Axis("flux", ""))


def prepared(observation, *steps):
    return prepare(observation, Preparation(steps))


def test_times_are_counted_from_the_first_detection():
    done = prepared(supernova(), FirstDetection())
    after = done.observation
    assert done.resolved["first_detection"] == 55000.123
    assert after.points.known["first_detection"] == 55000.123 * u.d
    assert after.coordinate_axis == Axis("time", "d", "MJD - 55000.123")
    assert zero_of(after) == 55000.123
    assert after.points.coordinate + 55000.123 == pytest.approx(TIME[10:80], abs=1e-9)
    assert done.stages[0].dropped == {"long before the first detection": 10, "long after it": 40}
    assert (after.value[:20] < 0).all()


def test_the_first_detection_may_be_given_and_the_days_around_it():
    given = prepared(supernova(), FirstDetection(first_detection=55010.0, days_before=5.0, days_after=30.0))
    day = given.observation.points.coordinate
    assert (day.min() >= -5, day.max() <= 30, len(day)) == (True, True, 17)
    counted = replace(supernova(), coordinate_axis=Axis("time", "d", "MJD - 1000"))
    assert prepared(counted, FirstDetection(first_detection=56010.0)).resolved["first_detection"] == 56010.0


def test_without_a_detection_it_says_so():
    with pytest.raises(ObservationError, match=r"nothing is detected: the highest flux is 50 times its error; lower prepare\.detection"):
        prepared(supernova(), FirstDetection(detection=60.0))
    with pytest.raises(ObservationError, match="no point is left near the first detection"):
        prepared(supernova(), FirstDetection(first_detection=70000.0))


def test_bands_are_chosen_renamed_and_joined():
    after = prepared(supernova(("E", "F", "M")), Bands(bands="E=B, M=B")).observation
    assert after.channels == ("B",)
    assert len(after) == 80
    assert prepared(supernova(), Bands(bands="r")).observation.points.channel.tolist() == [0] * 60
    assert prepared(supernova(), Bands(bands="r = sdss2010-r")).stages[0].sentence == "bands kept: r as sdss2010-r"
    assert prepared(supernova(), Bands()).observation.channels == ("B", "r")


def test_bands_that_are_not_there_or_are_no_list_are_refused():
    with pytest.raises(ObservationError, match=r"there is no band 'g' to keep; there are B, r: change prepare\.bands"):
        prepared(supernova(), Bands(bands="g"))
    with pytest.raises(ObservationError, match=r"prepare\.bands is a list of bands such as B, V, F=bessell-R, not 'r=g=i'"):
        Bands(bands="B, r=g=i")


@pytest.mark.parametrize(
    ("system", "expected"), [("by custom", (27.5 - 0.09, 27.5)), ("AB", (27.5, 27.5)), ("Vega", (27.5 - 0.09, 27.5 + 0.21))]
)
def test_zero_points_are_vegas_by_custom_or_as_told(system, expected):
    known = prepared(supernova(), ZeroPoints(magnitudes=system)).observation.points.known
    assert [known[f"zero_{number}"].to_value("mag") for number in (1, 2)] == pytest.approx(expected)


def test_names_with_their_survey_have_zero_points_too():
    known = prepared(supernova(("bessell-V", "SDSS g'")), ZeroPoints()).observation.points.known
    assert [known[f"zero_{number}"].to_value("mag") for number in (1, 2)] == pytest.approx([27.52, 27.5])


def test_flux_densities_are_ab_in_every_band():
    made = supernova()
    del made.points.known["zero_magnitude"]
    microjansky = replace(made, value_axis=Axis("flux", "uJy"))
    known = prepared(microjansky, ZeroPoints()).observation.points.known
    assert [known[f"zero_{number}"].to_value("mag") for number in (1, 2)] == pytest.approx([23.9, 23.9], abs=1e-3)
    with pytest.raises(ObservationError, match="the fluxes have no unit, so that nothing tells how bright it is"):
        prepared(made, ZeroPoints())
    with pytest.raises(ObservationError, match="the fluxes are in electron / s, which is no flux density"):
        prepared(replace(made, value_axis=Axis("flux", "electron / s")), ZeroPoints())
    with pytest.raises(ObservationError, match="what Vega's magnitude is in the band 'ZTF c' is not known"):
        prepared(supernova(("ZTF c",)), ZeroPoints(magnitudes="Vega"))


def test_the_distance_is_that_of_the_redshift_in_the_cosmic_frame():
    done = prepared(supernova(redshift=0.021, heliocentric_redshift=0.02, milky_way_e_bv=0.05 * u.mag), Distance())
    expected = 1.02 * Planck18.comoving_distance(0.021).to_value("Mpc")
    known = done.observation.points.known
    assert known["luminosity_distance"].to_value("Mpc") == pytest.approx(expected)
    assert (float(known["source_redshift"]), known["milky_way_e_bv"].to_value("mag")) == (0.02, 0.05)
    assert "give the distance" not in done.stages[0].sentence


def test_redshift_distance_and_dust_may_be_given():
    done = prepared(supernova(redshift=0.021), Distance(redshift=0.001, distance=6.4, e_bv=0.01))
    assert (done.resolved["redshift"], done.resolved["distance"], done.resolved["e_bv"]) == (0.001, 6.4, 0.01)
    alone = prepared(supernova(), Distance(redshift=0.002))
    assert alone.resolved["distance"] == pytest.approx(Planck18.luminosity_distance(0.002).to_value("Mpc"))
    assert alone.resolved["e_bv"] == 0.0
    assert "give the distance if it is known" in alone.stages[0].sentence


def test_no_redshift_or_none_that_tells_a_distance_is_refused():
    with pytest.raises(ObservationError, match=r"it has no redshift: give it \(prepare\.redshift\)"):
        prepared(supernova(), Distance())
    with pytest.raises(ObservationError, match=r"a redshift of -0\.0003 tells no distance"):
        prepared(supernova(redshift=-0.0003), Distance())
