"""Light curves as surveys, observatories and programs write them: columns, sentinels, limits, zero points."""

import numpy as np
import pytest
from astropy import units as u

from tests.observations.layouts import file, hdu, read, scattered, text

N = 40
TIME = 0.02 * np.arange(N)
FLUX = scattered(N)
MAG = 16 - 2.5 * np.log10(FLUX)


def table(names, *columns, delimiter=","):
    """Numbers, or text, a column each; numbers alone are repeated."""
    rows = zip(*(np.broadcast_to(column, N).tolist() for column in columns), strict=True)
    return text(names, list(rows), delimiter)


ALERCE = "oid,candid,mjd,fid,isdiffpos,diffmaglim,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr"
IRSA = "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec,chi,sharp,limitmag,exptime"
ASASSN = "HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err,Filter"
SKYPATROL = "JD,Flux,Flux Error,Mag,Mag Error,Limit,FWHM,Filter,Quality,Camera"
ATLAS = "###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs"
ANTARES = "alert_id,ant_mjd,ant_survey,ant_ra,ant_dec,ant_passband,ant_mag,ant_magerr,ant_maglim"
AAVSO = "JD,Magnitude,Uncertainty,HQuncertainty,Band,Observer Code,Validation Flag,HJD,Star Name"
GAIA = "source_id,transit_id,band,time,mag,flux,flux_over_error,rejected_by_photometry,rejected_by_variability,other_flags"
PANSTARRS = "objID,detectID,filterID,obsTime,ra,dec,psfFlux,psfFluxErr,psfLikelihood,infoFlag"
OSC = "event,time,magnitude,e_magnitude,upperlimit,band,instrument,telescope,source"
KMT = "#    <HJD> <dflux> <flux_err> <mag> <mag_err> <fwhm> <sky> <secz>"

#: File, zero point, unit, middle of the values, middle of the errors, channels.
LAYOUTS = {
    "generic": (table("BJD_TDB,flux,flux_err", 2459000 + TIME, FLUX, 1e-3), "BJD", "", 1, 1e-3, None),
    "aij": (
        table(
            " \tLabel\tslice\tJ.D.-2400000\tJD_UTC\tBJD_TDB\tAIRMASS\trel_flux_T1\trel_flux_err_T1\trel_flux_C2\trel_flux_err_C2",
            *(np.arange(N), "a.fit", 1, 59000 + TIME, 2459000 + TIME, 2459000.001 + TIME, 1.1, FLUX, 2e-3, 3 * FLUX, 4e-3),
            delimiter="\t",
        ),
        *("BJD", "", 1, 2e-3, None),
    ),
    "aij-short": (table("BJD_TDB rel_flux_T1 rel_flux_err_T1", 2459000 + TIME, FLUX, 2e-3, delimiter=" "), "BJD", "", 1, 2e-3, None),
    "etd": (table("#HJD mag err", 2459000 + TIME, MAG - 16 + 12, 2e-3, delimiter=" "), "HJD", "", 1, 2e-3 / 1.0857, None),
    "lightkurve": (table("time,flux,flux_err,quality,timecorr", 1600 + TIME, 900 * FLUX, 1.0, 0, 1e-3), "", "", 900, 1, None),
    "kepler-eb": (
        table(
            "bjd,phase,raw_flux,raw_err,corr_flux,corr_err,dtr_flux,dtr_err",
            *(54953 + TIME, TIME, 5 * FLUX, 0.1, 4 * FLUX, 0.2, FLUX, 3e-3),
        ),
        *("BJD - 2400000", "", 4, 0.2, None),
    ),
    "k2sff": (table("BJD - 2454833, Corrected Flux", 2000 + TIME, FLUX), "BJD - 2454833", "", 1, None, None),
    "ogle-iii": (table("# HJD I err", 2452127 + 9 * TIME, MAG, 0.01, delimiter=" "), "HJD", "", 1, 0.01 / 1.0857, None),
    "ogle-iv": ("\n".join(f"{2455260 + t:.5f} {m:.3f} 0.012 5.2 800" for t, m in zip(TIME, MAG, strict=True)), "JD", "", 1, 0.011, None),
    "moa": (table("# HJD delta_flux flux_err", 2456000 + TIME, 300 * (FLUX - 1.0005), 5.0, delimiter=" "), "HJD", "", -0.15, 5, None),
    "kmt": (
        table(KMT, 8200 + TIME, 1000 * (FLUX - 0.8), 7.0, 19.1, 0.02, 4.1, 900.0, 1.3, delimiter=" "),
        *("HJD - 2450000", "", 200, 7, None),
    ),
    "gaia": (
        table(GAIA, 5, np.arange(N), "G", 1700 + 9 * TIME, 15.2, 900 * FLUX, 300.0, "false", "false", 4097),
        *("BJD - 2455197.5", "", 900, 3, ("G",)),
    ),
    "asas-sn": (
        table(
            ASASSN,
            2457000 + TIME,
            "2015-01-01",
            "ba",
            1.5,
            17.2,
            [*[">17.2"] * 3, *MAG[3:]],
            [*[99.99] * 3, *[0.02] * (N - 3)],
            FLUX,
            2e-2,
            "V",
        ),
        *("HJD", "mJy", 1, 2e-2, ("V",)),
    ),
    "sky-patrol": (
        "# Source 5\n" + table(SKYPATROL, 2457000 + TIME, FLUX, 0.02, MAG, 0.03, 17.1, 1.5, "g", "G", "bi"),
        *("JD", "", 1, 0.02, ("g",)),
    ),
    "ztf-irsa": (
        table(IRSA, 7, 3, 2458900 + TIME, 58899.5 + TIME, MAG, 0.02, 0, "zg", 10.0, 20.0, 1.0, 0.1, 20.5, 30),
        *("HJD", "", 1, 0.02 / 1.0857, ("zg",)),
    ),
    "atlas": (
        table(
            ATLAS, 58900 + TIME, 18.1, 0.02, 100 * FLUX, 5.0, "o", 0, 1, 10.0, 20.0, 1, 1, 2, 2, 3, -0.4, 19.5, 20.3, "01a", delimiter="  "
        ),
        *("MJD", "uJy", 100, 5, ("o",)),
    ),
    "antares": (
        table(ANTARES, "a:1", 58900 + TIME, 1, 10.0, 20.0, "g", MAG, 0.02, 20.5),
        *("MJD", "", 1, 0.02 / 1.0857, ("g",)),
    ),
    "alerce": (
        table(ALERCE, "ZTF18a", 12, 58900 + TIME, 1, 1, 20.5, MAG, 0.02, 100.0, 100.0),
        *("MJD", "", 1, 0.02 / 1.0857, ("ZTF g",)),
    ),
    "pan-starrs": (
        table(PANSTARRS, 5, 6, 2, 55900 + TIME, 10.0, 20.0, 1e-5 * FLUX, 1e-7, 0.1, 102760517),
        *("MJD", "Jy", 1e-5, 1e-7, ("r",)),
    ),
    "crts": (table("MasterID,Mag,Magerr,RA,Decl,MJD,Blend", 5, MAG, 0.05, 1.0, 2.0, 53700 + TIME, 0), "MJD", "", 1, 0.05 / 1.0857, None),
    "superwasp": (table("HJD,magnitude,magnitude error", 2453200 + TIME, MAG - 5, 0.01), "HJD", "", 1, 0.01 / 1.0857, None),
    "aavso": (
        table(AAVSO, 2459000 + TIME, MAG, 0.01, "", "V", "ABC", "Z", "", "SS CYG"),
        *("JD", "", 1, 0.01 / 1.0857, ("V",)),
    ),
    "osc": (
        table(OSC, "SN2011fe", 55800 + TIME, MAG, 0.02, "F", "B", "KAIT", "Lick", "1,2".replace(",", ";")),
        *("MJD", "", 1, 0.02 / 1.0857, ("B",)),
    ),
    "neowise": (
        table("mjd,w1mpro,w1sigmpro,w2mpro,w2sigmpro", 56000 + TIME, MAG - 4, 0.02, MAG - 4.1, 0.02),
        *("MJD", "", 1.048, 0.0193, ("w1", "w2")),
    ),
    "bands-side-by-side": (table("HJD,V,V_err,I,I_err", 2459000 + TIME, MAG, 0.01, MAG, 0.01), "HJD", "", 1, 0.01 / 1.0857, ("V", "I")),
    "bands-and-a-count-of-rows": (
        table("no,JD,B,B_err,V,V_err,R,R_err", np.arange(N), 2459000 + TIME, *(MAG, 0.01) * 3),
        "JD",
        "",
        1,
        0.0092,
        ("B", "V", "R"),
    ),
    "millimagnitudes": (table("JD,mag [mmag],e_mag", 2459000 + TIME, 1000 * MAG, 10), "JD", "", 1, 0.01 / 1.0857, None),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, zero_point, unit, middle, error, channels = LAYOUTS[name]
    observation = read(content)
    assert observation.kind == "light_curve"
    assert (observation.coordinate_axis.zero_point, observation.value_axis.unit) == (zero_point, unit)
    assert np.median(observation.value) == pytest.approx(middle, rel=5e-3, abs=0.2 if name == "moa" else 0)
    if error is None:
        assert observation.points.noise.source == "estimated"
    else:
        assert np.median(observation.points.noise.sigma) == pytest.approx(error, rel=0.02)
    assert channels is None or observation.channels == channels
    assert len(observation) >= N


def test_negative_differences_of_flux_are_kept():
    assert (read(LAYOUTS["moa"][0]).value < 0).any()
    difference = table(ALERCE, "ZTF18a", 12, 58900 + TIME, 1, [-1, *[1] * (N - 1)], 20.5, MAG, 0.02, 100.0, 100.0)
    observation = read(difference)
    assert observation.value[0] < 0
    assert (observation.points.noise.sigma > 0).all()


def test_cheops():
    event = np.zeros(N, int)
    event[:3] = 100, 4, 0
    status = np.zeros(N, int)
    status[5] = 1
    columns = {"UTC_TIME": np.full(N, "2020-03-09T12:00:00.000000"), "MJD_TIME": 58917 + TIME, "BJD_TIME": 2458917.5 + TIME}
    columns |= {"FLUX": 1e7 * FLUX, "FLUXERR": np.full(N, 9e3), "EVENT": event, "STATUS": status, "BACKGROUND": FLUX, "ROLL_ANGLE": FLUX}
    units = {"MJD_TIME": "day", "BJD_TIME": "day", "FLUX": "electrons", "FLUXERR": "electrons"}
    observation = read(file(hdu(columns, units, {"EXTNAME": "SCI_COR_Lightcurve", "TELESCOP": "CHEOPS", "TARGNAME": "HD 1"})), "a.fits")
    assert (observation.coordinate_axis.zero_point, observation.value_axis.unit, observation.name) == ("BJD", "electron", "HD 1")
    assert observation.origin.dropped == {"quality flag set": 2}


def ztf_forced(zero_points=26.2):
    names = "index, field, filter, infobitssci, zpdiff, jd, forcediffimflux, forcediffimfluxunc, procstatus"
    bits, fluxes = np.zeros(N, int), [f"{value:.4f}" for value in 500 * (FLUX - 1.2)]
    bits[0], fluxes[1] = 33554432, "null"
    columns = (np.arange(N), 600, "ZTF_r", bits, zero_points, 2459000 + TIME, fluxes, 9.0, 0)
    return "# Requested input R.A. = 1.0 degrees\n# Any flux is in DN\n " + names + "\n" + table("", *columns, delimiter=" ")[1:]


def test_ztf_forced_photometry_in_microjansky():
    observation = read(ztf_forced())
    scale = 10 ** (-0.4 * (26.2 - 23.9))
    assert (observation.value_axis.unit, observation.channels) == ("uJy", ("ZTF_r",))
    assert np.median(observation.value) == pytest.approx(-100 * scale, rel=0.01)
    assert observation.points.noise.sigma[0] == pytest.approx(9 * scale)
    assert observation.origin.dropped == {"quality flag set": 1, "no value": 1}


@pytest.mark.parametrize(
    ("names", "columns", "limits"),
    [
        (AAVSO, (2459000 + TIME, ["<13.5", *MAG[1:]], 0.01, "", "V", "ABC", "Z", "", "SS CYG"), 1),
        (OSC, ("SN", 55800 + TIME, [13.5, *MAG[1:]], ["", *[0.01] * (N - 1)], ["T", *["F"] * (N - 1)], "B", "K", "L", 1), 1),
        (ANTARES, ("a", 58900 + TIME, 1, 1.0, 2.0, "g", ["", *MAG[1:]], ["", *[0.01] * (N - 1)], 13.5), 1),
        ("HJD,mag,mag_err,limit", (2459000 + TIME, [99.99, *MAG[1:]], [99.99, *[0.01] * (N - 1)], 13.5), 1),
        ("hjd,camera,mag,mag_err", (2459000 + TIME, "ba", [">13.5", *MAG[1:]], [99.99, *[0.01] * (N - 1)]), 1),
    ],
)
def test_upper_limits_are_kept(names, columns, limits):
    observation = read(table(names, *columns))
    zero = observation.points.known["zero_magnitude"].to_value("mag")
    assert len(observation) == N
    assert observation.value[0] == 0
    assert observation.points.noise.sigma[0] == pytest.approx(10 ** (-0.4 * (13.5 - zero)) / 5)
    assert any(f"{limits} rows are upper limits" in sentence for sentence in observation.origin.guesses)


def test_sentinels_are_counted():
    mag = MAG.copy()
    mag[:4] = 99.99, -99, 99, 9.99e99
    observation = read(table("MJD,mag,magerr", 58900 + TIME, mag, 0.02))
    assert observation.origin.dropped == {"no value": 4}
    flux = FLUX.copy()
    flux[:2] = -999.0, 9999.0
    assert sum(read(table("MJD,flux,fluxerr", 58900 + TIME, flux, 0.02)).origin.dropped.values()) == 2


def test_asymmetric_errors_are_averaged_and_that_is_said():
    observation = read(table("BJD,flux,flux_err_up,flux_err_low", 2459000 + TIME, FLUX, 2e-3, 1e-3))
    assert observation.points.noise.sigma[0] == pytest.approx(1.5e-3)
    assert any("averaged" in sentence for sentence in observation.origin.warnings)


def test_a_large_error_of_a_magnitude_is_that_of_the_flux():
    observation = read(table("MJD,mag,magerr", 58900 + TIME, np.full(N, 17.0) + 0.01 * np.arange(N), 0.5))
    assert observation.points.noise.sigma[0] == pytest.approx(observation.value[0] * np.sinh(0.5 / 1.0857362), rel=1e-6)


def test_the_value_can_be_a_magnitude_where_a_flux_is_better():
    assert read(LAYOUTS["kmt"][0], value="<mag>", uncertainty="<mag_err>").points.known["zero_magnitude"] == 19 * u.mag
    assert read(LAYOUTS["sky-patrol"][0], value="Mag").points.noise.sigma[0] == pytest.approx(0.03 / 1.0857, rel=0.01)


def test_fluxes_in_parts_per_million_about_nothing():
    observation = read(table("time,flux_ppm,err_ppm", TIME, 1e6 * (FLUX - 1), 900.0))
    assert np.median(observation.value) == pytest.approx(1, abs=1e-3)
    assert observation.points.noise.sigma[0] == pytest.approx(9e-4)
    assert any("1 was added" in sentence for sentence in observation.origin.guesses)


def test_errors_that_are_missing_for_most_are_estimated_for_all():
    observation = read(table("JD,mag,unc", 2459000 + TIME, MAG, [0.01, *[""] * (N - 1)]))
    assert observation.points.noise.source == "estimated"
    assert any("only 1 of 40 rows have an error" in sentence for sentence in observation.origin.warnings)


@pytest.mark.parametrize("cells", [["true", *["false"] * (N - 1)], ["B", *["G"] * (N - 1)], [1, *[0] * (N - 1)]])
def test_flags_in_words_and_numbers(cells):
    observation = read(table("BJD,flux,flux_err,quality", 2459000 + TIME, FLUX, 1e-3, cells))
    assert observation.origin.dropped == {"quality flag set": 1}


def test_a_flux_that_is_empty_is_passed_over():
    names = "JD,RELATIVE_MAGNITUDE,MAGNITUDE_UNCERTAINTY,RELATIVE_FLUX,FLUX_UNCERTAINTY"
    observation = read(table(names, 2459000 + TIME, MAG, 0.01, "", ""))
    assert observation.origin.columns == {"coordinate": "JD", "value": "RELATIVE_MAGNITUDE", "error": "MAGNITUDE_UNCERTAINTY"}


def test_several_series_in_one_file_are_said():
    content = table("time,flux,err", np.append(TIME[:20], TIME[:20]), FLUX, 1e-3)
    assert any("may hold several series" in sentence for sentence in read(content).origin.warnings)


def test_flags_that_are_all_set_are_left_aside():
    observation = read(table("BJD,flux,flux_err,flag", 2459000 + TIME, FLUX, 1e-3, 1))
    assert len(observation) == N
    assert any("left aside" in sentence for sentence in observation.origin.warnings)
