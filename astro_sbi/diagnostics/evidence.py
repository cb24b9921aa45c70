"""Models of the same data compared by their evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Above this error of ln Z a Bayes factor is uncertain by more than a third.
LARGE_ERROR = 0.3


@dataclass(frozen=True)
class Strength:
    """One row of the scale: from which ln B on, the odds that this is, and how it is called."""

    least: float
    odds: str
    words: str
    kass_raftery: str


#: Trotta's scale; beside it the words of Kass & Raftery, whose steps are at ln B 1, 3 and 5.
SCALE = (
    Strength(0.0, "below 3 : 1", "inconclusive", "not worth more than a bare mention"),
    Strength(1.0, "3 : 1", "weak", "positive"),
    Strength(2.5, "12 : 1", "moderate", "positive, from 3 strong"),
    Strength(5.0, "150 : 1", "strong", "very strong"),
)
SCALE_SOURCE = "Trotta 2008, Contemp. Phys. 49, 71, table 1; Kass & Raftery 1995, JASA 90, 773 (steps at 1, 3 and 5)"


@dataclass(frozen=True)
class Evidence:
    """Natural log of the evidence and its standard error."""

    log_evidence: float
    error: float


@dataclass(frozen=True)
class BayesFactor:
    """A model against the best one of a comparison.

    Args:
        log_bayes: ln B of the best model over this one, at least 0; 0 for the best itself.
        error: its standard error.
        probability: of this model at equal prior odds of all that are compared.
        words: how strongly the best is preferred over this one; "best" for the best.
    """

    log_bayes: float
    error: float
    probability: float
    words: str


def bayes_factors(evidences: Sequence[Evidence]) -> tuple[BayesFactor, ...]:
    r"""Bayes factors of the best model over each, :math:`\ln B = \ln Z_{best} - \ln Z`, in the order given."""
    logs = np.array([one.log_evidence for one in evidences])
    best = int(np.argmax(logs))
    below = logs[best] - logs
    probability = np.exp(-below) / np.exp(-below).sum()
    found = []
    for number, one in enumerate(evidences):
        error = 0.0 if number == best else math.hypot(one.error, evidences[best].error)
        words = "best" if number == best else strength(float(below[number]), error)
        found.append(BayesFactor(float(below[number]), error, float(probability[number]), words))
    return tuple(found)


def strength(log_bayes: float, error: float = 0.0) -> str:
    """The word for a Bayes factor, and both words where its error reaches over a step of the scale."""
    low, high = (_row(max(0.0, log_bayes + sign * error)).words for sign in (-1, 1))
    return low if low == high else f"{low} to {high}"


def _row(log_bayes: float) -> Strength:
    return next(row for row in reversed(SCALE) if log_bayes >= row.least)
