"""Which column plays which role: names of people and of surveys, errors beside their values."""

import numpy as np
import pytest

from astro_sbi.observations.containers.table import Column, Container, Table
from astro_sbi.observations.kinds.errors import error_columns, errors_in
from astro_sbi.observations.kinds.flags import flagged
from astro_sbi.observations.kinds.names import is_magnitude, time_column, words
from astro_sbi.observations.kinds.roles import completed, tables_of, told
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.options import ReadOptions


def table(names, facts=None, **arrays):
    columns = tuple(Column(name) for name in names.split())
    return Table(columns, tuple(np.asarray(arrays.get(column.name, np.ones(3))) for column in columns), facts=facts or {})


def test_words():
    assert words("psfMagErr_u") == ("psf", "mag", "err", "u")
    assert words("rel_flux_T1") == ("rel", "flux", "t1")


@pytest.mark.parametrize(
    ("names", "value", "error"),
    [
        ("flux flux_err", "flux", "flux_err"),
        ("flux e_flux", "flux", "e_flux"),
        ("flux fluxerr mag magerr", "mag", "magerr"),
        ("mag fluxerr", "mag", None),
        ("flux magerr", "flux", None),
        ("rel_flux_T1 rel_flux_err_T1 rel_flux_C2 rel_flux_err_C2", "rel_flux_C2", "rel_flux_err_C2"),
        ("corr_flux raw_err corr_err", "corr_flux", "corr_err"),
        ("FLUX_REDUCED ERR_REDUCED FLUX ERR", "FLUX_REDUCED", "ERR_REDUCED"),
        ("MU MUERR MUERR_FINAL", "MU", "MUERR_FINAL"),
        ("vrad svrad", "vrad", "svrad"),
        ("mnvel errvel", "mnvel", "errvel"),
        ("magpsf sigmapsf", "magpsf", "sigmapsf"),
        ("flux1 err1 flux2 err2", "flux2", "err2"),
        ("flux sigma", "flux", "sigma"),
        ("Magnitude Uncertainty", "Magnitude", "Uncertainty"),
        ("uJy duJy err", "uJy", "duJy"),
        ("w1mpro w1sigmpro", "w1mpro", "w1sigmpro"),
    ],
)
def test_errors_stand_beside_their_values(names, value, error):
    made = table(names)
    found = error_columns(made, names.split().index(value))
    assert found == ({} if error is None else {"uncertainty": names.split().index(error)})


@pytest.mark.parametrize(
    "names",
    [
        "flux flux_err_up flux_err_low",
        "flux flux_err1 flux_err2",
        "mag e_upper_mag e_lower_mag",
        "flux err_plus err_minus",
        "rv rv_errp rv_errm",
    ],
)
def test_upper_and_lower_errors(names):
    assert error_columns(table(names), 0) == {"uncertainty": 1, "lower": 2}


@pytest.mark.parametrize(
    ("names", "role", "given", "sigma"),
    [("flux ivar", "ivar", 4.0, 0.5), ("flux var", "variance", 4.0, 2.0), ("flux snr", "snr", 4.0, 0.25)],
)
def test_other_ways_to_say_errors(names, role, given, sigma):
    made = table(names, **{names.split()[1]: np.full(3, given)})
    found = error_columns(made, 0)
    assert found == {role: 1}
    np.testing.assert_allclose(errors_in(made, found, made.numbers(0))[0], sigma)


def test_weights_of_nothing_are_missing_errors():
    made = table("flux ivar", ivar=[4.0, 0.0, -1.0])
    assert np.isnan(errors_in(made, {"ivar": 1}, made.numbers(0))[0]).tolist() == [False, True, True]


def test_a_time_that_says_its_system_comes_first():
    assert time_column(table("time MJD BJD_TDB")) == 2
    assert time_column(table("flux obs_hjd")) == 1
    assert time_column(table("PEAK_MJD z mu")) is None


def test_a_time_that_nobody_filled_is_passed_over():
    assert time_column(table("JD HJD mag", HJD=[np.nan, np.nan, np.nan])) == 0


@pytest.mark.parametrize(("name", "answer"), [("Vmag", True), ("det_mag_2", True), ("psfMag", True), ("flux_mag", False), ("image", False)])
def test_names_of_magnitudes(name, answer):
    assert is_magnitude(name) is answer


def test_the_user_comes_first():
    made = table("time flux flux_err other spread mark band")
    options = ReadOptions(value="other", uncertainty="SPREAD", quality="mark")
    roles = completed(made, {"coordinate": 0, "value": 1}, options)
    assert roles.columns == {"coordinate": 0, "value": 3, "uncertainty": 4, "quality": 5}


def test_an_inverse_variance_that_is_chosen_as_the_error_is_one():
    assert completed(table("wave flux ivar"), {"coordinate": 0, "value": 1}, ReadOptions(uncertainty="ivar")).columns["ivar"] == 2


def test_columns_that_are_not_there_are_refused_with_those_that_are():
    with pytest.raises(ObservationError, match=r"no column 'nix' for the value \(there are: time, flux\)"):
        told(table("time flux"), ReadOptions(value="nix"))


def test_tables_by_name():
    two = Container("FITS", (Table((), (), "A"), Table((), (), "B")), facts={"telescop": "TESS"})
    assert [each.name for each in tables_of(two, ReadOptions(table="B"))] == ["B"]
    assert tables_of(two, ReadOptions())[0].facts["telescop"] == "TESS"
    with pytest.raises(ObservationError, match=r"no table 'C' \(there are: 'A', 'B'\)"):
        tables_of(two, ReadOptions(table="C"))


@pytest.mark.parametrize(
    ("name", "cells", "bad"),
    [
        ("quality", [0, 1, 0], [1]),
        ("Quality", ["G", "B", "G"], [1]),
        ("rejected", ["false", "true", "False"], [1]),
        ("rejected", [False, True, False], [1]),
        ("grade", ["A", "D", "B"], [1]),
        ("good", [True, False, True], [1]),
        ("valid", [1, 0, 1], [1]),
        ("drs_qc", ["True", "False", "True"], [1]),
        ("infobitssci", [0, 33554432, 4], [1]),
        ("flag", [-2147483648, -2147483647, -2147483648], [1]),
        ("dq", [0.0, 4.0, np.nan], [1]),
    ],
)
def test_flags(name, cells, bad):
    made = table(name, **{name: cells})
    found, sentences = flagged(made, 0)
    assert np.flatnonzero(found).tolist() == bad
    assert sentences == ()


def test_flags_that_say_nothing():
    made = table("quality", quality=["fine", "so", "la la"])
    assert flagged(made, 0) == (None, ())
    assert flagged(made, None) == (None, ())


def test_flags_of_webb_and_hubble():
    flags = [0, 1, 4]
    assert flagged(table("DQ", {"telescop": "JWST"}, DQ=flags), 0)[0].tolist() == [False, True, False]
    assert flagged(table("DQ", {"telescop": "HST", "sdqflags": 4}, DQ=flags), 0)[0].tolist() == [False, False, True]
    assert flagged(table("DQ", DQ=flags), 0)[0].tolist() == [False, True, True]
