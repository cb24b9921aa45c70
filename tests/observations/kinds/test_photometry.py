"""Photometric catalogues of surveys: which columns are bands, in which unit, and one object of many."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations.layouts import read, text


def table(names, *rows, delimiter=","):
    return text(names, rows, delimiter)


NANOMAGGY, AB = 3.631, 10 ** (-0.4 * (20 - 23.9))
#: File, bands, first flux, first error, unit.
LAYOUTS = {
    "eazy": (
        table("# id f_f300w e_f300w f_f450w e_f450w f_irimj e_irimj z_spec", (7, 0.2, 0.1, -0.3, 0.1, 5, 1, 1.2), delimiter=" "),
        ("f300w", "f450w", "irimj"),
        0.2,
        0.1,
        "",
    ),
    "3d-hst": (
        table(
            "# id x y ra dec f_F160W e_F160W w_F160W f_F606W e_F606W w_F606W f_U e_U w_U",
            (1, 5, 5, 9, 9, 8.0, 0.2, 1, 5, 0.1, 1, 2, 0.5, 1),
            delimiter=" ",
        ),
        ("U", "F606W", "F160W"),
        2,
        0.5,
        "",
    ),
    "candels": (
        table(
            "ID,RA,DEC,CTIO_U_FLUX,CTIO_U_FLUXERR,ACS_F435W_FLUX,ACS_F435W_FLUXERR,IRAC_CH1_FLUX,IRAC_CH1_FLUXERR",
            (1, 2, 3, 5, 1, 6, 1, 7, 1),
        ),
        ("CTIO_U", "ACS_F435W", "IRAC_CH1"),
        5,
        1,
        "",
    ),
    "cosmos2020": (
        table(
            "ID,CFHT_u_FLUX [uJy],CFHT_u_FLUXERR [uJy],CFHT_u_MAG,CFHT_u_MAGERR,HSC_g_FLUX,HSC_g_FLUXERR,HSC_g_MAG,HSC_g_MAGERR,"
            "UVISTA_Ks_FLUX,UVISTA_Ks_FLUXERR,photoz",
            (1, 5, 1, 22, 0.1, 6, 1, 22, 0.1, 7, 1, 0.9),
        ),
        ("CFHT_u", "HSC_g", "UVISTA_Ks"),
        5,
        1,
        "uJy",
    ),
    "casjobs": (
        table(
            "objid,ra,dec,u,g,r,i,z,err_u,err_g,err_r,err_i,err_z,mjd", (1237648720142401611, 1, 2, 20, 19, 18, 18, 17.8, *[0.1] * 5, 51000)
        ),
        ("u", "g", "r", "i", "z"),
        AB,
        0.0921 * AB,
        "uJy",
    ),
    "casjobs-psf": (
        table("objid,psfMag_u,psfMag_g,psfMag_r,psfMagErr_u,psfMagErr_g,psfMagErr_r", (1, 20, 19, 18, 0.1, 0.1, 0.1)),
        ("u", "g", "r"),
        AB,
        0.0921 * AB,
        "uJy",
    ),
    "des": (
        table("COADD_OBJECT_ID,MAG_AUTO_G,MAG_AUTO_R,MAG_AUTO_I,MAGERR_AUTO_G,MAGERR_AUTO_R,MAGERR_AUTO_I", (1, 20, 19, 18, 0.1, 0.1, 0.1)),
        ("G", "R", "I"),
        AB,
        0.0921 * AB,
        "uJy",
    ),
    "legacy": (
        table(
            "ls_id,flux_g,flux_r,flux_z,flux_w1,flux_ivar_g,flux_ivar_r,flux_ivar_z,flux_ivar_w1,mw_transmission_g",
            (1, 2, 3, 4, 5, 4, 4, 4, 4, 0.9),
        ),
        ("g", "r", "z", "w1"),
        2 * NANOMAGGY,
        0.5 * NANOMAGGY,
        "uJy",
    ),
    "kids": (
        table("ID,MAG_GAAP_u,MAGERR_GAAP_u,MAG_GAAP_g,MAGERR_GAAP_g,MAG_GAAP_r,MAGERR_GAAP_r", (1, 20, 0.1, 19, 0.1, 18, 0.1)),
        ("u", "g", "r"),
        AB,
        0.0921 * AB,
        "uJy",
    ),
    "wise": (
        table("designation,w1mpro,w1sigmpro,w1snr,w2mpro,w2sigmpro,w3mpro,w3sigmpro", ("J1", 20, 0.1, 9, 15, 0.1, 12, 0.1)),
        ("w1", "w2", "w3"),
        AB * 10 ** (-0.4 * 2.699),
        None,
        "uJy",
    ),
    "2mass": (
        table(
            "designation,j_m,j_cmsig,j_msigcom,h_m,h_cmsig,h_msigcom,k_m,k_cmsig,k_msigcom",
            ("J1", 20, 0.2, 0.1, 15, 0.2, 0.1, 14, 0.2, 0.1),
        ),
        ("j", "h", "k"),
        AB * 10 ** (-0.4 * 0.91),
        None,
        "uJy",
    ),
    "cds": (
        table("RAJ2000,DEJ2000,Jmag,e_Jmag,Hmag,e_Hmag,Kmag,e_Kmag,W1mag,e_W1mag", (1, 2, 20, 0.1, 14, 0.1, 14, 0.1, 13, 0.1)),
        ("J", "H", "K", "W1"),
        AB * 10 ** (-0.4 * 0.91),
        None,
        "uJy",
    ),
    "rubin": (
        table("objectId,u_psfFlux,u_psfFluxErr,g_psfFlux,g_psfFluxErr,r_psfFlux,r_psfFluxErr", (1, 500, 50, 600, 50, 700, 50)),
        ("u", "g", "r"),
        0.5,
        0.05,
        "uJy",
    ),
    "pan-starrs": (
        table("objID,gMeanPSFMag,gMeanPSFMagErr,rMeanPSFMag,rMeanPSFMagErr,iMeanPSFMag,iMeanPSFMagErr", (1, 20, 0.1, 19, 0.1, 18, 0.1)),
        ("g", "r", "i"),
        AB,
        0.0921 * AB,
        "uJy",
    ),
    "nanomaggies": (
        table("id,flux_u [nanomaggies],err_u,flux_g,err_g,flux_r,err_r", (1, 2, 0.5, 3, 0.5, 4, 0.5)),
        ("u", "g", "r"),
        2 * NANOMAGGY,
        0.5 * NANOMAGGY,
        "uJy",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, bands, flux, error, unit = LAYOUTS[name]
    observation = read(content)
    assert (observation.kind, observation.channels, observation.value_axis.unit) == ("photometry", bands, unit)
    assert observation.coordinate_axis.unit == "Angstrom"
    assert (np.diff(observation.points.coordinate) > 0).all()
    assert observation.value[0] == pytest.approx(flux, rel=1e-3)
    assert error is None or observation.points.noise.sigma[0] == pytest.approx(error, rel=2e-3)


MANY = table("id,f_g,e_g,f_r,e_r,f_i,e_i,f_z,e_z", (1, 1, 0.1, 2, 0.1, 3, 0.1, 4, 0.1), (22, -1, 0.1, 2, 0.1, -99, -99, 5, -99))


def test_an_object_is_chosen_by_its_identifier():
    observation = read(MANY, row="22")
    assert (observation.name, observation.origin.objects) == ("22", 2)
    assert observation.value[0] == -1
    assert observation.channels == ("g", "r")
    assert sum(observation.origin.dropped.values()) == 2
    assert any("the first, 1, was taken" in sentence for sentence in read(MANY).origin.warnings)
    with pytest.raises(ObservationError, match=r"no object '3' in the catalogue of 2 \(1 to 22\)"):
        read(MANY, row="3")


def test_a_zero_point_gives_microjansky():
    observation = read(MANY, magnitude=25.0)
    assert observation.value_axis.unit == "uJy"
    assert observation.value[0] == pytest.approx(10 ** (-0.4 * (25 - 23.9)))


def test_most_bands_may_be_missing():
    names = ",".join(f"f_F{number}W,e_F{number}W" for number in (435, 606, 775, 814, 850))
    observation = read(table(f"id,{names}", (1, 5, 1, 6, 1, *[-99, -99] * 3)))
    assert observation.channels == ("F435W", "F606W")


def test_magnitudes_that_were_not_reached_keep_their_limit():
    observation = read(table("id,mag_g,magerr_g,mag_r,magerr_r,mag_i,magerr_i", (1, 99, 27.0, 20, 0.1, -99, 0)))
    assert observation.channels == ("g", "r")
    assert (observation.value[0], observation.points.noise.sigma[0]) == (0, pytest.approx(10 ** (-0.4 * (27 - 23.9))))
    assert any("limits" in sentence for sentence in observation.origin.guesses)


def test_another_way_of_measuring_can_be_chosen():
    names = "objid,psfMag_u,psfMag_g,psfMag_r,psfMagErr_u,psfMagErr_g,psfMagErr_r,"
    names += "modelMag_u,modelMag_g,modelMag_r,modelMagErr_u,modelMagErr_g,modelMagErr_r"
    content = table(names, (1, 20, 20, 20, 0.1, 0.1, 0.1, 21, 21, 21, 0.1, 0.1, 0.1))
    assert read(content).value[0] == pytest.approx(AB / 10**0.4)
    assert read(content, value="psfMag_g").value[0] == pytest.approx(AB)


def test_a_catalogue_without_errors_asks_for_them():
    content = table("id,g,r,i,z,y", (1, 20, 20, 20, 20, 20))
    with pytest.raises(ObservationError, match=r"no errors.*signal-to-noise"):
        read(content)
    assert read(content, signal_to_noise=10.0).points.noise.sigma[0] == pytest.approx(AB / 10)


def test_bands_that_are_not_known_are_numbered():
    observation = read(table("id,qq_flux,qq_fluxerr,g_flux,g_fluxerr,r_flux,r_fluxerr", (1, 1, 0.1, 2, 0.1, 3, 0.1)))
    assert observation.coordinate_axis.name == "band"
    assert any("not known: qq" in sentence for sentence in observation.origin.warnings)


def test_the_spectroscopic_redshift_comes_along():
    assert float(read(LAYOUTS["eazy"][0]).points.known["spectroscopic_redshift"]) == 1.2
