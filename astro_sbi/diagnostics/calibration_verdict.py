"""What a calibration card is worth: p-value and effect together, over-confidence one step worse than caution."""

from __future__ import annotations

from collections.abc import Iterator

from astro_sbi.diagnostics.card import CORRELATIONS, FEWEST, JOINTLY, LEVELS, TARP, CalibrationCard, Joint, Part
from astro_sbi.diagnostics.judging import Judgement
from astro_sbi.diagnostics.thresholds import judge, threshold, weighed
from astro_sbi.inference.posterior import Verdict

_SIGNIFICANT, _SIGNIFICANT_PART = 0.05, 0.005
_REMEDY = (
    "Train on more simulations or a larger ensemble, and where there is a likelihood use the weighted draws, which do not depend on this."
)
_FEW = "Only {tests} simulations test the calibration, and fewer than {few} cannot tell whether the flow is calibrated: bring more."


def calibration_verdict(card: CalibrationCard) -> Verdict:
    """The worst grade of a card, and its reasons."""
    return weighed(tuple(calibration_judgements(card)))


def calibration_judgements(card: CalibrationCard) -> Iterator[Judgement]:
    """Ranks, joint coverage, correlations and thirds of the simulations, each with its grade and sentence."""
    judged = _ranks(card)
    if judged.grade == "good" and card.tests < FEWEST:
        yield Judgement("calibration", "caution", _FEW.format(tests=card.tests, few=FEWEST))
        return
    yield judged
    yield _coverage(card.joint, card.tests, significant=card.corrected[JOINTLY] < _SIGNIFICANT)
    if CORRELATIONS in card.p_values:
        p_value = card.corrected[CORRELATIONS]
        words = {"correlation": card.correlation, "p": p_value, "remedy": _REMEDY}
        yield judge("correlations", card.correlation, significant=p_value < _SIGNIFICANT, **words)
    if card.parts:
        yield _parts(card.parts)


def _ranks(card: CalibrationCard) -> Judgement:
    """The parameter, or the distances of TARP, that strays farthest among those whose ranks are not uniform."""
    off = {name: card.deviations[name] for name in (*card.marginals, TARP)}
    found = [name for name in off if card.corrected[name] < _SIGNIFICANT]
    worst = max(found or off, key=off.__getitem__)
    place = LEVELS.index(0.68)
    inside = max((card.coverage[name][place] for name in card.marginals), key=lambda share: abs(share - LEVELS[place]))
    p_value = card.corrected[worst] if found else card.p_value
    words = {"tests": card.tests, "points": 100 * off[worst], "inside": 100 * inside, "p": p_value, "fault": _fault(card, worst)}
    words["chance"] = "more than by chance, but too little to matter" if found else "no more than by chance"
    return judge("calibration", off[worst], significant=bool(found), remedy=_REMEDY, **words)


def _fault(card: CalibrationCard, worst: str) -> str:
    """What is wrong with a column, in words."""
    if worst == TARP:
        return "distances of truths to other points are not those of draws"
    one = card.marginals[worst]
    if abs(one.bias) > abs(one.dispersion - 1):
        return f"the posterior of {worst} lies {abs(one.bias):.2f} sigma too {'low' if one.bias > 0 else 'high'}"
    if abs(one.dispersion - 1) < 0.05:
        return f"the posterior of {worst} has a wrong shape"
    factor, size = (one.dispersion, "small") if one.dispersion > 1 else (1 / one.dispersion, "large")
    return f"the errors of {worst} are too {size} by a factor of {factor:.2f}"


def _coverage(joint: Joint, tests: int, *, significant: bool) -> Judgement:
    """Regions that are too small; those that are too large waste data but mislead nobody, and are judged one step better."""
    row, off, level = threshold("coverage"), joint.over, joint.over_at
    grade = row.grade(off) if significant else "good"
    too_large = grade == "good" and joint.under > joint.over
    if too_large:
        off, level = -joint.under, joint.under_at
        grade = "caution" if significant and row.grade(joint.under) == "do not trust" else "good"
    words = {"size": "large" if too_large else "small", "level": 100 * level, "inside": 100 * (level - off)}
    return Judgement("coverage", grade, row.sentence(grade, {**words, "expected": 100 * joint.expected, "tests": tests, "remedy": _REMEDY}))


def _parts(parts: tuple[Part, ...]) -> Judgement:
    """The third that strays farthest among those whose ranks are not uniform."""
    found = [part for part in parts if len(parts) * part.p_value < _SIGNIFICANT_PART]
    covariates = " and ".join(dict.fromkeys(part.covariate for part in parts))
    worst = max(found or parts, key=_strays)
    words = {"covariate": worst.covariate, "low": worst.low, "high": worst.high, "tests": worst.tests, "points": 100 * _strays(worst)}
    words |= {"worst": "all parameters together" if worst.worst == JOINTLY else worst.worst, "p": len(parts) * worst.p_value}
    return judge("parts", _strays(worst), significant=bool(found), covariates=covariates, **words)


def _strays(part: Part) -> float:
    """Shortfall of joint coverage, or distance of the ranks of the column that is least uniform."""
    return max(part.joint.over, part.deviation)
