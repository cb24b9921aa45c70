import gzip

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.reader import ReadOptions
from astro_sbi.observations.reading import READERS, describe, read
from tests.observations import made

TIME = 2457.0 + 0.02 * np.arange(120)
FLUX = 1 + 1e-3 * np.random.default_rng(3).normal(size=120)


def test_readers_have_distinct_names():
    assert len({reader.name for reader in READERS}) == len(READERS)


@pytest.mark.parametrize(
    ("file", "points", "name", "zero_point"),
    [
        ("kplr010666592-2009131110544_slc.fits", 14211, "KIC 10666592", "BJD - 2454833"),
        ("hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits", 18103, "TIC 25155310", "BJD - 2457000"),
    ],
)
def test_real_light_curve(shared, file, points, name, zero_point):
    observation = read(file, (shared / "observations" / "transit" / file).read_bytes())
    assert (observation.kind, observation.name, len(observation)) == ("light_curve", name, points)
    assert observation.coordinate_axis.zero_point == zero_point
    assert observation.points.coordinate.dtype == observation.value.dtype == np.float64
    assert observation.points.coordinate.dtype.isnative
    assert (np.diff(observation.points.coordinate) > 0).all()
    assert observation.points.known["exposure_time"].to_value("s") == pytest.approx(58.3 if "kplr" in file else 120.0, rel=0.01)
    assert observation.points.known["dilution"] == 1
    total = len(observation) + sum(observation.origin.dropped.values())
    assert total == (14280 if "kplr" in file else 20076)


def test_sap_flux_is_diluted(shared):
    file = "kplr010666592-2009131110544_slc.fits"
    observation = read(file, (shared / "observations" / "transit" / file).read_bytes(), ReadOptions(flux="sap"))
    assert float(observation.points.known["dilution"]) == pytest.approx(0.9975)
    assert observation.origin.columns["value"] == "SAP_FLUX"


def test_real_spectrum(shared):
    file = "spec-0266-51602-0107.fits"
    observation = read(file, (shared / "observations" / "galaxy_spectrum" / file).read_bytes())
    assert (observation.kind, observation.name) == ("spectrum", "SDSS 0266-51602-0107")
    assert float(observation.points.known["redshift"]) == pytest.approx(0.12315, abs=1e-5)
    assert 3750 < observation.points.coordinate[0] < 3850
    assert np.median(observation.points.known["resolution"].to_value("km/s")) == pytest.approx(62, abs=8)
    assert len(observation) + sum(observation.origin.dropped.values()) == 3849


def test_table_without_header_or_errors(shared):
    file = "K2-3_EPIC201367065_detrended.csv"
    observation = read(file, (shared / "observations" / "transit" / file).read_bytes())
    assert observation.kind == "light_curve"
    assert observation.points.noise.source == "estimated"
    assert 3e-5 < observation.points.noise.sigma[0] < 8e-5
    warnings = " ".join(observation.origin.warnings)
    assert "estimated from the scatter" in warnings
    assert "taken as the cadence" in warnings


def test_describe_is_plain():
    told = describe(read("a.csv", made.csv({"bjd": TIME, "flux": FLUX, "flux_err": np.full(120, 1e-3)})))
    assert told["kind"] == "light_curve"
    assert told["points"] == 120
    assert told["units"] == {"coordinate": "time BJD [d]", "value": ""}
    assert told["columns"] == {"coordinate": "bjd", "value": "flux", "error": "flux_err"}


def test_kepler_rows_are_dropped_with_reasons():
    rows = 200
    time, flux, quality = 130 + 0.0204 * np.arange(rows), np.full(rows, 1000.0), np.zeros(rows, int)
    flux[::3] += 1
    time[:2], flux[5:8], quality[20:24], quality[30] = np.nan, np.nan, 1, 128
    observation = read("k.fits", made.kepler(rows, TIME=time, PDCSAP_FLUX=flux, SAP_QUALITY=quality))
    assert observation.origin.dropped == {"no time": 2, "quality flag set": 4, "no value": 3}


def test_empty_pdcsap_falls_back_to_sap():
    observation = read("k.fits", made.kepler(PDCSAP_FLUX=np.full(200, np.nan)))
    assert observation.origin.columns["value"] == "SAP_FLUX"
    assert any("SAP_FLUX was taken" in warning for warning in observation.origin.warnings)
    assert float(observation.points.known["dilution"]) == pytest.approx(0.9)


def test_empty_error_column_is_estimated_and_said():
    observation = read("k.fits", made.kepler(PDCSAP_FLUX_ERR=np.full(200, np.nan)))
    assert observation.points.noise.source == "estimated"
    assert observation.points.noise.sigma[0] == pytest.approx(1, rel=0.25)


def test_sdss_pixels_are_dropped_with_reasons():
    observation = read("spec.fits", made.sdss())
    assert observation.origin.dropped == {"inverse variance not above zero": 3, "and_mask set (bright sky, bad pixel)": 1}
    assert observation.points.known["resolution"][0].to_value("km/s") == pytest.approx(1.2 * 69.03, rel=1e-3)
    assert observation.points.noise.sigma[0] == 0.5


def test_given_redshift_and_error_win():
    observation = read("spec.fits", made.sdss(), ReadOptions(redshift=0.3, error=2.0))
    assert observation.points.known["redshift"] == 0.3
    assert (observation.points.noise.sigma == 2.0).all()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
def test_delimiters(delimiter):
    observation = read("a.txt", made.csv({"time": TIME, "flux": FLUX, "error": np.full(120, 1e-3)}, delimiter))
    np.testing.assert_allclose(observation.value, FLUX, rtol=1e-10)


def test_row_order_does_not_matter():
    order = np.random.default_rng(0).permutation(120)
    columns = {"time": TIME, "flux": FLUX, "flux_err": np.full(120, 1e-3)}
    straight = read("a.csv", made.csv(columns))
    shuffled = read("a.csv", made.csv({name: values[order] for name, values in columns.items()}))
    assert straight.content_hash == shuffled.content_hash
    assert any("sorted" in warning for warning in shuffled.origin.warnings)


def test_compression_does_not_matter():
    content = made.csv({"time": TIME, "flux": FLUX})
    assert read("a.csv", content).content_hash == read("a.csv.gz", gzip.compress(content)).content_hash


def ecsv(tmp_path, table: QTable) -> bytes:
    file = tmp_path / "made.ecsv"
    table.write(file, format="ascii.ecsv", overwrite=True)
    return file.read_bytes()


def test_unit_of_time_does_not_matter(tmp_path):
    days = QTable({"time": TIME * u.d, "flux": FLUX, "flux_err": np.full(120, 1e-3)})
    hours = QTable({"time": (TIME * u.d).to(u.h), "flux": FLUX, "flux_err": np.full(120, 1e-3)})
    first, second = (read("a.ecsv", ecsv(tmp_path, table)) for table in (days, hours))
    np.testing.assert_allclose(first.points.coordinate, second.points.coordinate, rtol=1e-12)
    assert first.coordinate_axis.unit == second.coordinate_axis.unit == "d"


def test_ecsv_spectrum_is_converted(tmp_path):
    wavelength = np.linspace(0.45, 0.75, 400)
    flux = np.full(400, 3e-17) + 1e-18 * np.random.default_rng(1).normal(size=400)
    table = QTable(
        {"wavelength": wavelength * u.um, "flux": flux * u.Unit("W / (m2 um)"), "flux_err": np.full(400, 1e-18) * u.Unit("W / (m2 um)")}
    )
    table.meta.update(redshift=0.05, object="made up")
    observation = read("a.ecsv", ecsv(tmp_path, table))
    assert (observation.kind, observation.name) == ("spectrum", "made up")
    assert observation.points.coordinate[0] == pytest.approx(4500)
    assert np.median(observation.value) == pytest.approx(0.3, rel=0.01)
    assert observation.points.known["redshift"] == 0.05


def test_masked_cells_never_become_zero(tmp_path):
    from astropy.table import MaskedColumn, Table

    flux = MaskedColumn(FLUX, mask=np.arange(120) < 4)
    observation = read("a.ecsv", ecsv(tmp_path, Table({"time": TIME, "flux": flux, "flux_err": np.full(120, 1e-3)})))
    assert observation.origin.dropped == {"no value": 4}
    assert (observation.value > 0.9).all()


def test_bad_rows_are_dropped_and_repeats_named():
    columns = {"time": TIME.copy(), "flux": FLUX.copy(), "flux_err": np.full(120, 1e-3)}
    columns["flux_err"][:2], columns["flux_err"][2], columns["flux"][3] = [0, -1], np.inf, np.nan
    columns["time"][10], columns["time"][21], columns["flux"][21] = TIME[11], TIME[20], FLUX[20]
    observation = read("a.csv", made.csv(columns))
    assert observation.origin.dropped == {"no value": 1, "no error": 1, "error not above zero": 2, "repeated row": 1}
    assert any("repeat the time" in warning for warning in observation.origin.warnings)


def test_missing_value_of_one_error_given():
    with pytest.raises(ObservationError, match="above zero"):
        read("a.csv", made.csv({"time": TIME, "flux": FLUX}), ReadOptions(error=-1.0))
