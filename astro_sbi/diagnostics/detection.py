"""Whether there is a signal at all."""

from __future__ import annotations

from dataclasses import dataclass

_STRONG = 5.0


@dataclass(frozen=True)
class Detection:
    """The evidence for a signal against a flat line.

    Args:
        log_evidence_against_null: natural log of the Bayes factor, after red noise and the search's trials are paid for.
        claimed: whether it exceeds 5.
        sentence: the same in words.
    """

    log_evidence_against_null: float
    claimed: bool
    sentence: str


def detection(log_evidence_gain: float, log_trials: float = 0.0, beta: float = 1.0, *, signal: str = "transit") -> Detection:
    r"""Claim a signal only if a flat line is strongly disfavoured.

    .. math:: \ln B = (\ln Z_{signal} - \ln Z_{flat}) / \beta^2 - \ln N_{trials} > 5

    The gain is a difference of chi-squares over two, which falls by beta squared when every error grows by the
    red-noise factor beta (Pont et al. 2006; Winn et al. 2008, who inflate the errors so). The prior's Occam factor inside the gain is
    divided too; since it lowers the gain, that errs by less than itself towards a claim. A gain below zero is left as it is. A
    period search has tried ``N_trials`` independent combinations of period and epoch before the prior was centred on the best, so
    each trial's share of a prior over all of them is 1 / N (the look-elsewhere effect). ln B > 5, odds of 150 to 1, is
    "strong" on Jeffreys' scale as Trotta gives it.

    Args:
        log_evidence_gain: natural log evidence of the signal model minus that of the flat one on the same points.
        log_trials: natural log of the number of independent trials of the search; 0 where the period was given.
        beta: red-noise factor of the residuals, at least 1.
        signal: what it is called in the sentence.

    Returns:
        The corrected evidence and whether the signal is claimed.

    References:
        Trotta 2008, Contemp. Phys. 49, 71; Winn et al. 2008, ApJ 683, 1076;
        Pont, Zucker & Queloz 2006, MNRAS 373, 231.
    """
    gain = log_evidence_gain / max(beta, 1.0) ** 2 if log_evidence_gain > 0 else log_evidence_gain
    evidence = gain - max(log_trials, 0.0)
    claimed = bool(evidence > _STRONG)
    paid = [f"red noise (a factor {beta:.2f} in the errors)"] * (beta > 1.0) + ["the number of periods or times tried"] * (log_trials > 0)
    after = f", after paying for {' and '.join(paid)}" if paid else ""
    number = f"the log evidence against a flat line is {evidence:.1f}{after}"
    if claimed:
        sentence = f"{signal.capitalize()} detected: {number}; more than {_STRONG:g} is strong."
    else:
        sentence = f"No {signal} detected: {number}, and {_STRONG:g} is needed; the parameters describe noise."
    return Detection(float(evidence), claimed, sentence)
