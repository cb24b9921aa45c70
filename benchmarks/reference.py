"""The engine against the no-U-turn sampler, or nested sampling, on the same likelihood: medians, widths, evidence and times.

python benchmarks/reference.py [--nested] [--live 1000] [--chains 4] [--seed 1] [SIMULATOR FILE ...]

Without arguments: the three real observations of the folder ``shared`` beside the checkout. The exit status is 1 where a
median differs by more than 0.2 sigma, a width by more than 15 %, or the sampler has not converged. With ``--nested`` nested
sampling is run twice, with two seeds, and its log evidence under the full prior must lie within three standard errors of the engine's;
the error is the larger of the quoted one and the scatter of the two.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astro_sbi.inference.posterior import Importance, Posterior, weighted_quantile
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.reference import ReferenceDraws, nested, nuts, target_of
from astro_sbi.runs.engine import checked_posterior
from astro_sbi.runs.request import Request, resolve
from astro_sbi.runs.settings import Settings
from astro_sbi.simulators.base import known_values

OBSERVATIONS = Path(__file__).resolve().parents[1] / ".." / "shared" / "observations"
DEFAULT = (
    ("transit", "transit/kplr010666592-2009131110544_slc.fits"),
    ("transit", "transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"),
    ("galaxy_lines", "galaxy_spectrum/spec-0266-51602-0107.fits"),
)
LARGEST_SHIFT = 0.2
LARGEST_WIDTH_CHANGE = 0.15
LARGEST_EVIDENCE_GAP = 3.0


@dataclass(frozen=True)
class Row:
    """One quantity from both: medians, half widths of the 68 % interval, shift in reference sigma and width ratio."""

    name: str
    unit: str
    median: float
    width: float
    reference_median: float
    reference_width: float

    @property
    def shift(self) -> float:
        """Difference of medians in units of the reference's width."""
        return (self.median - self.reference_median) / self.reference_width

    @property
    def ratio(self) -> float:
        """Width over the reference's."""
        return self.width / self.reference_width

    @property
    def agrees(self) -> bool:
        """Whether both lie within their limits."""
        return abs(self.shift) <= LARGEST_SHIFT and abs(self.ratio - 1) <= LARGEST_WIDTH_CHANGE


def sampled(problem: Problem, posterior: Posterior, options: argparse.Namespace, seed: int) -> ReferenceDraws:
    """NUTS from uncorrected flow draws, so that no importance weight touches the reference, or nested sampling from the prior."""
    if options.nested:
        return nested(target_of(problem), live=options.live, draws=options.chains * options.draws, seed=seed)
    target = target_of(problem, problem.prior.latent(posterior.flow_theta, problem.known))
    return nuts(target, chains=options.chains, warmup=options.warmup, draws=options.chains * options.draws, seed=seed)


def rows(request: Request, problem: Problem, posterior: Posterior, reference: ReferenceDraws) -> list[Row]:
    """Parameters that are free, then derived quantities."""
    simulator, known = request.simulator, known_values(request.simulator, request.prepared.observation.points)
    reference_theta = problem.theta(reference.latent)
    ours = {**posterior.theta, **simulator.derived(posterior.theta, known)}
    theirs = {**reference_theta, **simulator.derived(reference_theta, known)}
    wanted = [p for p in simulator.parameters if p.name in problem.prior.free] + list(simulator.derived_parameters)
    return [_row(p.name, p.unit, ours, posterior.weight, theirs) for p in wanted]


def _row(name: str, unit: str, ours: Mapping[str, np.ndarray], weight: np.ndarray, theirs: Mapping[str, np.ndarray]) -> Row:
    finite = np.isfinite(ours[name])
    low, median, high = weighted_quantile(ours[name][finite], weight[finite])
    reference_low, reference_median, reference_high = np.nanquantile(theirs[name], [0.16, 0.5, 0.84])
    return Row(name, unit, median, (high - low) / 2, reference_median, (reference_high - reference_low) / 2)


def compare(simulator: str, path: Path, options: argparse.Namespace) -> bool:
    """Run both, print the table, and say whether they agree."""
    began = time.perf_counter()
    request = resolve(path.name, path.read_bytes(), Settings(simulator, seed=options.seed, samples=options.samples))
    checked = checked_posterior(request, on_progress=lambda phase, done, total, loss: None, should_stop=lambda: False, store=None)
    seconds = time.perf_counter() - began
    problem = Problem.of(request.simulator, request.prior, request.prepared.observation)
    runs = [sampled(problem, checked.posterior, options, options.seed + more) for more in range(2 if options.nested else 1)]
    reference = runs[0]
    found = rows(request, problem, checked.posterior, reference)
    print(f"\n{simulator}  {path.name}  {len(request.prepared.observation)} points, {problem.dimension} parameters")
    print(f"{'':24s}{'astro_sbi':>12s} {'+-':>9s}   {reference.kind:>12s} {'+-':>9s}   shift/sigma  width ratio")
    for row in found:
        mark = "" if row.agrees else "  <-"
        numbers = f"{row.median:12.6g} {row.width:9.2g}   {row.reference_median:12.6g} {row.reference_width:9.2g}"
        print(f"{row.name:24s}{numbers}   {row.shift:+11.2f}  {row.ratio:11.2f}  {row.unit}{mark}")
    for reason in checked.verdict.reasons:
        print(f"  - {reason}")
    importance = checked.posterior.importance
    if importance:
        print(f"astro_sbi: {seconds:.0f} s, ESS {importance.ess:.0f}, k-hat {importance.khat:.2f}, verdict {checked.verdict.grade}")
    told = "a reference" if reference.converged else "NO reference"
    print(f"{reference.kind}: {reference.seconds:.0f} s, {reference.evaluations} likelihoods, {told}: {reference.reason}")
    same = importance is None or not options.nested or same_evidence(importance, runs)
    return same and reference.converged and all(row.agrees for row in found)


def same_evidence(importance: Importance, runs: list[ReferenceDraws]) -> bool:
    """Print the log evidence of both and say whether they agree."""
    values = np.array([run.log_evidence for run in runs])
    quoted = np.array([run.log_evidence_error for run in runs])
    error = max(float(np.sqrt(np.mean(quoted**2))), float(values.std(ddof=1))) / np.sqrt(len(runs))
    apart = (importance.log_evidence - values.mean()) / np.hypot(error, importance.log_evidence_error)
    nested_values = ", ".join(f"{value:.3f} +- {one:.3f}" for value, one in zip(values, quoted, strict=True))
    ours = f"{importance.log_evidence:.3f} +- {importance.log_evidence_error:.3f}"
    print(f"log evidence: astro_sbi {ours}, nested {nested_values}: {apart:+.1f} sigma apart")
    return abs(apart) <= LARGEST_EVIDENCE_GAP


def chosen(pairs: list[str]) -> list[tuple[str, Path]]:
    """Simulators and files from the command line, or the default three.

    Raises:
        SystemExit: if a simulator has no file.
    """
    if len(pairs) % 2:
        raise SystemExit("error: give pairs of SIMULATOR and FILE")
    if pairs:
        return [(name, Path(file)) for name, file in zip(pairs[::2], pairs[1::2], strict=True)]
    return [(name, OBSERVATIONS / file) for name, file in DEFAULT]


def main() -> int:
    """Compare each observation; the exit status says whether all agree."""
    parser = argparse.ArgumentParser(description="The engine against a reference sampler on the same likelihood.")
    parser.add_argument("--nested", action="store_true", help="nested sampling, which gives the evidence too, instead of NUTS")
    parser.add_argument("--live", type=int, default=1000, help="live points of nested sampling")
    parser.add_argument("pairs", nargs="*", metavar="SIMULATOR FILE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=50_000, help="weighted draws of the engine")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--warmup", type=int, default=500)
    parser.add_argument("--draws", type=int, default=1000, help="kept draws of each chain")
    options = parser.parse_args()
    agree = [compare(simulator, path, options) for simulator, path in chosen(options.pairs)]
    print(f"\n{sum(agree)} of {len(agree)} agree: medians within {LARGEST_SHIFT} sigma, widths within {LARGEST_WIDTH_CHANGE:.0%}")
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
