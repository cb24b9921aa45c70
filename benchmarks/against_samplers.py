"""The engine against NUTS and nested sampling on the same likelihood: fifty observations in one table.

python benchmarks/against_samplers.py [--of all] [--simulated 3] [--nested all] [--only NAME] [--limit 300] [--output CSV]

The real observations of `benchmarks.published` and, of each simulator with a likelihood, draws of its prior predictive on its default
pattern. Each row holds the verdict of the engine (default recipe, 20,000 draws), its efficiency and evidence, how far each median of free
and derived quantities lies from the reference's (in the reference's half width of 68 %) and the ratios of the widths, the evidence of
nested sampling, CPU seconds of all three, compilation included, and for a real observation how far it lies from the published value. A
sampler that has not converged is no reference and is compared with nothing; one that takes longer than ``--limit`` CPU seconds is stopped.
Rows are appended to the CSV as they come and not computed again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from astro_sbi.diagnostics.agreement import Interval, shift
from astro_sbi.diagnostics.comparison import Difference, difference
from astro_sbi.inference.amortised import default_problem
from astro_sbi.inference.posterior import Cancelled, InferenceError, weighted_quantile
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.reference import ReferenceDraws, nested, nuts, target_of
from astro_sbi.inference.settings import SequentialSettings
from astro_sbi.observations.observation import Axis, Observation, Origin
from astro_sbi.observations.preparation import Prepared
from astro_sbi.runs.engine import Checked, checked_posterior
from astro_sbi.runs.request import Request, resolve
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.summary import result_of
from astro_sbi.runs.text import TRAINING
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators import simulator_names
from astro_sbi.simulators.base import known_values
from benchmarks.published import KNOWN, Known
from benchmarks.sampler_rows import Row, append, read_rows, told

OUTPUT = Path(__file__).resolve().parent / "results" / "against_samplers.csv"
SAMPLES, SEED = 20_000, 1


def simulated(name: str, number: int) -> Request:
    """A request about one draw of the prior predictive on the default pattern."""
    simulator, rng = simulator_named(name), np.random.default_rng([number, 78])
    problem, points = default_problem(simulator), simulator.default_points()
    value = problem.observations(rng.standard_normal((1, problem.dimension)), rng)[0, : len(points)].astype(np.float64)
    coordinate = Axis(simulator.coordinate_name, simulator.coordinate_unit)
    title, origin = f"{name} {number}", Origin("simulated", "", "none")
    axis = Axis(simulator.value_name, simulator.value_unit)
    observed = Observation(simulator.kind, title, points, value, coordinate, axis, simulator.channels, origin)
    settings = Settings(name, seed=SEED, samples=SAMPLES)
    return Request(settings, simulator, simulator.prior, SequentialSettings(), observed, Prepared(observed), title, title, title)


def real(known: Known) -> Request:
    """A request about a real observation."""
    settings = Settings(known.simulator, seed=SEED, samples=SAMPLES, changes=tuple(known.changes.items()))
    return resolve(known.path.name, known.path.read_bytes(), settings)


def row_of(title: str, request: Request, known: Known | None, options: argparse.Namespace) -> Row:
    """Infer, sample and compare."""
    began = time.process_time()
    checked = checked_posterior(request, on_progress=lambda *_: None, should_stop=lambda: False, store=None)
    cpu, summary = time.process_time() - began, result_of(request, checked, seconds=checked.posterior.seconds).summary
    importance, seconds = summary["importance"], checked.posterior.seconds
    row = Row(
        observation=title,
        simulator=request.simulator.name,
        points=len(request.prepared.observation),
        parameters=len(request.prior.free),
        verdict=checked.verdict.grade,
        efficiency=importance["efficiency"],
        khat=importance["khat"],
        predictive_p=summary["predictive"]["p_value"],
        checking=seconds["check"] / sum(seconds[phase] for phase in TRAINING),
        cpu=cpu,
        evidence=importance["log_evidence"],
        evidence_error=importance["log_evidence_error"],
    )
    compared = asdict(row) | by_nuts(request, checked, options.limit)
    if options.nested == "all" or np.isnan(compared.get("nuts_shift", np.nan)):
        compared |= by_nested(request, checked, options.limit)
    return Row(**compared | ({"published": from_published(request, checked, known)} if known and known.values else {}))


def by_nuts(request: Request, checked: Checked, limit: float) -> dict[str, float]:
    """NUTS from uncorrected draws of the flow, so that no importance weight touches the reference."""
    problem = Problem.of(request.simulator, request.prior, request.prepared.observation)
    target = target_of(problem, problem.prior.latent(checked.posterior.flow_theta, problem.known))
    found, cpu = timed(lambda stop: nuts(target, draws=4000, warmup=500, seed=SEED, should_stop=stop), limit)
    if found is None:
        return {"nuts_cpu": cpu}
    differences = compared(request, problem, checked, found)
    ratios = [one.ratio for one in differences]
    return {"nuts_cpu": cpu, "nuts_shift": farthest(differences), "nuts_narrow": min(ratios), "nuts_wide": max(ratios)}


def by_nested(request: Request, checked: Checked, limit: float) -> dict[str, float]:
    """Nested sampling from the prior, which knows nothing of the flow."""
    problem = Problem.of(request.simulator, request.prior, request.prepared.observation)
    found, cpu = timed(lambda stop: nested(target_of(problem), live=1000, seed=SEED, should_stop=stop), limit)
    if found is None or found.log_evidence is None or found.log_evidence_error is None:
        return {"nested_cpu": cpu}
    shifted = farthest(compared(request, problem, checked, found))
    return {
        "nested_cpu": cpu,
        "nested_shift": shifted,
        "nested_evidence": found.log_evidence,
        "nested_error": found.log_evidence_error,
    }


def timed(sample: Callable[[Callable[[], bool]], ReferenceDraws], limit: float) -> tuple[ReferenceDraws | None, float]:
    """A sampler's draws if it converged within the limit, and CPU seconds."""
    began = time.process_time()
    try:
        found = sample(lambda: time.process_time() - began > limit)
    except (Cancelled, InferenceError) as error:
        print(f"    no reference: {str(error) or 'stopped at the limit'}", flush=True)
        return None, time.process_time() - began
    if not found.converged:
        print(f"    {found.kind} is no reference: {found.reason}", flush=True)
    return found if found.converged else None, time.process_time() - began


def compared(request: Request, problem: Problem, checked: Checked, found: ReferenceDraws) -> list[Difference]:
    """How free parameters and derived quantities differ, those that have a width."""
    simulator, known = request.simulator, known_values(request.simulator, request.prepared.observation.points)
    posterior, theta = checked.posterior, problem.theta(found.latent)
    ours, theirs = ({**draws, **simulator.derived(draws, known)} for draws in (posterior.theta, theta))
    wanted = [p.name for p in simulator.parameters if p.name in problem.prior.free] + [p.name for p in simulator.derived_parameters]
    differences = (difference(ours[name], posterior.weight, theirs[name]) for name in wanted)
    return [one for one in differences if one]


def farthest(differences: list[Difference]) -> float:
    """The largest shift of a median."""
    return max(abs(one.shift) for one in differences)


def from_published(request: Request, checked: Checked, known: Known) -> float:
    """Largest difference from a published value, in sigma of both."""
    posterior, points = checked.posterior, request.prepared.observation.points
    draws = {**posterior.theta, **request.simulator.derived(posterior.theta, known_values(request.simulator, points))}
    branch = draws[known.branch] < 0 if known.branch else np.ones(len(posterior.weight), dtype=bool)
    apart = []
    for name, (value, error) in known.values.items():
        kept = branch & np.isfinite(draws[name])
        ours = Interval(*weighted_quantile(draws[name][kept], posterior.weight[kept] / posterior.weight[kept].sum()))
        apart.append(abs(shift(ours, Interval(value - error, value, value + error)).sigma))
    return float(max(apart))


def observations(options: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Request], Known | None]]:
    """Names, requests and what is published: real ones first, then one of each simulator, and one more."""
    for known in KNOWN:
        if known.path.is_file() and options.of != "simulated":
            yield known.title, lambda known=known: real(known), known
    names = [] if options.of == "real" else [name for name in simulator_names() if not simulator_named(name).implicit]
    for number in range(1, options.simulated + 1):
        for name in names:
            yield f"{name} {number}", lambda name=name, number=number: simulated(name, number), None


def main() -> int:
    """Compare each observation and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=("all", "real", "simulated"), default="all", help="which observations")
    parser.add_argument("--simulated", type=int, default=3, help="draws of each simulator's prior predictive")
    nested_for = "nested sampling of every observation, or where NUTS gives no reference"
    parser.add_argument("--nested", choices=("all", "needed"), default="all", help=nested_for)
    parser.add_argument("--only", default="", help="observations whose name has this in it")
    parser.add_argument("--limit", type=float, default=300.0, help="CPU seconds after which a sampler is stopped")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    found, rows = read_rows(options.output), []
    for title, request, known in observations(options):
        if options.only not in title:
            continue
        if title not in found:
            print(title, flush=True)
            found[title] = row_of(title, request(), known, options)
            append(options.output, found[title])
            jax.clear_caches()
        rows.append(found[title])
    print(told(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
