"""One verdict from all checks, each reason a sentence with its number and what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from astro_sbi.diagnostics.calibration_verdict import calibration_judgements
from astro_sbi.diagnostics.card import CalibrationCard
from astro_sbi.diagnostics.detection import Detection
from astro_sbi.diagnostics.edges import EdgeMass
from astro_sbi.diagnostics.judging import Judgement
from astro_sbi.diagnostics.members import Disagreement
from astro_sbi.diagnostics.places import coordinate_text
from astro_sbi.diagnostics.predictive import PredictiveCheck
from astro_sbi.diagnostics.ranges import RangeCheck
from astro_sbi.diagnostics.stretches import Stretch
from astro_sbi.diagnostics.thresholds import judge, threshold, weighed
from astro_sbi.inference.posterior import Importance, Verdict

_SIGNIFICANT = 0.01
#: Mass in the outermost 1 % of a prior from which on the prior decides.
PRESSED = 0.3
_NO_LIKELIHOOD = (
    "This simulator has no likelihood, so the flow's posterior could not be corrected or checked draw by draw: "
    "compare other seeds and simulators."
)
_ERRORS_ESTIMATED = (
    "The errors were estimated from the scatter of these data, so chi-square cannot speak for the fit. "
    "Give measured errors if there are any."
)
_MORE_ROUNDS = "Run again with more rounds (train.rounds)."


@dataclass(frozen=True)
class Checks:
    """Everything a verdict is made of.

    Args:
        importance: how well the flow covers the exact posterior; None without a likelihood.
        peak_outside: log posterior height of the best peak outside the last box over the best inside; None where there is none.
        predictive: residuals against the quoted and the fitted noise; None without a likelihood.
        edges: ends of priors where the posterior piles up.
        distance_p: share of the training simulations at least as far from their centre as the observation.
        priors_from_data: parameters whose prior was made from these data.
        detection: evidence for the signal; None where no flat model is compared.
        leaning: parameters whose posterior leans on an edge of the last truncation that is not the prior's.
        coordinate_unit: of the observation's coordinate, for the sentence that says where a residual lies.
        channels: names of the observation's channels, likewise.
        remarks: further sentences, reported but not judged.
        errors_estimated: whether the errors were estimated from the scatter of the values.
        warnings: the simulator's own sentences on these data, each judged as caution.
        summaries_p: share of data made by posterior draws whose summaries lie farther out than the observation's; None with a likelihood.
        memory: a parameter that is the time after which a random process forgets, and its median over the length of the observation;
            None where there is none or it is fixed.
        calibration: coverage over simulations that were held back from training; None where none were.
        prior_range: the observation against the range of the prior's simulations; None where they are too few.
        ensemble: how far the members of the flow's ensemble disagree; None where there is one.
    """

    importance: Importance | None
    peak_outside: float | None
    predictive: PredictiveCheck | None
    edges: tuple[EdgeMass, ...]
    distance_p: float
    priors_from_data: tuple[str, ...] = ()
    detection: Detection | None = None
    leaning: tuple[str, ...] = ()
    coordinate_unit: str = ""
    channels: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    errors_estimated: bool = False
    warnings: tuple[str, ...] = ()
    summaries_p: float | None = None
    memory: tuple[str, float] | None = None
    calibration: CalibrationCard | None = None
    prior_range: RangeCheck | None = None
    ensemble: Disagreement | None = None


def verdict(checks: Checks) -> Verdict:
    """The worst grade of all checks; what speaks against the result first, then what speaks for it, then remarks."""
    found = weighed(judgements(checks))
    return Verdict(found.grade, (*found.reasons, *_remarks(checks)))


def judgements(checks: Checks) -> tuple[Judgement, ...]:
    """Every check with its grade, in the order of the table of thresholds."""
    residuals = (*_of_residuals(checks), *_of_neighbours(checks))
    return (*_of_signal(checks), *_of_draws(checks), *residuals, *_of_errors(checks), *_of_simulations(checks), *_of_edges(checks))


def _of_signal(checks: Checks) -> Iterator[Judgement]:
    if checks.detection is not None:
        yield judge("detection", checks.detection.log_evidence_against_null, sentence=checks.detection.sentence)


def _of_draws(checks: Checks) -> Iterator[Judgement]:
    importance = checks.importance
    if importance is None:
        yield Judgement("likelihood", "caution", _NO_LIKELIHOOD)
        if checks.calibration is not None:
            yield from calibration_judgements(checks.calibration)
        return
    yield judge("ess", importance.ess, ess=importance.ess, efficiency=100 * importance.efficiency)
    yield judge("khat", importance.khat, khat=importance.khat)
    if checks.leaning:
        names = ", ".join(checks.leaning)
        yield Judgement(
            "leaning",
            "caution",
            f"The posterior of {names} leans on an edge of the region that the last round was trained on. {_MORE_ROUNDS}",
        )
    peak = -math.inf if checks.peak_outside is None else checks.peak_outside
    yield judge("peak_outside", peak, peak_outside=peak, below=-peak)


def _of_residuals(checks: Checks) -> Iterator[Judgement]:
    found = checks.predictive
    if checks.summaries_p is not None:
        yield judge("summaries", checks.summaries_p, percent=100 * checks.summaries_p)
    if found is None:
        return
    p_text, p_fitted_text = _p_text(found.p_value), _p_text(found.p_value_fitted)
    chi2, chi2_fitted = found.chi2_per_point_quoted, found.chi2_per_point_fitted
    yield judge("noise_ratio", found.noise_ratio, noise_ratio=found.noise_ratio)
    yield judge("misfit", chi2, significant=found.p_value < _SIGNIFICANT, chi2=chi2, p_text=p_text)
    fitted_differs = abs(chi2_fitted - chi2) > 0.005
    if fitted_differs or found.p_value_fitted < _SIGNIFICANT:
        worse = found.p_value_fitted < _SIGNIFICANT
        yield judge("misfit_fitted", chi2_fitted, significant=worse, chi2_fitted=chi2_fitted, p_fitted_text=p_fitted_text)
    beyond = found.largest_residual > found.largest_residual_limit
    judged = found.largest_residual_fitted if beyond else found.largest_residual
    yield judge(
        "largest_residual",
        judged / found.largest_residual_limit,
        judged=judged,
        noise=" of the fitted noise" if beyond else "",
        largest=found.largest_residual,
        limit=found.largest_residual_limit,
        place=_place(found, checks.coordinate_unit),
        points=found.points,
    )
    yield judge(
        "red_noise",
        found.red_noise,
        significant=found.correlation_p < _SIGNIFICANT,
        red_noise=found.red_noise,
        correlation=found.residual_correlation,
        correlation_p=found.correlation_p,
    )


def _of_neighbours(checks: Checks) -> Iterator[Judgement]:
    """Where in the data the model fails."""
    found = checks.predictive
    if found is not None and found.stretch is not None:
        stretch = found.stretch
        place, p_text = stretch.place.text(checks.coordinate_unit, checks.channels), _p_text(stretch.p_value)
        yield judge("stretch", stretch.p_value, p_text=p_text, place=place, points=stretch.place.points, fault=_fault(stretch))
    if found is not None and found.run is not None:
        run = found.run
        place, p_text = run.place.text(checks.coordinate_unit, checks.channels), _p_text(run.p_value)
        side = "above" if run.above else "below"
        yield judge("sign_run", run.p_value, p_text=p_text, place=place, side=side, longest=run.place.points, limit=run.limit)


def _fault(stretch: Stretch) -> str:
    if stretch.kind == "scatter":
        return f"residuals there are {stretch.residual:.1f} sigma on average, {stretch.gain:,.0f} more in chi-square than noise gives"
    if stretch.kind == "waves":
        return f"the data wander about it in stretches of this length, which costs {stretch.gain:,.0f} in chi-square in all"
    side = "above" if stretch.residual > 0 else "below"
    return f"the data lie {abs(stretch.residual):.1f} sigma {side} it on average, which costs {stretch.gain:,.0f} in chi-square"


def _of_errors(checks: Checks) -> Iterator[Judgement]:
    if checks.errors_estimated:
        yield Judgement("errors", "caution", _ERRORS_ESTIMATED)
    for sentence in checks.warnings:
        yield Judgement("simulator", "caution", sentence)
    if checks.memory is not None:
        parameter, share = checks.memory
        yield judge("memory", share, parameter=parameter, share=share, lengths=1 / share)


def _of_simulations(checks: Checks) -> Iterator[Judgement]:
    """The observation among what was simulated, and the members of an ensemble that learned from it."""
    percent = {"percent": 100 * checks.distance_p}
    yield _corrected(checks, judge("distance", checks.distance_p, **percent), percent)
    found, members = checks.prior_range, checks.ensemble
    if found is not None:
        words: dict[str, float | int | str] = {
            "points": found.points,
            "outside": found.outside,
            "inside": found.points - found.outside,
            "simulations": found.simulations,
            "beyond": found.beyond,
            "where": _farthest(found),
            "p_text": _p_text(found.p_value),
        }
        judged = judge("prior_range", found.beyond, significant=found.p_value < _SIGNIFICANT, **words)
        yield _corrected(checks, judged, words)
    if members is not None:
        weighted = checks.importance is not None
        told = {"members": members.members, "sigma": members.sigma, "parameter": members.name}
        corrected = ", which the weights of the draws correct" if weighted else ""
        yield judge("ensemble", members.sigma, significant=not weighted, corrected=corrected, **told)


def _corrected(checks: Checks, judged: Judgement, words: dict[str, float | int | str]) -> Judgement:
    """Where weights correct the flow, what it was trained on can warn, not condemn."""
    if judged.grade == "do not trust" and checks.importance is not None:
        return replace(judged, grade="caution", sentence=threshold(judged.name).sentence("caution", words))
    return judged


def _farthest(found: RangeCheck) -> str:
    if not found.farthest:
        return ""
    name, beyond = found.farthest[0]
    return f"{'the farthest, ' if found.outside > 1 else ''}{name}, {'above' if beyond > 0 else 'below'} it"


def _of_edges(checks: Checks) -> Iterator[Judgement]:
    """Only a posterior pressed against its prior counts; a limit from one side is an answer."""
    for edge in checks.edges:
        if edge.mass > PRESSED:
            yield Judgement("edges", "caution", f"{_leaning(edge)}: there the prior, not the data, decides. Widen it if physics allows.")


def _leaning(edge: EdgeMass) -> str:
    return f"{edge.name} leans on the {edge.side} end of its prior ({edge.mass:.0%} of the posterior in the outermost 1 %)"


def _remarks(checks: Checks) -> Iterator[str]:
    for edge in checks.edges:
        if edge.mass <= PRESSED:
            yield f"{_leaning(edge)}: read it as a limit."
    fit = checks.predictive
    if fit is not None and fit.p_value > 1 - _SIGNIFICANT and fit.chi2_per_point_quoted < 1 / threshold("misfit").good:
        chi2 = f"{fit.chi2_per_point_quoted:.2f}"
        yield f"The scatter is below the quoted errors (chi-square per point {chi2}): they are too large or the points correlated."
    if checks.priors_from_data:
        names = ", ".join(checks.priors_from_data)
        yield f"The prior of {names} was made from these same data: do not compare this evidence with another model's."
    yield from checks.remarks


def _place(found: PredictiveCheck, unit: str) -> str:
    number = f"Point {found.largest_residual_index + 1:,}"
    if math.isnan(found.largest_residual_coordinate):
        return number
    return f"{number} (at {coordinate_text(found.largest_residual_coordinate, unit)})"


def _p_text(p_value: float) -> str:
    return f"{p_value:.2f}" if p_value >= _SIGNIFICANT else f"{p_value:.1g}" if p_value >= 1e-6 else "< 1e-6"
