"""Tables of radial velocities as instruments and programs export them."""

import numpy as np
import pytest

from tests.observations.layouts import read, text

N = 30
TIME = np.cumsum(np.random.default_rng(2).uniform(0.5, 9, N))
VELOCITY = 25 * np.sin(TIME)


def table(names, *columns, delimiter=","):
    return text(names, list(zip(*(np.broadcast_to(column, N).tolist() for column in columns), strict=True)), delimiter)


HALVES = ["HARPS"] * 20 + ["HIRES"] * 10
#: File, zero point, first velocity [m/s], first error [m/s], channels.
LAYOUTS = {
    "radvel": (table("time,mnvel,errvel,tel", 2450000 + TIME, VELOCITY, 1.5, HALVES), "JD", 1, 1.5, ("HARPS", "HIRES")),
    "radvel-bjd": (table(",bjd,mnvel,errvel,tel", np.arange(N), 2450000 + TIME, VELOCITY, 1.5, "j"), "BJD", 1, 1.5, ("j",)),
    "dace": (
        "rjd\tvrad\tsvrad\tberv\tfwhm\tsig_fwhm\n---\t----\t-----\t----\t----\t--------\n"
        + table("", 53000 + TIME, 1000 * VELOCITY, 900.0, 1.0, 6000.0, 3.0, delimiter="\t")[1:],
        *("JD - 2400000", 1000, 900, None),
    ),
    "dace-many": (
        table(
            "rjd,vrad,svrad,contrast,sig_contrast,bispan,ins_name,drs_qc", 53000 + TIME, VELOCITY, 0.9, 50.0, 0.1, 3.0, "CORALIE14", "True"
        ),
        *("JD - 2400000", 1, 0.9, ("CORALIE14",)),
    ),
    "drs": (
        "jdb\tvrad\tsvrad\n---\t----\t-----\n" + table("", 53000 + TIME, 11 + VELOCITY / 1000, 9e-4, delimiter="\t")[1:],
        "JD - 2400000",
        0,
        0.9,
        None,
    ),
    "generic": (table("BJD RV e_RV Inst", 2450000 + TIME, VELOCITY, 1.5, HALVES, delimiter=" "), "BJD", 1, 1.5, ("HARPS", "HIRES")),
    "carmenes": (table("BJD,AVC,E_AVC,DRIFT", 2450000 + TIME, VELOCITY, 1.5, 0.1), "BJD", 1, 1.5, None),
    "serval": (table("", 2450000 + TIME, VELOCITY, 1.5, 0.1, 0.1, delimiter=" ")[1:], "JD", 1, 1.5, None),
    "kilometres-and-metres": (table("BJD,RV [km/s],e_RV [m/s]", 2450000 + TIME, VELOCITY / 1000, 1.5), "BJD", 1, 1.5, None),
    "units-in-names": (table("bjd,rv_kms,rv_err_kms", 2450000 + TIME, VELOCITY / 1000, 1.5e-3), "BJD", 1, 1.5, None),
    "exofast": (table("#BJD_TDB RV RV_err", 2450000 + TIME, VELOCITY, 1.5, delimiter=" "), "BJD", 1, 1.5, None),
    "systemic": (table("", 2450000 + TIME, VELOCITY, 1.5, delimiter="\t")[1:], "JD", 1, 1.5, None),
    "hires": (table("", 2450000 + TIME, VELOCITY, 1.5, 0.21, 0.03, 29846, 450, delimiter=" ")[1:], "JD", 1, 1.5, None),
    "exoplanet-archive": (
        table("JD,Radial_Velocity,Radial_Velocity_Uncertainty", 2450000 + TIME, VELOCITY, 1.5),
        *("JD", 1, 1.5, None),
    ),
    "sophie": (table("bjd,rv,rv_err,fwhm,contrast", 2450000 + TIME, 11 + VELOCITY / 1000, 1.5e-3, 9.0, 20.0), "BJD", 0, 1.5, None),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, zero_point, scale, error, channels = LAYOUTS[name]
    observation = read(content)
    assert (observation.kind, observation.value_axis.unit, len(observation)) == ("velocities", "m / s", N)
    assert observation.coordinate_axis.zero_point == zero_point
    expected = 11000 + VELOCITY if scale == 0 else scale * VELOCITY
    np.testing.assert_allclose(np.sort(observation.value), np.sort(expected), rtol=1e-9)
    assert observation.points.noise.sigma[0] == pytest.approx(error)
    assert channels is None or observation.channels == channels


def test_instruments_in_words_without_names():
    observation = read(table("", 2450000 + TIME, VELOCITY, 3.0, HALVES, delimiter=" ")[1:])
    assert (observation.kind, observation.channels) == ("velocities", ("HARPS", "HIRES"))
    assert observation.origin.columns["channel"] == "column 4"


def test_the_first_star_of_a_binary_is_taken():
    content = "bjd\tvrad1\tsvrad1\tvrad2\tsvrad2\n---\t-----\t------\t-----\t------\n"
    content += table("", 2459000 + TIME, VELOCITY, 6e-3, -VELOCITY, 7e-3, delimiter="\t")[1:]
    assert read(content).origin.columns == {"coordinate": "bjd", "value": "vrad1", "error": "svrad1"}
    assert read(content, value="vrad2", uncertainty="svrad2").points.noise.sigma[0] == pytest.approx(7)


def test_times_that_cannot_count_from_one_day_are_said():
    time = np.where(np.arange(N) < 20, 56700, 15400) + TIME
    assert any(
        "count from another day" in sentence
        for sentence in read(table("time,mnvel,errvel,tel", time, VELOCITY, 1.5, HALVES)).origin.warnings
    )


def test_a_unit_that_is_guessed_is_said():
    assert any("km / s was assumed" in sentence for sentence in read(LAYOUTS["sophie"][0]).origin.guesses)
    assert not any("was assumed" in sentence for sentence in read(LAYOUTS["units-in-names"][0]).origin.guesses)


def test_answers_of_the_user():
    content = LAYOUTS["generic"][0]
    observation = read(content, value_unit="km/s")
    assert observation.points.noise.sigma[0] == 1500
    assert read(content, error=3.0).points.noise.sigma[0] == 3
    assert read(content, channel="e_RV").channels == ("velocities",)


def test_no_errors_are_estimated_and_that_is_said():
    observation = read(table("BJD,RV", 2450000 + TIME, VELOCITY))
    assert observation.points.noise.source == "estimated"
    assert any("the file has no errors" in sentence for sentence in observation.origin.warnings)


def test_missing_velocities_are_counted():
    velocity = VELOCITY.copy()
    velocity[:2] = -99999.0
    assert sum(read(table("BJD,RV,e_RV", 2450000 + TIME, velocity, 1.5)).origin.dropped.values()) == 2
