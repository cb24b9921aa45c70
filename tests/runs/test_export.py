import io
import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from astropy.table import QTable, Table

from astro_sbi.inference.posterior import weighted_quantile
from astro_sbi.runs import export
from astro_sbi.runs.result import from_files, to_files
from astro_sbi.runs.settings import Settings
from tests.runs.stand_ins import made_up


@pytest.fixture(scope="module")
def result():
    return made_up(settings=Settings("transit"), draws=4000)


@pytest.fixture(scope="module")
def netcdf(result):
    return export.to_netcdf(result)


def group(netcdf, name):
    return xr.open_dataset(io.BytesIO(netcdf), group=name, engine="h5netcdf")


@pytest.mark.slow
def test_netcdf_keeps_a_covariance_matrix(result):
    matrix = np.diag(np.full(24, 1e-6, np.float32))
    correlated = replace(result, arrays={**result.arrays, "observed/covariance": matrix})
    observed = group(export.to_netcdf(correlated), "observed_data")
    np.testing.assert_array_equal(observed["covariance"], matrix)
    assert observed["covariance"].dims == ("point", "other_point")


def test_ecsv_gives_back_draws_weights_units_and_provenance(result):
    table = QTable.read(export.to_ecsv(result).decode(), format="ascii.ecsv")
    assert str(table["duration"].unit) == "d"
    np.testing.assert_allclose(table["duration"].to_value("d"), result.arrays["posterior/duration"], rtol=1e-9)
    np.testing.assert_allclose(table["weight"], result.arrays["weight"], rtol=1e-9)
    assert {"log_q", "log_likelihood", "log_prior"} <= set(table.colnames)
    assert table.meta["verdict"] == "caution"
    assert table.meta["settings"] == Settings("transit").to_json()
    assert table["duration"].info.description == "the duration"


def test_the_model_curve_has_data_bands_and_units(result):
    table = Table.read(export.model_curve_ecsv(result).decode(), format="ascii.ecsv")
    assert len(table) == 24
    assert str(table["coordinate"].unit) == "d"
    assert table["coordinate"].description == "time from mid-transit"
    np.testing.assert_allclose(table["coordinate"], result.arrays["observed/coordinate"], rtol=1e-9)
    assert {"value", "sigma", "model_median", "model_low95", "model_high68", "sigma_fitted"} <= set(table.colnames)


@pytest.mark.slow
def test_netcdf_has_arviz_groups_and_equal_weights_are_right(result, netcdf):
    posterior, stats = group(netcdf, "posterior"), group(netcdf, "sample_stats")
    assert posterior["radius_ratio"].dims == ("chain", "draw")
    assert posterior["duration"].attrs == {"units": "d", "long_name": "the duration"}
    for name in ("radius_ratio", "duration"):
        expected = weighted_quantile(result.arrays[f"posterior/{name}"], result.arrays["weight"])
        np.testing.assert_allclose(np.quantile(posterior[name], (0.16, 0.5, 0.84)), expected, rtol=2e-3)
    assert stats.sizes == posterior.sizes
    assert {"lp", "log_q", "weight"} <= set(stats)
    assert float(stats["weight"].sum()) == pytest.approx(1)


def test_netcdf_keeps_the_weighted_draws_too(result, netcdf):
    weighted = group(netcdf, "weighted_posterior")
    np.testing.assert_array_equal(weighted["radius_ratio"][0], result.arrays["posterior/radius_ratio"])
    np.testing.assert_array_equal(weighted["weight"][0], result.arrays["weight"])


def test_netcdf_has_data_prior_and_predictive(result, netcdf):
    observed, predictive = group(netcdf, "observed_data"), group(netcdf, "posterior_predictive")
    np.testing.assert_array_equal(observed["coordinate"], result.arrays["observed/coordinate"])
    assert observed["coordinate"].attrs["units"] == "d"
    assert predictive["value"].dims == ("chain", "draw", "point")
    assert predictive["value_low95"].dims == ("point",)
    assert group(netcdf, "prior")["radius_ratio"].shape == (1, 50)
    attributes = group(netcdf, "/").attrs
    assert attributes["inference_library"] == "astro_sbi"
    assert json.loads(attributes["reasons"]) == result.summary["reasons"]


def test_resampling_is_proportional_and_repeatable():
    weight = np.array([0.0, 0.5, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0])
    chosen = export.resampling(weight, 3)
    assert np.bincount(chosen, minlength=8).tolist() == [0, 4, 2, 2, 0, 0, 0, 0]
    np.testing.assert_array_equal(chosen, export.resampling(weight, 3))


def test_settings_as_json(result):
    told = json.loads(export.settings_json(result))
    assert Settings.from_json(told["settings"]) == Settings("transit")
    assert told["versions"] == {"astro_sbi": "0"}


@pytest.mark.slow
def test_an_implicit_simulators_result_exports(result):
    summary = {**result.summary, "importance": None, "channels": []}
    arrays = {name: array for name, array in result.arrays.items() if name not in ("log_likelihood", "model/draws")}
    bare = from_files(to_files(type(result)(summary, result.settings, arrays)))
    assert "log_likelihood" not in Table.read(export.to_ecsv(bare).decode(), format="ascii.ecsv").colnames
    assert "lp" not in group(export.to_netcdf(bare), "sample_stats")
    assert export.model_curve_ecsv(bare)
