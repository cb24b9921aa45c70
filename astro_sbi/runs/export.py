"""A result in the formats that astronomers' programs read: ECSV, NetCDF, JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    import xarray as xr
    from astropy.table import Table

    from astro_sbi.runs.result import Result

DENSITIES = ("log_q", "log_likelihood", "log_prior")
PROVENANCE = (
    "key",
    "title",
    "simulator",
    "observation",
    "origin",
    "created",
    "seed",
    "draws",
    "versions",
    "verdict",
    "reasons",
    "importance",
)
STATED = ("priors", "known", "resolved", "reference", "caveats")
CURVES = ("model/median", "model/low68", "model/high68", "model/low95", "model/high95", "model/least_squares")
NOISY_CURVES = ("predictive/low68", "predictive/high68", "predictive/low95", "predictive/high95", "sigma/quoted", "sigma/fitted")


def to_ecsv(result: Result) -> bytes:
    """Weighted posterior draws as an ECSV table: one column a quantity, with units and provenance."""
    from astropy.table import Table

    columns = {name: np.asarray(draws, np.float64) for name, draws in _group(result, "posterior").items()}
    densities = {name: np.asarray(result.arrays[name], np.float64) for name in ("weight", *DENSITIES) if name in result.arrays}
    table = Table({**columns, **densities})
    for name in columns:
        _describe(table, name, _unit(result, name), _meaning(result, name))
    _describe(table, "weight", "", "importance weight; use it in every mean, quantile and histogram")
    for name, words in zip(DENSITIES, ("log density of the proposal", "log likelihood", "log density of the prior"), strict=True):
        _describe(table, name, "", words)
    table.meta = provenance(result)
    return _ecsv(table)


def model_curve_ecsv(result: Result) -> bytes:
    """The prepared observation with the posterior predictive median and its 68 and 95 % bands as an ECSV table."""
    from astropy.table import Table

    axes, arrays = result.summary["axes"], result.arrays
    coordinate = axes["coordinate"]
    value_unit = axes["value"]["unit"]
    columns = {"coordinate": arrays["observed/coordinate"], "value": arrays["observed/value"], "sigma": arrays["observed/sigma"]}
    columns |= {name.replace("/", "_"): arrays[name] for name in (*CURVES, *NOISY_CURVES) if name in arrays}
    table = Table({name: np.asarray(column, np.float64) for name, column in columns.items()})
    for name in columns:
        _describe(table, name, value_unit, name.replace("_", " "))
    _describe(table, "coordinate", coordinate["unit"], f"{coordinate['name']} {coordinate.get('zero_point', '')}".strip())
    _describe(table, "value", value_unit, axes["value"]["name"])
    if "observed/channel" in arrays:
        table["channel"] = np.asarray(arrays["observed/channel"], np.int32)
        table["channel"].description = f"index into {', '.join(result.summary.get('channels') or ['the one channel'])}"
    table.meta = provenance(result)
    return _ecsv(table)


def settings_json(result: Result) -> bytes:
    """What was asked for and what came of it, without the draws, as indented JSON."""
    words = {"settings": result.settings, **provenance(result)}
    return (json.dumps(words, indent=2, ensure_ascii=False) + "\n").encode()


def to_netcdf(result: Result) -> bytes:
    """A NetCDF-4 file with ArviZ's groups.

    ``posterior`` holds draws of equal weight, resampled with the importance weights, so that any program's quantiles are right;
    ``weighted_posterior`` holds the draws as they were made, with ``weight``.
    """
    import xarray as xr

    groups = {
        "posterior": _resampled(result),
        "sample_stats": _sample_stats(result),
        "weighted_posterior": _weighted(result),
        "prior": _draws(result, _group(result, "prior")),
        "observed_data": _observed(result),
        "posterior_predictive": _predictive(result),
    }
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=_attributes(result)), **{f"/{name}": group for name, group in groups.items()}})
    small = {f"/{name}": {str(key): {"zlib": True} for key in group.data_vars} for name, group in groups.items()}
    return bytes(tree.to_netcdf(engine="h5netcdf", encoding=small))


def provenance(result: Result) -> dict[str, Any]:
    """Where a result comes from, as plain JSON values."""
    summary = result.summary
    stated = {name: summary[name] for name in (*PROVENANCE, *STATED) if summary.get(name) is not None}
    return json.loads(json.dumps({**stated, "settings": result.settings}, default=str))


def _group(result: Result, group: str) -> dict[str, np.ndarray]:
    """Draws by name, in the order in which the result labels its quantities."""
    draws = result.draws(group)
    labelled = [name for name in result.summary.get("labels", {}) if name in draws]
    return {name: draws[name] for name in (*labelled, *sorted(set(draws) - set(labelled)))}


def _unit(result: Result, name: str) -> str:
    return str(result.summary.get("labels", {}).get(name, {}).get("unit", ""))


def _meaning(result: Result, name: str) -> str:
    return str(result.summary.get("labels", {}).get(name, {}).get("meaning", ""))


def _describe(table: Table, name: str, unit: str, words: str) -> None:
    if name in table.colnames:
        table[name].unit = unit or None
        table[name].description = words


def _ecsv(table: Table) -> bytes:
    stream = io.StringIO()
    table.write(stream, format="ascii.ecsv")
    return stream.getvalue().encode()


def _attributes(result: Result) -> dict[str, str]:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in provenance(result).items()}
    return {**texts, "inference_library": "astro_sbi", "created_at": str(result.summary.get("created", ""))}


def resampling(weight: Float[np.ndarray, " S"], seed: int) -> Int[np.ndarray, " S"]:
    """Indices of draws taken in proportion to their weights, by systematic resampling, in random order."""
    count = len(weight)
    random = np.random.default_rng(seed)
    cumulative = np.cumsum(np.asarray(weight, np.float64))
    chosen = np.searchsorted(cumulative / cumulative[-1], (np.arange(count) + random.random()) / count)
    return random.permutation(np.minimum(chosen, count - 1))


def _chosen(result: Result) -> Int[np.ndarray, " S"]:
    return resampling(result.arrays["weight"], int(result.summary.get("seed", 0)))


def _resampled(result: Result) -> xr.Dataset:
    chosen = _chosen(result)
    return _draws(result, {name: draws[chosen] for name, draws in _group(result, "posterior").items()})


def _weighted(result: Result) -> xr.Dataset:
    stated = {name: result.arrays[name] for name in ("weight", *DENSITIES) if name in result.arrays}
    return _draws(result, {**_group(result, "posterior"), **stated})


def _sample_stats(result: Result) -> xr.Dataset:
    chosen = _chosen(result)
    known = {name: result.arrays[name][chosen] for name in DENSITIES if name in result.arrays}
    if "log_likelihood" in known and "log_prior" in known:
        known["lp"] = known["log_likelihood"] + known["log_prior"]
    known["weight"] = np.full(len(chosen), 1.0 / len(chosen))
    return _draws(result, known)


def _draws(result: Result, arrays: Mapping[str, np.ndarray]) -> xr.Dataset:
    import xarray as xr

    variables = {}
    for name, array in arrays.items():
        words = {"units": _unit(result, name), "long_name": _meaning(result, name)}
        variables[name] = (("chain", "draw"), np.asarray(array)[None], {key: text for key, text in words.items() if text})
    length = len(next(iter(arrays.values()))) if arrays else 0
    return xr.Dataset(variables, {"chain": [0], "draw": np.arange(length)})


def _observed(result: Result) -> xr.Dataset:
    observed = _on_points(result, {"value": "observed/value", "sigma": "observed/sigma"})
    if "observed/covariance" in result.arrays:
        unit = result.summary["axes"]["value"]["unit"]
        observed["covariance"] = (("point", "other_point"), result.arrays["observed/covariance"], {"units": f"({unit})2" if unit else ""})
    return observed


def _predictive(result: Result) -> xr.Dataset:
    names = {name.replace("model/", "value_").replace("predictive/", "noisy_"): name for name in (*CURVES, *NOISY_CURVES[:4])}
    dataset = _on_points(result, {key: name for key, name in names.items() if name in result.arrays})
    if "model/draws" in result.arrays:
        units = {"units": result.summary["axes"]["value"]["unit"], "long_name": "noise-free model of posterior draws"}
        dataset["value"] = (("chain", "draw", "point"), result.arrays["model/draws"][None], units)
    return dataset


def _on_points(result: Result, names: Mapping[str, str]) -> xr.Dataset:
    import xarray as xr

    axes = result.summary["axes"]
    coordinate = np.asarray(result.arrays["observed/coordinate"], np.float64)
    words = {"units": axes["coordinate"]["unit"], "long_name": axes["coordinate"]["label"]}
    variables = {key: ("point", result.arrays[name], {"units": axes["value"]["unit"]}) for key, name in names.items()}
    return xr.Dataset(variables, {"point": np.arange(len(coordinate)), "coordinate": ("point", coordinate, words)})
