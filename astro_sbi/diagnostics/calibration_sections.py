"""The calibration card in plain words: what each test found, what it sees and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from astro_sbi.diagnostics.card import CORRELATIONS, LEVELS, CalibrationCard

Test = Literal["coverage", "ranks", "thirds", "bias", "others"]
_TOLD = (0.68, 0.95)

#: What no test of a card sees, because the simulations that it is made of have it right.
BLIND = (
    "A model that cannot make the data: every simulation comes from the model itself. Look at the predictive check of the result.",
    "A wrong calibration of the data: a gain that is 3 % off passes every test here and on the result's page.",
    "One observation: a flow that is right on average may be wrong for yours. Importance weights test that, where there is a likelihood.",
    "Data unlike the prior's: another observing pattern, other errors, parameters outside the prior.",
)


@dataclass(frozen=True)
class Section:
    """One test of a card.

    Args:
        test: which one.
        title: what it asks.
        found: its numbers in sentences.
        sees: the faults that it finds.
        blind: those that it does not.
    """

    test: Test
    title: str
    found: str
    sees: str
    blind: str


def sections(card: CalibrationCard) -> tuple[Section, ...]:
    """The tests of a card, in the order in which to read them."""
    return tuple(_sections(card))


def _sections(card: CalibrationCard) -> Iterator[Section]:
    yield Section(
        "coverage",
        "Do regions of all parameters together hold the truth as often as they say?",
        f"{coverage_words(card)} Worst: {_signed(card.joint.worst)} points at {100 * card.joint.worst_at:.0f} %; a perfect flow strays by "
        f"up to {100 * card.joint.expected:.1f} points over {card.tests:,} simulations.{_members(card)}",
        "Over-confidence and over-caution, also through wrong correlations between parameters.",
        "Faults that cancel over the prior, and a wrong tilt of a region of the right size.",
    )
    if card.parts:
        worst = max(card.parts, key=lambda part: part.joint.over)
        yield Section(
            "thirds",
            f"Is it as good for poor data as for good ones? Thirds by {_listed(card)}",
            f"Most over-confident where {worst.covariate} is {worst.low:.3g} to {worst.high:.3g}: "
            f"{_signed(-worst.joint.over)} points at {100 * worst.joint.over_at:.0f} %; a perfect flow strays by up to "
            f"{100 * worst.joint.expected:.1f} points over {worst.tests:,} simulations.",
            "A flow that is right on average, and wrong for bright or for faint data.",
            f"Faults that depend on anything but {_listed(card)}.",
        )
    name = min(card.marginals, key=lambda one: card.marginals[one].p_value)
    yield Section(
        "ranks",
        "Does each parameter's true value rank anywhere among the draws, as often here as there?",
        f"Least uniform: {name}, p {card.corrected[name]:.2g} (the number of tests allowed for), up to "
        f"{100 * card.marginals[name].deviation:.1f} % off. A bowl or an arch is an error bar too small or too large, a slope a bias.",
        "A posterior of one parameter that is shifted, too narrow, too wide or skewed.",
        "Wrong correlations between parameters, and faults that cancel over the prior.",
    )
    far = max(card.marginals, key=lambda one: abs(card.marginals[one].bias))
    yield Section(
        "bias",
        "By how much is it off?",
        f"Largest bias: {far}, {signed_number(card.marginals[far].bias)} σ (above 0 the posterior lies too low). {_width(card)}",
        "The size of a bias, and of errors too small or too large, in numbers that can be corrected by.",
        "A lost mode and wrong tails move these two numbers little.",
    )
    yield Section("others", "Two further tests", _others(card), *_of_others(card))


def coverage_words(card: CalibrationCard) -> str:
    """Joint coverage as a student reads it."""
    shares = dict(zip(LEVELS, card.coverage["jointly"], strict=True))
    return " ".join(
        f"Of 100 true values, {100 * level:.0f} should fall in the {100 * level:.0f} % region; {100 * shares[level]:.1f} did."
        for level in _TOLD
    )


def _width(card: CalibrationCard) -> str:
    """Whose errors are farthest off, and how."""
    name = max(card.marginals, key=lambda one: abs(card.marginals[one].dispersion - 1))
    factor = card.marginals[name].dispersion
    size, by = ("small", factor) if factor >= 1 else ("large", 1 / factor)
    return f"Errors farthest off: those of {name}, too {size} by a factor of {by:.2f}."


def signed_number(x: float, decimals: int = 2) -> str:
    """A number with its sign, and none where it rounds to zero."""
    text = f"{x:+.{decimals}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def _signed(share: float) -> str:
    return signed_number(100 * share, 1)


def _members(card: CalibrationCard) -> str:
    if not card.members:
        return ""
    return f" Members of the ensemble by themselves, worst: {', '.join(_signed(worst) for worst in card.members)} points."


def _listed(card: CalibrationCard) -> str:
    return " and ".join(dict.fromkeys(part.covariate for part in card.parts))


def _others(card: CalibrationCard) -> str:
    tarp = f"Distances of truths to random points (TARP): p {card.tarp_p:.2g}, up to {100 * card.tarp_deviation:.1f} % off."
    if CORRELATIONS not in card.p_values:
        return tarp
    left = f"at most {card.correlation:.2f}, p {card.correlation_p:.2g}"
    return f"{tarp} Correlations between truths once the posterior's are taken out: {left}."


def _of_others(card: CalibrationCard) -> tuple[str, str]:
    together = " Correlations: a wrong tilt of regions of two parameters." if CORRELATIONS in card.p_values else ""
    return (
        f"TARP: regions in the wrong place, without a density.{together}",
        "TARP misses errors 10 % too small most of the time; it never stands alone.",
    )
