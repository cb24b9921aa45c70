"""A posterior against a reference on the same likelihood, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from astro_sbi.diagnostics.judging import Threshold
from astro_sbi.diagnostics.thresholds import weighed
from astro_sbi.inference.posterior import Verdict, weighted_quantile

C2ST = Threshold(
    "c2st",
    good=0.6,
    bad=0.75,
    source="50 % is chance; sbi's own check allows 10 % more (check_c2st); 75 % is a median off by 1.35 sigma in one parameter; in house",
    passes="A classifier tells the posterior from the reference in {c2st:.0f} % of cases, where 50 % is chance: they are alike.",
    warns="A classifier tells the posterior from the reference in {c2st:.0f} % of cases, where 50 % is chance: they differ. See in the "
    "corner plot where, and quote the reference there.",
    fails="A classifier tells the posterior from the reference in {c2st:.0f} % of cases, where 50 % is chance: the posterior is not that "
    "of this model. Quote the reference, or train again with another seed.",
)
SHIFT = Threshold(
    "shift",
    good=0.2,
    bad=1.0,
    source="sigma of the reference, whose own median has an error of 0.06 at 400 effective draws; benchmarks/reference.py; in house",
    passes="No median is more than {shift:.2f} sigma from the reference's.",
    warns="The median of {name} is {shift:.2f} sigma from the reference's.",
    fails="The median of {name} is {shift:.1f} sigma from the reference's: quote the reference.",
)
WIDTH = Threshold(
    "width",
    good=0.15,
    bad=0.5,
    source="logarithm of the ratio of 68 % intervals, an error of 0.05 at 400 effective draws; benchmarks/reference.py; in house",
    passes="No error bar differs from the reference's by more than {percent:.0f} %.",
    warns="The error bar of {name} is {ratio:.2f} times the reference's.",
    fails="The error bar of {name} is {ratio:.2f} times the reference's: quote the reference.",
)
EVIDENCE = Threshold(
    "evidence",
    good=0.5,
    bad=2.5,
    source="judged beyond 3 sigma; a Bayes factor of 1.6 or 12; Trotta 2008, Contemp. Phys. 49, 71, table 1 (2.5 is moderate evidence)",
    passes="The logarithms of the evidence agree to {gap:.2f}.",
    warns="The logarithms of the evidence differ by {gap:.2f}, {sigma:.0f} sigma: compare models with care.",
    fails="The logarithms of the evidence differ by {gap:.1f}, {sigma:.0f} sigma: do not compare models by them.",
)


@dataclass(frozen=True)
class Difference:
    """One quantity in both.

    Args:
        shift: difference of medians in units of the reference's half width of 68 %.
        ratio: half width of 68 % over the reference's.
    """

    shift: float
    ratio: float


def difference(draws: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"], reference: Float[np.ndarray, " R"]) -> Difference | None:
    """How weighted draws of a quantity differ from a reference's; None where either has no spread."""
    sound, known = np.isfinite(draws), reference[np.isfinite(reference)]
    if not weight[sound].sum() > 0 or not len(known):
        return None
    low, median, high = weighted_quantile(draws[sound], weight[sound])
    reference_low, reference_median, reference_high = np.quantile(known, [0.16, 0.5, 0.84])
    half = 0.5 * (reference_high - reference_low)
    return Difference(float((median - reference_median) / half), float(0.5 * (high - low) / half)) if half > 0 and high > low else None


def comparison_verdict(differences: Mapping[str, Difference], c2st: float, evidence: tuple[float, float] | None = None) -> Verdict:
    """Whether a posterior is that of the reference.

    Args:
        differences: of free parameters.
        c2st: accuracy of a classifier that tells them apart.
        evidence: log evidence less the reference's, and the error of that; None where the reference has none.
    """
    off = max(differences, key=lambda name: abs(differences[name].shift))
    wide = max(differences, key=lambda name: abs(math.log(differences[name].ratio)))
    ratio = differences[wide].ratio
    judged = [
        C2ST.judged(c2st, c2st=100 * c2st),
        SHIFT.judged(abs(differences[off].shift), name=off, shift=abs(differences[off].shift)),
        WIDTH.judged(abs(math.log(ratio)), name=wide, ratio=ratio, percent=100 * (max(ratio, 1 / ratio) - 1)),
    ]
    if evidence:
        gap, error = abs(evidence[0]), evidence[1]
        judged.append(EVIDENCE.judged(gap, significant=gap > 3 * error, gap=gap, sigma=gap / error))
    return weighed(judged)
