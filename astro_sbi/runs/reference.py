"""A finished run fitted the slow way: a sampler on the same likelihood, and how the run's posterior differs from it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from astro_sbi.diagnostics.comparison import comparison_verdict, difference
from astro_sbi.diagnostics.two_sample import two_sample_accuracy
from astro_sbi.inference.posterior import Cancelled, OnProgress, ShouldStop
from astro_sbi.inference.reference import ReferenceDraws, nested, nuts, target_of
from astro_sbi.runs.check_settings import CheckSettings
from astro_sbi.runs.outcome import RunError
from astro_sbi.runs.result import Result
from astro_sbi.runs.store import Store
from astro_sbi.runs.subject import Subject, subject
from astro_sbi.runs.summary import interval_of
from astro_sbi.simulators.base import known_values

#: Live points of nested sampling: the fewest that kept every mode of an aliased orbit, halved for its time.
_LIVE = 2000


def fit_reference(
    name: str, content: bytes, settings: CheckSettings, *, on_progress: OnProgress, should_stop: ShouldStop, store: Store
) -> Result:
    """Sample the posterior of a finished run again with NUTS or nested sampling, and compare.

    NUTS starts at draws of the flow before any correction, so that no importance weight touches the reference.

    Args:
        name: of the run's file.
        content: of the file.
        settings: which run and which sampler.
        on_progress: told phase, amount done and amount in all.
        should_stop: asked between blocks of steps.
        store: where the run is.

    Returns:
        Summary, settings and ``reference/NAME`` arrays of all free parameters and derived quantities, equally weighted.

    Raises:
        RunError: if the run has no likelihood.
        InferenceError: if the sampler cannot start.
        Cancelled: if asked to stop.
    """
    on_progress("preparing", 0, 1, None)
    run = subject(store, settings.result, name, content)
    if run.problem.simulator.implicit:
        raise RunError("this simulator has no likelihood, so there is none to sample: test the flow at the observation instead (--local)")
    told = {"on_progress": on_progress, "should_stop": should_stop}
    if settings.method == "nested":
        reference = nested(target_of(run.problem), draws=settings.size, seed=settings.seed, live=_LIVE, **told)
    else:
        start = run.latent(_free(run, "flow"))
        reference = nuts(target_of(run.problem, start), draws=settings.size, seed=settings.seed, **told)
    if should_stop():
        raise Cancelled
    on_progress("checking", 0, 1, None)
    theta = run.problem.theta(reference.latent)
    derived = run.problem.simulator.derived(theta, known_values(run.problem.simulator, run.request.prepared.observation.points))
    draws = {name: theta[name] for name in run.problem.prior.free} | {name: np.asarray(value) for name, value in derived.items()}
    return Result(
        _summary(run, reference, draws, settings),
        settings.to_json(),
        {f"reference/{name}": np.asarray(value, np.float64) for name, value in draws.items()},
    )


def _free(run: Subject, kind: str) -> dict[str, np.ndarray]:
    """Draws of the free parameters that the result keeps."""
    draws = run.kept.draws(kind)
    return {name: draws[name] for name in run.problem.prior.free}


def _summary(run: Subject, reference: ReferenceDraws, draws: Mapping[str, np.ndarray], settings: CheckSettings) -> dict[str, Any]:
    """What the command line prints and the page shows."""
    compared = _compared(run, reference, draws, settings.seed) if reference.converged else _not_compared(reference)
    units = {one.name: one.unit for one in (*run.problem.simulator.parameters, *run.problem.simulator.derived_parameters)}
    equal = np.full(len(reference.latent), 1 / len(reference.latent))
    return {
        "key": settings.key,
        "of": settings.result,
        "simulator": settings.simulator,
        "observation": {"name": run.name},
        "sampler": reference.kind,
        "converged": reference.converged,
        "reason": reference.reason,
        "draws": len(reference.latent),
        "ess": None if reference.ess is None else _finite(reference.ess.min()),
        "r_hat": None if reference.r_hat is None else _finite(reference.r_hat.max()),
        "divergences": reference.divergences,
        "log_evidence": reference.log_evidence,
        "log_evidence_error": reference.log_evidence_error,
        "evaluations": reference.evaluations,
        "seconds": round(reference.seconds, 1),
        "quantities": {name: interval_of(value, equal, units.get(name, "")) for name, value in draws.items()},
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **compared,
    }


def _not_compared(reference: ReferenceDraws) -> dict[str, Any]:
    sentence = f"Not a reference. {reference.reason[:1].upper()}{reference.reason[1:]}." + " Try nested sampling." * (
        reference.kind == "nuts"
    )
    return {"verdict": None, "reasons": [sentence], "differences": {}, "c2st": None, "c2st_flow": None}


def _compared(run: Subject, reference: ReferenceDraws, draws: Mapping[str, np.ndarray], seed: int) -> dict[str, Any]:
    """How the run's posterior, and the flow alone, differ from the reference."""
    rng, kept = np.random.default_rng([seed, 52]), run.kept
    weight, posterior = kept.arrays["weight"], kept.draws("posterior")
    found = {name: difference(posterior[name], weight, value) for name, value in draws.items() if name in posterior}
    differences = {name: one for name, one in found.items() if one}
    latent, alone = run.latent(_free(run, "posterior")), run.latent(_free(run, "flow"))
    sound = np.isfinite(latent).all(axis=1)
    chosen = rng.choice(np.flatnonzero(sound), len(reference.latent), p=weight[sound] / weight[sound].sum())
    c2st = two_sample_accuracy(reference.latent, latent[chosen], seed=seed)
    free = {name: one for name, one in differences.items() if name in run.problem.prior.free}
    judged = comparison_verdict(free, c2st, _evidence_gap(run, reference))
    return {
        "verdict": judged.grade,
        "reasons": list(judged.reasons),
        "differences": {name: asdict(one) for name, one in differences.items()},
        "c2st": c2st,
        "c2st_flow": two_sample_accuracy(reference.latent, alone[np.isfinite(alone).all(axis=1)], seed=seed),
    }


def _evidence_gap(run: Subject, reference: ReferenceDraws) -> tuple[float, float] | None:
    """Log evidence of the run less the reference's, and its error; None where there is no reference."""
    ours = run.kept.summary["importance"]
    if reference.log_evidence is None or reference.log_evidence_error is None or not ours:
        return None
    error = float(np.hypot(reference.log_evidence_error, ours["log_evidence_error"]))
    return ours["log_evidence"] - reference.log_evidence, error


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
