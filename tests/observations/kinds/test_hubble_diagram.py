"""Hubble diagrams as supernova surveys publish them."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import read, text

N = 25
Z = 0.01 * np.arange(1, N + 1)
MU = 43.3 + 5 * np.log10(Z)


def table(names, *columns, delimiter=","):
    return text(names, list(zip(*(np.broadcast_to(column, N).tolist() for column in columns), strict=True)), delimiter)


SALT = "#name zcmb zhel dz mb dmb x1 dx1 color dcolor 3rdvar d3rdvar cov_m_s cov_m_c cov_s_c set ra dec"
SALT_COLUMNS = ("03D1au", Z, Z, 0, MU - 19, 0.09, 0.1, 0.2, -0.02, 0.03, 9.0, 0.1, 1e-4, 1e-4, 1e-4, 1, 36.0, -4.0)
LAYOUTS = {
    "pantheon+": (
        table(
            "CID IDSURVEY zHD zHDERR zCMB zHEL m_b_corr m_b_corr_err_DIAG MU_SH0ES MU_SH0ES_ERR_DIAG IS_CALIBRATOR x1 c mB",
            *(["2011fe", 51, Z, 1e-3, Z, 1.001 * Z, MU - 19.25, 0.12, MU, 0.13, 0, 0.1, -0.1, MU - 19]),
            delimiter=" ",
        ),
        *(MU, 0.13, "distance modulus"),
    ),
    "union": (table("# name z mu mu_err prob", "1993ah", Z, MU, 0.2, 0.1, delimiter="\t"), MU, 0.2, "distance modulus"),
    "des-sn5yr": (
        table("CID,IDSURVEY,zCMB,zHD,zHEL,MU,MUERR,MUERR_VPEC,MUERR_FINAL,PROBIA_BEAMS", 1, 10, 2 * Z, Z, Z, MU, 0.1, 0.01, 0.15, 0.99),
        *(MU, 0.15, "distance modulus"),
    ),
    "fitres": (
        "VARNAMES: CID zHD zHDERR MU MUERR mB mBERR x1 x1ERR c cERR PKMJD\n"
        + "\n".join(f"SN: {i} {z} 0.001 {m} 0.1 20.1 0.04 0.2 0.1 0.01 0.02 56000.0" for i, (z, m) in enumerate(zip(Z, MU, strict=True))),
        *(MU, 0.1, "distance modulus"),
    ),
    "standardised": (table("name,zcmb,mb,dmb", "a", Z, MU - 19, 0.1), MU - 19, 0.1, "standardised magnitude"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, value, error, axis = LAYOUTS[name]
    observation = read(content)
    assert (observation.kind, observation.value_axis.name) == ("hubble_diagram", axis)
    np.testing.assert_allclose(observation.points.coordinate, Z)
    np.testing.assert_allclose(observation.value, value)
    assert observation.points.noise.sigma[0] == pytest.approx(error)
    assert any("covariance" in sentence for sentence in observation.origin.warnings)


def test_magnitudes_that_are_not_standardised_are_refused_with_what_to_do():
    with pytest.raises(ObservationError, match="standardise them first"):
        read(table(SALT, *SALT_COLUMNS, delimiter=" "))


def test_the_user_may_say_that_they_are():
    observation = read(table(SALT, *SALT_COLUMNS, delimiter=" "), value="mb")
    assert (observation.kind, observation.value_axis.name) == ("hubble_diagram", "standardised magnitude")
    assert observation.points.noise.sigma[0] == 0.09


def test_heliocentric_redshifts_and_calibrators_come_along():
    known = read(LAYOUTS["pantheon+"][0]).points.known
    np.testing.assert_allclose(known["heliocentric_redshift"], 1.001 * Z)
    assert not known["calibrator"].value.any()


def test_redshifts_that_stand_for_nothing_are_counted():
    redshift = Z.copy()
    redshift[:2] = -9, 99
    assert sum(read(table("name,z,mu,mu_err", "a", redshift, MU, 0.1)).origin.dropped.values()) == 2


def test_dispersion_measures_are_no_distances():
    with pytest.raises(ObservationError, match="no column is called"):
        read(table("name,z,dm,dm_err", "FRB", Z, 500 + Z, 1.0))


def test_a_lensing_catalogue_is_no_hubble_diagram():
    names = "id,z_spec,mu,f_F606W,e_F606W,f_F814W,e_F814W,f_F160W,e_F160W"
    assert read(table(names, np.arange(N), Z, 2.0, 5.0, 0.1, 6.0, 0.1, 7.0, 0.1)).kind == "photometry"
