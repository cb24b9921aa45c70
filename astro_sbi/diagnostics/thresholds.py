"""The one table of thresholds behind every verdict: number, limits, sentences and where the limits come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from astro_sbi.inference.posterior import Grade


@dataclass(frozen=True)
class Threshold:
    """How one number is judged.

    Args:
        name: of the check.
        good: limit of what passes.
        bad: limit beyond which the result is not to be trusted; between the two it is caution.
        source: where the limits come from.
        passes: sentence where it passes, a format string over the check's numbers.
        warns: sentence for caution: what was found and what to do.
        fails: sentence beyond the bad limit.
        better: whether low or high numbers are the better ones.
    """

    name: str
    good: float
    bad: float
    source: str
    passes: str
    warns: str
    fails: str
    better: Literal["low", "high"] = "low"

    def grade(self, number: float) -> Grade:
        """Judge a number; one that is not a number cannot be trusted."""
        if math.isnan(number):
            return "do not trust"
        sign = 1.0 if self.better == "low" else -1.0
        if sign * number <= sign * self.good:
            return "good"
        return "caution" if sign * number <= sign * self.bad else "do not trust"

    def sentence(self, grade: Grade, words: dict[str, float | int | str]) -> str:
        """The sentence that goes with a grade, its numbers filled in."""
        return {"good": self.passes, "caution": self.warns, "do not trust": self.fails}[grade].format(**words)


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(
        "detection",
        good=1.0,
        bad=1.0,
        better="high",
        source="ln B > 5 is strong evidence: Trotta 2008, Contemp. Phys. 49, 71",
        passes="{sentence}",
        warns="{sentence}",
        fails="{sentence}",
    ),
    Threshold(
        "ess",
        good=1000.0,
        bad=100.0,
        better="high",
        source="medians to 4 % of a sigma at 1,000 effective draws, to 13 % at 100; Dax et al. 2023, PRL 130, 171403 (use of the number)",
        passes="{ess:,.0f} effective draws ({efficiency:.3g} % of those drawn): the flow covers the exact posterior.",
        warns="Only {ess:,.0f} effective draws where 1,000 are wanted: medians hold, the tails are noisy. Ask for more samples or one "
        "more round.",
        fails="Only {ess:,.0f} effective draws: the flow missed the posterior. Train longer, add a round, or use the reference sampler.",
    ),
    Threshold(
        "khat",
        good=0.7,
        bad=1.0,
        source="Vehtari et al. 2024, JMLR 25, 72: above 0.7 averages converge too slowly, above 1 weights have no mean",
        passes="Pareto k of the importance weights is {khat:.2f} (below 0.7): no draw dominates.",
        warns="Pareto k of the importance weights is {khat:.2f} (0.7 wanted): a few draws carry much of the weight. Add a round or a "
        "larger ensemble.",
        fails="Pareto k of the importance weights is {khat:.2f}: above 1 the weights have no mean and the correction means nothing. "
        "Train again or use the reference sampler.",
    ),
    Threshold(
        "peak_outside",
        good=-10.0,
        bad=0.0,
        source="a peak e^-10 as high holds less than 1 % of the mass unless it is 200 times as wide; in house",
        passes="A search of the whole prior found no rival peak outside the region sampled.",
        warns="Another peak lies outside the region sampled, its log posterior {below:.1f} below the best: it may hold mass that is "
        "missing here. Run again with another seed or a prior around each peak.",
        fails="A higher peak lies outside the region sampled (log posterior {peak_outside:.1f} above): the posterior shown is of the "
        "wrong mode. Run again with another seed.",
    ),
    Threshold(
        "summaries",
        good=0.01,
        bad=0.001,
        better="high",
        source="share of posterior replicates farther out, Mahalanobis in the summaries; limits as for p-values",
        passes="Data made by the posterior look like the observation in every summary the flow saw ({share:.2g} lie farther out).",
        warns="Data made by the posterior seldom look like the observation ({share:.2g} lie farther out in the summaries the flow saw). "
        "Look at the data for what the model leaves out.",
        fails="Data made by the posterior do not look like the observation ({share:.2g} lie farther out in the summaries the flow saw): "
        "the model cannot make these data, or the flow missed the posterior. Choose another simulator or train on more simulations.",
    ),
    Threshold(
        "calibration",
        good=0.05,
        bad=0.1,
        source="judged where p < 0.01 only; largest distance of the ranks' distribution from the uniform one: a bias of 0.12 or 0.25 "
        "sigma; in house, after Talts et al. 2018, arXiv:1804.06788",
        passes="Of the true values of {tests:,} simulations held back from training {inside:.0f} % lie in the 68 % regions: no fault of "
        "the calibration shows.",
        warns="Over {tests:,} simulations held back from training the ranks of the truth in {worst} stray by up to {points:.0f} % "
        "({inside:.0f} % lie in the 68 % regions): errors are somewhat wrong. Bring more simulations, or ask for a larger ensemble.",
        fails="Over {tests:,} simulations held back from training the ranks of the truth in {worst} stray by up to {points:.0f} % "
        "({inside:.0f} % lie in the 68 % regions): the flow is not calibrated. Bring more simulations, or simpler summaries of them.",
    ),
    Threshold(
        "noise_ratio",
        good=1.5,
        bad=3.0,
        source="fitted noise never buys a green light; in house, after HAT-P-7 (1.4) and SHOC 579 (7)",
        passes="The noise that fits is {noise_ratio:.2f} times the quoted errors.",
        warns="The noise had to be {noise_ratio:.1f} times the quoted errors to fit: either these are too small or the model misses "
        "something. Look at the residuals.",
        fails="The noise had to be {noise_ratio:.1f} times the quoted errors to fit: the model cannot make these data. Mask what it "
        "does not describe, or choose another simulator.",
    ),
    Threshold(
        "misfit",
        good=1.05,
        bad=9.0,
        source="judged where p < 0.01 only; 1.05 is errors 2.5 % too small, 9 is a factor of 3; in house, with the powers of its tests",
        passes="Chi-square per point with the quoted errors is {chi2:.2f} (posterior predictive p {p_text}): the model can make these "
        "data.",
        warns="Chi-square per point with the quoted errors is {chi2:.2f} (posterior predictive p {p_text}): data and model differ by "
        "more than the quoted errors. Look at the residuals.",
        fails="Chi-square per point with the quoted errors is {chi2:.1f} (posterior predictive p {p_text}): the model cannot make these "
        "data. Mask what it does not describe, or choose another simulator.",
    ),
    Threshold(
        "misfit_fitted",
        good=1.05,
        bad=2.0,
        source="judged where p < 0.01 only; above 2 the model fails with the noise it chose itself; in house",
        passes="With the fitted noise chi-square per point is {chi2_fitted:.2f} (p {p_fitted_text}).",
        warns="Even with the fitted noise chi-square per point is {chi2_fitted:.2f} (p {p_fitted_text}): the errors of the parameters "
        "are too small.",
        fails="Even with the noise it may choose itself the model misses the data (chi-square per point {chi2_fitted:.1f}, p "
        "{p_fitted_text}): the errors of the parameters mean nothing. Let the noise be fitted, or choose another simulator.",
    ),
    Threshold(
        "largest_residual",
        good=1.0,
        bad=math.inf,
        source="one false alarm in a hundred data sets for the largest of n Gaussian residuals (Sidak), beyond quoted and fitted noise",
        passes="The largest residual of {points:,} points is {judged:.1f} sigma{noise} (up to {limit:.1f} is expected).",
        warns="{place} lies {largest:.1f} quoted sigma off the model, where {limit:.1f} is the most expected of {points:,} "
        "points. If it is bad, mask it and run again.",
        fails="The largest residual of {points:,} points is not a number.",
    ),
    Threshold(
        "red_noise",
        good=1.1,
        bad=3.0,
        source="judged where p < 0.01 only; beta of Winn et al. 2008, ApJ 683, 1076; errors 10 % too small; limits in house",
        passes="Residuals show no harmful correlation (neighbours {correlation:.2f}, p {correlation_p:.2g}).",
        warns="Red noise: residuals resemble their neighbours (correlation {correlation:.2f}, p {correlation_p:.2g}); errors are too "
        "small by a factor of about {red_noise:.2f}. Multiply them by it, or take out what the model misses.",
        fails="Strong red noise: residuals resemble their neighbours (correlation {correlation:.2f}, p {correlation_p:.2g}); errors are "
        "too small by a factor of about {red_noise:.1f}. The model misses a trend: flatten it away or choose another simulator.",
    ),
    Threshold(
        "memory",
        good=0.1,
        bad=math.inf,
        source="above a tenth of the length, fitted damping times no longer follow the true ones: Kozlowski 2017, A&A 597, A128, fig. 2",
        passes="The light curve is {lengths:.0f} times as long as {parameter}, enough for the data to tell it.",
        warns="Prior-dominated: {parameter} is {share:.2g} of the length of the light curve, and above 0.1 its prior decides as much as "
        "the data. Read it as a lower limit, see what another prior gives, or observe longer.",
        fails="The ratio of {parameter} to the length of the light curve is not a number.",
    ),
    Threshold(
        "distance",
        good=0.01,
        bad=0.001,
        better="high",
        source="share of training simulations farther out; Schmitt et al. 2024, arXiv:2112.08866 (the gap); limits as for p-values",
        passes="The observation lies among the simulations the flow was trained on ({share:.2g} of them are farther out).",
        warns="The observation lies at the rim of the simulations the flow was trained on ({share:.2g} of them are farther out). Look "
        "for points the model does not describe.",
        fails="The observation lies outside the simulations the flow was trained on ({share:.2g} of them are farther out): the flow "
        "only guesses there.",
    ),
)
"""All checks that have a number, in the order of their reasons."""


def threshold(name: str) -> Threshold:
    """The row of the table with this name."""
    return next(row for row in THRESHOLDS if row.name == name)
