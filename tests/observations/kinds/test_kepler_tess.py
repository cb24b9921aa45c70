"""Light curves of Kepler, K2 and TESS in the layouts of the missions and of the pipelines after them."""

import numpy as np
import pytest

from astro_sbi.observations.observation import ObservationError
from tests.observations import made
from tests.observations.layouts import file, hdu, read, scattered

N = 60
BKJD, BTJD = 2000.0 + 0.0204 * np.arange(N), 1600.0 + 0.0208 * np.arange(N)
FLUX, RAW = scattered(N), scattered(N, 0.97, seed=2)
BITS = np.zeros(N, int)
TESS, KEPLER = {"TELESCOP": "TESS", "OBJECT": "TIC 7"}, {"TELESCOP": "Kepler", "MISSION": "K2", "OBJECT": "EPIC 7"}


def column_units(**units):
    return {name.upper(): unit for name, unit in units.items()}


def spoc(step=120 / 86400):
    time = 1600 + step * np.arange(N)
    columns = {"TIME": time, "TIMECORR": np.zeros(N), "CADENCENO": np.arange(N), "SAP_FLUX": 900 * RAW, "SAP_FLUX_ERR": np.ones(N)}
    columns |= {"SAP_BKG": np.zeros(N), "PDCSAP_FLUX": 1000 * FLUX, "PDCSAP_FLUX_ERR": np.full(N, 0.9), "QUALITY": BITS.copy()}
    columns["QUALITY"][[3, 4]] = 8, 512
    columns["QUALITY"][5] = 4096
    units = column_units(time="BJD - 2457000, days", sap_flux="e-/s", sap_flux_err="e-/s", pdcsap_flux="e-/s", pdcsap_flux_err="e-/s")
    keys = {"BJDREFI": 2457000, "BJDREFF": 0.0, "INT_TIME": 1.98, "READTIME": 0.02, "NUM_FRM": round(step * 43200), "CROWDSAP": 0.8}
    return file(hdu(columns, units, keys), header=TESS)


def k2sff():
    columns = {"T": BKJD, "FRAW": RAW, "FCOR": FLUX, "ARCLENGTH": np.zeros(N), "MOVING": BITS.copy(), "CADENCENO": np.arange(N)}
    columns["MOVING"][:2] = 1
    return file(hdu(columns, {"T": "BJD - 2454833"}, {"EXTNAME": "BESTAPER"}), header=KEPLER)


def everest():
    columns = {"CADN": np.arange(N), "FLUX": 5e4 * FLUX, "FCOR": 5e4 * FLUX + 9, "FRAW": 5e4 * RAW, "FRAW_ERR": np.full(N, 50.0)}
    return file(
        hdu({"TIME": BKJD, **columns, "QUALITY": BITS}, column_units(time="BJD - 2454833", flux="e-/s", fraw="e-/s")), header=KEPLER
    )


def k2sc():
    columns = {"time": BKJD, "cadence": np.arange(N), "quality": BITS, "x": BKJD, "y": BKJD, "flux": 1e4 * FLUX, "error": np.full(N, 20.0)}
    tables = [hdu({**columns, "trend_t": BKJD, "trend_p": BKJD}, None, {"EXTNAME": name}) for name in ("PDC", "SAP")]
    return file(*tables, header=KEPLER)


def qlp(new=False):
    columns = {"TIME": BTJD, "CADENCENO": np.arange(N), "SAP_FLUX": RAW}
    name = "DET_FLUX" if new else "KSPSAP_FLUX"
    columns |= {name: FLUX, f"{name}_ERR": np.full(N, 1e-3), "QUALITY": BITS, "ORBITID": BITS, "SAP_BKG": BTJD, "SAP_BKG_ERR": FLUX}
    columns |= {"SYS_RM_FLUX": RAW, "DET_FLUX_SML": FLUX} if new else {"KSPSAP_FLUX_SML": FLUX}
    keys = {"BJDREFI": 2457000, "BJDREFF": 0.0, "TIMEDEL": 0.0208}
    return file(hdu(columns, {"TIME": "BJD - 2457000, days"}, keys), header={**TESS, "ORIGIN": "MIT/QLP"})


def tasoc():
    columns = {"TIME": BTJD, "TIMECORR": RAW, "CADENCENO": np.arange(N), "FLUX_RAW": 800 * RAW, "FLUX_RAW_ERR": np.ones(N)}
    columns |= {"FLUX_BKG": RAW, "FLUX_CORR": 1e6 * (FLUX - 1), "FLUX_CORR_ERR": np.full(N, 900.0), "QUALITY": BITS, "PIXEL_QUALITY": BITS}
    units = column_units(time="BJD - 2457000, days", flux_raw="e-/s", flux_corr="ppm", flux_corr_err="ppm")
    return file(hdu(columns, units, {"BJDREFI": 2457000, "BJDREFF": 0.0}), header={**TESS, "ORIGIN": "TASOC/Aarhus"})


def eleanor(lite=False):
    columns = {"TIME": BTJD, "RAW_FLUX": 3000 * RAW, "CORR_FLUX": 3000 * FLUX, "FLUX_ERR": np.full(N, 3.0), "QUALITY": BITS.astype(float)}
    columns |= {} if lite else {"PCA_FLUX": 3000 * FLUX, "PSF_FLUX": 3000 * FLUX}
    return file(hdu(columns), header={"TIC_ID": 7, "LITE": True, "PCORIGIN": 1.0, "SECTOR": 3})


def cdips():
    quality = np.array(["G"] * (N - 1) + ["X"])
    magnitudes = {f"{name}1": 12 - 2.5 * np.log10(FLUX) for name in ("IRM", "TFA", "PCA")}
    errors = {"IRE1": np.full(N, 0.001), "IRQ1": quality}
    columns = {"TMID_BJD": 2457000 + BTJD, "TMID_UTC": BTJD, "IFL1": 1e4 * FLUX, "IFE1": np.full(N, 12.0), **magnitudes, **errors}
    return file(hdu(columns, {"IFL1": "ADU"}), header={"TICID": "7", "ORIGIN": "Princeton/CDIPS", "TELESCOP": "TESS"})


def pathos():
    columns = {"TIME": BTJD, "PSF_FLUX_RAW": 100 * RAW, "PSF_FLUX_COR": 100 * FLUX, "AP4_FLUX_RAW": RAW, "AP4_FLUX_COR": FLUX}
    return file(hdu({**columns, "SKY_LOCAL": RAW, "DQUALITY": BITS}, {"PSF_FLUX_COR": "e-/s"}), header={"TICID": 7, "TELESCOP": "TESS"})


def tglc():
    columns = {"time": BTJD, "psf_flux": 90 * RAW, "cal_psf_flux": FLUX, "cal_aper_flux": FLUX, "TESS_flags": BITS, "TGLC_flags": BITS}
    return file(hdu(columns, None, {"CPSF_ERR": 0.002}), header={**TESS, "ORIGIN": "UCSB/TGLC"})


def lightkurve():
    columns = {"TIME": BTJD, "FLUX": 1000 * FLUX, "FLUX_ERR": np.ones(N), "QUALITY": BITS}
    return file(hdu(columns, {"TIME": "btjd", "FLUX": "electron / s"}, {"EXTNAME": "LIGHTCURVE"}), header=TESS)


#: File, column taken, zero point, unit, middle of the values, middle of the errors, points.
LAYOUTS = {
    "spoc": (spoc(), "PDCSAP_FLUX", "BJD - 2457000", "electron / s", 1000, 0.9, N - 2),
    "spoc-fast": (spoc(20 / 86400), "PDCSAP_FLUX", "BJD - 2457000", "electron / s", 1000, 0.9, N - 2),
    "k2sff": (k2sff(), "FCOR", "BJD - 2454833", "", 1, None, N - 2),
    "everest": (everest(), "FLUX", "BJD - 2454833", "electron / s", 5e4, 50, N),
    "k2sc": (k2sc(), "FLUX", "BJD - 2454833", "electron / s", 1e4, 20, N),
    "qlp-old": (qlp(), "KSPSAP_FLUX", "BJD - 2457000", "", 1, 1e-3, N),
    "qlp-new": (qlp(new=True), "DET_FLUX", "BJD - 2457000", "", 1, 1e-3, N),
    "tasoc": (tasoc(), "FLUX_CORR", "BJD - 2457000", "", 1, 9e-4, N),
    "eleanor": (eleanor(), "CORR_FLUX", "BJD - 2457000", "electron / s", 3000, 3, N),
    "eleanor-lite": (eleanor(lite=True), "CORR_FLUX", "BJD - 2457000", "electron / s", 3000, 3, N),
    "cdips": (cdips(), "TFA1", "BJD", "", 1, 0.001 / 1.0857, N - 1),
    "pathos": (pathos(), "PSF_FLUX_COR", "BJD - 2457000", "electron / s", 100, None, N),
    "tglc": (tglc(), "CAL_PSF_FLUX", "BJD - 2457000", "", 1, 0.002, N),
    "lightkurve": (lightkurve(), "FLUX", "BJD - 2457000", "electron / s", 1000, 1, N),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    content, column, zero_point, unit, middle, error, points = LAYOUTS[name]
    observation = read(content, f"{name}.fits")
    assert (observation.kind, observation.channels, len(observation)) == ("light_curve", (column,), points)
    assert (observation.coordinate_axis.zero_point, observation.value_axis.unit) == (zero_point, unit)
    assert np.median(observation.value) == pytest.approx(middle, rel=2e-3)
    if error is None:
        assert observation.points.noise.source == "estimated"
    else:
        assert np.median(observation.points.noise.sigma) == pytest.approx(error, rel=2e-3)
    assert observation.name in ("TIC 7", "EPIC 7")


@pytest.mark.parametrize(
    ("content", "column", "unit", "middle"),
    [
        (spoc(), "SAP_FLUX", "electron / s", 873),
        (qlp(new=True), "SYS_RM_FLUX", "", 0.97),
        (qlp(), "SAP_FLUX", "", 0.97),
        (everest(), "FRAW", "electron / s", 48500),
        (tasoc(), "FLUX_RAW", "electron / s", 776),
        (eleanor(), "PCA_FLUX", "electron / s", 3000),
        (cdips(), "IRM1", "", 1),
        (cdips(), "IFL1", "adu", 1e4),
        (spoc(), "sap_flux", "electron / s", 873),
    ],
)
def test_every_flux_can_be_chosen(content, column, unit, middle):
    observation = read(content, "a.fits", value=column)
    assert observation.origin.columns["value"].upper() == column.upper()
    assert observation.value_axis.unit == unit
    assert np.median(observation.value) == pytest.approx(middle, rel=2e-3)


def test_a_flux_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ObservationError, match=r"no flux column 'best'.*PDCSAP_FLUX, SAP_FLUX"):
        read(spoc(), "a.fits", value="best")


def test_raw_flux_is_diluted_by_what_the_header_says():
    assert float(read(spoc(), "a.fits", flux="sap").points.known["dilution"]) == 0.8
    assert float(read(spoc(), "a.fits").points.known["dilution"]) == 1
    assert any("how much light" in sentence for sentence in read(qlp(), "a.fits", flux="sap").origin.warnings)


def test_the_exposure_is_that_of_a_cadence():
    assert read(spoc(20 / 86400), "a.fits").points.known["exposure_time"].to_value("s") == pytest.approx(19.98, abs=0.03)
    assert read(made.kepler(), "k.fits").points.known["exposure_time"].to_value("d") == pytest.approx(0.0204, rel=0.01)


def test_magnitudes_tell_their_zero():
    observation = read(cdips(), "a.fits")
    assert observation.points.known["zero_magnitude"].to_value("mag") == 12
    assert read(cdips(), "a.fits", magnitude=10.0).value[0] == pytest.approx(10**-0.8, rel=0.01)


def test_one_table_of_several_can_be_chosen():
    assert len(read(k2sc(), "a.fits", table="SAP")) == N


@pytest.mark.parametrize("header", [{"TELESCOP": "Kepler"}, {"MISSION": "K2"}, {"TELESCOP": "TESS", "BJDREFI": 2457000}])
def test_zero_point_by_mission(header):
    columns = {"TIME": BTJD, "SAP_FLUX": 900 * FLUX, "SAP_FLUX_ERR": np.ones(N)}
    said = read(file(hdu(columns), header=header), "a.fits").coordinate_axis.zero_point
    assert said == ("BJD - 2457000" if "BJDREFI" in header else "BJD - 2454833")


def test_answers_of_the_user_count_more_than_the_file():
    options = {"zero_point": "BJD - 2450000", "uncertainty": "SAP_FLUX_ERR", "quality": "CADENCENO"}
    observation = read(spoc(), "a.fits", **options)
    assert observation.coordinate_axis.zero_point == "BJD - 2450000"
    assert observation.points.noise.sigma[0] == 1
    assert observation.origin.columns["quality"] == "CADENCENO"
    assert (read(spoc(), "a.fits", error=5.0).points.noise.sigma == 5).all()


@pytest.mark.parametrize(("unit", "scale"), [("h", 24.0), ("min", 1440.0), ("s", 86400.0), ("days", 1.0), ("BJD - 2457000, days", 1.0)])
def test_times_in_other_units_become_days(unit, scale):
    columns = {"TIME": scale * BTJD, "SAP_FLUX": 900 * FLUX, "SAP_FLUX_ERR": np.ones(N)}
    observation = read(file(hdu(columns, units={"TIME": unit}), header={"TELESCOP": "TESS"}), "a.fits")
    assert observation.points.coordinate == pytest.approx(BTJD[: len(observation)], rel=1e-12)
    assert observation.coordinate_axis.unit == "d"
