"""The summary and the arrays of a result: what the command line prints and the result page shows."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from astro_sbi import __version__
from astro_sbi.diagnostics.modes import modes
from astro_sbi.inference.posterior import weighted_quantile
from astro_sbi.observations.observation import Axis, Observation
from astro_sbi.observations.preparation import Prepared, Stage
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.step import channel_masks
from astro_sbi.runs.engine import Checked, round_summary
from astro_sbi.runs.judged import checks_told
from astro_sbi.runs.request import Request
from astro_sbi.runs.result import Result
from astro_sbi.simulators.base import Parameter, known_values
from astro_sbi.simulators.prior_checks import priors_from_data

_PACKAGES = ("jax", "flowjax", "flax", "optax", "numpy", "scipy", "astropy", "jaxoplanet")
_SHOWN, _CURVES, _PLACES = 2000, 100, 200


def result_of(request: Request, checked: Checked, *, seconds: Mapping[str, float]) -> Result:
    """Summary, settings and arrays of a checked posterior."""
    posterior, simulator = checked.posterior, request.simulator
    known = known_values(simulator, request.prepared.observation.points)
    derived = simulator.derived(posterior.theta, known)
    summary = _inferred(request, checked, derived, seconds) | _explained(request, known)
    arrays = _draws(request, checked, derived, known) | _observed(request) | _predicted(request, checked) | _stages(request)
    arrays |= _one_by_one(request, checked)
    arrays |= {f"loss/{number}": done.losses for number, done in enumerate(posterior.rounds)}
    return Result(_finite(summary), request.settings.to_json(), arrays)


def _inferred(request: Request, checked: Checked, derived: Mapping[str, np.ndarray], seconds: Mapping[str, float]) -> dict[str, Any]:
    """The part that `infer --json` promises."""
    posterior, checks, simulator = checked.posterior, checked.checks, request.simulator
    lent = checked.lender
    free, from_data = set(request.prior.free), priors_from_data(simulator, request.prior)
    units = {parameter.name: parameter.unit for parameter in (*simulator.parameters, *simulator.derived_parameters)}

    def intervals(draws: Mapping[str, np.ndarray]) -> dict[str, Any]:
        return {name: interval_of(value, posterior.weight, units.get(name, "")) for name, value in draws.items()}

    return {
        "key": lent.result_key(request) if lent else request.result_key,
        "training_key": lent.key if lent else request.training_key,
        "trained_under": lent.priors if lent else None,
        "simulator": simulator.name,
        "observation": {
            "name": request.raw.name,
            "points": len(request.prepared.observation),
            "points_read": len(request.raw),
            "dropped": dict(request.raw.origin.dropped) | {stage.name: stage.dropped for stage in request.prepared.stages if stage.dropped},
        },
        "parameters": intervals({name: value for name, value in posterior.theta.items() if name in free}),
        "fixed": {name: float(value[0]) for name, value in posterior.theta.items() if name not in free},
        "derived": intervals(derived),
        "importance": None if posterior.importance is None else asdict(posterior.importance),
        "comparable_log_evidence": None if from_data or posterior.importance is None else posterior.importance.log_evidence,
        **checks_told(checks),
        "summaries_p": checks.summaries_p,
        "calibration": None if checks.calibration is None else checks.calibration.to_json(),
        "detection": None if checks.detection is None else checks.detection.log_evidence_against_null,
        "distance_p": posterior.distance_p,
        "least_squares": posterior.least_squares,
        "best": posterior.best_theta,
        "peak_outside": posterior.peak_outside,
        "edges": [{"name": edge.name, "side": edge.side, "mass": edge.mass} for edge in checks.edges],
        "rounds": [round_summary(number, done) for number, done in enumerate(posterior.rounds)],
        "verdict": checked.verdict.grade,
        "reasons": list(checked.verdict.reasons),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "cached": False,
    }


def _explained(request: Request, known: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The part that a page needs beside it."""
    simulator, raw, prepared, settings = request.simulator, request.raw, request.prepared, request.settings
    everything = (*simulator.parameters, *simulator.derived_parameters)
    units = {quantity.name: quantity.unit for quantity in simulator.known}
    return {
        "title": f"{raw.name}: {simulator.title}",
        "simulator_title": simulator.title,
        "reference": simulator.reference,
        "caveats": list(simulator.caveats),
        "kind": raw.kind,
        "random": simulator.random,
        "order": [parameter.name for parameter in everything],
        "period_parameter": simulator.period,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seed": settings.seed,
        "draws": settings.samples,
        "ensemble": settings.ensemble,
        "priors": {name: str(distribution) for name, distribution in request.prior.distributions},
        "labels": {parameter.name: _label(parameter) for parameter in everything},
        "known": {name: f"{float(value):.8g} {units[name]}".strip() for name, value in known.items() if np.ndim(value) == 0},
        "resolved": dict(prepared.resolved),
        "stages": [_stage_words(stage) for stage in prepared.stages],
        "axes": _axes(prepared),
        "origin": {
            "file": raw.origin.file,
            "sha256": raw.origin.sha256,
            "reader": raw.origin.reader,
            "dropped": dict(raw.origin.dropped),
            "warnings": list(raw.origin.warnings),
            "columns": dict(raw.origin.columns),
            "guesses": list(raw.origin.guesses),
        },
        "channels": list(prepared.observation.channels),
        "versions": {"astro_sbi": __version__, "python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "snippet": snippet(request),
    }


def snippet(request: Request, table: str = "") -> str:
    """Python that repeats this inference; with the file of a user's own table of simulations, where it is of one."""
    settings = request.settings
    arguments = [repr(settings.simulator), repr(request.raw.origin.file), f"seed={settings.seed}", f"samples={settings.samples}"]
    if settings.ensemble != 1:
        arguments.append(f"ensemble={settings.ensemble}")
    changes = {name: text for name, text in settings.changes if name != "table.file"}
    if changes:
        arguments.append(f"changes={changes!r}")
    call = "infer"
    if table:
        call, arguments[:2] = "infer_from_simulations", [repr(table), repr(request.raw.origin.file)]
    packed = "covariance" in request.raw.origin.columns and request.raw.origin.file.endswith(".zip")
    note = "# This ZIP archive holds the table and its covariance matrix; covariance=FILE takes the matrix by itself.\n" * packed
    return (
        f"import astro_sbi\n\n{note}"
        f"result = astro_sbi.{call}({', '.join(arguments)})\n"
        'print(result.summary["verdict"], result.summary["parameters"])\n'
    )


def _draws(request: Request, checked: Checked, derived: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    posterior, simulator = checked.posterior, request.simulator
    free = request.prior.free
    arrays = {f"posterior/{name}": posterior.theta[name] for name in free} | {f"posterior/{name}": value for name, value in derived.items()}
    arrays |= {"weight": posterior.weight, "log_q": posterior.log_q, "log_prior": posterior.log_prior}
    if posterior.log_likelihood is not None:
        arrays["log_likelihood"] = posterior.log_likelihood
    for kind, theta in (("flow", posterior.flow_theta), ("prior", posterior.prior_theta)):
        shown = {name: theta[name] for name in free} | simulator.derived(theta, known)
        arrays |= {f"{kind}/{name}": np.asarray(value[:_SHOWN], np.float64) for name, value in shown.items()}
    return arrays


def _observed(request: Request) -> dict[str, np.ndarray]:
    prepared = request.prepared
    arrays = _points("observed", prepared.observation) | {"observed/channel": prepared.observation.points.channel}
    for name, part in (("odd", prepared.odd), ("even", prepared.even)):
        arrays |= _points(name, part) if part is not None else {}
    return arrays


def _points(name: str, observation: Observation) -> dict[str, np.ndarray]:
    noise = observation.points.noise
    arrays = {"value": observation.value, "sigma": noise.sigma}
    arrays |= {} if noise.covariance is None else {"covariance": noise.covariance}
    single = {f"{name}/{part}": array.astype(np.float32) for part, array in arrays.items()}
    return {f"{name}/coordinate": observation.points.coordinate, **single}


def _predicted(request: Request, checked: Checked) -> dict[str, np.ndarray]:
    """Bands of noise-free curves and of noisy data, the least-squares curve, and the model on the unfolded light curve."""
    curves, sigmas = checked.curves, checked.sigmas
    noisy = curves + sigmas * np.random.default_rng([request.settings.seed, 6]).standard_normal(curves.shape).astype(np.float32)
    names, levels = ("low95", "low68", "median", "high68", "high95"), (0.025, 0.16, 0.5, 0.84, 0.975)
    arrays = {f"model/{name}": band for name, band in zip(names, np.quantile(curves, levels, axis=0), strict=True)}
    arrays |= {f"predictive/{name}": band for name, band in zip(names, np.quantile(noisy, levels, axis=0), strict=True)}
    arrays |= {"model/draws": curves[:_CURVES]}
    if checked.least_squares is not None:
        arrays["model/least_squares"] = checked.least_squares
    arrays |= {"sigma/quoted": checked.quoted, "sigma/fitted": np.median(sigmas, axis=0)}
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    unfolded = request.prepared.unfolded
    if unfolded is not None:
        period, epoch = request.prepared.number("period"), request.prepared.number("epoch") - zero_of(unfolded)
        phase = (unfolded.points.coordinate - epoch + 0.5 * period) % period - 0.5 * period
        model = _at_phase(phase, unfolded, request.prepared.observation, arrays["model/median"])
        arrays |= {
            "unfolded/time": unfolded.points.coordinate,
            "unfolded/value": unfolded.value.astype(np.float32),
            "unfolded/model": model.astype(np.float32),
        }
    return arrays


def _one_by_one(request: Request, checked: Checked) -> dict[str, np.ndarray]:
    """The curve of each of many posterior draws, at no more than `_PLACES` points, evenly many of every stretch of every channel."""
    if checked.chosen is None:
        return {}
    points = request.prepared.observation.points
    order = np.lexsort((points.coordinate, points.channel))
    kept = np.sort(order[np.linspace(0, len(order) - 1, min(_PLACES, len(order))).round().astype(int)])
    curves = np.ascontiguousarray(checked.curves[:, kept], np.float32)
    return {"curves/draw": checked.chosen.astype(np.int32), "curves/point": kept.astype(np.int32), "curves/value": curves}


def _at_phase(phase: np.ndarray, unfolded: Observation, folded: Observation, median: np.ndarray) -> np.ndarray:
    """The folded curve of each channel at the phases of the unfolded points."""
    model = np.ones(len(phase))
    for here in channel_masks(folded):
        there = unfolded.points.channel == folded.points.channel[here][0]
        model[there] = np.interp(phase[there], folded.points.coordinate[here], median[here])
    return model


def _stages(request: Request) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for number, stage in enumerate(request.prepared.stages):
        arrays |= _stage(f"stage/{number}", stage)
    if request.prepared.periodogram is not None:
        arrays |= {f"period/{name}": _thinned(part) for name, part in zip(("period", "power"), request.prepared.periodogram, strict=True)}
    return arrays


def _stage_words(stage: Stage) -> dict[str, Any]:
    labels = {"before": [axis.label for axis in stage.before_axes], "after": [axis.label for axis in stage.after_axes]}
    return {"name": stage.name, "sentence": stage.sentence, "dropped": dict(stage.dropped), "labels": labels}


def _stage(name: str, stage: Stage) -> dict[str, np.ndarray]:
    parts = {f"{name}/before": stage.before, f"{name}/after": stage.after}
    return {f"{when}_{what}": _thinned(part[index]) for when, part in parts.items() for index, what in enumerate(("coordinate", "value"))}


def _thinned(values: np.ndarray) -> np.ndarray:
    return np.asarray(values)[:: max(1, -(-len(values) // _SHOWN))]


def interval_of(value: np.ndarray, weight: np.ndarray, unit: str) -> dict[str, Any]:
    """Median and 68 % interval of weighted draws with their unit, and those of each mode where there are several."""
    sound = np.isfinite(value)
    if not weight[sound].sum() > 0:
        return {"median": None, "lower": None, "upper": None, "unit": unit}
    value, weight = value[sound], weight[sound] / weight[sound].sum()
    lower, median, upper = weighted_quantile(value, weight)
    told: dict[str, Any] = {"median": float(median), "lower": float(lower), "upper": float(upper), "unit": unit}
    several = modes(value, weight)
    return told | ({"modes": [asdict(mode) for mode in several]} if several else {})


def _label(parameter: Parameter) -> dict[str, str]:
    return {"latex": parameter.latex, "html": parameter.html, "unit": parameter.unit, "meaning": parameter.meaning}


def _axes(prepared: Prepared) -> dict[str, dict[str, str]]:
    axes = {"coordinate": prepared.observation.coordinate_axis, "value": prepared.observation.value_axis}
    if prepared.unfolded is not None:
        axes["unfolded"] = prepared.unfolded.coordinate_axis
    return {name: _axis(axis) for name, axis in axes.items()}


def _axis(axis: Axis) -> dict[str, str]:
    return {"name": axis.name, "unit": axis.unit, "zero_point": axis.zero_point, "label": axis.label}


def _finite(value: Any) -> Any:
    """The same with every number that is not finite as None, and NumPy numbers as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
