"""A finished transit inference made of numbers, so that pages can be tested without an engine."""

import numpy as np

from astro_sbi.runs.keys import key_of
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.store import Store

PARAMETERS = {
    "radius_ratio": (
        0.0777,
        0.0005,
        "",
        r"R_p/R_\star",
        "R<sub>p</sub>/R<sub>★</sub>",
        "planet radius over stellar radius",
        "uniform(0.01,0.3)",
    ),
    "duration": (0.161, 0.001, "d", "T_{14}", "T<sub>14</sub>", "time from first to last contact", "loguniform(0.02,0.6)"),
    "impact_parameter": (0.5, 0.04, "", "b", "b", "projected distance at mid-transit, in stellar radii", "uniform(0,1+radius_ratio)"),
    "jitter": (8e-5, 2e-5, "", r"\sigma_j", "σ<sub>j</sub>", "extra noise of one cadence", "loguniform(1e-06,0.01)"),
}
DERIVED = {
    "depth": (0.0066, 0.0001, "", r"\delta", "δ", "depth at mid-transit"),
    "t0": (2454954.357, 0.0002, "d", "T_0", "T<sub>0</sub>", "mid-transit [BJD]"),
}
DRAWS, POINTS = 2000, 120


LABELS = {"before": ["time [d]", "flux [electron / s]"], "after": ["time from mid-transit [d]", "relative flux"]}


def _draws(rng: np.random.Generator, widen: float = 1.0) -> dict[str, np.ndarray]:
    return {name: row[0] + widen * row[1] * rng.standard_normal(DRAWS) for name, row in {**PARAMETERS, **DERIVED}.items()}


def _curve(phase: np.ndarray) -> np.ndarray:
    return 1 - 0.0066 / (1 + np.exp((np.abs(phase) - 0.08) / 0.004))


def _predictions(rng: np.random.Generator) -> dict[str, np.ndarray]:
    phase = np.linspace(-0.25, 0.25, POINTS)
    model, sigma = _curve(phase), np.full(POINTS, 1e-4)
    arrays = {"observed/coordinate": phase, "observed/value": model + sigma * rng.standard_normal(POINTS), "observed/sigma": sigma}
    arrays |= {"observed/channel": np.zeros(POINTS, np.int32), "sigma/quoted": sigma, "sigma/fitted": 1.1 * sigma}
    for kind, width in (("model", 2e-5), ("predictive", 1.1e-4)):
        arrays |= {f"{kind}/{name}": model + z * width for name, z in (("low95", -2), ("low68", -1), ("high68", 1), ("high95", 2))}
    arrays |= {"model/median": model, "model/least_squares": model + 1e-6, "model/draws": np.tile(model, (100, 1))}
    for name in ("odd", "even"):
        arrays |= {f"{name}/{part}": arrays[f"observed/{part}"] for part in ("coordinate", "value", "sigma")}
    time = np.linspace(0, 10, 2000)
    arrays |= {"unfolded/time": time, "unfolded/value": 1 + 1e-4 * rng.standard_normal(2000), "unfolded/model": np.ones(2000)}
    arrays |= {"period/period": np.linspace(1, 5, 500), "period/power": rng.random(500)}
    names = ("before_coordinate", "before_value", "after_coordinate", "after_value")
    for stage in range(2):
        arrays |= {f"stage/{stage}/{name}": time if "coordinate" in name else arrays["unfolded/value"] for name in names}
    steps = np.arange(40)
    return arrays | {f"loss/{i}": np.stack([5 * np.exp(-steps / 9), 5 * np.exp(-steps / 9) + 0.1]).astype(np.float32) for i in range(2)}


def _one_by_one(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Curves of 1,500 draws: deeper where the planet is larger, longer where the transit is."""
    draw, phase = np.arange(1500) + 100, arrays["observed/coordinate"]
    radius, duration = (arrays[f"posterior/{name}"][draw, None] for name in ("radius_ratio", "duration"))
    curves = 1 - 1.09 * radius**2 / (1 + np.exp((np.abs(phase) - duration / 2) / 0.004))
    return {
        "curves/draw": draw.astype(np.int32),
        "curves/point": np.arange(POINTS, dtype=np.int32),
        "curves/value": curves.astype(np.float32),
    }


def _interval(row: tuple) -> dict:
    return {"median": row[0], "lower": row[0] - row[1], "upper": row[0] + row[1], "unit": row[2]}


def _summary(verdict: str, name: str) -> dict:
    everything = {**PARAMETERS, **DERIVED}
    return {
        "key": key_of([verdict, name]),
        "title": f"{name}: Exoplanet transit",
        "simulator": "transit",
        "simulator_title": "Exoplanet transit",
        "observation": {"name": name, "points": POINTS, "dropped": {"quality": 12}},
        "parameters": {key: _interval(row) for key, row in PARAMETERS.items()},
        "fixed": {"epoch_offset": 0.0},
        "derived": {key: _interval(row) for key, row in DERIVED.items()},
        "labels": {key: {"latex": row[3], "html": row[4], "unit": row[2], "meaning": row[5]} for key, row in everything.items()},
        "priors": {key: row[6] for key, row in PARAMETERS.items()} | {"epoch_offset": "fixed(0)"},
        "importance": {"efficiency": 0.41, "ess": 20_500.0, "khat": 0.32, "log_evidence": 812.3, "log_evidence_error": 0.01},
        "predictive": {"p_value": 0.31, "chi2_per_point_quoted": 1.02, "noise_ratio": 1.1, "residual_correlation": 0.03},
        "detection": 512.0,
        "least_squares": {key: row[0] for key, row in PARAMETERS.items()},
        "rounds": [{"efficiency": e, "log_evidence": 812.0, "log_prior_mass": -m, "seconds": 9.0} for e, m in ((0.001, 0.0), (0.41, 7.1))],
        "verdict": verdict,
        "reasons": ["20,500 effective draws (41 % of those drawn)", "Pareto k is 0.32", "no rival peak", "χ² per point is 1.02"],
        "seconds": {"simulate": 4.0, "compile": 9.0, "train": 20.0, "sample": 2.0, "check": 1.0, "total": 36.0},
        "created": "2026-11-20T10:00:00Z",
        "seed": 1,
        "draws": 50_000,
        "known": {"period": "2.2047 d"},
        "resolved": {"period": 2.2047, "epoch": 2454954.357},
        "stages": [{"name": n, "sentence": f"{n} was done.", "dropped": {"far off": 3}, "labels": LABELS} for n in ("clip", "fold")],
        "axes": {
            "coordinate": {"name": "Time from mid-transit", "unit": "d", "zero_point": "", "label": "Time from mid-transit [d]"},
            "value": {"name": "Relative flux", "unit": "", "zero_point": "", "label": "Relative flux"},
        },
        "origin": {
            "file": "star_1*.csv",
            "sha256": "0" * 64,
            "reader": "CSV",
            "dropped": {"quality": 12},
            "warnings": ["errors are estimated"],
        },
        "channels": ["flux"],
        "versions": {"astro_sbi": "0.1.0"},
        "reference": "Agol et al. 2020",
        "caveats": ["circular orbits"],
        "kind": "light_curve",
        "snippet": "import astro_sbi\n",
        "cached": False,
    }


def finished(verdict: str = "good", name: str = "Star *1* `$x$`") -> Result:
    """A result whose object has a name that Markdown would mangle."""
    rng = np.random.default_rng(1)
    arrays = {f"posterior/{key}": value for key, value in _draws(rng).items()}
    arrays |= {f"{kind}/{key}": value for kind, widen in (("flow", 1.2), ("prior", 9.0)) for key, value in _draws(rng, widen).items()}
    arrays |= {key: np.ones(DRAWS) / DRAWS for key in ("weight", "log_q", "log_likelihood", "log_prior")}
    single = {key: value.astype(np.float32) for key, value in _predictions(rng).items() if value.dtype == np.float64}
    keep = {key: value for key, value in _predictions(rng).items() if "coordinate" in key or "time" in key}
    arrays = {**arrays, **_predictions(rng), **single, **keep}
    settings = {"simulator": "transit", "seed": 1, "samples": 50_000, "ensemble": 1, "changes": []}
    return Result(_summary(verdict, name), settings, arrays | _one_by_one(arrays))


def kept(store: Store, **changes: str) -> str:
    """Keep a finished result in a store; returns its key."""
    result = finished(**changes)
    store.commit("result", result.key, to_files(result))
    return result.key


#: The file of `kept_with_flow`.
FILE = ("star.csv", b"1,2")


def kept_with_flow(store: Store) -> Result:
    """A finished run whose file and flow are in the store."""
    made = finished()
    made.summary["origin"] |= {"file": FILE[0], "sha256": store.put_upload(*FILE)}
    made.summary["training_key"] = "e" * 64
    store.commit("estimator", "e" * 64, {"flow": b""})
    store.commit("result", made.key, to_files(made))
    return made
