"""Priors as users change them: in another unit, of another kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.units import unit_of
from astro_sbi.simulators.base import Simulator
from astro_sbi.simulators.distribution import (
    Distribution,
    Linear,
    PriorError,
    fixed,
    lognormal,
    loguniform,
    normal,
    parse_distribution,
    uniform,
)

_WITH_UNIT = re.compile(r"\s*([a-z]+\s*\([^()]*\))\s*(.*?)\s*", re.DOTALL)
_OFFERED = (
    *("s", "min", "h", "d", "yr", "1 / h", "1 / d", "1 / yr", "deg", "rad", "m / s", "km / s", "mag", "mmag"),
    *("m / (s d)", "m / (s yr)", "erg / (s cm2)", "W / m2", "erg / (Angstrom s cm2)", "pc", "kpc", "Mpc", "Angstrom", "nm", "um"),
)
#: A range is two standard deviations to each side.
_REACH = 2.0
#: A positive range that begins at or below zero begins a thousand times below its end.
_SMALLEST = 1e-3


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


def rescaled(distribution: Distribution, factor: float, name: str, digits: int = 12) -> Distribution:
    r"""The prior of ``factor`` times a parameter with the given one.

    Bounds, means, standard deviations and values scale; the logarithm of a lognormal moves by :math:`\ln` of the factor. Numbers are
    rounded, so that a prior in hours has the text, and therefore the key, of the same prior in days.

    Args:
        distribution: in one unit.
        factor: size of that unit in the one wanted, above zero.
        name: of the parameter, for the sentence.
        digits: of the numbers; two more on the way to where they are shown bring them back as they were.

    Raises:
        PriorError: if a bound names other parameters, which are in units of their own.
    """
    if factor == 1:
        return distribution
    if distribution.depends_on:
        named = ", ".join(sorted(distribution.depends_on))
        raise PriorError(f"the prior of {name} depends on {named}: write it in the parameter's own unit")
    first, second = distribution.first.constant, distribution.second.constant
    if distribution.kind == "lognormal":
        return replace(distribution, first=_rounded(first + math.log(factor), digits))
    return replace(distribution, first=_rounded(factor * first, digits), second=_rounded(factor * second, digits))


def in_own_units(simulator: Simulator, changes: Mapping[str, tuple[Distribution, str]]) -> dict[str, Distribution]:
    """Changed priors, each with the unit it is written in, in their parameters' own units; names of no parameter stay as they are.

    Raises:
        PriorError: if a unit measures something else than its parameter.
    """
    own = {parameter.name: parameter.unit for parameter in simulator.parameters}
    return {
        name: rescaled(distribution, unit_factor(unit, own[name], name), name) if name in own else distribution
        for name, (distribution, unit) in changes.items()
    }


def of_kind(distribution: Distribution, kind: str) -> Distribution | None:
    """A distribution of another kind over about the same range, to begin with; None where its bounds name other parameters.

    Ranges become two standard deviations to each side of a mean and the other way round; a known value is the middle.
    """
    if kind == distribution.kind:
        return distribution
    if distribution.depends_on:
        return replace(distribution, kind=kind) if {kind, distribution.kind} == {"uniform", "loguniform"} else None
    low, high = _range(distribution)
    positive = low if low > 0 else _SMALLEST * (high if high > 0 else 1.0)
    top = high if high > positive else 10.0 * positive
    middle, ratio = 0.5 * (low + high), math.log(top / positive)
    made = {
        "uniform": uniform(low, high),
        "loguniform": loguniform(positive, top),
        "normal": normal(middle, (high - low) / (2 * _REACH)),
        "lognormal": lognormal(math.log(positive) + 0.5 * ratio, ratio / (2 * _REACH)),
        "fixed": fixed(middle if distribution.kind in ("uniform", "normal") else math.sqrt(positive * top)),
    }[kind]
    return replace(made, first=_rounded(made.first.constant, 4), second=_rounded(made.second.constant, 4))


def _range(distribution: Distribution) -> tuple[float, float]:
    """Ends of a prior without named bounds, or two standard deviations to each side."""
    first, second = distribution.first.constant, distribution.second.constant
    if distribution.bounded:
        return first, second
    if distribution.kind == "fixed":
        return first - (0.1 * abs(first) or 1.0), first + (0.1 * abs(first) or 1.0)
    low, high = first - _REACH * second, first + _REACH * second
    return (math.exp(low), math.exp(high)) if distribution.kind == "lognormal" else (low, high)


def _rounded(number: float, digits: int) -> Linear:
    return Linear(float(f"{number:.{digits}g}"))
