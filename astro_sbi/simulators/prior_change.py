"""Priors as users change them: in another unit, of another kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.units import unit_of
from astro_sbi.simulators.base import Simulator
from astro_sbi.simulators.distribution import Distribution, Linear, PriorError, parse_distribution

_WITH_UNIT = re.compile(r"\s*([a-z]+\s*\([^()]*\))\s*(.*?)\s*", re.DOTALL)
_OFFERED = (
    *("s", "min", "h", "d", "yr", "1 / h", "1 / d", "1 / yr", "deg", "rad", "m / s", "km / s", "mag", "mmag"),
    *("m / (s d)", "m / (s yr)", "erg / (s cm2)", "W / m2", "erg / (Angstrom s cm2)", "pc", "kpc", "Mpc", "Angstrom", "nm", "um"),
)
#: A range is two standard deviations to each side.
_REACH = 2.0
#: A positive range that begins at or below zero begins a thousand times below its end.
_SMALLEST = 1e-3
_FEW_DIGITS = 4


def read_prior(text: str) -> tuple[Distribution, str]:
    """A prior and the unit that stands behind it, as in ``uniform(1,5) h``; an empty unit is the parameter's own.

    Raises:
        PriorError: if the text is no prior.
    """
    match = _WITH_UNIT.fullmatch(text)
    return (parse_distribution(match[1]), match[2]) if match else (parse_distribution(text), "")


def unit_factor(unit: str, own: str, name: str) -> float:
    """What to multiply numbers in a unit with to get numbers in a parameter's own.

    Args:
        unit: as a user writes it; empty for the parameter's own.
        own: the parameter's.
        name: the parameter's, for the sentence.

    Raises:
        PriorError: if the unit is none or measures something else.
    """
    if unit in ("", own):
        return 1.0
    try:
        factor = float(unit_of(unit).to(unit_of(own)))
    except ObservationError as error:
        raise PriorError(f"the unit of the prior of {name}: {error}") from None
    except (ValueError, TypeError):  # astropy's error of units that do not convert
        factor = 0.0
    if not factor > 0:
        wanted = f"in {own} or a unit that converts to it" if own else "a pure number, without a unit"
        raise PriorError(f"the prior of {name} is given in {unit}; it must be {wanted}")
    return factor


def offered_units(own: str) -> tuple[str, ...]:
    """The parameter's own unit and the usual ones that convert to it; only the empty one for a pure number."""
    if not own:
        return ("",)
    unit, others = unit_of(own), [(text, unit_of(text)) for text in _OFFERED if text != own]
    convertible = [text for text, other in others if other.is_equivalent(unit) and other.to(unit) > 0 and other.to(unit) != 1]
    return (own, *convertible)


def rescaled(distribution: Distribution, factor: float, digits: int = 12) -> Distribution:
    r"""The prior of ``factor`` times a parameter with the given one.

    Bounds, means, standard deviations and values scale; the logarithm of a lognormal moves by :math:`\ln` of the factor. Quantities that
    a bound names stay numbers in units of their own. Numbers are rounded, so that a prior in hours has the text, and therefore the key,
    of the same prior in days.

    Args:
        distribution: in one unit.
        factor: size of that unit in the one wanted, above zero.
        digits: of the numbers; two more on the way to where they are shown bring them back as they were.
    """
    if factor == 1:
        return distribution
    first, second = distribution.first, distribution.second
    if distribution.kind == "lognormal":
        return replace(distribution, first=_sum((1.0, first), (math.log(factor), Linear(1.0)), digits=digits))
    return replace(distribution, first=_sum((factor, first), digits=digits), second=_sum((factor, second), digits=digits))


def in_own_units(simulator: Simulator, changes: Mapping[str, tuple[Distribution, str]]) -> dict[str, Distribution]:
    """Changed priors, each with the unit it is written in, in their parameters' own units; names of no parameter stay as they are.

    Raises:
        PriorError: if a unit measures something else than its parameter.
    """
    own = {parameter.name: parameter.unit for parameter in simulator.parameters}
    return {
        name: rescaled(distribution, unit_factor(unit, own[name], name)) if name in own else distribution
        for name, (distribution, unit) in changes.items()
    }


def of_kind(distribution: Distribution, kind: str) -> Distribution | None:
    """A distribution of another kind over about the same range, to begin with; None where it would need logarithms of named bounds.

    Ranges become two standard deviations to each side of a mean and the other way round; a known value is the middle.
    """
    if kind == distribution.kind:
        return distribution
    if "lognormal" in (kind, distribution.kind) and distribution.depends_on:
        return None
    low, high = _range(distribution)
    if not distribution.depends_on:
        if kind in ("loguniform", "lognormal"):
            low, high = _positive(low.constant, high.constant)
        if kind == "fixed" and distribution.kind in ("loguniform", "lognormal"):
            low = high = Linear(math.sqrt(low.constant * high.constant))
    return _over(low, high, kind)


def _over(low: Linear, high: Linear, kind: str) -> Distribution:
    """A distribution between two ends."""
    if kind in ("uniform", "loguniform"):
        return Distribution(kind, low, high)
    if kind == "lognormal":
        low, high = (Linear(math.log(bound.constant)) for bound in (low, high))
    middle = _sum((0.5, low), (0.5, high), digits=_FEW_DIGITS)
    sigma = _sum((0.5 / _REACH, high), (-0.5 / _REACH, low), digits=_FEW_DIGITS)
    return Distribution(kind, middle, middle if kind == "fixed" else sigma)


def _range(distribution: Distribution) -> tuple[Linear, Linear]:
    """Ends of a prior, or two standard deviations to each side."""
    first, second = distribution.first, distribution.second
    if distribution.bounded:
        return first, second
    if distribution.kind == "fixed":
        apart = Linear(0.1 * abs(first.constant) or 1.0)
        return _sum((1.0, first), (-1.0, apart), digits=_FEW_DIGITS), _sum((1.0, first), (1.0, apart), digits=_FEW_DIGITS)
    low, high = (_sum((1.0, first), (side * _REACH, second), digits=_FEW_DIGITS) for side in (-1, 1))
    if distribution.kind == "lognormal":
        return Linear(_rounded(math.exp(low.constant), _FEW_DIGITS)), Linear(_rounded(math.exp(high.constant), _FEW_DIGITS))
    return low, high


def _positive(low: float, high: float) -> tuple[Linear, Linear]:
    """The part of a range above zero; one that begins at or below it begins a thousand times below its end."""
    low = low if low > 0 else _rounded(_SMALLEST * (high if high > 0 else 1.0), _FEW_DIGITS)
    return Linear(low), Linear(high if high > low else 10.0 * low)


def _sum(*parts: tuple[float, Linear], digits: int) -> Linear:
    """The sum of bounds with coefficients, its numbers rounded."""
    terms: dict[str, float] = {}
    for factor, bound in parts:
        for name, coefficient in bound.terms:
            terms[name] = terms.get(name, 0.0) + factor * coefficient
    constant = sum(factor * bound.constant for factor, bound in parts)
    return Linear(_rounded(constant, digits), tuple((name, _rounded(value, digits)) for name, value in terms.items() if value))


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}")
