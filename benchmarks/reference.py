"""The engine against the no-U-turn sampler on the same likelihood: medians, widths and times.

python benchmarks/reference.py [--chains 4] [--seed 1] [SIMULATOR FILE ...]

Without arguments: the three real observations of the folder ``shared`` beside the checkout. The exit status is 1 where a
median differs by more than 0.2 sigma, a width by more than 15 %, or the chains have not converged.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astro_sbi.inference.posterior import Posterior, weighted_quantile
from astro_sbi.inference.problem import Problem
from astro_sbi.inference.reference import ReferenceDraws, nuts
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


def sampled(problem: Problem, posterior: Posterior, options: argparse.Namespace) -> ReferenceDraws:
    """NUTS from uncorrected flow draws, so that no importance weight touches the reference."""
    flow = problem.prior.latent(posterior.flow_theta, problem.known)
    flow = flow[np.isfinite(flow).all(axis=1)]
    start = flow[np.random.default_rng(options.seed).choice(len(flow), options.chains, replace=False)]
    settings = {"warmup": options.warmup, "draws": options.draws, "seed": options.seed}
    return nuts(
        lambda z: problem.log_density(z, problem.known, problem.value, problem.pattern), start, covariance=np.cov(flow.T), **settings
    )


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
    reference = sampled(problem, checked.posterior, options)
    found = rows(request, problem, checked.posterior, reference)
    print(f"\n{simulator}  {path.name}  {len(request.prepared.observation)} points, {problem.dimension} parameters")
    print(f"{'':24s}{'astro_sbi':>12s} {'+-':>9s}   {'NUTS':>12s} {'+-':>9s}   shift/sigma  width ratio")
    for row in found:
        mark = "" if row.agrees else "  <-"
        numbers = f"{row.median:12.6g} {row.width:9.2g}   {row.reference_median:12.6g} {row.reference_width:9.2g}"
        print(f"{row.name:24s}{numbers}   {row.shift:+11.2f}  {row.ratio:11.2f}  {row.unit}{mark}")
    importance = checked.posterior.importance
    for reason in checked.verdict.reasons:
        print(f"  - {reason}")
    if importance:
        print(f"astro_sbi: {seconds:.0f} s, ESS {importance.ess:.0f}, k-hat {importance.khat:.2f}, verdict {checked.verdict.grade}")
    converged = "converged" if reference.converged else "NOT converged: no reference"
    print(
        f"NUTS: {reference.seconds:.0f} s from the flow's draws, R-hat {reference.r_hat.max():.3f}, ESS {reference.ess.min():.0f}, "
        f"{reference.divergences} divergences; {converged}"
    )
    return reference.converged and all(row.agrees for row in found)


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
    parser = argparse.ArgumentParser(description="The engine against the no-U-turn sampler on the same likelihood.")
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
