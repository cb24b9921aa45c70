"""The one table of thresholds behind every verdict: number, limits, sentences and where the limits come from."""

from __future__ import annotations

import math
from collections.abc import Sequence

from astro_sbi.diagnostics.judging import Judgement, Threshold
from astro_sbi.inference.posterior import Grade, Verdict

THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(
        "detection",
        good=5.0,
        bad=5.0,
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
        passes="Data made by the posterior look like the observation in every summary of the flow ({percent:.3g} % lie farther out).",
        warns="Data made by the posterior seldom look like the observation ({percent:.3g} % of them lie farther out in the summaries the "
        "flow saw). Look at the data for what the model leaves out.",
        fails="Data made by the posterior do not look like the observation ({percent:.3g} % of them lie farther out in the summaries the "
        "flow saw): the model cannot make these data, or the flow missed the posterior. Take another simulator or more simulations.",
    ),
    Threshold(
        "calibration",
        good=0.02,
        bad=0.1,
        source="judged where p < 0.05 only (Bonferroni); largest distance of the ranks' distribution from the uniform one: errors 8 % or "
        "35 % too small, a bias of 0.05 or 0.25 sigma; by measured power, benchmarks/diagnostics.py",
        passes="Of the true values of {tests:,} simulations that the training did not see {inside:.0f} % lie in the 68 % regions of the "
        "parameter that is farthest off, and ranks stray by up to {points:.1f} %: {chance} (p {p:.2g}).",
        warns="Over {tests:,} simulations that the training did not see {fault} (ranks stray by up to {points:.1f} %, p {p:.1g}): errors "
        "are somewhat wrong. {remedy}",
        fails="Over {tests:,} simulations that the training did not see {fault} (ranks stray by up to {points:.0f} %, p {p:.1g}): the "
        "flow is not calibrated. {remedy}",
    ),
    Threshold(
        "coverage",
        good=0.03,
        bad=0.15,
        source="judged where p < 0.05 only (Bonferroni); shortfall of the coverage of highest-density regions at 10 to 95 %, an excess one "
        "step better (Hermans et al. 2022, arXiv:2110.06581); three parameters with errors 3 % or 15 % too small; in house",
        passes="Regions of all parameters together hold the truth about as often as they say: at worst {inside:.1f} % of the truths lie in "
        "the {level:.0f} % region (a perfect flow strays by up to {expected:.1f} % over {tests:,} simulations).",
        warns="Regions of all parameters together are too {size}: {inside:.1f} % of {tests:,} truths lie in the {level:.0f} % region (a "
        "perfect flow strays by up to {expected:.1f} %). {remedy}",
        fails="Regions of all parameters together are too {size}: {inside:.1f} % of {tests:,} truths lie in the {level:.0f} % region (a "
        "perfect flow strays by up to {expected:.1f} %): the flow is over-confident. {remedy}",
    ),
    Threshold(
        "correlations",
        good=0.1,
        bad=0.5,
        source="judged where p < 0.05 only (Bonferroni); largest correlation left between truths once the posterior's is taken out; in "
        "house",
        passes="Correlations between parameters are those of the truths to {correlation:.2f}.",
        warns="Correlations between parameters are wrong by up to {correlation:.2f} (p {p:.1g}): the tilt of two-parameter regions is "
        "off. {remedy}",
        fails="Correlations between parameters are wrong by up to {correlation:.2f} (p {p:.1g}): two-parameter regions mean little. "
        "{remedy}",
    ),
    Threshold(
        "parts",
        good=0.05,
        bad=math.inf,
        source="judged where p < 0.005 over all thirds (Bonferroni); distance of ranks or shortfall of joint coverage in one of them; in "
        "house",
        passes="No third of the simulations by {covariates} is worse than the others can be by chance.",
        warns="Where {covariate} lies between {low:.3g} and {high:.3g} ({tests:,} simulations) regions of {worst} stray by up to "
        "{points:.0f} % (p {p:.1g}): trust the flow less there.",
        fails="The distance of ranks from uniform ones in a third of the simulations is not a number.",
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
        "stretch",
        good=0.01,
        bad=-math.inf,
        better="high",
        source="one false alarm in a hundred, measured by benchmarks/data_checks.py; what stands out by several sigma can move a parameter "
        "by as many of its own; localised distortions: Anau Montel et al. 2025, PRD 111, 083013",
        passes="No stretch of the data lies off the model by more than noise explains (p {p_text}).",
        warns="The model fails from {place} ({points:,} points): {fault} (p {p_text}). Look at the residuals there; if the data are "
        "bad, mask them, else choose a simulator that has what is missing.",
        fails="The share of simulated noise with a worse stretch is not a number.",
    ),
    Threshold(
        "sign_run",
        good=0.01,
        bad=-math.inf,
        better="high",
        source="one false alarm in a hundred, measured by benchmarks/data_checks.py; no fitted noise hides a run of one sign",
        passes="At most {longest:,} neighbouring residuals have one sign (up to {limit:,} are expected).",
        warns="{longest:,} neighbouring residuals lie {side} the model, from {place}, where {limit:,} is the most expected "
        "(p {p_text}): the model misses a trend or a feature there. Flatten it away or choose another simulator.",
        fails="The share of simulated noise with a longer run is not a number.",
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
        passes="The observation lies among the simulations the flow was trained on ({percent:.3g} % of them are farther out).",
        warns="The observation lies at the rim of the simulations the flow was trained on ({percent:.3g} % of them are farther out). Look "
        "for points the model does not describe.",
        fails="The observation lies outside the simulations the flow was trained on ({percent:.3g} % of them are farther out): the flow "
        "only guesses there.",
    ),
    Threshold(
        "prior_range",
        good=0.0,
        bad=0.2,
        source="judged where p < 0.01 only, exact by exchange with the simulations; a fifth of their range is a sigma or more beyond the "
        "last of them; in house",
        passes="The prior's simulations reach the observation: {inside:,} of {points:,} values lie within the range of "
        "{simulations:,} of them.",
        warns="{outside:,} of {points:,} values lie outside the range of {simulations:,} simulations of the prior: {where} by "
        "{beyond:.0%} of its width (p {p_text}). Widen the prior, mask bad points, or choose a simulator that can make them.",
        fails="The simulator cannot make these data: {outside:,} of {points:,} values lie outside the range of {simulations:,} "
        "simulations of the prior: {where} by {beyond:.0%} of its width (p {p_text}). The flow only guesses there: choose another "
        "simulator or prior.",
    ),
    Threshold(
        "ensemble",
        good=0.5,
        bad=1.5,
        source="largest distance between members in their 16, 50 and 84 % quantiles, in sigma; the mean of five is off by a fifth of it; "
        "disagreement as a flag: Alvey et al. 2025, arXiv:2507.13495; limits in house",
        passes="The {members} members of the ensemble differ by up to {sigma:.2f} sigma, in {parameter}{corrected}.",
        warns="The {members} members of the ensemble disagree by {sigma:.2f} sigma in {parameter}: trained again, the result would "
        "move by a part of that. Train longer, on more simulations, or with a larger ensemble.",
        fails="The {members} members of the ensemble disagree by {sigma:.1f} sigma in {parameter}: the flow has not learned it. Train "
        "longer and on more simulations.",
    ),
)
"""All checks that have a number, in the order of their reasons."""


def threshold(name: str) -> Threshold:
    """The row of the table with this name."""
    return next(row for row in THRESHOLDS if row.name == name)


def judge(name: str, number: float, *, significant: bool = True, **words: float | int | str) -> Judgement:
    """A number's grade by its row of the table, good where it is not significant, and the sentence."""
    return threshold(name).judged(number, significant=significant, **words)


def weighed(judged: Sequence[Judgement]) -> Verdict:
    """The worst grade; what speaks against the result first, then what speaks for it."""
    worst_first: tuple[Grade, ...] = ("do not trust", "caution", "good")
    grade = min((judgement.grade for judgement in judged), key=worst_first.index)
    return Verdict(grade, tuple(judgement.sentence for wanted in worst_first for judgement in judged if judgement.grade == wanted))
