"""How one number is judged by its limits, and what comes of it."""

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

    def judged(self, number: float, *, significant: bool = True, **words: float | int | str) -> Judgement:
        """A number's grade, good where it is not significant, and the sentence."""
        grade = self.grade(number) if significant or math.isnan(number) else "good"
        return Judgement(self.name, grade, self.sentence(grade, words), float(number))


@dataclass(frozen=True)
class Judgement:
    """One check's grade, its sentence and its number, where it has one."""

    name: str
    grade: Grade
    sentence: str
    number: float | None = None
